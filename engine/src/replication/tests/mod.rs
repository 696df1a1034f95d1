//! A primary and replicas that are played by the test.

mod blocking;
mod continuing;
mod dual;
mod failover;
mod limits;
mod restarting;
mod streaming;
mod waiting;

use crate::persistence::tests::World;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Full synchronizations begin at once.
const AT_ONCE: &str = "repl-diskless-sync-delay 0\n";
/// As [`AT_ONCE`], without requests in the stream that nobody wrote.
const QUIET: &str = "repl-diskless-sync-delay 0\nrepl-ping-replica-period 3600\n";

/// What a replica knows.
struct Replica {
    client: u64,
    /// The history, as it was told.
    id: String,
    /// Bytes of the history that it has.
    offset: u64,
    /// The snapshot that it got.
    file: Vec<u8>,
}

impl Replica {
    /// Connects from 10.0.0.1, listening on a port, and introduces itself.
    fn greet(world: &mut World, client: u64, port: u16) -> Replica {
        world.connect(client, "10.0.0.1:40000", true);
        assert_eq!(world.ask(client, &format!("REPLCONF listening-port {port}")), "+OK\r\n");
        assert_eq!(world.ask(client, "REPLCONF capa eof capa psync2"), "+OK\r\n");
        assert_eq!(world.ask(client, "REPLCONF version 7.2.4"), "+OK\r\n");
        Replica { client, id: String::new(), offset: 0, file: Vec::new() }
    }

    /// As [`Replica::greet`], and gets all data.
    fn synchronized(world: &mut World, client: u64, port: u16) -> Replica {
        let mut replica = Replica::greet(world, client, port);
        world.send(client, "PSYNC ? -1");
        replica.take_snapshot(world);
        replica.acknowledge(world, replica.offset);
        replica
    }

    /// Takes the answer to PSYNC and the snapshot.
    fn take_snapshot(&mut self, world: &mut World) {
        world.settle();
        let bytes = world.taken(self.client);
        let line_end = bytes.windows(2).position(|pair| pair == b"\r\n").expect("a line");
        let line = String::from_utf8_lossy(&bytes[..line_end]).to_string();
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!((words[0], words.len()), ("+FULLRESYNC", 3), "{line}");
        self.id = words[1].into();
        self.offset = words[2].parse().expect("an offset");
        let rest = &bytes[line_end + 2..];
        if let Some(rest) = rest.strip_prefix(b"$EOF:") {
            let (mark, rest) = (&rest[..40], &rest[42..]);
            let end = rest.len() - 40;
            assert_eq!(&rest[end..], mark, "nothing of the stream comes before it is acknowledged");
            self.file = rest[..end].to_vec();
        } else {
            let line_end = rest.windows(2).position(|pair| pair == b"\r\n").expect("a length");
            let length: usize = String::from_utf8_lossy(&rest[1..line_end]).parse().expect("a length");
            self.file = rest[line_end + 2..].to_vec();
            assert_eq!(self.file.len(), length);
        }
        assert!(self.file.starts_with(b"REDIS0011"));
    }

    /// Tells how far it is.
    fn acknowledge(&self, world: &mut World, offset: u64) {
        world.send(self.client, &format!("REPLCONF ACK {offset}"));
        world.settle();
    }

    /// Takes what came of the stream.
    fn stream(&mut self, world: &mut World) -> Vec<u8> {
        world.settle();
        let bytes = world.taken(self.client);
        self.offset += bytes.len() as u64;
        bytes
    }

    /// As [`Replica::stream`], a request a line.
    fn requests(&mut self, world: &mut World) -> String {
        words(&self.stream(world))
    }

    /// Tells that it has all that came.
    fn acknowledge_all(&mut self, world: &mut World) {
        self.stream(world);
        self.acknowledge(world, self.offset);
    }

    /// Its connection is lost.
    fn lose(&self, world: &mut World) {
        use crate::boundary::{id::ClientId, input::Input};
        world.handle(Input::Closed { client: ClientId(self.client) });
        world.settle();
    }
}

/// Asks for the stream on a new connection; what comes.
fn psync(world: &mut World, client: u64, id: &str, offset: i64) -> Vec<u8> {
    Replica::greet(world, client, 7000);
    world.send(client, &format!("PSYNC {id} {offset}"));
    world.settle();
    world.taken(client)
}

/// Requests of a stream, one a line.
fn words(bytes: &[u8]) -> String {
    use crate::resp::request::{Limits, Parser, RequestBuffer};
    let mut buffer = RequestBuffer::default();
    let used = Parser::default().parse(bytes, Limits::default(), usize::MAX, &mut buffer);
    assert_eq!(used, bytes.len(), "whole requests");
    let requests = buffer.requests(bytes, 0);
    let words = |index| {
        let arguments = requests.arguments(index);
        arguments.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect::<Vec<_>>().join(" ")
    };
    (0..requests.len()).map(words).collect::<Vec<_>>().join("\n")
}

fn offset(world: &World) -> u64 {
    world.engine.server().replication.offset
}

fn id(world: &World) -> String {
    String::from_utf8_lossy(&world.engine.server().replication.id).into_owned()
}

/// A field of INFO.
fn field(world: &mut World, section: &str, name: &str) -> String {
    let info = world.ask(99, &format!("INFO {section}"));
    let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().into()
}
