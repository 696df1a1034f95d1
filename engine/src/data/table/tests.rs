//! The table against what it promises of itself: every word where its hash
//! says, counts and bytes exact, whatever was inserted and removed.

use super::*;
use crate::base::random::Random;
use crate::data::entry::{NewEntry, Value};
use crate::data::shape::Shape;
use crate::data::slab::Slab;
use alloc::collections::BTreeMap;

const SIP: SipKey = SipKey { k0: 1, k1: 2 };

/// A table with its slab and a model of it: expiry by key.
struct Pair {
    table: Table,
    slab: Slab,
    model: BTreeMap<Vec<u8>, Option<i64>>,
    random: Random,
}

impl Pair {
    fn new(seed: u64) -> Pair {
        let random = Random::from_seed(seed);
        Pair { table: Table::new(SIP), slab: Slab::new(), model: BTreeMap::new(), random }
    }

    fn find(&self, key: &[u8]) -> Option<Place> {
        self.table.find(self.table.hash(key), key)
    }

    fn entry(&mut self, key: &[u8]) -> Entry {
        let expire_at_ms = (self.random.below(2) == 0).then(|| self.random.below(1000) as i64);
        self.model.insert(key.into(), expire_at_ms);
        Entry::new(
            &mut self.slab,
            &NewEntry { key, value: Value::Bytes(b"v"), expire_at_ms, access: 0, shape: Shape::STRING },
        )
    }

    fn free(&mut self, entry: Entry) {
        drop(entry.take_large(&mut self.slab));
        entry.release(&mut self.slab);
    }

    fn put(&mut self, key: &[u8]) {
        let entry = self.entry(key);
        match self.find(key) {
            Some(place) => {
                let old = self.table.replace(place, entry);
                self.free(old);
            }
            None => {
                let place = self.table.insert(self.table.hash(key), entry, Marks::default());
                assert_eq!(self.table.get(place).key(), key);
            }
        }
    }

    fn remove(&mut self, key: &[u8]) {
        let place = self.find(key);
        assert_eq!(place.is_some(), self.model.remove(key).is_some());
        if let Some(place) = place {
            let entry = self.table.remove(place);
            assert_eq!(entry.key(), key);
            self.free(entry);
        }
    }

    /// Takes out what expires by `now_ms`, some at a time.
    fn sweep(&mut self, now_ms: i64, limit: usize) {
        let mut from = 0;
        loop {
            let (due, next) = self.table.find_due(from, 3, now_ms);
            if let Some(at) = due {
                loop {
                    let mut gone = Vec::new();
                    let all = self.table.take_due(at, now_ms, limit, |entry, _| gone.push(entry));
                    for entry in gone {
                        let expire_at_ms = self.model.remove(entry.key());
                        assert!(expire_at_ms.is_some_and(|at| at.is_some_and(|at| at <= now_ms)));
                        self.free(entry);
                    }
                    if all || at >= self.table.segment_count() {
                        break;
                    }
                }
            }
            if next == 0 || next >= self.table.segment_count() {
                return;
            }
            from = next;
        }
    }

    fn check(&self) {
        let table = &self.table;
        let (mut len, mut volatile, mut bytes) = (0, 0, 0);
        for index in 0..table.segment_count() {
            let segment = table.segment(index);
            let mut last = (0, 0);
            bytes += segment.bytes();
            for &w in segment.words().iter().filter(|&&w| w != 0) {
                let entry = Table::entry_of(w);
                let hash = table.hash(entry.key());
                assert_eq!((table.index_of(hash.0), tag(w)), (index, hash.tag()));
                assert!(last < (tag(w), hash.0) || last == (0, 0));
                last = (tag(w), hash.0);
                assert_eq!(entry.expire_at_ms().is_some(), w & VOLATILE != 0);
                assert!(segment.earliest_ms <= entry.expire_at_ms().unwrap_or(i64::MAX));
                assert_eq!(self.model.get(entry.key()), Some(&entry.expire_at_ms()));
                len += 1;
                volatile += usize::from(w & VOLATILE != 0);
            }
        }
        assert_eq!((len, len, volatile), (table.len(), self.model.len(), table.volatile()));
        assert_eq!(bytes, table.bytes);
        for key in self.model.keys() {
            assert!(self.find(key).is_some());
        }
        assert!(len == 0 || table.segment_count() - 1 <= 1 + len * 3 / SEGMENT_TARGET * 2, "too many segments");
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.table.free_owned();
    }
}

