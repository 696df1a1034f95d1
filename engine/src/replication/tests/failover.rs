//! FAILOVER, with a replica that is played by the test.

use super::*;
use crate::boundary::input::{Connection, Input, LinkEvent};
use crate::persistence::tests::LinkOrder;

fn state(world: &mut World) -> String {
    field(world, "replication", "master_failover_state")
}

/// The former primary's link: what it sent over it since this was last asked.
fn heard(world: &mut World) -> String {
    let mut bytes = Vec::new();
    for order in core::mem::take(&mut world.links) {
        if let LinkOrder::Send(_, sent) = order {
            bytes.extend_from_slice(&sent);
        }
    }
    words(&bytes)
}

fn last_link(world: &World) -> crate::boundary::id::LinkId {
    let connect = world.links.iter().rev().find_map(|order| match order {
        LinkOrder::Connect(link, host, port) => Some((*link, format!("{host}:{port}"))),
        _ => None,
    });
    let (link, address) = connect.expect("a connection");
    assert_eq!(address, "10.0.0.1:7000");
    link
}

/// The replica takes the connection of its former primary, up to PSYNC.
fn accept(world: &mut World) -> (crate::boundary::id::LinkId, String) {
    world.settle();
    let link = last_link(world);
    let connection = Connection {
        peer: "10.0.0.1:7000".into(),
        local: "10.0.0.2:50000".into(),
        unix_socket: false,
        loopback: false,
        descriptor: 9,
    };
    let say = |world: &mut World, event| {
        world.handle(Input::Link { link, event });
        world.settle();
        heard(world)
    };
    assert_eq!(say(world, LinkEvent::Connected { connection }), "PING");
    let count = say(world, LinkEvent::Received(b"+PONG\r\n")).lines().count();
    let asked = say(world, LinkEvent::Received("+OK\r\n".repeat(count).as_bytes()));
    (link, asked)
}

#[test]
fn what_can_not_be_is_refused() {
    let mut world = World::started(QUIET);
    let ask = |world: &mut World, line: &str, text: &str| assert_eq!(world.ask(1, line), format!("-ERR {text}\r\n"));
    ask(&mut world, "failover abort", "No failover in progress.");
    ask(&mut world, "failover", "FAILOVER requires connected replicas.");
    ask(&mut world, "failover timeout 0", "FAILOVER timeout must be greater than 0");
    ask(&mut world, "failover timeout x", "value is not an integer or out of range");
    for line in ["failover to", "failover to a", "failover abort now", "failover timeout", "failover to a 1 to b 2"] {
        ask(&mut world, line, "syntax error");
    }
    let replica = Replica::synchronized(&mut world, 7, 7000);
    world.populate(3000);
    let force = "FAILOVER with force option requires both a timeout and target HOST and IP.";
    ask(&mut world, "failover to 10.0.0.1 7000 force", force);
    ask(&mut world, "failover force timeout 100", force);
    ask(&mut world, "failover to 10.0.0.1 7001", "FAILOVER target HOST and PORT is not a replica.");
    ask(&mut world, "failover to 10.0.0.2 7000", "FAILOVER target HOST and PORT is not a replica.");
    Replica::greet(&mut world, 8, 7001);
    world.set_takes(8, false);
    world.send(8, "psync ? -1");
    world.settle();
    ask(&mut world, "failover to 10.0.0.1 7001", "FAILOVER target replica is not online.");
    world.ask(2, "set a 1");
    replica.acknowledge(&mut world, replica.offset);
    assert_eq!(world.ask(1, "failover"), "+OK\r\n");
    ask(&mut world, "failover", "FAILOVER already in progress.");
    assert_eq!(state(&mut world), "waiting-for-sync");
    assert_eq!(world.ask(1, "failover abort"), "+OK\r\n");
    assert_eq!(state(&mut world), "no-failover");
    let mut follower = World::started("");
    follower.ask(1, "replicaof elsewhere 1");
    ask(&mut follower, "failover", "FAILOVER is not valid when server is a replica.");
    ask(&mut follower, &format!("psync {} 1 failover", "1".repeat(40)), "PSYNC FAILOVER replid must match my replid.");
    ask(&mut world, &format!("psync {} 1 failover", "1".repeat(40)), "PSYNC FAILOVER can't be sent to a master.");
}

