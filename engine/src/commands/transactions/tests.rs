//! Tables of requests and replies. Client 2 is the other one.

use crate::boundary::id::ClientId;
use crate::testing::TestServer;

const ABORTED: &str = "-EXECABORT Transaction discarded because of previous errors.";
const NIL: &str = "*-1";

/// Clients 1 and 2.
fn server() -> TestServer {
    let mut server = TestServer::with_config("save ''\n");
    server.connect(ClientId(2));
    server.client = ClientId(1);
    server
}

/// Requests with their clients, `2:` for the other one, and their replies.
#[track_caller]
fn check(server: &mut TestServer, table: &[(&str, &str)]) {
    for (request, reply) in table {
        let other = request.strip_prefix("2: ");
        server.client = ClientId(if other.is_some() { 2 } else { 1 });
        assert_eq!(server.send(other.unwrap_or(request)), *reply, "{request}");
    }
    server.client = ClientId(1);
}

/// What happens between WATCH and EXEC, and whether EXEC fails then.
#[track_caller]
fn check_watch(prepare: &[&str], watched: &str, between: &[&str], fails: bool) {
    let mut server = server();
    for request in prepare {
        server.send(request);
    }
    server.advance_ms(20);
    server.send(&alloc::format!("WATCH {watched}"));
    server.client = ClientId(2);
    for request in between {
        match request.strip_prefix("wait ") {
            Some(milliseconds) => server.advance_ms(milliseconds.parse().unwrap_or(0)),
            None => drop(server.send(request)),
        }
    }
    let done = if fails { NIL } else { "*1 :0" };
    check(&mut server, &[("MULTI", "+OK"), ("STRLEN z", "+QUEUED"), ("EXEC", done)]);
    check(&mut server, &[("MULTI", "+OK"), ("STRLEN z", "+QUEUED"), ("EXEC", "*1 :0")]);
    assert!(server.engine.server().watches.is_empty());
}

#[test]
fn a_transaction() {
    check(
        &mut server(),
        &[
            ("EXEC", "-ERR EXEC without MULTI"),
            ("EXEC x", "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command"),
            ("DISCARD", "-ERR DISCARD without MULTI"),
            ("MULTI x", "-ERR wrong number of arguments for 'multi' command"),
            ("MULTI", "+OK"),
            ("EXEC", "*0"),
            ("MULTI", "+OK"),
            ("SET a 1", "+QUEUED"),
            ("2: GET a", "$-1"),
            ("INCR a", "+QUEUED"),
            ("INCR", "-ERR wrong number of arguments for 'incr' command"),
            ("EXEC", ABORTED),
            ("2: GET a", "$-1"),
            ("MULTI", "+OK"),
            ("SET a x", "+QUEUED"),
            ("INCR a", "+QUEUED"),
            ("GET a", "+QUEUED"),
            ("EXEC", "*3 +OK -ERR value is not an integer or out of range $1 x"),
            ("MULTI", "+OK"),
            ("DEL a", "+QUEUED"),
            ("DISCARD", "+OK"),
            ("GET a", "$1 x"),
            ("EXEC", "-ERR EXEC without MULTI"),
        ],
    );
}

#[test]
fn what_runs_at_once() {
    check(
        &mut server(),
        &[
            ("MULTI", "+OK"),
            ("MULTI", "-ERR MULTI calls can not be nested"),
            ("WATCH a", "-ERR WATCH inside MULTI is not allowed"),
            ("UNWATCH", "+QUEUED"),
            ("EXEC", "*1 +OK"),
            ("MULTI", "+OK"),
            ("nosuch", "-ERR unknown command 'nosuch', with args beginning with: "),
            ("MULTI", "-ERR MULTI calls can not be nested"),
            ("EXEC", ABORTED),
            ("MULTI", "+OK"),
            ("OBJECT nosuch", "-ERR unknown subcommand 'nosuch'. Try OBJECT HELP."),
            ("DISCARD", "+OK"),
        ],
    );
}

#[test]
fn changes_break_a_watch() {
    for (between, fails) in [
        (&["SET a 2"][..], true),
        (&["SET a 1"], true),
        (&["DEL a"], true),
        (&["EXPIRE a 100"], true),
        (&["EXPIRE a -1"], true),
        (&["RENAME a b"], true),
        (&["SET b 2", "RENAME b a"], true),
        (&["COPY c a REPLACE"], true),
        (&["MOVE a 1"], true),
        (&["FLUSHDB"], true),
        (&["FLUSHALL"], true),
        (&["SWAPDB 0 1"], true),
        (&["SWAPDB 1 2"], false),
        (&["SWAPDB 0 0"], false),
        (&["GET a", "TOUCH a", "SET b 1", "DEL b", "COPY a b", "PERSIST a", "EXPIRE a 10 XX"], false),
        (&["COPY c a DB 1", "SWAPDB 1 2"], false),
    ] {
        check_watch(&["MSET a 1 c 3"], "a", between, fails);
    }
}

