//! How long does the engine take for a whole batch of pipelined requests?
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use benches::{engine_with_client, handle, key, parse, request};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use engine::base::random::Random;
use engine::resp::request::RequestBuffer;

const KEYS: u64 = 1_000_000;

fn batches(command: &str, pipeline: u64) -> Vec<(Vec<u8>, RequestBuffer)> {
    let mut random = Random::from_seed(3);
    let value = [b'v'; 64];
    let one = |_| {
        let mut batch = Vec::new();
        for _ in 0..pipeline {
            let key = key(random.below(KEYS));
            match command {
                "set" => request(&mut batch, &[b"SET", &key, &value]),
                "get" => request(&mut batch, &[b"GET", &key]),
                _ => request(&mut batch, &[b"INCR", &[b"n:", &key[..]].concat()]),
            }
        }
        let mut requests = RequestBuffer::default();
        parse(&batch, &mut requests);
        (batch, requests)
    };
    (0..64).map(one).collect()
}

fn pipelined(criterion: &mut Criterion) {
    let (mut engine, mut effects) = engine_with_client();
    let (mut batch, mut requests) = (Vec::new(), RequestBuffer::default());
    for number in 0..KEYS {
        batch.clear();
        request(&mut batch, &[b"SET", &key(number), &[b'x'; 64]]);
        parse(&batch, &mut requests);
        handle(&mut engine, &mut effects, &batch, &requests);
        effects.clear();
    }
    for command in ["get", "set", "incr"] {
        let mut group = criterion.benchmark_group(format!("handle {command}, a million keys"));
        for pipeline in [1, 16, 128] {
            let batches = batches(command, pipeline);
            let mut next = 0;
            group.throughput(Throughput::Elements(pipeline));
            group.bench_function(BenchmarkId::new("pipeline", pipeline), |bencher| {
                bencher.iter(|| {
                    let (batch, requests) = &batches[next % batches.len()];
                    next += 1;
                    handle(&mut engine, &mut effects, batch, requests);
                    effects.clear();
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, pipelined);
criterion_main!(benches);
