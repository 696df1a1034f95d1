//! How long does one input take while millions of keys are saved and loaded?
//!
//! Prints percentiles of the CPU time of each call of `Engine::handle`: slices of
//! the walk with a pipelined writer between them, then slices of the load.

use benches::disk::Disk;
use benches::{NOW, cpu_ns, engine_with_client, handle, key, parse, request};
use engine::base::random::Random;
use engine::boundary::effects::Effects;
use engine::boundary::input::Input;
use engine::engine::Engine;
use engine::resp::request::RequestBuffer;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const KEYS: u64 = 5_000_000;
const VALUE: &[u8; 16] = b"0123456789abcdef";

fn report(what: &str, mut times: Vec<u64>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    println!(
        "{what}: {} calls, {:.2} s in all, p50 {:.0} µs, p99 {:.0} µs, p99.9 {:.0} µs, max {:.0} µs",
        times.len(),
        times.iter().sum::<u64>() as f64 / 1e9,
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

fn deadline(engine: &mut Engine, effects: &mut Effects, disk: &mut Disk) -> Option<u64> {
    if engine.next_deadline().is_none_or(|deadline| deadline > NOW.monotonic) {
        return None;
    }
    let begin = cpu_ns();
    engine.handle(NOW, Input::Deadline, effects);
    let elapsed = cpu_ns() - begin;
    disk.take(effects);
    Some(elapsed)
}

fn ask(engine: &mut Engine, effects: &mut Effects, disk: &mut Disk, arguments: &[&[u8]]) {
    let (mut batch, mut requests) = (Vec::new(), RequestBuffer::default());
    request(&mut batch, arguments);
    parse(&batch, &mut requests);
    handle(engine, effects, &batch, &requests);
    disk.take(effects);
}

fn main() {
    let (mut engine, mut effects) = engine_with_client();
    let mut disk = Disk::default();
    for number in 0..KEYS {
        ask(&mut engine, &mut effects, &mut disk, &[b"SET", &key(number), VALUE]);
    }
    let mut random = Random::from_seed(3);
    let mut write = |engine: &mut Engine, effects: &mut Effects, disk: &mut Disk| {
        let (mut batch, mut requests) = (Vec::new(), RequestBuffer::default());
        for _ in 0..128 {
            request(&mut batch, &[b"SET", &key(random.below(KEYS)), VALUE]);
        }
        parse(&batch, &mut requests);
        let begin = cpu_ns();
        handle(engine, effects, &batch, &requests);
        let elapsed = cpu_ns() - begin;
        disk.take(effects);
        elapsed
    };
    let before: Vec<_> = (0..5000).map(|_| write(&mut engine, &mut effects, &mut disk)).collect();
    report("128 writes before", before);
    ask(&mut engine, &mut effects, &mut disk, &[b"BGSAVE"]);
    let (mut slices, mut completions, mut writes) = (Vec::new(), Vec::new(), Vec::new());
    while engine.server().persistence.background_since.is_some() {
        slices.extend(deadline(&mut engine, &mut effects, &mut disk));
        completions.extend(disk.step(NOW, &mut engine, &mut effects));
        writes.push(write(&mut engine, &mut effects, &mut disk));
    }
    report("slices of a save ", slices);
    report("its completions  ", completions);
    report("128 writes beside", writes);
    println!("the file: {} MB", disk.len() / 1_000_000);
    // Freed memory would be given back while the load is measured.
    std::mem::forget(engine);
    let (mut engine, mut effects) = engine_with_client();
    engine.handle(NOW, Input::Start, &mut effects);
    disk.take(&mut effects);
    let (mut slices, mut completions) = (Vec::new(), Vec::new());
    while engine.server().loading {
        let slice = deadline(&mut engine, &mut effects, &mut disk);
        let completion = disk.step(NOW, &mut engine, &mut effects);
        assert!(slice.is_some() || completion.is_some());
        slices.extend(slice);
        completions.extend(completion);
    }
    report("slices of a load ", slices);
    report("its completions  ", completions);
    assert_eq!(engine.server().persistence.last_loaded, KEYS);
}
