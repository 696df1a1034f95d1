//! What commands leave behind: encodings and changes.

use super::{check_changes, check_encodings, server};
use crate::testing::TestServer;
use alloc::format;

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
fn replies_in_resp3() {
    let mut server = server(&["MSET a xay b xby", "HELLO 3"]);
    server.check(&[
        ("GET missing", "_"),
        ("MGET a missing", "*2 $3 xay _"),
        ("SET k v XX", "_"),
        ("SET k v GET", "_"),
        ("GETDEL missing", "_"),
        ("INCRBYFLOAT n 1.5", "$3 1.5"),
        ("LCS a b IDX", "%2 $7 matches *2 *2 *2 :2 :2 *2 :2 :2 *2 *2 :0 :0 *2 :0 :0 $3 len :2"),
    ]);
}
