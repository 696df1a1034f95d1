//! Tables of requests and replies, and sets against sets of the standard library.

use crate::base::random::Random;
use crate::boundary::id::DatabaseId;
use crate::testing::TestServer;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

fn server(requests: &[&str]) -> TestServer {
    let mut server = TestServer::with_config("save ''\n");
    for request in requests {
        let reply = server.send(request);
        assert!(!reply.starts_with('-'), "{request}: {reply}");
    }
    server.changes();
    server
}

/// The strings of a reply that is a list of them.
fn members(reply: &str) -> BTreeSet<String> {
    reply.split(' ').skip(1).filter(|word| !word.starts_with('$')).map(str::to_string).collect()
}

fn set_of(words: &str) -> BTreeSet<String> {
    words.split_whitespace().map(str::to_string).collect()
}

#[test]
fn members_come_and_go() {
    let mut server = server(&["SET string v"]);
    server.check(&[
        ("SADD s 1 2 3", ":3"),
        ("SADD s 3 2 4", ":1"),
        ("SCARD s", ":4"),
        ("TYPE s", "+set"),
        ("SISMEMBER s 4", ":1"),
        ("SISMEMBER s 04", ":0"),
        ("SMISMEMBER s 1 5 2", "*3 :1 :0 :1"),
        ("SMEMBERS s", "*4 $1 1 $1 2 $1 3 $1 4"),
        ("SREM s 1 9", ":1"),
        ("SREM s 2 3 4 5", ":3"),
        ("EXISTS s", ":0"),
        ("SREM s 1", ":0"),
        ("SCARD s", ":0"),
        ("SMEMBERS s", "*0"),
        ("SMISMEMBER s 1 2", "*2 :0 :0"),
        ("SADD string 1", WRONG_TYPE),
        ("SREM string 1", WRONG_TYPE),
        ("SCARD string", WRONG_TYPE),
        ("SMEMBERS string", WRONG_TYPE),
        ("SISMEMBER string a", WRONG_TYPE),
        ("SMISMEMBER string a", WRONG_TYPE),
        ("SPOP string", WRONG_TYPE),
        ("SRANDMEMBER string", WRONG_TYPE),
        ("SSCAN string 0", WRONG_TYPE),
        ("SADD t a", ":1"),
        ("GET t", WRONG_TYPE),
        ("APPEND t a", WRONG_TYPE),
        ("SET t v", "+OK"),
        ("TYPE t", "+string"),
    ]);
}

#[test]
fn encodings() {
    let mut server = server(&["CONFIG SET set-max-intset-entries 4 set-max-listpack-entries 6"]);
    let mut table = Vec::from_iter([
        ("SADD s 1 2 3 4", "intset"),
        ("SADD s 5", "hashtable"),
        ("SREM s 1 2 3", "hashtable"),
        ("SADD t 1 2 a", "listpack"),
        ("SADD t b c d", "listpack"),
        ("SADD t a", "listpack"),
        ("SADD t e", "hashtable"),
        ("SADD u a 1 2", "listpack"),
        ("SADD u 12345678901234567890123456789012345678901234567890123456789012345", "hashtable"),
        ("SADD v 1 2 3 4 5", "listpack"),
        ("SADD w 1 2 3 4 5 6 7", "hashtable"),
        ("SADD x 1 2", "intset"),
        ("SADD x 1 2 3 a b c d", "hashtable"),
        ("SUNIONSTORE y s x", "hashtable"),
        ("SINTERSTORE z x v", "intset"),
        ("SDIFFSTORE zz t u", "listpack"),
    ]);
    for (request, encoding) in table.drain(..) {
        server.send(request);
        let key = request.split(' ').nth(1).unwrap();
        let length = encoding.len();
        assert_eq!(server.send(&format!("OBJECT ENCODING {key}")), format!("${length} {encoding}"), "{request}");
    }
}

