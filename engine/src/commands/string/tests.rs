//! Tables of requests and replies, by command.

use crate::testing::{START_MS, TestServer};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const NOT_INTEGER: &str = "-ERR value is not an integer or out of range";
const NOT_FLOAT: &str = "-ERR value is not a valid float";
const SYNTAX: &str = "-ERR syntax error";
const TOO_LONG: &str = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";
const FAR: &str = "9223372036854775807";

fn server(requests: &[&str]) -> TestServer {
    let mut server = TestServer::new();
    for request in requests {
        server.send(request);
    }
    server.changes();
    server
}

/// Requests, and the changes that follow from each.
#[track_caller]
fn check_changes(server: &mut TestServer, table: &[(&str, &[&str])]) {
    for (request, changes) in table {
        server.changes();
        server.send(request);
        assert_eq!(server.changes(), *changes, "{request}");
    }
}

/// Requests, and the encoding that they leave at key `k`.
#[track_caller]
fn check_encodings(requests: &[(&str, &str)]) {
    for (requests, encoding) in requests {
        let mut server = TestServer::new();
        for request in requests.split(" ; ") {
            let reply = server.send(request);
            assert!(!reply.starts_with('-'), "{request}: {reply}");
        }
        assert_eq!(server.encoding("k"), *encoding, "{requests}");
    }
}

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
fn changes() {
    check_changes(
        &mut TestServer::new(),
        &[
            ("SET k v", &["new k", "set k: command"]),
            ("SET k v XX", &["set k: command"]),
            ("SET k 5 EX 1", &["set k = \"5\" @ 1000", "expire k"]),
            ("SET k 6 KEEPTTL", &["set k: command"]),
            ("SET k 6 KEEPTTL GET", &["set k = \"6\" @ 1000"]),
            ("SET k 7 GET", &["set k = \"7\""]),
            ("SET k 7 IFEQ 7", &["set k = \"7\""]),
            ("SET k 7 NX", &[]),
            ("SETEX k 1 v", &["set k = \"v\" @ 1000", "expire k"]),
            ("GETSET k 1", &["set k = \"1\""]),
            ("INCR k", &["incrby k: command"]),
            ("DECRBY k 3", &["incrby k: command"]),
            ("INCRBYFLOAT k .5", &["incrbyfloat k = \"-0.5\""]),
            ("GETEX k EX 1", &["expire k @ 1000"]),
            ("INCRBYFLOAT k .5", &["incrbyfloat k = \"0\" @ 1000"]),
            ("APPEND k ''", &["append k: command"]),
            ("SETRANGE k 1 ''", &[]),
            ("SETRANGE k 1 x", &["setrange k: command"]),
            ("MSET k 1 l 2", &["set k: command", "new l", "set l"]),
            ("MSETNX k 1 m 2", &[]),
            ("MSETNX m 1 m 2", &["new m", "set m: command", "set m"]),
            ("MSETEX 1 m 1 XX EX 1", &["set m = \"1\" @ 1000", "expire m"]),
            ("MSETEX 2 m 1 k 2 KEEPTTL", &["set m: command", "set k"]),
            ("GETDEL k", &["del k: delete"]),
            ("DELIFEQ l 2", &["del l: delete"]),
            ("GETDEL k", &[]),
            ("SETRANGE n 1 x", &["new n", "setrange n: command"]),
            ("APPEND o 1", &["new o", "append o: command"]),
            ("INCR p", &["new p", "incrby p: command"]),
        ],
    );
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

#[test]
fn integers() {
    let overflow = "-ERR increment or decrement would overflow";
    TestServer::new().check(&[
        ("INCR k", ":1"),
        ("DECR k", ":0"),
        ("DECR k", ":-1"),
        ("INCRBY k 1000000000000", ":999999999999"),
        ("DECRBY k -1", ":1000000000000"),
        ("INCRBY k x", NOT_INTEGER),
        ("INCRBY k 1.5", NOT_INTEGER),
        ("DECRBY k -9223372036854775808", "-ERR decrement would overflow"),
        ("SET k 9223372036854775807", "+OK"),
        ("INCR k", overflow),
        ("INCRBY k -9223372036854775808", ":-1"),
        ("INCRBY k -9223372036854775808", overflow),
        ("SET k -9223372036854775808", "+OK"),
        ("DECR k", overflow),
        ("SET k ' 11'", "+OK"),
        ("INCR k", NOT_INTEGER),
        ("SET k ''", "+OK"),
        ("INCR k", NOT_INTEGER),
        ("APPEND k 12", ":2"),
        ("INCR k", ":13"),
    ]);
}

#[test]
fn floats() {
    let nan = "-ERR increment would produce NaN or Infinity";
    TestServer::new().check(&[
        ("INCRBYFLOAT k 1", "$1 1"),
        ("INCRBYFLOAT k 0.25", "$4 1.25"),
        ("INCRBYFLOAT k 1.1", "$4 2.35"),
        ("SET k 3.0", "+OK"),
        ("INCRBYFLOAT k -1.100", "$3 1.9"),
        ("SET k 17179869184", "+OK"),
        ("INCRBYFLOAT k 1.5", "$13 17179869185.5"),
        ("SET k 5.0e3", "+OK"),
        ("INCRBYFLOAT k 2.0e2", "$4 5200"),
        ("INCRBYFLOAT k x", NOT_FLOAT),
        ("INCRBYFLOAT k ''", NOT_FLOAT),
        ("INCRBYFLOAT k nan", NOT_FLOAT),
        ("INCRBYFLOAT k +inf", nan),
        ("INCRBYFLOAT k -inf", nan),
        ("SET k ' 11'", "+OK"),
        ("INCRBYFLOAT k 1", NOT_FLOAT),
        ("SET k 1", "+OK"),
        ("INCRBYFLOAT k -1", "$1 0"),
        ("INCR k", ":1"),
    ]);
}

#[test]
fn appending() {
    let mut server = TestServer::new();
    let mut model = Vec::new();
    for length in [0, 1, 20, 500, 400, 100, 0, 1, 3000, 70_000, 1] {
        let part: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
        model.extend_from_slice(&part);
        let reply = server.send_arguments(&[b"APPEND", b"k", &part]);
        assert_eq!(reply, format!(":{}\r\n", model.len()).as_bytes());
        let stored = server.entry("k").map(|entry| entry.value().bytes(&mut [0; 20]).to_vec());
        assert_eq!(stored.as_ref(), Some(&model));
    }
    let long = Vec::from_iter((0..2000).map(|index| (index % 241) as u8));
    server.send("SET short ab EX 9");
    server.send_arguments(&[b"APPEND", b"short", &long]);
    let entry = server.entry("short").unwrap();
    assert_eq!(entry.value().bytes(&mut [0; 20]), [b"ab", &long[..]].concat());
    assert_eq!(server.expires("short"), Some(9000));
}

#[test]
fn ranges() {
    TestServer::new().check(&[
        ("SETRANGE k 0 ''", ":0"),
        ("GET k", "$-1"),
        ("SETRANGE k 0 foo", ":3"),
        ("SETRANGE k 1 b", ":3"),
        ("SETRANGE k 5 bar", ":8"),
        ("GET k", "$8 fbo\0\0bar"),
        ("SETRANGE k 0 ''", ":8"),
        ("SET k 1234", "+OK"),
        ("SETRANGE k 1 2", ":4"),
        ("SETRANGE k 3 56", ":5"),
        ("GET k", "$5 12356"),
        ("SETRANGE k -1 x", "-ERR offset is out of range"),
        ("SETRANGE missing -1 ''", "-ERR offset is out of range"),
        ("SETRANGE k x y", NOT_INTEGER),
        ("SETRANGE k 9223372036854775807 x", TOO_LONG),
        ("SETRANGE k 536870912 x", TOO_LONG),
        ("SETRANGE missing 536870912 x", TOO_LONG),
        ("SETRANGE k 536870912 ''", ":5"),
        ("GETRANGE k 0 0", "$1 1"),
        ("GETRANGE k 0 -1", "$5 12356"),
        ("GETRANGE k -3 -1", "$3 356"),
        ("GETRANGE k -1 -3", "$0 "),
        ("GETRANGE k 4 3", "$0 "),
        ("GETRANGE k 5 5", "$0 "),
        ("GETRANGE k 3 9223372036854775807", "$2 56"),
        ("GETRANGE k -9223372036854775808 0", "$1 1"),
        ("GETRANGE k -100 -99", "$1 1"),
        ("GETRANGE k 0 -100", "$1 1"),
        ("SUBSTR k 1 2", "$2 23"),
        ("GETRANGE missing 0 -1", "$0 "),
        ("GETRANGE missing x -1", NOT_INTEGER),
        ("GETRANGE k 0 x", NOT_INTEGER),
        ("SET k ''", "+OK"),
        ("GETRANGE k 0 -1", "$0 "),
        ("SET k 42", "+OK"),
        ("SUBSTR k -1 -1", "$1 2"),
    ]);
}

#[test]
fn ranges_over_long_strings() {
    let mut server = TestServer::new();
    server.check(&[("SETRANGE k 5000 ab", ":5002"), ("SETRANGE k 1 x", ":5002"), ("SETRANGE k 5001 cde", ":5004")]);
    let mut expected = alloc::vec![0; 5004];
    expected[1] = b'x';
    expected[5000..].copy_from_slice(b"acde");
    assert_eq!(server.entry("k").unwrap().value().bytes(&mut [0; 20]), expected);
    server.check(&[("SETRANGE k 9999 z", ":10000"), ("GETRANGE k -3 -1", "$3 \0\0z"), ("STRLEN k", ":10000")]);
    server.check(&[("SET short abc", "+OK"), ("SETRANGE short 2000 z", ":2001"), ("GETRANGE short 0 3", "$4 abc\0")]);
}

#[test]
fn sizes_are_limited() {
    let mut server = TestServer::with_config("proto-max-bulk-len 1mb");
    let chunk = alloc::vec![b'x'; 1 << 20];
    server.check(&[("SETRANGE k 1048575 x", ":1048576"), ("APPEND k y", TOO_LONG), ("APPEND k ''", ":1048576")]);
    server.check(&[("SETRANGE k 1048576 x", TOO_LONG), ("SETRANGE l 1048576 x", TOO_LONG), ("SET l v", "+OK")]);
    assert_eq!(server.send_arguments(&[b"APPEND", b"l", &chunk]), format!("{TOO_LONG}\r\n").as_bytes());
    server.check(&[("SETRANGE l 1000 x", ":1001")]);
    assert_eq!(server.send("LCS k l"), "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
}

#[test]
fn encodings() {
    let digits = "SET k 1234567890123456789";
    let long = format!("SET k {}", "x".repeat(45));
    check_encodings(&[
        ("SET k 1", "int"),
        ("SET k -9223372036854775808", "int"),
        ("SET k 9223372036854775808", "embstr"),
        ("SET k 007", "embstr"),
        ("SET k ''", "embstr"),
        ("SET k abc", "embstr"),
        (&long[..long.len() - 1], "embstr"),
        (&long, "raw"),
        (digits, "int"),
        ("APPEND k 12", "int"),
        ("APPEND k ab", "embstr"),
        ("SET k 1 ; APPEND k 2", "raw"),
        ("SET k a ; APPEND k ''", "raw"),
        ("SET k a ; APPEND k b ; SET k a", "embstr"),
        ("SET k 1 ; APPEND k 2 ; INCR k", "int"),
        ("SETRANGE k 0 1", "raw"),
        ("SET k 1 ; SETRANGE k 0 1", "raw"),
        ("SET k 1 ; SETRANGE k 0 ''", "int"),
        ("INCR k", "int"),
        ("INCRBYFLOAT k 3", "embstr"),
        ("INCRBYFLOAT k 3 ; INCR k", "int"),
        ("SET k 1 ; INCRBYFLOAT k 1", "embstr"),
        ("SET k 1 ; APPEND k 2 ; GETSET k 3", "int"),
        ("SETNX k 3", "int"),
        ("SETEX k 3 3", "int"),
        ("MSET k 3 l 4", "int"),
        ("MSETNX k 3", "int"),
        ("SET k 1 ; APPEND k 2 ; GETEX k EX 5", "raw"),
    ]);
}

#[test]
fn longest_common_subsequence() {
    let mut server = server(&["MSET a ohmytext b mynewtext n 12345 m 1X345 e ''"]);
    server.check(&[
        ("LCS a b", "$6 mytext"),
        ("LCS a b LEN", ":6"),
        ("LCS a b IDX", "*4 $7 matches *2 *2 *2 :4 :7 *2 :5 :8 *2 *2 :2 :3 *2 :0 :1 $3 len :6"),
        ("LCS a b IDX MINMATCHLEN 4", "*4 $7 matches *1 *2 *2 :4 :7 *2 :5 :8 $3 len :6"),
        ("LCS a b idx minmatchlen 4 withmatchlen", "*4 $7 matches *1 *3 *2 :4 :7 *2 :5 :8 :4 $3 len :6"),
        ("LCS a b IDX MINMATCHLEN -5 MINMATCHLEN 9", "*4 $7 matches *0 $3 len :6"),
        ("LCS n m", "$4 1345"),
        ("LCS a missing", "$0 "),
        ("LCS e a LEN", ":0"),
        ("LCS missing missing IDX", "*4 $7 matches *0 $3 len :0"),
        ("LCS a b LEN IDX", "-ERR If you want both the length and indexes, please just use IDX."),
        ("LCS a b MINMATCHLEN", SYNTAX),
        ("LCS a b MINMATCHLEN x", NOT_INTEGER),
        ("LCS a b FOO", SYNTAX),
        ("LCS a", "-ERR wrong number of arguments for 'lcs' command"),
    ]);
}
