//! A database holds what an ordered map holds, whatever is done to both.

use crate::input::Bytes;
use engine::base::sip_hash::SipKey;
use engine::data::entry::{NewEntry, Value};
use engine::data::hash::Hash;
use engine::keyspace::database::{Database, Key, Location, Slot};
use std::collections::{BTreeMap, BTreeSet};

const SIP: SipKey = SipKey { k0: 1, k1: 2 };

/// A value and its expiry, milliseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Held {
    value: Vec<u8>,
    expire_at_ms: Option<i64>,
    mark: bool,
}

struct Pair {
    database: Database,
    map: BTreeMap<Vec<u8>, Held>,
    /// Operations that are left to do, so that no input takes long.
    left: usize,
    scan: Option<Scan>,
}

/// A scan under way.
struct Scan {
    cursor: u64,
    seen: BTreeSet<Vec<u8>>,
    /// Keys that have been there all the time.
    stayed: BTreeSet<Vec<u8>>,
}

/// Each byte begins an operation.
pub fn run(data: &[u8]) {
    let mut input = Bytes::new(data);
    let mut pair = Pair { database: Database::new(1, SIP), map: BTreeMap::new(), left: 3000, scan: None };
    while !input.is_empty() && pair.left > 0 {
        pair.left = pair.left.saturating_sub(1);
        pair.step(&mut input);
        assert_eq!(pair.database.len(), pair.map.len());
    }
    pair.compare();
    let keys: Vec<_> = pair.map.keys().cloned().collect();
    for key in keys {
        pair.remove(&key);
    }
    assert_eq!((pair.database.len(), pair.database.volatile()), (0, 0));
    assert_eq!(pair.database.bytes() - pair.database.overhead_bytes(), 0);
}

fn key(bytes: &[u8]) -> Key<'_> {
    Key { bytes, hash: Hash(SIP.hash(bytes)), slot: Slot(0) }
}

fn name(number: u16) -> Vec<u8> {
    match number {
        0 => Vec::new(),
        1..=20 => vec![b'k'; usize::from(number) * 40],
        _ => format!("key:{number}").into_bytes(),
    }
}

fn value(input: &mut Bytes<'_>) -> Vec<u8> {
    match input.byte() {
        byte @ 0..64 => vec![b'v'; usize::from(byte)],
        byte @ 64..96 => vec![b'w'; usize::from(byte - 64) * 300],
        96..98 => vec![b'x'; 70_000],
        byte @ 98..160 => (i64::from(byte) - 128).to_string().into_bytes(),
        byte => (i64::MAX >> (byte % 64)).to_string().into_bytes(),
    }
}

fn expiry(input: &mut Bytes<'_>) -> Option<i64> {
    match input.byte() {
        0..128 => None,
        byte => Some(i64::from(byte) * 10),
    }
}

impl Pair {
    fn step(&mut self, input: &mut Bytes<'_>) {
        let action = input.byte();
        let name = name(input.number() % 3000);
        match action % 12 {
            0..3 => {
                let (value, expire_at_ms) = (value(input), expiry(input));
                self.set(&name, Held { value, expire_at_ms, mark: action & 128 != 0 });
            }
            3 => self.remove(&name),
            4 => self.expire(&name, expiry(input)),
            5 => self.number(&name, i64::from(input.number()) - 30_000),
            6 => self.edit(&name, input.byte()),
            7 => self.many(input.number() % 3000, usize::from(input.byte()), action & 128 != 0),
            8 => self.sweep(i64::from(input.byte()) * 10, 1 + usize::from(input.byte())),
            9 => self.scan(usize::from(input.byte())),
            10 => self.rename(&name, &self::name(input.number() % 3000)),
            _ => self.look(&name),
        }
    }

    fn find(&self, name: &[u8]) -> Option<Location> {
        self.database.find(&key(name))
    }

    fn set(&mut self, name: &[u8], held: Held) {
        let new = NewEntry {
            key: name,
            value: Value::encode(&held.value),
            expire_at_ms: held.expire_at_ms,
            access: 7,
            raw: held.value.len().is_multiple_of(3),
        };
        match self.find(name) {
            Some(location) => {
                let mark = self.database.mark(location);
                self.database.replace(location, &new);
                self.map.insert(name.to_vec(), Held { mark, ..held });
            }
            None => {
                let location = self.database.insert(&key(name), &new, held.mark);
                assert_eq!(self.database.get(location).key(), name);
                self.map.insert(name.to_vec(), held);
            }
        }
    }

