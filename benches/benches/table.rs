//! How long do the keyspace table's operations take, at several sizes?
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use benches::key;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use engine::base::random::Random;
use engine::boundary::id::DatabaseId;
use engine::data::entry::{EntryRef, Value};
use engine::keyspace::database::Slot;
use engine::keyspace::{Expiry, Keyspace};
use std::hint::black_box;

const DATABASE: DatabaseId = DatabaseId(0);
const SIZES: [u64; 3] = [1_000, 100_000, 3_000_000];

fn filled(size: u64) -> Keyspace {
    let mut keyspace = Keyspace::new(1, false, Random::from_seed(1));
    (0..size).for_each(|number| insert(&mut keyspace, number));
    keyspace
}

fn insert(keyspace: &mut Keyspace, number: u64) {
    let bytes = key(number);
    let key = keyspace.key(&bytes);
    keyspace.set(DATABASE, &key, Value::Bytes(b"0123456789abcdef"), Expiry::Clear, false, benches::NOW);
}

fn get(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("table get");
    for size in SIZES {
        let keyspace = filled(size);
        let mut random = Random::from_seed(2);
        let keys: Vec<Vec<u8>> = (0..1024).map(|_| key(random.below(size))).collect();
        let missing: Vec<Vec<u8>> = (0..1024).map(|_| key(size + random.below(size))).collect();
        group.throughput(Throughput::Elements(1024));
        for (name, keys) in [("hit", &keys), ("miss", &missing)] {
            group.bench_with_input(BenchmarkId::new(name, size), keys, |bencher, keys| {
                bencher.iter(|| {
                    let found = |bytes: &&Vec<u8>| keyspace.peek(DATABASE, &keyspace.key(bytes)).is_some();
                    black_box(keys.iter().filter(found).count())
                });
            });
        }
    }
    group.finish();
}

fn grow(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("table insert while growing");
    group.sample_size(10);
    for size in [1_000, 100_000, 1_000_000] {
        group.throughput(Throughput::Elements(size));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter_batched(|| (), |()| filled(size), BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn scan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("table scan");
    for size in SIZES {
        let keyspace = filled(size);
        let mut cursor = 0;
        group.throughput(Throughput::Elements(10));
        group.bench_function(BenchmarkId::new("count 10", size), |bencher| {
            bencher.iter(|| {
                let mut bytes = 0;
                let visit = |entry: EntryRef<'_>| bytes += entry.key().len();
                cursor = keyspace.database(DATABASE).scan(Slot(0), cursor, 10, visit);
                black_box(bytes)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, get, grow, scan);
criterion_main!(benches);
