//! Tables of requests and replies, and lists against vectors.

use crate::base::random::Random;
use crate::boundary::id::DatabaseId;
use crate::testing::TestServer;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const SYNTAX: &str = "-ERR syntax error";

fn server(requests: &[&str]) -> TestServer {
    let mut server = TestServer::with_config("save ''\n");
    for request in requests {
        let reply = server.send(request);
        assert!(!reply.starts_with('-'), "{request}: {reply}");
    }
    server.changes();
    server
}

/// With a `list-compress-depth` a list is the same, only smaller; so is what is dumped of it.
#[test]
fn compressed_nodes() {
    let fields = |server: &mut TestServer, key: &str| {
        let told = server.send(&format!("DEBUG OBJECT {key}"));
        let field =
            |name: &str| told.split(&format!(" {name}:")).nth(1).unwrap().split(' ').next().unwrap().to_string();
        ["ql_nodes", "ql_listpack_max", "ql_compressed", "ql_uncompressed_size"].map(field)
    };
    let usage =
        |server: &mut TestServer, key: &str| server.send(&format!("MEMORY USAGE {key}"))[1..].parse::<u32>().unwrap();
    let mut server = TestServer::with_config("save ''\nenable-debug-command yes\nlist-max-listpack-size 100\n");
    for key in ["plain", "compressed"] {
        for index in 0..1000 {
            server.send(&format!("RPUSH {key} the-same-text-{}", index % 7));
        }
        server.send("CONFIG SET list-compress-depth 2");
    }
    let size = fields(&mut server, "plain")[3].clone();
    assert_eq!(fields(&mut server, "plain"), ["10", "100", "0", &size]);
    assert_eq!(fields(&mut server, "compressed"), ["10", "100", "1", &size]);
    let (plain, compressed) = (usage(&mut server, "plain"), usage(&mut server, "compressed"));
    assert!(compressed < plain * 6 / 10, "{compressed} {plain}");
    let range = server.send("LRANGE plain 0 -1");
    server.check(&[
        ("LRANGE compressed 0 -1", &range),
        ("LINDEX compressed 500", "$15 the-same-text-3"),
        ("LPOS compressed the-same-text-3 RANK 50", ":346"),
        ("LSET compressed 500 other", "+OK"),
        ("LINSERT compressed AFTER other another", ":1001"),
        ("LRANGE compressed 499 502", "*4 $15 the-same-text-2 $5 other $7 another $15 the-same-text-4"),
        ("LREM compressed -1 another", ":1"),
        ("LSET compressed 500 the-same-text-3", "+OK"),
        ("SORT compressed ALPHA LIMIT 999 1", "*1 $15 the-same-text-6"),
        ("COPY compressed copy", ":1"),
        ("LRANGE copy 0 -1", &range),
        ("LTRIM compressed 450 549", "+OK"),
        ("LINDEX compressed 0", "$15 the-same-text-2"),
        ("LINDEX compressed -1", "$15 the-same-text-3"),
    ]);
    assert!(usage(&mut server, "copy") < plain * 6 / 10);
}

#[test]
fn ends() {
    let mut server = server(&["SET string v"]);
    server.check(&[
        ("LPUSHX l a", ":0"),
        ("RPUSH l a 1 b", ":3"),
        ("LPUSH l x y", ":5"),
        ("LPUSHX l z", ":6"),
        ("RPUSHX l c", ":7"),
        ("TYPE l", "+list"),
        ("LLEN l", ":7"),
        ("LRANGE l 0 -1", "*7 $1 z $1 y $1 x $1 a $1 1 $1 b $1 c"),
        ("LRANGE l 1 2", "*2 $1 y $1 x"),
        ("LRANGE l -2 100", "*2 $1 b $1 c"),
        ("LRANGE l 5 2", "*0"),
        ("LRANGE l 7 9", "*0"),
        ("LRANGE l -100 0", "*1 $1 z"),
        ("LRANGE none 0 -1", "*0"),
        ("LRANGE l x 1", "-ERR value is not an integer or out of range"),
        ("LINDEX l 0", "$1 z"),
        ("LINDEX l -1", "$1 c"),
        ("LINDEX l 7", "$-1"),
        ("LINDEX l -8", "$-1"),
        ("LINDEX none 0", "$-1"),
        ("LPOP l", "$1 z"),
        ("RPOP l", "$1 c"),
        ("LPOP l 0", "*0"),
        ("LPOP l 2", "*2 $1 y $1 x"),
        ("RPOP l 2", "*2 $1 b $1 1"),
        ("LPOP l -1", "-ERR value is out of range, must be positive"),
        ("LPOP l 1 2", "-ERR wrong number of arguments for 'lpop' command"),
        ("RPOP l 9", "*1 $1 a"),
        ("EXISTS l", ":0"),
        ("LPOP l", "$-1"),
        ("LPOP l 1", "*-1"),
        ("LLEN l", ":0"),
        ("LPUSH string a", WRONG_TYPE),
        ("LPOP string", WRONG_TYPE),
        ("LLEN string", WRONG_TYPE),
        ("LRANGE string 0 1", WRONG_TYPE),
        ("LINDEX string 0", WRONG_TYPE),
        ("LPOS string a", WRONG_TYPE),
    ]);
}

