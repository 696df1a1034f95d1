//! Tables of requests and replies, values as a reference writes them, and
//! damaged ones.

use super::layout::{Encoding, HEADER, REGISTERS, empty, merge, place, raise, raise_all};
use super::{dense, murmur, sparse};
use crate::base::random::Random;
use crate::data::entry::Value;
use crate::testing::TestServer;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_ONE: &str = "-WRONGTYPE Key is not a valid HyperLogLog string value.";
const CORRUPTED: &str = "-INVALIDOBJ Corrupted HLL object detected";

fn stored(server: &TestServer, key: &str) -> Vec<u8> {
    server.entry(key).map_or(Vec::new(), |entry| entry.value().bytes(&mut [0; 20]).to_vec())
}

/// Adds the numbers of a range as text.
fn add_numbers(server: &mut TestServer, key: &str, numbers: core::ops::RangeInclusive<u32>) {
    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
    for some in numbers.chunks(1000) {
        let request: Vec<&[u8]> =
            [b"PFADD", key.as_bytes()].into_iter().chain(some.iter().map(|number| number.as_bytes())).collect();
        server.send_arguments(&request);
    }
}

#[test]
fn hashes_are_those_of_the_format() {
    // Computed by a second implementation; the registers below bear them out.
    let cases: [(&[u8], u64); 4] = [
        (b"", 0xd8df_ea65_85bc_9732),
        (b"a", 0x53d2_470a_9b43_b1a7),
        (b"01234567", 0x4f52_9b65_1cb0_8252),
        (b"0123456789abc", 0x9bbd_5df1_0295_e1b0),
    ];
    for (text, hash) in cases {
        assert_eq!(murmur::hash(text), hash, "{}", text.escape_ascii());
    }
}

/// Bytes and estimates as Redis 7.0.15 has them.
#[test]
fn values_of_a_reference() {
    let mut server = TestServer::new();
    let stale: &[u8] = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80";
    server.check(&[("PFADD h", ":1")]);
    assert_eq!(stored(&server, "h"), [stale, b"\x7f\xff"].concat());
    server.check(&[("PFADD h a b c", ":1"), ("PFDEBUG DECODE h", "$44 Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603")]);
    let registers = b"\x60\xf3\x80\x50\xb1\x84\x4b\xfb\x80\x42\x5a";
    assert_eq!(stored(&server, "h"), [stale, registers].concat());
    server.check(&[("PFCOUNT h", ":3"), ("PFADD h a b c", ":0")]);
    assert_eq!(stored(&server, "h"), [b"HYLL\x01\0\0\0\x03\0\0\0\0\0\0\0", &registers[..]].concat());
    for (to, estimate, encoding) in [(1000, 1001, "sparse"), (5000, 4985, "dense"), (20_000, 19_891, "dense")] {
        add_numbers(&mut server, "m", 1..=to);
        let encoding = format!("+{encoding}");
        server.check(&[("PFCOUNT m", &format!(":{estimate}")), ("PFDEBUG ENCODING m", &encoding)]);
        server.check(&[("PFCOUNT m missing", &format!(":{estimate}"))]);
    }
}

#[test]
fn requests() {
    let mut server = TestServer::new();
    server.check(&[
        ("RPUSH list a", ":1"),
        ("SET s value", "+OK"),
        ("SET n 12", "+OK"),
        ("PFCOUNT missing", ":0"),
        ("PFADD a 1 2 3", ":1"),
        ("PFADD a 3 2 1", ":0"),
        ("PFADD a", ":0"),
        ("PFADD b 3 4 ''", ":1"),
        ("PFCOUNT a b missing", ":5"),
        ("PFMERGE c a missing b", "+OK"),
        ("PFCOUNT c", ":5"),
        ("PFMERGE d", "+OK"),
        ("PFCOUNT d", ":0"),
        ("PFMERGE a", "+OK"),
        ("PFCOUNT a", ":3"),
        ("PFDEBUG todense a", ":1"),
        ("PFDEBUG todense a", ":0"),
        ("PFCOUNT a", ":3"),
        ("PFDEBUG decode a", "-ERR HLL encoding is not sparse"),
        ("PFMERGE c a", "+OK"),
        ("PFDEBUG encoding c", "+dense"),
        ("PFCOUNT c", ":5"),
        ("PFDEBUG nope c", "-ERR Unknown PFDEBUG subcommand 'nope'"),
        ("PFDEBUG nope missing", "-ERR The specified key does not exist"),
        ("PFDEBUG nope s", NOT_ONE),
        ("PFADD list a", WRONG_TYPE),
        ("PFADD s a", NOT_ONE),
        ("PFADD n a", NOT_ONE),
        ("PFCOUNT list", WRONG_TYPE),
        ("PFCOUNT a s", NOT_ONE),
        ("PFMERGE new a s", NOT_ONE),
        ("PFMERGE s a", NOT_ONE),
        ("PFMERGE list a", WRONG_TYPE),
        ("EXISTS new", ":0"),
        ("PFSELFTEST", "+OK"),
    ]);
    let registers = server.send("PFDEBUG GETREG b");
    assert!(registers.starts_with("*16384 :0") && registers.matches(' ').count() == REGISTERS);
    server.check(&[("PFDEBUG ENCODING b", "+dense"), ("PFCOUNT b", ":3")]);
}

