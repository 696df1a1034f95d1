//! Tables of requests and replies, and all commands against bits that are
//! looked at one by one.

use crate::base::random::Random;
use crate::testing::TestServer;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_INTEGER: &str = "-ERR value is not an integer or out of range";
const SYNTAX: &str = "-ERR syntax error";
const NO_OFFSET: &str = "-ERR bit offset is not an integer or out of range";
const NO_BIT: &str = "-ERR bit is not an integer or out of range";
const NO_TYPE: &str =
    "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
const FAR: &str = "9223372036854775807";

fn server(requests: &[&str]) -> TestServer {
    let mut server = TestServer::new();
    for request in requests {
        let reply = server.send(request);
        assert!(!reply.starts_with('-'), "{request}: {reply}");
    }
    server.changes();
    server
}

fn stored(server: &TestServer, key: &str) -> Vec<u8> {
    server.entry(key).map_or(Vec::new(), |entry| entry.value().bytes(&mut [0; 20]).to_vec())
}

#[test]
fn single_bits() {
    let mut server = server(&["RPUSH list a"]);
    server.check(&[
        ("GETBIT k 0", ":0"),
        ("GETBIT k 4294967295", ":0"),
        ("GETBIT k 4294967296", NO_OFFSET),
        ("GETBIT k -1", NO_OFFSET),
        ("GETBIT list x", NO_OFFSET),
        ("GETBIT list 0", WRONG_TYPE),
        ("SETBIT k 1 1", ":0"),
        ("SETBIT k 1 1", ":1"),
        ("GET k", "$1 @"),
        ("SETBIT k 9 1", ":0"),
        ("GET k", "$2 @@"),
        ("SETBIT k 1 0", ":1"),
        ("GETBIT k 1", ":0"),
        ("GETBIT k 9", ":1"),
        ("GETBIT k 16", ":0"),
        ("SETBIT k 0 2", NO_BIT),
        ("SETBIT k 0 -1", NO_BIT),
        ("SETBIT list x 2", NO_OFFSET),
        ("SETBIT list 0 2", NO_BIT),
        ("SETBIT list 0 1", WRONG_TYPE),
        ("SETBIT k 4294967296 1", NO_OFFSET),
        (&format!("SETBIT k {FAR} 1"), NO_OFFSET),
        ("SET n 1", "+OK"),
        ("GETBIT n 7", ":1"),
        ("SETBIT n 6 1", ":0"),
        ("GET n", "$1 3"),
        ("SETBIT new 20 0", ":0"),
        ("STRLEN new", ":3"),
    ]);
    let mut server = TestServer::with_config("proto-max-bulk-len 1mb");
    server.check(&[("SETBIT k 8388607 1", ":0"), ("SETBIT k 8388608 1", NO_OFFSET), ("STRLEN k", ":1048576")]);
}

#[test]
fn counts() {
    let mut server = server(&["RPUSH list a", "SET k foobar", "SET n 123", "SET empty ''"]);
    server.check(&[
        ("BITCOUNT k", ":26"),
        ("BITCOUNT k 0 0", ":4"),
        ("BITCOUNT k 1 1 byte", ":6"),
        ("BITCOUNT k 5 30 BIT", ":17"),
        ("BITCOUNT k -2 -1", ":7"),
        ("BITCOUNT k -1 -2", ":0"),
        ("BITCOUNT k -100 -200", ":0"),
        ("BITCOUNT k -200 -100", ":4"),
        ("BITCOUNT k 1", ":22"),
        (&format!("BITCOUNT k -{FAR} {FAR} BIT"), ":26"),
        (&format!("BITCOUNT k {FAR} {FAR}"), ":0"),
        ("BITCOUNT n", ":10"),
        ("BITCOUNT empty", ":0"),
        ("BITCOUNT empty 0 -1 BIT", ":0"),
        ("BITCOUNT missing", ":0"),
        ("BITCOUNT missing 0 x", NOT_INTEGER),
        ("BITCOUNT k x 0", NOT_INTEGER),
        ("BITCOUNT list 0 0 bits", SYNTAX),
        ("BITCOUNT list x 0 bits", NOT_INTEGER),
        ("BITCOUNT list 0 x bits", NOT_INTEGER),
        ("BITCOUNT list 0 0 bit bit", SYNTAX),
        ("BITCOUNT list 0 0", WRONG_TYPE),
    ]);
}

