//! What arguments are taken from: small pools, with the edges in them.

use super::{Maker, Source};
use crate::rdb::dump::serialize;
use crate::rdb::{ValueRef, WriteVersion};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// Integers by the name of the argument, if it means something; the last is for
/// all others.
const INTEGERS: &[(&[&str], &[i64])] = &[
    (&["count", "limit", "num-matches", "len"], &[1, 2, 3, 10, 10, 100, 0, -1, -3, 5000]),
    (&["cursor"], &[0, 0, 0, 1, 5, 1 << 33, 1 << 40, i64::MAX]),
    (&["index", "index1", "index2", "db", "destination-db"], &[0, 0, 1, 1, 2, 3, 15, 16, -1, 1 << 32]),
    (&["offset"], &[0, 1, 5, 7, 8, 31, 100, 4096, -1, 1 << 32, i64::MAX]),
    (&["bit"], &[0, 1, 1, 0, 2, -1]),
    (&["seconds", "ttl"], &[1, 2, 5, 60, 3600, 0, -1, 9_223_372_036_854_775, i64::MAX, i64::MIN]),
    (&["milliseconds", "ms"], &[1, 5, 20, 100, 500, 2000, 60_000, 0, -1, i64::MAX, i64::MIN]),
    (&["timeout", "idle", "min-idle-time"], &[1, 5, 20, 100, 500, 0, -1]),
    (&["client-id", "not-client-id"], &[1, 2, 3, 4, 5, 0, -1]),
    (&["protover"], &[2, 3, 2, 3, 4, 1]),
    (&["frequency"], &[0, 5, 100, 255, 256]),
    (&["start", "end", "stop"], &[0, 1, -1, 3, -3, 10, 100, -100, i64::MAX, i64::MIN]),
    (&[], &[0, 1, -1, 2, 3, 10, -10, 44, 100, 1000, i32::MAX as i64, u32::MAX as i64, 1 << 53, i64::MAX, i64::MIN, -7]),
];

/// Texts by the name of the argument; the value pool serves all others.
const TEXTS: &[(&[&str], &[&str])] = &[
    (&["username", "not-username"], &["default", "alice", ""]),
    (&["password", "auth"], &["secret", "wrong", ""]),
    (&["type"], &["string", "list", "set", "zset", "hash", "stream", "STRING", "nosuchtype"]),
    (&["section"], &["server", "clients", "memory", "stats", "keyspace", "all", "everything", "default", "nosuch"]),
    (&["command", "command-name"], &["get", "SET", "mset", "config|get", "config", "nosuchcommand"]),
    (&["connection-name", "clientname", "name"], &["n", "a-name", "with space", ""]),
    (&["libname", "libver", "lib-name", "lib-ver"], &["lib", "1.2.3", "with space", ""]),
    (&["ip", "addr", "laddr", "host"], &["127.0.0.1", "127.0.0.1:1", "10.0.0.1:5000", "localhost"]),
    (&["channel", "shardchannel"], &["news", "sport", "__keyevent@0__:set", "__keyspace@0__:key:1", "key:1", ""]),
    (&["event"], &["command", "fork", "nosuch"]),
    (&["encoding"], &["u8", "i16", "u1", "i64", "u63", "i5", "u64", "raw", "int"]),
    (&["subcommand"], &["getreg", "decode", "encoding", "todense", "nosuch"]),
    (
        &["id", "ID"],
        &["0", "1-1", "2-*", "3", "5-1", "7-0", "9-9", "20-1", "40", "$", ">", "+", "1-18446744073709551615"],
    ),
    (&["last-id", "lastid", "max-deleted-id"], &["0", "1-1", "2", "5", "9-1", "20", "50-1", "1000"]),
    (&["threshold"], &["0", "1", "3", "10", "5-1", "9", "20"]),
    (&["group"], &["g", "g", "g", "h", ""]),
    (&["consumer"], &["alice", "bob", "carol", ""]),
    (&["start", "end"], &["-", "+", "0", "(1-1", "3", "5-1", "20", "(40"]),
    (&["min-idle-time"], &["0", "0", "1", "1000"]),
];

const DOUBLES: &[&str] =
    &["0", "1", "-1", "0.5", "3.14", "-2.5e3", "1e17", "1e308", "-0", "5e-324", "10.10", "inf", "-inf", "nan", "0x1p3"];
