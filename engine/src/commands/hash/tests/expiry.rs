//! Fields that expire: requests with replies, what is repeated of them, and
//! hashes against a map of the standard library while time passes.

use super::{pairs, server};
use crate::base::random::Random;
use crate::boundary::id::DatabaseId;
use crate::engine::test_world::World;
use crate::server::personality::Personality;
use crate::testing::{START_MS, TestServer};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const WRONG_COUNT: &str = "-ERR numfields should be greater than 0 and match the provided number of fields";
const SYNTAX: &str = "-ERR syntax error";
const NOT_INTEGER: &str = "-ERR value is not an integer or out of range";

#[test]
fn requests_that_are_wrong() {
    let mut server = server(&["HSET h a 1", "SET string v"]);
    server.check(&[
        ("HEXPIRE h 10 FIELDS 1", "-ERR wrong number of arguments for 'hexpire' command"),
        ("HEXPIRE h 10 FIELDS 2 a", WRONG_COUNT),
        ("HEXPIRE h 10 FIELDS 0 a", WRONG_COUNT),
        ("HEXPIRE h 10 FIELDS -1 a", WRONG_COUNT),
        ("HEXPIRE h 10 FIELDS x a", NOT_INTEGER),
        ("HEXPIRE h 10 NX 1 a FIELDS", WRONG_COUNT),
        ("HEXPIRE h 10 ab FIELDS 2 a", "-ERR Unsupported option ab"),
        ("HEXPIRE h 10 NX GT FIELDS 2 a", "-ERR NX and XX, GT or LT options at the same time are not compatible"),
        ("HEXPIRE h 10 GT LT FIELDS 2 a", "-ERR GT and LT options at the same time are not compatible"),
        ("HEXPIRE string x FIELDS 1 a", NOT_INTEGER),
        ("HEXPIRE string -1 FIELDS 1 a", "-ERR invalid expire time in 'hexpire' command"),
        ("HEXPIRE h 9223372036854775 FIELDS 1 a", "-ERR invalid expire time in 'hexpire' command"),
        ("HPEXPIRE h 9223372036854775807 FIELDS 1 a", "-ERR invalid expire time in 'hpexpire' command"),
        ("HEXPIREAT h 9223372036854776 FIELDS 1 a", "-ERR invalid expire time in 'hexpireat' command"),
        ("HEXPIRE string 1 FIELDS 1 a", WRONG_TYPE),
        ("HTTL h FIELD 1 a", SYNTAX),
        ("HTTL h FIELDS x a", NOT_INTEGER),
        ("HTTL h FIELDS 2 a", SYNTAX),
        ("HTTL string FIELDS 1 a", WRONG_TYPE),
        ("HPERSIST h FIELD 1 a", SYNTAX),
        ("HPERSIST h FIELDS 2 a", WRONG_COUNT),
        ("HPERSIST string FIELDS 1 a", WRONG_TYPE),
        ("HGETDEL h FIELD 1 a", SYNTAX),
        ("HGETDEL h FIELDS 2 a", WRONG_COUNT),
        ("HGETDEL string FIELDS 1 a", WRONG_TYPE),
        ("HGETEX h EX 10 PX 10 FIELDS 1 a", SYNTAX),
        ("HGETEX h KEEPTTL FIELDS 1 a", SYNTAX),
        ("HGETEX h NX FIELDS 1 a", SYNTAX),
        ("HGETEX h EX FIELDS 1 a", SYNTAX),
        ("HGETEX h PERSIST EX 1 FIELDS 1 a", SYNTAX),
        ("HGETEX h EX 10 FIELDS 3 a", WRONG_COUNT),
        ("HGETEX h EX 10 a a a", WRONG_COUNT),
        ("HGETEX string EX x FIELDS 1 a", WRONG_TYPE),
        ("HGETEX h EX x FIELDS 1 a", NOT_INTEGER),
        ("HGETEX fields FIELDS 1 a", NOT_INTEGER),
        ("HSETEX h NX XX FIELDS 1 a 1", SYNTAX),
        ("HSETEX h FNX FXX FIELDS 1 a 1", SYNTAX),
        ("HSETEX h PERSIST FIELDS 1 a 1", SYNTAX),
        ("HSETEX h KEEPTTL EX 1 FIELDS 1 a 1", SYNTAX),
        ("HSETEX h EX 10 FIELDS 1 a", WRONG_COUNT),
        ("HSETEX h EX 10 FIELDS 4611686018427387905 a 1", WRONG_COUNT),
        ("HSETEX h EX 10 FIELDS 2 a 1", WRONG_COUNT),
        ("HSETEX string NX EX x FIELDS 1 a 1", WRONG_TYPE),
        ("HSETEX h NX EX x FIELDS 1 a 1", ":0"),
        ("HSETEX h FNX EX x FIELDS 1 a 1", NOT_INTEGER),
        ("HSETEX h EX -1 FIELDS 1 a 1", "-ERR invalid expire time in 'hsetex' command"),
        ("HGETALL h", "*2 $1 a $1 1"),
        ("OBJECT ENCODING h", "$8 listpack"),
    ]);
}