#[test]
fn positions() {
    let mut server = server(&[
        "RPUSH list a",
        "SET ones \"\\xff\\xff\\xff\"",
        "SET k \"\\xff\\xf0\\x00\"",
        "SET zeros \"\\x00\\x00\\x00\"",
        "SET empty ''",
    ]);
    server.check(&[
        ("BITPOS missing 1", ":-1"),
        ("BITPOS missing 0", ":0"),
        ("BITPOS missing 0 5 9", ":0"),
        ("BITPOS empty 0", ":-1"),
        ("BITPOS empty 1", ":-1"),
        ("BITPOS ones 0", ":24"),
        ("BITPOS ones 0 1", ":24"),
        ("BITPOS ones 0 0 -1", ":-1"),
        ("BITPOS ones 0 0 -1 BIT", ":-1"),
        ("BITPOS ones 0 3", ":-1"),
        ("BITPOS ones 1 2", ":16"),
        ("BITPOS k 0", ":12"),
        ("BITPOS k 0 2", ":16"),
        ("BITPOS k 1 1", ":8"),
        ("BITPOS k 1 2", ":-1"),
        ("BITPOS k 0 0 11 BIT", ":-1"),
        ("BITPOS k 0 0 12 BIT", ":12"),
        ("BITPOS k 1 9 -1 BIT", ":9"),
        ("BITPOS k 1 -200 -100", ":0"),
        ("BITPOS zeros 1", ":-1"),
        ("BITPOS zeros 0 7 15 BIT", ":7"),
        ("BITPOS zeros 0 7 6 BIT", ":-1"),
        ("BITPOS k 2", "-ERR The bit argument must be 1 or 0."),
        ("BITPOS k x", NOT_INTEGER),
        ("BITPOS missing 0 x", NOT_INTEGER),
        ("BITPOS list 0 0 x bits", SYNTAX),
        ("BITPOS list 0 0 x bit", NOT_INTEGER),
        ("BITPOS list 0 0 0 bit bit", SYNTAX),
        ("BITPOS list 0", WRONG_TYPE),
    ]);
}

#[test]
fn operations() {
    let mut server = server(&["RPUSH list a", "SET a abc", "SET b \"\\x0f\"", "SET n 12", "SET d v EX 9"]);
    server.check(&[
        ("BITOP and d a b", ":3"),
        ("GET d", "$3 \u{1}\0\0"),
        ("TTL d", ":-1"),
        ("BITOP OR d a n", ":3"),
        ("GET d", "$3 qrc"),
        ("BITOP XOR d a a", ":3"),
        ("GET d", "$3 \0\0\0"),
        ("BITOP XOR d a missing", ":3"),
        ("GET d", "$3 abc"),
        ("BITOP AND d a missing", ":3"),
        ("GET d", "$3 \0\0\0"),
        ("BITOP NOT d d", ":3"),
        ("BITCOUNT d", ":24"),
        ("BITOP NOT d a b", "-ERR BITOP NOT must be called with a single source key."),
        ("BITOP nand d a b", SYNTAX),
        ("BITOP diff d a b", SYNTAX),
        ("BITOP or d a list", WRONG_TYPE),
        ("BITOP or list missing missing", ":0"),
        ("EXISTS list", ":0"),
        ("BITOP not d missing", ":0"),
        ("EXISTS d", ":0"),
        ("BITOP not d missing", ":0"),
    ]);
}

#[test]
fn integers() {
    let mut server = server(&["RPUSH list a", "SET n 1"]);
    server.check(&[
        ("BITFIELD k", "*0"),
        ("BITFIELD list", WRONG_TYPE),
        ("BITFIELD k GET i64 4294967295", "*1 :0"),
        ("EXISTS k", ":0"),
        ("BITFIELD k SET i8 0 -100 GET u8 0 GET i4 #1", "*3 :0 :156 :-4"),
        ("BITFIELD k SET u8 #1 255 SET u8 8 97", "*2 :0 :255"),
        ("STRLEN k", ":2"),
        ("BITFIELD k INCRBY u8 8 200", "*1 :41"),
        ("BITFIELD k OVERFLOW SAT INCRBY u8 8 1000 INCRBY u8 8 -1000", "*2 :255 :0"),
        ("BITFIELD k OVERFLOW fail INCRBY i3 0 4 OVERFLOW WRAP INCRBY i3 0 4", "*2 :0 :-4"),
        ("BITFIELD f OVERFLOW FAIL INCRBY i3 0 4", "*1 $-1"),
        ("STRLEN f", ":1"),
        ("BITFIELD w SET i64 3 9223372036854775807 INCRBY i64 3 1", "*2 :0 :-9223372036854775808"),
        (
            "BITFIELD w SET u63 0 -1 GET u63 0 OVERFLOW SAT SET u63 0 -1 GET u63 0",
            &format!("*4 :576460752303423488 :{FAR} :{FAR} :{FAR}"),
        ),
        (
            "BITFIELD w OVERFLOW SAT SET i8 0 -500 GET i8 0 SET i8 0 -9223372036854775808 GET i8 0",
            "*4 :-1 :-128 :-128 :127",
        ),
        ("BITFIELD n GET u8 0 SET u8 8 50", "*2 :49 :0"),
        ("GET n", "$2 12"),
        ("BITFIELD_RO n GET u8 #1 GET u8 #2", "*2 :50 :0"),
        ("BITFIELD_RO n OVERFLOW WRAP", "*0"),
    ]);
    for request in ["GET i65 0", "GET u64 0", "GET i0 0", "GET x8 0", "GET i08 0", "GET i 0", "GET '' 0"] {
        server.check(&[(&format!("BITFIELD list {request}"), NO_TYPE)]);
    }
    server.check(&[
        ("BITFIELD list GET u8", SYNTAX),
        ("BITFIELD list SET u8 0", SYNTAX),
        ("BITFIELD list NOPE u8 0", SYNTAX),
        ("BITFIELD list OVERFLOW", SYNTAX),
        ("BITFIELD list OVERFLOW nope GET u8 0", "-ERR Invalid OVERFLOW type specified"),
        ("BITFIELD list GET u8 -1", NO_OFFSET),
        ("BITFIELD list GET u8 #x", NO_OFFSET),
        ("BITFIELD list GET u8 4294967296", NO_OFFSET),
        (&format!("BITFIELD list GET u8 #{FAR}"), NO_OFFSET),
        ("BITFIELD list SET u8 0 x", NOT_INTEGER),
        ("BITFIELD list SET u8 0 1", WRONG_TYPE),
        ("BITFIELD_RO list SET u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand"),
        ("BITFIELD_RO list GET u8 0", WRONG_TYPE),
    ]);
}

