//! What a command changed, stated once.
//!
//! A handler states a [`Change`]; everything that follows from a write is
//! derived from it in one place: the journal, keyspace events, WATCH, counters.

use crate::boundary::id::DatabaseId;
use crate::data::entry::Value;
use crate::keyspace::database::Key;
use alloc::vec::Vec;

/// A mutation of one key.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// In which database.
    pub database: DatabaseId,
    /// Of which key.
    pub key: Key<'a>,
    /// What happened, as keyspace notifications name it.
    pub event: Event,
    /// How another copy of the data repeats it.
    pub record: Record<'a>,
}

/// A mutation of whole databases.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DatabaseChange {
    /// One was emptied.
    Flush(DatabaseId),
    /// All were emptied.
    FlushAll,
    /// Two were exchanged.
    Swap(DatabaseId, DatabaseId),
}

/// How a change is repeated: on a replica, from the AOF, by a migration.
#[derive(Clone, Copy, Debug)]
pub enum Record<'a> {
    /// By the command that made it, as it was sent.
    Command,
    /// Together with another change of the same command, which repeats both.
    Included,
    /// By setting the key. `expire_at_ms` is in milliseconds since 1970.
    Set {
        /// The value.
        value: Value<'a>,
        /// The expiry, none if the key has none now.
        expire_at_ms: Option<i64>,
    },
    /// By setting an expiry, milliseconds since 1970.
    ExpireAt(i64),
    /// By a request of its own: what the command did may come out otherwise
    /// elsewhere.
    Request(&'a [&'a [u8]]),
    /// By requests of a command that takes a key and elements, so many in each
    /// that none gets large.
    Elements {
        /// The command.
        command: &'static str,
        /// The elements.
        elements: &'a [Vec<u8>],
    },
    /// By removing the expiry.
    Persist,
    /// By deleting the key.
    Delete,
}

/// The classes of keyspace events, as `notify-keyspace-events` selects them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventClass {
    /// `g`: commands that work on any type.
    Generic,
    /// `$`: strings.
    String,
    /// `l`: lists.
    List,
    /// `s`: sets.
    Set,
    /// `h`: hashes.
    Hash,
    /// `z`: sorted sets.
    SortedSet,
    /// `t`: streams.
    Stream,
    /// `x`: a key expired.
    Expired,
    /// `e`: a key was evicted.
    Evicted,
    /// `n`: a key is new.
    New,
    /// `m`: a key was looked up in vain.
    Miss,
    /// A change of which nobody is told.
    Silent,
}

/// A keyspace event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// Its class.
    pub class: EventClass,
    /// Its name, such as `set` or `rename_from`.
    pub name: &'static str,
}

impl Event {
    /// A key came to be; the event of what made it follows.
    pub const NEW: Event = Event { class: EventClass::New, name: "new" };
    /// A key was looked up in vain.
    pub const MISS: Event = Event { class: EventClass::Miss, name: "keymiss" };

    /// A change of which nobody is told.
    pub const SILENT: Event = Event { class: EventClass::Silent, name: "" };

    /// True if who waits for the key may have something from it: not what is only
    /// about consumers of a stream, or what was taken from one.
    pub(crate) fn feeds(self) -> bool {
        self.class != EventClass::Stream || matches!(self.name, "xadd" | "xgroup-destroy")
    }

    /// An event of strings.
    pub const fn string(name: &'static str) -> Event {
        Event { class: EventClass::String, name }
    }

    /// An event of lists.
    pub const fn list(name: &'static str) -> Event {
        Event { class: EventClass::List, name }
    }

    /// An event of sets.
    pub const fn set(name: &'static str) -> Event {
        Event { class: EventClass::Set, name }
    }

    /// An event of hashes.
    pub const fn hash(name: &'static str) -> Event {
        Event { class: EventClass::Hash, name }
    }

    /// An event of sorted sets.
    pub const fn sorted_set(name: &'static str) -> Event {
        Event { class: EventClass::SortedSet, name }
    }

    /// An event of streams.
    pub const fn stream(name: &'static str) -> Event {
        Event { class: EventClass::Stream, name }
    }

    /// An event of any type.
    pub const fn generic(name: &'static str) -> Event {
        Event { class: EventClass::Generic, name }
    }
}