#[test]
fn changes() {
    let mut server = TestServer::new();
    let table: &[(&str, &[&str])] = &[
        ("PFADD k", &["new k", "pfadd k: command"]),
        ("PFADD k", &[]),
        ("PFADD k 1 2", &["pfadd k: command"]),
        ("PFADD k 2", &[]),
        ("PFCOUNT k", &[" k: command"]),
        ("PFCOUNT k", &[]),
        ("PFADD k 3", &["pfadd k: command"]),
        ("PFCOUNT k l", &[]),
        ("PFMERGE l k", &["new l", "pfadd l: command"]),
        ("PFMERGE l k", &["pfadd l: command"]),
        ("PFDEBUG TODENSE l", &[" l: command"]),
        ("PFADD l 3", &[]),
        ("PFADD l 4 4 5", &["pfadd l: command"]),
        ("PFDEBUG GETREG l", &[]),
    ];
    for (request, changes) in table {
        server.send(request);
        assert_eq!(server.changes(), *changes, "{request}");
    }
    assert_eq!((server.encoding("k"), server.encoding("l")), ("raw", "raw"));
    let before = server.engine.keyspace().dirty;
    server.check(&[("PFADD k a b c a", ":1"), ("EXPIRE k 9", ":1"), ("PFADD k d", ":1")]);
    assert_eq!((server.engine.keyspace().dirty, server.expires("k")), (before + 5, Some(9000)));
}

/// An estimate that is kept is no event, and in a replica a client's PFCOUNT
/// keeps none.
#[test]
fn estimates_are_kept_quietly() {
    let mut server = TestServer::with_config("notify-keyspace-events KEA");
    server.send("HELLO 3");
    server.send("PSUBSCRIBE *");
    assert!(server.send("PFADD k 1 2").contains("pfadd"));
    server.check(&[("PFCOUNT k", ":2"), ("PFCOUNT k", ":2")]);
    server.send("PFADD k 2 3");
    server.check(&[("REPLICAOF 127.0.0.1 1", "+OK"), ("PFCOUNT k", ":3")]);
    assert_eq!(stored(&server, "k")[15], 0x80);
    server.check(&[("REPLICAOF NO ONE", "+OK"), ("PFCOUNT k", ":3")]);
    assert_eq!(stored(&server, "k")[8..HEADER], [3, 0, 0, 0, 0, 0, 0, 0]);
}

/// Up to which length a value stays sparse.
#[test]
fn values_become_dense() {
    let mut server = TestServer::new();
    for length_max in [0, 100, 500, 3000] {
        server.send(&format!("CONFIG SET hll-sparse-max-bytes {length_max}"));
        server.send("DEL k");
        let mut number = 0;
        while stored(&server, "k").len() != dense::LENGTH {
            number += 1;
            server.send(&format!("PFADD k {number}"));
            let length = stored(&server, "k").len();
            assert!(length <= length_max.max(18) || length == dense::LENGTH, "{length}");
        }
        assert!(number as usize >= length_max / 4, "{number} elements");
        server.check(&[("PFDEBUG ENCODING k", "+dense")]);
    }
}

