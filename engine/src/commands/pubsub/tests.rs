//! The family through the engine's front door.

use crate::boundary::effects::Effect;
use crate::boundary::id::ClientId;
use crate::server::personality::Personality;
use crate::session::subscription::Kind;
use crate::testing::{TestServer, World};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// With spaces in place of ends of line.
fn flat(text: &str) -> String {
    text.trim_end().replace("\r\n", " ")
}

/// A request and what came of it.
fn ask(world: &mut World, client: u64, request: &str) -> String {
    flat(&world.ask(client, request))
}

fn read(world: &mut World, client: u64) -> String {
    flat(&world.read(client))
}

fn table(world: &mut World, client: u64, cases: &[(&str, &str)]) {
    for (request, reply) in cases {
        assert_eq!(ask(world, client, request), *reply, "{request}");
    }
}

const REFUSED: &str = "only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";

#[test]
fn subscriptions_are_counted_and_end() {
    let mut world = World::new();
    let client = world.connect();
    table(
        &mut world,
        client,
        &[
            ("SUBSCRIBE", "-ERR wrong number of arguments for 'subscribe' command"),
            ("UNSUBSCRIBE", "*3 $11 unsubscribe $-1 :0"),
            ("PUNSUBSCRIBE", "*3 $12 punsubscribe $-1 :0"),
            ("SUNSUBSCRIBE", "*3 $12 sunsubscribe $-1 :0"),
            ("UNSUBSCRIBE x", "*3 $11 unsubscribe $1 x :0"),
            ("SUBSCRIBE a b a", "*3 $9 subscribe $1 a :1 *3 $9 subscribe $1 b :2 *3 $9 subscribe $1 a :2"),
            ("PSUBSCRIBE a* a*", "*3 $10 psubscribe $2 a* :3 *3 $10 psubscribe $2 a* :3"),
            ("SSUBSCRIBE a", "*3 $10 ssubscribe $1 a :1"),
            ("UNSUBSCRIBE a x", "*3 $11 unsubscribe $1 a :2 *3 $11 unsubscribe $1 x :2"),
            ("UNSUBSCRIBE", "*3 $11 unsubscribe $1 b :1"),
            ("UNSUBSCRIBE", "*3 $11 unsubscribe $-1 :1"),
            ("PUNSUBSCRIBE", "*3 $12 punsubscribe $2 a* :0"),
            ("GET a", &format!("-ERR Can't execute 'get': {REFUSED}")),
            ("SUNSUBSCRIBE", "*3 $12 sunsubscribe $1 a :0"),
            ("GET a", "$-1"),
            ("HELLO 3 AUTH", "-ERR Syntax error in HELLO option 'AUTH'"),
        ],
    );
    world.ask(client, "HELLO 3");
    table(
        &mut world,
        client,
        &[
            ("UNSUBSCRIBE", ">3 $11 unsubscribe _ :0"),
            ("SUBSCRIBE b a", ">3 $9 subscribe $1 b :1 >3 $9 subscribe $1 a :2"),
            ("GET a", "_"),
            ("PING", "+PONG"),
            ("UNSUBSCRIBE", ">3 $11 unsubscribe $1 a :1 >3 $11 unsubscribe $1 b :0"),
        ],
    );
}

#[test]
fn a_subscription_with_resp2_allows_little() {
    let mut world = World::new();
    let client = world.connect();
    world.ask(client, "SUBSCRIBE a");
    for (request, name) in [("GET a", "get"), ("CLIENT LIST", "client|list"), ("PUBLISH a b", "publish")] {
        assert_eq!(ask(&mut world, client, request), format!("-ERR Can't execute '{name}': {REFUSED}"));
    }
    table(
        &mut world,
        client,
        &[
            ("PING", "*2 $4 pong $0"),
            ("PING x", "*2 $4 pong $1 x"),
            ("PING x y", "-ERR wrong number of arguments for 'ping' command"),
            ("nosuch", "-ERR unknown command 'nosuch', with args beginning with:"),
            ("RESET", "+RESET"),
            ("PUBLISH a b", ":0"),
            ("SUBSCRIBE a", "*3 $9 subscribe $1 a :1"),
            ("QUIT", "+OK"),
        ],
    );
    assert!(world.is_closed(client));
}

