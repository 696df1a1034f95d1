//! The report, against what redis-check-rdb 7.0.15 prints for the same files.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::{Checker, Verdict};
use super::sample::{self, bytes};

fn report(file: &[u8], piece: usize) -> (String, Verdict) {
    let mut report = Vec::new();
    let mut checker = Checker::new(b"x.rdb", 1_700_000_000_000, &mut report);
    for piece in file.chunks(piece) {
        checker.feed(piece, &mut report);
    }
    let verdict = checker.finish(&mut report);
    (String::from_utf8_lossy(&report).into_owned(), verdict)
}

fn assert_report(file: &[u8], expected: &str, verdict: Verdict) {
    let expected = format!("[offset 0] Checking RDB file x.rdb\n{expected}");
    for piece in [1, 7, 1 << 20] {
        assert_eq!(report(file, piece), (expected.clone(), verdict));
    }
}

const REDIS_7_0_START: &str = "\
[offset 27] AUX FIELD redis-ver = '7.0.15'
[offset 41] AUX FIELD redis-bits = '64'
[offset 53] AUX FIELD ctime = '1795470622'
[offset 68] AUX FIELD used-mem = '1089200'
[offset 80] AUX FIELD aof-base = '0'
";

#[test]
fn good_file() {
    let expected = "\
[offset 155] Selecting DB ID 0
[offset 416] Selecting DB ID 3
[offset 439] Checksum OK
[offset 439] \\o/ RDB looks OK! \\o/
[info] 15 keys read
[info] 1 expires
[info] 0 already expired
";
    assert_report(&bytes(sample::REDIS_7_0), &format!("{REDIS_7_0_START}{expected}"), Verdict::Good);
}

#[test]
fn checksum_disabled() {
    let mut file = bytes(sample::REDIS_LRU);
    let start = file.len() - 8;
    file[start..].fill(0);
    let (text, verdict) = report(&file, 50);
    assert!(text.contains("\n[offset 103] RDB file was saved with checksum disabled: no check performed.\n"));
    assert_eq!(verdict, Verdict::Good);
}

#[test]
fn old_file_with_an_expired_key() {
    let expected = "\
[offset 11] Selecting DB ID 0
[offset 22] \\o/ RDB looks OK! \\o/
[info] 1 keys read
[info] 1 expires
[info] 1 already expired
";
    assert_report(b"REDIS0003\xFE\x00\xFD\x01\x00\x00\x00\x00\x01k\x01v\xFF", expected, Verdict::Good);
}

#[test]
fn damaged_start() {
    let info = "\
[additional info] While doing: start
[additional info] Reading type 0 (string)
[info] 0 keys read
[info] 0 expires
[info] 0 already expired
";
    let cases: &[(&[u8], &str)] = &[
        (b"", "[offset 0] Unexpected EOF reading RDB file"),
        (b"REDIS", "[offset 0] Unexpected EOF reading RDB file"),
        (b"HELLO0010", "[offset 9] Wrong signature trying to load DB from file"),
        (b"REDIS0012\xFF", "[offset 9] Can't handle RDB format version 12"),
    ];
    for (file, error) in cases {
        assert_report(file, &format!("--- RDB ERROR DETECTED ---\n{error}\n{info}"), Verdict::Damaged);
    }
}

/// The damaged sample, the line after "ERROR DETECTED", and the lines after it up to the expires.
fn assert_damage(file: &[u8], before: &str, error: &str, info: &str) {
    let expected =
        format!("{REDIS_7_0_START}{before}--- RDB ERROR DETECTED ---\n{error}\n{info}[info] 0 already expired\n");
    assert_report(file, &expected, Verdict::Damaged);
}