#[test]
fn times_and_conditions() {
    let mut server = server(&["HSET h a 1 b 2 c 3 d 4"]);
    let at = START_MS / 1000 + 100;
    server.check(&[
        ("HEXPIRE none 10 FIELDS 2 a b", "*2 :-2 :-2"),
        ("HEXPIRE h 10 XX FIELDS 2 a x", "*2 :0 :-2"),
        ("HEXPIRE h 10 GT FIELDS 1 a", "*1 :0"),
        ("OBJECT ENCODING h", "$8 listpack"),
        ("HEXPIRE h 10 NX FIELDS 3 a x a", "*3 :1 :-2 :0"),
        ("OBJECT ENCODING h", "$9 hashtable"),
        ("HEXPIRE h 20 LT FIELDS 2 a b", "*2 :0 :1"),
        ("HEXPIRE h 15 GT FIELDS 2 a b", "*2 :1 :0"),
        ("HPEXPIRE h 5400 XX LT FIELDS 2 a c", "*2 :1 :0"),
        (&format!("HEXPIREAT h {at} FIELDS 1 c"), "*1 :1"),
        (&format!("HPEXPIREAT h {} FIELDS 1 d", START_MS + 500), "*1 :1"),
        ("HTTL h FIELDS 5 a b c d x", "*5 :5 :20 :100 :1 :-2"),
        ("HPTTL h fields 2 a d", "*2 :5400 :500"),
        ("HTTL none FIELDS 1 a", "*1 :-2"),
        ("HEXPIRETIME h FIELDS 1 c", &format!("*1 :{at}")),
        ("HPEXPIRETIME h FIELDS 1 d", &format!("*1 :{}", START_MS + 500)),
        ("HPERSIST h FIELDS 4 a a x d", "*4 :1 :-1 :-2 :1"),
        ("HTTL h FIELDS 2 a d", "*2 :-1 :-1"),
        ("HGETEX h EX 30 FIELDS 2 a x", "*2 $1 1 $-1"),
        ("HGETEX h FIELDS 1 a", "*1 $1 1"),
        ("HTTL h FIELDS 1 a", "*1 :30"),
        ("HGETEX h PERSIST FIELDS 1 a", "*1 $1 1"),
        ("HTTL h FIELDS 1 a", "*1 :-1"),
        ("HEXPIRE h 0 NX FIELDS 2 a c", "*2 :2 :0"),
        ("HGETEX h PXAT 0 FIELDS 2 c c", "*2 $1 3 $-1"),
        ("HGETDEL h FIELDS 3 d x d", "*3 $1 4 $-1 $-1"),
        ("HGETALL h", "*2 $1 b $1 2"),
        ("HPEXPIREAT h 1 FIELDS 1 b", "*1 :2"),
        ("EXISTS h", ":0"),
        ("HGETEX h EX 5 FIELDS 2 a b", "*2 $-1 $-1"),
        ("HGETDEL h FIELDS 2 a b", "*2 $-1 $-1"),
        ("HPERSIST h FIELDS 1 a", "*1 :-2"),
    ]);
}

