//! Conversations of several clients, some of which wait.

mod model;

use crate::boundary::id::{ClientId, DatabaseId};
use crate::data::shape::Type;
use crate::engine::test_world::World;
use crate::resp::request::OwnedArguments;
use crate::server::personality::Personality;
use crate::session::Waiting;
use crate::session::blocked::Blocked;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

/// Clients 1 to 5.
fn world() -> World {
    with(&[])
}

fn with(parameters: &[(&str, &str)]) -> World {
    let mut world = World::with(&[&[("save", "")], parameters].concat(), Personality::REDIS);
    for _ in 0..5 {
        world.connect();
    }
    world
}

/// What clients got since they were last asked, as `1: +OK`, in the order of
/// their numbers.
fn received(world: &mut World) -> Vec<String> {
    let texts = (1..=5).map(|id| (id, world.read(id)));
    let texts: Vec<_> = texts.filter(|(_, text)| !text.is_empty()).collect();
    texts.iter().map(|(id, text)| format!("{id}: {}", text.trim_end().replace("\r\n", " "))).collect()
}

/// Requests as `1: LPUSH a b`, several with ` ; ` between them, and what all
/// clients got.
#[track_caller]
fn converse(world: &mut World, table: &[(&str, &[&str])]) {
    for (request, expected) in table {
        let (id, requests) = request.split_once(": ").expect("a client's request");
        let id: u64 = id.parse().expect("a client's number");
        let bytes: String = requests.split(" ; ").map(|request| format!("{request}\r\n")).collect();
        let own = world.send(id, bytes);
        let mut got = received(world);
        if !own.is_empty() {
            got.push(format!("{id}: {}", own.trim_end().replace("\r\n", " ")));
            got.sort();
        }
        assert_eq!(got, *expected, "{request}");
    }
}

fn information(world: &mut World, field: &str) -> String {
    let text = world.ask(5, "INFO everything");
    let lines = text.lines().filter_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    lines.map(ToString::to_string).next().unwrap_or_default()
}

#[test]
fn who_waited_first_is_served_first() {
    let mut world = world();
    converse(
        &mut world,
        &[
            ("1: BLPOP a b 0", &[]),
            ("2: BRPOP a 0", &[]),
            ("3: BLMPOP 0 2 b a LEFT COUNT 2", &[]),
            ("4: RPUSH a x y z u", &["1: *2 $1 a $1 x", "2: *2 $1 a $1 u", "3: *2 $1 a *2 $1 y $1 z", "4: :4"]),
            ("4: EXISTS a", &["4: :0"]),
            ("1: BLPOP b a 0", &[]),
            ("2: BLPOP a b 0", &[]),
            (
                "4: MULTI ; RPUSH a 1 ; RPUSH b 2 ; EXEC",
                &["1: *2 $1 b $1 2", "2: *2 $1 a $1 1", "4: +OK +QUEUED +QUEUED *2 :1 :1"],
            ),
            ("1: BLPOP a a 0", &[]),
            ("4: RPUSH a 1 2", &["1: *2 $1 a $1 1", "4: :2"]),
            ("4: DEL a", &["4: :1"]),
        ],
    );
    assert!(world.engine.server().blocking.is_empty());
}

#[test]
fn what_was_moved_serves_others() {
    let mut world = world();
    converse(
        &mut world,
        &[
            ("1: BLMOVE a b LEFT RIGHT 0", &[]),
            ("2: BRPOPLPUSH b c 0", &[]),
            ("3: BLPOP c 0", &[]),
            ("4: RPUSH a x", &["1: $1 x", "2: $1 x", "3: *2 $1 c $1 x", "4: :1"]),
            ("4: EXISTS a b c", &["4: :0"]),
            ("1: BLMOVE a a LEFT RIGHT 0", &[]),
            ("2: BLMOVE a a LEFT RIGHT 0", &[]),
            ("4: RPUSH a 1 2", &["1: $1 1", "2: $1 2", "4: :2"]),
            ("4: LRANGE a 0 -1", &["4: *2 $1 1 $1 2"]),
            ("1: BRPOPLPUSH none string 0", &[]),
            ("2: BLPOP none 0", &[]),
            ("4: SET string v ; RPUSH none x", &[&format!("1: {WRONG_TYPE}"), "2: *2 $4 none $1 x", "4: +OK :1"]),
        ],
    );
}

