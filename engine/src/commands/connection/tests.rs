//! The family through the engine's front door.

use crate::server::personality::Personality;
use crate::testing::World;
use alloc::format;
use alloc::string::String;

/// Requests of one connection, each with its reply.
fn table(world: &mut World, cases: &[(&str, &str)]) {
    let client = world.connect();
    for (request, reply) in cases {
        let got = world.ask(client, request);
        assert_eq!(got, format!("{reply}\r\n"), "{request}");
    }
}

#[test]
fn simple_commands() {
    table(
        &mut World::new(),
        &[
            ("PING", "+PONG"),
            ("ping hello", "$5\r\nhello"),
            ("PING a b", "-ERR wrong number of arguments for 'ping' command"),
            ("ECHO x", "$1\r\nx"),
            ("ECHO", "-ERR wrong number of arguments for 'echo' command"),
            ("SELECT 15", "+OK"),
            ("SELECT 16", "-ERR DB index is out of range"),
            ("SELECT -1", "-ERR DB index is out of range"),
            ("SELECT x", "-ERR value is not an integer or out of range"),
            ("SELECT 99999999999", "-ERR value is out of range, value must between -2147483648 and 2147483647"),
            ("CLIENT ID", ":1"),
            ("CLIENT GETNAME", "$-1"),
            ("CLIENT SETNAME me", "+OK"),
            ("CLIENT GETNAME", "$2\r\nme"),
            ("CLIENT SETNAME a\nb", "-ERR Client names cannot contain spaces, newlines or special characters."),
            ("CLIENT SETNAME ", "+OK"),
            ("CLIENT GETNAME", "$-1"),
            ("CLIENT SETINFO LIB-NAME x", "+OK"),
            ("CLIENT SETINFO lib-ver ä", "-ERR lib-ver cannot contain spaces, newlines or special characters."),
            ("CLIENT SETINFO foo x", "-ERR Unrecognized option 'foo'"),
            ("CLIENT GETREDIR", ":-1"),
            ("CLIENT NO-EVICT x", "-ERR syntax error"),
            ("CLIENT NO-TOUCH on", "+OK"),
            ("CLIENT UNBLOCK 1 foo", "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"),
            ("CLIENT UNBLOCK 1", ":0"),
            ("CLIENT UNBLOCK x", "-ERR value is not an integer or out of range"),
            ("CLIENT foo", "-ERR unknown subcommand 'foo'. Try CLIENT HELP."),
            ("CLIENT", "-ERR wrong number of arguments for 'client' command"),
            ("CLIENT ID x", "-ERR wrong number of arguments for 'client|id' command"),
            ("RESET", "+RESET"),
        ],
    );
}

fn pipeline(world: &mut World, client: u64, lines: &[&str]) -> String {
    world.send(client, format!("{}\r\n", lines.join("\r\n")))
}

/// One field of a line of CLIENT LIST.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let found = line.split([' ', '\n']).find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("{name} is not in {line}"))
}

#[test]
fn hello_answers_facts_in_the_chosen_protocol() {
    let mut world = World::new();
    let client = world.connect();
    let facts = |head: &str, protocol: u32| {
        format!(
            "{head}\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.4\r\n$5\r\nproto\r\n:{protocol}\r\n\
             $2\r\nid\r\n:1\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"
        )
    };
    assert_eq!(world.ask(client, "HELLO"), facts("*14", 2));
    assert_eq!(world.ask(client, "HELLO 3 SETNAME a AUTH default x SETNAME b"), facts("%7", 3));
    assert_eq!(world.ask(client, "CLIENT GETNAME"), "$1\r\nb\r\n");
    assert_eq!(world.ask(client, "CLIENT SETNAME "), "+OK\r\n");
    assert_eq!(world.ask(client, "CLIENT GETNAME"), "_\r\n");
    assert_eq!(world.ask(client, "HELLO"), facts("%7", 3));
    assert_eq!(world.ask(client, "HELLO 2"), facts("*14", 2));
    let cases = [
        ("HELLO 4 AUTH", "-NOPROTO unsupported protocol version\r\n"),
        ("HELLO x", "-ERR Protocol version is not an integer or out of range\r\n"),
        ("HELLO 3 AUTH a", "-ERR Syntax error in HELLO option 'AUTH'\r\n"),
        ("HELLO 3 SETNAME a\nb", "-ERR Client names cannot contain spaces, newlines or special characters.\r\n"),
        ("HELLO 3 AUTH a b", "-WRONGPASS invalid username-password pair or user is disabled.\r\n"),
    ];
    for (request, reply) in cases {
        assert_eq!(world.ask(client, request), reply, "{request}");
        assert_eq!(world.ask(client, "CLIENT GETNAME"), "$-1\r\n", "{request} has changed the protocol or the name");
    }
    let mut world = World::with(&[("availability-zone", "z")], Personality::VALKEY);
    let client = world.connect();
    let reply = world.ask(client, "HELLO 3");
    assert!(reply.starts_with("%8\r\n$6\r\nserver\r\n$6\r\nvalkey\r\n"), "{reply}");
    assert!(reply.ends_with("$17\r\navailability_zone\r\n$1\r\nz\r\n"), "{reply}");
}