#[test]
fn truncated() {
    let file = bytes(sample::REDIS_7_0);
    let string = "[additional info] Reading type 0 (string)\n";
    let none = "[info] 0 keys read\n[info] 0 expires\n";
    let selected = "[offset 155] Selecting DB ID 0\n";
    assert_damage(
        &file[..84],
        "",
        "[offset 83] Failed loading library, Failed loading library payload",
        &format!("[additional info] While doing: read-functions\n{string}{none}"),
    );
    assert_damage(
        &file[..160],
        selected,
        "[offset 159] Unexpected EOF reading RDB file",
        &format!("[additional info] While doing: read-expire\n{string}{none}"),
    );
    assert_damage(
        &file[..169],
        selected,
        "[offset 169] Unexpected EOF reading RDB file",
        &format!("[additional info] While doing: read-key\n{string}{none}"),
    );
    let key = "[additional info] Reading key 'ttl'\n";
    assert_damage(
        &file[..172],
        selected,
        "[offset 172] Unexpected EOF reading RDB file",
        &format!(
            "[additional info] While doing: read-object-value\n{key}{string}[info] 1 keys read\n[info] 0 expires\n"
        ),
    );
}

#[test]
fn corrupt() {
    let file = bytes(sample::REDIS_7_0);
    let selected = "[offset 155] Selecting DB ID 0\n";
    let mut damaged = file.clone();
    damaged[224] = 0xC7;
    assert_damage(
        &damaged,
        selected,
        "[offset 225] Invalid object type: 199",
        "[additional info] While doing: read-type\n[info] 4 keys read\n[info] 1 expires\n",
    );
    damaged = file.clone();
    damaged[402] = 0xC9;
    assert_damage(
        &damaged,
        selected,
        "[offset 403] Internal error in RDB reading offset 0 -> Unknown RDB string encoding type 9",
        "[additional info] While doing: read-key\n[additional info] Reading type 0 (string)\n\
         [info] 13 keys read\n[info] 1 expires\n",
    );
    damaged[402] = 0x85;
    assert_damage(
        &damaged,
        selected,
        "[offset 403] Internal error in RDB reading offset 0 -> Unknown length encoding 2 in rdbLoadLen()",
        "[additional info] While doing: read-key\n[additional info] Reading type 0 (string)\n\
         [info] 13 keys read\n[info] 1 expires\n",
    );
    damaged = file.clone();
    damaged[232] = 0xFF;
    assert_damage(
        &damaged,
        selected,
        "[offset 242] Internal error in RDB reading offset 0 -> Invalid LZF compressed string",
        "[additional info] While doing: read-object-value\n[additional info] Reading key 'lzf'\n\
         [additional info] Reading type 0 (string)\n[info] 5 keys read\n[info] 1 expires\n",
    );
    damaged = file.clone();
    damaged[438] ^= 1;
    assert_damage(
        &damaged,
        &format!("{selected}[offset 416] Selecting DB ID 3\n"),
        "[offset 439] RDB CRC error",
        "[additional info] While doing: check-sum\n[info] 15 keys read\n[info] 1 expires\n",
    );
}

#[test]
fn module_data() {
    let file = bytes(sample::REDIS_7_0);
    let mut module = [0xF7, 0x81, 1, 2, 3, 4, 5, 6, 7, 8, 2, 1, 0];
    let with_module = [&file[..80], &module, &file[80..]].concat();
    assert!(report(&with_module, 9).0.contains("\n[offset 92] MODULE AUX for: AQIDBAUGB\n"));
    module[10] = 3;
    assert_damage(
        &[&file[..80], &module, &file[80..]].concat(),
        "",
        "[offset 92] bad when_opcode",
        "[additional info] While doing: read-module-aux\n[additional info] Reading type 0 (string)\n\
         [info] 0 keys read\n[info] 0 expires\n",
    );
}

#[test]
fn texts_as_c_prints_them() {
    let long = [&b"REDIS0003\xFA\x05a\x00bcd\x48\x00"[..], &[b'z'; 2048], b"\xFE\x00\xFF"].concat();
    let start = "[offset 2066] AUX FIELD a = '";
    let expected = format!(
        "{start}{}\n[offset 2068] Selecting DB ID 0\n[offset 2069] \\o/ RDB looks OK! \\o/\n\
         [info] 0 keys read\n[info] 0 expires\n[info] 0 already expired\n",
        "z".repeat(1023 - "AUX FIELD a = '".len()),
    );
    assert_report(&long, &expected, Verdict::Good);
}
