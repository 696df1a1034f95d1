//! A keyspace, a model of it, and random mutations of both.

use crate::base::random::Random;
use crate::boundary::id::DatabaseId;
use crate::boundary::time::{Monotonic, Now, Unix};
use crate::data::entry::{EntryRef, Value};
use crate::keyspace::database::{Key, Slot};
use crate::keyspace::{Expiry, Keyspace};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// A value as a client sees it, and its expiry.
pub(super) type Item = (Vec<u8>, Option<i64>);

/// A keyspace and its model.
pub(super) struct Pair {
    pub(super) keyspace: Keyspace,
    pub(super) model: Vec<BTreeMap<Vec<u8>, Item>>,
    pub(super) random: Random,
    now_ms: i64,
    seed: u64,
}

/// How many keys there are, and the shares of mutations in a hundred.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kinds {
    pub(super) keys: u64,
    pub(super) removals: u64,
    pub(super) whole: u64,
}

/// What a client sees of an entry.
pub(super) fn item(entry: EntryRef<'_>) -> Item {
    (entry.value().bytes(&mut [0; 20]).to_vec(), entry.expire_at_ms())
}

impl Pair {
    pub(super) fn new(seed: u64, databases: usize, cluster: bool) -> Pair {
        let keyspace = Keyspace::new(databases, cluster, Random::from_seed(seed));
        let random = Random::from_seed(seed ^ 0xDEAD);
        Pair { keyspace, model: vec![BTreeMap::new(); databases], random, now_ms: 1_000_000, seed }
    }

    pub(super) fn draw_kinds(&mut self) -> Kinds {
        Kinds {
            keys: [20, 500, 6000][self.random.below(3) as usize],
            removals: [5, 30, 70][self.random.below(3) as usize],
            whole: [0, 0, 1][self.random.below(3) as usize],
        }
    }

    fn now(&self) -> Now {
        Now { monotonic: Monotonic(0), unix: Unix(self.now_ms * 1000) }
    }

    fn draw_database(&mut self) -> DatabaseId {
        DatabaseId(self.random.below(self.model.len() as u64) as u32)
    }

    fn draw_key(&mut self, kinds: Kinds) -> Vec<u8> {
        let number = self.random.below(kinds.keys);
        if number % 197 == 3 { vec![b'k'; 66_000 + number as usize] } else { format!("key:{number}").into_bytes() }
    }

    fn draw_expiry(&mut self) -> Option<i64> {
        (self.random.below(3) == 0).then(|| self.now_ms + self.random.below(2000) as i64)
    }

    /// One random mutation.
    pub(super) fn step(&mut self, kinds: Kinds) {
        let id = self.draw_database();
        let name = self.draw_key(kinds);
        let draw = self.random.below(100);
        if draw < kinds.removals {
            self.remove(id, &name);
        } else if draw < kinds.removals + kinds.whole && self.random.below(4) == 0 {
            self.whole(id);
        } else {
            match self.random.below(12) {
                0..5 => self.set(id, &name),
                5..7 => self.set_expiry(id, &name),
                7 => self.increment(id, &name),
                8 => self.append(id, &name),
                9 => self.rename(kinds, id, &name),
                10 => self.touch(id, &name),
                _ => self.sweep(id),
            }
        }
    }

    fn draw_value(&mut self) -> Vec<u8> {
        match self.random.below(8) {
            0..3 => format!("{}", self.random.next_u64() as i64 >> self.random.below(64)).into_bytes(),
            3..6 => vec![self.random.next_u64() as u8; self.random.below(60) as usize],
            6 => vec![b'x'; self.random.below(1100) as usize],
            _ => vec![b'y'; self.random.below(5000) as usize],
        }
    }

    fn set(&mut self, id: DatabaseId, name: &[u8]) {
        let (bytes, old) = (self.draw_value(), self.model[id.0 as usize].get(name));
        let old_expiry = old.and_then(|item| item.1);
        let (expiry, expire_at_ms) = match self.random.below(3) {
            0 => (Expiry::Keep, old_expiry),
            1 => (Expiry::Clear, None),
            _ => (Expiry::At(self.now_ms + 900), Some(self.now_ms + 900)),
        };
        let key = self.keyspace.key(name);
        let now = self.now();
        let fresh = self.keyspace.set(id, &key, Value::encode(&bytes), expiry, false, now);
        let replaced = self.model[id.0 as usize].insert(name.into(), (bytes, expire_at_ms));
        assert_eq!(fresh, replaced.is_none(), "seed {}", self.seed);
    }

    fn remove(&mut self, id: DatabaseId, name: &[u8]) {
        let key = self.keyspace.key(name);
        let there = self.keyspace.delete(id, &key);
        assert_eq!(there, self.model[id.0 as usize].remove(name).is_some(), "seed {}", self.seed);
    }

    fn set_expiry(&mut self, id: DatabaseId, name: &[u8]) {
        let expire_at_ms = self.draw_expiry();
        let key = self.keyspace.key(name);
        if let Some(location) = self.keyspace.locate(id, &key) {
            self.keyspace.set_expiry(id, &key, location, expire_at_ms);
        }
        if let Some(item) = self.model[id.0 as usize].get_mut(name) {
            item.1 = expire_at_ms;
        }
    }