fn name(number: u64) -> Vec<u8> {
    alloc::format!("key:{number}").into_bytes()
}

/// Grows to `most` keys and shrinks to nothing, `rounds` times.
fn grow_and_shrink(pair: &mut Pair, rounds: usize, keys: &[Vec<u8>]) {
    let count = keys.len() as u64;
    for _ in 0..rounds {
        for (step, grows) in [(count * 2, true), (count * 3, false)] {
            for at in 0..step {
                let key = &keys[pair.random.below(count) as usize];
                let put = pair.random.below(10) < if grows { 8 } else { 1 };
                if put {
                    pair.put(key)
                } else {
                    pair.remove(key)
                }
                if at % (step / 4) == 0 {
                    pair.check();
                }
            }
        }
        let (now_ms, limit) = (pair.random.below(1000) as i64, 1 + pair.random.below(50) as usize);
        pair.sweep(now_ms, limit);
        pair.check();
    }
    for key in keys {
        pair.remove(key);
    }
    pair.check();
    assert_eq!(pair.slab.used_bytes(), 0);
    assert_eq!(pair.table.volatile(), 0);
}

#[test]
fn holds_what_was_put_in() {
    for seed in 0..2 {
        let keys: Vec<Vec<u8>> = (0..7000).map(name).collect();
        grow_and_shrink(&mut Pair::new(seed), 2, &keys);
    }
}

/// All keys have one of two tags, so that a segment is nothing but collisions.
#[test]
fn holds_keys_of_equal_tags() {
    let table = Table::new(SIP);
    let keys: Vec<Vec<u8>> = (0..).map(name).filter(|key| table.hash(key).tag() % 8192 == 17).take(1500).collect();
    grow_and_shrink(&mut Pair::new(7), 2, &keys);
}

#[test]
fn a_walk_visits_every_entry_once() {
    let mut pair = Pair::new(3);
    for number in 0..8000 {
        pair.put(&name(number));
    }
    let mut marks = Marks::default();
    for budget in [1, 7, 100, 100_000] {
        marks = marks.turned(Marks::SNAPSHOT);
        let (mut hash, mut seen, mut added) = (0, Vec::new(), 0);
        loop {
            let mut left = budget;
            let ended = pair.table.walk(hash, marks, Marks::SNAPSHOT, |entry| {
                seen.push(entry.entry().key().to_vec());
                left -= 1;
                left > 0
            });
            // Growth meanwhile; what is new bears the mark.
            if added < 3000 {
                added += 1;
                let key = alloc::format!("{budget}:{added}").into_bytes();
                let entry = pair.entry(&key);
                pair.table.insert(pair.table.hash(&key), entry, marks);
            }
            match ended {
                None => {}
                Some(Some(next)) => hash = next,
                Some(None) => break,
            }
        }
        let total = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), total + added), (total, pair.model.len()), "{budget}");
    }
}

#[test]
fn cursors_survive_their_encoding() {
    let mut random = Random::from_seed(5);
    for _ in 0..10_000 {
        let depth = random.below(33) as u32;
        let prefix = if depth == 0 { 0 } else { random.next_u64() >> (64 - depth) << (64 - depth) };
        let tag = random.next_u64() as u16;
        let cursor = Position { prefix, depth, tag }.encode();
        assert!(cursor > 0 && cursor < 1 << 49);
        let back = Position::decode(cursor);
        assert_eq!((back.prefix, back.depth, back.tag), (prefix, depth, tag));
        // Any cursor is some position.
        Position::decode(random.next_u64());
    }
}