#[test]
fn absent_keys_are_watched_too() {
    for (between, fails) in [
        (&["SET a 1"][..], true),
        (&["SET a 1", "DEL a"], true),
        (&["DEL a"], false),
        (&["FLUSHALL"], false),
        (&["SWAPDB 0 1"], false),
        (&["SWAPDB 0 2"], true),
    ] {
        check_watch(&["SET a 1", "MOVE a 2"], "a", between, fails);
    }
}

#[test]
fn keys_that_expire_break_a_watch_unless_they_had_before() {
    let expires = &["SET a 1 PX 100"][..];
    check_watch(expires, "a", &[], false);
    check_watch(expires, "a", &["wait 100"], true);
    check_watch(expires, "a", &["wait 100", "GET a"], true);
    check_watch(expires, "a", &["wait 100", "FLUSHALL"], true);
    let expired = &["SET a 1 PX 10"][..];
    check_watch(expired, "a", &[], false);
    check_watch(expired, "a", &["GET a"], false);
    check_watch(expired, "a", &["DEL a"], false);
    check_watch(expired, "a", &["FLUSHALL"], false);
    check_watch(expired, "a", &["SWAPDB 0 1"], false);
    check_watch(expired, "a", &["GET a", "SET a 2"], true);
    check_watch(expired, "a", &["SET a 2"], true);
    check_watch(expired, "a", &["SET a 2 PX 5", "wait 10"], true);
    check_watch(expired, "a", &["FLUSHALL", "SET a 2"], true);
    check_watch(expired, "b", &["RENAME a b"], false);
    let elsewhere = &["SET a 1 PX 10", "MOVE a 1", "SET b 1"][..];
    check_watch(elsewhere, "a", &["SWAPDB 0 1"], false);
    check_watch(elsewhere, "a", &["SWAPDB 0 1", "GET a"], false);
    check_watch(elsewhere, "a", &["SWAPDB 0 1", "SET a 2"], true);
    check_watch(elsewhere, "b", &["SWAPDB 0 1"], true);
}

#[test]
fn watches_are_forgotten() {
    let broken = &[("WATCH a", "+OK"), ("2: SET a 1", "+OK")];
    let fine = &[("MULTI", "+OK"), ("STRLEN z", "+QUEUED"), ("EXEC", "*1 :0")];
    let mut server = server();
    check(&mut server, broken);
    check(&mut server, &[("UNWATCH", "+OK")]);
    check(&mut server, fine);
    check(&mut server, broken);
    check(&mut server, &[("MULTI", "+OK"), ("DISCARD", "+OK")]);
    check(&mut server, fine);
    check(&mut server, broken);
    check(
        &mut server,
        &[
            ("WATCH b a", "+OK"),
            ("MULTI", "+OK"),
            ("x", "-ERR unknown command 'x', with args beginning with: "),
            ("EXEC", ABORTED),
        ],
    );
    check(&mut server, fine);
    check(&mut server, &[("WATCH a a b", "+OK"), ("WATCH a", "+OK")]);
    assert_eq!(server.engine.server().watches.key_count(), 2);
    check(&mut server, fine);
    assert_eq!(server.engine.server().watches.key_count(), 0);
}

#[test]
fn a_client_may_change_what_it_watches_in_its_transaction() {
    check(
        &mut server(),
        &[
            ("WATCH a", "+OK"),
            ("MULTI", "+OK"),
            ("SET a 1", "+QUEUED"),
            ("SET a 2", "+QUEUED"),
            ("EXEC", "*2 +OK +OK"),
            ("WATCH a", "+OK"),
            ("SET a 3", "+OK"),
            ("MULTI", "+OK"),
            ("GET a", "+QUEUED"),
            ("EXEC", NIL),
        ],
    );
}

#[test]
fn in_resp3_a_failed_exec_is_null() {
    let mut server = server();
    assert!(server.send("HELLO 3").starts_with("%7 "));
    let requests = &[("WATCH a", "+OK"), ("2: SET a 1", "+OK"), ("MULTI", "+OK"), ("GET a", "+QUEUED"), ("EXEC", "_")];
    check(&mut server, requests);
    check(&mut server, &[("MULTI", "+OK"), ("GET b", "+QUEUED"), ("EXEC", "*1 _")]);
}
