//! Tables of requests and replies, by command.

use crate::boundary::effects::Effect;
use crate::keyspace::database::Database;
use crate::testing::{START_MS, TestServer};
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const NOT_INTEGER: &str = "-ERR value is not an integer or out of range";
const SYNTAX: &str = "-ERR syntax error";
const BAD_DATABASE: &str = "-ERR DB index is out of range";
const SAME: &str = "-ERR source and destination objects are the same";

fn server(requests: &[&str]) -> TestServer {
    let mut server = TestServer::with_config("save ''\n");
    for request in requests {
        let reply = server.send(request);
        assert!(!reply.starts_with('-'), "{request}: {reply}");
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

/// Expires keys `x1` to `x3` without removing them.
fn with_expired(requests: &[&str]) -> TestServer {
    let mut server = server(requests);
    for key in ["x1", "x2", "x3"] {
        server.send(&format!("SET {key} v PX 10"));
    }
    server.advance_ms(11);
    server.changes();
    server
}

#[test]
fn delete_and_exist() {
    let mut server = server(&["MSET a 1 b 2 c 3"]);
    server.check(&[
        ("DEL", "-ERR wrong number of arguments for 'del' command"),
        ("EXISTS a b a none", ":3"),
        ("TOUCH a none b", ":2"),
        ("TYPE a", "+string"),
        ("TYPE none", "+none"),
        ("DEL a a none", ":1"),
        ("UNLINK b c", ":2"),
        ("EXISTS a b c", ":0"),
        ("DBSIZE", ":0"),
    ]);
    server.send("MSET a 1 b 2 c 3");
    check_changes(&mut server, &[("DEL none a c", &["del a: command", "del c"]), ("DEL a", &[])]);
}

#[test]
fn expired_keys_are_not_there() {
    let mut server = with_expired(&["SET a 1"]);
    server.check(&[("DBSIZE", ":4"), ("KEYS *", "*1 $1 a"), ("DBSIZE", ":4"), ("EXISTS x1", ":0"), ("DBSIZE", ":3")]);
    check_changes(&mut server, &[("DEL x2", &["expired x2: delete"]), ("RENAME x3 y", &["expired x3: delete"])]);
    server.check(&[("DBSIZE", ":1"), ("RENAME x3 y", "-ERR no such key")]);
}

#[test]
fn rename() {
    let mut server = server(&["SET a 1 PX 5000", "SET b 2"]);
    server.check(&[
        ("RENAME none b", "-ERR no such key"),
        ("RENAME none none", "-ERR no such key"),
        ("RENAME a a", "+OK"),
        ("RENAMENX a a", ":0"),
        ("RENAMENX a b", ":0"),
        ("RENAMENX none b", "-ERR no such key"),
        ("RENAMENX a c", ":1"),
        ("PTTL c", ":5000"),
        ("RENAME c b", "+OK"),
        ("GET b", "$1 1"),
        ("PTTL b", ":5000"),
        ("DBSIZE", ":1"),
    ]);
    check_changes(
        &mut server,
        &[
            ("RENAME b b", &[]),
            ("RENAMENX b c", &["new c", "rename_from b: command", "rename_to c"]),
            ("RENAME none b", &[]),
        ],
    );
}

#[test]
fn rename_over_an_expired_key() {
    let mut server = with_expired(&["SET a 1"]);
    server.check(&[("RENAMENX a x1", ":1"), ("GET x1", "$1 1"), ("TTL x1", ":-1")]);
    check_changes(
        &mut server,
        &[("RENAME x1 x2", &["expired x2: delete", "new x2", "rename_from x1: command", "rename_to x2"])],
    );
}

#[test]
fn large_values_move() {
    let mut server = server(&["SETRANGE large 1100000 x"]);
    let address = |server: &TestServer, key: &str| match server.entry(key).map(|entry| entry.value()) {
        Some(crate::data::entry::Value::Bytes(bytes)) => bytes.as_ptr() as usize,
        _ => 0,
    };
    let before = address(&server, "large");
    let bytes = server.engine.keyspace().bytes();
    server.check(&[("RENAME large other", "+OK"), ("STRLEN other", ":1100001")]);
    assert_eq!(address(&server, "other"), before);
    assert_eq!(server.engine.keyspace().bytes(), bytes);
    server.check(&[("MOVE other 3", ":1"), ("SWAPDB 0 3", "+OK"), ("STRLEN other", ":1100001")]);
    assert_eq!(address(&server, "other"), before);
    assert_eq!(server.encoding("other"), "raw");
    server.check(&[("COPY other copy", ":1"), ("DEL other", ":1"), ("STRLEN copy", ":1100001")]);
    assert_eq!(server.encoding("copy"), "raw");
    server.check(&[("DEL copy", ":1")]);
    let emptied = server
        .effects
        .orders
        .list
        .iter()
        .any(|effect| matches!(effect, Effect::Drop(garbage) if garbage.is::<Vec<u8>>()));
    assert!(emptied, "large values are dropped elsewhere");
}

#[test]
fn copy() {
    let mut server = server(&["SET a 1 PX 5000", "SET b 2"]);
    server.check(&[
        ("COPY a a", SAME),
        ("COPY none none", SAME),
        ("COPY a a DB 0", SAME),
        ("COPY a a DB 1", ":1"),
        ("COPY a b", ":0"),
        ("COPY none b", ":0"),
        ("COPY none b REPLACE", ":0"),
        ("GET b", "$1 2"),
        ("COPY a b REPLACE", ":1"),
        ("GET b", "$1 1"),
        ("PTTL b", ":5000"),
        ("COPY a b REPLACE DB 16", BAD_DATABASE),
        ("COPY a b DB -1", BAD_DATABASE),
        ("COPY a b DB x", NOT_INTEGER),
        ("COPY a b DB 3000000000", "-ERR value is out of range, value must between -2147483648 and 2147483647"),
        ("COPY a b DB", SYNTAX),
        ("COPY a b REPLACE REPLACE DB 2 DB 3", ":1"),
        ("COPY a b NX", SYNTAX),
    ]);
    check_changes(&mut server, &[("COPY a c", &["new c", "copy_to c: command"]), ("COPY a c", &[])]);
}

#[test]
fn move_between_databases() {
    let mut server = server(&["SET a 1 PX 5000", "SET b 2", "COPY b b DB 1"]);
    server.check(&[
        ("MOVE a 0", SAME),
        ("MOVE none 0", SAME),
        ("MOVE a 16", BAD_DATABASE),
        ("MOVE a x", NOT_INTEGER),
        ("MOVE none 1", ":0"),
        ("MOVE b 1", ":0"),
        ("MOVE a 1", ":1"),
        ("EXISTS a", ":0"),
        ("SWAPDB 0 1", "+OK"),
        ("PTTL a", ":5000"),
        ("DBSIZE", ":2"),
    ]);
    check_changes(&mut server, &[("MOVE a 1", &["new a", "move_from a: command", "move_to a"]), ("MOVE a 1", &[])]);
}

#[test]
fn swap_databases() {
    let mut server = server(&["SET a 1"]);
    server.check(&[
        ("SWAPDB x 1", "-ERR invalid first DB index"),
        ("SWAPDB 1 x", "-ERR invalid second DB index"),
        ("SWAPDB 1 3000000000", "-ERR invalid second DB index"),
        ("SWAPDB 1 16", BAD_DATABASE),
        ("SWAPDB -1 1", BAD_DATABASE),
        ("SWAPDB 0 0", "+OK"),
        ("DBSIZE", ":1"),
        ("SWAPDB 0 15", "+OK"),
        ("DBSIZE", ":0"),
        ("SWAPDB 15 0", "+OK"),
        ("DBSIZE", ":1"),
    ]);
}

#[test]
fn flush() {
    let mut server = server(&["MSET a 1 b 2", "COPY a a DB 1"]);
    let dirty = server.engine.keyspace().dirty;
    server.check(&[
        ("FLUSHDB x", SYNTAX),
        ("FLUSHALL ASYNC SYNC", SYNTAX),
        ("FLUSHDB ASYNC", "+OK"),
        ("DBSIZE", ":0"),
        ("SWAPDB 0 1", "+OK"),
        ("DBSIZE", ":1"),
        ("FLUSHALL sync", "+OK"),
    ]);
    assert_eq!(server.engine.keyspace().dirty, dirty + 2 + 1 + 1);
    let dropped = |effect: &Effect| matches!(effect, Effect::Drop(garbage) if garbage.is::<Box<Database>>());
    assert_eq!(server.effects.orders.list.iter().filter(|effect| dropped(effect)).count(), 1);
    server.check(&[("DBSIZE", ":0")]);
    check_changes(&mut server, &[("FLUSHDB", &["Flush(DatabaseId(0))"]), ("FLUSHALL", &["FlushAll"])]);
}

#[test]
fn expire() {
    let invalid = |command| format!("-ERR invalid expire time in '{command}' command");
    let nx = "-ERR NX and XX, GT or LT options at the same time are not compatible";
    let gt_lt = "-ERR GT and LT options at the same time are not compatible";
    let mut server = server(&["SET a 1"]);
    server.check(&[
        ("EXPIRE a x", NOT_INTEGER),
        ("EXPIRE a 10 zz", "-ERR Unsupported option zz"),
        ("EXPIRE none x zz", "-ERR Unsupported option zz"),
        ("EXPIRE a x NX XX", nx),
        ("EXPIRE a 10 nx gt", nx),
        ("EXPIRE a 10 LT NX", nx),
        ("EXPIRE a 10 GT LT", gt_lt),
        ("EXPIRE a 9223372036854776", &invalid("expire")),
        ("EXPIRE a -9223372036854776", &invalid("expire")),
        ("PEXPIRE a 9223372036854775807", &invalid("pexpire")),
        ("EXPIREAT a 9223372036854776", &invalid("expireat")),
        ("EXPIRE none 10", ":0"),
        ("EXPIRE a 10 XX", ":0"),
        ("EXPIRE a 10 GT", ":0"),
        ("EXPIRE a 10 XX LT", ":0"),
        ("EXPIRE a 10 LT", ":1"),
        ("TTL a", ":10"),
        ("EXPIRE a 10 NX", ":0"),
        ("EXPIRE a 10 GT", ":0"),
        ("EXPIRE a 11 GT XX GT", ":1"),
        ("EXPIRE a 11 LT", ":0"),
        ("PEXPIRE a 10400 LT XX", ":1"),
        ("TTL a", ":10"),
        ("PTTL a", ":10400"),
        ("EXPIRETIME a", &format!(":{}", (START_MS + 10_400) / 1000)),
        ("PEXPIRETIME a", &format!(":{}", START_MS + 10_400)),
        ("PERSIST a", ":1"),
        ("PERSIST a", ":0"),
        ("PERSIST none", ":0"),
        ("TTL a", ":-1"),
        ("PEXPIRETIME a", ":-1"),
        ("PTTL none", ":-2"),
        ("EXPIRETIME none", ":-2"),
        ("PEXPIREAT a 9223372036854775807", ":1"),
        ("PTTL a", &format!(":{}", i64::MAX - START_MS)),
        ("EXPIRETIME a", ":9223372036854776"),
    ]);
    check_changes(
        &mut server,
        &[
            ("EXPIRE a 5", &["expire a @ 5000"]),
            ("PEXPIREAT a 1700000000001", &["expire a @ 1"]),
            ("EXPIREAT a 1800000000 LT", &[]),
            ("PERSIST a", &["persist a: persist"]),
            ("EXPIRE a -1 GT", &[]),
            ("EXPIRE a 0", &["del a: delete"]),
            ("EXPIRE a -1", &[]),
        ],
    );
    server.check(&[("SET a 1", "+OK"), ("PEXPIREAT a 1", ":1"), ("EXISTS a", ":0"), ("SET a 1", "+OK")]);
    server.check(&[("EXPIRE a -9223372036854775", ":1"), ("EXISTS a", ":0")]);
}

#[test]
fn keys() {
    let mut server = server(&["MSET hello 1 hallo 2 hxllo 3 other 4"]);
    let mut keys = |pattern: &str| {
        let reply = server.send(&format!("KEYS {pattern}"));
        reply.split(' ').skip(2).step_by(2).map(ToString::to_string).collect::<BTreeSet<_>>()
    };
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(keys("*").len(), 4);
    assert_eq!(keys("h?llo"), set(&["hello", "hallo", "hxllo"]));
    assert_eq!(keys("h[ae]llo"), set(&["hello", "hallo"]));
    assert_eq!(keys("x*"), set(&[]));
}

#[test]
fn random_key() {
    let mut server = with_expired(&["SET a 1"]);
    server.check(&[("RANDOMKEY", "$1 a"), ("DEL a", ":1"), ("RANDOMKEY", "$-1"), ("DBSIZE", ":0")]);
    let mut seen = BTreeSet::new();
    server.send("MSET a 1 b 2 c 3");
    for _ in 0..200 {
        seen.insert(server.send("RANDOMKEY"));
    }
    assert_eq!(seen.len(), 3);
}

/// Scans to the end and returns all keys.
fn scan_all(server: &mut TestServer, options: &str) -> Vec<String> {
    let (mut cursor, mut found) = (String::from("0"), Vec::new());
    loop {
        let reply = server.send(&format!("SCAN {cursor} {options}"));
        let words: Vec<&str> = reply.split(' ').collect();
        assert_eq!(words[0], "*2");
        cursor = words[2].into();
        found.extend(words[4..].chunks(2).map(|pair| pair[1].into()));
        if cursor == "0" {
            return found;
        }
    }
}

#[test]
fn scan() {
    let mut server = with_expired(&["MSET a 1 b 2"]);
    let invalid = "-ERR invalid cursor";
    server.check(&[
        ("SCAN x", invalid),
        ("SCAN ' 0'", invalid),
        ("SCAN 0x", invalid),
        ("SCAN 18446744073709551616", invalid),
        ("SCAN 0 COUNT", SYNTAX),
        ("SCAN 0 COUNT 0", SYNTAX),
        ("SCAN 0 COUNT x", NOT_INTEGER),
        ("SCAN 0 NOVALUES", SYNTAX),
        ("SCAN 0 MATCH none", "*2 $1 0 *0"),
        ("SCAN 0 TYPE hash MATCH a", "*2 $1 0 *0"),
        ("SCAN 0 TYPE STRING MATCH a", "*2 $1 0 *1 $1 a"),
        ("SCAN 18446744073709551615 MATCH none", "*2 $1 0 *0"),
        ("DBSIZE", ":5"),
        ("SCAN 0 TYPE hash", "*2 $1 0 *0"),
        ("DBSIZE", ":2"),
    ]);
    for index in 0..5000 {
        server.send(&format!("SET key:{index} v"));
    }
    for options in ["", "COUNT 1", "COUNT 100", "COUNT 9223372036854775807", "MATCH key:* TYPE string"] {
        let found = scan_all(&mut server, options);
        let distinct: BTreeSet<_> = found.iter().filter(|key| key.starts_with("key:")).collect();
        assert_eq!(distinct.len(), 5000, "{options}");
    }
}

#[test]
fn object() {
    let mut server = TestServer::with_config("maxmemory-policy allkeys-lru\n");
    server.send("MSET a 1 b text c 10000 d -1");
    server.send(&format!("SET e {}", "x".repeat(45)));
    let not_lfu = "-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
                   switching between policies at runtime LRU and LFU data will take some time to adjust.";
    server.check(&[
        ("OBJECT", "-ERR wrong number of arguments for 'object' command"),
        ("OBJECT none", "-ERR unknown subcommand 'none'. Try OBJECT HELP."),
        ("OBJECT ENCODING", "-ERR wrong number of arguments for 'object|encoding' command"),
        ("OBJECT ENCODING none", "$-1"),
        ("OBJECT FREQ none", "$-1"),
        ("OBJECT ENCODING a", "$3 int"),
        ("OBJECT ENCODING b", "$6 embstr"),
        ("OBJECT ENCODING e", "$3 raw"),
        ("OBJECT REFCOUNT a", ":2147483647"),
        ("OBJECT REFCOUNT b", ":1"),
        ("OBJECT REFCOUNT c", ":1"),
        ("OBJECT REFCOUNT d", ":1"),
        ("OBJECT FREQ a", not_lfu),
        ("OBJECT IDLETIME a", ":0"),
    ]);
    server.advance_ms(4000);
    server.check(&[("OBJECT IDLETIME a", ":4"), ("GET a", "$1 1"), ("OBJECT IDLETIME a", ":0")]);
    server.check(&[("EXISTS b", ":1"), ("OBJECT IDLETIME b", ":4"), ("TOUCH b", ":1"), ("OBJECT IDLETIME b", ":0")]);
    assert!(
        server
            .send("OBJECT HELP")
            .starts_with("*11 +OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are: +ENCODING <key> +    ")
    );
    let mut server = TestServer::with_config("maxmemory 100mb\nmaxmemory-policy allkeys-lfu\n");
    server.send("SET a 1");
    server.check(&[("OBJECT FREQ a", ":5"), ("OBJECT REFCOUNT a", ":1")]);
    assert!(server.send("OBJECT IDLETIME a").starts_with("-ERR An LFU maxmemory policy is selected, idle time"));
}

#[test]
fn dump_and_restore() {
    let mut server = server(&[]);
    for value in [&b"12"[..], b"text", b"", &[b'x'; 3000]] {
        server.send("FLUSHALL");
        server.send_arguments(&[b"SET", b"a", value]);
        let encoding = server.encoding("a");
        let reply = server.send_arguments(&[b"DUMP", b"a"]);
        let start = reply.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let payload = &reply[start..reply.len() - 2];
        let mut restore = |options: &[&[u8]]| {
            let mut arguments: Vec<&[u8]> = [&b"RESTORE"[..], b"b", options[0], payload].into();
            arguments.extend(&options[1..]);
            String::from_utf8_lossy(&server.send_arguments(&arguments)).trim_end().to_string()
        };
        assert_eq!(restore(&[b"0"]), "+OK");
        assert_eq!(restore(&[b"0"]), "-BUSYKEY Target key name already exists.");
        assert_eq!(restore(&[b"x"]), "-BUSYKEY Target key name already exists.");
        assert_eq!(restore(&[b"x", b"replace"]), NOT_INTEGER);
        assert_eq!(restore(&[b"-1", b"REPLACE"]), "-ERR Invalid TTL value, must be >= 0");
        assert_eq!(restore(&[b"0", b"REPLACE", b"IDLETIME", b"-1"]), "-ERR Invalid IDLETIME value, must be >= 0");
        assert_eq!(restore(&[b"0", b"FREQ", b"256"]), "-ERR Invalid FREQ value, must be >= 0 and <= 255");
        assert_eq!(restore(&[b"0", b"FREQ", b"1", b"IDLETIME", b"1"]), SYNTAX);
        assert_eq!(restore(&[b"0", b"FREQ"]), SYNTAX);
        assert_eq!(restore(&[b"500", b"REPLACE", b"IDLETIME", b"100"]), "+OK");
        assert_eq!(server.expires("b"), Some(500));
        assert_eq!(server.encoding("b"), encoding);
        server.check(&[("OBJECT IDLETIME b", ":100")]);
        assert_eq!(server.send("GET a"), server.send("GET b"));
        let mut restore = |options: &[&[u8]]| {
            let mut arguments: Vec<&[u8]> = [&b"RESTORE"[..], b"b", options[0], payload].into();
            arguments.extend(&options[1..]);
            server.changes();
            server.send_arguments(&arguments);
            server.changes()
        };
        assert_eq!(restore(&[b"1700000000005", b"REPLACE", b"ABSTTL"]), ["new b", "restore b: command"]);
        let request = restore(&[b"5", b"REPLACE"]).pop().unwrap();
        assert!(request.starts_with("restore b: RESTORE b 1700000000005 ") && request.ends_with(" REPLACE ABSTTL"));
        assert_eq!(restore(&[b"5", b"REPLACE", b"ABSTTL"]), ["del b: delete"]);
        assert_eq!(restore(&[b"5", b"ABSTTL"]), [""; 0]);
    }
    server.check(&[
        ("DUMP none", "$-1"),
        ("RESTORE c 0 x", "-ERR DUMP payload version or checksum are wrong"),
        ("RESTORE c 0", "-ERR wrong number of arguments for 'restore' command"),
    ]);
}

#[test]
fn no_touch_clients_leave_no_trace() {
    let mut server = server(&["SET a 1"]);
    server.advance_ms(3000);
    server.check(&[
        ("TTL a", ":-1"),
        ("TYPE a", "+string"),
        ("OBJECT IDLETIME a", ":3"),
        ("CLIENT NO-TOUCH ON", "+OK"),
        ("GET a", "$1 1"),
        ("EXPIRE a 100", ":1"),
        ("PERSIST a", ":1"),
        ("OBJECT IDLETIME a", ":3"),
        ("TOUCH a", ":1"),
        ("OBJECT IDLETIME a", ":0"),
    ]);
}