#[test]
fn roles_are_exchanged_once_the_replica_has_all() {
    let mut world = World::started(QUIET);
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    world.ask(2, "set a 1");
    assert_eq!(world.ask(1, "failover to 10.0.0.1 7000 timeout 60000"), "+OK\r\n");
    assert!(world.log.iter().any(|line| line == "FAILOVER requested to 10.0.0.1:7000."));
    // Writes wait, reads do not.
    assert_eq!(world.ask(3, "get a\nset a 2\nget a"), "$1\r\n1\r\n");
    world.pass_ms(3000);
    assert_eq!(state(&mut world), "waiting-for-sync");
    assert_eq!(replica.requests(&mut world), "SELECT 0\nset a 1");
    replica.acknowledge(&mut world, replica.offset);
    world.pass_ms(100);
    assert_eq!(state(&mut world), "failover-in-progress");
    assert!(world.log.iter().any(|line| line == "Failover target 10.0.0.1:7000 is synced, failing over."));
    assert_eq!(world.replies(3), "");
    let (own, wanted) = (id(&world), offset(&world) + 1);
    let (link, asked) = accept(&mut world);
    assert_eq!(asked, format!("PSYNC {own} {wanted} FAILOVER"));
    let new = "e".repeat(40);
    world.handle(Input::Link { link, event: LinkEvent::Received(format!("+CONTINUE {new}\r\n").as_bytes()) });
    world.settle();
    assert_eq!(state(&mut world), "no-failover");
    assert_eq!(id(&world), new);
    assert_eq!(world.replies(3), "-READONLY You can't write against a read only replica.\r\n$1\r\n1\r\n");
    assert_eq!(field(&mut world, "replication", "master_link_status"), "up");
    assert_eq!(offset(&world), replica.offset);
}

#[test]
fn a_refusal_makes_it_a_primary_again() {
    let mut world = World::started(QUIET);
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    world.ask(2, "set a 1");
    assert_eq!(world.ask(1, "failover"), "+OK\r\n");
    assert_eq!(world.ask(3, "set a 2"), "");
    replica.acknowledge_all(&mut world);
    world.pass_ms(100);
    assert_eq!(state(&mut world), "failover-in-progress");
    // Whoever comes now comes to a replica.
    assert_eq!(world.ask(4, "set a 3"), "-READONLY You can't write against a read only replica.\r\n");
    let (link, _) = accept(&mut world);
    let no = b"-ERR PSYNC FAILOVER replid must match my replid.\r\n";
    world.handle(Input::Link { link, event: LinkEvent::Received(no) });
    world.settle();
    assert_eq!(state(&mut world), "no-failover");
    assert_eq!(world.replies(3), "+OK\r\n", "what waited runs");
    assert_eq!(field(&mut world, "replication", "role"), "master");
    let line = "Aborting failover to 10.0.0.1:7000 while failover-in-progress: Failover target rejected psync request";
    assert!(world.log.iter().any(|logged| logged == line), "{:#?}", world.log);
    // The replica goes on where it was.
    let old = replica.id.clone();
    assert!(psync(&mut world, 9, &old, replica.offset as i64 + 1).starts_with(b"+CONTINUE "));
}

#[test]
fn it_ends_when_time_is_up() {
    let mut world = World::started(QUIET);
    let replica = Replica::synchronized(&mut world, 7, 7000);
    world.ask(2, "set a 1");
    assert_eq!(world.ask(1, "failover timeout 500"), "+OK\r\n");
    assert_eq!(world.ask(3, "set a 2"), "");
    world.pass_ms(499);
    assert_eq!(state(&mut world), "waiting-for-sync");
    world.pass_ms(2);
    assert_eq!(state(&mut world), "no-failover");
    assert_eq!(world.replies(3), "+OK\r\n");
    let line = "Aborting failover while waiting-for-sync: Replica never caught up before timeout";
    assert!(world.log.iter().any(|logged| logged == line));
    // By force, it goes on without what the replica lacks.
    assert_eq!(world.ask(1, "failover to 10.0.0.1 7000 timeout 500 force"), "+OK\r\n");
    world.pass_ms(501);
    assert_eq!(state(&mut world), "failover-in-progress");
    let line = "Failover to 10.0.0.1:7000 time out exceeded, failing over.";
    assert!(world.log.iter().any(|logged| logged == line));
    assert_eq!(world.ask(1, "failover abort"), "+OK\r\n");
    assert_eq!((state(&mut world), field(&mut world, "replication", "role")), ("no-failover".into(), "master".into()));
    replica.lose(&mut world);
}

#[test]
fn pauses_of_clients_and_of_the_failover_do_not_end_each_other() {
    let mut world = World::started(QUIET);
    let replica = Replica::synchronized(&mut world, 7, 7000);
    world.ask(2, "set a 1\nclient pause 1000 write");
    assert_eq!(world.ask(1, "failover"), "+OK\r\n");
    assert_eq!(world.ask(3, "set a 2"), "");
    world.pass_ms(1500);
    replica.acknowledge(&mut world, replica.offset);
    assert_eq!(world.replies(3), "", "the clients' pause has ended, the failover has not");
    assert_eq!(world.ask(2, "client unpause"), "+OK\r\n");
    assert_eq!(world.replies(3), "");
    assert_eq!(state(&mut world), "waiting-for-sync");
    assert_eq!(world.ask(2, "client pause 1000 write"), "+OK\r\n");
    assert_eq!(world.ask(1, "failover abort"), "+OK\r\n");
    assert_eq!(world.replies(3), "", "the failover has ended, the clients' pause has not");
    world.pass_ms(1001);
    assert_eq!(world.replies(3), "+OK\r\n");
}