    fn gone(&mut self, name: &[u8]) {
        self.map.remove(name);
        if let Some(scan) = &mut self.scan {
            scan.stayed.remove(name);
        }
    }

    fn remove(&mut self, name: &[u8]) {
        let found = self.find(name);
        assert_eq!(found.is_some(), self.map.contains_key(name));
        if let Some(location) = found {
            drop(self.database.remove(location));
            self.gone(name);
        }
    }

    fn expire(&mut self, name: &[u8], expire_at_ms: Option<i64>) {
        if let (Some(location), Some(held)) = (self.find(name), self.map.get_mut(name)) {
            self.database.set_expiry(location, expire_at_ms);
            held.expire_at_ms = expire_at_ms;
        }
    }

    fn number(&mut self, name: &[u8], number: i64) {
        if let (Some(location), Some(held)) = (self.find(name), self.map.get_mut(name))
            && matches!(self.database.get(location).value(), Value::Integer(_))
            && self.database.overwrite_integer(location, number)
        {
            held.value = number.to_string().into_bytes();
        }
    }

    fn edit(&mut self, name: &[u8], byte: u8) {
        if let (Some(location), Some(held)) = (self.find(name), self.map.get_mut(name)) {
            let change = |bytes: &mut Vec<u8>| bytes.extend(std::iter::repeat_n(byte, usize::from(byte)));
            if self.database.edit_large(location, change) {
                change(&mut held.value);
            }
        }
    }

    /// Sets or removes a row of keys, so that segments split and merge.
    fn many(&mut self, first: u16, count: usize, removes: bool) {
        self.left = self.left.saturating_sub(count * 8);
        for number in (first..).take(count * 8) {
            let name = name(number % 3000);
            if removes {
                self.remove(&name);
            } else {
                self.set(&name, Held { value: b"1".to_vec(), expire_at_ms: None, mark: false });
            }
        }
    }

    fn sweep(&mut self, now_ms: i64, limit: usize) {
        let mut expired = Vec::new();
        let (count, round) = self.database.sweep_due(now_ms, 5, limit, |entry, mark| {
            expired.push((entry.key().to_vec(), entry.expire_at_ms(), mark));
        });
        assert_eq!(count, expired.len());
        assert!(count <= limit || round);
        for (name, expire_at_ms, mark) in expired {
            let held = self.map.get(&name).expect("what expires is there");
            assert_eq!((held.expire_at_ms, held.mark), (expire_at_ms, mark));
            assert!(expire_at_ms.is_some_and(|at| at <= now_ms));
            self.gone(&name);
        }
    }

    /// Takes one step of a scan; what was there from its beginning to its end
    /// must be seen.
    fn scan(&mut self, count: usize) {
        let begin = || Scan { cursor: 0, seen: BTreeSet::new(), stayed: self.map.keys().cloned().collect() };
        let mut scan = self.scan.take().unwrap_or_else(begin);
        scan.cursor = self.database.scan(Slot(0), scan.cursor, count, |entry| {
            scan.seen.insert(entry.key().to_vec());
        });
        if scan.cursor == 0 {
            let missed = scan.stayed.difference(&scan.seen).next();
            assert_eq!(missed, None, "the scan missed a key");
        } else {
            self.scan = Some(scan);
        }
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) {
        if from == to || self.find(from).is_none() {
            return;
        }
        self.remove(to);
        let Some(location) = self.find(from) else { return };
        let mark = self.database.mark(location);
        let owned = self.database.detach(location);
        self.database.attach(&key(to), owned, 9, mark);
        if let Some(held) = self.map.get(from).cloned() {
            self.gone(from);
            self.map.insert(to.to_vec(), held);
        }
    }

    fn look(&self, name: &[u8]) {
        let found = self.find(name).map(|location| {
            let entry = self.database.get(location);
            assert_eq!(entry.key(), name);
            let value = entry.value().bytes(&mut [0; 20]).to_vec();
            Held { value, expire_at_ms: entry.expire_at_ms(), mark: self.database.mark(location) }
        });
        assert_eq!(found.as_ref(), self.map.get(name));
    }

    /// All of it, by lookup and by a walk.
    fn compare(&self) {
        for name in self.map.keys() {
            self.look(name);
        }
        let mut walked = BTreeSet::new();
        self.database.scan(Slot(0), 0, usize::MAX, |entry| assert!(walked.insert(entry.key().to_vec())));
        assert_eq!(walked.len(), self.map.len());
        let volatile = self.map.values().filter(|held| held.expire_at_ms.is_some()).count();
        assert_eq!(self.database.volatile(), volatile);
    }
}