#[test]
fn a_password_is_asked_for() {
    let mut world = World::with(&[("requirepass", "secret")], Personality::REDIS);
    let client = world.connect();
    const REQUIRED: &str = "-NOAUTH Authentication required.\r\n";
    const WRONG: &str = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
    let cases = [
        ("GET a", REQUIRED),
        ("GET", "-ERR wrong number of arguments for 'get' command\r\n"),
        ("nosuch", "-ERR unknown command 'nosuch', with args beginning with: \r\n"),
        ("AUTH wrong", WRONG),
        ("AUTH secre", WRONG),
        ("AUTH secrets", WRONG),
        ("AUTH ", WRONG),
        ("AUTH default wrong", WRONG),
        ("AUTH other secret", WRONG),
        ("AUTH a b c", "-ERR syntax error\r\n"),
        ("RESET", "+RESET\r\n"),
        ("PING", REQUIRED),
        ("AUTH secret", "+OK\r\n"),
        ("GET a", "$-1\r\n"),
        ("AUTH wrong", WRONG),
        ("GET a", "$-1\r\n"),
        ("RESET", "+RESET\r\n"),
        ("GET a", REQUIRED),
        ("AUTH default secret", "+OK\r\n"),
    ];
    for (request, reply) in cases {
        assert_eq!(world.ask(client, request), reply, "{request}");
    }
    assert_eq!(world.engine.server().statistics.denied_authentications, 7);
    let other = world.connect();
    let reply = world.ask(other, "HELLO 3");
    assert!(reply.starts_with("-NOAUTH HELLO must be called with the client already authenticated"), "{reply}");
    assert_eq!(world.ask(other, "HELLO 3 AUTH default x"), WRONG);
    assert!(world.ask(other, "HELLO 3 AUTH default secret").starts_with("%7\r\n"));
    assert_eq!(world.ask(other, "GET a"), "_\r\n");
    assert_eq!(pipeline(&mut world, client, &["RESET", "AUTH secret", "GET a"]), "+RESET\r\n+OK\r\n$-1\r\n");
}

#[test]
fn who_has_not_authenticated_may_send_little() {
    let mut world = World::with(&[("requirepass", "secret")], Personality::REDIS);
    for (bytes, text) in
        [("*11\r\n", "unauthenticated multibulk length"), ("*1\r\n$16385\r\n", "unauthenticated bulk length")]
    {
        let client = world.connect();
        assert_eq!(world.send(client, bytes), format!("-ERR Protocol error: {text}\r\n"));
        assert!(world.is_closed(client));
    }
}