#[test]
fn ways_of_becoming_ready() {
    for (prepare, request, reply) in [
        ("RPUSH other x", "RENAME other a", "+OK"),
        ("RPUSH other x", "RENAMENX other a", ":1"),
        ("RPUSH other x", "COPY other a", ":1"),
        ("RPUSH other x y", "LMOVE other a LEFT LEFT", "$1 x"),
        ("PING", "LPUSH a x", ":1"),
        ("SELECT 1 ; RPUSH a x", "MOVE a 0", ":1"),
        ("SELECT 1 ; RPUSH a x", "SWAPDB 0 1", "+OK"),
        ("PING", "MULTI ; SET a v ; DEL a ; RPUSH a x ; EXEC", "+OK +QUEUED +QUEUED +QUEUED *3 +OK :1 :1"),
    ] {
        let mut world = world();
        world.send(2, prepare.replace(" ; ", "\r\n") + "\r\n");
        converse(
            &mut world,
            &[("1: BLPOP a 0", &[]), (&format!("2: {request}"), &["1: *2 $1 a $1 x", &format!("2: {reply}")])],
        );
    }
    let mut world = world();
    converse(
        &mut world,
        &[
            ("1: BLPOP a 0", &[]),
            ("2: SET a v", &["2: +OK"]),
            ("2: MULTI ; DEL a ; RPUSH a x ; LPOP a ; EXEC", &["2: +OK +QUEUED +QUEUED +QUEUED *3 :1 :1 $1 x"]),
            ("2: MULTI ; RPUSH a x ; DEL a ; SADD a y ; EXEC", &["2: +OK +QUEUED +QUEUED +QUEUED *3 :1 :1 :1"]),
            ("2: SELECT 1 ; RPUSH a x", &["2: +OK :1"]),
            ("2: FLUSHALL", &["2: +OK"]),
            ("2: SELECT 0 ; RPUSH a x", &["1: *2 $1 a $1 x", "2: +OK :1"]),
        ],
    );
}

#[test]
fn each_waits_for_its_type() {
    let mut world = world();
    world.ask(4, "HELLO 3");
    converse(
        &mut world,
        &[
            ("1: BZPOPMAX a b 0", &[]),
            ("2: BLPOP a 0", &[]),
            ("3: BZMPOP 0 1 a MIN COUNT 2", &[]),
            ("4: BZPOPMIN a 0", &[]),
            (
                "5: ZADD a 1 x 2 y 3 z 4 u",
                &["1: *3 $1 a $1 u $1 4", "3: *2 $1 a *2 *2 $1 x $1 1 *2 $1 y $1 2", "4: *3 $1 a $1 z ,3", "5: :4"],
            ),
            ("5: RPUSH a x", &["2: *2 $1 a $1 x", "5: :1"]),
            ("1: BZPOPMIN a 0", &[]),
            ("5: SET a v ; ZADD z 1 x ; ZRANGESTORE a z 0 -1", &["1: *3 $1 a $1 x $1 1", "5: +OK :1 :1"]),
            ("1: MULTI ; BZPOPMIN a 0 ; BZMPOP 0 1 a MIN ; EXEC", &["1: +OK +QUEUED +QUEUED *2 *-1 *-1"]),
        ],
    );
    assert!(world.engine.server().blocking.is_empty());
}

/// Lets client 1 wait for a key of another type, or its end: then it gets it.
fn wait_for_the_end(world: &mut World) {
    let server = &mut world.engine.server;
    let arguments: OwnedArguments = [&b"GET"[..], b"a"].into_iter().collect();
    let mut blocked = Blocked {
        command: server.commands.find(b"get").expect("a command"),
        arguments,
        keys: (1, 1),
        value_type: Type::Stream,
        on_deletion: true,
        until: None,
        ticket: 0,
        muted: false,
        elapsed_ns: 0,
    };
    server.blocking.add(ClientId(1), DatabaseId(0), &mut blocked);
    let session = server.sessions.get_mut(ClientId(1)).expect("a client");
    session.blocked = Some(Box::new(blocked));
    session.waiting = Some(Waiting::Result);
}

