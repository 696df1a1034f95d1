//! Tables of requests and replies, and sorting against that of the standard library.

use crate::base::random::Random;
use crate::testing::TestServer;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_DOUBLE: &str = "-ERR One or more scores can't be converted into double";
const NOT_INTEGER: &str = "-ERR value is not an integer or out of range";
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

#[test]
fn elements_are_sorted() {
    let mut server = server(&["RPUSH l 3 10 -1.5 2", "SADD s c a b", "ZADD z 3 a 2 b 1 c", "SET string v"]);
    server.check(&[
        ("SORT l", "*4 $4 -1.5 $1 2 $1 3 $2 10"),
        ("SORT l DESC", "*4 $2 10 $1 3 $1 2 $4 -1.5"),
        ("SORT l ALPHA", "*4 $4 -1.5 $2 10 $1 2 $1 3"),
        ("SORT_RO l LIMIT 1 2", "*2 $1 2 $1 3"),
        ("SORT l LIMIT -5 2", "*2 $4 -1.5 $1 2"),
        ("SORT l LIMIT 2 -1", "*2 $1 3 $2 10"),
        ("SORT l LIMIT 9 1", "*0"),
        ("SORT l LIMIT 1 9223372036854775807", "*3 $1 2 $1 3 $2 10"),
        ("SORT l DESC ASC LIMIT 0 1 LIMIT 0 2", "*2 $4 -1.5 $1 2"),
        ("SORT s ALPHA DESC", "*3 $1 c $1 b $1 a"),
        ("SORT z ALPHA", "*3 $1 a $1 b $1 c"),
        ("SORT s", NOT_DOUBLE),
        ("SORT none", "*0"),
        ("SORT string", WRONG_TYPE),
        ("SORT string BAD", SYNTAX),
        ("SORT l LIMIT 1", SYNTAX),
        ("SORT l LIMIT a 1 BAD", NOT_INTEGER),
        ("SORT l BY", SYNTAX),
        ("SORT l GET", SYNTAX),
        ("SORT l STORE", SYNTAX),
        ("SORT_RO l STORE d", SYNTAX),
    ]);
}

