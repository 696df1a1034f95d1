//! A database holds what an ordered map holds, whatever is done to both.

use crate::input::Bytes;
use engine::base::sip_hash::SipKey;
use engine::data::entry::{EntryRef, NewEntry, Value};
use engine::data::hash::Hash;
use engine::data::segment::Marks;
use engine::data::shape::Shape;
use engine::keyspace::database::{Database, Key, Location, Slot};
use std::collections::{BTreeMap, BTreeSet};

const SIP: SipKey = SipKey { k0: 1, k1: 2 };

/// A value and its expiry, milliseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Held {
    value: Vec<u8>,
    expire_at_ms: Option<i64>,
    mark: Marks,
}

/// Keys are numbers on the map's side: comparing them costs a fuzzer much less
/// than comparing names.
struct Pair {
    database: Database,
    map: BTreeMap<u16, Held>,
    /// Operations that are left to do, so that no input takes long.
    left: usize,
    scan: Option<Scan>,
}

/// A scan under way.
struct Scan {
    cursor: u64,
    seen: BTreeSet<u16>,
    /// Keys that have been there all the time.
    stayed: BTreeSet<u16>,
}

/// Each byte begins an operation. Mostly little is done, as that is fast, and
/// sometimes as much as it takes to split segments again and again. Which inputs
/// those are is not for the fuzzer to choose: it would choose no others.
pub fn run(data: &[u8]) {
    let mut input = Bytes::new(data);
    let left = if SIP.hash(data).is_multiple_of(64) { 3000 } else { 200 };
    let mut pair = Pair { database: Database::new(1, SIP), map: BTreeMap::new(), left, scan: None };
    while !input.is_empty() && pair.left > 0 {
        pair.left = pair.left.saturating_sub(1);
        pair.step(&mut input);
        assert_eq!(pair.database.len(), pair.map.len());
    }
    pair.compare();
    let keys: Vec<_> = pair.map.keys().copied().collect();
    for key in keys {
        pair.remove(key);
    }
    assert_eq!((pair.database.len(), pair.database.volatile()), (0, 0));
    assert_eq!(pair.database.bytes() - pair.database.overhead_bytes(), 0);
}

fn key(bytes: &[u8]) -> Key<'_> {
    Key { bytes, hash: Hash(SIP.hash(bytes)), slot: Slot(0) }
}

/// Keys there may be.
const KEYS: u16 = 3000;

fn name(number: u16) -> Vec<u8> {
    match number {
        0 => Vec::new(),
        1..=20 => vec![b'k'; usize::from(number) * 40],
        _ => format!("key:{number}").into_bytes(),
    }
}

