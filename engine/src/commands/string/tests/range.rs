//! APPEND, SETRANGE, GETRANGE, and strings of all sizes.

use super::{NOT_INTEGER, TOO_LONG, server};
use crate::base::random::Random;
use crate::boundary::effects::Effect;
use crate::data::entry::Value;
use crate::testing::TestServer;
use alloc::format;
use alloc::vec::Vec;

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

/// Random edits against a model, and the account of memory.
#[test]
fn edits_of_all_sizes() {
    let mut server = server(&["SET a v", "SET b v"]);
    let before = server.engine.keyspace().bytes();
    let mut random = Random::from_seed(7);
    let mut models = [b"v".to_vec(), b"v".to_vec()];
    for step in 0..4000 {
        let at = random.below(2) as usize;
        let (key, model) = (["a", "b"][at], &mut models[at]);
        let length_max = [3, 60, 1100, 5000][random.below(4) as usize];
        let part: Vec<u8> = (0..1 + random.below(length_max)).map(|_| random.next_u64() as u8).collect();
        let offset = match random.below(50) {
            0 => {
                server.send(&format!("SET {key} v"));
                *model = b"v".to_vec();
                continue;
            }
            1..20 => model.len(),
            _ => random.below(model.len() as u64 + 40) as usize,
        };
        model.resize(model.len().max(offset + part.len()), 0);
        model[offset..offset + part.len()].copy_from_slice(&part);
        let offset_text = format!("{offset}");
        let at_end = server.send(&format!("STRLEN {key}")) == format!(":{offset}");
        let request: &[&[u8]] = if at_end && step % 2 == 0 {
            &[b"APPEND", key.as_bytes(), &part]
        } else {
            &[b"SETRANGE", key.as_bytes(), offset_text.as_bytes(), &part]
        };
        assert_eq!(server.send_arguments(request), format!(":{}\r\n", model.len()).as_bytes());
        assert_eq!(server.entry(key).map(|entry| entry.value()), Some(Value::Bytes(model)));
        assert_eq!(server.encoding(key), "raw");
    }
    server.check(&[("MSET a v b v", "+OK")]);
    assert_eq!(server.engine.keyspace().bytes(), before);
}

#[test]
fn what_is_large_is_dropped_elsewhere() {
    let mut server = TestServer::new();
    for request in ["SET k v", "GETDEL k", "GETEX k PXAT 1", "MSET k v", "SETEX k 1 v"] {
        server.check(&[("SET k ''", "+OK"), ("SETRANGE k 1100000 x", ":1100001")]);
        server.send(request);
        let dropped = server.effects.orders.list.iter().any(|effect| matches!(effect, Effect::Drop(_)));
        assert!(dropped, "{request}");
    }
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
