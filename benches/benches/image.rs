//! How long does an image of the engine keep others waiting, and how large is it?
//!
//! Prints CPU times: of the beginning, of the slowest slice, of the slowest batch
//! of SETs between slices; and what restoring takes.
//! `cargo bench -p benches --bench image [-- KEYS CLIENTS]`.

use benches::{NOW, engine_with_client, handle, key, parse, request};
use engine::base::random::Random;
use engine::boundary::id::ClientId;
use engine::boundary::input::{Connection, Input};
use engine::engine::Engine;
use engine::engine::image::{ImageStep, SLICE};
use engine::resp::request::RequestBuffer;
use nix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const VALUE: &[u8; 16] = b"0123456789abcdef";
/// Requests in one batch.
const PIPELINE: usize = 16;

fn thread_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("a thread has a CPU clock").into()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let before = thread_cpu();
    let result = work();
    (result, thread_cpu() - before)
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let (keys, clients) = (numbers.next().unwrap_or(1_000_000), numbers.next().unwrap_or(1000));
    let (mut engine, mut effects) = engine_with_client();
    for number in 0..clients {
        let connection = Connection {
            peer: format!("127.0.0.1:{number}"),
            local: "127.0.0.1:6379".into(),
            unix_socket: false,
            loopback: true,
            descriptor: number as i64,
        };
        engine.handle(NOW, Input::Connected { client: ClientId(1000 + number), connection }, &mut effects);
        effects.clear();
    }
    let mut random = Random::from_seed(1);
    let mut set = |engine: &mut Engine, name: &mut dyn FnMut() -> u64| {
        let (mut batch, mut requests) = (Vec::new(), RequestBuffer::default());
        for _ in 0..PIPELINE {
            request(&mut batch, &[b"SET", &key(name()), VALUE]);
        }
        parse(&batch, &mut requests);
        let ((), cpu) = timed(|| handle(engine, &mut effects, &batch, &requests));
        effects.clear();
        cpu
    };
    let mut next = 0..keys;
    for _ in 0..keys.div_ceil(PIPELINE as u64) {
        set(&mut engine, &mut || next.next().unwrap_or_default());
    }
    let (options, hash) = (engine.options_for_image(), engine.state_hash());
    let (head, began) = timed(|| engine.begin_image().expect("it rests"));
    let (head_length, mut image) = (head.len(), head);
    let (mut steps, mut slowest_step, mut slowest_handle, mut all) = (0, Duration::ZERO, Duration::ZERO, began);
    loop {
        let (step, cpu) = timed(|| engine.step_image(SLICE));
        (steps, slowest_step, all) = (steps + 1, slowest_step.max(cpu), all + cpu);
        match step {
            ImageStep::More(bytes) => image.extend(bytes),
            ImageStep::Done(bytes) => {
                image.extend(bytes);
                break;
            }
            ImageStep::Lost => panic!("nothing was flushed"),
        }
        slowest_handle = slowest_handle.max(set(&mut engine, &mut || random.below(keys)));
    }
    println!("{keys} keys, {clients} clients: {} bytes, of which {head_length} at once", image.len());
    println!("begun in {began:?}; {steps} slices, the slowest {slowest_step:?}; all in {all:?}");
    println!("slowest batch of {PIPELINE} SETs meanwhile: {slowest_handle:?}");
    let before = Instant::now();
    let restored = Engine::restore(options, NOW, &image).expect("an image");
    println!("restored in {:?}", before.elapsed());
    assert_eq!(restored.state_hash(), hash);
}