#[test]
fn changes() {
    let mut server = server(&[]);
    let table: &[(&str, &[&str])] = &[
        ("SETBIT k 3 0", &["new k", "setbit k: command"]),
        ("SETBIT k 3 0", &[]),
        ("SETBIT k 3 1", &["setbit k: command"]),
        ("SETBIT k 8 0", &["setbit k: command"]),
        ("BITFIELD k GET u8 0", &[]),
        ("BITFIELD k SET u8 0 16", &[]),
        ("BITFIELD k SET u8 0 17 INCRBY u8 0 1", &["setbit k: command"]),
        ("BITFIELD k SET u8 16 0", &["setbit k: command"]),
        ("BITFIELD k OVERFLOW FAIL INCRBY u8 0 1000", &[]),
        ("BITFIELD l OVERFLOW FAIL INCRBY u8 0 1000", &["new l", "setbit l: command"]),
        ("BITOP NOT d k", &["new d", "set d: command"]),
        ("BITOP NOT d k", &["set d: command"]),
        ("BITOP NOT d missing", &["del d: command"]),
        ("BITOP NOT d missing", &[]),
    ];
    for (request, changes) in table {
        server.send(request);
        assert_eq!(server.changes(), *changes, "{request}");
    }
    let before = server.engine.keyspace().dirty;
    server.send("BITFIELD k SET u8 0 1 SET u8 8 1 SET u8 8 1");
    assert_eq!(server.engine.keyspace().dirty, before + 2);
}

#[test]
fn encodings() {
    for request in
        ["SETBIT k 0 0", "SETBIT k 90 1", "BITFIELD k SET u8 0 49", "BITOP OR k k", "BITFIELD k INCRBY u1 2 0"]
    {
        for value in ["1", "abc"] {
            let mut server = server(&[&format!("SET k {value} EX 9"), request]);
            assert_eq!(server.encoding("k"), "raw", "{request}");
            assert_eq!(server.expires("k"), (!request.starts_with("BITOP")).then_some(9000), "{request}");
            server.check(&[("BITFIELD_RO k GET u1 0", "*1 :0")]);
        }
    }
    let mut server = server(&["SET k 1", "GETBIT k 1", "BITFIELD k GET u8 0", "BITCOUNT k"]);
    assert_eq!(server.encoding("k"), "int");
    server.check(&[("SETBIT k 100000 1", ":0"), ("GETRANGE k 0 0", "$1 1"), ("STRLEN k", ":12501")]);
}

/// The account of memory comes out even.
#[test]
fn what_is_large_is_changed_in_place() {
    let mut server = server(&["SET k v"]);
    let before = server.engine.keyspace().bytes();
    server.check(&[("SETBIT k 800000 1", ":0")]);
    let address = |server: &TestServer| server.entry("k").map(|entry| entry.value().bytes(&mut [0; 20]).as_ptr());
    let place = address(&server);
    server.check(&[("SETBIT k 5 1", ":1"), ("SETBIT k 400000 1", ":0"), ("BITFIELD k SET i64 77 -1", "*1 :0")]);
    assert_eq!(address(&server), place);
    server.check(&[
        ("BITCOUNT k", ":71"),
        ("BITOP AND k k missing", ":100001"),
        ("BITCOUNT k", ":0"),
        ("SET k v", "+OK"),
    ]);
    assert_eq!(server.engine.keyspace().bytes(), before);
}