#[test]
fn who_waits_for_the_end_of_a_key_is_told_of_it() {
    for (request, reply) in [
        ("SET b v", None),
        ("DEL a", Some("$-1")),
        ("UNLINK a", Some("$-1")),
        ("RENAME a b", Some("$-1")),
        ("RENAME b a", Some("$2 xy")),
        ("MOVE a 1", Some("$-1")),
        ("FLUSHALL", Some("$-1")),
        ("FLUSHDB ASYNC", Some("$-1")),
        ("SWAPDB 0 1", Some("$-1")),
        ("SWAPDB 1 2", None),
        ("SET a z", Some("$1 z")),
        ("PEXPIRE a 0", Some("$-1")),
        ("CONFIG SET maxmemory 1", None),
    ] {
        let mut world = with(&[("maxmemory-policy", "allkeys-random")]);
        world.ask(2, "SET a x");
        world.ask(2, "SET b xy");
        wait_for_the_end(&mut world);
        world.ask(2, request);
        let expected: Vec<String> = reply.map(|reply| format!("1: {reply}")).into_iter().collect();
        assert_eq!(received(&mut world), expected, "{request}");
        if request.starts_with("CONFIG") {
            world.ask(2, "SET c v");
            assert_eq!(received(&mut world), ["1: $-1"], "evicted");
        }
    }
    let mut world = world();
    world.ask(2, "SET a x PX 50");
    wait_for_the_end(&mut world);
    assert_eq!(information(&mut world, "total_blocking_keys_on_nokey"), "1");
    world.advance_ms(1000);
    assert_eq!(received(&mut world), ["1: $-1"], "expired");
    assert_eq!(information(&mut world, "total_blocking_keys_on_nokey"), "0");
}

#[test]
fn a_list_in_front_of_which_something_else_stands_is_an_error() {
    let mut world = world();
    converse(
        &mut world,
        &[
            ("1: BLPOP string a 0", &[]),
            ("2: BLMOVE a string LEFT LEFT 0", &[]),
            ("3: BLPOP a 0", &[]),
            ("4: SET string v", &["4: +OK"]),
            ("4: RPUSH a x", &[&format!("1: {WRONG_TYPE}"), &format!("2: {WRONG_TYPE}"), "3: *2 $1 a $1 x", "4: :1"]),
            ("1: BLPOP none string 0", &[&format!("1: {WRONG_TYPE}")]),
            ("1: BLMOVE string a LEFT LEFT 0", &[&format!("1: {WRONG_TYPE}")]),
        ],
    );
    assert!(world.engine.server().blocking.is_empty());
}