#[test]
fn messages_go_to_channels_and_then_to_patterns() {
    let mut world = World::new();
    let [publisher, first, second] = core::array::from_fn(|_| world.connect());
    world.ask(second, "HELLO 3");
    world.ask(first, "PSUBSCRIBE n* *s");
    world.ask(first, "SUBSCRIBE news");
    world.ask(second, "PSUBSCRIBE n?ws");
    table(&mut world, publisher, &[("PUBLISH news 1", ":4"), ("PUBLISH nows 2", ":3"), ("PUBLISH x 3", ":0")]);
    let expected = "*3 $7 message $4 news $1 1 *4 $8 pmessage $2 *s $4 news $1 1 *4 $8 pmessage $2 n* $4 news $1 1 \
                    *4 $8 pmessage $2 *s $4 nows $1 2 *4 $8 pmessage $2 n* $4 nows $1 2";
    assert_eq!(read(&mut world, first), expected);
    let expected = ">4 $8 pmessage $4 n?ws $4 news $1 1 >4 $8 pmessage $4 n?ws $4 nows $1 2";
    assert_eq!(read(&mut world, second), expected);
}

#[test]
fn subscribers_share_bytes_in_the_order_of_their_subscriptions() {
    let mut server = TestServer::new();
    for client in [5, 3, 4, 2] {
        server.connect(ClientId(client));
        if client == 4 {
            server.send("HELLO 3");
        }
        server.send("SUBSCRIBE a");
    }
    server.client = ClientId(3);
    server.send("UNSUBSCRIBE a");
    server.send("SUBSCRIBE a");
    server.client = ClientId(1);
    assert_eq!(server.send("PUBLISH a hello"), ":4");
    let sent: Vec<(u64, usize, usize)> = server
        .effects
        .orders
        .list
        .iter()
        .filter_map(|effect| match *effect {
            Effect::Send { client, start, end } => Some((client.0, start, end)),
            _ => None,
        })
        .collect();
    let [(1, 0, 4), (5, two, two_end), (4, three, three_end), last @ ..] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(last, [(2, *two, *two_end), (3, *two, *two_end)]);
    let rendered = |start: usize, end: usize| String::from_utf8_lossy(&server.effects.output[start..end]).into_owned();
    assert_eq!(rendered(*two, *two_end), "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nhello\r\n");
    assert_eq!(rendered(*three, *three_end), ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nhello\r\n");
    assert_eq!(server.effects.output.len(), *three_end, "nothing stands there twice");
}

#[test]
fn own_messages_come_behind_the_reply() {
    let mut world = World::new();
    let client = world.connect();
    world.ask(client, "HELLO 3");
    world.ask(client, "SUBSCRIBE a");
    assert_eq!(ask(&mut world, client, "PUBLISH a x"), ":1 >3 $7 message $1 a $1 x");
    for request in ["MULTI", "PUBLISH a 1", "SUBSCRIBE b", "PUBLISH b 2", "UNSUBSCRIBE a", "PING"] {
        world.ask(client, request);
    }
    let expected = "*5 :1 >3 $9 subscribe $1 b :2 :1 >3 $11 unsubscribe $1 a :1 +PONG >3 $7 message $1 a $1 1 \
                    >3 $7 message $1 b $1 2";
    assert_eq!(ask(&mut world, client, "EXEC"), expected);
    // With RESP2 a transaction is the only way.
    let client = world.connect();
    for request in ["MULTI", "SUBSCRIBE c", "PUBLISH c 1", "SSUBSCRIBE c"] {
        world.ask(client, request);
    }
    let expected = "*3 *3 $9 subscribe $1 c :1 :1 -ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client \
                    *3 $7 message $1 c $1 1";
    assert_eq!(ask(&mut world, client, "EXEC"), expected);
}

#[test]
fn pushes_are_sent_where_replies_are_not() {
    let mut world = World::new();
    let client = world.connect();
    world.ask(client, "HELLO 3");
    let requests = "CLIENT REPLY OFF\r\nSUBSCRIBE a\r\nPUBLISH a 1\r\nUNSUBSCRIBE a\r\nPUBLISH a 1\r\nSSUBSCRIBE\r\n";
    let got = flat(&world.send(client, requests));
    assert_eq!(got, ">3 $9 subscribe $1 a :1 >3 $7 message $1 a $1 1 >3 $11 unsubscribe $1 a :0");
    let requests =
        "CLIENT REPLY ON\r\nCLIENT REPLY SKIP\r\nSUBSCRIBE a\r\nCLIENT REPLY SKIP\r\nPUBLISH a 1\r\nPING\r\n";
    let got = flat(&world.send(client, requests));
    assert_eq!(got, "+OK >3 $9 subscribe $1 a :1 >3 $7 message $1 a $1 1 +PONG");
}

#[test]
fn channels_of_shards_are_apart() {
    let mut world = World::new();
    let [publisher, subscriber, other] = core::array::from_fn(|_| world.connect());
    world.ask(subscriber, "SSUBSCRIBE a");
    world.ask(other, "SUBSCRIBE a");
    world.ask(other, "PSUBSCRIBE *");
    assert_eq!(ask(&mut world, publisher, "SPUBLISH a 1"), ":1");
    assert_eq!(read(&mut world, subscriber), "*3 $8 smessage $1 a $1 1");
    assert_eq!(read(&mut world, other), "");
    assert_eq!(ask(&mut world, publisher, "PUBLISH a 1"), ":2");
    assert_eq!(read(&mut world, subscriber), "");
}

#[test]
fn subscriptions_can_be_looked_at() {
    let mut world = World::new();
    let [client, one, two] = core::array::from_fn(|_| world.connect());
    world.ask(one, "SUBSCRIBE b a");
    world.ask(two, "SUBSCRIBE b");
    world.ask(two, "PSUBSCRIBE a* b*");
    world.ask(one, "PSUBSCRIBE a*");
    world.ask(two, "SSUBSCRIBE s");
    table(
        &mut world,
        client,
        &[
            ("PUBSUB CHANNELS", "*2 $1 a $1 b"),
            ("PUBSUB CHANNELS [b-z]", "*1 $1 b"),
            ("PUBSUB CHANNELS x", "*0"),
            ("PUBSUB NUMSUB", "*0"),
            ("PUBSUB NUMSUB a b c", "*6 $1 a :1 $1 b :2 $1 c :0"),
            ("PUBSUB NUMPAT", ":2"),
            ("PUBSUB SHARDCHANNELS", "*1 $1 s"),
            ("PUBSUB SHARDNUMSUB s b", "*4 $1 s :1 $1 b :0"),
            (
                "PUBSUB CHANNELS a b",
                "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.",
            ),
            ("PUBSUB NUMPAT x", "-ERR wrong number of arguments for 'pubsub|numpat' command"),
            ("PUBSUB nosuch", "-ERR unknown subcommand 'nosuch'. Try PUBSUB HELP."),
        ],
    );
    let help = world.ask(client, "PUBSUB HELP");
    assert!(help.contains("\r\n+NUMSUB [<channel> ...]\r\n"), "{help}");
    let info = world.ask(client, "INFO stats");
    for line in ["pubsub_channels:2\r\n", "pubsub_patterns:2\r\n", "pubsubshard_channels:1\r\n"] {
        assert!(info.contains(line), "{info}");
    }
    let list = world.ask(client, "CLIENT LIST ID 3");
    assert!(list.contains(" flags=P db=0 sub=1 psub=2 ssub=1 multi=-1 "), "{list}");
    assert!(world.ask(client, "CLIENT LIST TYPE pubsub").contains("\nid=3 "));
    assert!(!world.ask(client, "CLIENT LIST TYPE normal").contains("id=2 "));
    assert_eq!(ask(&mut world, client, "CLIENT KILL TYPE pubsub"), ":2");
    assert!(world.is_closed(one) && world.is_closed(two));
    table(&mut world, client, &[("PUBSUB CHANNELS", "*0"), ("PUBSUB NUMPAT", ":0"), ("PUBSUB SHARDCHANNELS", "*0")]);
    let mut world = World::with(&[], Personality::VALKEY);
    let client = world.connect();
    world.ask(client, "HELLO 3");
    world.ask(client, "SUBSCRIBE a");
    assert!(world.ask(client, "INFO clients").contains("pubsub_clients:1\r\n"));
}

#[test]
fn who_does_not_take_messages_is_closed() {
    let mut world = World::with(&[("client-output-buffer-limit", "pubsub 100000 0 0")], Personality::REDIS);
    let [publisher, stuck, other] = core::array::from_fn(|_| world.connect());
    for client in [stuck, other] {
        world.ask(client, "SUBSCRIBE a");
    }
    world.set_stuck(stuck, true);
    let message = "x".repeat(30_000);
    for _ in 0..3 {
        assert_eq!(ask(&mut world, publisher, &format!("PUBLISH a {message}")), ":2");
        assert!(world.ask(other, "PING").len() > 30_000);
    }
    let list = world.ask(publisher, "CLIENT LIST ID 2");
    assert!(list.contains(" oll=5 ") && list.contains(" events=rw "), "{list}");
    for _ in 0..2 {
        world.ask(publisher, &format!("PUBLISH a {message}"));
        assert!(world.ask(other, "PING").len() > 30_000);
    }
    assert!(world.is_closed(stuck));
    assert!(!world.is_closed(other));
    assert!(world.log[0].ends_with(" closed for overcoming of output buffer limits."), "{:?}", world.log);
    assert_eq!(ask(&mut world, publisher, "PUBSUB NUMSUB a"), "*2 $1 a :1");
}

#[test]
fn a_subscriber_may_be_idle() {
    let mut world = World::with(&[("timeout", "10")], Personality::REDIS);
    let (idle, subscriber) = (world.connect(), world.connect());
    world.ask(subscriber, "SUBSCRIBE a");
    world.advance_ms(20_000);
    assert!(world.is_closed(idle));
    assert!(!world.is_closed(subscriber));
    world.ask(subscriber, "UNSUBSCRIBE");
    world.advance_ms(20_000);
    assert!(world.is_closed(subscriber));
}

#[test]
fn many_subscriptions_are_given_up_in_slices() {
    let mut world = World::new();
    let [client, leaving, other] = core::array::from_fn(|_| world.connect());
    let all: String = (0..5000).map(|number| format!(" c{number}")).collect();
    world.ask(leaving, &format!("SUBSCRIBE{all}"));
    world.ask(leaving, "PSUBSCRIBE *");
    world.ask(other, "SUBSCRIBE c4000");
    let count = |world: &World| world.engine.server().pubsub.name_count(Kind::Channel);
    assert_eq!(count(&world), 5000);
    assert_eq!(ask(&mut world, client, "CLIENT KILL ID 2"), ":1");
    assert!(count(&world) > 3000, "not all at once");
    table(
        &mut world,
        client,
        &[
            ("PUBLISH c4000 x", ":1"),
            ("PUBSUB CHANNELS", "*1 $5 c4000"),
            ("PUBSUB NUMSUB c4000 c4001", "*4 $5 c4000 :1 $5 c4001 :0"),
            ("PUBSUB NUMPAT", ":0"),
        ],
    );
    world.advance_ms(1);
    assert_eq!(count(&world), 1);
    assert_eq!(ask(&mut world, client, "PUBSUB CHANNELS"), "*1 $5 c4000");
}

/// Events of a server that are heard: `event key` in order.
fn events(letters: &str, requests: &[&str]) -> Vec<String> {
    let mut world = World::with(&[("notify-keyspace-events", letters)], Personality::REDIS);
    let (listener, client) = (world.connect(), world.connect());
    world.ask(listener, "PSUBSCRIBE __key*__:*");
    for request in requests {
        world.ask(client, request);
    }
    heard(&mut world, listener)
}

/// What a listener heard, channel and message.
fn heard(world: &mut World, listener: u64) -> Vec<String> {
    let got = world.read(listener);
    let lines: Vec<&str> = got.lines().collect();
    let messages = lines.chunks(9).map(|lines| {
        assert_eq!(lines[..3], ["*4", "$8", "pmessage"], "{lines:?}");
        format!("{} {}", lines[6], lines[8])
    });
    messages.collect()
}

#[test]
fn changes_are_told_as_the_classes_ask() {
    let keyspace = "__keyspace@0__:a set";
    let keyevent = "__keyevent@0__:set a";
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        ("$g", &[]),
        ("K", &[]),
        ("KA", &[keyspace]),
        ("EA", &[keyevent]),
        ("KE$", &[keyspace, keyevent]),
        ("KEg", &[]),
        ("En", &["__keyevent@0__:new a"]),
        ("En$", &["__keyevent@0__:new a", keyevent]),
    ];
    for (letters, expected) in cases {
        assert_eq!(events(letters, &["SET a 1"]), *expected, "{letters}");
    }
}

