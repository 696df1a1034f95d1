//! Keyspace events: a change told to those who are subscribed to its key, or to
//! what happened to it.

use crate::base::number::format_i64;
use crate::boundary::id::DatabaseId;
use crate::config::KeyspaceEvents;
use crate::keyspace::change::{Event, EventClass};
use crate::server::pubsub::PubSub;
use crate::session::Session;
use crate::session::sessions::Sessions;
use crate::session::subscription::Kind;
use alloc::vec::Vec;

/// The parameter's bit of a class; `None` if it has none.
fn bit(class: EventClass) -> Option<KeyspaceEvents> {
    Some(match class {
        EventClass::Generic => KeyspaceEvents::GENERIC,
        EventClass::String => KeyspaceEvents::STRING,
        EventClass::List => KeyspaceEvents::LIST,
        EventClass::Set => KeyspaceEvents::SET,
        EventClass::Hash => KeyspaceEvents::HASH,
        EventClass::SortedSet => KeyspaceEvents::SORTED_SET,
        EventClass::Stream => KeyspaceEvents::STREAM,
        EventClass::Expired => KeyspaceEvents::EXPIRED,
        EventClass::Evicted => KeyspaceEvents::EVICTED,
        EventClass::New => KeyspaceEvents::NEW,
        EventClass::Miss => KeyspaceEvents::MISS,
        EventClass::Silent => return None,
    })
}

impl PubSub {
    /// True if any keyspace event is told of.
    #[inline]
    pub(crate) fn tells_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Tells of an event of a key, if its class is one that is told of. `own` is
    /// the session that is not among the others, as its request runs.
    #[cold]
    pub(crate) fn tell_event(
        &mut self,
        event: Event,
        database: DatabaseId,
        key: &[u8],
        sessions: &Sessions,
        own: Option<&Session>,
    ) {
        let unheard = self.name_count(Kind::Channel) == 0 && self.name_count(Kind::Pattern) == 0;
        if unheard || !bit(event.class).is_some_and(|bit| self.events.contains(bit)) {
            return;
        }
        let name = event.name.as_bytes();
        if self.events.contains(KeyspaceEvents::KEYSPACE) {
            self.publish(Kind::Channel, &channel(b"__keyspace@", database, key), name, sessions, own);
        }
        if self.events.contains(KeyspaceEvents::KEYEVENT) {
            self.publish(Kind::Channel, &channel(b"__keyevent@", database, name), key, sessions, own);
        }
    }
}

/// `__keyspace@0__:key`.
fn channel(begin: &[u8], database: DatabaseId, end: &[u8]) -> Vec<u8> {
    [begin, format_i64(database.0.into(), &mut [0; 20]), b"__:", end].concat()
}