#[test]
fn reset_forgets_all_but_the_library() {
    let mut world = World::new();
    let client = world.connect();
    let before = ["HELLO 3", "CLIENT SETNAME a", "CLIENT SETINFO lib-name l", "CLIENT NO-TOUCH on", "SELECT 3"];
    for request in before {
        world.ask(client, request);
    }
    let line = world.ask(client, "CLIENT INFO");
    assert!(line.starts_with("=") && line.contains("\r\ntxt:id=1 "), "{line}");
    assert_eq!((field(&line, "flags"), field(&line, "resp"), field(&line, "db")), ("T", "3", "3"));
    assert_eq!(pipeline(&mut world, client, &["CLIENT NO-EVICT on", "CLIENT REPLY OFF", "RESET"]), "+OK\r\n+RESET\r\n");
    let line = world.ask(client, "CLIENT INFO");
    assert_eq!((field(&line, "flags"), field(&line, "resp"), field(&line, "db")), ("N", "2", "0"));
    assert_eq!((field(&line, "name"), field(&line, "lib-name")), ("", "l"));
}

#[test]
fn replies_are_switched_off_and_on() {
    let mut world = World::new();
    let cases: &[(&[&str], &str)] = &[
        (&["CLIENT REPLY OFF", "PING", "nosuch", "CLIENT REPLY ON", "PING"], "+OK\r\n+PONG\r\n"),
        (&["CLIENT REPLY SKIP", "PING", "ECHO x"], "$1\r\nx\r\n"),
        (&["CLIENT REPLY SKIP", "CLIENT REPLY SKIP", "PING", "ECHO x"], "$1\r\nx\r\n"),
        (&["CLIENT REPLY SKIP", "CLIENT REPLY ON", "PING"], "+OK\r\n+PONG\r\n"),
        (&["CLIENT REPLY OFF", "CLIENT REPLY SKIP", "PING", "PING", "CLIENT REPLY ON"], "+OK\r\n"),
        (&["CLIENT REPLY x", "PING"], "-ERR syntax error\r\n+PONG\r\n"),
        (&["CLIENT REPLY OFF", "*x"], ""),
    ];
    for (requests, replies) in cases {
        let client = world.connect();
        assert_eq!(pipeline(&mut world, client, requests), *replies, "{requests:?}");
    }
}

#[test]
fn a_line_has_all_fields_in_order() {
    let mut world = World::new();
    let client = world.connect();
    world.advance_ms(3000);
    world.ask(client, "PING");
    world.advance_ms(2000);
    let reply = world.ask(client, "CLIENT INFO");
    let expected = "id=1 addr=127.0.0.1:50001 laddr=127.0.0.1:6379 fd=8 name= age=5 idle=0 flags=N db=0 sub=0 psub=0 \
                    ssub=0 multi=-1 qbuf=26 qbuf-free=0 argv-mem=10 multi-mem=0 rbs=16384 rbp=16384 obl=0 oll=0 \
                    omem=0 tot-mem=";
    assert!(reply.contains(expected), "{reply}");
    assert!(
        reply.ends_with(" events=r cmd=client|info user=default redir=-1 resp=2 lib-name= lib-ver=\n\r\n"),
        "{reply}"
    );
    let mut world = World::with(&[], Personality::VALKEY);
    let client = world.connect();
    world.ask(client, "PING");
    let reply = world.ask(client, "CLIENT INFO");
    assert!(reply.contains(" multi=-1 watch=0 qbuf=0 "), "{reply}");
    assert!(reply.ends_with(" lib-name= lib-ver= tot-net-in=40 tot-net-out=7 tot-cmds=1\n\r\n"), "{reply}");
}

/// The numbers of the connections that a request lists.
fn listed(world: &mut World, client: u64, request: &str) -> alloc::vec::Vec<u64> {
    let reply = world.ask(client, request);
    assert!(reply.starts_with('$'), "{request}: {reply}");
    reply.lines().filter_map(|line| line.strip_prefix("id=")?.split(' ').next()?.parse().ok()).collect()
}