#[test]
fn each_command_has_its_events() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["SET a 1", "SET a 2 EX 10"], &["new a", "set a", "set a", "expire a"]),
        (&["MSET a 1 b 2", "DEL a b c"], &["new a", "set a", "new b", "set b", "del a", "del b"]),
        (&["INCR a", "APPEND a x", "SETRANGE a 3 y"], &["new a", "incrby a", "append a", "setrange a"]),
        (&["SET a 1", "RENAME a b"], &["new a", "set a", "new b", "rename_from a", "rename_to b"]),
        (&["SET a 1", "COPY a b", "UNLINK a"], &["new a", "set a", "new b", "copy_to b", "del a"]),
        (&["SET a 1", "EXPIRE a 9", "PERSIST a", "EXPIRE a -1"], &["new a", "set a", "expire a", "persist a", "del a"]),
        (&["GET a", "EXISTS a", "TTL a", "OBJECT ENCODING a", "EXPIRE a 1"], &["keymiss a"; 3]),
        (&["MGET a b"], &["keymiss a", "keymiss b"]),
        (&["MULTI", "SET a 1", "DEL a", "EXEC"], &["new a", "set a", "del a"]),
    ];
    for (requests, expected) in cases {
        let heard = events("EAmn", requests);
        let heard: Vec<&str> =
            heard.iter().map(|line| line.strip_prefix("__keyevent@0__:").expect("an event")).collect();
        assert_eq!(heard, *expected, "{requests:?}");
    }
    let moved = events("KAn", &["SET a 1", "MOVE a 3"]);
    let expected = ["@0__:a new", "@0__:a set", "@3__:a new", "@0__:a move_from", "@3__:a move_to"]
        .map(|text| format!("__keyspace{text}"));
    assert_eq!(moved, expected);
}

