//! Nothing that is fed to the reader makes it panic, hang or allocate without end.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::super::cursor::{Cursor, Span};
use super::super::error::Fault;
use super::super::{LoadError, Reader};
use super::sample::{self, bytes, with_checksum};
use super::{read_pieces, read_whole};
use crate::data::limits::Rules;

/// The digits of the version are no part of this: they can turn into those of a version that has no checksum.
#[test]
fn no_single_flip_goes_unnoticed() {
    for hex in [sample::REDIS_7_0, sample::VALKEY_8_0, sample::VALKEY_LFU] {
        let file = bytes(hex);
        for (index, bit) in (0..file.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
            let mut damaged = file.clone();
            damaged[index] ^= 1 << bit;
            let result = read_whole(&damaged);
            assert!(result.is_err() || (5..9).contains(&index), "bit {bit} of byte {index}");
        }
    }
}

#[test]
fn every_byte_value_everywhere() {
    let file = bytes(sample::VALKEY_LFU);
    for (index, value) in (0..file.len()).flat_map(|index| (0..=255).map(move |value| (index, value))) {
        let mut damaged = file.clone();
        damaged[index] = value;
        let end = damaged.len() - 9;
        let repaired = with_checksum(&damaged[..end]);
        assert_eq!(read_whole(&repaired), read_pieces(repaired.chunks(3)), "byte {index} is {value}");
    }
}

#[test]
fn every_truncation_is_an_unexpected_end() {
    let file = bytes(sample::REDIS_7_0);
    for size in 0..file.len() {
        assert_eq!(read_whole(&file[..size]), Err(LoadError::UnexpectedEnd), "{size} bytes");
    }
}

#[test]
fn errors() {
    let cases: &[(&[u8], LoadError)] = &[
        (b"REDIS0011\xFE\x82", LoadError::UnknownLengthEncoding(2)),
        (b"REDIS0011\x00\xC4", LoadError::UnknownStringEncoding(4)),
        (b"REDIS0011\x00\x01k\xC3\x02\x15\x00a", LoadError::InvalidCompressedString),
        (b"REDIS0011\x00\x01k\xC3\x01\x81\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFFa", LoadError::InvalidCompressedString),
        (b"REDIS0011\x08", LoadError::UnknownType(8)),
        (b"REDIS0011\x16", LoadError::UnknownType(22)),
        (b"VALKEY080\x16\x01k", LoadError::UnexpectedEnd),
        (b"VALKEY080\x16\x01k\x01\x01f\x01v\xFF\xFF\xFF\xFF\xFF\xFF\xFF", LoadError::UnexpectedEnd),
        (
            b"VALKEY080\x16\x01k\x01\x01f\x01v\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
            LoadError::Damaged(Fault::FieldExpiry),
        ),
        (
            b"VALKEY080\x16\x01k\x02\x01f\x01v\x01\x01\x01\x01\x01\x01\x01\x01\x01f\x01v\x01\x01\x01\x01\x01\x01\x01\x01",
            LoadError::Damaged(Fault::HashFields),
        ),
        (b"REDIS0011\xF4\x01\x01\x01", LoadError::UnknownType(0xF4)),
        (b"REDIS0011\x07\x01k", LoadError::UnsupportedType(7)),
        (b"REDIS0011\xF6", LoadError::PreReleaseFunction),
        (b"REDIS0011\xF7\x01\x03\x01", LoadError::BadModuleWhen),
        (b"REDIS0011\xFE\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", LoadError::UnexpectedEnd),
        (b"REDIS0011\x00\x81\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFFk", LoadError::UnexpectedEnd),
        (b"REDIS0011\x00\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFk", LoadError::UnexpectedEnd),
    ];
    for (file, error) in cases {
        assert_eq!(read_whole(file), Err(*error), "{}", file.escape_ascii());
    }
}

#[test]
fn an_error_stays() {
    let mut reader = Reader::new(true, Rules::default());
    reader.feed(b"REDIS0011\x08");
    assert!(reader.next_item().is_ok());
    for _ in 0..3 {
        assert_eq!(reader.next_item().err(), Some(LoadError::UnknownType(8)));
        assert_eq!(reader.finish(), Err(LoadError::UnknownType(8)));
        reader.feed(b"\xFF");
    }
}

#[test]
fn the_checksum_error_names_both() {
    let mut file = bytes(sample::VALKEY_LFU);
    let last = file.len() - 1;
    let found = u64::from_le_bytes(*file.last_chunk().expect("a checksum"));
    file[last] ^= 0x80;
    let error = read_whole(&file).expect_err("a wrong checksum");
    assert_eq!(error, LoadError::ChecksumMismatch { expected: found, found: found ^ 1 << 63 });
    assert_eq!(
        alloc::format!("{error}"),
        "Wrong RDB checksum expected: (5e27c54874d3905e) but got (de27c54874d3905e). Aborting now."
    );
}

/// A size that so few compressed bytes cannot expand to is refused before anything is allocated for it.
#[test]
fn hostile_sizes_allocate_nothing() {
    let data = [0; 16];
    let cursor = Cursor::new(&data, data.len());
    assert!(cursor.expand(Span { start: 0, end: 16 }, 1 << 60).is_err());
}

proptest! {
    #[test]
    fn noise_does_not_panic(noise: Vec<u8>, piece in 1..64_usize) {
        for magic in [b"REDIS0011", b"VALKEY080"] {
            let file = [&magic[..], &noise].concat();
            prop_assert_eq!(read_pieces(file.chunks(piece)), read_whole(&file));
        }
    }
}

/// Found by fuzzing: how much was read of a collection before what is wrong in it
/// depended on the pieces that it came in.
#[test]
fn damage_in_a_collection_is_in_one_place() {
    let file = b"REDIS0011\x02\x01s\x04\x01a\x01b\x01c\xC3\x01\x05a";
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reader = Reader::new(true, Rules::default());
        let mut error = None;
        for piece in pieces {
            reader.feed(piece);
            while error.is_none() {
                match reader.next_item() {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(found) => error = Some(found),
                }
            }
        }
        (error, reader.offset(), reader.stopped_at())
    };
    let whole = read(&mut core::iter::once(&file[..]));
    assert_eq!(whole.0, Some(LoadError::InvalidCompressedString));
    assert_eq!(whole.1, file.len() as u64 - 4);
    for size in 1..file.len() {
        assert_eq!(read(&mut file.chunks(size)), whole, "pieces of {size}");
    }
}
