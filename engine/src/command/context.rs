//! What a handler works with.
//!
//! A data command uses its session, the keyspace, [`Context::changed`] and its
//! reply, nothing else: that keeps the door open to locking by slot range.

use crate::boundary::effects::Orders;
use crate::boundary::id::DatabaseId;
use crate::boundary::time::Now;
use crate::command::error::Error;
use crate::command::spec::{Command, Flags};
use crate::config::Id;
use crate::data::entry::{EntryRef, Large, Value};
use crate::data::hash::Hash;
use crate::data::owned::OwnedEntry;
use crate::keyspace::change::{Change, Event, EventClass, Record};
use crate::keyspace::database::{Key, Location};
use crate::keyspace::{Expiry, Keyspace};
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use crate::server::Server;
use crate::session::Session;
use crate::session::class::Class;
use alloc::vec::Vec;

/// A command's surroundings while it runs.
pub struct Context<'a> {
    /// When the batch came.
    pub now: Now,
    /// The entry of the command that runs.
    pub command: &'static Command,
    /// Whose command it is.
    pub session: &'a mut Session,
    /// All data.
    pub keyspace: &'a mut Keyspace,
    /// Where the reply goes.
    pub reply: Reply<'a>,
    /// The rest of the server: for commands that are about it.
    pub server: &'a mut Server,
    /// Effects other than replies, and questions.
    pub orders: &'a mut Orders,
    /// The hash of one argument, computed ahead.
    pub(crate) hashed: Option<(usize, Hash)>,
}

impl<'a> Context<'a> {
    /// The selected database.
    #[inline]
    pub fn database(&self) -> DatabaseId {
        self.session.database
    }