#[test]
fn setting_with_a_time() {
    let mut server = server(&[]);
    server.check(&[
        ("HSETEX h XX FIELDS 1 a 1", ":0"),
        ("HSETEX h FXX FIELDS 1 a 1", ":0"),
        ("EXISTS h", ":0"),
        ("HSETEX h NX FNX EX 10 FIELDS 2 a 1 b 2", ":1"),
        ("HSETEX h NX FIELDS 1 a 1", ":0"),
        ("HSETEX h FNX FIELDS 2 c 1 a 1", ":0"),
        ("HSETEX h FXX FIELDS 2 c 1 a 1", ":0"),
        ("HSETEX h FXX KEEPTTL FIELDS 2 a 3 b 4", ":1"),
        ("HTTL h FIELDS 2 a b", "*2 :10 :10"),
        ("HMGET h a b", "*2 $1 3 $1 4"),
        ("HSETEX h FIELDS 1 a 5", ":1"),
        ("HTTL h FIELDS 2 a b", "*2 :-1 :10"),
        ("HINCRBY h b 5", ":9"),
        ("HINCRBYFLOAT h b 0.5", "$3 9.5"),
        ("HTTL h FIELDS 1 b", "*1 :10"),
        ("HSET h b 1", ":0"),
        ("HTTL h FIELDS 1 b", "*1 :-1"),
        ("HSETEX h PX 0 FIELDS 2 a 1 x 2", ":1"),
        ("HGETALL h", "*2 $1 b $1 1"),
        ("HSETEX h EXAT 1 FIELDS 1 b 2", ":1"),
        ("EXISTS h", ":0"),
        ("HSETEX h EXAT 1 FIELDS 1 b 2", ":1"),
        ("EXISTS h", ":0"),
        ("HSETEX h KEEPTTL FIELDS 1 b 2", ":1"),
        ("OBJECT ENCODING h", "$8 listpack"),
    ]);
}

#[test]
fn changes() {
    let mut server = server(&["HSET h a 1 b 2 c 3"]);
    let at = |ms: i64| START_MS + ms;
    for (request, changes) in [
        ("HEXPIRE h 5 FIELDS 2 a x", &[&*format!("hexpire h: HPEXPIREAT h {} FIELDS 1 a", at(5000))][..]),
        ("HEXPIRE h 5 GT FIELDS 1 a", &[]),
        ("HEXPIRE h 0 FIELDS 1 x", &[]),
        ("HPERSIST h FIELDS 2 a b", &["hpersist h: HPERSIST h FIELDS 1 a"]),
        ("HGETEX h PX 7 FIELDS 3 a x b", &[&format!("hexpire h: HPEXPIREAT h {} FIELDS 2 a b", at(7))]),
        ("HGETEX h FIELDS 3 a x b", &[]),
        ("HGETEX h PERSIST FIELDS 1 a", &["hpersist h: HPERSIST h FIELDS 1 a"]),
        ("HINCRBY h a 1", &["hincrby h: HSET h a 2"]),
        ("HINCRBY h b 1", &[&format!("hincrby h: HSETEX h PXAT {} FIELDS 1 b 3", at(7))]),
        ("HINCRBYFLOAT h b 0.5", &[&format!("hincrbyfloat h: HSETEX h PXAT {} FIELDS 1 b 3.5", at(7))]),
        ("HSETNX h n 1", &["hset h: HSET h n 1"]),
        ("HSETEX h KEEPTTL FIELDS 1 b 1", &["hset h: command"]),
        ("HSETEX h PXAT 9000000000000 FIELDS 1 b 1", &["hset h: command", "hexpire h"]),
        ("HSETEX h EX 1 FXX FIELDS 1 b 1", &[&format!("hset h: HSETEX h PXAT {} FIELDS 1 b 1", at(1000)), "hexpire h"]),
        ("HSETEX h NX FIELDS 1 b 1", &[]),
        ("HSETEX h XX FIELDS 1 b 1", &["hset h: HSET h b 1"]),
        ("HSETEX h XX KEEPTTL FIELDS 1 b 1", &["hset h: HSETEX h KEEPTTL FIELDS 1 b 1"]),
        ("HSETEX h EX 0 FIELDS 2 x 1 n 1", &["hset h: HDEL h n"]),
        ("HEXPIRE h 0 FIELDS 2 c x", &["hexpired h: HDEL h c"]),
        ("HGETDEL h FIELDS 2 b x", &["hdel h: HDEL h b"]),
        ("HDEL h a", &["hdel h: command", "del h"]),
        ("HSETEX h EX 0 FIELDS 1 x 1", &[]),
        (
            "HSETEX h PX 5 FIELDS 1 a 1",
            &["new h", &format!("hset h: HSETEX h PXAT {} FIELDS 1 a 1", at(5)), "hexpire h"],
        ),
        ("HDEL h x a", &["hdel h: HDEL h a", "del h"]),
    ] {
        server.changes();
        server.send(request);
        assert_eq!(server.changes(), changes, "{request}");
    }
}