/// Registers one by one, against both encodings.
#[test]
fn against_registers() {
    let mut random = Random::from_seed(5);
    for round in 0..8 {
        let mut model = vec![0u8; REGISTERS];
        let (mut small, mut large) = (empty(), sparse::to_dense(&empty()).unwrap());
        for _ in 0..[20, 300, 1500, 4000][round % 4] {
            // Close to one another in every other round: runs are joined.
            let index = random.below(if round < 4 { REGISTERS as u64 } else { 3000 }) as usize;
            let value = 1 + random.below([3, 3, 40][round % 3]) as u8;
            let raised = model[index] < value;
            model[index] = model[index].max(value);
            assert_eq!(raise(&mut small, index, value, 2500), Ok(raised));
            assert_eq!(raise(&mut large, index, value, 0), Ok(raised));
        }
        for bytes in [&small, &large] {
            let (encoding, bytes) = Encoding::of(Value::Bytes(bytes)).unwrap();
            let mut registers = [0; REGISTERS];
            assert_eq!(merge(&mut registers, encoding, bytes), Ok(()));
            assert_eq!(registers[..], model);
        }
        // All at once: as one after the other.
        let ascending = || model.iter().copied().enumerate().filter(|(_, value)| *value > 0);
        let (mut at_once, mut singly) = (empty(), empty());
        assert_eq!(raise_all(&mut at_once, ascending(), 2500), Ok(()));
        for (index, value) in ascending() {
            assert_eq!(raise(&mut singly, index, value, 2500), Ok(true));
        }
        assert!(at_once == singly);
        assert!(Encoding::of(Value::Bytes(&small)) != Ok((Encoding::Sparse, &small)) || small.len() <= 2500);
    }
}

#[test]
fn places_are_within_bounds() {
    for number in 0..5000u32 {
        let (index, value) = place(&number.to_le_bytes());
        assert!(index < REGISTERS && (1..=51).contains(&value));
    }
}

/// Whatever a client puts in the place of a value: an error, or an answer.
#[test]
fn damaged_values() {
    let mut random = Random::from_seed(9);
    let mut server = TestServer::new();
    add_numbers(&mut server, "small", 1..=300);
    add_numbers(&mut server, "large", 1..=9000);
    let (small, large) = (stored(&server, "small"), stored(&server, "large"));
    let mut errors = 0;
    for round in 0..3000 {
        let mut bytes = if round % 3 == 0 { large.clone() } else { small.clone() };
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len().max(1) as u64) as usize;
            match random.below(6) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, random.next_u64() as u8),
                2 => bytes.extend_from_slice(&random.next_u64().to_le_bytes()),
                _ if bytes.is_empty() => {}
                3 => bytes[at.min(15)] = random.next_u64() as u8,
                _ => bytes[at] = random.next_u64() as u8,
            }
        }
        assert_eq!(server.send_arguments(&[b"SET", b"k", &bytes]), b"+OK\r\n");
        for request in [
            "PFADD k x y z",
            "PFCOUNT k",
            "PFCOUNT k small",
            "PFMERGE d k large",
            "PFDEBUG DECODE k",
            "PFDEBUG GETREG k",
        ] {
            let reply = server.send(request);
            let known = [CORRUPTED, NOT_ONE, "-ERR HLL encoding is not sparse"].contains(&&reply[..]);
            assert!(known || !reply.starts_with('-'), "{request}: {reply}");
            errors += u32::from(reply == CORRUPTED);
        }
    }
    assert!(errors > 1000, "{errors}");
}

/// The end of a value in the middle of an opcode, registers beyond the last,
/// registers that no element leads to.
#[test]
fn values_at_the_edge() {
    let header = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80";
    let mut server = TestServer::new();
    let cases: [(&[u8], &str); 6] = [
        (b"", CORRUPTED),
        (b"\x7f", CORRUPTED),
        (b"\x7f\xff", ":0"),
        (b"\x7f\xff\x00", CORRUPTED),
        (b"\x7f\xfe\xff", CORRUPTED),
        (b"\x7f\xfb\xff", ":4"),
    ];
    for (opcodes, reply) in cases {
        server.send_arguments(&[b"SET", b"k", &[header, opcodes].concat()]);
        server.check(&[("PFCOUNT k", reply)]);
    }
    let mut full = header.to_vec();
    full[4] = 0;
    full.resize(dense::LENGTH, 0xFF);
    server.send_arguments(&[b"SET", b"k", &full]);
    server.check(&[("PFCOUNT k", ":-9223372036854775808"), ("PFADD k a", ":0")]);
}