    /// The argument at `index` as a key.
    #[inline]
    pub fn key<'k>(&self, arguments: &Arguments<'k>, index: usize) -> Key<'k> {
        let bytes = arguments.get(index).unwrap_or(&[]);
        match self.hashed {
            Some((at, hash)) if at == index => self.keyspace.key_with_hash(bytes, hash),
            _ => self.keyspace.key(bytes),
        }
    }

    /// Milliseconds since 1970.
    #[inline]
    pub fn now_ms(&self) -> i64 {
        self.now.unix.ms()
    }

    /// Finds a key for reading: an expired one is not there; counts a hit or a
    /// miss and notes the access.
    #[inline]
    pub fn find_read(&mut self, key: &Key<'_>) -> Option<Location> {
        let found = self.find_live(self.database(), key);
        match found {
            Some(location) => {
                self.keyspace.statistics.hits += 1;
                if !self.session.no_touch {
                    self.keyspace.touch(self.session.database, location, self.now);
                }
            }
            None => self.miss(key),
        }
        found
    }

    /// A key was looked up in vain.
    #[inline]
    fn miss(&mut self, key: &Key<'_>) {
        self.keyspace.statistics.misses += 1;
        if self.server.pubsub.tells_events() {
            self.tell(Event::MISS, self.database(), key);
        }
    }

    /// As [`Context::find_read`], but without noting an access: for commands
    /// that ask about a key and not for its value.
    pub fn find_untouched(&mut self, key: &Key<'_>) -> Option<Location> {
        let found = self.find_live(self.database(), key);
        match found {
            Some(_) => self.keyspace.statistics.hits += 1,
            None => self.miss(key),
        }
        found
    }

    /// As [`Context::find_untouched`], but a miss is no keyspace event.
    pub fn find_unnoticed(&mut self, key: &Key<'_>) -> Option<Location> {
        let found = self.find_live(self.database(), key);
        let statistics = &mut self.keyspace.statistics;
        *if found.is_some() { &mut statistics.hits } else { &mut statistics.misses } += 1;
        found
    }

    /// Finds a key for writing: an expired one is removed, which is a change of
    /// its own.
    #[inline]
    pub fn find_write(&mut self, key: &Key<'_>) -> Option<Location> {
        let found = self.find_live(self.database(), key)?;
        if !self.session.no_touch {
            self.keyspace.touch(self.session.database, found, self.now);
        }
        Some(found)
    }

    /// Finds a key in any database without counting or touching; an expired
    /// one is removed.
    #[inline]
    pub fn find_live(&mut self, database: DatabaseId, key: &Key<'_>) -> Option<Location> {
        let location = self.keyspace.locate(database, key)?;
        match self.keyspace.get(database, location).expire_at_ms() {
            Some(expire_at_ms) if expire_at_ms <= self.now_ms() => self.expire(database, key, location),
            _ => Some(location),
        }
    }

    /// A key was found that is past its time. Still there only where nothing
    /// may expire: while clients' writes are paused, in a replica, whose primary
    /// alone decides, and for whose stream it is there, and while data are imported,
    /// likewise.
    #[cold]
    fn expire(&mut self, database: DatabaseId, key: &Key<'_>, location: Location) -> Option<Location> {
        // What comes next of what is loaded may depend on it.
        let loads = self.server.loading && !self.server.serving_while_loading;
        let imports = self.server.imports();
        if loads || self.session.class() == Class::Primary || imports && self.session.import_source {
            return Some(location);
        }
        let kept = self.server.replication.is_replica() && !self.writes_of_its_own();
        if self.server.expiry_suspended(self.now) || kept || imports && !self.command.flags.has(Flags::WRITE) {
            return None;
        }
        self.keyspace.statistics.expired += 1;
        self.remove(database, key, location);
        let event = Event { class: EventClass::Expired, name: "expired" };
        self.derive(Change { database, key: *key, event, record: Record::Delete });
        None
    }

    /// True in a writable replica while a command runs that writes.
    fn writes_of_its_own(&self) -> bool {
        self.command.flags.has(Flags::WRITE) && !self.server.config.boolean(Id::ReplicaReadOnly)
    }

    /// True if a time that has passed deletes a key, or leaves it out, where one
    /// sets it: neither while data are loaded or imported nor in a replica.
    pub fn past_deletes(&self) -> bool {
        !self.server.loading && !self.server.replication.is_replica() && !self.server.imports()
    }

    /// The entry at a location in the selected database.
    #[inline]
    pub fn entry(&self, location: Location) -> EntryRef<'_> {
        self.keyspace.get(self.session.database, location)
    }

    /// The string at a key, for reading.
    ///
    /// # Errors
    /// [`Error::WrongType`] if the key holds something else.
    #[inline]
    pub fn read_string(&mut self, key: &Key<'_>) -> Result<Option<Value<'_>>, Error> {
        match self.find_read(key) {
            Some(location) => self.string_at(location).map(Some),
            None => Ok(None),
        }
    }

    /// The string at a location in the selected database.
    ///
    /// # Errors
    /// [`Error::WrongType`] if there is something else.
    #[inline]
    pub fn string_at(&self, location: Location) -> Result<Value<'_>, Error> {
        string_of(self.entry(location))
    }

    /// Replies with the string at a location in the selected database.
    ///
    /// # Errors
    /// [`Error::WrongType`] if there is something else.
    #[inline]
    pub fn reply_string(&mut self, location: Location) -> Result<(), Error> {
        self.reply.value(string_of(self.keyspace.get(self.session.database, location))?);
        Ok(())
    }

    /// Sets a key of the selected database, whose location was just looked up,
    /// to a string; `raw` if OBJECT ENCODING shall say so. [`Context::changed`]
    /// follows.
    #[inline]
    pub fn set_string(
        &mut self,
        key: &Key<'_>,
        location: Option<Location>,
        value: Value<'_>,
        expiry: Expiry,
        raw: bool,
    ) {
        if location.is_none() {
            self.also(key, Event::NEW);
        }
        if let Some(large) = self.keyspace.set_at(self.session.database, key, location, value, expiry, raw, self.now) {
            self.discard(large);
        }
    }

    /// Writes over part of the string at a key of the selected database, whose
    /// location was just looked up; see [`Keyspace::write_range`].
    /// [`Context::changed`] follows.
    pub fn write_string(&mut self, key: &Key<'_>, location: Option<Location>, offset: usize, bytes: &[u8]) -> usize {
        if location.is_none() {
            self.also(key, Event::NEW);
        }
        self.keyspace.write_range(self.session.database, key, location, offset, bytes, self.now)
    }

    /// Has the string at a key of the selected database, whose location was just
    /// looked up, changed where it is; see [`Keyspace::edit_string`].
    /// [`Context::changed`] follows.
    pub fn edit_string(
        &mut self,
        key: &Key<'_>,
        location: Option<Location>,
        end: usize,
        edit: impl FnMut(&mut Vec<u8>),
    ) {
        if location.is_none() {
            self.also(key, Event::NEW);
        }
        self.keyspace.edit_string(self.session.database, key, location, end, self.now, edit);
    }

    /// Puts a string in the place of whatever is at a key of the selected
    /// database, without its expiry; a long one is not copied.
    /// [`Context::changed`] follows.
    pub fn overwrite_string(&mut self, key: &Key<'_>, bytes: Vec<u8>) {
        self.overwrite_entry(key, OwnedEntry::string(bytes, None));
    }

    /// Puts an entry in the place of whatever is at a key of the selected
    /// database.
    pub(super) fn overwrite_entry(&mut self, key: &Key<'_>, owned: OwnedEntry) {
        let database = self.session.database;
        match self.find_live(database, key) {
            Some(location) => self.remove(database, key, location),
            None => self.also(key, Event::NEW),
        }
        self.keyspace.attach(database, key, owned, self.now);
    }

    /// True if a command that reads may keep what it found out in what it read:
    /// in a replica nothing changes but by its primary.
    pub fn reads_may_write(&self) -> bool {
        self.server.loading || !self.server.replication.is_replica() || self.session.class() == Class::Primary
    }

    /// Removes the entry at a location; what is large is dropped elsewhere.
    pub fn remove(&mut self, database: DatabaseId, key: &Key<'_>, location: Location) {
        if let Some(large) = self.keyspace.remove(database, key, location) {
            self.discard(large);
        }
    }

    /// Drops what an entry owned, on another thread if it is large.
    pub fn discard(&mut self, large: Large) {
        self.orders.discard(large);
    }

    /// States what a command changed in the selected database.
    #[inline]
    pub fn changed(&mut self, key: &Key<'_>, event: Event, record: Record<'_>) {
        self.changed_in(self.database(), key, event, record);
    }

    /// States what a command changed in any database.
    #[inline]
    pub fn changed_in(&mut self, database: DatabaseId, key: &Key<'_>, event: Event, record: Record<'_>) {
        self.keyspace.dirty += 1;
        self.derive(Change { database, key: *key, event, record });
    }

    /// States a further event of a change that was just stated.
    #[inline]
    pub fn also(&mut self, key: &Key<'_>, event: Event) {
        self.also_in(self.database(), key, event);
    }

    /// As [`Context::also`], in any database.
    #[inline]
    pub fn also_in(&mut self, database: DatabaseId, key: &Key<'_>, event: Event) {
        self.derive(Change { database, key: *key, event, record: Record::Included });
    }

    /// States by which request a part of what a command changed is repeated, which
    /// counts towards no save, and of which nobody is told.
    pub fn also_repeated_by(&mut self, key: &Key<'_>, request: &[&[u8]]) {
        let (database, record) = (self.database(), Record::Request(request));
        self.derive(Change { database, key: *key, event: Event::SILENT, record });
    }

    /// All that follows from a change.
    #[inline]
    pub(super) fn derive(&mut self, change: Change<'_>) {
        self.server.journal.append(&change);
        let unnoticed = cfg!(feature = "planted_lost_watch") && matches!(change.record, Record::Command);
        if !self.server.watches.is_empty() && !unnoticed {
            let gone = matches!(change.record, Record::Delete);
            self.server.watches.touch(change.database, change.key.bytes, gone);
        }
        if !self.server.blocking.is_empty() {
            self.note_ready(&change);
        }
        if self.server.pubsub.tells_events() {
            self.tell(change.event, change.database, &change.key);
        }
        if self.server.replication.is_replica() {
            self.note_own_key(&change);
        }
    }

    /// An event of which no change comes: the key is after it what it was before.
    pub fn announce(&mut self, key: &Key<'_>, event: Event) {
        if self.server.pubsub.tells_events() {
            self.tell(event, self.database(), key);
        }
    }

    /// Tells those who are subscribed to keyspace events.
    #[cold]
    fn tell(&mut self, event: Event, database: DatabaseId, key: &Key<'_>) {
        let server = &mut *self.server;
        server.pubsub.tell_event(event, database, key.bytes, &server.sessions, Some(self.session));
    }

    /// What a client of a writable replica let expire only the replica can
    /// delete.
    #[cold]
    fn note_own_key(&mut self, change: &Change<'_>) {
        if self.server.loading || self.session.class() == Class::Primary {
            return;
        }
        let Some(location) = self.keyspace.locate(change.database, &change.key) else { return };
        if self.keyspace.get(change.database, location).expire_at_ms().is_some() {
            self.server.replication.follow.own_keys.add(change.database, change.key.bytes);
        }
    }
}

#[inline]
fn string_of(entry: EntryRef<'_>) -> Result<Value<'_>, Error> {
    if entry.shape().is_string() { Ok(entry.value()) } else { Err(Error::WrongType) }
}
