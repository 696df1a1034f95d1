//! What clients that wait for keys do, as replicas see it.

use super::*;

#[test]
fn what_served_clients_did_is_repeated_without_waiting() {
    let mut world = World::started(QUIET);
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    for (request, feed, repeated) in [
        ("blpop a 0", "rpush a 1", "SELECT 0\nrpush a 1\nLPOP a"),
        ("brpop b a 0", "rpush a 1 2", "rpush a 1 2\nRPOP a"),
        ("blmpop 0 1 b right count 9", "rpush b 1 2", "rpush b 1 2\nRPOP b 2"),
        ("blmove b c left Right 0", "rpush b 1", "rpush b 1\nLMOVE b c left Right"),
        ("brpoplpush b c 0", "rpush b 1", "rpush b 1\nRPOPLPUSH b c"),
        ("blpop d 0", "multi\nrpush d 1\nset e 1\nexec", "MULTI\nrpush d 1\nset e 1\nEXEC\nLPOP d"),
        // It need not wait.
        ("blpop a 0", "ping", "LPOP a"),
        ("blmove c d left right 0", "ping", "LMOVE c d left right"),
    ] {
        world.send(1, request);
        world.ask(2, feed);
        assert_eq!(replica.requests(&mut world), repeated, "{request}");
        world.replies(1);
    }
}

#[test]
fn who_waits_is_told_when_the_primary_becomes_a_replica() {
    let mut world = World::started(QUIET);
    world.send(1, "blpop a 0\nset b 1");
    world.send(3, "blmove a b left left 100");
    world.ask(2, "replicaof elsewhere 1");
    let text = "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n";
    for client in [1, 3] {
        assert_eq!(world.replies(client), text);
        assert!(world.is_closed(client));
    }
    world.ask(2, "replicaof no one");
    assert_eq!(world.ask(2, "rpush a x\nllen a\nexists b"), ":1\r\n:1\r\n:0\r\n");
    assert_eq!(field(&mut world, "clients", "blocked_clients"), "0");
    assert_eq!(field(&mut world, "clients", "clients_in_timeout_table"), "0");
}

/// A client that was served has written, when it was served: WAIT is for that.
#[test]
fn waiting_for_replicas_after_being_served() {
    let mut world = World::started(QUIET);
    let replica = Replica::synchronized(&mut world, 7, 7000);
    world.send(1, "blpop a 0\nwait 1 0");
    world.ask(2, "rpush a x");
    assert_eq!(world.replies(1), "*2\r\n$1\r\na\r\n$1\r\nx\r\n");
    let all = offset(&world);
    replica.acknowledge(&mut world, all);
    assert_eq!(world.replies(1), ":1\r\n");
}

#[test]
fn what_expires_while_a_transaction_sleeps_serves_nobody() {
    let mut world = World::started(&format!("{QUIET}enable-debug-command yes\n"));
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    world.send(1, "blpop a 0");
    world.ask(2, "multi\nrpush a 1\npexpire a 100\ndebug sleep 0.2\nexec");
    assert_eq!(world.replies(1), "");
    let stream = replica.requests(&mut world);
    assert!(stream.starts_with("SELECT 0\nMULTI\nrpush a 1\nPEXPIREAT a ") && stream.ends_with("\nEXEC"), "{stream}");
    world.pass_ms(200);
    world.ask(2, "rpush a 2");
    assert_eq!(world.replies(1), "*2\r\n$1\r\na\r\n$1\r\n2\r\n");
}
