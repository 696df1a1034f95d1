//! What real servers saved is read as what was stored in them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::encode::write_string;
use super::super::{Checker, Item, Reader, Verdict, WriteOptions, WriteVersion, Writer};
use super::sample::{self, bytes, with_checksum};
use super::{read_pieces, read_whole};
use crate::data::limits::Rules;

/// The entries of both large samples, whose order differs.
fn expected_entries() -> Vec<String> {
    let mut entries: Vec<String> = [
        "ttl = v @4102444800123",
        "int16 = (32767)",
        "int64 = 9223372036854775807",
        "small = value",
        "bin\\x00key = \\xff\\x00\\x01",
        "long12 = 123456789012",
        "12345 = numkey",
        "int8x = (55)",
        "int32 = (-2147483648)",
        "medium = 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&",
        "empty = ",
        "int8 = (-128)",
        "leading = 007",
        "other = db3",
    ]
    .map(String::from)
    .to_vec();
    entries.push(format!("lzf = {}", "a".repeat(117)));
    entries.sort();
    entries
}

fn check_large_sample(hex: &str, header: &[&str]) {
    let items = read_whole(&bytes(hex)).expect("a file of a real server");
    let (start, rest) = items.split_at(header.len());
    assert_eq!(start, header);
    assert_eq!(rest[..2], ["db 0", "size 14 1"]);
    assert_eq!(rest[rest.len() - 4..], ["db 3", "size 1 0", "other = db3", "end Verified"]);
    let mut entries: Vec<String> = rest.iter().filter(|line| line.contains(" = ")).cloned().collect();
    entries.sort();
    assert_eq!(entries, expected_entries());
}

const FUNCTION: &str = "function #!lua name=mylib\\nredis.register_function(\\'f\\', function() return 1 end)";

#[test]
fn redis_7_0_file() {
    check_large_sample(
        sample::REDIS_7_0,
        &[
            "version 10",
            "aux redis-ver=7.0.15",
            "aux redis-bits=64",
            "aux ctime=1795470622",
            "aux used-mem=1089200",
            "aux aof-base=0",
            FUNCTION,
        ],
    );
}

#[test]
fn valkey_8_0_file() {
    check_large_sample(
        sample::VALKEY_8_0,
        &[
            "version 11",
            "aux valkey-ver=8.0.1",
            "aux redis-bits=64",
            "aux ctime=1795470623",
            "aux used-mem=1121920",
            "aux aof-base=0",
            FUNCTION,
        ],
    );
}

#[test]
fn eviction_information() {
    let lru = read_whole(&bytes(sample::REDIS_LRU)).expect("a file of a real server");
    assert_eq!(lru[6..], ["db 0", "size 1 0", "lru = x idle 0", "end Verified"]);
    let lfu = read_whole(&bytes(sample::VALKEY_LFU)).expect("a file of a real server");
    assert_eq!(lfu[6..], ["db 0", "size 1 0", "lru = x frequency 1", "end Verified"]);
}

#[test]
fn every_split_reads_the_same() {
    for hex in [sample::REDIS_7_0, sample::VALKEY_8_0, sample::REDIS_LRU] {
        let file = bytes(hex);
        let whole = read_whole(&file).expect("a file of a real server");
        for split in 0..=file.len() {
            assert_eq!(read_pieces([&file[..split], &file[split..]]).as_ref(), Ok(&whole), "split at {split}");
        }
        assert_eq!(read_pieces(file.chunks(1)), Ok(whole));
    }
}

/// The file that holds what `file` holds.
fn rewrite(file: &[u8], version: WriteVersion) -> Vec<u8> {
    let mut reader = Reader::new(true, Rules::default());
    reader.feed(file);
    let mut writer = Writer::new(version, WriteOptions::default());
    while let Some(item) = reader.next_item().expect("a file of a real server") {
        match item {
            Item::Header { .. } => writer.header(),
            Item::Aux { key, value } => writer.aux(key, value),
            Item::Function(source) => writer.function(source),
            Item::SelectDb(database) => writer.select_db(database as u32),
            Item::ResizeDb { keys, expires } => writer.resize_db(keys, expires),
            Item::Entry { key, value, expire_at_ms, eviction } => {
                writer.entry(key, value, expire_at_ms, eviction);
            }
            Item::End(_) => writer.finish(),
            other => panic!("{other:?}"),
        }
    }
    writer.take()
}

/// Writing what was read gives the same file: every choice of encoding is the reference's, but for how LZF data, of
/// which the large samples hold one piece, says what it says.
#[test]
fn written_again_to_the_byte() {
    let reference_data = bytes("c3 09 4075 01 6161 e06800 01 6161");
    let mut our_data = Vec::new();
    write_string(&mut our_data, &[b'a'; 117], Some(&mut Vec::new()));
    for (hex, version) in [
        (sample::REDIS_7_0, WriteVersion::V10),
        (sample::VALKEY_8_0, WriteVersion::V11),
        (sample::REDIS_LRU, WriteVersion::V10),
        (sample::VALKEY_LFU, WriteVersion::V11),
    ] {
        let file = bytes(hex);
        let found = file.windows(reference_data.len()).position(|window| window == reference_data);
        let expected = match found {
            Some(start) => {
                let end = start + reference_data.len();
                with_checksum(&[&file[..start], &our_data, &file[end..file.len() - 9]].concat())
            }
            None => file.clone(),
        };
        assert_eq!(rewrite(&file, version), expected);
    }
}

#[test]
fn the_check_likes_them() {
    for hex in [sample::REDIS_7_0, sample::VALKEY_8_0, sample::REDIS_LRU, sample::VALKEY_LFU] {
        let mut report = Vec::new();
        let mut checker = Checker::new(b"dump.rdb", 0, &mut report);
        checker.feed(&bytes(hex), &mut report);
        assert_eq!(checker.finish(&mut report), Verdict::Good);
    }
}
