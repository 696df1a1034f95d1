//! How much is kept, and who is given up.

use super::*;

#[test]
fn the_backlog_holds_what_was_told_and_little_more() {
    let mut world = World::started(&format!("{QUIET}repl-backlog-size 100000\n"));
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    let value = "v".repeat(3000);
    let figures = |world: &mut World| {
        let number = |world: &mut World, name| field(world, "replication", name).parse::<u64>().unwrap();
        (number(world, "repl_backlog_first_byte_offset"), number(world, "repl_backlog_histlen"))
    };
    for round in 0..200 {
        world.ask(1, &format!("set key:{round} {value}"));
        replica.stream(&mut world);
        let (first, length) = figures(&mut world);
        assert_eq!(first + length, offset(&world) + 1);
        // It is given back in blocks, as long as enough is left.
        assert!(length < 100_000 + (16 << 10), "{length}");
        assert!(round < 40 || length >= 100_000, "{length} after {round}");
    }
    let (own, (first, _)) = (id(&world), figures(&mut world));
    assert!(psync(&mut world, 8, &own, first as i64).starts_with(b"+CONTINUE "));
    assert!(psync(&mut world, 9, &own, first as i64 - 1).starts_with(b"+FULLRESYNC "));
}

fn write(world: &mut World, bytes: usize) {
    let value = "v".repeat(50_000);
    for round in 0..bytes / value.len() {
        world.ask(1, &format!("set key:{round} {value}"));
    }
}

#[test]
fn a_replica_over_the_hard_limit_is_dropped() {
    let limit = "client-output-buffer-limit replica 3000000 0 0\n";
    let mut world = World::started(&format!("{QUIET}{limit}repl-backlog-size 100000\n"));
    Replica::synchronized(&mut world, 7, 7000);
    let mut other = Replica::synchronized(&mut world, 8, 7001);
    world.set_takes(7, false);
    write(&mut world, 2_900_000);
    assert!(!world.is_closed(7));
    write(&mut world, 200_000);
    assert!(world.is_closed(7));
    assert!(!world.is_closed(8));
    other.stream(&mut world);
    assert_eq!(other.offset, offset(&world), "others are not touched");
    assert_eq!(field(&mut world, "replication", "connected_slaves"), "1");
    assert!(world.log.iter().any(|line| line == "Connection with replica 10.0.0.1:7000 lost."));
    // What it held on to is given back.
    let memory = world.engine.server().replication.memory();
    assert!(memory < 300_000, "{memory}");
}

#[test]
fn a_replica_over_the_soft_limit_for_too_long_is_dropped() {
    let limit = "client-output-buffer-limit replica 0 1000000 10\n";
    let mut world = World::started(&format!("{QUIET}{limit}repl-backlog-size 100000\n"));
    let replica = Replica::synchronized(&mut world, 7, 7000);
    let pass = |world: &mut World, seconds: u64| {
        for _ in 0..seconds {
            world.pass_ms(1000);
            replica.acknowledge(world, replica.offset);
        }
    };
    world.set_takes(7, false);
    write(&mut world, 1_500_000);
    pass(&mut world, 8);
    assert!(!world.is_closed(7));
    // It catches up just in time.
    world.set_takes(7, true);
    world.settle();
    world.set_takes(7, false);
    pass(&mut world, 20);
    assert!(!world.is_closed(7));
    write(&mut world, 1_500_000);
    pass(&mut world, 12);
    assert!(world.is_closed(7));
}

#[test]
fn a_silent_replica_is_given_up() {
    let mut world = World::started(&format!("{AT_ONCE}repl-timeout 5\n"));
    let replica = Replica::synchronized(&mut world, 7, 7000);
    for _ in 0..20 {
        world.pass_ms(1000);
        replica.acknowledge(&mut world, replica.offset);
    }
    assert!(!world.is_closed(7));
    world.pass_ms(5000);
    assert!(!world.is_closed(7));
    world.pass_ms(2000);
    assert!(world.is_closed(7));
    assert!(world.log.iter().any(|line| line == "Disconnecting timedout replica (streaming sync): 10.0.0.1:7000"));
}