#[test]
fn elements() {
    let mut server = server(&["RPUSH l a b a c a", "SET string v"]);
    server.check(&[
        ("LSET none 0 x", "-ERR no such key"),
        ("LSET l 9 x", "-ERR index out of range"),
        ("LSET l -1 e", "+OK"),
        ("LINSERT l BEFORE b 1", ":6"),
        ("LINSERT l after c 2", ":7"),
        ("LINSERT l BEFORE none x", ":-1"),
        ("LINSERT none BEFORE a x", ":0"),
        ("LINSERT l beside a x", SYNTAX),
        ("LRANGE l 0 -1", "*7 $1 a $1 1 $1 b $1 a $1 c $1 2 $1 e"),
        ("LPOS l a", ":0"),
        ("LPOS l a RANK 2", ":3"),
        ("LPOS l a RANK -1", ":3"),
        ("LPOS l a COUNT 0", "*2 :0 :3"),
        ("LPOS l a COUNT 1 RANK -1", "*1 :3"),
        ("LPOS l a COUNT 0 MAXLEN 3", "*1 :0"),
        ("LPOS l x", "$-1"),
        ("LPOS l x COUNT 2", "*0"),
        ("LPOS l a RANK -1 MAXLEN 3", "$-1"),
        ("LPOS l a COUNT -1", "-ERR COUNT can't be negative"),
        ("LPOS l a MAXLEN -1", "-ERR MAXLEN can't be negative"),
        ("LPOS l a MAXLEN", SYNTAX),
        ("LPOS none a", "$-1"),
        ("LPOS l 2", ":5"),
        ("LREM l 1 a", ":1"),
        ("LREM l -1 none", ":0"),
        ("LRANGE l 0 -1", "*6 $1 1 $1 b $1 a $1 c $1 2 $1 e"),
        ("LTRIM l 1 -2", "+OK"),
        ("LRANGE l 0 -1", "*4 $1 b $1 a $1 c $1 2"),
        ("LTRIM l 5 9", "+OK"),
        ("EXISTS l", ":0"),
        ("RPUSH r x y x y x", ":5"),
        ("LREM r -2 x", ":2"),
        ("LRANGE r 0 -1", "*3 $1 x $1 y $1 y"),
        ("LREM r 0 y", ":2"),
        ("LREM r 0 x", ":1"),
        ("EXISTS r", ":0"),
    ]);
}

#[test]
fn from_one_to_another() {
    let mut server = server(&["RPUSH a 1 2 3", "SET string v"]);
    server.check(&[
        ("LMOVE a b RIGHT LEFT", "$1 3"),
        ("LMOVE a b left right", "$1 1"),
        ("LMOVE a b up down", SYNTAX),
        ("LMOVE none b LEFT LEFT", "$-1"),
        ("LMOVE a string LEFT LEFT", WRONG_TYPE),
        ("LRANGE b 0 -1", "*2 $1 3 $1 1"),
        ("RPOPLPUSH a b", "$1 2"),
        ("EXISTS a", ":0"),
        ("RPOPLPUSH b b", "$1 1"),
        ("LRANGE b 0 -1", "*3 $1 1 $1 2 $1 3"),
        ("LMOVE b b LEFT RIGHT", "$1 1"),
        ("LRANGE b 0 -1", "*3 $1 2 $1 3 $1 1"),
        ("LMPOP 2 none b LEFT", "*2 $1 b *1 $1 2"),
        ("LMPOP 1 b RIGHT COUNT 5", "*2 $1 b *2 $1 1 $1 3"),
        ("LMPOP 1 b RIGHT COUNT 5", "*-1"),
        ("LMPOP 0 b LEFT", "-ERR numkeys should be greater than 0"),
        ("LMPOP 1 b", "-ERR wrong number of arguments for 'lmpop' command"),
        ("LMPOP 1 b LEFT COUNT 0", "-ERR count should be greater than 0"),
        ("LMPOP 1 b LEFT COUNT", SYNTAX),
        ("LMPOP 2 b LEFT", SYNTAX),
    ]);
}

