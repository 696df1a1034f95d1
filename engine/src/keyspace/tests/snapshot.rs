//! A snapshot is what was there at its beginning, each entry once, whatever
//! happens meanwhile.

extern crate std;

use super::model::{Item, Pair, item};
use crate::boundary::id::DatabaseId;
use crate::data::entry::EntryRef;
use crate::data::parts::Progress;
use crate::keyspace::snapshot::{Given, LargeEntry, Sink, Slice, SnapshotStep};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use std::sync::{Arc, Mutex};

type Entries = BTreeMap<(DatabaseId, Vec<u8>), Item>;

/// Remembers what it is given.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<Entries>>);

impl Sink for Record {
    fn entry(&mut self, database: DatabaseId, entry: EntryRef<'_>) {
        let mut entries = self.0.lock().expect("one thread");
        let twice = entries.insert((database, entry.key().to_vec()), item(entry));
        assert!(twice.is_none(), "an entry was given twice");
    }

    fn begin(&mut self, _database: DatabaseId, _entry: &LargeEntry) {
        unreachable!("the model has no collections");
    }

    fn parts(
        &mut self,
        _database: DatabaseId,
        _entry: &LargeEntry,
        _from: Progress,
        _count: usize,
    ) -> Option<Progress> {
        None
    }

    fn end(&mut self, _database: DatabaseId, _entry: &LargeEntry) {}

    fn buffered(&self) -> usize {
        0
    }

    fn given(&self) -> Given {
        Given::default()
    }

    fn take(&mut self, _end: bool) -> Vec<u8> {
        Vec::new()
    }
}

fn entries(pair: &Pair) -> Entries {
    let of_one = |(index, model): (usize, &BTreeMap<Vec<u8>, Item>)| {
        let id = DatabaseId(index as u32);
        model.iter().map(move |(key, item)| ((id, key.clone()), item.clone())).collect::<Vec<_>>()
    };
    pair.model.iter().enumerate().flat_map(of_one).collect()
}

/// One snapshot, with mutations between its slices. `give_up`: it is abandoned
/// after so many.
fn snapshot(pair: &mut Pair, seed: u64, give_up: Option<u64>) {
    let record = Record::default();
    let expected = entries(pair);
    assert!(pair.keyspace.begin_snapshot(Box::new(record.clone())));
    assert!(!pair.keyspace.begin_snapshot(Box::new(Record::default())));
    let kinds = pair.draw_kinds();
    let busy = 1 + pair.random.below(400);
    let mut slices = 0;
    loop {
        for _ in 0..pair.random.below(busy) {
            pair.step(kinds);
        }
        slices += 1;
        if give_up == Some(slices) {
            pair.keyspace.abandon_snapshot();
        }
        let entries = 1 + pair.random.below(if pair.keyspace.cluster { 20_000 } else { 300 }) as usize;
        let bytes = 1 + pair.random.below(100_000) as usize;
        let (step, sink) = pair.keyspace.step_snapshot(Slice { entries, bytes });
        if step == SnapshotStep::Done {
            assert_eq!(sink.is_some(), give_up.is_none_or(|at| at > slices));
            break;
        }
        assert!(slices < 100_000, "no end, seed {seed}");
    }
    pair.keyspace.take_garbage();
    pair.check();
    if give_up.is_none_or(|at| at > slices) {
        let given = record.0.lock().expect("one thread");
        let missed = expected.iter().find(|(key, item)| given.get(key) != Some(item));
        assert!(missed.is_none(), "seed {seed}: missed or changed {missed:?}");
        assert_eq!(given.len(), expected.len(), "seed {seed}: more than there was");
    }
}

fn snapshots(seed: u64, cluster: bool) {
    let mut pair = Pair::new(seed, if cluster { 1 } else { 3 }, cluster);
    for round in 0..6 {
        let kinds = pair.draw_kinds();
        for _ in 0..pair.random.below(4000) {
            pair.step(kinds);
        }
        let give_up = (round % 3 == 1).then(|| 1 + pair.random.below(20));
        snapshot(&mut pair, seed, give_up);
    }
    pair.empty();
}

#[test]
fn a_snapshot_is_what_was_there_when_it_began() {
    for seed in 0..5 {
        snapshots(seed, false);
    }
}

#[test]
fn a_snapshot_of_many_slots() {
    for seed in 100..102 {
        snapshots(seed, true);
    }
}