/// The number whose [`name`] it is.
fn number_of(name: &[u8]) -> u16 {
    match name.strip_prefix(b"key:") {
        Some(digits) => digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')),
        None => (name.len() / 40) as u16,
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
        let number = input.number() % KEYS;
        match action % 12 {
            0..3 => {
                let (value, expire_at_ms) = (value(input), expiry(input));
                let mark = if action & 128 != 0 { Marks::SNAPSHOT } else { Marks::default() };
                self.set(number, Held { value, expire_at_ms, mark });
            }
            3 => self.remove(number),
            4 => self.expire(number, expiry(input)),
            5 => self.count(number, i64::from(input.number()) - 30_000),
            6 => self.edit(number, input.byte()),
            7 => self.many(number, usize::from(input.byte()), action & 128 != 0),
            8 => self.sweep(i64::from(input.byte()) * 10, 1 + usize::from(input.byte())),
            9 => self.scan(usize::from(input.byte())),
            10 => self.rename(number, input.number() % KEYS),
            _ => self.look(number),
        }
    }

    fn find(&self, name: &[u8]) -> Option<Location> {
        self.database.find(&key(name))
    }

    fn set(&mut self, number: u16, held: Held) {
        let name = &name(number)[..];
        let new = NewEntry {
            key: name,
            value: Value::encode(&held.value),
            expire_at_ms: held.expire_at_ms,
            access: 7,
            shape: Shape::string(held.value.len().is_multiple_of(3)),
        };
        match self.find(name) {
            Some(location) => {
                let mark = self.database.marks(location);
                self.database.replace(location, &new);
                self.map.insert(number, Held { mark, ..held });
            }
            None => {
                let location = self.database.insert(&key(name), &new, held.mark);
                assert_eq!(self.database.get(location).key(), name);
                self.map.insert(number, held);
            }
        }
    }

    fn gone(&mut self, number: u16) {
        self.map.remove(&number);
        if let Some(scan) = &mut self.scan {
            scan.stayed.remove(&number);
        }
    }

    fn remove(&mut self, number: u16) {
        let found = self.find(&name(number));
        assert_eq!(found.is_some(), self.map.contains_key(&number));
        if let Some(location) = found {
            drop(self.database.remove(location));
            self.gone(number);
        }
    }

    fn expire(&mut self, number: u16, expire_at_ms: Option<i64>) {
        if let (Some(location), Some(held)) = (self.find(&name(number)), self.map.get_mut(&number)) {
            self.database.set_expiry(location, expire_at_ms);
            held.expire_at_ms = expire_at_ms;
        }
    }

    fn count(&mut self, number: u16, count: i64) {
        if let (Some(location), Some(held)) = (self.find(&name(number)), self.map.get_mut(&number))
            && matches!(self.database.get(location).value(), Value::Integer(_))
            && self.database.overwrite_integer(location, count)
        {
            held.value = count.to_string().into_bytes();
        }
    }

    fn edit(&mut self, number: u16, byte: u8) {
        if let (Some(location), Some(held)) = (self.find(&name(number)), self.map.get_mut(&number)) {
            let change = |bytes: &mut Vec<u8>| bytes.extend(std::iter::repeat_n(byte, usize::from(byte)));
            if self.database.edit_large(location, change) {
                change(&mut held.value);
            }
        }
    }

    /// Sets or removes a row of keys, so that segments split and merge.
    fn many(&mut self, first: u16, count: usize, removes: bool) {
        let count = (count * 8).min(self.left);
        self.left -= count;
        for number in (first..).take(count) {
            let number = number % KEYS;
            if removes {
                self.remove(number);
            } else {
                self.set(number, Held { value: b"1".to_vec(), expire_at_ms: None, mark: Marks::default() });
            }
        }
    }

    fn sweep(&mut self, now_ms: i64, limit: usize) {
        let mut expired = Vec::new();
        let mut tell = |entry: EntryRef<'_>, mark| expired.push((number_of(entry.key()), entry.expire_at_ms(), mark));
        let (count, round) = self.database.sweep_due(now_ms, 5, limit, |held, mark| tell(held.entry(), mark), drop);
        assert_eq!(count, expired.len());
        assert!(count <= limit || round);
        for (number, expire_at_ms, mark) in expired {
            let held = self.map.get(&number).expect("what expires is there");
            assert_eq!((held.expire_at_ms, held.mark), (expire_at_ms, mark));
            assert!(expire_at_ms.is_some_and(|at| at <= now_ms));
            self.gone(number);
        }
    }

    /// Takes one step of a scan; what was there from its beginning to its end
    /// must be seen.
    fn scan(&mut self, count: usize) {
        let begin = || Scan { cursor: 0, seen: BTreeSet::new(), stayed: self.map.keys().copied().collect() };
        let mut scan = self.scan.take().unwrap_or_else(begin);
        scan.cursor = self.database.scan(Slot(0), scan.cursor, count, |entry| {
            scan.seen.insert(number_of(entry.key()));
        });
        if scan.cursor == 0 {
            let missed = scan.stayed.difference(&scan.seen).next();
            assert_eq!(missed, None, "the scan missed a key");
        } else {
            self.scan = Some(scan);
        }
    }

    fn rename(&mut self, from: u16, to: u16) {
        if from == to || self.find(&name(from)).is_none() {
            return;
        }
        self.remove(to);
        let Some(location) = self.find(&name(from)) else { return };
        let mark = self.database.marks(location);
        let owned = self.database.detach(location);
        self.database.attach(&key(&name(to)), owned, 9, mark);
        if let Some(held) = self.map.get(&from).cloned() {
            self.gone(from);
            self.map.insert(to, held);
        }
    }

    fn look(&self, number: u16) {
        let name = &name(number)[..];
        let found = self.find(name).map(|location| {
            let entry = self.database.get(location);
            assert_eq!(entry.key(), name);
            let value = entry.value().bytes(&mut [0; 20]).to_vec();
            Held { value, expire_at_ms: entry.expire_at_ms(), mark: self.database.marks(location) }
        });
        assert_eq!(found.as_ref(), self.map.get(&number));
    }

    /// All of it, by lookup and by a walk.
    fn compare(&self) {
        for number in self.map.keys() {
            self.look(*number);
        }
        let mut walked = BTreeSet::new();
        self.database.scan(Slot(0), 0, usize::MAX, |entry| assert!(walked.insert(number_of(entry.key()))));
        assert_eq!(walked.len(), self.map.len());
        let volatile = self.map.values().filter(|held| held.expire_at_ms.is_some()).count();
        assert_eq!(self.database.volatile(), volatile);
    }
}