#[test]
fn timeouts() {
    let mut world = world();
    for (timeout, error) in [
        ("x", "timeout is not a float or out of range"),
        ("nan", "timeout is not a float or out of range"),
        ("1e", "timeout is not a float or out of range"),
        ("-1", "timeout is negative"),
        ("-inf", "timeout is negative"),
        ("inf", "timeout is out of range"),
        ("1e17", "timeout is out of range"),
        ("0x7FFFFFFFFFFFFFFF", "timeout is out of range"),
        ("9223372036854775", "timeout is out of range"),
    ] {
        for request in ["BLPOP a @", "BRPOP a @", "BLMPOP @ 1 a LEFT", "BLMOVE a b LEFT LEFT @", "BRPOPLPUSH a b @"] {
            converse(&mut world, &[(&format!("1: {}", request.replace('@', timeout)), &[&format!("1: -ERR {error}")])]);
        }
    }
    converse(
        &mut world,
        &[("1: BLPOP a 0.0101 ; PING", &[]), ("2: BLMOVE a b LEFT LEFT 0.011", &[]), ("3: BLMPOP 0.01 1 a LEFT", &[])],
    );
    world.ask(4, "HELLO 3");
    converse(&mut world, &[("4: BRPOPLPUSH a b 0.02", &[])]);
    assert_eq!(information(&mut world, "blocked_clients"), "4");
    assert_eq!(information(&mut world, "clients_in_timeout_table"), "4");
    assert_eq!(information(&mut world, "total_blocking_keys"), "1");
    assert_eq!(information(&mut world, "total_blocking_keys_on_nokey"), "0");
    world.advance_ms(9);
    assert!(received(&mut world).is_empty());
    world.advance_ms(1);
    assert_eq!(received(&mut world), ["3: *-1"]);
    world.advance_ms(1);
    assert_eq!(received(&mut world), ["1: *-1 +PONG", "2: *-1"]);
    world.advance_ms(50);
    assert_eq!(received(&mut world), ["4: _"]);
    converse(&mut world, &[("1: BLPOP a -0.0001", &[]), ("2: BLPOP a 0", &[])]);
    world.advance_ms(1_000_000);
    assert!(received(&mut world).is_empty(), "for ever");
    assert_eq!(information(&mut world, "clients_in_timeout_table"), "0");
}

#[test]
fn what_may_not_wait_answers_at_once() {
    let mut world = world();
    converse(
        &mut world,
        &[(
            "1: MULTI ; BLPOP a 0 ; BRPOP a 0 ; BLMPOP 0 1 a LEFT ; BLMOVE a b LEFT LEFT 0 ; BRPOPLPUSH a b 0 ; EXEC",
            &["1: +OK +QUEUED +QUEUED +QUEUED +QUEUED +QUEUED *5 *-1 *-1 *-1 $-1 $-1"],
        )],
    );
    assert!(world.engine.server().blocking.is_empty());
}

#[test]
fn requests_behind_wait_and_run_in_order() {
    let mut world = world();
    converse(
        &mut world,
        &[
            ("1: BLPOP a 0 ; RPUSH b 1 ; BLPOP c 0 ; PING", &[]),
            ("2: BLPOP b 0 ; RPUSH c 2", &[]),
            ("3: RPUSH a 0", &["1: *2 $1 a $1 0 :1 *2 $1 c $1 2 +PONG", "2: *2 $1 b $1 1 :1", "3: :1"]),
            // Whoever is served comes before what stands behind the push.
            ("1: BLPOP a 0", &[]),
            ("2: RPUSH a x ; LPOP a ; RPUSH a y ; LPOP a", &["1: *2 $1 a $1 x", "2: :1 $-1 :1 $1 y"]),
        ],
    );
}

#[test]
fn nobody_is_left_who_is_gone() {
    let mut world = world();
    converse(&mut world, &[("1: BLPOP a b 0", &[]), ("2: BLPOP a 100", &[]), ("3: BLPOP a 0", &[])]);
    world.disconnect(1);
    converse(&mut world, &[("4: CLIENT KILL ID 2", &["4: :1"])]);
    assert!(world.is_closed(2));
    converse(&mut world, &[("4: RPUSH a x ; RPUSH b y", &["3: *2 $1 a $1 x", "4: :1 :1"])]);
    assert!(world.engine.server().blocking.is_empty());
    assert_eq!(information(&mut world, "clients_in_timeout_table"), "0");
}

#[test]
fn another_client_may_end_the_wait() {
    let mut world = world();
    converse(
        &mut world,
        &[
            ("1: BLPOP a 0 ; PING", &[]),
            ("2: CLIENT UNBLOCK 1", &["1: *-1 +PONG", "2: :1"]),
            ("1: BLMOVE a b LEFT LEFT 5 ; PING", &[]),
            (
                "2: CLIENT UNBLOCK 1 ERROR ; CLIENT UNBLOCK 1 ; RPUSH a x",
                &["1: -UNBLOCKED client unblocked via CLIENT UNBLOCK +PONG", "2: :1 :0 :1"],
            ),
            ("2: LRANGE a 0 -1", &["2: *1 $1 x"]),
        ],
    );
    assert!(world.engine.server().blocking.is_empty());
}