#[test]
fn a_replica_that_takes_nothing_of_its_snapshot_is_given_up() {
    let mut world = World::started(&format!("{AT_ONCE}repl-timeout 5\n"));
    world.populate(3000);
    Replica::greet(&mut world, 7, 7000);
    world.set_takes(7, false);
    world.send(7, "PSYNC ? -1");
    world.pass_ms(4000);
    assert!(!world.is_closed(7));
    world.pass_ms(4000);
    assert!(world.is_closed(7));
    let line = "Disconnecting timedout replica (full sync): 10.0.0.1:7000";
    assert!(world.log.iter().any(|logged| logged == line), "{:#?}", world.log);
    assert_eq!(world.ask(1, "bgsave"), "+Background saving started\r\n", "the walk has ended");
}

#[test]
fn writes_need_enough_replicas_that_are_near() {
    const TOO_FEW: &str = "-NOREPLICAS Not enough good replicas to write.\r\n";
    let mut world = World::started(&format!("{QUIET}min-replicas-to-write 2\nmin-replicas-max-lag 3\n"));
    assert_eq!(world.ask(1, "set a 1\nget a"), format!("{TOO_FEW}$-1\r\n"));
    let first = Replica::synchronized(&mut world, 7, 7000);
    assert_eq!(world.ask(1, "set a 1"), TOO_FEW);
    let second = Replica::synchronized(&mut world, 8, 7001);
    assert_eq!(world.ask(1, "set a 1"), "+OK\r\n");
    assert_eq!(field(&mut world, "replication", "min_slaves_good_slaves"), "2");
    for _ in 0..5 {
        world.pass_ms(1000);
        first.acknowledge(&mut world, first.offset);
    }
    assert_eq!(world.ask(1, "set a 1"), TOO_FEW);
    assert_eq!(world.ask(1, "multi\nget a\nset a 1\nexec").matches("-NOREPLICAS").count(), 1);
    assert_eq!(field(&mut world, "replication", "min_slaves_good_slaves"), "1");
    second.acknowledge(&mut world, second.offset);
    assert_eq!(world.ask(1, "set a 1"), "+OK\r\n");
    first.lose(&mut world);
    assert_eq!(world.ask(1, "set a 1"), TOO_FEW);
    world.ask(1, "config set min-replicas-to-write 1");
    assert_eq!(world.ask(1, "set a 1"), "+OK\r\n");
}

#[test]
fn a_file_that_was_only_made_for_replicas_is_removed() {
    for (parameters, kept) in
        [("rdb-del-sync-files yes\n", false), ("", true), ("rdb-del-sync-files yes\nsave 900 1\n", true)]
    {
        let mut world = World::started(&format!("{AT_ONCE}repl-diskless-sync no\n{parameters}"));
        Replica::synchronized(&mut world, 7, 7000);
        world.pass_ms(2500);
        assert_eq!(world.files.contains_key("dump.rdb"), kept, "{parameters}");
        assert!(!world.is_closed(7));
        let line = "Removing the RDB file used to feed replicas in a persistence-less instance";
        assert_eq!(world.log.iter().any(|logged| logged == line), !kept);
    }
}

/// A block of the stream may be longer than the backlog is to be.
#[test]
fn the_backlog_is_no_replicas_buffer_when_there_is_no_replica() {
    let mut world = World::started(&format!("{QUIET}repl-backlog-size 16kb\n"));
    let replica = Replica::synchronized(&mut world, 7, 7000);
    for _ in 0..3 {
        world.ask(1, &format!("set key {}", "x".repeat(30_000)));
    }
    assert_ne!(field(&mut world, "memory", "mem_clients_slaves"), "0");
    assert_eq!(field(&mut world, "memory", "mem_replication_backlog"), "16384");
    replica.lose(&mut world);
    assert_eq!(field(&mut world, "memory", "mem_clients_slaves"), "0");
    assert!(field(&mut world, "memory", "mem_replication_backlog").parse::<u64>().unwrap() > 16_384);
}
