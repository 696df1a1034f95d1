//! How long does it take to get from a request's name to its handler and back?
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use benches::{engine_with_client, handle, parse, request};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::command::table::CommandTable;
use engine::commands::COMMANDS;
use engine::resp::request::RequestBuffer;
use std::hint::black_box;

const PIPELINE: usize = 128;

fn dispatch(criterion: &mut Criterion) {
    let table = CommandTable::new(COMMANDS);
    let names: Vec<&[u8]> = table.commands().map(|id| table.command(id).name.as_bytes()).collect();
    let mut group = criterion.benchmark_group("dispatch");
    group.throughput(Throughput::Elements(names.len() as u64));
    group.bench_function("find every command", |bencher| {
        bencher.iter(|| names.iter().filter_map(|name| table.find(black_box(name))).count());
    });
    group.throughput(Throughput::Elements(PIPELINE as u64));
    for (name, arguments) in [("ping", &[&b"PING"[..]][..]), ("unknown command", &[b"NOSUCHCOMMAND", b"a"])] {
        let mut batch = Vec::new();
        (0..PIPELINE).for_each(|_| request(&mut batch, arguments));
        let mut requests = RequestBuffer::default();
        parse(&batch, &mut requests);
        let (mut engine, mut effects) = engine_with_client();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                handle(&mut engine, &mut effects, &batch, &requests);
                effects.clear();
            });
        });
    }
    group.finish();
}

criterion_group!(benches, dispatch);
criterion_main!(benches);