#[test]
fn lists_are_filtered() {
    let mut world = World::new();
    let clients: [u64; 4] = core::array::from_fn(|_| world.connect());
    world.ask(clients[1], "CLIENT SETNAME two");
    world.ask(clients[2], "SELECT 5");
    world.advance_ms(10_000);
    world.ask(clients[2], "CLIENT NO-TOUCH on");
    let late = world.connect();
    let cases: &[(&str, &[u64])] = &[
        ("CLIENT LIST", &[1, 2, 3, 4, 5]),
        ("CLIENT LIST ID 4 1 9 4", &[4, 1, 4]),
        ("CLIENT LIST TYPE normal", &[1, 2, 3, 4, 5]),
        ("CLIENT LIST TYPE pubsub", &[]),
        ("CLIENT LIST NAME two", &[2]),
        ("CLIENT LIST NOT-NAME two SKIPME yes", &[3, 4, 5]),
        ("CLIENT LIST DB 5", &[3]),
        ("CLIENT LIST FLAGS T", &[3]),
        ("CLIENT LIST NOT-FLAGS N", &[3]),
        ("CLIENT LIST ID 1 2 3 MAXAGE 10 NOT-ID 2", &[1, 3]),
        ("CLIENT LIST MAXAGE 10", &[1, 2, 3, 4]),
        ("CLIENT LIST IDLE 10", &[2, 4]),
        ("CLIENT LIST ADDR 127.0.0.1:50004", &[4]),
        ("CLIENT LIST IP 127.0.0.1 LADDR 127.0.0.1:1", &[]),
        ("CLIENT LIST ID 1 ID 2", &[2]),
        ("CLIENT LIST USER default NOT-TYPE replica NOT-ADDR 127.0.0.1:50001", &[2, 3, 4, 5]),
    ];
    for (request, expected) in cases {
        assert_eq!(listed(&mut world, 1, request), *expected, "{request}");
    }
    table(
        &mut world,
        &[
            ("CLIENT LIST ID x", "-ERR Invalid client ID"),
            ("CLIENT LIST ID", "-ERR syntax error"),
            ("CLIENT LIST foo", "-ERR syntax error"),
            ("CLIENT LIST TYPE foo", "-ERR Unknown client type 'foo'"),
            ("CLIENT LIST TYPE normal foo", "-ERR syntax error"),
            ("CLIENT LIST DB 16", "-ERR DB number should be between 0 and 15"),
            ("CLIENT LIST IDLE 0", "-ERR idle should be greater than 0"),
            ("CLIENT LIST MAXAGE x", "-ERR maxage is not an integer or out of range"),
        ],
    );
    assert_eq!(world.ask(late, "QUIT"), "+OK\r\n");
    assert!(listed(&mut world, 1, "CLIENT LIST ID 5").is_empty(), "it is on its way out");
}

#[test]
fn connections_are_killed() {
    let mut world = World::new();
    let own = world.connect();
    let mut kill = |request: &str| {
        let other = world.connect();
        let request =
            request.replace("OTHER", &format!("127.0.0.1:{}", 50_000 + other)).replace("NUMBER", &format!("{other}"));
        let reply = world.ask(own, &request);
        assert!(!world.is_closed(own));
        let listed = listed(&mut world, own, "CLIENT LIST").contains(&other);
        assert_ne!(listed, world.is_closed(other), "{request}");
        (reply, !listed)
    };
    let cases = [
        ("CLIENT KILL OTHER", "+OK", true),
        ("CLIENT KILL 127.0.0.1:1", "-ERR No such client", false),
        ("CLIENT KILL ADDR OTHER", ":1", true),
        ("CLIENT KILL ID NUMBER", ":1", true),
        ("CLIENT KILL ID NUMBER ADDR 127.0.0.1:1", ":0", false),
        ("CLIENT KILL TYPE pubsub", ":0", false),
        ("CLIENT KILL ID 0", "-ERR client-id should be greater than 0", false),
        ("CLIENT KILL ID x", "-ERR client-id should be greater than 0", false),
        ("CLIENT KILL USER nobody", "-ERR No such user 'nobody'", false),
        ("CLIENT KILL SKIPME maybe", "-ERR syntax error", false),
        ("CLIENT KILL ID 1 SKIPME", "-ERR syntax error", false),
        ("CLIENT KILL ID 1", ":0", false),
        ("CLIENT KILL USER default LADDR 127.0.0.1:6379", ":10", true),
    ];
    for (request, reply, killed) in cases {
        assert_eq!(kill(request), (format!("{reply}\r\n"), killed), "{request}");
    }
    let replies = pipeline(&mut world, own, &["CLIENT KILL TYPE normal SKIPME no", "PING"]);
    assert_eq!(replies, ":1\r\n");
    assert!(world.is_closed(own));
    assert!(world.engine.server().sessions.iter().all(|session| session.closing));
}