    fn increment(&mut self, id: DatabaseId, name: &[u8]) {
        let key = self.keyspace.key(name);
        let Some(location) = self.keyspace.locate(id, &key) else { return };
        let Value::Integer(number) = self.keyspace.get(id, location).value() else { return };
        let number = number.wrapping_add(1 << self.random.below(63));
        let now = self.now();
        self.keyspace.set_integer_at(id, &key, location, number, now);
        if let Some(item) = self.model[id.0 as usize].get_mut(name) {
            item.0 = format!("{number}").into_bytes();
        }
    }

    /// Changes a large value where it is.
    fn append(&mut self, id: DatabaseId, name: &[u8]) {
        let key = self.keyspace.key(name);
        let Some(location) = self.keyspace.locate(id, &key) else { return };
        let tail = vec![b'z'; self.random.below(3000) as usize];
        let edited = self.keyspace.edit_large(id, &key, location, |buffer| buffer.extend_from_slice(&tail));
        if edited && let Some(item) = self.model[id.0 as usize].get_mut(name) {
            item.0.extend_from_slice(&tail);
        }
    }

    /// Renames within or across databases, or copies.
    fn rename(&mut self, kinds: Kinds, id: DatabaseId, name: &[u8]) {
        let (to, target, now) = (self.draw_key(kinds), self.draw_database(), self.now());
        if (id, name) == (target, &to[..]) {
            return;
        }
        self.remove(target, &to);
        let (source, destination) = (self.keyspace.key(name), self.keyspace.key(&to));
        let Some(location) = self.keyspace.locate(id, &source) else { return };
        let item = self.model[id.0 as usize].get(name).cloned();
        let entry = if self.random.below(3) == 0 {
            self.keyspace.duplicate(id, location)
        } else {
            self.model[id.0 as usize].remove(name);
            self.keyspace.detach(id, &source, location)
        };
        self.keyspace.attach(target, &destination, entry, now);
        self.model[target.0 as usize].extend(item.map(|item| (to.clone(), item)));
    }

    fn touch(&mut self, id: DatabaseId, name: &[u8]) {
        let (key, now) = (self.keyspace.key(name), self.now());
        if let Some(location) = self.keyspace.locate(id, &key) {
            self.keyspace.touch(id, location, now);
        }
    }

    /// Lets time pass, and expires what is due of one database, or some of it.
    fn sweep(&mut self, id: DatabaseId) {
        self.now_ms += self.random.below(20) as i64;
        let (segments, limit) = (1 + self.random.below(40) as usize, 1 + self.random.below(40) as usize);
        let (now_ms, model) = (self.now_ms, &mut self.model[id.0 as usize]);
        let mut told = 0;
        let tell = |name: &[u8]| {
            let item = model.remove(name);
            assert!(item.is_some_and(|item| item.1.is_some_and(|at| at <= now_ms)));
            told += 1;
        };
        let (count, _) = self.keyspace.sweep_expired(id, now_ms, segments, limit, tell, drop);
        assert_eq!(count, told);
        assert!(told <= limit);
    }

    /// Empties a database or exchanges two.
    fn whole(&mut self, id: DatabaseId) {
        if self.random.below(2) == 0 {
            drop(self.keyspace.flush(id));
            self.model[id.0 as usize].clear();
        } else {
            let other = self.draw_database();
            self.keyspace.swap(id, other);
            self.model.swap(id.0 as usize, other.0 as usize);
        }
    }

    /// Compares everything.
    pub(super) fn check(&self) {
        for (index, model) in self.model.iter().enumerate() {
            let database = self.keyspace.database(DatabaseId(index as u32));
            let volatile = model.values().filter(|item| item.1.is_some()).count();
            assert_eq!((database.len(), database.volatile()), (model.len(), volatile), "seed {}", self.seed);
            let mut footprint = 0;
            for (name, expected) in model {
                let key: Key<'_> = self.keyspace.key(name);
                let found = self.keyspace.peek(DatabaseId(index as u32), &key);
                assert_eq!(found.map(item).as_ref(), Some(expected), "seed {}", self.seed);
                footprint += found.map_or(0, EntryRef::footprint);
            }
            assert_eq!(database.bytes() - database.overhead_bytes(), footprint, "seed {}", self.seed);
            let mut scanned = 0;
            for slot in 0..database.slot_count() {
                database.scan(Slot(slot), 0, usize::MAX, |entry| {
                    assert_eq!(model.get(entry.key()), Some(&item(entry)));
                    scanned += 1;
                });
            }
            assert_eq!(scanned, model.len(), "seed {}", self.seed);
        }
    }

    /// Removes all keys one by one, and sees that nothing is left of them.
    pub(super) fn empty(&mut self) {
        for (index, model) in core::mem::take(&mut self.model).into_iter().enumerate() {
            let id = DatabaseId(index as u32);
            for name in model.into_keys() {
                let key = self.keyspace.key(&name);
                assert!(self.keyspace.delete(id, &key), "seed {}", self.seed);
            }
            let database = self.keyspace.database(id);
            assert_eq!((database.len(), database.bytes()), (0, database.overhead_bytes()), "seed {}", self.seed);
        }
    }
}
