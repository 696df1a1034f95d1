//! All databases together: lookup with expiry and access, the mutations that
//! handlers are made of, eviction, snapshots, and the account of memory.

pub mod access;
pub mod change;
pub mod database;
pub mod eviction;
mod field_index;
pub mod fields;
pub mod image;
pub mod range;
pub mod snapshot;

#[cfg(test)]
mod tests;

use crate::base::crc16::slot_of;
use crate::base::random::Random;
use crate::base::sip_hash::SipKey;
use crate::boundary::id::DatabaseId;
use crate::boundary::time::Now;
use crate::data::collection::Body;
use crate::data::entry::{EntryRef, Large, NewEntry, Value};
use crate::data::hash::Hash;
use crate::data::held::Held;
use crate::data::limits::{Limits, Rules};
use crate::data::owned::OwnedEntry;
use crate::data::segment::Marks;
use crate::data::shape::Shape;
use access::Access;
use alloc::boxed::Box;
use alloc::vec::Vec;
use database::{Database, Key, Location, Slot};
use eviction::EvictionPool;
use snapshot::Snapshot;

/// Counters of the keyspace, as INFO shows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeyspaceStatistics {
    /// Reads that found their key.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Keys that expired.
    pub expired: u64,
    /// Fields that expired.
    pub expired_fields: u64,
    /// Keys that were evicted.
    pub evicted: u64,
    /// Sweeps for expired keys that ran out of their budget.
    pub expire_budget_reached: u64,
}

/// All databases.
#[expect(clippy::vec_box, reason = "databases change places, and hands, by a pointer")]
pub struct Keyspace {
    databases: Vec<Box<Database>>,
    sip: SipKey,
    cluster: bool,
    /// How accesses are remembered, by `maxmemory-policy`.
    pub access: Access,
    /// Up to where collections stay small.
    pub limits: Limits,
    /// Counters.
    pub statistics: KeyspaceStatistics,
    /// Changes since the last successful save.
    pub dirty: u64,
    /// The engine's generator.
    pub random: Random,
    /// Candidates for eviction.
    pub(crate) pool: EvictionPool,
    /// The marks of entries that are not owed to a walk.
    marks: Marks,
    pub(crate) snapshot: Option<Snapshot>,
    /// The walk of an image: not part of the state, but of who looks at it.
    image: Option<Snapshot>,
    /// Databases that were flushed while a snapshot needs them.
    pub(crate) garbage: Vec<Box<Database>>,
    /// Collections that a snapshot shared, and that may be all that is left of
    /// them.
    pub(crate) unshared: Vec<Large>,
}

/// Makes keys of bytes.
#[derive(Clone, Copy, Debug)]
pub struct KeyHasher {
    sip: SipKey,
    cluster: bool,
}

impl KeyHasher {
    /// A key with its hash and slot.
    #[inline]
    pub fn key<'k>(&self, bytes: &'k [u8]) -> Key<'k> {
        self.key_with_hash(bytes, Hash(self.sip.hash(bytes)))
    }

    #[inline]
    fn key_with_hash<'k>(&self, bytes: &'k [u8], hash: Hash) -> Key<'k> {
        Key { bytes, hash, slot: Slot(if self.cluster { slot_of(bytes) } else { 0 }) }
    }
}

/// What became of an entry that was loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loaded {
    /// It is there.
    New,
    /// It took another's place.
    Replaced,
    /// It is not there: its key was.
    Duplicate,
}

/// An entry's expiry in a mutation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expiry {
    /// As it was.
    Keep,
    /// None.
    Clear,
    /// Milliseconds since 1970.
    At(i64),
}

impl Keyspace {
    /// `count` empty databases; in cluster mode each of 16,384 slots.
    pub fn new(count: usize, cluster: bool, mut random: Random) -> Keyspace {
        let sip = SipKey { k0: random.next_u64(), k1: random.next_u64() };
        let slots = if cluster { 16_384 } else { 1 };
        Keyspace {
            databases: (0..count).map(|_| Box::new(Database::new(slots, sip))).collect(),
            sip,
            cluster,
            access: Access::Lru,
            limits: Limits::default(),
            statistics: KeyspaceStatistics::default(),
            dirty: 0,
            random,
            pool: EvictionPool::default(),
            marks: Marks::default(),
            snapshot: None,
            image: None,
            garbage: Vec::new(),
            unshared: Vec::new(),
        }
    }