/// Each reply is that of redis-server 7.0.15 and valkey-server 8.0.1.
#[test]
fn numbers_are_those_of_strtod() {
    let mut server = server(&[]);
    for (elements, reply) in [
        ("''", "*1 $0 "),
        ("' 2' 1", "*2 $1 1 $2  2"),
        (r#""1\x00abc""#, "*1 $5 1\0abc"),
        ("0x10 9", "*2 $1 9 $4 0x10"),
        ("inf -inf 1e308", "*3 $4 -inf $5 1e308 $3 inf"),
        ("+1 -0 0 .5 5.", "*5 $2 -0 $1 0 $2 .5 $2 +1 $2 5."),
        ("1 1.0 1.00 0x1", "*4 $3 0x1 $1 1 $3 1.0 $4 1.00"),
        ("'1 '", NOT_DOUBLE),
        ("' '", NOT_DOUBLE),
        ("nan", NOT_DOUBLE),
        ("1e", NOT_DOUBLE),
        ("1e400", NOT_DOUBLE),
        ("1e-310", NOT_DOUBLE),
        ("a", NOT_DOUBLE),
    ] {
        server.send("DEL l");
        server.send(&format!("RPUSH l {elements}"));
        assert_eq!(server.send("SORT l"), reply, "{elements}");
    }
}

#[test]
fn by_other_keys_and_unsorted() {
    let mut server = server(&[
        "RPUSH l 1 2 3",
        "MSET w1 30 w2 20 w3 10 t1 b t2 a",
        "HSET h1 f 5 g x",
        "HSET h2 f -5",
        "ZADD z 1 a 2 b 3 c 4 d",
        "SADD s c a d b",
    ]);
    server.check(&[
        ("SORT l BY w*", "*3 $1 3 $1 2 $1 1"),
        ("SORT l BY w* DESC LIMIT 0 1", "*1 $1 1"),
        ("SORT l BY t* ALPHA", "*3 $1 3 $1 2 $1 1"),
        ("SORT l BY t* ALPHA DESC", "*3 $1 1 $1 2 $1 3"),
        ("SORT l BY t*", NOT_DOUBLE),
        ("SORT l BY none* DESC", "*3 $1 3 $1 2 $1 1"),
        ("SORT l BY none* ALPHA DESC", "*3 $1 1 $1 2 $1 3"),
        ("SORT l BY h*->f", "*3 $1 2 $1 3 $1 1"),
        ("SORT l BY h*->f GET # GET h*->f GET w*", "*9 $1 2 $2 -5 $2 20 $1 3 $-1 $2 10 $1 1 $1 5 $2 30"),
        (
            "SORT l GET w GET h* GET w*->f GET h*-> GET ##",
            "*15 $-1 $-1 $-1 $-1 $-1 $-1 $-1 $-1 $-1 $-1 $-1 $-1 $-1 $-1 $-1",
        ),
        ("SORT l BY nosort DESC", "*3 $1 3 $1 2 $1 1"),
        ("SORT l BY nosort DESC LIMIT 1 1", "*1 $1 2"),
        ("SORT l BY w* BY nosort", "*3 $1 1 $1 2 $1 3"),
        ("SORT z BY nosort", "*4 $1 a $1 b $1 c $1 d"),
        ("SORT z BY nosort DESC LIMIT 1 2", "*2 $1 c $1 b"),
        ("SORT z BY nosort LIMIT 3 5", "*1 $1 d"),
        ("SORT z BY nosort LIMIT 4 5", "*0"),
        ("SORT s BY nosort STORE d", ":4"),
        ("LRANGE d 0 -1", "*4 $1 a $1 b $1 c $1 d"),
        ("SORT s BY nosort DESC LIMIT 1 2 STORE d", ":2"),
        ("LRANGE d 0 -1", "*2 $1 c $1 b"),
        ("SORT s BY none* ALPHA DESC", "*4 $1 d $1 c $1 b $1 a"),
    ]);
    server.send("HELLO 3");
    server.check(&[("SORT l LIMIT 0 1 GET # GET none*", "*2 $1 1 _")]);
}

#[test]
fn lists_are_stored() {
    let mut server = server(&["RPUSH l 3 1 2", "SET w1 x", "SET d v EX 100"]);
    server.check(&[
        ("SORT l STORE d", ":3"),
        ("TTL d", ":-1"),
        ("LRANGE d 0 -1", "*3 $1 1 $1 2 $1 3"),
        ("OBJECT ENCODING d", "$8 listpack"),
        ("SORT l DESC STORE l", ":3"),
        ("LRANGE l 0 -1", "*3 $1 3 $1 2 $1 1"),
        ("SORT l GET w* GET # STORE e STORE d", ":6"),
        ("LRANGE d 0 -1", "*6 $1 x $1 1 $0  $1 2 $0  $1 3"),
        ("EXISTS e", ":0"),
        ("SORT none STORE d", ":0"),
        ("EXISTS d", ":0"),
        ("CONFIG SET list-max-listpack-size 2", "+OK"),
        ("SORT l STORE d", ":3"),
        ("OBJECT ENCODING d", "$9 quicklist"),
        ("SORT l LIMIT 0 2 STORE d", ":2"),
        ("OBJECT ENCODING d", "$8 listpack"),
        ("COMMAND GETKEYS SORT k BY w* LIMIT 1 2 GET store STORE d", "*2 $1 k $1 d"),
        ("COMMAND GETKEYS SORT k STORE d STORE e", "*2 $1 k $1 e"),
        ("COMMAND GETKEYS SORT k STORE", "*1 $1 k"),
        ("COMMAND GETKEYS SORT_RO k GET x STORE e", "*1 $1 k"),
    ]);
    for (request, changes) in [
        ("SORT l STORE d", &["sortstore d: command"][..]),
        ("SORT l STORE n", &["new n", "sortstore n: command"]),
        ("SORT none STORE d", &["del d: command"]),
        ("SORT none STORE d", &[]),
        ("SORT l", &[]),
    ] {
        server.changes();
        server.send(request);
        assert_eq!(server.changes(), changes, "{request}");
    }
}

#[test]
fn what_is_expired_is_not_there() {
    let mut server = server(&["RPUSH l 1 2 3", "MSET w1 3 w2 2", "SET w3 1 PX 10", "RPUSH old 1", "PEXPIRE old 10"]);
    server.advance_ms(11);
    server.check(&[("SORT l BY w* GET w*", "*3 $-1 $1 2 $1 3"), ("SORT old", "*0"), ("DBSIZE", ":3")]);
}

/// A request with random options against what the standard library makes of the
/// same elements.
#[test]
fn as_the_standard_library_sorts() {
    let mut server = server(&["CONFIG SET list-max-listpack-size 16 zset-max-listpack-entries 8"]);
    let mut random = Random::from_seed(5);
    for _ in 0..400 {
        server.send("FLUSHALL");
        let length = random.below(40) as usize;
        let mut elements: Vec<i64> = (0..length).map(|_| random.below(60) as i64 - 30).collect();
        let kind = random.below(3);
        if kind > 0 {
            elements.sort_unstable();
            elements.dedup();
        }
        for element in &elements {
            server.send(&match kind {
                0 => format!("RPUSH k {element}"),
                1 => format!("SADD k {element}"),
                _ => format!("ZADD k {element} {element}"),
            });
            server.send(&format!("SET w{element} {}", element * element % 17));
        }
        let (alpha, by, descending) = (random.below(2) == 0, random.below(2) == 0, random.below(2) == 0);
        let mut sorted: Vec<(i64, String)> =
            elements.iter().map(|e| (if by { e * e % 17 } else { *e }, e.to_string())).collect();
        let as_text = alpha;
        sorted.sort_by(|a, b| {
            let weights = if as_text { a.0.to_string().cmp(&b.0.to_string()) } else { a.0.cmp(&b.0) };
            let ordering = if as_text && by && kind != 1 { weights } else { weights.then_with(|| a.1.cmp(&b.1)) };
            if descending { ordering.reverse() } else { ordering }
        });
        let (offset, count) = (random.below(12) as usize, random.below(30) as usize);
        let expected: Vec<String> = sorted.into_iter().map(|pair| pair.1).skip(offset).take(count).collect();
        let mut request = format!("SORT k LIMIT {offset} {count} STORE d");
        for (given, word) in [(alpha, " ALPHA"), (by, " BY w*"), (descending, " DESC")] {
            request += if given { word } else { "" };
        }
        assert_eq!(server.send(&request), format!(":{}", expected.len()), "{request}");
        let list = server.send("LRANGE d 0 -1");
        let list: Vec<&str> = list.split(' ').skip(1).filter(|word| !word.starts_with('$')).collect();
        assert_eq!(list, expected, "{request} of {elements:?}");
    }
}

#[test]
fn fields_that_have_expired_are_nothing() {
    let mut server = server(&["RPUSH l 1 2", "HSET w1 f 9", "HSET w2 f 1"]);
    server
        .check(&[("SORT l BY w*->f GET # GET w*->f", "*4 $1 2 $1 1 $1 1 $1 9"), ("HPEXPIRE w1 5 FIELDS 1 f", "*1 :1")]);
    server.advance_ms(10);
    server.check(&[("SORT l BY w*->f GET # GET w*->f", "*4 $1 1 $-1 $1 2 $1 1")]);
}