#[test]
fn changes() {
    let mut server = server(&["SADD s a b c"]);
    for (request, changes) in [
        ("SADD s a", &[][..]),
        ("SADD s d", &["sadd s: command"]),
        ("SADD t a", &["new t", "sadd t: command"]),
        ("SREM s x", &[]),
        ("SREM s d x", &["srem s: command"]),
        ("SMOVE s t a", &["srem s: command"]),
        ("SMOVE s t b", &["srem s: command", "sadd t: command"]),
        ("SMOVE s t c", &["srem s: command", "del s", "sadd t: command"]),
        ("SMOVE t u a", &["srem t: command", "new u", "sadd u: command"]),
        ("SMOVE u u a", &[]),
        ("SMOVE u t nothing", &[]),
        ("SPOP u", &["spop u: SREM a", "del u"]),
        ("SPOP t 5", &["spop t", "del t: DEL t"]),
        ("SADD s 1 2", &["new s", "sadd s: command"]),
        ("SADD t 2 3", &["new t", "sadd t: command"]),
        ("SINTERSTORE d s t", &["new d", "sinterstore d: command"]),
        ("SUNIONSTORE d s t", &["sunionstore d: command"]),
        ("SDIFFSTORE d s s", &["del d: command"]),
        ("SDIFFSTORE d s s", &[]),
        ("SREM s 1 2", &["srem s: command", "del s"]),
    ] {
        server.changes();
        server.send(request);
        assert_eq!(server.changes(), changes, "{request}");
    }
}

#[test]
fn sets_of_sets() {
    let mut server = server(&["SADD a 1 2 3 x", "SADD b 2 3 4 x", "SADD c 3 x y", "SET string v"]);
    for (request, expected) in [
        ("SINTER a b", "2 3 x"),
        ("SINTER a b c", "3 x"),
        ("SINTER a none", ""),
        ("SINTER a", "1 2 3 x"),
        ("SUNION a c none", "1 2 3 x y"),
        ("SDIFF a b", "1"),
        ("SDIFF a none b c", "1"),
        ("SDIFF none a", ""),
        ("SDIFF a a", ""),
    ] {
        assert_eq!(members(&server.send(request)), set_of(expected), "{request}");
    }
    server.check(&[
        ("SINTERCARD 2 a b", ":3"),
        ("SINTERCARD 2 a b LIMIT 2", ":2"),
        ("SINTERCARD 2 a b LIMIT 0", ":3"),
        ("SINTERCARD 2 a none", ":0"),
        ("SINTERCARD 0 a", "-ERR numkeys should be greater than 0"),
        ("SINTERCARD x a", "-ERR numkeys should be greater than 0"),
        ("SINTERCARD 3 a b", "-ERR Number of keys can't be greater than number of args"),
        ("SINTERCARD 1 a LIMIT -1", "-ERR LIMIT can't be negative"),
        ("SINTERCARD 1 a b", "-ERR syntax error"),
        ("SINTER a string", WRONG_TYPE),
        ("SINTER none string", WRONG_TYPE),
        ("SUNION a string", WRONG_TYPE),
        ("SDIFFSTORE string a string", WRONG_TYPE),
        ("SUNIONSTORE string a b", ":5"),
        ("TYPE string", "+set"),
        ("SINTERSTORE a a none", ":0"),
        ("EXISTS a", ":0"),
        ("SMOVE none b x", ":0"),
        ("SMOVE b c x", ":1"),
        ("SCARD c", ":3"),
    ]);
}

