//! Full synchronization, and the stream behind it.

use super::*;
use crate::boundary::input::Input;

/// Another server that loads a file.
fn loaded(file: &[u8]) -> World {
    let mut world = World::new("");
    world.files.insert("dump.rdb".into(), file.to_vec());
    world.handle(Input::Start);
    world.settle();
    world
}

#[test]
fn a_snapshot_and_the_stream_behind_it_make_the_same_data() {
    for diskless in ["yes", "no"] {
        let mut world = World::started(&format!("{QUIET}repl-diskless-sync {diskless}\n"));
        world.populate(500);
        let mut replica = Replica::greet(&mut world, 7, 7000);
        world.send(7, "PSYNC ? -1");
        replica.take_snapshot(&mut world);
        assert_eq!((replica.id.clone(), replica.offset), (id(&world), offset(&world)));
        assert_eq!(loaded(&replica.file).contents(), world.contents());
        replica.acknowledge(&mut world, replica.offset);
        let line = format!("slave0:ip=10.0.0.1,port=7000,state=online,offset={},lag=0\r\n", replica.offset);
        assert!(world.ask(1, "info replication").contains(&line));
        world.ask(1, "set a 1");
        assert_eq!(replica.requests(&mut world), "SELECT 0\nset a 1");
        assert_eq!(replica.offset, offset(&world));
        assert_eq!(field(&mut world, "stats", "sync_full"), "1");
    }
}

/// Requests of clients, and what replicas are sent.
const REPEATED: [(&str, &str); 15] = [
    ("set a 1", "SELECT 0\nset a 1"),
    ("set a 1 px 5000", "SET a 1 PXAT 1700000005000"),
    ("get a", ""),
    ("set a 2 nx", ""),
    ("incrbyfloat f 1.5", "SET f 1.5"),
    ("del nothing", ""),
    ("mset a 1 b 2", "mset a 1 b 2"),
    ("expire a 100", "PEXPIREAT a 1700000100000"),
    ("getdel a", "DEL a"),
    ("select 3\nset a 1", "SELECT 3\nset a 1"),
    ("multi\nget a\nexec", ""),
    ("multi\nset a 1\nexec", "set a 1"),
    ("multi\nset a 1\nselect 4\nset b 1\nexec", "MULTI\nset a 1\nSELECT 4\nset b 1\nEXEC"),
    ("flushdb", "flushdb"),
    ("flushall", "flushall"),
];

#[test]
fn each_kind_of_write_moves_the_offset_by_its_bytes() {
    let mut world = World::started(QUIET);
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    for (lines, expected) in REPEATED {
        let before = offset(&world);
        let replies = world.ask(1, lines);
        assert!(!replies.contains("-ERR"), "{lines}: {replies}");
        let bytes = replica.stream(&mut world);
        assert_eq!(words(&bytes).to_ascii_lowercase(), expected.to_ascii_lowercase(), "{lines}");
        assert_eq!((offset(&world), replica.offset), (before + bytes.len() as u64, offset(&world)), "{lines}");
    }
}

#[test]
fn a_second_replica_is_told_again_what_is_selected() {
    let mut world = World::started(QUIET);
    let mut first = Replica::synchronized(&mut world, 7, 7000);
    world.ask(1, "select 2\nset a 1");
    assert_eq!(first.requests(&mut world), "SELECT 2\nset a 1");
    let mut second = Replica::synchronized(&mut world, 8, 7001);
    world.ask(1, "set b 1");
    assert_eq!(first.requests(&mut world), "SELECT 2\nset b 1");
    assert_eq!(second.requests(&mut world), "SELECT 2\nset b 1");
    assert_eq!(first.offset, second.offset);
}

#[test]
fn writes_while_a_snapshot_is_sent_come_behind_it() {
    let mut world = World::started(&format!("{QUIET}repl-diskless-sync no\n"));
    world.populate(300);
    let before = world.contents();
    let mut replica = Replica::greet(&mut world, 7, 7000);
    world.send(7, "PSYNC ? -1");
    world.timer_step();
    world.send(1, "del key:1\nset a 1");
    replica.take_file_and_more(&mut world, &before, "SELECT 0\ndel key:1\nset a 1");
}

