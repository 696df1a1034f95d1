//! Full synchronization over two connections, the primary's side.

use super::*;
use crate::boundary::id::ClientId;
use crate::boundary::input::Input;

const DUAL: &str = "dual-channel-replication-enabled yes\nrepl-diskless-sync-delay 0\nrepl-ping-replica-period 3600\n";

/// Both connections of a replica.
struct Pair {
    stream: Replica,
    snapshot: u64,
}

/// What `$ENDOFF` tells: offset, history, database, connection; and what follows it.
fn place(bytes: &[u8]) -> (u64, String, u32, u64, Vec<u8>) {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n").expect("a line");
    let line = String::from_utf8_lossy(&bytes[..end]).trim_start_matches('\n').to_string();
    let words: Vec<&str> = line.strip_prefix("$ENDOFF:").expect("a place").split(' ').collect();
    let number = |index: usize| words[index].parse::<u64>().expect("a number");
    (number(0), words[1].into(), number(2) as u32, number(3), bytes[end + 2..].to_vec())
}

impl Pair {
    /// Asks for the stream and is sent for the snapshot to another connection.
    fn greet(world: &mut World, stream: u64, snapshot: u64, port: u16) -> Pair {
        let replica = Replica::greet(world, stream, port);
        assert_eq!(world.ask(stream, "REPLCONF capa eof capa psync2 capa dual-channel"), "+OK\r\n");
        assert_eq!(world.ask(stream, "PSYNC ? -1"), "+DUALCHANNELSYNC\r\n");
        world.connect(snapshot, "10.0.0.1:40001", true);
        let words = format!("REPLCONF capa eof rdb-only 1 rdb-channel 1 listening-port {port} version 7.2.4");
        assert_eq!(world.ask(snapshot, &words), "+OK\r\n");
        Pair { stream: replica, snapshot }
    }

    /// Gets the snapshot.
    fn take_snapshot(&mut self, world: &mut World) {
        world.send(self.snapshot, "SYNC");
        world.settle();
        let (offset, id, _, client, rest) = place(&world.taken(self.snapshot));
        assert_eq!(client, self.snapshot);
        self.stream.offset = offset;
        self.stream.id = id;
        let rest = rest.strip_prefix(b"$EOF:").expect("a mark");
        assert_eq!(&rest[rest.len() - 40..], &rest[..40]);
        assert!(rest[42..].starts_with(b"REDIS0011"));
        assert!(world.is_closed(self.snapshot), "it has served");
    }

    /// Asks for the stream behind the snapshot.
    fn ask_for_stream(&mut self, world: &mut World) -> String {
        let client = self.stream.client;
        assert_eq!(world.ask(client, &format!("REPLCONF set-rdb-client-id {}", self.snapshot)), "+OK\r\n");
        let answer = world.ask(client, &format!("PSYNC {} {}", self.stream.id, self.stream.offset + 1));
        match answer.split_once("\r\n") {
            Some((line, rest)) if line == format!("+CONTINUE {}", self.stream.id) => {
                self.stream.offset += rest.len() as u64;
                words(rest.as_bytes())
            }
            _ => answer,
        }
    }
}

#[test]
fn a_snapshot_and_its_stream_come_over_two_connections() {
    let mut world = World::started(DUAL);
    world.ask(1, "set a 1");
    let mut pair = Pair::greet(&mut world, 5, 6, 7000);
    assert_eq!(field(&mut world, "replication", "connected_slaves"), "0");
    pair.take_snapshot(&mut world);
    assert!(
        world
            .log
            .iter()
            .any(|line| line == "Starting BGSAVE for SYNC with target: replicas sockets using: dual-channel")
    );
    world.ask(1, "select 3\nINCR n");
    assert_eq!(pair.ask_for_stream(&mut world), "SELECT 3\nINCR n");
    world.ask(1, "INCR n");
    assert_eq!(pair.stream.requests(&mut world), "INCR n");
    let line = field(&mut world, "replication", "slave0");
    assert!(line.starts_with("ip=10.0.0.1,port=7000,state=bg_transfer,offset=0,lag=0"), "{line}");
    world.send(1, "wait 1 1");
    world.pass_ms(2);
    assert_eq!(world.replies(1), ":0\r\n", "it has loaded nothing yet");
    pair.stream.acknowledge_all(&mut world);
    let line = field(&mut world, "replication", "slave0");
    assert!(line.contains("state=online"), "{line}");
    assert!(world.log.iter().any(|line| line == "Synchronization with replica 10.0.0.1:7000 succeeded"));
    assert_eq!(field(&mut world, "stats", "sync_full"), "1");
    assert_eq!(field(&mut world, "stats", "sync_partial_ok"), "1");
}

