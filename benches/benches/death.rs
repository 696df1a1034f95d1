//! Does any input take long when a collection of ten million elements dies, or is
//! written to while it is saved?
//!
//! Not a criterion bench: it asserts that no `handle` takes more than 1 ms of the
//! thread's CPU time from when the value is told to die until nothing of it is
//! left. `cargo bench -p benches --bench death [-- ROUNDS [ELEMENTS] [TYPE...]]`; a
//! round builds and loses each type for each cause.

use benches::disk::Disk;
use benches::{CLIENT, NOW, cpu_ns, engine_with_client, parse, request};
use engine::boundary::effects::Effects;
use engine::boundary::id::DatabaseId;
use engine::boundary::input::{BufferReport, Input};
use engine::boundary::time::Now;
use engine::engine::Engine;
use engine::resp::request::RequestBuffer;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const LIMIT_NS: u64 = 1_000_000;
/// Elements of one request that builds a value.
const BATCH: u64 = 64;
const TYPES: [&str; 5] = ["hash", "zset", "list", "set", "stream"];
const CAUSES: [&str; 6] = ["DEL", "UNLINK", "FLUSHALL", "expiry", "eviction", "save"];

/// An engine in a world of its own, whose time moves.
struct World {
    engine: Engine,
    effects: Effects,
    disk: Disk,
    now: Now,
    /// The longest that one `handle` took since it was last looked at, nanoseconds.
    longest: u64,
}

impl World {
    fn new() -> World {
        let (engine, effects) = engine_with_client();
        World { engine, effects, disk: Disk::default(), now: NOW, longest: 0 }
    }

    fn ask(&mut self, arguments: &[&[u8]]) -> String {
        let (mut batch, mut requests) = (Vec::new(), RequestBuffer::default());
        request(&mut batch, arguments);
        parse(&batch, &mut requests);
        let requests = requests.requests(&batch, 0);
        let input = Input::Requests { client: CLIENT, requests: &requests, report: BufferReport::default() };
        let before = cpu_ns();
        self.engine.handle(self.now, input, &mut self.effects);
        self.longest = self.longest.max(cpu_ns() - before);
        let reply = String::from_utf8_lossy(&self.effects.output).into_owned();
        self.disk.take(&mut self.effects);
        reply
    }

    /// Lets a millisecond pass: what is due is done, and the disk does one thing.
    fn pass(&mut self) {
        self.now.monotonic.0 += 1000;
        self.now.unix.0 += 1000;
        if self.engine.next_deadline().is_some_and(|deadline| deadline <= self.now.monotonic) {
            let before = cpu_ns();
            self.engine.handle(self.now, Input::Deadline, &mut self.effects);
            self.longest = self.longest.max(cpu_ns() - before);
            self.disk.take(&mut self.effects);
        }
        let took = self.disk.step(self.now, &mut self.engine, &mut self.effects);
        self.longest = self.longest.max(took.unwrap_or(0));
    }

    fn build(&mut self, kind: &str, elements: u64) {
        for first in (0..elements).step_by(BATCH as usize) {
            let numbers = first..(first + BATCH).min(elements);
            let text = |what: &str, number: u64| format!("{what}:{number:010}").into_bytes();
            let words: Vec<Vec<u8>> = match kind {
                "hash" => numbers.flat_map(|number| [text("field", number), text("value", number)]).collect(),
                "zset" => numbers
                    .flat_map(|number| [(number * 7919 % 10_000_019).to_string().into_bytes(), text("member", number)])
                    .collect(),
                "stream" => {
                    for number in numbers {
                        self.ask(&[b"XADD", b"big", format!("{}-0", number + 1).as_bytes(), b"f", &text("v", number)]);
                    }
                    continue;
                }
                _ => numbers.map(|number| text("member", number)).collect(),
            };
            let command: &[u8] = match kind {
                "hash" => b"HSET",
                "zset" => b"ZADD",
                "list" => b"RPUSH",
                _ => b"SADD",
            };
            let all: Vec<&[u8]> = [command, b"big"].into_iter().chain(words.iter().map(Vec::as_slice)).collect();
            self.ask(&all);
        }
    }

    fn lose(&mut self, cause: &str) {
        match cause {
            "expiry" => drop(self.ask(&[b"PEXPIRE", b"big", b"5"])),
            "eviction" => {
                let enough = self.engine.used_memory() / 2;
                self.ask(&[
                    b"CONFIG",
                    b"SET",
                    b"maxmemory-policy",
                    b"allkeys-lru",
                    b"maxmemory",
                    enough.to_string().as_bytes(),
                ]);
                self.ask(&[b"SET", b"small", b"1"]);
            }
            "FLUSHALL" => drop(self.ask(&[b"FLUSHALL"])),
            _ => drop(self.ask(&[cause.as_bytes(), b"big"])),
        }
        for _ in 0..1000 {
            self.pass();
        }
        assert_eq!(self.ask(&[b"EXISTS", b"big"]), ":0\r\n", "{cause}");
        self.ask(&[b"CONFIG", b"SET", b"maxmemory", b"0"]);
    }

    fn save(&mut self, kind: &str, elements: u64) {
        self.ask(&[b"BGSAVE"]);
        let mut writes = 0u64;
        while self.engine.server().persistence.background_since.is_some() {
            self.pass();
            let number = writes * 7919 % elements;
            let (member, index) = (format!("member:{number:010}"), number.to_string());
            let field = format!("field:{number:010}");
            match kind {
                "hash" => self.ask(&[b"HSET", b"big", field.as_bytes(), b"other"]),
                "zset" => self.ask(&[b"ZADD", b"big", index.as_bytes(), member.as_bytes()]),
                "list" => self.ask(&[b"LSET", b"big", index.as_bytes(), b"other"]),
                "set" => self.ask(&[b"SREM", b"big", member.as_bytes()]),
                _ => self.ask(&[b"XDEL", b"big", format!("{}-0", number + 1).as_bytes()]),
            };
            writes += 1;
        }
        assert!(writes > 100 && !self.disk.is_empty(), "{writes} writes");
    }
}

fn main() {
    // Of types that are named, only these.
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| TYPES.contains(&&argument[..])).collect();
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let rounds = numbers.first().copied().unwrap_or(20);
    let elements = numbers.get(1).copied().unwrap_or(10_000_000);
    let mut failed = 0;
    println!("thread CPU time of the longest handle, microseconds: {rounds} times {elements} elements");
    for kind in TYPES.into_iter().filter(|kind| named.is_empty() || named.iter().any(|name| name == kind)) {
        let mut world = World::new();
        for cause in CAUSES {
            let mut longest: Vec<u64> = Vec::new();
            for _ in 0..rounds {
                if world.ask(&[b"EXISTS", b"big"]) == ":0\r\n" {
                    world.build(kind, elements);
                }
                world.longest = 0;
                if cause == "save" {
                    world.save(kind, elements)
                } else {
                    world.lose(cause)
                }
                longest.push(world.longest);
            }
            longest.sort_unstable();
            let (median, most) = (longest[longest.len() / 2], longest[longest.len() - 1]);
            println!("{kind:7} {cause:9} median {:6.1}, most {:6.1}", median as f64 / 1e3, most as f64 / 1e3);
            failed += u32::from(most > LIMIT_NS);
        }
        assert!(world.engine.keyspace().database(DatabaseId(0)).len() <= 2);
    }
    assert_eq!(failed, 0, "kinds of death in which a handle took over a millisecond");
}