impl Replica {
    /// Takes a snapshot of these data with the stream behind it.
    fn take_file_and_more(&mut self, world: &mut World, data: &crate::persistence::tests::Contents, expected: &str) {
        world.settle();
        let bytes = world.taken(self.client);
        let at = bytes.windows(3).position(|window| window == b"\r\n$").expect("a length") + 3;
        let line_end = at + bytes[at..].windows(2).position(|pair| pair == b"\r\n").expect("a length");
        let length: usize = String::from_utf8_lossy(&bytes[at..line_end]).parse().expect("a length");
        let (file, stream) = bytes[line_end + 2..].split_at(length);
        assert_eq!(&loaded(file).contents(), data);
        assert_eq!(words(stream), expected);
    }
}

#[test]
fn pings_come_as_often_as_was_told() {
    let mut world = World::started(&format!("{AT_ONCE}repl-ping-replica-period 3\n"));
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    for _ in 0..9 {
        world.pass_ms(1000);
        replica.acknowledge(&mut world, replica.offset);
    }
    assert_eq!(replica.requests(&mut world), "PING\nPING\nPING");
    assert_eq!(replica.offset, offset(&world));
}

#[test]
fn who_asks_by_sync_gets_file_and_stream_without_offsets() {
    let mut world = World::started(QUIET);
    world.ask(1, "set a 1");
    world.connect(7, "10.0.0.1:40000", true);
    world.send(7, "SYNC");
    world.settle();
    let bytes = world.taken(7);
    assert!(bytes.starts_with(b"$"), "{bytes:?}");
    let at = bytes.windows(2).position(|pair| pair == b"\r\n").expect("a length");
    let file = &bytes[at + 2..];
    assert_eq!(format!("${}", file.len()).as_bytes(), &bytes[..at]);
    assert!(file.starts_with(b"REDIS0010"), "of its version nothing is known");
    assert_eq!(loaded(file).contents(), world.contents());
    world.ask(1, "set b 1");
    assert_eq!(words(&world.taken(7)), "SELECT 0\nset b 1");
    // It never acknowledges anything, and need not.
    for _ in 0..100 {
        world.pass_ms(1000);
    }
    assert!(!world.is_closed(7));
    assert_eq!(world.ask(1, "wait 1 100"), "");
    world.pass_ms(100);
    assert_eq!(world.replies(1), ":0\r\n");
}

#[test]
fn who_wants_only_the_file_is_let_go() {
    let mut world = World::started(QUIET);
    world.ask(1, "set a 1");
    let mut replica = Replica::greet(&mut world, 7, 0);
    assert_eq!(world.ask(7, "replconf rdb-only 1"), "+OK\r\n");
    world.send(7, "PSYNC ? -1");
    replica.take_snapshot(&mut world);
    assert_eq!(loaded(&replica.file).contents(), world.contents());
    assert!(world.is_closed(7));
    assert_eq!(field(&mut world, "replication", "connected_slaves"), "0");
}

#[test]
fn what_debug_populate_makes_is_not_in_it() {
    let mut world = World::started(QUIET);
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    assert_eq!(world.ask(1, "debug populate 3\nset a 1\ndbsize"), "+OK\r\n+OK\r\n:4\r\n");
    assert_eq!(replica.requests(&mut world), "SELECT 0\nset a 1");
    assert_eq!(field(&mut world, "persistence", "rdb_changes_since_last_save"), "1");
}

#[test]
fn a_replica_is_not_counted_as_a_client() {
    let mut world = World::started(QUIET);
    let alone = field(&mut world, "clients", "connected_clients");
    let _replica = Replica::synchronized(&mut world, 7, 7000);
    assert_eq!(field(&mut world, "clients", "connected_clients"), alone);
}