#[test]
fn a_pause_holds_clients_back_until_it_ends() {
    let mut world = World::new();
    let (admin, writer, reader) = (world.connect(), world.connect(), world.connect());
    assert_eq!(world.ask(admin, "CLIENT PAUSE 1000 WRITE"), "+OK\r\n");
    assert_eq!(world.ask(reader, "GET a"), "$-1\r\n");
    assert_eq!(world.ask(writer, "SET a 1"), "");
    assert_eq!(world.ask(writer, "GET a"), "");
    assert_eq!(field(&world.ask(admin, "CLIENT LIST ID 2"), "flags"), "b");
    world.advance_ms(999);
    assert_eq!(world.read(writer), "");
    world.advance_ms(1);
    assert_eq!(world.read(writer), "+OK\r\n$1\r\n1\r\n");

    // Whoever pauses waits too; UNPAUSE runs only while others write or not at all.
    assert_eq!(world.ask(admin, "CLIENT PAUSE 500 WRITE"), "+OK\r\n");
    assert_eq!(world.ask(writer, "SET a 2"), "");
    assert_eq!(world.ask(admin, "CLIENT UNPAUSE"), "+OK\r\n");
    assert_eq!(world.read(writer), "+OK\r\n");
    assert_eq!(world.ask(admin, "CLIENT PAUSE 500"), "+OK\r\n");
    assert_eq!(world.ask(reader, "GET a"), "");
    assert_eq!(world.ask(admin, "CLIENT UNPAUSE"), "");
    world.advance_ms(500);
    assert_eq!((world.read(reader), world.read(admin)), ("$1\r\n2\r\n".into(), "+OK\r\n".into()));

    // Neither shorter nor weaker; what waits can be killed.
    assert_eq!(pipeline(&mut world, admin, &["CLIENT PAUSE 1000 WRITE", "CLIENT PAUSE 10 WRITE"]), "+OK\r\n+OK\r\n");
    assert_eq!(pipeline(&mut world, writer, &["CLIENT REPLY SKIP", "SET a 3", "ECHO x"]), "");
    world.advance_ms(20);
    assert_eq!(world.ask(admin, "CLIENT UNPAUSE"), "+OK\r\n");
    assert_eq!(world.read(writer), "$1\r\nx\r\n");
    assert_eq!(world.ask(admin, "CLIENT PAUSE 1000 WRITE"), "+OK\r\n");
    assert_eq!(world.ask(writer, "SET a 4"), "");
    assert_eq!(world.ask(admin, "CLIENT KILL ID 2"), ":1\r\n");
    assert_eq!(world.ask(admin, "CLIENT UNPAUSE"), "+OK\r\n");
    assert_eq!(world.ask(reader, "GET a"), "$1\r\n3\r\n");
    table(
        &mut world,
        &[
            ("CLIENT PAUSE x", "-ERR timeout is not an integer or out of range"),
            ("CLIENT PAUSE -1", "-ERR timeout is negative"),
            ("CLIENT PAUSE 9223372036854775807", "-ERR timeout is out of range"),
            ("CLIENT PAUSE 1 x", "-ERR CLIENT PAUSE mode must be WRITE or ALL"),
            (
                "CLIENT PAUSE 1 ALL x",
                "-ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.",
            ),
            ("CLIENT PAUSE 0", "+OK"),
            ("PING", "+PONG"),
        ],
    );
}

#[test]
fn help_comes_from_the_table() {
    let mut world = World::new();
    let client = world.connect();
    let reply = world.ask(client, "CLIENT HELP");
    let lines: alloc::vec::Vec<&str> = reply.lines().collect();
    assert_eq!(lines[1], "+CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    assert!(lines.contains(&"+PAUSE <timeout> [WRITE|ALL]"), "{reply}");
    assert!(lines.contains(&"+    Names the connection."), "{reply}");
}
