//! Tables of requests and replies, and hashes against maps of the standard
//! library.

mod expiry;

use crate::base::random::Random;
use crate::boundary::id::DatabaseId;
use crate::testing::TestServer;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

const OUT_OF_RANGE: &str =
    "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

fn server(requests: &[&str]) -> TestServer {
    let mut server = TestServer::with_config("save ''\n");
    for request in requests {
        let reply = server.send(request);
        assert!(!reply.starts_with('-'), "{request}: {reply}");
    }
    server.changes();
    server
}

/// The pairs of a reply that is a list of them.
fn pairs(reply: &str) -> BTreeMap<String, String> {
    let words: Vec<&str> = reply.split(' ').skip(1).filter(|word| !word.starts_with('$')).collect();
    words.chunks(2).map(|pair| (pair[0].to_string(), pair[1].to_string())).collect()
}

#[test]
fn fields_come_and_go() {
    let mut server = server(&["SET string v"]);
    server.check(&[
        ("HSET h a 1 b 2", ":2"),
        ("HSET h a 3 c x", ":1"),
        ("HSET h a", "-ERR wrong number of arguments for 'hset' command"),
        ("HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command"),
        ("HMSET h a 1 b", "-ERR wrong number of arguments for 'hmset' command"),
        ("HMSET h d y", "+OK"),
        ("TYPE h", "+hash"),
        ("HLEN h", ":4"),
        ("HGET h a", "$1 3"),
        ("HGET h none", "$-1"),
        ("HGET none a", "$-1"),
        ("HMGET h a none d", "*3 $1 3 $-1 $1 y"),
        ("HMGET none a b", "*2 $-1 $-1"),
        ("HGETALL h", "*8 $1 a $1 3 $1 b $1 2 $1 c $1 x $1 d $1 y"),
        ("HGETALL none", "*0"),
        ("HKEYS h", "*4 $1 a $1 b $1 c $1 d"),
        ("HVALS h", "*4 $1 3 $1 2 $1 x $1 y"),
        ("HEXISTS h a", ":1"),
        ("HEXISTS h e", ":0"),
        ("HSTRLEN h a", ":1"),
        ("HSTRLEN h e", ":0"),
        ("HSETNX h a 9", ":0"),
        ("HSETNX h e 9", ":1"),
        ("HDEL h a b x", ":2"),
        ("HDEL h c d e", ":3"),
        ("EXISTS h", ":0"),
        ("HDEL h a", ":0"),
        ("HGET string a", WRONG_TYPE),
        ("HSET string a 1", WRONG_TYPE),
        ("HSETNX string a 1", WRONG_TYPE),
        ("HDEL string a", WRONG_TYPE),
        ("HLEN string", WRONG_TYPE),
        ("HSCAN string 0", WRONG_TYPE),
        ("HRANDFIELD string", WRONG_TYPE),
        ("HINCRBY string a 1", WRONG_TYPE),
    ]);
}

#[test]
fn sums() {
    let mut server = server(&["HSET h n 5 t x f 10.5 max 9223372036854775807 inf inf"]);
    server.check(&[
        ("HINCRBY h n 3", ":8"),
        ("HINCRBY h new -3", ":-3"),
        ("HINCRBY h t 1", "-ERR hash value is not an integer"),
        ("HINCRBY h n x", "-ERR value is not an integer or out of range"),
        ("HINCRBY h max 1", "-ERR increment or decrement would overflow"),
        ("HINCRBYFLOAT h f 0.1", "$4 10.6"),
        ("HINCRBYFLOAT h n 1.5", "$3 9.5"),
        ("HINCRBYFLOAT h n 0.5", "$2 10"),
        ("HINCRBYFLOAT h t 1", "-ERR hash value is not a float"),
        ("HINCRBYFLOAT h n x", "-ERR value is not a valid float"),
        ("HINCRBYFLOAT h n inf", "-ERR value is NaN or Infinity"),
        ("HINCRBYFLOAT other f 5.0e3", "$4 5000"),
        ("OBJECT ENCODING h", "$8 listpack"),
    ]);
}

#[test]
fn encodings() {
    let mut server = server(&["CONFIG SET hash-max-listpack-entries 3 hash-max-listpack-value 5"]);
    server.check(&[
        ("HSET a 1 1 2 2 3 3", ":3"),
        ("OBJECT ENCODING a", "$8 listpack"),
        ("HSET a 1 2", ":0"),
        ("OBJECT ENCODING a", "$8 listpack"),
        ("HSET a 4 4", ":1"),
        ("OBJECT ENCODING a", "$9 hashtable"),
        ("HSET b field1 v", ":1"),
        ("OBJECT ENCODING b", "$9 hashtable"),
        ("HSET c f value1", ":1"),
        ("OBJECT ENCODING c", "$9 hashtable"),
        ("HDEL a 4 3 2", ":3"),
        ("OBJECT ENCODING a", "$9 hashtable"),
        ("HSET d f v", ":1"),
        ("HINCRBY d n 123456", ":123456"),
        ("OBJECT ENCODING d", "$9 hashtable"),
    ]);
}

