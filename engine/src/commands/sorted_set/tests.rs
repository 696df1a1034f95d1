//! Tables of requests and replies, and sorted sets against maps of the standard
//! library.

use crate::base::random::Random;
use crate::boundary::id::DatabaseId;
use crate::testing::TestServer;
use alloc::collections::BTreeMap;
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

#[test]
fn members_get_scores() {
    let mut server = server(&["SET string v"]);
    server.check(&[
        ("ZADD z 1 a 2 b", ":2"),
        ("ZADD z 3 a 2 b 0.5 c", ":1"),
        ("ZADD z CH 4 a 2 b 1 d", ":2"),
        ("ZADD z NX 9 a 9 e", ":1"),
        ("ZADD z XX CH 5 a 5 f", ":1"),
        ("ZADD z GT CH 4 a 6 b", ":1"),
        ("ZADD z LT CH 4 a 7 b", ":1"),
        ("ZADD z INCR 1.5 a", "$3 5.5"),
        ("ZADD z NX INCR 1 a", "$-1"),
        ("ZADD z XX INCR 1 none", "$-1"),
        ("ZADD none XX 1 a", ":0"),
        ("EXISTS none", ":0"),
        ("ZINCRBY z -5 a", "$3 0.5"),
        ("ZRANGE z 0 -1 WITHSCORES", "*10 $1 a $3 0.5 $1 c $3 0.5 $1 d $1 1 $1 b $1 6 $1 e $1 9"),
        ("ZADD z 1", "-ERR wrong number of arguments for 'zadd' command"),
        ("ZADD z 1 a 2", "-ERR syntax error"),
        ("ZADD z NX XX 1 a", "-ERR XX and NX options at the same time are not compatible"),
        ("ZADD z NX GT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
        ("ZADD z GT LT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
        ("ZADD z INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair"),
        ("ZADD z 1 x nan y", "-ERR value is not a valid float"),
        ("ZSCORE z x", "$-1"),
        ("ZADD z inf i", ":1"),
        ("ZINCRBY z -inf i", "-ERR resulting score is not a number (NaN)"),
        ("ZADD string 1 a", WRONG_TYPE),
        ("ZCARD z", ":6"),
        ("ZCARD none", ":0"),
        ("ZMSCORE z a none i", "*3 $3 0.5 $-1 $3 inf"),
        ("ZMSCORE none a", "*1 $-1"),
        ("ZREM z a b none", ":2"),
        ("ZREM z c d e i", ":4"),
        ("EXISTS z", ":0"),
    ]);
}

#[test]
fn ranks_and_ranges() {
    let mut server = server(&["ZADD z 1 a 2 b 3 c 4 d", "ZADD x 0 a 0 b 0 c 0 d"]);
    server.check(&[
        ("ZRANK z c", ":2"),
        ("ZREVRANK z c", ":1"),
        ("ZRANK z c WITHSCORE", "*2 :2 $1 3"),
        ("ZRANK z none", "$-1"),
        ("ZRANK z none WITHSCORE", "*-1"),
        ("ZRANK z c x", "-ERR syntax error"),
        ("ZREVRANK z c WITHSCORE x", "-ERR wrong number of arguments for 'zrevrank' command"),
        ("ZCOUNT z (1 +inf", ":3"),
        ("ZCOUNT z 3 2", ":0"),
        ("ZCOUNT z x 2", "-ERR min or max is not a float"),
        ("ZLEXCOUNT x [b (d", ":2"),
        ("ZLEXCOUNT x + -", ":0"),
        ("ZLEXCOUNT x b -", "-ERR min or max not valid string range item"),
        ("ZRANGE z 1 -2", "*2 $1 b $1 c"),
        ("ZRANGE z 0 1 REV", "*2 $1 d $1 c"),
        ("ZRANGE z 5 9", "*0"),
        ("ZRANGE z (1 3 BYSCORE", "*2 $1 b $1 c"),
        ("ZRANGE z 3 (1 BYSCORE REV", "*2 $1 c $1 b"),
        ("ZRANGE z -inf inf BYSCORE LIMIT 1 2", "*2 $1 b $1 c"),
        ("ZRANGE z inf -inf BYSCORE REV LIMIT 1 -1", "*3 $1 c $1 b $1 a"),
        ("ZRANGE z -inf inf BYSCORE LIMIT -1 2", "*0"),
        ("ZRANGE x [b + BYLEX", "*3 $1 b $1 c $1 d"),
        ("ZRANGE x + [b BYLEX REV LIMIT 0 2", "*2 $1 d $1 c"),
        (
            "ZRANGE z 0 1 LIMIT 0 1",
            "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
        ),
        ("ZRANGE x - + BYLEX WITHSCORES", "-ERR syntax error, WITHSCORES not supported in combination with BYLEX"),
        ("ZRANGE z a b", "-ERR value is not an integer or out of range"),
        ("ZREVRANGE z 0 0 WITHSCORES", "*2 $1 d $1 4"),
        ("ZREVRANGE z 0 0 REV", "-ERR syntax error"),
        ("ZRANGEBYSCORE z 2 3 WITHSCORES LIMIT 0 1", "*2 $1 b $1 2"),
        ("ZREVRANGEBYSCORE z 3 2", "*2 $1 c $1 b"),
        ("ZRANGEBYLEX x - (c", "*2 $1 a $1 b"),
        ("ZREVRANGEBYLEX x (c -", "*2 $1 b $1 a"),
        ("ZRANGESTORE y z 1 2", ":2"),
        ("ZRANGE y 0 -1 WITHSCORES", "*4 $1 b $1 2 $1 c $1 3"),
        ("ZRANGESTORE y none 0 -1", ":0"),
        ("EXISTS y", ":0"),
        ("ZREMRANGEBYRANK z 0 0", ":1"),
        ("ZREMRANGEBYSCORE z 2 (3", ":1"),
        ("ZREMRANGEBYLEX x [b [c", ":2"),
        ("ZREMRANGEBYRANK z 0 -1", ":2"),
        ("EXISTS z", ":0"),
    ]);
    server.send("HELLO 3");
    server.check(&[
        ("ZRANGE x 0 -1 WITHSCORES", "*2 *2 $1 a ,0 *2 $1 d ,0"),
        ("ZSCORE x a", ",0"),
        ("ZRANK x none WITHSCORE", "_"),
    ]);
}

#[test]
fn ends_are_taken() {
    let mut server = server(&["ZADD z 1 a 2 b 3 c 4 d 5 e"]);
    server.check(&[
        ("ZPOPMIN z", "*2 $1 a $1 1"),
        ("ZPOPMAX z 2", "*4 $1 e $1 5 $1 d $1 4"),
        ("ZPOPMIN z 0", "*0"),
        ("ZPOPMIN none 2", "*0"),
        ("ZPOPMIN z -1", "-ERR value is out of range, must be positive"),
        ("ZMPOP 2 none z MAX COUNT 1", "*2 $1 z *1 *2 $1 c $1 3"),
        ("ZMPOP 1 none MIN", "*-1"),
        ("ZMPOP 0 z MIN", "-ERR numkeys should be greater than 0"),
        ("ZMPOP 1 z MID", "-ERR syntax error"),
        ("ZMPOP 1 z MIN COUNT 0 x", "-ERR count should be greater than 0"),
        ("ZMPOP 1 z MIN COUNT 1 x", "-ERR syntax error"),
        ("ZPOPMAX z 9", "*2 $1 b $1 2"),
        ("EXISTS z", ":0"),
        ("ZADD z 1 a", ":1"),
        ("ZRANDMEMBER z", "$1 a"),
        ("ZRANDMEMBER z -2 WITHSCORES", "*4 $1 a $1 1 $1 a $1 1"),
        ("ZRANDMEMBER none", "$-1"),
        ("ZRANDMEMBER z 1 x", "-ERR syntax error"),
        ("ZSCAN z 0", "*2 $1 0 *2 $1 a $1 1"),
        ("ZSCAN z 0 NOSCORES", "*2 $1 0 *1 $1 a"),
        ("ZSCAN z 0 NOVALUES", "-ERR syntax error"),
    ]);
    server.send("HELLO 3");
    server.check(&[("ZADD z 2 b", ":1"), ("ZPOPMIN z", "*2 $1 a ,1"), ("ZPOPMIN z 1", "*1 *2 $1 b ,2")]);
}

#[test]
fn sets_of_sorted_sets() {
    let mut server = server(&["ZADD y 1 a 2 b 3 c", "ZADD z 10 b 20 c 30 d", "SADD s c d e", "SET string v"]);
    server.check(&[
        ("ZUNION 2 y z WITHSCORES", "*8 $1 a $1 1 $1 b $2 12 $1 c $2 23 $1 d $2 30"),
        ("ZUNION 2 y s WEIGHTS 2 3 AGGREGATE MAX WITHSCORES", "*10 $1 a $1 2 $1 d $1 3 $1 e $1 3 $1 b $1 4 $1 c $1 6"),
        ("ZINTER 2 y z AGGREGATE MIN WITHSCORES", "*4 $1 b $1 2 $1 c $1 3"),
        ("ZINTER 3 y z s WITHSCORES", "*2 $1 c $2 24"),
        ("ZINTER 2 y none", "*0"),
        ("ZINTERCARD 2 y z", ":2"),
        ("ZINTERCARD 2 y z LIMIT 1", ":1"),
        ("ZINTERCARD 2 y z LIMIT -1", "-ERR LIMIT can't be negative"),
        ("ZDIFF 2 y z WITHSCORES", "*2 $1 a $1 1"),
        ("ZDIFF 2 y s WEIGHTS 1 2", "-ERR syntax error"),
        ("ZUNION 0 y", "-ERR at least 1 input key is needed for 'zunion' command"),
        ("ZUNION 3 y z", "-ERR syntax error"),
        ("ZUNION 2 y z WEIGHTS 1 x", "-ERR weight value is not a float"),
        ("ZUNION 2 y z AGGREGATE x", "-ERR syntax error"),
        ("ZUNION 2 y string", WRONG_TYPE),
        ("ZUNIONSTORE string 2 y z", ":4"),
        ("TYPE string", "+zset"),
        ("OBJECT ENCODING string", "$8 listpack"),
        ("ZINTERSTORE y 2 y z", ":2"),
        ("ZRANGE y 0 -1 WITHSCORES", "*4 $1 b $2 12 $1 c $2 23"),
        ("ZDIFFSTORE y 2 y y", ":0"),
        ("EXISTS y", ":0"),
        ("ZUNIONSTORE y 1 z WITHSCORES", "-ERR syntax error"),
        ("ZADD p inf a", ":1"),
        ("ZADD n -inf a", ":1"),
        ("ZUNION 2 p n WITHSCORES", "*2 $1 a $1 0"),
    ]);
}

#[test]
fn encodings() {
    let mut server = server(&[]);
    let limits = "CONFIG SET zset-max-listpack-entries 3 zset-max-listpack-value 5";
    for (requests, encoding) in [
        (&[limits, "ZADD z 1 a 2 b 3 c"][..], "listpack"),
        (&[limits, "ZADD z 1 a 2 b 3 c 4 d"], "skiplist"),
        (&[limits, "ZADD z 1 a", "ZADD z 1 b 2 c", "ZADD z 4 d"], "skiplist"),
        (&[limits, "ZADD z 1 abcdef"], "skiplist"),
        (&[limits, "ZADD z 1 abcdef 2 b", "ZREM z abcdef"], "skiplist"),
        (&[limits, "ZADD y 1 a 2 b 3 c 4 d", "ZRANGESTORE z y 0 1"], "listpack"),
        (&[limits, "ZADD y 1 a 2 b 3 c 4 d", "ZUNIONSTORE z 1 y"], "skiplist"),
        (&["CONFIG SET zset-max-listpack-entries 0", "ZADD z 1 a"], "skiplist"),
    ] {
        server.send("DEL y z");
        for request in requests {
            server.send(request);
        }
        let reply = format!("${} {encoding}", encoding.len());
        assert_eq!(server.send("OBJECT ENCODING z"), reply, "{requests:?}");
    }
}

/// Found by the simulator, seed 216: a replica has small sets as listpacks, whatever
/// its primary has them as.
#[test]
fn no_score_of_a_key_is_negative_zero() {
    let mut server = server(&["CONFIG SET zset-max-listpack-value 3"]);
    server.check(&[
        ("ZADD z -0 long-member -0 b", ":2"),
        ("OBJECT ENCODING z", "$8 skiplist"),
        ("ZRANGE z 0 -1 WITHSCORES", "*4 $1 b $1 0 $11 long-member $1 0"),
        ("ZADD y 0 long-member", ":1"),
        ("ZUNION 1 y WEIGHTS -1 WITHSCORES", "*2 $11 long-member $2 -0"),
        ("ZUNIONSTORE x 1 y WEIGHTS -1", ":1"),
        ("ZSCORE x long-member", "$1 0"),
        ("ZINTERSTORE x 1 y WEIGHTS -1", ":1"),
        ("ZSCORE x long-member", "$1 0"),
    ]);
}

#[test]
fn changes() {
    let mut server = server(&[]);
    for (before, request, changes) in [
        ("", "ZADD z 1 a 2 b", &["new z", "zadd z: command"][..]),
        ("ZADD z 1 a", "ZADD z 1 a", &[]),
        ("ZADD z 1 a", "ZADD z INCR 1 a", &["zincr z: command"]),
        ("ZADD z 1 a", "ZADD z GT 0 a", &[]),
        ("ZADD z 1 a 2 b", "ZREM z a", &["zrem z: command"]),
        ("ZADD z 1 a", "ZREM z a b", &["zrem z: command", "del z"]),
        ("ZADD z 1 a 2 b", "ZREMRANGEBYRANK z 0 0", &["zremrangebyrank z: command"]),
        ("ZADD z 1 a", "ZREMRANGEBYSCORE z 0 2", &["zremrangebyscore z: command", "del z"]),
        ("ZADD z 1 a 2 b", "ZPOPMIN z", &["zpopmin z: command"]),
        ("ZADD z 1 a", "ZMPOP 1 z MAX COUNT 5", &["zpopmax z: ZPOPMAX z 1", "del z"]),
        ("ZADD y 1 a", "ZUNIONSTORE z 1 y", &["new z", "zunionstore z: command"]),
        ("ZADD z 1 a", "ZINTERSTORE z 2 z none", &["del z: command"]),
        ("ZADD y 1 a", "ZRANGESTORE z y 0 -1", &["new z", "zrangestore z: command"]),
    ] {
        server.send("DEL y z");
        server.send(before);
        server.changes();
        server.send(request);
        assert_eq!(server.changes(), changes, "{request}");
    }
}

/// The pairs of a list of members with scores, in order.
fn pairs(reply: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = reply.split(' ').skip(1).filter(|word| !word.starts_with('$')).collect();
    words.chunks(2).map(|pair| (pair[0].to_string(), pair[1].to_string())).collect()
}

/// A model in the order that the set has.
fn in_order(model: &BTreeMap<String, i64>) -> Vec<(String, String)> {
    let mut pairs: Vec<(&String, i64)> = model.iter().map(|(member, score)| (member, *score)).collect();
    pairs.sort_by_key(|(member, score)| (*score, member.as_bytes()));
    pairs.into_iter().map(|(member, score)| (member.clone(), score.to_string())).collect()
}

/// Sorted sets of both encodings against the standard library's, with copies,
/// dumps and the account of memory.
#[test]
fn as_a_map_is() {
    let mut server = server(&["CONFIG SET zset-max-listpack-entries 12"]);
    let mut random = Random::from_seed(13);
    let mut models: [BTreeMap<String, i64>; 2] = Default::default();
    for step in 0..6000 {
        let at = random.below(2) as usize;
        let (key, other) = (["a", "b"][at], ["b", "a"][at]);
        let range = [8, 300][random.below(2) as usize];
        let member = format!("m{}", random.below(range));
        match random.below(14) {
            0..7 => {
                let score = random.below(40) as i64 - 20;
                let new = models[at].insert(member.clone(), score).is_none();
                assert_eq!(server.send(&format!("ZADD {key} {score} {member}")), format!(":{}", u8::from(new)));
            }
            7..10 => {
                let removed = models[at].remove(&member).is_some();
                assert_eq!(server.send(&format!("ZREM {key} {member}")), format!(":{}", u8::from(removed)));
            }
            10 => {
                let ordered = in_order(&models[at]);
                let rank = ordered.iter().position(|pair| pair.0 == member);
                let reply = rank.map_or("$-1".to_string(), |rank| format!(":{rank}"));
                assert_eq!(server.send(&format!("ZRANK {key} {member}")), reply);
            }
            11 if random.below(30) == 0 => {
                let ordered = in_order(&models[at]);
                let count = random.below(ordered.len() as u64 + 1) as usize;
                server.send(&format!("ZREMRANGEBYRANK {key} 0 {}", count as i64 - 1));
                let gone = if count == 0 { ordered.len() } else { count };
                ordered[..gone].iter().for_each(|pair| assert!(models[at].remove(&pair.0).is_some()));
            }
            12 => {
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
                assert_eq!(pairs(&server.send(&format!("ZRANGE {key} 0 -1 WITHSCORES"))), in_order(model));
            }
        }
    }
    server.send("DEL a b");
    let database = server.engine.keyspace().database(DatabaseId(0));
    assert_eq!(database.bytes(), database.overhead_bytes());
}