    /// Number of databases.
    pub fn database_count(&self) -> usize {
        self.databases.len()
    }

    /// One database.
    ///
    /// # Panics
    /// If there are not that many.
    #[inline]
    pub fn database(&self, id: DatabaseId) -> &Database {
        &self.databases[id.0 as usize]
    }

    #[inline]
    fn database_mut(&mut self, id: DatabaseId) -> &mut Database {
        &mut self.databases[id.0 as usize]
    }

    /// All databases with their numbers.
    pub fn databases(&self) -> impl Iterator<Item = (DatabaseId, &Database)> {
        self.databases.iter().enumerate().map(|(index, database)| (DatabaseId(index as u32), &**database))
    }

    /// A key with its hash and slot.
    #[inline]
    pub fn key<'k>(&self, bytes: &'k [u8]) -> Key<'k> {
        self.key_with_hash(bytes, Hash(self.sip.hash(bytes)))
    }

    /// A key whose hash is known.
    #[inline]
    pub fn key_with_hash<'k>(&self, bytes: &'k [u8], hash: Hash) -> Key<'k> {
        self.hasher().key_with_hash(bytes, hash)
    }

    /// What makes keys of bytes, on its own.
    #[inline]
    pub fn hasher(&self) -> KeyHasher {
        KeyHasher { sip: self.sip, cluster: self.cluster }
    }

    /// Bytes of all entries and tables, as the account has them.
    pub fn bytes(&self) -> usize {
        self.databases.iter().chain(&self.garbage).map(|database| database.bytes()).sum()
    }

    /// Finds a key, whether or not it has expired; counts and touches nothing.
    #[inline]
    pub fn peek(&self, database: DatabaseId, key: &Key<'_>) -> Option<EntryRef<'_>> {
        let database = self.database(database);
        database.find(key).map(|location| database.get(location))
    }

    /// Finds a key's location, whether or not it has expired.
    #[inline]
    pub fn locate(&self, database: DatabaseId, key: &Key<'_>) -> Option<Location> {
        self.database(database).find(key)
    }

    /// The entry at a location.
    #[inline]
    pub fn get(&self, database: DatabaseId, location: Location) -> EntryRef<'_> {
        self.database(database).get(location)
    }

    /// Notes an access to the entry at a location.
    #[inline]
    pub fn touch(&mut self, database: DatabaseId, location: Location, now: Now) {
        let access = self.access;
        let entry = self.databases[database.0 as usize].get(location);
        let before = entry.access();
        let after = access.touched(before, now, &mut self.random);
        if before != after {
            if self.image.is_some() {
                self.preserve_owed(database, location, Marks::IMAGE);
            }
            self.get(database, location).set_access(after);
        }
    }

    /// Sets a key to a value, whatever was there. True if the key is new.
    #[inline]
    pub fn set(
        &mut self,
        id: DatabaseId,
        key: &Key<'_>,
        value: Value<'_>,
        expiry: Expiry,
        raw: bool,
        now: Now,
    ) -> bool {
        let location = self.database(id).find(key);
        self.set_at(id, key, location, value, expiry, raw, now);
        location.is_none()
    }

    /// Sets a key whose location was just looked up; the large value that it
    /// had, if any, comes back, to be dropped where it delays nobody.
    #[expect(clippy::too_many_arguments, reason = "they are the parts of an entry")]
    #[inline]
    pub fn set_at(
        &mut self,
        id: DatabaseId,
        key: &Key<'_>,
        location: Option<Location>,
        value: Value<'_>,
        expiry: Expiry,
        raw: bool,
        now: Now,
    ) -> Option<Large> {
        let marks = self.marks;
        let fresh = self.access.initial(now);
        let Some(location) = location else {
            let expire_at_ms = if let Expiry::At(at) = expiry { Some(at) } else { None };
            let new = NewEntry { key: key.bytes, value, expire_at_ms, access: fresh, shape: Shape::string(raw) };
            self.database_mut(id).insert(key, &new, marks);
            return None;
        };
        self.preserve(id, key, location);
        let random = &mut self.random;
        let database = &mut self.databases[id.0 as usize];
        let old = database.get(location);
        let expire_at_ms = match expiry {
            Expiry::Keep => old.expire_at_ms(),
            Expiry::Clear => None,
            Expiry::At(at) => Some(at),
        };
        // LFU counts go on over an overwrite; an LRU time is now in any case.
        let access = match self.access {
            Access::Lru => fresh,
            Access::Lfu { .. } => self.access.touched(old.access(), now, random),
        };
        let shape = Shape::string(raw);
        database.replace(location, &NewEntry { key: key.bytes, value, expire_at_ms, access, shape })
    }

    /// Takes an entry of a file in. One that is there under its key gives way
    /// only if `replace`.
    pub fn load(
        &mut self,
        id: DatabaseId,
        key: &[u8],
        value: Value<'_>,
        expire_at_ms: Option<i64>,
        access: u32,
        replace: bool,
    ) -> Loaded {
        let key = self.key(key);
        let new = NewEntry { key: key.bytes, value, expire_at_ms, access, shape: Shape::STRING };
        let Some(location) = self.locate(id, &key) else {
            let marks = self.marks;
            self.database_mut(id).insert(&key, &new, marks);
            return Loaded::New;
        };
        if !replace {
            return Loaded::Duplicate;
        }
        self.preserve(id, &key, location);
        self.database_mut(id).replace(location, &new);
        Loaded::Replaced
    }

    /// Takes a collection of a file in, likewise.
    pub fn load_collection(
        &mut self,
        id: DatabaseId,
        key: &[u8],
        value: OwnedEntry,
        access: u32,
        replace: bool,
    ) -> Loaded {
        let key = self.key(key);
        let found = self.locate(id, &key);
        if let Some(location) = found {
            if !replace {
                return Loaded::Duplicate;
            }
            drop(self.remove(id, &key, location));
        }
        let marks = self.marks;
        self.database_mut(id).attach(&key, value, access, marks);
        if found.is_some() { Loaded::Replaced } else { Loaded::New }
    }

    /// What collections are made by: with a hash key of their own.
    #[inline]
    pub fn rules(&mut self) -> Rules {
        let sip = SipKey { k0: self.sip.k0, k1: self.random.next_u64() };
        Rules { limits: self.limits, sip }
    }

    /// Sets the integer at a location whose entry is an integer already.
    #[inline]
    pub fn set_integer_at(&mut self, id: DatabaseId, key: &Key<'_>, location: Location, number: i64, now: Now) {
        self.preserve(id, key, location);
        if self.database_mut(id).overwrite_integer(location, number) {
            self.touch(id, location, now);
        } else {
            self.set_at(id, key, Some(location), Value::Integer(number), Expiry::Keep, false, now);
        }
    }

    /// Changes a string in place if it is large; false, and nothing done, if it
    /// is small and has to be set anew.
    pub fn edit_large(
        &mut self,
        id: DatabaseId,
        key: &Key<'_>,
        location: Location,
        edit: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        self.preserve(id, key, location);
        self.database_mut(id).edit_large(location, edit)
    }

    /// Has the collection at a location changed.
    pub fn edit<R>(
        &mut self,
        id: DatabaseId,
        key: &Key<'_>,
        location: Location,
        edit: impl FnOnce(&mut Body) -> R,
    ) -> R {
        self.preserve(id, key, location);
        self.database_mut(id).edit(location, edit)
    }

    /// Gives the entry at a location another expiry, or none.
    pub fn set_expiry(&mut self, id: DatabaseId, key: &Key<'_>, location: Location, expire_at_ms: Option<i64>) {
        self.preserve(id, key, location);
        self.database_mut(id).set_expiry(location, expire_at_ms);
    }

    /// Removes the entry at a location; a large value comes back, to be dropped
    /// where it delays nobody.
    pub fn remove(&mut self, id: DatabaseId, key: &Key<'_>, location: Location) -> Option<Large> {
        self.preserve(id, key, location);
        self.database_mut(id).remove(location)
    }

    /// Takes the entry at a location out, to be put under another key.
    pub fn detach(&mut self, id: DatabaseId, key: &Key<'_>, location: Location) -> OwnedEntry {
        self.preserve(id, key, location);
        self.database_mut(id).detach(location)
    }

    /// A copy of the entry at a location, to be put under another key.
    pub fn duplicate(&self, id: DatabaseId, location: Location) -> OwnedEntry {
        OwnedEntry::copy_of(self.get(id, location))
    }

    /// Puts an entry under a key that is not there, with its expiry. For
    /// eviction it is new.
    pub fn attach(&mut self, id: DatabaseId, key: &Key<'_>, entry: OwnedEntry, now: Now) {
        let (access, marks) = (self.access.initial(now), self.marks);
        self.database_mut(id).attach(key, entry, access, marks);
    }

    /// The location of a key at random, whether or not it has expired.
    pub fn random_location(&mut self, id: DatabaseId) -> Option<Location> {
        let random = &mut self.random;
        self.databases[id.0 as usize].random_location(|| random.next_u64(), false)
    }

    /// Removes a key if it is there. True if it was.
    pub fn delete(&mut self, id: DatabaseId, key: &Key<'_>) -> bool {
        match self.locate(id, key) {
            Some(location) => {
                drop(self.remove(id, key, location));
                true
            }
            None => false,
        }
    }

    /// Empties a database; what was in it comes back, to be dropped elsewhere,
    /// unless a snapshot still needs it.
    pub fn flush(&mut self, id: DatabaseId) -> Option<Box<Database>> {
        if self.database(id).is_empty() {
            return None;
        }
        let slots = self.database(id).slot_count();
        let empty = Box::new(Database::new(slots, self.sip));
        let old = core::mem::replace(&mut self.databases[id.0 as usize], empty);
        self.hand_over(id, old)
    }

    /// An empty keyspace whose databases can take the place of these; see
    /// [`Keyspace::exchange`].
    pub fn sibling(&self) -> Keyspace {
        let slots = self.databases.first().map_or(1, |database| database.slot_count());
        Keyspace {
            databases: self.databases.iter().map(|_| Box::new(Database::new(slots, self.sip))).collect(),
            sip: self.sip,
            cluster: self.cluster,
            access: self.access,
            limits: self.limits,
            statistics: KeyspaceStatistics::default(),
            dirty: 0,
            random: Random::from_seed(0),
            pool: EvictionPool::default(),
            marks: self.marks,
            snapshot: None,
            image: None,
            garbage: Vec::new(),
            unshared: Vec::new(),
        }
    }

    /// Takes the databases of a sibling in place of these, which come back. A
    /// snapshot in progress is given up, and its walk is at its end.
    pub fn exchange(&mut self, other: Keyspace) -> Vec<Box<Database>> {
        self.abandon_snapshot();
        self.snapshot = None;
        self.image = None;
        self.marks = other.marks;
        self.pool = EvictionPool::default();
        core::mem::replace(&mut self.databases, other.databases)
    }

    /// Exchanges two databases.
    pub fn swap(&mut self, a: DatabaseId, b: DatabaseId) {
        self.databases.swap(a.0 as usize, b.0 as usize);
        self.snapshot_swapped(a, b);
    }

    /// Sweeps a database for expired keys: over at most `segments` segments,
    /// at most `limit` keys, each told to `expired`, and what it owned given to
    /// `discard`. Returns how many expired and whether the sweep came round.
    pub fn sweep_expired(
        &mut self,
        id: DatabaseId,
        now_ms: i64,
        segments: usize,
        limit: usize,
        mut expired: impl FnMut(&[u8]),
        discard: impl FnMut(Large),
    ) -> (usize, bool) {
        let marks = self.marks;
        let (snapshot, image) = (&mut self.snapshot, &mut self.image);
        let tell = |mut entry: Held<'_>, before| {
            for walk in snapshot.iter_mut().chain(&mut *image) {
                walk.preserve(id, &mut entry, before, marks);
            }
            expired(entry.entry().key());
        };
        let (count, round) = self.databases[id.0 as usize].sweep_due(now_ms, segments, limit, tell, discard);
        self.statistics.expired += count as u64;
        (count, round)
    }
}
