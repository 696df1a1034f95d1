//! Which versions are read, and what only some of them hold.

use alloc::format;

use super::super::{LoadError, Reader};
use super::read_whole;
use super::sample::with_checksum;
use crate::data::limits::Rules;

#[test]
fn readable_versions() {
    for version in (1..=11).chain([80]) {
        let magic = if version == 80 { "VALKEY" } else { "REDIS0" };
        let body = format!("{magic}{version:03}");
        let file = if version < 5 { [body.as_bytes(), b"\xFF"].concat() } else { with_checksum(body.as_bytes()) };
        let end = if version < 5 { "end Absent" } else { "end Verified" };
        let items = read_whole(&file).unwrap_or_else(|error| panic!("version {version}: {error}"));
        assert_eq!(items, [format!("version {version}"), end.into()]);
    }
}

#[test]
fn refused_versions() {
    for version in (12..80).chain([0, 81, 999]) {
        for magic in ["REDIS0", "VALKEY"] {
            let header = format!("{magic}{version:03}");
            let error = read_whole(header.as_bytes()).expect_err("not a version to read");
            assert_eq!(error, LoadError::UnsupportedVersion(version));
            assert_eq!(format!("{error}"), format!("Can't handle RDB format version {version}"));
        }
    }
    for (header, version) in
        [("VALKEY011", 11), ("REDIS0080", 80), ("REDIS1010", 1010), ("REDISabcd", 0), ("REDIS-1xx", -1)]
    {
        assert_eq!(read_whole(header.as_bytes()), Err(LoadError::UnsupportedVersion(version)));
    }
    for header in ["HELLO0011", "redis0011", "VALKE0011"] {
        assert_eq!(read_whole(header.as_bytes()), Err(LoadError::WrongSignature));
    }
}

#[test]
fn version_digits_as_c_reads_them() {
    for header in [&b"REDIS\x0B011"[..], b"REDIS 11x", b"REDIS+11a"] {
        assert_eq!(read_whole(&with_checksum(header)).expect("version 11"), ["version 11", "end Verified"]);
    }
}

#[test]
fn expiry_in_seconds() {
    let file =
        b"REDIS0002\xFE\x00\xFD\x01\x02\x00\x00\x00\x01k\x01v\xFD\xFF\xFF\xFF\xFF\x00\x01l\xC0\x05\x00\x01m\x00\xFF";
    let expected = ["version 2", "db 0", "k = v @513000", "l = (5) @-1000", "m = ", "end Absent"];
    assert_eq!(read_whole(file).expect("an old file"), expected);
}

#[test]
fn an_expiry_of_minus_one_is_none() {
    let file = b"REDIS0003\xFC\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00\x01k\x01v\xFF";
    assert_eq!(read_whole(file).expect("an old file")[1], "k = v");
}

#[test]
fn version_80_opcodes() {
    let body = b"VALKEY080\xF3\x03job\x02\x00\x41\x00\x42\x00\x42\x01\xF3\x01j\x00\xFE\x00\xFB\x01\x00\xF4\x05\x01\x00\x00\x01k\x01v";
    let items = read_whole(&with_checksum(body)).expect("a version 80 file");
    assert_eq!(
        items,
        [
            "version 80",
            "import job 2",
            "range 0 256",
            "range 512 513",
            "import j 0",
            "db 0",
            "size 1 0",
            "slot 5 1 0",
            "k = v",
            "end Verified",
        ]
    );
}

#[test]
fn module_data_is_skipped() {
    let body =
        b"REDIS0011\xF7\x81\x01\x02\x03\x04\x05\x06\x07\x08\x02\x02\x01\x05\x02\x07\x05\x01A\x03\x01\x02\x03\x04\
        \x04\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x01k\x01v";
    let items = read_whole(&with_checksum(body)).expect("a file with module data");
    assert_eq!(items, ["version 11", "module 102030405060708 2", "k = v", "end Verified"]);
}

#[test]
fn checksums_that_are_not_compared() {
    let file = b"REDIS0011\xFF\0\0\0\0\0\0\0\0";
    assert_eq!(read_whole(file).expect("a file without checksum")[1], "end Disabled");
    let mut reader = Reader::new(false, Rules::default());
    reader.feed(b"REDIS0011\xFF\x01\x02\x03\x04\x05\x06\x07\x08");
    assert!(reader.next_item().is_ok());
    assert_eq!(reader.next_item().map(|item| item.map(super::describe)), Ok(Some("end Skipped".into())));
    assert!(reader.is_finished());
}