/// Doubles by the name of the argument, if it means something.
const DOUBLES_BY_NAME: &[(&[&str], &[&str])] = &[
    (&["timeout"], TIMEOUTS),
    (&["longitude"], &["13.361389", "15.087269", "13.4", "0", "-122.4194", "179.999", "-180", "180", "181", "nan"]),
    (&["latitude"], &["38.115556", "37.502669", "38.1", "0", "37.7749", "-85.05112878", "80.5", "-66.01", "86", "inf"]),
    (&["radius", "width", "height"], &["200", "5000", "1", "0.5", "30000", "1e7", "0", "-1", "inf"]),
];
const TIMEOUTS: &[&str] = &["0.01", "0.1", "1", "0.001", "0", "-1"];
const PATTERNS: &[&str] =
    &["*", "*", "key:*", "key:1?", "k*y:[0-5]", "\\*", "[^a]*", "", "key:[", "*****", "maxmemory*", "save", "*:{*"];
const JUNK: &[&[u8]] = &[
    b"",
    b"junk",
    b"-",
    b"1.5",
    b" 1",
    b"1 ",
    b"+1",
    b"007",
    b"9223372036854775808",
    b"-9223372036854775809",
    b"18446744073709551616",
    b"1e3",
    b"0x10",
    b"\0",
    b"\xff\xfe\r\n",
    b"inf",
    b"*",
    b"$-1\r\n",
];
/// Milliseconds from now on.
const TIME_OFFSETS_MS: &[i64] = &[5, 50, 500, 1500, 10_000, 1_000_000, 1, 0, -1, -100_000];
/// Lengths around which encodings change.
const LENGTHS: &[u64] = &[0, 1, 7, 8, 20, 21, 43, 44, 45, 63, 64, 65, 127, 128, 200, 254, 255, 512, 1000, 4096, 20_000];

impl<S: Source + ?Sized> Maker<'_, S> {
    pub(super) fn key(&mut self) -> Vec<u8> {
        match self.source.below(self.settings.keys.max(1)) {
            0 => match self.source.below(4) {
                0 => Vec::new(),
                1 => b"\0\xff\r\n key".to_vec(),
                2 => vec![b'k'; 300],
                _ => b"key:{tag}".to_vec(),
            },
            number => format!("key:{number}").into_bytes(),
        }
    }

    pub(super) fn integer(&mut self, name: &str) {
        let by_name = INTEGERS.iter().find(|(names, _)| names.contains(&name) || names.is_empty());
        let number = by_name.map_or(0, |(_, pool)| *self.pick(pool));
        self.out.push(format!("{number}").into_bytes());
    }

    pub(super) fn unix_time(&mut self, name: &str) {
        let at_ms = self.settings.now_ms.saturating_add(*self.pick(TIME_OFFSETS_MS));
        let at = if name.contains("milli") || name == "ms" { at_ms } else { (at_ms + 999) / 1000 };
        self.out.push(format!("{at}").into_bytes());
    }

    pub(super) fn double(&mut self, name: &str) {
        let by_name = DOUBLES_BY_NAME.iter().find(|(names, _)| names.contains(&name));
        let text = *self.pick(by_name.map_or(DOUBLES, |(_, pool)| pool));
        self.out.push(text.into());
    }

    pub(super) fn pattern(&mut self) {
        let text = *self.pick(PATTERNS);
        self.out.push(text.into());
    }

    pub(super) fn junk(&mut self) -> Vec<u8> {
        self.pick(JUNK).to_vec()
    }

    pub(super) fn text(&mut self, name: &str) {
        let parameters = self.settings.parameters;
        if name == "parameter" && !parameters.is_empty() {
            let at = self.source.below(parameters.len() as u64) as usize;
            self.parameter = Some(at);
            self.out.push(parameters[at].0.into());
            return;
        }
        if let Some(at) = self.parameter.take().filter(|_| name == "value") {
            let value = *self.pick(parameters[at].1);
            self.out.push(value.into());
            return;
        }
        if name == "serialized-value" {
            let value = self.string();
            self.out.push(serialize(ValueRef::String(&value), WriteVersion::default(), true));
            return;
        }
        let text = match TEXTS.iter().find(|(names, _)| names.contains(&name)) {
            Some((_, pool)) => self.pick(pool).as_bytes().to_vec(),
            None => self.string(),
        };
        self.out.push(text);
    }

    /// A value: a number or any bytes.
    fn string(&mut self) -> Vec<u8> {
        match self.source.below(8) {
            0 | 1 => format!("{}", *self.pick(INTEGERS[INTEGERS.len() - 1].1)).into_bytes(),
            2 => format!("{}", self.source.below(100)).into_bytes(),
            3 => self.pick(DOUBLES).as_bytes().to_vec(),
            4 => self.junk(),
            5 => self.key(),
            _ => {
                let length = (*self.pick(LENGTHS)).min(self.settings.value_max) as usize;
                let byte = b'a' + self.source.below(26) as u8;
                vec![byte; length]
            }
        }
    }
}