#[test]
fn changes() {
    let mut server = server(&[]);
    for (request, changes) in [
        ("RPUSH l a b c d", &["new l", "rpush l: command"][..]),
        ("LPUSH l x", &["lpush l: command"]),
        ("LPUSHX none x", &[]),
        ("LPOP l", &["lpop l: command"]),
        ("LPOP l 0", &[]),
        ("LSET l 0 e", &["lset l: command"]),
        ("LINSERT l BEFORE e f", &["linsert l: command"]),
        ("LINSERT l BEFORE none f", &[]),
        ("LREM l 0 f", &["lrem l: command"]),
        ("LREM l 0 none", &[]),
        ("LTRIM l 0 2", &["ltrim l: command"]),
        ("LMOVE l m LEFT LEFT", &["new m", "lpush m: command", "lpop l"]),
        ("RPOPLPUSH l l", &["lpush l: command", "rpop l"]),
        ("LMPOP 1 l LEFT COUNT 9", &["lpop l: LPOP l 2", "del l"]),
        ("RPOPLPUSH m n", &["new n", "lpush n: command", "rpop m", "del m"]),
    ] {
        server.changes();
        server.send(request);
        assert_eq!(server.changes(), changes, "{request}");
    }
}

#[test]
fn encodings() {
    let mut server = server(&["CONFIG SET list-max-listpack-size 4"]);
    server.check(&[
        ("RPUSH l 1 2 3 4", ":4"),
        ("OBJECT ENCODING l", "$8 listpack"),
        ("RPUSH l 5", ":5"),
        ("OBJECT ENCODING l", "$9 quicklist"),
        ("LPOP l 2", "*2 $1 1 $1 2"),
        ("OBJECT ENCODING l", "$9 quicklist"),
        ("RPOP l", "$1 5"),
        ("OBJECT ENCODING l", "$8 listpack"),
        ("CONFIG SET list-max-listpack-size -1", "+OK"),
        ("RPUSH m a", ":1"),
    ]);
    server.send(&format!("RPUSH m {}", "x".repeat(5000)));
    server.check(&[("OBJECT ENCODING m", "$9 quicklist"), ("LPOP m", "$1 a"), ("OBJECT ENCODING m", "$9 quicklist")]);
}

/// Lists of both encodings against vectors, with copies, dumps and the account
/// of memory.
#[test]
fn as_a_vector_is() {
    let mut server = server(&["CONFIG SET list-max-listpack-size 6"]);
    let mut random = Random::from_seed(21);
    let mut models: [Vec<String>; 2] = Default::default();
    for step in 0..6000u64 {
        let at = random.below(2) as usize;
        let (key, other) = (["a", "b"][at], ["b", "a"][at]);
        let element = format!("e{}", random.below(40));
        let index = random.below(models[at].len() as u64 + 1) as usize;
        match random.below(13) {
            0..3 => {
                models[at].insert(0, element.clone());
                assert_eq!(server.send(&format!("LPUSH {key} {element}")), format!(":{}", models[at].len()));
            }
            3..6 => {
                models[at].push(element.clone());
                assert_eq!(server.send(&format!("RPUSH {key} {element}")), format!(":{}", models[at].len()));
            }
            6 if index < models[at].len() => {
                server.send(&format!("LSET {key} {index} {element}"));
                models[at][index] = element;
            }
            7 => {
                if let Some(pivot) = models[at].iter().position(|there| *there == element) {
                    models[at].insert(pivot + 1, "i".into());
                }
                server.send(&format!("LINSERT {key} AFTER {element} i"));
            }
            8 => {
                server.send(&format!("LREM {key} 2 {element}"));
                let mut left = 2;
                models[at].retain(|there| {
                    let keep = *there != element || left == 0;
                    left -= usize::from(!keep);
                    keep
                });
            }
            9 => {
                let length = models[at].len();
                server.send(&format!("LTRIM {key} {} -2", index.min(2)));
                models[at].truncate(length.saturating_sub(1));
                models[at].drain(..index.min(2).min(models[at].len()));
            }
            10 if random.below(20) == 0 => {
                server.send(&format!("COPY {key} {other} REPLACE"));
                if !models[at].is_empty() {
                    models[1 - at] = models[at].clone();
                }
            }
            11 => {
                let moved = models[at].pop();
                models[1 - at].extend(moved.clone());
                let reply = moved.map_or("$-1".to_string(), |moved| format!("${} {moved}", moved.len()));
                assert_eq!(server.send(&format!("LMOVE {key} {other} RIGHT RIGHT")), reply);
            }
            _ if !models[at].is_empty() => {
                let payload = server.send_arguments(&[b"DUMP", key.as_bytes()]);
                let start = payload.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
                let payload = &payload[start..payload.len() - 2];
                let reply = server.send_arguments(&[b"RESTORE", key.as_bytes(), b"0", payload, b"REPLACE"]);
                assert_eq!(reply, b"+OK\r\n");
            }
            _ => {}
        }
        if step % 20 == 0 {
            for (key, model) in ["a", "b"].into_iter().zip(&models) {
                let reply = server.send(&format!("LRANGE {key} 0 -1"));
                let words: Vec<&str> = reply.split(' ').skip(1).filter(|word| !word.starts_with('$')).collect();
                assert_eq!(words, *model, "step {step}");
            }
        }
    }
    server.send("DEL a b");
    let database = server.engine.keyspace().database(DatabaseId(0));
    assert_eq!(database.bytes(), database.overhead_bytes());
}