/// A string as its bits.
#[derive(Clone, Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn of(bytes: &[u8]) -> Bits {
        Bits(bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> (7 - bit) & 1 == 1)).collect())
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.chunks(8).map(|byte| byte.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit))).collect()
    }

    fn get(&self, at: u64) -> bool {
        self.0.get(at as usize).copied().unwrap_or(false)
    }

    fn grow(&mut self, length: u64) {
        let length = length.div_ceil(8) as usize * 8;
        self.0.resize(self.0.len().max(length), false);
    }

    fn read(&self, signed: bool, bits: u64, at: u64) -> i128 {
        let unsigned = (at..at + bits).fold(0, |number, at| number << 1 | i128::from(self.get(at)));
        if signed && self.get(at) { unsigned - (1 << bits) } else { unsigned }
    }

    fn write(&mut self, bits: u64, at: u64, value: i128) {
        for bit in 0..bits {
            self.0[(at + bit) as usize] = value >> (bits - 1 - bit) & 1 == 1;
        }
    }
}

#[test]
fn against_bits_one_by_one() {
    let mut random = Random::from_seed(11);
    let mut server = server(&[]);
    let mut model = vec![Bits::default(); 4];
    let spread = [40u64, 3000, 30_000];
    for step in 0..6000 {
        let at = random.below(4) as usize;
        let key = at.to_string();
        let below = spread[random.below(3) as usize];
        let offset = random.below(below);
        let (request, reply) = match random.below(10) {
            0..4 => {
                let bit = random.below(2) == 1;
                model[at].grow(offset + 1);
                let was = core::mem::replace(&mut model[at].0[offset as usize], bit);
                (format!("SETBIT {key} {offset} {}", u8::from(bit)), format!(":{}", u8::from(was)))
            }
            4 => (format!("GETBIT {key} {offset}"), format!(":{}", u8::from(model[at].get(offset)))),
            5 => {
                let end = offset + random.below(400);
                let count = (offset..=end).filter(|&bit| model[at].get(bit)).count();
                (format!("BITCOUNT {key} {offset} {end} BIT"), format!(":{count}"))
            }
            6 => {
                let found = model[at].0.iter().skip(offset as usize).position(|&bit| bit);
                let found = found.map_or(-1, |found| (found as u64 + offset) as i64);
                (format!("BITPOS {key} 1 {offset} -1 BIT"), format!(":{found}"))
            }
            7 => {
                let (from, other) = (random.below(4) as usize, random.below(4) as usize);
                let length = model[from].0.len().max(model[other].0.len());
                let (name, operation): (&str, fn(bool, bool) -> bool) =
                    [("AND", (|a, b| a & b) as _), ("OR", (|a, b| a | b) as _), ("XOR", (|a, b| a ^ b) as _)]
                        [random.below(3) as usize];
                let bit = |bit| operation(model[from].get(bit), model[other].get(bit));
                model[at] = Bits((0..length as u64).map(bit).collect());
                (format!("BITOP {name} {key} {from} {other}"), format!(":{}", length / 8))
            }
            _ => bitfield(&mut random, &mut model[at], &key, offset),
        };
        assert_eq!(server.send(&request), reply, "{request}");
        assert_eq!(stored(&server, &key), model[at].bytes(), "{request}");
        if step % 97 == 0 {
            model[at] = Bits::of(b"12");
            server.send(&format!("SET {key} 12"));
        }
    }
}

/// An operation of BITFIELD that writes, and its reply.
fn bitfield(random: &mut Random, model: &mut Bits, key: &str, offset: u64) -> (String, String) {
    let signed = random.below(2) == 1;
    let bits = 1 + random.below(63 + u64::from(signed));
    let (least, greatest) =
        if signed { (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) };
    let by = random.next_u64() as i64 >> random.below(64);
    model.grow(offset + bits);
    let exact = model.read(signed, bits, offset) + i128::from(by);
    let fits = (least..=greatest).contains(&exact);
    let (overflow, new) = match random.below(3) {
        0 => ("WRAP", Some((exact - least).rem_euclid(greatest - least + 1) + least)),
        1 => ("SAT", Some(exact.clamp(least, greatest))),
        _ => ("FAIL", Some(exact).filter(|_| fits)),
    };
    if let Some(new) = new {
        model.write(bits, offset, new);
    }
    let kind = if signed { 'i' } else { 'u' };
    let reply = new.map_or("*1 $-1".into(), |new| format!("*1 :{new}"));
    (format!("BITFIELD {key} OVERFLOW {overflow} INCRBY {kind}{bits} {offset} {by}"), reply)
}
