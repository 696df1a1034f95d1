//! Does any input take long while the table grows from empty to 20 million keys?
//!
//! Not a criterion bench: it asserts. No `handle` moves more than a fixed
//! number of the table's words, and none takes more than 1 ms of the thread's
//! CPU time. `cargo bench -p benches --bench growth [-- KEYS]`.

use benches::{cpu_ns, engine_with_client, handle, key, parse, request};
use engine::boundary::id::DatabaseId;
use engine::resp::request::RequestBuffer;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Requests in one batch, hence in one `handle`.
const PIPELINE: u64 = 32;
/// Words that one batch may move: what some splits and new layouts of the largest segments come to.
const WORDS_MAX: u64 = 4 * 2048;
const CPU_MAX: Duration = Duration::from_millis(1);

fn main() {
    let keys: u64 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(20_000_000);
    let (mut engine, mut effects) = engine_with_client();
    let (mut batch, mut requests) = (Vec::new(), RequestBuffer::default());
    let (mut words_max, mut cpu_max, mut slow) = (0, Duration::ZERO, 0);
    let (mut touched, mut number) = (0, 0);
    while number < keys {
        batch.clear();
        for _ in 0..PIPELINE {
            request(&mut batch, &[b"SET", &key(number), b"0123456789abcdef"]);
            number += 1;
        }
        parse(&batch, &mut requests);
        let before = cpu_ns();
        handle(&mut engine, &mut effects, &batch, &requests);
        let cpu = Duration::from_nanos(cpu_ns() - before);
        effects.clear();
        let now_touched = engine.keyspace().database(DatabaseId(0)).touched();
        words_max = words_max.max(now_touched - touched);
        touched = now_touched;
        cpu_max = cpu_max.max(cpu);
        slow += u32::from(cpu > CPU_MAX);
    }
    let database = engine.keyspace().database(DatabaseId(0));
    println!("keys {}, segments {}", database.len(), database.segment_count());
    println!("words moved by one handle of {PIPELINE} SETs: at most {words_max}; in all {touched}");
    println!("thread CPU time of one handle: at most {cpu_max:?}; handles over {CPU_MAX:?}: {slow}");
    assert_eq!(database.len() as u64, number);
    assert!(words_max <= WORDS_MAX, "a handle moved {words_max} words");
    assert!(cpu_max <= CPU_MAX, "a handle took {cpu_max:?}");
}