/// Fields whose time has passed are not there, but for what takes their place.
#[test]
fn what_has_expired_is_not_seen() {
    let mut server = server(&["HSET h a 1 b 2", "HSETEX h PX 10 FIELDS 4 n 5 m 6 o 7 p 8"]);
    server.advance_ms(10);
    // At its time a field is still seen, but whoever sets it finds it gone.
    server.check(&[("HGET h n", "$1 5"), ("HPTTL h FIELDS 1 n", "*1 :0"), ("HSET h p 1", ":1")]);
    assert!(server.changes().contains(&"hexpired h".into()));
    server.advance_ms(1);
    server.check(&[
        ("HGET h n", "$-1"),
        ("HMGET h n a", "*2 $-1 $1 1"),
        ("HEXISTS h n", ":0"),
        ("HSTRLEN h n", ":0"),
        ("HLEN h", ":6"),
        ("HTTL h FIELDS 1 n", "*1 :-2"),
        ("HEXPIRE h 5 FIELDS 1 n", "*1 :-2"),
        ("HPERSIST h FIELDS 1 n", "*1 :-2"),
        ("HGETEX h EX 5 FIELDS 1 n", "*1 $-1"),
        ("HGETDEL h FIELDS 1 n", "*1 $-1"),
        ("HDEL h n", ":0"),
        ("HSETEX h FXX FIELDS 1 n 1", ":0"),
        ("HEXPIRE h 0 FIELDS 1 n", "*1 :-2"),
    ]);
    assert_eq!(pairs(&server.send("HGETALL h")).len(), 3);
    assert!(server.send("HKEYS h").starts_with("*3 ") && server.send("HVALS h").starts_with("*3 "));
    assert!(server.send("HSCAN h 0 NOVALUES").starts_with("*2 $1 0 *3 "));
    assert!(server.send("HRANDFIELD h 10").starts_with("*3 "));
    assert!(server.send("HRANDFIELD h -9 WITHVALUES").starts_with("*18 "));
    for (request, reply, changes) in [
        ("HSETNX h n 9", ":1", &["hexpired h", "hset h: HSET h n 9"][..]),
        ("HINCRBY h m 2", ":2", &["hexpired h", "hincrby h: HSET h m 2"]),
        ("HSETEX h KEEPTTL FIELDS 1 o 3", ":1", &["hexpired h: HSET h o 3", "hset h: command"]),
        ("HTTL h FIELDS 3 n m o", "*3 :-1 :-1 :-1", &[]),
    ] {
        server.changes();
        assert_eq!(server.send(request), reply);
        assert_eq!(server.changes(), changes, "{request}");
    }
}