#[test]
fn counters_know_of_a_command_when_it_has_ended() {
    let mut world = with(&[("slowlog-log-slower-than", "0")]);
    world.ask(5, "SLOWLOG RESET");
    converse(&mut world, &[("1: BLPOP a 0", &[]), ("2: BLPOP b 0.001", &[]), ("3: BRPOP c 0", &[])]);
    assert!(!world.ask(5, "SLOWLOG GET").contains("BLPOP"));
    assert_eq!(information(&mut world, "cmdstat_blpop"), "");
    assert!(world.ask(5, "CLIENT LIST ID 1").contains(" flags=b "));
    world.ask(4, "RPUSH a x");
    assert!(information(&mut world, "cmdstat_blpop").starts_with("calls=1,"));
    assert!(world.ask(5, "SLOWLOG GET").contains("BLPOP"));
    world.advance_ms(10);
    assert!(information(&mut world, "cmdstat_blpop").starts_with("calls=2,"));
    assert!(information(&mut world, "cmdstat_blpop").ends_with("rejected_calls=0,failed_calls=0"));
    world.ask(4, "CLIENT UNBLOCK 3 ERROR");
    let counted = information(&mut world, "cmdstat_brpop");
    assert!(counted.starts_with("calls=1,") && counted.ends_with("rejected_calls=0,failed_calls=1"), "{counted}");
    assert!(world.ask(5, "CLIENT LIST ID 1").contains(" flags=N "));
}

#[test]
fn paused_writes_are_served_when_the_pause_ends() {
    for mode in ["WRITE", "ALL"] {
        let mut world = world();
        converse(
            &mut world,
            &[
                ("1: BLPOP a 0", &[]),
                ("2: BLPOP a 0.05", &[]),
                ("3: BLPOP a 0", &[]),
                (
                    &format!("4: MULTI ; CLIENT PAUSE 100 {mode} ; RPUSH a x ; EXEC"),
                    &["4: +OK +QUEUED +QUEUED *2 +OK :1"],
                ),
            ],
        );
        world.advance_ms(60);
        assert_eq!(received(&mut world), ["2: *-1"]);
        world.advance_ms(39);
        assert!(received(&mut world).is_empty());
        world.advance_ms(1);
        assert_eq!(received(&mut world), ["1: *2 $1 a $1 x"]);
        converse(
            &mut world,
            &[(
                &format!("4: MULTI ; CLIENT PAUSE 100 {mode} ; RPUSH a y ; EXEC"),
                &["4: +OK +QUEUED +QUEUED *2 +OK :1"],
            )],
        );
        if mode == "WRITE" {
            converse(&mut world, &[("4: CLIENT UNPAUSE", &["3: *2 $1 a $1 y", "4: +OK"])]);
        }
    }
}

#[test]
fn who_is_refused_when_served_takes_nothing() {
    let mut world = world();
    converse(&mut world, &[("1: BLMOVE a b LEFT LEFT 0", &[]), ("2: BLPOP a 0", &[])]);
    // The push has to pass before the limit is there.
    let text = world.send(3, "MULTI\r\nRPUSH a x\r\nCONFIG SET maxmemory 1\r\nEXEC\r\n");
    assert!(text.ends_with("*2\r\n:1\r\n+OK\r\n"), "{text}");
    let refusal = "1: -OOM command not allowed when used memory > 'maxmemory'.";
    assert_eq!(received(&mut world), [refusal, "2: *2 $1 a $1 x"]);
}

