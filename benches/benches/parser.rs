//! How long does it take to parse a request?
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use benches::{key, parse, request};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::resp::request::RequestBuffer;

const PIPELINE: u64 = 128;

fn parser(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parser");
    group.throughput(Throughput::Elements(PIPELINE));
    let value = [b'v'; 64];
    let mut gets = Vec::new();
    let mut sets = Vec::new();
    let mut inline = Vec::new();
    for number in 0..PIPELINE {
        request(&mut gets, &[b"GET", &key(number)]);
        request(&mut sets, &[b"SET", &key(number), &value]);
        inline.extend_from_slice(&[b"GET ", &key(number)[..], b"\r\n"].concat());
    }
    for (name, batch) in [("get", gets), ("set 64 B", sets), ("inline get", inline)] {
        let mut requests = RequestBuffer::default();
        group.bench_function(name, |bencher| bencher.iter(|| parse(&batch, &mut requests)));
    }
    group.finish();
}

criterion_group!(benches, parser);
criterion_main!(benches);
