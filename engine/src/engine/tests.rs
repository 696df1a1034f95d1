//! What clients meet before and around their commands: admission, protocol
//! errors, limits, timeouts.

use crate::boundary::id::ClientId;
use crate::boundary::input::Connection;
use crate::config::Circumstances;
use crate::engine::test_world::World;
use crate::server::parameters;
use crate::server::personality::Personality;
use crate::session::transaction::Transaction;
use alloc::format;

fn redis(parameters: &[(&str, &str)]) -> World {
    World::with(parameters, Personality::REDIS)
}

fn set(world: &mut World, name: &str, value: &str) {
    let server = &mut world.engine.server;
    let pairs = [(name.as_bytes(), value.as_bytes())];
    let _ = server.config.set(&pairs, Circumstances::default()).expect("a parameter of a test");
    parameters::apply_all(server, &mut world.engine.keyspace);
}

fn open_transaction(world: &mut World, client: u64) {
    let session = world.engine.server.sessions.get_mut(ClientId(client)).expect("a client");
    session.transaction = Some(Transaction::default());
}

#[test]
fn protocol_errors_are_answered_and_end_the_connection() {
    let cases: &[(&[u8], &str)] = &[
        (b"*x\r\n", "invalid multibulk length"),
        (b"*20000000000\r\n", "invalid multibulk length"),
        (b"*1\r\n$-10\r\n", "invalid bulk length"),
        (b"*1\r\n$2000000000\r\n", "invalid bulk length"),
        (b"*1\r\nfoo\r\n", "expected '$', got 'f'"),
        (b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", "expected '$', got 'f'"),
        (b"set \"a\r\n", "unbalanced quotes in request"),
        (&[0; 70_000], "too big inline request"),
        (&[b'*'; 70_000], "too big mbulk count string"),
    ];
    for (bytes, text) in cases {
        let mut world = redis(&[]);
        let client = world.connect();
        assert_eq!(
            world.send(client, [b"PING\r\n", *bytes].concat()),
            format!("+PONG\r\n-ERR Protocol error: {text}\r\n")
        );
        assert!(world.is_closed(client));
        assert_eq!(world.engine.server().statistics.errors.get("ERR"), Some(&1));
        assert!(world.log[0].starts_with(&format!("Protocol error ({text}) from client: id=1 ")), "{:?}", world.log);
    }
    let mut world = redis(&[]);
    let client = world.connect();
    assert_eq!(world.send(client, b"\r\n*0\r\n*-10\r\nPING\r\n"), "+PONG\r\n");
}

#[test]
fn unknown_commands_are_repeated_up_to_a_length() {
    let long = "0123456789".repeat(14);
    let cases = [
        ("nosuch a".into(), "'nosuch', with args beginning with: 'a' ".into()),
        ("no\r\nsuch a\r\nb".into(), "'no  such', with args beginning with: 'a  b' ".into()),
        ("a\0b c\0d".into(), "'a', with args beginning with: 'c' ".into()),
        (long.clone(), format!("'{}', with args beginning with: ", &long[..128])),
        (format!("x {long} y"), format!("'x', with args beginning with: '{}' ", &long[..128])),
        (
            format!("x {0} {0} {0}", &long[..60]),
            format!("'x', with args beginning with: '{0}' '{0}' '{1}' ", &long[..60], &long[..2]),
        ),
    ];
    let mut world = redis(&[]);
    let client = world.connect();
    for (request, text) in cases {
        assert_eq!(world.ask(client, &request), format!("-ERR unknown command {text}\r\n"));
    }
    assert_eq!(world.ask(client, "cLiEnT Foo x"), "-ERR unknown subcommand 'Foo'. Try CLIENT HELP.\r\n");
    world.send(client, b"*1\r\n$2\r\n\xff\xfe\r\n");
    let counters = world.engine.server();
    assert_eq!((counters.statistics.error_replies, counters.statistics.processed), (8, 0));
    assert!(counters.statistics.commands.iter().all(|command| command.rejected == 0));
    assert_eq!(counters.sessions.get(ClientId(client)).expect("open").last_command, None);
}

#[test]
fn browsers_are_cut_off() {
    let mut world = redis(&[]);
    for bytes in ["PING\r\nPOST / HTTP/1.1\r\nHost: a\r\n\r\nSET a b\r\n", "host: x\r\n"] {
        let client = world.connect();
        assert_eq!(world.send(client, bytes), "");
        assert!(world.is_closed(client));
    }
    assert_eq!(world.log.len(), 1, "once a minute");
    assert!(world.log[0].starts_with("Possible SECURITY ATTACK detected"));
    assert!(world.engine.server().sessions.is_empty());
}

#[test]
fn writes_are_refused_while_saving_fails_or_loading_goes_on() {
    for personality in [Personality::REDIS, Personality::VALKEY] {
        let mut world = World::with(&[], personality);
        let name = personality.title;
        let client = world.connect();
        world.engine.server.writes_refused = true;
        let text = format!("-MISCONF {name} is configured to save RDB snapshots");
        for request in ["SET a b", "PING"] {
            let reply = world.ask(client, request);
            assert!(reply.starts_with(&text) && reply.contains(&format!("check the {name} logs for")), "{reply}");
        }
        assert_eq!(world.ask(client, "GET a"), "$-1\r\n");
        world.engine.server.writes_refused = false;
        world.engine.server.loading = true;
        assert_eq!(world.ask(client, "GET a"), format!("-LOADING {name} is loading the dataset in memory\r\n"));
        assert_eq!(world.ask(client, "ECHO a"), "$1\r\na\r\n");
    }
}

#[test]
fn memory_over_its_limit_refuses_what_needs_more() {
    const FULL: &str = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    let mut world = redis(&[("maxmemory", "1")]);
    let client = world.connect();
    assert_eq!(world.ask(client, "SET a b"), FULL);
    assert_eq!(world.ask(client, "GET a"), "$-1\r\n");
    open_transaction(&mut world, client);
    assert_eq!(world.ask(client, "GET a"), FULL, "a queue takes memory");
    let session = world.engine.server().sessions.get(ClientId(client)).expect("open");
    assert!(session.transaction.as_ref().is_some_and(|transaction| transaction.aborted));
    assert_eq!(world.engine.server().statistics.errors.get("OOM"), Some(&2));
}

#[test]
fn a_refused_request_spoils_its_transaction() {
    let mut world = redis(&[]);
    for request in ["nosuch", "GET", "CLIENT foo"] {
        let client = world.connect();
        open_transaction(&mut world, client);
        assert_eq!(world.ask(client, "GET a"), "+QUEUED\r\n");
        assert!(world.ask(client, request).starts_with("-ERR "));
        assert_eq!(world.ask(client, "GET a"), "+QUEUED\r\n");
        let session = world.engine.server().sessions.get(ClientId(client)).expect("open");
        let transaction = session.transaction.as_ref().expect("in MULTI");
        assert!(transaction.aborted);
        assert_eq!(transaction.queue().len(), 0, "what will not run is not kept");
        assert_eq!(world.ask(client, "RESET"), "+RESET\r\n");
        assert_eq!(world.ask(client, "GET a"), "$-1\r\n");
    }
}

#[test]
fn connections_are_turned_away() {
    let mut world = redis(&[("maxclients", "2")]);
    let clients = [world.connect(), world.connect(), world.connect()];
    assert_eq!(world.read(clients[2]), "-ERR max number of clients reached\r\n");
    assert!(world.is_closed(clients[2]));
    assert_eq!(world.ask(clients[1], "CLIENT KILL ID 1"), ":1\r\n");
    let fourth = world.connect();
    assert_eq!(world.ask(fourth, "PING"), "+PONG\r\n");
    let statistics = &world.engine.server().statistics;
    assert_eq!((statistics.connections, statistics.rejected_connections), (3, 1));

    let from = |loopback, unix_socket| Connection {
        peer: "10.0.0.1:5".into(),
        local: "10.0.0.2:6379".into(),
        unix_socket,
        loopback,
        descriptor: 9,
    };
    let mut world = redis(&[]);
    let far = world.connect_from(from(false, false));
    assert!(
        world.read(far).starts_with("-DENIED Redis is running in protected mode because protected mode is enabled")
    );
    assert!(world.is_closed(far));
    for connection in [from(true, false), from(false, true)] {
        let near = world.connect_from(connection);
        assert_eq!(world.ask(near, "PING"), "+PONG\r\n");
    }
    for parameter in [("protected-mode", "no"), ("requirepass", "x")] {
        let mut world = redis(&[parameter]);
        let far = world.connect_from(from(false, false));
        assert_eq!((world.read(far).as_str(), world.is_closed(far)), ("", false));
    }
}

#[test]
fn idle_connections_are_closed() {
    let mut world = redis(&[("timeout", "10")]);
    let (idle, busy) = (world.connect(), world.connect());
    world.advance_ms(9000);
    world.ask(busy, "PING");
    world.advance_ms(3000);
    assert!(world.is_closed(idle));
    assert!(!world.is_closed(busy));
    assert_eq!(world.log, ["Closing idle client"]);
    set(&mut world, "timeout", "0");
    world.advance_ms(100_000);
    assert_eq!(world.ask(busy, "PING"), "+PONG\r\n");
}

fn text(bytes: usize) -> alloc::string::String {
    "x".repeat(bytes)
}

#[test]
fn output_over_the_hard_limit_closes_at_once() {
    let mut world = redis(&[("client-output-buffer-limit", "normal 100000 0 0")]);
    let client = world.connect();
    for _ in 0..4 {
        let reply = world.ask(client, &format!("ECHO {}", text(60_000)));
        assert_eq!(reply.len(), 60_010, "what was taken does not count");
    }
    world.set_stuck(client, true);
    assert_eq!(world.ask(client, &format!("ECHO {}", text(60_000))).len(), 60_010);
    let other = world.connect();
    let line = world.ask(other, "CLIENT LIST ID 1");
    assert!(line.contains(" obl=16384 oll=3 omem=43746 ") && line.contains(" events=rw "), "{line}");
    assert_eq!(world.ask(client, &format!("ECHO {}", text(60_000))), "");
    assert!(world.is_closed(client));
    assert!(world.log[0].starts_with("Client id=1 ") && world.log[0].contains(" oll=7 "), "{:?}", world.log);
    assert!(world.log[0].ends_with(" closed for overcoming of output buffer limits."), "{:?}", world.log);
    assert_eq!(world.engine.server().statistics.output_limit_disconnections, 1);
    assert_eq!(world.ask(other, "CLIENT LIST ID 1"), "$0\r\n\r\n");

    // One reply that is too large, and a pipeline whose replies are.
    world.ask(other, &format!("SET a {}", text(90_000)));
    let client = world.connect();
    assert_eq!(world.send(client, "GET a\r\nGET a\r\nSET b 1\r\n"), "");
    assert!(world.is_closed(client));
    assert_eq!(world.ask(other, "GET b"), "$-1\r\n", "what follows is not run");
    let client = world.connect();
    assert_eq!(world.ask(client, &format!("ECHO {}", text(200_000))), "");
    assert!(world.is_closed(client));
}

#[test]
fn output_over_the_soft_limit_closes_after_a_while() {
    let mut world = redis(&[("client-output-buffer-limit", "normal 0 50000 5")]);
    let clients = [world.connect(), world.connect()];
    for client in clients {
        world.set_stuck(client, true);
        assert_eq!(world.ask(client, &format!("ECHO {}", text(80_000))).len(), 80_010);
    }
    world.advance_ms(4000);
    world.set_stuck(clients[1], false);
    assert_eq!(world.ask(clients[1], "PING"), "+PONG\r\n");
    world.advance_ms(4000);
    assert!(world.is_closed(clients[0]));
    assert!(!world.is_closed(clients[1]));
    assert_eq!(world.log.len(), 1);
}

#[test]
fn requests_longer_than_allowed_close_the_connection() {
    let mut world = redis(&[("client-query-buffer-limit", "1048576")]);
    let client = world.connect();
    world.send(client, format!("*2\r\n$4\r\nECHO\r\n$2000000\r\n{}", text(1_000_000)));
    assert!(!world.is_closed(client));
    let other = world.connect();
    assert!(world.ask(other, "CLIENT LIST ID 1").contains(" qbuf=1000024 "));
    world.send(client, text(100_000));
    assert!(world.is_closed(client));
    assert!(world.log[0].starts_with("Closing client that reached max query buffer length: id=1 "), "{:?}", world.log);
    assert_eq!(world.engine.server().statistics.query_limit_disconnections, 1);
}

#[test]
fn counters_tell_what_ran() {
    let mut world = redis(&[]);
    let client = world.connect();
    world.send(client, "PING\r\nGET\r\nINCR a\r\nSET b x\r\nINCR b\r\n");
    let server = world.engine.server();
    let of = |name: &str| {
        let id = server.commands.find(name.as_bytes()).expect("a command");
        let command = server.statistics.commands[id.0 as usize];
        (command.calls, command.rejected, command.failed)
    };
    assert_eq!((of("ping"), of("get"), of("incr"), of("set")), ((1, 0, 0), (0, 1, 0), (2, 0, 1), (1, 0, 0)));
    assert_eq!((server.statistics.processed, server.statistics.error_replies), (4, 2));
    assert_eq!((server.statistics.received, server.statistics.reads), (36, 1));
    assert_eq!(server.sessions.get(ClientId(client)).expect("open").commands, 4);
    let sent = server.statistics.sent;
    assert_eq!(world.read(client).len(), 0);
    assert!(sent > 0);
}

#[test]
fn the_reply_buffer_shrinks_while_little_is_sent() {
    let mut world = redis(&[]);
    let (idle, other) = (world.connect(), world.connect());
    world.ask(idle, "PING");
    world.advance_ms(7000);
    assert!(world.ask(other, "CLIENT LIST ID 1").contains(" rbs=1024 rbp=0 "));
    world.ask(other, &format!("SET a {}", text(32_768)));
    for _ in 0..30 {
        world.ask(idle, "GET a");
        world.advance_ms(100);
    }
    assert!(world.ask(other, "CLIENT LIST ID 1").contains(" rbs=16384 "));
}

#[test]
fn a_password_that_is_removed_is_not_asked_for() {
    let mut world = redis(&[("requirepass", "x")]);
    let client = world.connect();
    assert_eq!(world.ask(client, "GET a"), "-NOAUTH Authentication required.\r\n");
    set(&mut world, "requirepass", "");
    assert_eq!(world.ask(client, "GET a"), "$-1\r\n");
    let many = ["PING"; 12].join(" ");
    assert!(world.ask(client, &many).starts_with("-ERR wrong number of arguments for 'ping'"), "limits are lifted too");
}

/// Where a batch's replies began in the buffer of effects says nothing any more
/// once it has been handled: who replays may have emptied that at another time.
#[test]
fn the_state_does_not_tell_where_replies_began() {
    let state = |before: &[u8]| {
        let mut world = redis(&[]);
        let client = world.connect();
        world.leave_output(before);
        assert_eq!(world.send(client, b"PING\r\n"), "+PONG\r\n");
        world.engine.state_hash()
    };
    assert_eq!(state(b""), state(b"of another input"));
}

/// What a key takes does not depend on what was done to others before: else a
/// restored engine would not evict what the one of the image does.
#[test]
fn memory_of_a_key_does_not_depend_on_others() {
    let usage = |others: &[usize]| {
        let mut world = redis(&[("list-max-listpack-size", "4")]);
        let client = world.connect();
        for &bytes in others {
            world.ask(client, &format!("RPUSH other {}", text(bytes)));
            world.ask(client, "LSET other 0 x");
        }
        let mut usages = alloc::vec::Vec::new();
        let long = format!("RPUSH a {}", text(1100));
        for request in ["RPUSH a 1", &long, "RPUSH a 7", "RPUSH b 1", "RPUSH b 2 3 4 5 6"] {
            world.ask(client, request);
            usages.push(world.ask(client, &format!("MEMORY USAGE {}", &request[6..7])));
        }
        usages
    };
    let alone = usage(&[]);
    for others in [&[100][..], &[900], &[100, 200, 300, 450]] {
        assert_eq!(usage(others), alone, "{others:?}");
    }
}
