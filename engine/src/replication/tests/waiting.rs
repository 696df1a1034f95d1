//! WAIT and WAITAOF: what acknowledgements do.

use super::*;

#[test]
fn only_those_count_that_have_all() {
    let mut world = World::started(QUIET);
    let mut first = Replica::synchronized(&mut world, 7, 7000);
    let mut second = Replica::synchronized(&mut world, 8, 7001);
    assert_eq!(world.ask(1, "wait 2 0"), ":2\r\n", "nothing was written");
    assert_eq!(world.ask(1, "set a 1\nwait 2 0"), "+OK\r\n");
    let wanted = offset(&world) - "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n".len() as u64;
    assert_eq!(first.requests(&mut world), "SELECT 0\nset a 1\nREPLCONF GETACK *");
    second.stream(&mut world);
    first.acknowledge(&mut world, wanted - 1);
    second.acknowledge(&mut world, wanted);
    assert_eq!(world.replies(1), "");
    first.acknowledge(&mut world, wanted - 2);
    assert_eq!(world.replies(1), "");
    first.acknowledge(&mut world, wanted);
    assert_eq!(world.replies(1), ":2\r\n");
    assert_eq!(world.ask(1, "wait 2 0"), ":2\r\n");
    // Who is further has it too; who tells of less afterwards still has it.
    assert_eq!(world.ask(1, "set a 2\nwait 1 0"), "+OK\r\n");
    first.acknowledge_all(&mut world);
    assert_eq!(world.replies(1), ":1\r\n");
    first.acknowledge(&mut world, 0);
    assert_eq!(world.ask(1, "wait 1 0"), ":1\r\n");
    assert_eq!(world.ask(2, "wait 2 0"), ":2\r\n", "who wrote nothing need not wait");
}

#[test]
fn waiting_ends_when_time_is_up() {
    let mut world = World::started(QUIET);
    let first = Replica::synchronized(&mut world, 7, 7000);
    Replica::synchronized(&mut world, 8, 7001);
    assert_eq!(world.ask(1, "set a 1\nwait 2 500\nping"), "+OK\r\n");
    let all = offset(&world);
    first.acknowledge(&mut world, all);
    world.pass_ms(499);
    assert_eq!(world.replies(1), "");
    world.pass_ms(1);
    assert_eq!(world.replies(1), ":1\r\n+PONG\r\n");
    assert_eq!(world.ask(1, "multi\nset a 1\nwait 2 0\nexec"), "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:1\r\n");
    assert_eq!(world.ask(1, "wait 2 100"), "");
    first.lose(&mut world);
    world.pass_ms(100);
    assert_eq!(world.replies(1), ":0\r\n");
}

#[test]
fn who_waits_is_told_when_the_primary_becomes_a_replica() {
    let mut world = World::started(QUIET);
    Replica::synchronized(&mut world, 7, 7000);
    assert_eq!(world.ask(1, "set a 1\nwait 1 0"), "+OK\r\n");
    world.ask(2, "replicaof elsewhere 1");
    let text = "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n";
    assert_eq!(world.replies(1), text);
    assert!(world.is_closed(1));
}

#[test]
fn replicas_tell_what_is_synced() {
    let mut world = World::started(QUIET);
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    assert_eq!(world.ask(1, "set a 1\nwaitaof 0 1 0"), "+OK\r\n");
    replica.acknowledge_all(&mut world);
    assert_eq!(world.replies(1), "");
    let all = replica.offset;
    world.ask(7, &format!("replconf ack {all} fack {}", all - 40));
    assert_eq!(world.replies(1), "");
    world.ask(7, &format!("replconf ack {all} fack {all}"));
    assert_eq!(world.replies(1), "*2\r\n:0\r\n:1\r\n");
}

