//! A replica and a primary that is played by the test.

mod dual;
mod keys;
mod restarting;
mod roles;
mod stream;
mod sync;

use crate::boundary::id::LinkId;
use crate::boundary::input::{Connection, Input, LinkEvent};
use crate::persistence::tests::{LinkOrder, World};
use crate::rdb::{ValueRef, WriteOptions, WriteVersion, Writer};
use crate::resp::request::{Limits, Parser, RequestBuffer};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const ID: &str = "0123456789abcdef0123456789abcdef01234567";
const MARK: &str = "marker-marker-marker-marker-marker-marke";

/// What a primary heard and may say.
struct Primary {
    link: LinkId,
    /// Reads that the replica has asked for.
    credit: usize,
    heard: Vec<u8>,
    closed: bool,
}

impl Primary {
    /// Waits for the replica to connect.
    fn accept(world: &mut World) -> Primary {
        world.settle();
        let at = world.links.iter().position(|order| matches!(order, LinkOrder::Connect(..))).expect("a connection");
        let LinkOrder::Connect(link, ..) = world.links[at].clone() else { unreachable!() };
        world.links.drain(..=at);
        let mut primary = Primary { link, credit: 0, heard: Vec::new(), closed: false };
        let connection = Connection {
            peer: "10.0.0.1:6379".into(),
            local: "10.0.0.2:50000".into(),
            unix_socket: false,
            loopback: false,
            descriptor: 9,
        };
        primary.event(world, LinkEvent::Connected { connection });
        primary
    }

    fn event(&mut self, world: &mut World, event: LinkEvent<'_>) {
        world.handle(Input::Link { link: self.link, event });
        world.settle();
        self.listen(world);
    }

    /// Takes in what the replica did with the link.
    fn listen(&mut self, world: &mut World) {
        let mut others = Vec::new();
        for order in core::mem::take(&mut world.links) {
            match order {
                LinkOrder::Send(link, bytes) if link == self.link => self.heard.extend_from_slice(&bytes),
                LinkOrder::Read(link) if link == self.link => {
                    self.credit += 1;
                    assert_eq!(self.credit, 1, "one read at a time");
                }
                LinkOrder::Close(link) if link == self.link => self.closed = true,
                other => others.push(other),
            }
        }
        world.links = others;
    }

    /// Says something, as the replica reads.
    fn say(&mut self, world: &mut World, bytes: impl AsRef<[u8]>) {
        if self.closed {
            return;
        }
        assert_eq!(self.credit, 1, "the replica reads: {:?}", world.log);
        self.credit = 0;
        self.event(world, LinkEvent::Received(bytes.as_ref()));
    }

    /// As [`Primary::say`], in pieces.
    fn say_split(&mut self, world: &mut World, bytes: &[u8], size: usize) {
        for piece in bytes.chunks(size) {
            self.say(world, piece);
        }
    }

    /// The requests that the replica has sent since this was last asked.
    fn requests(&mut self) -> Vec<String> {
        let heard = core::mem::take(&mut self.heard);
        let mut requests = RequestBuffer::default();
        Parser::default().parse(&heard, Limits::default(), usize::MAX, &mut requests);
        let requests = requests.requests(&heard, 0);
        let words = |index| {
            let arguments = requests.arguments(index);
            arguments.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect::<Vec<_>>().join(" ")
        };
        (0..requests.len()).map(words).collect()
    }

    /// Plays its part up to PSYNC, which is returned.
    fn greet(&mut self, world: &mut World) -> String {
        assert_eq!(self.requests(), ["PING"]);
        self.say(world, "+PONG\r\n");
        let count = self.requests().len();
        self.say(world, "+OK\r\n".repeat(count));
        let mut asked = self.requests();
        assert_eq!(asked.len(), 1);
        asked.remove(0)
    }

    fn lose(&mut self, world: &mut World) {
        self.event(world, LinkEvent::Closed(None));
    }
}

/// A replica that waits for its primary.
fn replica(parameters: &str) -> (World, Primary) {
    let mut world = World::new(&format!("replicaof primary 6379\n{parameters}"));
    world.handle(Input::Start);
    world.settle();
    let primary = Primary::accept(&mut world);
    (world, primary)
}

/// As [`replica`], with data at an offset of the history [`ID`], `a` is `1`.
fn synchronized(parameters: &str, offset: u64) -> (World, Primary) {
    let (mut world, mut primary) = replica(parameters);
    primary.greet(&mut world);
    let file = file(&[(0, "a", "1", None)]);
    primary.say(&mut world, format!("+FULLRESYNC {ID} {offset}\r\n${}\r\n", file.len()));
    primary.say(&mut world, &file);
    assert!(world.engine.server().replication.follow.is_connected(), "{:?}", world.log);
    assert_eq!(primary.requests(), [format!("REPLCONF ACK {offset}")]);
    (world, primary)
}

fn file(entries: &[(u32, &str, &str, Option<i64>)]) -> Vec<u8> {
    let mut writer = Writer::new(WriteVersion::V11, WriteOptions::default());
    writer.header();
    writer.aux(b"repl-stream-db", b"2");
    let mut selected = None;
    for &(database, key, value, expire_at_ms) in entries {
        if selected != Some(database) {
            writer.select_db(database);
            selected = Some(database);
        }
        writer.entry(key.as_bytes(), ValueRef::String(value.as_bytes()), expire_at_ms, None);
    }
    writer.finish();
    writer.take()
}

/// Requests as they stand in a stream, one a line.
fn stream(lines: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines.lines() {
        let words: Vec<&[u8]> = line.trim().split(' ').map(str::as_bytes).collect();
        super::handshake::put(&mut bytes, &words);
    }
    bytes
}

fn offset(world: &World) -> u64 {
    world.engine.server().replication.offset
}

fn id(world: &World) -> String {
    String::from_utf8_lossy(&world.engine.server().replication.id).to_string()
}