#[test]
fn the_stream_is_kept_until_it_is_asked_for() {
    let mut world = World::started(&format!("{DUAL}repl-backlog-size 16kb\nrepl-backlog-ttl 1\n"));
    let mut pair = Pair::greet(&mut world, 5, 6, 7000);
    pair.take_snapshot(&mut world);
    // Far more than the backlog would keep by itself.
    for _ in 0..100 {
        world.ask(1, &format!("set a {}", "x".repeat(2000)));
    }
    world.handle(Input::Closed { client: ClientId(pair.snapshot) });
    world.pass_ms(5000);
    assert_eq!(pair.ask_for_stream(&mut world).lines().count(), 101);
    // Nobody needs it any more.
    pair.stream.acknowledge_all(&mut world);
    world.ask(1, "set a 1");
    assert!(field(&mut world, "replication", "repl_backlog_histlen").parse::<u64>().expect("a number") < 100_000);
}

#[test]
fn what_nobody_asks_for_is_kept_for_a_minute() {
    let mut world = World::started(DUAL);
    let mut pair = Pair::greet(&mut world, 5, 6, 7000);
    pair.take_snapshot(&mut world);
    world.handle(Input::Closed { client: ClientId(pair.snapshot) });
    world.pass_ms(59_000);
    assert!(world.engine.server().replication.is_reserved(ClientId(6)));
    world.pass_ms(4000);
    assert!(!world.engine.server().replication.is_reserved(ClientId(6)));
    let told = "Replica main channel failed to establish PSYNC within the grace period";
    assert!(world.log.iter().any(|line| line.starts_with(told)), "{:?}", world.log);
    assert_eq!(world.ask(5, "REPLCONF set-rdb-client-id 6"), "-ERR Unrecognized RDB client id 6\r\n");
    // The stream is still there: it can be continued as any.
    let answer = world.ask(5, &format!("PSYNC {} {}", pair.stream.id, pair.stream.offset + 1));
    assert_eq!(answer, format!("+CONTINUE {}\r\n", pair.stream.id));
}

#[test]
fn no_more_is_kept_than_a_replica_may_owe() {
    let limits = ["client-output-buffer-limit replica 100kb 0 0", "client-output-buffer-limit replica 0 50kb 3"];
    for (limit, closed) in [(limits[0], true), (limits[1], true), (limits[0], false), (limits[1], false)] {
        let mut world = World::started(&format!("{DUAL}repl-backlog-size 16kb\n{limit}\n"));
        let mut pair = Pair::greet(&mut world, 5, 6, 7000);
        pair.take_snapshot(&mut world);
        if closed {
            world.handle(Input::Closed { client: ClientId(pair.snapshot) });
        }
        for _ in 0..100 {
            world.ask(1, &format!("set a {}", "x".repeat(2000)));
        }
        world.pass_ms(6000);
        assert!(!world.engine.server().replication.is_reserved(ClientId(6)), "{limit}");
        world.ask(1, "set a 1");
        let answer = world.ask(5, &format!("PSYNC {} {}", pair.stream.id, pair.stream.offset + 1));
        assert_eq!(answer, "+DUALCHANNELSYNC\r\n", "it has to begin anew");
    }
}