#[test]
fn another_client_may_end_the_wait() {
    let mut world = World::started("appendonly yes\nappendfsync no\nrepl-diskless-sync-delay 0\n");
    let replica = Replica::synchronized(&mut world, 7, 7000);
    assert_eq!(world.ask(2, "client unblock 1\nclient unblock 55 error"), ":0\r\n:0\r\n");
    assert_eq!(world.ask(1, "client id\nset a 1"), ":1\r\n+OK\r\n");
    assert_eq!(world.ask(2, "client unblock 1"), ":0\r\n", "it does not wait");
    assert_eq!(world.ask(1, "wait 2 0\nping"), "");
    assert!(world.ask(2, "client list id 1").contains(" flags=b "));
    assert_eq!(field(&mut world, "clients", "blocked_clients"), "1");
    let all = offset(&world);
    replica.acknowledge(&mut world, all);
    assert_eq!(world.ask(2, "client unblock 1"), ":1\r\n");
    assert_eq!(world.replies(1), ":1\r\n+PONG\r\n");
    assert_eq!(world.ask(1, "wait 2 0"), "");
    assert_eq!(world.ask(2, "client unblock 1 error"), ":1\r\n");
    assert_eq!(world.replies(1), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
    assert_eq!(world.ask(1, "waitaof 0 1 0"), "");
    assert_eq!(world.ask(2, "client unblock 1 timeout\nclient unblock 1"), ":1\r\n:0\r\n");
    assert!(world.replies(1).starts_with("*2\r\n:"));
    assert_eq!(field(&mut world, "clients", "blocked_clients"), "0");
}

#[test]
fn waiting_for_our_own_disk_ends_with_its_sync() {
    let mut world = World::started("appendonly yes\nappendfsync always\n");
    world.send(1, "set a 1\nwaitaof 1 0 0");
    while world.disk_step() || world.timer_step() {}
    assert_eq!(world.replies(1), "+OK\r\n*2\r\n:1\r\n:0\r\n");
    let mut world = World::started("appendonly yes\nappendfsync everysec\n");
    world.ask(1, "set a 1");
    world.send(1, "waitaof 1 0 0");
    for _ in 0..30 {
        world.pass_ms(100);
    }
    assert_eq!(world.replies(1), "*2\r\n:1\r\n:0\r\n");
}

/// What the first rewrite has not come to is nowhere but in memory.
#[test]
fn an_aof_that_waits_for_its_first_rewrite_has_nothing_synced() {
    for before in ["", "appendonly yes\n"] {
        let mut world = World::started(&format!("{before}appendfsync always\nrdb-key-save-delay 1000000\n"));
        world.send(1, "set a 1");
        while world.disk_step() {}
        world.ask(1, "config set appendonly no");
        world.ask(1, "bgsave");
        world.ask(1, "config set appendonly yes");
        assert_eq!(field(&mut world, "persistence", "aof_rewrite_scheduled"), "1");
        world.replies(1);
        world.send(1, "set a 2\nwaitaof 1 0 100");
        world.pass_ms(200);
        assert_eq!(world.replies(1), "+OK\r\n*2\r\n:0\r\n:0\r\n");
        world.send(1, "waitaof 1 0 0");
        for _ in 0..100 {
            world.pass_ms(100);
        }
        assert_eq!(world.replies(1), "*2\r\n:1\r\n:0\r\n");
        assert_eq!(field(&mut world, "persistence", "aof_rewrite_in_progress"), "0");
        assert_eq!(field(&mut world, "persistence", "aof_rewrite_scheduled"), "0");
    }
}

#[test]
fn a_shutdown_ends_its_wait_when_replicas_have_all() {
    let mut world = World::started(QUIET);
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    assert_eq!(world.ask(1, "set a 1"), "+OK\r\n");
    world.send(2, "shutdown nosave");
    world.pass_ms(500);
    assert_eq!(world.exit, None);
    // Of a request for an acknowledgement it would tell only the next time.
    assert_eq!(replica.requests(&mut world), "SELECT 0\nset a 1");
    replica.acknowledge(&mut world, replica.offset);
    world.pass_ms(20);
    assert_eq!(world.exit, Some(0));
    assert!(world.log.iter().any(|line| line == "1 of 1 replicas are in sync when shutting down."));
}

#[test]
fn a_timeout_has_to_end_at_a_time_that_there_is() {
    let mut world = World::started(QUIET);
    assert_eq!(world.ask(1, "wait 2 9223372036854775807"), "-ERR timeout is out of range\r\n");
    assert_eq!(world.ask(1, "wait 2 9223372036854775808"), "-ERR timeout is not an integer or out of range\r\n");
    assert_eq!(world.ask(1, "wait 2 -1"), "-ERR timeout is negative\r\n");
    assert_eq!(world.ask(1, "waitaof 0 1 9223372036854775807"), "-ERR timeout is out of range\r\n");
}

#[test]
fn nobody_waits_for_an_aof_that_is_no_more() {
    let mut world = World::started("appendonly yes\nappendfsync no\n");
    world.send(1, "set a 1\nwaitaof 1 0 0");
    world.send(2, "waitaof 0 1 0");
    world.ask(3, "config set appendonly no");
    let text = "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n";
    assert_eq!(world.replies(1), format!("+OK\r\n{text}"));
    assert_eq!(world.replies(2), "", "replicas may still come");
}
