//! What the benches share: an engine without a world, and batches for it.

pub mod disk;

use engine::boundary::ask::{Answer, Oracle, Question};
use engine::boundary::effects::Effects;
use engine::boundary::id::ClientId;
use engine::boundary::input::{BufferReport, Connection, Input};
use engine::boundary::time::{Monotonic, Now, Unix};
use engine::config::Config;
use engine::engine::Engine;
use engine::engine::options::Options;
use engine::resp::request::{Limits, Parser, RequestBuffer};
use engine::server::HostFacts;
use engine::server::personality::Personality;
use nix::time::{ClockId, clock_gettime};

/// The client that all requests come from.
pub const CLIENT: ClientId = ClientId(1);

/// Some moment in 2026; benches do not move it.
pub const NOW: Now = Now { monotonic: Monotonic(1), unix: Unix(1_790_000_000_000_000) };

/// A world in which nothing happens.
#[derive(Debug)]
pub struct Nowhere;

impl Oracle for Nowhere {
    fn elapsed_ns(&mut self) -> u64 {
        0
    }

    fn ask(&mut self, _: Question<'_>) -> Answer {
        Answer::Done
    }
}

/// An engine with one client, and a buffer for its effects.
pub fn engine_with_client() -> (Engine, Effects) {
    let options = Options {
        seed: 7,
        config: Config::new(),
        config_file: None,
        executable: String::new(),
        personality: Personality::REDIS,
        host: HostFacts::default(),
        renamed_commands: Vec::new(),
    };
    let mut engine = Engine::new(options, NOW);
    let mut effects = Effects::new(Box::new(Nowhere));
    let connection = Connection {
        peer: "127.0.0.1:1".into(),
        local: "127.0.0.1:6379".into(),
        unix_socket: false,
        loopback: true,
        descriptor: 8,
    };
    engine.handle(NOW, Input::Connected { client: CLIENT, connection }, &mut effects);
    effects.clear();
    (engine, effects)
}

/// Appends a request to a batch.
pub fn request(batch: &mut Vec<u8>, arguments: &[&[u8]]) {
    batch.extend(format!("*{}\r\n", arguments.len()).bytes());
    for argument in arguments {
        batch.extend(format!("${}\r\n", argument.len()).bytes());
        batch.extend_from_slice(argument);
        batch.extend_from_slice(b"\r\n");
    }
}

/// Parses a batch, whole.
pub fn parse(batch: &[u8], requests: &mut RequestBuffer) {
    requests.clear();
    let used = Parser::default().parse(batch, Limits::default(), usize::MAX, requests);
    assert_eq!(used, batch.len());
}

/// Lets the engine handle a parsed batch; the replies stand in
/// `effects.output`.
pub fn handle(engine: &mut Engine, effects: &mut Effects, batch: &[u8], requests: &RequestBuffer) {
    let requests = requests.requests(batch, 0);
    let input = Input::Requests { client: CLIENT, requests: &requests, report: BufferReport::default() };
    engine.handle(NOW, input, effects);
}

/// The key of a number, as the side-by-side tools write it.
pub fn key(number: u64) -> Vec<u8> {
    format!("key:{number:012}").into_bytes()
}

/// CPU time of this thread so far, nanoseconds.
///
/// # Panics
/// If a thread has no such clock.
pub fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("a thread has a CPU clock");
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}