#[test]
fn keys_that_expire_or_are_evicted_are_told_of() {
    let mut server = TestServer::with_config("notify-keyspace-events Exem");
    for request in ["HELLO 3", "SUBSCRIBE __keyevent@0__:expired __keyevent@0__:keymiss", "SET a 1 PX 10"] {
        server.send(request);
    }
    server.advance_ms(20);
    let expected = "_ >3 $7 message $22 __keyevent@0__:expired $1 a >3 $7 message $22 __keyevent@0__:keymiss $1 a";
    assert_eq!(server.send("GET a"), expected);
    let mut world = World::with(&[("notify-keyspace-events", "Exem")], Personality::REDIS);
    let (listener, client) = (world.connect(), world.connect());
    world.ask(listener, "PSUBSCRIBE __key*__:*");
    world.ask(client, "SET b 1 PX 10");
    world.advance_ms(1000);
    assert_eq!(heard(&mut world, listener), ["__keyevent@0__:expired b"]);
    world.ask(client, "SET c 1");
    world.ask(client, "CONFIG SET maxmemory-policy allkeys-lru maxmemory 1");
    world.advance_ms(10);
    assert_eq!(heard(&mut world, listener), ["__keyevent@0__:evicted c"]);
}

#[test]
fn own_events_come_behind_the_reply() {
    let mut world = World::with(&[("notify-keyspace-events", "EA")], Personality::REDIS);
    let client = world.connect();
    world.ask(client, "HELLO 3");
    world.ask(client, "SUBSCRIBE __keyevent@0__:set");
    assert_eq!(ask(&mut world, client, "SET a 1"), "+OK >3 $7 message $18 __keyevent@0__:set $1 a");
}