#[test]
fn popping_and_sampling() {
    let mut server = server(&[]);
    server.check(&[
        ("SPOP none", "$-1"),
        ("SPOP none 3", "*0"),
        ("SPOP none -1", "-ERR value is out of range, must be positive"),
        ("SRANDMEMBER none", "$-1"),
        ("SRANDMEMBER none 3", "*0"),
        ("SRANDMEMBER none x", "-ERR value is not an integer or out of range"),
        ("SRANDMEMBER none -9223372036854775807", "-ERR value is out of range"),
        (
            "SRANDMEMBER none -9223372036854775808",
            "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        ),
        ("SRANDMEMBER none 1 2", "-ERR syntax error"),
    ]);
    for (key, size) in [("i", 100), ("l", 100), ("h", 2000)] {
        let all: BTreeSet<String> =
            (0..size).map(|index| if key == "i" { format!("{index}") } else { format!("m{index}") }).collect();
        let words: Vec<&str> = all.iter().map(String::as_str).collect();
        server.send(&format!("SADD {key} {}", words.join(" ")));
        for count in [1, 5, size / 2, size - 1, size, size + 10] {
            let sample = server.send(&format!("SRANDMEMBER {key} {count}"));
            let expected = count.min(size);
            assert!(sample.starts_with(&format!("*{expected} ")), "{sample}");
            assert_eq!(members(&sample).intersection(&all).count(), expected as usize);
        }
        assert!(server.send(&format!("SRANDMEMBER {key} -{}", size * 2)).starts_with(&format!("*{} ", size * 2)));
        let popped = members(&server.send(&format!("SPOP {key} {}", size - 3)));
        assert_eq!(popped.len(), size as usize - 3);
        let left = members(&server.send(&format!("SMEMBERS {key}")));
        assert_eq!(popped.union(&left).cloned().collect::<BTreeSet<_>>(), all);
        assert_eq!(members(&server.send(&format!("SPOP {key} 3"))), left);
        assert_eq!(server.send(&format!("EXISTS {key}")), ":0");
    }
}

#[test]
fn scanning() {
    let mut server = server(&["SADD small 1 2 3 40"]);
    server.check(&[
        ("SSCAN small 0", "*2 $1 0 *4 $1 1 $1 2 $1 3 $2 40"),
        ("SSCAN small 0 MATCH 4* COUNT 1", "*2 $1 0 *1 $2 40"),
        ("SSCAN none 0", "*2 $1 0 *0"),
        ("SSCAN small x", "-ERR invalid cursor"),
        ("SSCAN small 0 COUNT 0", "-ERR syntax error"),
        ("SSCAN small 0 TYPE set", "-ERR syntax error"),
    ]);
    let words: Vec<String> = (0..3000).map(|index| format!("m{index}")).collect();
    server.send(&format!("SADD large {}", words.join(" ")));
    let (mut cursor, mut seen) = ("0".to_string(), BTreeSet::new());
    loop {
        let reply = server.send(&format!("SSCAN large {cursor} COUNT 100"));
        let mut parts = reply.splitn(4, ' ');
        cursor = parts.nth(2).unwrap().to_string();
        seen.extend(members(parts.next().unwrap()));
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(seen.len(), 3000);
}

/// Sets of all encodings against the standard library's, with copies, renames,
/// dumps and the account of memory.
#[test]
fn as_a_set_is() {
    let mut server = server(&["CONFIG SET set-max-intset-entries 20 set-max-listpack-entries 20"]);
    let mut random = Random::from_seed(11);
    let mut models: [BTreeSet<String>; 3] = Default::default();
    for step in 0..6000 {
        let at = random.below(3) as usize;
        let key = ["a", "b", "c"][at];
        let range = [15, 60, 700][random.below(3) as usize];
        let name = |number: u64| if step % 1000 < 300 { format!("{number}") } else { format!("m{number}") };
        let member = name(random.below(range));
        match random.below(12) {
            0..6 => {
                let added = models[at].insert(member.clone());
                assert_eq!(server.send(&format!("SADD {key} {member}")), format!(":{}", u8::from(added)));
            }
            6..10 => {
                let removed = models[at].remove(&member);
                assert_eq!(server.send(&format!("SREM {key} {member}")), format!(":{}", u8::from(removed)));
            }
            10 if random.below(40) == 0 => {
                server.send(&format!("DEL {key}"));
                models[at].clear();
            }
            10 => {
                let other = (at + 1) % 3;
                server.send(&format!("COPY {key} {} REPLACE", ["a", "b", "c"][other]));
                if !models[at].is_empty() {
                    models[other] = models[at].clone();
                }
            }
            _ => {
                let payload = server.send_arguments(&[b"DUMP", key.as_bytes()]);
                let start = payload.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
                if !models[at].is_empty() {
                    let payload = &payload[start..payload.len() - 2];
                    let reply = server.send_arguments(&[b"RESTORE", key.as_bytes(), b"0", payload, b"REPLACE"]);
                    assert_eq!(reply, b"+OK\r\n");
                }
            }
        }
        if step % 50 == 0 {
            for (key, model) in ["a", "b", "c"].into_iter().zip(&models) {
                assert_eq!(members(&server.send(&format!("SMEMBERS {key}"))), *model);
                assert_eq!(server.send(&format!("SCARD {key}")), format!(":{}", model.len()));
            }
        }
    }
    server.send("DEL a b c");
    let database = server.engine.keyspace().database(DatabaseId(0));
    assert_eq!(database.bytes(), database.overhead_bytes());
}