#[test]
fn a_snapshot_that_breaks_off_reserves_nothing() {
    let mut world = World::started(DUAL);
    world.populate(3000);
    let pair = Pair::greet(&mut world, 5, 6, 7000);
    world.set_takes(6, false);
    world.send(6, "SYNC");
    while !world.engine.server().replication.is_reserved(ClientId(6)) {
        assert!(world.timer_step() || world.disk_step());
    }
    assert_eq!(field(&mut world, "replication", "connected_slaves"), "1");
    assert_eq!(world.ask(5, "REPLCONF set-rdb-client-id 6"), "+OK\r\n");
    world.handle(Input::Closed { client: ClientId(6) });
    world.settle();
    assert!(world.log.iter().any(|line| line == "Replica 10.0.0.1:7000 rdb channel disconnected."));
    assert!(!world.engine.server().replication.is_reserved(ClientId(6)));
    assert_eq!(world.ask(5, "REPLCONF set-rdb-client-id 6"), "-ERR Unrecognized RDB client id 6\r\n");
    drop(pair);
}

#[test]
fn it_has_to_be_wanted_by_both() {
    for parameters in ["dual-channel-replication-enabled no\n", "repl-diskless-sync no\n"] {
        let mut world = World::started(&format!("{DUAL}{parameters}"));
        let mut replica = Replica::greet(&mut world, 5, 7000);
        assert_eq!(world.ask(5, "REPLCONF capa eof capa psync2 capa dual-channel"), "+OK\r\n");
        world.send(5, "PSYNC ? -1");
        replica.take_snapshot(&mut world);
    }
    let mut world = World::started(DUAL);
    Replica::synchronized(&mut world, 5, 7000);
}

#[test]
fn both_kinds_of_replicas_get_snapshots_of_their_own() {
    let mut world = World::started(&DUAL.replace("delay 0", "delay 1"));
    world.ask(1, "set a 1");
    let mut pair = Pair::greet(&mut world, 5, 6, 7000);
    let mut single = Replica::greet(&mut world, 7, 7001);
    let mut other = Pair::greet(&mut world, 8, 9, 7002);
    world.send(7, "PSYNC ? -1");
    world.send(9, "SYNC");
    world.send(6, "SYNC");
    world.pass_ms(3000);
    single.take_snapshot(&mut world);
    single.acknowledge(&mut world, single.offset);
    for pair in [&mut pair, &mut other] {
        let (offset, id, _, client, rest) = place(&world.taken(pair.snapshot));
        assert!(rest.starts_with(b"$EOF:"));
        assert_eq!(client, pair.snapshot);
        (pair.stream.offset, pair.stream.id) = (offset, id);
    }
    world.ask(1, "INCR n");
    for pair in [&mut pair, &mut other] {
        assert!(pair.ask_for_stream(&mut world).ends_with("INCR n"));
        pair.stream.acknowledge_all(&mut world);
    }
    assert_eq!(field(&mut world, "replication", "connected_slaves"), "3");
    assert_eq!(field(&mut world, "stats", "sync_full"), "3");
}

#[test]
fn what_may_not_be_saved_needs_a_mark() {
    let mut world = World::started(DUAL);
    world.ask(1, "set a 1");
    let words = ["REPLCONF rdb-channel 1", "REPLCONF rdb-filter-only \"\""];
    for (client, words) in (5..).zip(words) {
        world.connect(client, "10.0.0.1:40000", true);
        assert_eq!(world.ask(client, words), "+OK\r\n");
        assert_eq!(world.ask(client, "SYNC"), "-ERR Filtered replica requires EOF capability\r\n");
    }
    assert!(world.files.is_empty());
    for words in ["REPLCONF rdb-channel 2", "REPLCONF set-rdb-client-id x"] {
        assert!(world.ask(5, words).starts_with("-ERR value is"), "{words}");
    }
    assert_eq!(world.ask(5, "REPLCONF set-rdb-client-id -1"), "-ERR Unrecognized RDB client id -1\r\n");
}

#[test]
fn a_new_history_takes_reservations_back() {
    let mut world = World::started(DUAL);
    let mut pair = Pair::greet(&mut world, 5, 6, 7000);
    pair.take_snapshot(&mut world);
    // The same history under another name: what was reserved is still true.
    world.ask(1, "replicaof 10.9.9.9 1\nreplicaof no one");
    assert!(world.engine.server().replication.is_reserved(ClientId(6)));
    let answer = world.ask(5, &format!("PSYNC {} {}", pair.stream.id, pair.stream.offset + 1));
    assert_eq!(answer, format!("+CONTINUE {}\r\n", id(&world)));
}