#[test]
fn muted_clients_are_served_without_a_reply() {
    let mut world = world();
    converse(
        &mut world,
        &[
            ("1: CLIENT REPLY OFF ; BLPOP a 0 ; RPUSH b 1", &[]),
            ("2: CLIENT REPLY SKIP ; BLPOP a 0 ; PING", &[]),
            ("3: CLIENT REPLY SKIP ; BLPOP c 0.001 ; PING", &[]),
        ],
    );
    assert_eq!(world.send(4, "RPUSH a x y\r\n"), ":2\r\n");
    assert_eq!(received(&mut world), ["2: +PONG"]);
    converse(&mut world, &[("4: LRANGE b 0 -1 ; EXISTS a", &["4: *1 $1 1 :0"])]);
    world.advance_ms(5);
    assert_eq!(received(&mut world), ["3: +PONG"]);
}

#[test]
fn messages_and_replies_come_in_order() {
    let mut world = with(&[("notify-keyspace-events", "KEA")]);
    for id in [1, 2] {
        world.ask(id, "HELLO 3");
        world.ask(id, "PSUBSCRIBE __keyevent@0__:*");
    }
    converse(&mut world, &[("1: BLPOP a 0", &[]), ("2: BLPOP a 0", &[])]);
    let event = |name: &str| {
        let channel = format!("__keyevent@0__:{name}");
        format!(">4 $8 pmessage $16 __keyevent@0__:* ${} {channel} $1 a", channel.len())
    };
    let (push, pop, delete) = (event("rpush"), event("lpop"), event("del"));
    assert_eq!(world.send(3, "RPUSH a x y\r\n"), ":2\r\n");
    assert_eq!(
        received(&mut world),
        [
            format!("1: {push} *2 $1 a $1 x {pop} {pop} {delete}"),
            format!("2: {push} {pop} *2 $1 a $1 y {pop} {delete}"),
        ]
    );
}

/// A key that is gone when its turn comes serves nobody, and keeps the place of
/// those who wait.
#[test]
fn a_key_that_has_expired_serves_nobody() {
    let mut world = world();
    converse(
        &mut world,
        &[
            ("1: BLPOP a 0.5", &[]),
            ("2: MULTI ; RPUSH a x ; PEXPIRE a 0 ; EXEC", &["2: +OK +QUEUED +QUEUED *2 :1 :1"]),
            (
                "2: MULTI ; RPUSH a x ; PEXPIRE a 1000 ; CLIENT PAUSE 2000 WRITE ; EXEC",
                &["2: +OK +QUEUED +QUEUED +QUEUED *3 :1 :1 +OK"],
            ),
        ],
    );
    world.advance_ms(499);
    assert!(received(&mut world).is_empty());
    world.advance_ms(1);
    assert_eq!(received(&mut world), ["1: *-1"]);
    converse(&mut world, &[("1: CLIENT ID", &["1: :1"])]);
}

/// What many wait for costs each of them once.
#[test]
fn many_who_wait_for_one_key_cost_no_more_than_each() {
    let mut world = World::with(&[("save", "")], Personality::REDIS);
    let count = 3000;
    let ids: Vec<u64> = (0..=count).map(|_| world.connect()).collect();
    let (last, waiting) = ids.split_last().expect("clients");
    for &id in waiting {
        assert_eq!(world.ask(id, "BLPOP a b 0"), "");
    }
    for (at, &id) in waiting.iter().enumerate().take(1000) {
        assert_eq!(world.ask(*last, &format!("RPUSH a {at}")), ":1\r\n");
        assert_eq!(world.read(id), format!("*2\r\n$1\r\na\r\n${}\r\n{at}\r\n", at.to_string().len()));
    }
    let mut transaction = String::from("MULTI\r\n");
    for _ in 1000..2000 {
        transaction += "RPUSH b x\r\n";
    }
    assert!(world.send(*last, transaction + "EXEC\r\n").ends_with(":1000\r\n"));
    assert!(waiting[1000..2000].iter().all(|&id| world.read(id) == "*2\r\n$1\r\nb\r\n$1\r\nx\r\n"));
    let request = format!("RPUSH a{}", " x".repeat(1000));
    assert_eq!(world.ask(*last, &request), ":1000\r\n");
    assert!(waiting[2000..].iter().all(|&id| world.read(id) == "*2\r\n$1\r\na\r\n$1\r\nx\r\n"));
    assert!(world.engine.server().blocking.is_empty());
}
