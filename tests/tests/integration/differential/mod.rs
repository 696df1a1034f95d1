//! Random requests to ours and to a real server, side by side: their replies have
//! to be the same.
//!
//! ```text
//! grammar ── request ──┬── ours  ── reply ──┐
//!                      └── peer  ── reply ──┴── compared as `compare.rs` says,
//!                                               but for what `known.rs` explains
//! ```
//!
//! What differs for a good reason, such as chance, leaves different data behind: its
//! keys are then deleted on both sides.

mod compare;
mod known;
mod requests;

use crate::client::{Client, Reply};
use crate::process::{Folder, Server};
use compare::{agree, is_error, text};
use requests::Requests;
use std::collections::BTreeMap;

/// Requests to each peer and in each protocol, unless DIFFERENTIAL_REQUESTS says
/// otherwise.
const REQUESTS: u64 = 5_000;
/// DIFFERENTIAL_SEED, unless it is given.
const SEED: u64 = 1;
/// Of so many commands a difference is told.
const TOLD_MAX: usize = 10;
/// A key that expires within this, milliseconds, is deleted: it might go on one side
/// only.
const LASTING_MS: i64 = 1_000_000;

/// A real server that ours is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Peer {
    Redis7_0,
    Valkey8_0,
}

impl Peer {
    fn program(self) -> &'static str {
        match self {
            Peer::Redis7_0 => "redis-server",
            Peer::Valkey8_0 => "valkey-server",
        }
    }

    fn version(self) -> (u32, u32) {
        match self {
            Peer::Redis7_0 => (7, 0),
            Peer::Valkey8_0 => (8, 0),
        }
    }
}

/// Connections to both.
struct Pair {
    ours: Client,
    theirs: Client,
}

impl Pair {
    /// Sends a request to both.
    fn ask(&mut self, request: &[&[u8]]) -> (Reply, Reply) {
        self.ours.send(request).and_then(|()| self.theirs.send(request)).expect("a connection");
        (self.ours.next(), self.theirs.next())
    }

    fn ask_words(&mut self, request: &[Vec<u8>]) -> (Reply, Reply) {
        self.ask(&request.iter().map(Vec::as_slice).collect::<Vec<&[u8]>>())
    }

    /// Deletes keys that will expire soon, on either side.
    fn settle_expiry(&mut self, keys: &[Vec<u8>]) {
        for key in keys {
            let (ours, theirs) = self.ask(&[b"PTTL", key]);
            let lasts = |reply: &Reply| matches!(reply, Reply::Integer(-1 | LASTING_MS..));
            let is_missing = |reply: &Reply| *reply == Reply::Integer(-2);
            let same = lasts(&ours) && lasts(&theirs) || is_missing(&ours) && is_missing(&theirs);
            if !same {
                self.ask(&[b"DEL", key]);
            }
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Sends requests in one protocol.
fn run(peer: Peer, protocol: &str) {
    let (folder, own_folder) = (Folder::new(), Folder::new());
    let Some(real) = Server::real(peer.program(), &folder, &[]) else { return };
    let ours = Server::ours(&own_folder, &["--save", ""]);
    let mut pair = Pair { ours: ours.client(), theirs: real.client() };
    pair.ask(&[b"HELLO", protocol.as_bytes()]);
    let (count, seed) = (number("DIFFERENTIAL_REQUESTS", REQUESTS), number("DIFFERENTIAL_SEED", SEED));
    let mut requests = Requests::new(seed, peer.version(), |name| {
        !matches!(pair.theirs.ask(&[b"COMMAND", b"INFO", name.as_bytes()]), Reply::Array(found)
            if matches!(found.first(), Some(Reply::Array(_))))
    });
    let mut succeeded = 0;
    let (mut differences, mut told) = (0, BTreeMap::new());
    for number in 0..count {
        let request = requests.next();
        let (ours, theirs) = pair.ask_words(&request.words);
        let comparison = known::comparison(peer, &request, &ours, &theirs);
        succeeded += u64::from(!is_error(&ours));
        let agreed = agree(comparison, &ours, &theirs);
        if !agreed {
            differences += 1;
            if told.len() < TOLD_MAX && !told.contains_key(&request.name) {
                let words: Vec<String> = request.words.iter().map(|word| word.escape_ascii().to_string()).collect();
                let difference =
                    format!("\n{number}: {}\n  ours   {}\n  theirs {}", words.join(" "), text(&ours), text(&theirs));
                told.insert(request.name.clone(), difference);
            }
        }
        if !agreed || request.writes && comparison.may_diverge() && !(is_error(&ours) && is_error(&theirs)) {
            request.keys.iter().for_each(|key| drop(pair.ask(&[b"DEL", key])));
        } else if request.writes {
            pair.settle_expiry(&request.keys);
        }
    }
    assert!(succeeded * 2 > count, "only {succeeded} of {count} requests do anything");
    assert!(
        differences == 0,
        "{differences} of {count} replies differ from those of {} (DIFFERENTIAL_SEED={seed}, RESP{protocol}):{}",
        peer.program(),
        told.into_values().collect::<String>(),
    );
}

#[test]
fn with_redis_7_0() {
    run(Peer::Redis7_0, "2");
    run(Peer::Redis7_0, "3");
}

#[test]
fn with_valkey_8_0() {
    run(Peer::Valkey8_0, "2");
    run(Peer::Valkey8_0, "3");
}
