//! What clients of a replica may do, and what time does to its keys.

use super::*;

const SOON: &str = "SELECT 0\nSET soon 5 PXAT 1700000001000";

#[test]
fn keys_expire_when_the_primary_says_so() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.say(&mut world, stream(SOON));
    assert_eq!(world.ask(1, "get soon"), "$1\r\n5\r\n");
    world.pass_ms(2000);
    primary.listen(&mut world);
    assert_eq!(
        world.ask(1, "get soon\nexists soon\nttl soon\nkeys *\ndbsize"),
        "$-1\r\n:0\r\n:-2\r\n*1\r\n$1\r\na\r\n:2\r\n"
    );
    assert_eq!(world.ask(1, "scan 0\nrandomkey"), "*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n$1\r\na\r\n");
    // In the stream it is still there.
    primary.say(&mut world, stream("INCR soon\nSET b 1 NX\nSET soon 9 NX"));
    let contents = world.contents();
    assert_eq!(contents[&(0, b"soon".to_vec())], (b"6".to_vec(), Some(1_700_000_001_000)));
    primary.say(&mut world, stream("DEL soon"));
    assert_eq!(world.ask(1, "dbsize"), ":2\r\n");
}

/// Found by the simulator: what is past its time is not there, of whatever type it is.
#[test]
fn a_key_past_its_time_has_no_type() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.say(&mut world, stream(SOON));
    world.pass_ms(2000);
    primary.listen(&mut world);
    assert_eq!(world.ask(1, "xread streams soon 0"), "*-1\r\n");
    assert_eq!(
        world.ask(1, "lrange soon 0 -1\nzrange soon 0 -1\nhgetall soon\nscard soon"),
        "*0\r\n*0\r\n*0\r\n:0\r\n"
    );
    assert_eq!(world.ask(1, "sort_ro soon\ngeopos soon a\nxrange soon - +"), "*0\r\n*1\r\n*-1\r\n*0\r\n");
}

#[test]
fn a_time_that_has_passed_is_set_all_the_same() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.say(&mut world, stream("SELECT 0\nPEXPIREAT a 1000"));
    assert_eq!(world.contents().len(), 1);
    assert_eq!(world.ask(1, "get a"), "$-1\r\n");
}

#[test]
fn replicas_are_read_only_unless_told_otherwise() {
    const REFUSED: &str = "-READONLY You can't write against a read only replica.\r\n";
    let (mut world, mut primary) = synchronized("", 500);
    assert_eq!(world.ask(1, "set a b"), REFUSED);
    assert_eq!(world.ask(1, "multi\nset a b\nexec").matches("-READONLY").count(), 1);
    world.ask(1, "config set replica-read-only no");
    assert_eq!(world.ask(1, "set own 1 px 500"), "+OK\r\n");
    assert_eq!(offset(&world), 500, "what a replica writes is not part of the history");
    world.pass_ms(1000);
    primary.listen(&mut world);
    assert_eq!(world.ask(1, "del own\nget own"), ":0\r\n$-1\r\n");
    primary.say(&mut world, stream("SELECT 0\nSET own 2"));
    assert_eq!(world.ask(1, "get own"), "$1\r\n2\r\n");
}

#[test]
fn stale_data_are_served_unless_told_otherwise() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.lose(&mut world);
    assert_eq!(world.ask(1, "get a"), "$1\r\n1\r\n");
    world.ask(1, "config set replica-serve-stale-data no");
    let text = "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n";
    assert_eq!(world.ask(1, "get a"), text);
    assert_eq!(world.ask(1, "ping"), text);
    assert!(world.ask(1, "info replication").contains("master_link_status:down"));
    let mut again = Primary::accept(&mut world);
    again.greet(&mut world);
    again.say(&mut world, "+CONTINUE\r\n");
    assert_eq!(world.ask(1, "get a"), "$1\r\n1\r\n");
}

#[test]
fn replicas_do_not_evict() {
    let (mut world, mut primary) = synchronized("maxmemory 1\nmaxmemory-policy allkeys-lru\n", 500);
    primary.say(&mut world, stream("SELECT 0\nSET b 1"));
    assert_eq!(world.ask(1, "dbsize"), ":2\r\n");
    world.pass_ms(1000);
    assert_eq!(world.ask(1, "dbsize"), ":2\r\n");
}

#[test]
fn a_writable_replica_deletes_what_only_it_knows_of() {
    let (mut world, mut primary) = synchronized("replica-read-only no\n", 500);
    primary.say(&mut world, stream("SELECT 0\nSET theirs 1 PXAT 1700000001000"));
    world.ask(1, "set own 1 px 500\nset kept 1\nset later 1 ex 100\nset persisted 1 px 500\npersist persisted");
    world.ask(1, "select 5\nset renamed 1 px 500\nrename renamed other\nselect 0");
    for round in 0..500 {
        world.ask(1, &format!("set many:{round} 1 px 700"));
    }
    world.pass_ms(1500);
    primary.listen(&mut world);
    let contents = world.contents();
    let names: Vec<_> = contents.keys().map(|(_, key)| String::from_utf8_lossy(key).into_owned()).collect();
    assert_eq!(names, ["a", "kept", "later", "persisted", "theirs"]);
    assert!(world.ask(1, "info stats").contains("slave_expires_tracked_keys:1\r\n"));
    // What a full synchronization brings is not its own.
    primary.say(&mut world, stream("SET later 2 PXAT 1700000002000"));
    world.ask(1, "replicaof no one\ninfo stats");
    assert!(world.ask(1, "info stats").contains("slave_expires_tracked_keys:0\r\n"));
}

/// A client does not see fields past their time; in the stream they are there, and
/// nobody but the primary removes them.
#[test]
fn fields_expire_when_the_primary_says_so() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.say(&mut world, stream("SELECT 0\nHSETEX h PXAT 1700000001000 FIELDS 2 a 1 b 2\nHSET h c 3"));
    assert_eq!(world.ask(1, "hget h a"), "$1\r\n1\r\n");
    world.pass_ms(2000);
    primary.listen(&mut world);
    assert_eq!(
        world.ask(1, "hget h a\nhkeys h\nhlen h\nhttl h fields 1 a"),
        "$-1\r\n*1\r\n$1\r\nc\r\n:3\r\n*1\r\n:-2\r\n"
    );
    primary.say(&mut world, stream("HPEXPIREAT h 5 FIELDS 1 c\nHINCRBY h a 1\nHPEXPIREAT h 1700000009000 FIELDS 1 a"));
    assert_eq!(world.ask(1, "hget h a\nhget h c\nhlen h"), "$1\r\n2\r\n$-1\r\n:3\r\n");
    primary.say(&mut world, stream("HSETEX h PXAT 7 FIELDS 1 b 2\nHDEL h b c"));
    assert_eq!(world.ask(1, "hgetall h\nhlen h"), "*2\r\n$1\r\na\r\n$1\r\n2\r\n:1\r\n");
    primary.say(&mut world, stream("HDEL h a"));
    assert_eq!(world.ask(1, "exists h"), ":0\r\n");
}
