//! SET and its variants, MSET and its variants, GETEX, GETDEL.

use super::{FAR, NOT_INTEGER, SYNTAX, check_changes, server};
use crate::testing::{START_MS, TestServer};
use alloc::format;
use alloc::string::String;

#[test]
fn set_and_get() {
    TestServer::new().check(&[
        ("GET k", "$-1"),
        ("SET k v", "+OK"),
        ("GET k", "$1 v"),
        ("SET k ''", "+OK"),
        ("GET k", "$0 "),
        ("SET k -9223372036854775808", "+OK"),
        ("GET k", "$20 -9223372036854775808"),
        (r#"SET k "a\r\nb\x00""#, "+OK"),
        ("STRLEN k", ":5"),
        ("GET", "-ERR wrong number of arguments for 'get' command"),
        ("SET k", "-ERR wrong number of arguments for 'set' command"),
    ]);
}

#[test]
fn set_conditions() {
    TestServer::new().check(&[
        ("SET k v XX", "$-1"),
        ("SET k v NX", "+OK"),
        ("SET k w NX", "$-1"),
        ("SET k w nx get", "$1 v"),
        ("SET k w xx GET", "$1 v"),
        ("GET k", "$1 w"),
        ("SET l v NX GET", "$-1"),
        ("GET l", "$1 v"),
        ("SET m v XX GET", "$-1"),
        ("GET m", "$-1"),
        ("SET k x GET GET", "$1 w"),
        ("SET k 12 NX NX", "$-1"),
        ("SET k 12 IFEQ y", "$-1"),
        ("SET k 12 IFEQ x", "+OK"),
        ("SET k 13 IFEQ 12 GET", "$2 12"),
        ("SET k 14 IFEQ 012 GET", "$2 13"),
        ("GET k", "$2 13"),
        ("SET missing v IFEQ ''", "$-1"),
        ("SET missing v IFEQ '' GET", "$-1"),
        ("GET missing", "$-1"),
    ]);
}

#[test]
fn set_refuses_what_contradicts() {
    let mut server = TestServer::new();
    for options in [
        "NX XX",
        "XX NX",
        "NX IFEQ a",
        "XX IFEQ a",
        "IFEQ a XX",
        "IFEQ a IFEQ a",
        "IFEQ",
        "EX",
        "EX 10 PX 10",
        "PX 10 EXAT 10",
        "EXAT 10 PXAT 10",
        "EX 10 KEEPTTL",
        "KEEPTTL EX 10",
        "PERSIST",
        "KEEPTTLS",
        "''",
        "v",
    ] {
        assert_eq!(server.send(&format!("SET k v {options}")), SYNTAX, "{options}");
    }
    for options in ["EX 10 EX 20", "KEEPTTL KEEPTTL", "PX 5 NX PX 20000"] {
        let mut fresh = TestServer::new();
        assert_eq!(fresh.send(&format!("SET k v {options}")), "+OK", "{options}");
        assert_eq!(fresh.expires("k"), if options.contains("20") { Some(20_000) } else { None });
    }
}

#[test]
fn set_expiries() {
    let mut server = TestServer::new();
    let in_a_second = START_MS / 1000 + 1;
    for (options, expires) in [
        (String::from("EX 10"), Some(10_000)),
        ("px 10".into(), Some(10)),
        (format!("EXAT {in_a_second}"), Some(1000)),
        (format!("PXAT {}", START_MS + 7), Some(7)),
        ("KEEPTTL".into(), Some(7)),
        ("GET KEEPTTL XX".into(), Some(7)),
        ("".into(), None),
    ] {
        server.send(&format!("SET k v {options}"));
        assert_eq!(server.expires("k"), expires, "{options}");
    }
    server.check(&[("SETEX k 10 v", "+OK"), ("PSETEX l 10 v", "+OK")]);
    assert_eq!((server.expires("k"), server.expires("l")), (Some(10_000), Some(10)));
    server.advance_ms(10);
    server.check(&[("GET l", "$-1"), ("GET k", "$1 v"), ("SET k v2 KEEPTTL", "+OK")]);
    assert_eq!(server.expires("k"), Some(10_000));
}

#[test]
fn invalid_expiries() {
    let mut server = server(&["SET k v"]);
    let invalid = |command: &str| format!("-ERR invalid expire time in '{command}' command");
    for unit in ["EX", "PX", "EXAT", "PXAT"] {
        for number in ["0", "-1", "-9223372036854775808"] {
            assert_eq!(server.send(&format!("SET k w {unit} {number}")), invalid("set"));
            assert_eq!(server.send(&format!("GETEX k {unit} {number}")), invalid("getex"));
            assert_eq!(server.send(&format!("MSETEX 1 k w {unit} {number}")), invalid("msetex"));
        }
        for number in ["", "x", "1.5", " 1", "01", "9223372036854775808"] {
            assert_eq!(server.send(&format!("SET k w {unit} '{number}'")), NOT_INTEGER, "{unit} {number}");
        }
    }
    for (unit, number) in [("EX", FAR), ("EX", "9223372036854775"), ("PX", FAR), ("EXAT", "9223372036854776")] {
        assert_eq!(server.send(&format!("SET k w {unit} {number}")), invalid("set"));
    }
    server.check(&[
        ("SETEX k 0 w", &invalid("setex")),
        ("SETEX k -1 w", &invalid("setex")),
        ("SETEX k 9223372036854775 w", &invalid("setex")),
        ("PSETEX k 0 w", &invalid("psetex")),
        ("PSETEX k 9223372036854775807 w", &invalid("psetex")),
        ("SETEX k x w", NOT_INTEGER),
        ("GET k", "$1 v"),
        // GETEX looks at the key first.
        ("GETEX missing EX 0", "$-1"),
        ("GETEX missing EX x", "$-1"),
        ("SET k w PXAT 9223372036854775807", "+OK"),
        ("SET k w EXAT 9223372036854775", "+OK"),
    ]);
}

#[test]
fn an_expiry_in_the_past_expires_at_once() {
    let mut server = server(&["SET k v"]);
    check_changes(
        &mut server,
        &[
            ("SET k w EXAT 1", &[&format!("set k = \"w\" @ {}", 1000 - START_MS), "expire k"]),
            ("GET k", &["expired k: delete"]),
            ("GET k", &[]),
        ],
    );
}

#[test]
fn set_variants() {
    TestServer::new().check(&[
        ("SETNX k v", ":1"),
        ("SETNX k w", ":0"),
        ("GETSET k 5", "$1 v"),
        ("GETSET l v", "$-1"),
        ("MGET k l m", "*3 $1 5 $1 v $-1"),
        ("GETDEL k", "$1 5"),
        ("GETDEL k", "$-1"),
        ("SET k 10", "+OK"),
        ("DELIFEQ k 11", ":0"),
        ("DELIFEQ k 010", ":0"),
        ("DELIFEQ k 10", ":1"),
        ("DELIFEQ k 10", ":0"),
        ("GET k", "$-1"),
    ]);
}

#[test]
fn getex() {
    let mut server = server(&["SET k v"]);
    for (options, expires) in [
        ("", None),
        ("EX 10", Some(10_000)),
        ("", Some(10_000)),
        ("PX 5000", Some(5000)),
        ("PXAT 1700000000007", Some(7)),
        ("EXAT 1700000001", Some(1000)),
        ("PERSIST PERSIST", None),
    ] {
        assert_eq!(server.send(&format!("GETEX k {options}")), "$1 v", "{options}");
        assert_eq!(server.expires("k"), expires, "{options}");
    }
    for options in ["EX", "EX 10 PX 10", "PERSIST EX 10", "EX 10 PERSIST", "KEEPTTL", "NX", "GET", "IFEQ v"] {
        assert_eq!(server.send(&format!("GETEX k {options}")), SYNTAX, "{options}");
    }
    check_changes(
        &mut server,
        &[
            ("GETEX k", &[]),
            ("GETEX k PERSIST", &[]),
            ("GETEX k EX 5", &["expire k @ 5000"]),
            ("GETEX k PERSIST", &["persist k: persist"]),
            ("GETEX k PXAT 1", &["del k: delete"]),
        ],
    );
    server.check(&[("GETEX k", "$-1")]);
}

#[test]
fn several_keys() {
    let mut server = TestServer::new();
    server.check(&[
        ("MSET a 1 b 2 a 3", "+OK"),
        ("MGET a b a c", "*4 $1 3 $1 2 $1 3 $-1"),
        ("MSET a", "-ERR wrong number of arguments for 'mset' command"),
        ("MSET a 1 b", "-ERR wrong number of arguments for 'mset' command"),
        ("MSETNX a 1 b", "-ERR wrong number of arguments for 'msetnx' command"),
        ("MSETNX c 1 b 2", ":0"),
        ("MSETNX c 1 d 2", ":1"),
        ("MGET c d", "*2 $1 1 $1 2"),
        ("MSETEX 2 c 3 d 4", ":1"),
        ("MSETEX 2 c 5 e 6 XX", ":0"),
        ("MSETEX 2 c 5 e 6 NX", ":0"),
        ("MSETEX 2 e 5 f 6 NX PX 1000", ":1"),
        ("MSETEX 2 e 7 f 8 KEEPTTL XX", ":1"),
        ("MGET c d e f", "*4 $1 3 $1 4 $1 7 $1 8"),
        ("MSETEX 1 a", "-ERR wrong number of arguments for 'msetex' command"),
        ("MSETEX 2 a 1 b", SYNTAX),
        ("MSETEX 1 a 1 b 2", SYNTAX),
        ("MSETEX 1 a 1 GET", SYNTAX),
        ("MSETEX 1 a 1 PERSIST", SYNTAX),
        ("MSETEX 1 a 1 NX XX", SYNTAX),
        ("MSETEX 0 a 1", "-ERR invalid numkeys value or out of range"),
        ("MSETEX a 1 b 1", "-ERR invalid numkeys value or out of range"),
        ("MSETEX 2147483648 a 1", "-ERR invalid numkeys value or out of range"),
        ("MSETEX 2147483647 a 1", SYNTAX),
    ]);
    assert_eq!((server.expires("e"), server.expires("f"), server.expires("c")), (Some(1000), Some(1000), None));
    server.advance_ms(1000);
    server.check(&[("MSETNX e 1 f 2", ":1")]);
}