#[test]
fn changes() {
    let mut server = server(&[]);
    for (request, changes) in [
        ("HSET h a 1 b 2", &["new h", "hset h: command"][..]),
        ("HSET h a 1", &["hset h: command"]),
        ("HSETNX h a 1", &[]),
        ("HINCRBY h a 1", &["hincrby h: command"]),
        ("HINCRBYFLOAT h a 1.5", &["hincrbyfloat h: HSET h a 3.5"]),
        ("HDEL h x", &[]),
        ("HDEL h a", &["hdel h: command"]),
        ("HDEL h b", &["hdel h: command", "del h"]),
    ] {
        server.changes();
        server.send(request);
        assert_eq!(server.changes(), changes, "{request}");
    }
}

#[test]
fn random_fields() {
    let mut server = server(&["HSET h a 1 b 2 c 3"]);
    server.check(&[
        ("HRANDFIELD none", "$-1"),
        ("HRANDFIELD none 5", "*0"),
        ("HRANDFIELD h 0", "*0"),
        ("HRANDFIELD h x", "-ERR value is not an integer or out of range"),
        ("HRANDFIELD h 1 x", "-ERR syntax error"),
        ("HRANDFIELD h -9223372036854775808", OUT_OF_RANGE),
        ("HRANDFIELD h -9223372036854775807", "-ERR value is out of range"),
        ("HRANDFIELD h 9223372036854775807 WITHVALUES", "-ERR value is out of range"),
        ("HRANDFIELD h 3", "*3 $1 a $1 b $1 c"),
        ("HRANDFIELD h 10 WITHVALUES", "*6 $1 a $1 1 $1 b $1 2 $1 c $1 3"),
    ]);
    assert!(server.send("HRANDFIELD h -7").starts_with("*7 "));
    assert!(server.send("HRANDFIELD h -7 WITHVALUES").starts_with("*14 "));
    server.send("HELLO 3");
    server.check(&[("HRANDFIELD h 3 WITHVALUES", "*3 *2 $1 a $1 1 *2 $1 b $1 2 *2 $1 c $1 3")]);
    server.check(&[("HGETALL h", "%3 $1 a $1 1 $1 b $1 2 $1 c $1 3"), ("HGETALL none", "%0")]);
    server.check(&[("HSCAN h 0 NOVALUES MATCH [ab]", "*2 $1 0 *2 $1 a $1 b"), ("HSCAN none 0", "*2 $1 0 *0")]);
}

/// Hashes of both encodings against the standard library's, with copies, dumps
/// and the account of memory.
#[test]
fn as_a_map_is() {
    let mut server = server(&["CONFIG SET hash-max-listpack-entries 12"]);
    let mut random = Random::from_seed(12);
    let mut models: [BTreeMap<String, String>; 2] = Default::default();
    for step in 0..6000 {
        let at = random.below(2) as usize;
        let (key, other) = (["a", "b"][at], ["b", "a"][at]);
        let range = [8, 300][random.below(2) as usize];
        let field = format!("f{}", random.below(range));
        match random.below(12) {
            0..6 => {
                let value = format!("{}", random.next_u64() >> random.below(60));
                let new = models[at].insert(field.clone(), value.clone()).is_none();
                assert_eq!(server.send(&format!("HSET {key} {field} {value}")), format!(":{}", u8::from(new)));
            }
            6..10 => {
                let removed = models[at].remove(&field).is_some();
                assert_eq!(server.send(&format!("HDEL {key} {field}")), format!(":{}", u8::from(removed)));
            }
            10 if random.below(30) == 0 => {
                server.send(&format!("DEL {key}"));
                models[at].clear();
            }
            10 => {
                server.send(&format!("COPY {key} {other} REPLACE"));
                if !models[at].is_empty() {
                    models[1 - at] = models[at].clone();
                }
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
        if step % 50 == 0 {
            for (key, model) in ["a", "b"].into_iter().zip(&models) {
                assert_eq!(pairs(&server.send(&format!("HGETALL {key}"))), *model);
            }
        }
    }
    server.send("DEL a b");
    let database = server.engine.keyspace().database(DatabaseId(0));
    assert_eq!(database.bytes(), database.overhead_bytes());
}