#[test]
fn nothing_is_left_to_see() {
    let mut server = server(&["HSETEX h PX 5 FIELDS 2 a 1 b 2"]);
    server.advance_ms(20);
    server.check(&[
        ("EXISTS h", ":1"),
        ("HLEN h", ":2"),
        ("HGETALL h", "*0"),
        ("HRANDFIELD h", "$-1"),
        ("HRANDFIELD h 5", "*0"),
        ("HRANDFIELD h -5 WITHVALUES", "*0"),
        ("HSCAN h 0", "*2 $1 0 *0"),
        ("HSETEX h PX 0 FIELDS 1 a 1", ":1"),
        ("HLEN h", ":1"),
        ("HSETEX h PX 0 FIELDS 1 b 1", ":1"),
        ("EXISTS h", ":0"),
    ]);
}

/// The sweep removes them, states it as one request, and the key with the last.
#[test]
fn the_sweep_removes_what_has_expired() {
    let parameters = [("save", ""), ("notify-keyspace-events", "KEA")];
    let mut world = World::with(&parameters, Personality::VALKEY);
    let (client, subscriber) = (world.connect(), world.connect());
    world.ask(client, "HSETEX some PX 50 FIELDS 3 a 1 b 2 c 3");
    world.ask(client, "HSET some stays 1");
    world.ask(client, "HSETEX all PX 60 FIELDS 2 a 1 b 2");
    world.ask(client, "HSETEX later EX 60 FIELDS 1 a 1");
    assert!(world.ask(client, "INFO keyspace").contains("keys_with_volatile_items=3"));
    world.ask(subscriber, "PSUBSCRIBE __keyevent@0__:*");
    let seen = world.engine.server().journal.log.len();
    world.advance_ms(400);
    let mut log = world.engine.server().journal.log[seen..].to_vec();
    let fields = |entry: &mut String| {
        let (what, fields) = entry.split_at(entry.find("HDEL ").map_or(entry.len(), |at| at + 5));
        let mut fields: Vec<&str> = fields.split(' ').collect();
        fields.sort_unstable();
        *entry = format!("{what}{}", fields.join(" "));
    };
    log.iter_mut().for_each(fields);
    assert_eq!(log, ["hexpired some: HDEL a b c some", "hexpired all: HDEL a all b", "del all"]);
    let events = world.read(subscriber);
    let at = |event: &str| events.find(event).unwrap_or_else(|| panic!("{event}: {events}"));
    assert!(at("__keyevent@0__:hexpired\r\n$4\r\nsome") < at("__keyevent@0__:hexpired\r\n$3\r\nall"));
    assert!(at("__keyevent@0__:hexpired\r\n$3\r\nall") < at("__keyevent@0__:del\r\n$3\r\nall"));
    assert_eq!(world.ask(client, "HGETALL some"), "*2\r\n$5\r\nstays\r\n$1\r\n1\r\n");
    assert_eq!(world.ask(client, "EXISTS all"), ":0\r\n");
    assert!(world.ask(client, "INFO keyspace").contains("keys_with_volatile_items=1"));
    assert!(world.ask(client, "INFO stats").contains("expired_fields:5\r\n"));
    world.ask(client, "CONFIG RESETSTAT");
    assert!(world.ask(client, "INFO stats").contains("expired_fields:0\r\n"));
}

/// Nothing expires while clients' writes are paused.
#[test]
fn the_sweep_waits() {
    let mut world = World::with(&[("save", "")], Personality::VALKEY);
    let client = world.connect();
    world.ask(client, "HSETEX h PX 50 FIELDS 1 a 1");
    world.ask(client, "CLIENT PAUSE 1000 WRITE");
    world.advance_ms(500);
    assert_eq!(world.ask(client, "HLEN h"), ":1\r\n");
    assert_eq!(world.ask(client, "HGET h a"), "$-1\r\n");
    world.advance_ms(500);
    world.advance_ms(300);
    assert_eq!(world.ask(client, "EXISTS h"), ":0\r\n");
}

