//! Changes of roles, and what of them outlives a restart.

use super::*;

#[test]
fn promotion_begins_a_history_that_continues_the_old_one() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.say(&mut world, stream("SELECT 5\nMULTI\nSET half 1"));
    let applied = 500 + stream("SELECT 5").len() as u64;
    assert_eq!(world.ask(1, "replicaof no one"), "+OK\r\n");
    primary.listen(&mut world);
    assert!(primary.closed);
    let replication = &world.engine.server().replication;
    assert!(!replication.is_replica());
    assert_eq!((replication.second_id.as_slice(), replication.second_offset), (ID.as_bytes(), applied as i64 + 1));
    assert_ne!(id(&world), ID);
    assert_eq!(offset(&world), applied);
    assert!(!world.contents().contains_key(&(5, b"half".to_vec())), "half a transaction is none");
    let replies = world.ask(1, "set a 2\nrole\nclient list type master");
    let (now, written) = (offset(&world), stream("SELECT 0\nSET a 2").len() as u64);
    assert_eq!(now, applied + written);
    assert_eq!(replies, format!("+OK\r\n*3\r\n$6\r\nmaster\r\n:{now}\r\n*0\r\n$0\r\n\r\n"));
    world.pass_ms(5000);
    assert!(world.links.is_empty());
}

#[test]
fn a_primary_that_is_demoted_tries_to_go_on() {
    let mut world = World::started("");
    let before = id(&world);
    assert_eq!(world.ask(1, "set a 1\nslaveof elsewhere 6380"), "+OK\r\n+OK\r\n");
    let own = id(&world);
    assert_ne!(own, before, "without a stream, nothing tells with which writes the offset was reached");
    assert_eq!(world.ask(1, "replicaof ELSEWHERE 6380"), "+OK Already connected to specified master\r\n");
    assert_eq!(world.ask(1, "role"), "*5\r\n$5\r\nslave\r\n$9\r\nelsewhere\r\n:6380\r\n$10\r\nconnecting\r\n:-1\r\n");
    let mut primary = Primary::accept(&mut world);
    assert_eq!(primary.greet(&mut world), format!("PSYNC {own} 1"));
    assert_eq!(world.ask(1, "replicaof there 70000"), "-ERR Invalid master port\r\n");
    assert_eq!(world.ask(1, "config get replicaof"), "*2\r\n$9\r\nreplicaof\r\n$14\r\nelsewhere 6380\r\n");
}

#[test]
fn another_primary_of_the_same_history_is_asked_for_the_rest() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.say(&mut world, stream("SELECT 5\nSET b 1"));
    let applied = offset(&world);
    world.ask(1, "multi\nreplicaof other 1\nexec");
    primary.listen(&mut world);
    assert!(primary.closed);
    let mut other = Primary::accept(&mut world);
    assert_eq!(other.greet(&mut world), format!("PSYNC {ID} {}", applied + 1));
    other.say(&mut world, "+CONTINUE\r\n");
    other.say(&mut world, stream("SET c 1"));
    assert!(world.contents().contains_key(&(5, b"c".to_vec())), "the selected database is kept");
}

#[test]
fn a_replica_that_restarts_goes_on() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.say(&mut world, stream("SELECT 5\nSET b 1\nSET gone 1 PXAT 1700000001000"));
    let (applied, contents) = (offset(&world), world.contents());
    world.ask(1, "save");
    let mut again = World::new("replicaof primary 6379\n");
    again.now.unix.0 += 60_000_000;
    again.files = world.files.clone();
    again.handle(Input::Start);
    let mut primary = Primary::accept(&mut again);
    assert_eq!(again.contents(), contents);
    assert_eq!(primary.greet(&mut again), format!("PSYNC {ID} {}", applied + 1));
    primary.say(&mut again, "+CONTINUE\r\n");
    primary.say(&mut again, stream("SET c 1"));
    assert!(again.contents().contains_key(&(5, b"c".to_vec())));
    // As a primary it begins a history that continues that of the file.
    let mut alone = World::new("");
    alone.files = world.files.clone();
    alone.handle(Input::Start);
    alone.settle();
    let replication = &alone.engine.server().replication;
    assert_eq!((replication.second_id.as_slice(), replication.second_offset), (ID.as_bytes(), applied as i64 + 1));
    assert_eq!(replication.offset, applied);
}

#[test]
fn replicas_are_told_of_keys_that_were_past_their_time_when_a_primary_restarted() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.say(&mut world, stream("SELECT 5\nSET b 1\nSET gone 1 PXAT 1700000001000"));
    let applied = offset(&world);
    world.ask(1, "save");
    let mut again = World::new("");
    again.now.unix.0 += 60_000_000;
    again.files = world.files.clone();
    again.handle(Input::Start);
    again.settle();
    assert_eq!(again.engine.server().persistence.last_expired, 1);
    again.pass_ms(5000);
    assert!(!again.contents().contains_key(&(5, b"gone".to_vec())));
    assert!(offset(&again) > applied, "its end is part of the stream");
}

#[test]
fn a_client_may_close_the_link() {
    let (mut world, mut primary) = synchronized("", 500);
    let list = world.ask(1, "client list type master");
    assert!(list.contains(" addr=10.0.0.1:6379 ") && list.contains(" flags=M "), "{list}");
    assert_eq!(world.ask(1, "client kill type master"), ":1\r\n");
    primary.listen(&mut world);
    assert!(primary.closed);
    assert_eq!(Primary::accept(&mut world).greet(&mut world), format!("PSYNC {ID} 501"));
}

#[test]
fn a_primary_has_no_say_in_roles() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.say(&mut world, stream("REPLICAOF NO ONE\nSET b 1"));
    assert!(world.engine.server().replication.is_replica());
    assert_eq!(world.contents().len(), 2);
}