/// What is imported expires when the source says so, or a client writes there.
#[test]
fn imports_bring_what_has_expired() {
    let mut server = server(&["CONFIG SET import-mode yes", "SET key 1 PX 10"]);
    server.check(&[("HSETEX h EXAT 0 FIELDS 2 a 1 b 2", ":1"), ("HLEN h", ":2"), ("HGET h a", "$-1")]);
    server.advance_ms(11);
    server.check(&[("GET key", "$-1"), ("DBSIZE", ":2"), ("RANDOMKEY", "$1 h")]);
    server.check(&[("CLIENT IMPORT-SOURCE ON", "+OK"), ("GET key", "$1 1"), ("HMGET h a b", "*2 $1 1 $1 2")]);
    server.check(&[("CLIENT IMPORT-SOURCE OFF", "+OK"), ("SET key 2 XX", "$-1"), ("DBSIZE", ":1")]);
    server.check(&[("CONFIG SET import-mode no", "+OK"), ("HSETEX h EXAT 0 FIELDS 2 a 1 b 2", ":1"), ("DBSIZE", ":0")]);
}

/// A large hash goes in slices, none of which removes many fields.
#[test]
fn the_sweep_is_sliced() {
    let mut world = World::with(&[("save", "")], Personality::VALKEY);
    let client = world.connect();
    for first in (0..20_000).step_by(1000) {
        let fields: Vec<String> = (first..first + 1000).map(|number| format!("f{number} v")).collect();
        world.ask(client, &format!("HSETEX h PX {} FIELDS 1000 {}", 20_000 - first, fields.join(" ")));
    }
    let seen = world.engine.server().journal.log.len();
    world.advance_ms(21_000);
    let log = &world.engine.server().journal.log[seen..];
    let longest = log.iter().map(|entry| entry.split(' ').count()).max();
    assert!(longest < Some(400 + 200), "one slice: {longest:?}");
    assert_eq!(log.iter().map(|entry| entry.split(' ').count().saturating_sub(4)).sum::<usize>(), 20_000);
    assert_eq!(log.last().map(String::as_str), Some("del h"));
    assert_eq!(world.ask(client, "EXISTS h"), ":0\r\n");
}

/// A field of the model: its value, and when it expires.
type Model = BTreeMap<String, (String, Option<i64>)>;

/// One request that changes a hash at random, and what it does to the model.
fn disturb(server: &mut TestServer, key: &str, model: &mut Model, random: &mut Random) {
    let now_ms = server.now.unix.ms();
    let seen = |entry: Option<&(String, Option<i64>)>| {
        entry.filter(|(_, at)| at.is_none_or(|at| at >= now_ms)).map(|(value, _)| value.clone())
    };
    let (field, value) = (format!("f{}", random.below(60)), format!("{}", random.below(1000)));
    let ms = [0, 1, 5, 20, 100, 1000][random.below(6) as usize];
    let there = seen(model.get(&field));
    match random.below(12) {
        0..=2 => {
            server.send(&format!("HSET {key} {field} {value}"));
            model.insert(field, (value, None));
        }
        3..=5 => {
            assert_eq!(server.send(&format!("HSETEX {key} PX {ms} FIELDS 1 {field} {value}")), ":1");
            model.insert(field.clone(), (value, Some(now_ms + ms)));
            if ms == 0 {
                model.remove(&field);
            }
        }
        6 => {
            let kept = model.get(&field).and_then(|(_, at)| *at).filter(|&at| at > now_ms);
            server.send(&format!("HSETEX {key} KEEPTTL FIELDS 1 {field} {value}"));
            model.insert(field, (value, kept));
        }
        7 | 8 => {
            let reply = server.send(&format!("HPEXPIRE {key} {ms} FIELDS 1 {field}"));
            assert_eq!(
                reply,
                if there.is_none() {
                    "*1 :-2"
                } else if ms == 0 {
                    "*1 :2"
                } else {
                    "*1 :1"
                }
            );
            if there.is_some() {
                model.entry(field.clone()).and_modify(|(_, at)| *at = Some(now_ms + ms));
                if ms == 0 {
                    model.remove(&field);
                }
            }
        }
        9 => {
            server.send(&format!("HPERSIST {key} FIELDS 1 {field}"));
            if there.is_some() {
                model.entry(field).and_modify(|(_, at)| *at = None);
            }
        }
        10 => {
            let reply = server.send(&format!("HGETDEL {key} FIELDS 1 {field}"));
            assert_eq!(reply, there.as_ref().map_or("*1 $-1".into(), |old| format!("*1 ${} {old}", old.len())));
            if there.is_some() {
                model.remove(&field);
            }
        }
        _ => {
            let sum = there.map_or(0, |old| old.parse::<i64>().unwrap()) + 7;
            assert_eq!(server.send(&format!("HINCRBY {key} {field} 7")), format!(":{sum}"));
            let hidden = model.get(&field).is_some_and(|(_, at)| at.is_some_and(|at| at < now_ms));
            let kept = model.get(&field).and_then(|(_, at)| *at).filter(|_| !hidden);
            model.insert(field, (sum.to_string(), kept));
        }
    }
}

#[test]
fn as_a_map_with_times_is() {
    let mut server = server(&["CONFIG SET hash-max-listpack-entries 20"]);
    let mut random = Random::from_seed(5);
    let mut models: [Model; 2] = Default::default();
    for step in 0..8000 {
        let at = random.below(2) as usize;
        let (key, other) = (["a", "b"][at], ["b", "a"][at]);
        server.advance_ms([0, 0, 1, 3][random.below(4) as usize]);
        disturb(&mut server, key, &mut models[at], &mut random);
        let before_ms = server.now.unix.ms();
        match random.below(60) {
            0 if !models[at].is_empty() => {
                server.send(&format!("RENAME {key} {other}"));
                models[1 - at] = core::mem::take(&mut models[at]);
            }
            1 if !models[at].is_empty() => {
                server.send(&format!("COPY {key} {other} REPLACE"));
                models[1 - at] = models[at].clone();
            }
            2 if !models[at].is_empty() => {
                let payload = server.send_arguments(&[b"DUMP", key.as_bytes()]);
                let start = payload.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
                let payload = &payload[start..payload.len() - 2];
                let reply = server.send_arguments(&[b"RESTORE", key.as_bytes(), b"0", payload, b"REPLACE"]);
                assert_eq!(reply, b"+OK\r\n");
            }
            3 if random.below(4) == 0 => {
                server.send(&format!("SET {key} 1"));
                server.send(&format!("DEL {key}"));
                models[at].clear();
            }
            _ => {}
        }
        if step % 40 == 0 {
            check(&mut server, &models, before_ms);
        }
    }
    server.send("DEL a b");
    let database = server.engine.keyspace().database(DatabaseId(0));
    assert_eq!((database.bytes(), database.keys_with_expiring_fields()), (database.overhead_bytes(), 0));
}

fn check(server: &mut TestServer, models: &[Model; 2], now_ms: i64) {
    for (key, model) in ["a", "b"].into_iter().zip(models) {
        let visible = model.iter().filter(|(_, (_, at))| at.is_none_or(|at| at >= now_ms));
        let expected: BTreeMap<String, String> =
            visible.map(|(field, (value, _))| (field.clone(), value.clone())).collect();
        assert_eq!(pairs(&server.send(&format!("HGETALL {key}"))), expected);
        assert_eq!(server.send(&format!("HLEN {key}")), format!(":{}", model.len()));
    }
    let expiring = models.iter().filter(|model| model.values().any(|(_, at)| at.is_some())).count();
    let database = server.engine.keyspace().database(DatabaseId(0));
    assert_eq!(database.keys_with_expiring_fields(), expiring);
}
