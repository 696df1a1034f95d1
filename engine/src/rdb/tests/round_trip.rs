//! What the writer writes, the reader reads.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{Eviction, Item, Reader, ValueRef, WriteOptions, WriteVersion, Writer};
use super::{describe, read_pieces, read_whole};
use crate::data::limits::Rules;

type Entry = (Vec<u8>, Vec<u8>, Option<i64>, Option<Eviction>);

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..80),
        (any::<u8>(), 0..20_000_usize).prop_map(|(byte, size)| alloc::vec![byte; size]),
        any::<i64>().prop_map(|value| alloc::format!("{value}").into_bytes()),
        any::<i16>().prop_map(|value| alloc::format!("{value}").into_bytes()),
        "[-+0][0-9]{0,11}".prop_map(String::into_bytes),
    ]
}

fn eviction() -> impl Strategy<Value = Option<Eviction>> {
    prop_oneof![
        Just(None),
        (0..u64::MAX).prop_map(|idle_seconds| Some(Eviction::Lru { idle_seconds })),
        any::<u8>().prop_map(|frequency| Some(Eviction::Lfu { frequency })),
    ]
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let expiry = proptest::option::of(any::<i64>().prop_filter("-1 is none", |&time| time != -1));
    vec((text(), text(), expiry, eviction()), 0..12)
}

fn write(entries: &[Entry], version: WriteVersion, options: WriteOptions, slice: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::new(version, options);
    writer.header();
    writer.aux(b"redis-bits", b"64");
    writer.select_db(4_000_000_000);
    writer.resize_db(entries.len() as u64, 1 << 40);
    for (key, value, expire_at_ms, eviction) in entries {
        writer.entry(key, ValueRef::String(value), *expire_at_ms, *eviction);
        if writer.buffered() >= slice {
            let taken = writer.take();
            file.extend_from_slice(&taken);
            writer.recycle(taken);
        }
    }
    writer.finish();
    file.extend_from_slice(&writer.take());
    file
}

/// A string that the reader reports as an integer is its only decimal text.
fn read_entries(pieces: &[&[u8]]) -> Vec<Entry> {
    let mut reader = Reader::new(true, Rules::default());
    let mut entries = Vec::new();
    for piece in pieces {
        reader.feed(piece);
        while let Some(item) = reader.next_item().expect("our own file") {
            if let Item::Entry { key, value, expire_at_ms, eviction } = item {
                let value = match value {
                    ValueRef::String(text) => text.to_vec(),
                    ValueRef::Integer(value) => alloc::format!("{value}").into_bytes(),
                };
                entries.push((key.to_vec(), value, expire_at_ms, eviction));
            }
        }
    }
    assert_eq!(reader.finish(), Ok(()));
    assert!(reader.unread().is_empty());
    entries
}

proptest! {
    #[test]
    fn entries_survive(
        entries in entries(),
        checksum: bool,
        compression: bool,
        slice in 0..40_000_usize,
        piece in 1..30_000_usize,
    ) {
        for version in [WriteVersion::V10, WriteVersion::V11] {
            let file = write(&entries, version, WriteOptions { checksum, compression }, slice);
            let pieces: Vec<&[u8]> = file.chunks(piece).collect();
            prop_assert_eq!(&read_entries(&pieces), &entries);
        }
    }

    #[test]
    fn integers_survive(value: i64) {
        let mut writer = Writer::new(WriteVersion::V11, WriteOptions::default());
        writer.header();
        writer.entry(b"k", ValueRef::Integer(value), None, None);
        writer.finish();
        let items = read_whole(&writer.take()).expect("our own file");
        let plain = alloc::format!("k = {value}");
        let encoded = alloc::format!("k = ({value})");
        let expected = if i32::try_from(value).is_ok() { encoded } else { plain };
        prop_assert_eq!(&items[1], &expected);
    }

    #[test]
    fn splits_do_not_matter(entries in entries(), cuts in vec(0.0..1.0, 0..8)) {
        let file = write(&entries, WriteVersion::V11, WriteOptions::default(), 1);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut: &f64| (cut * file.len() as f64) as usize).collect();
        cuts.extend([0, file.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &file[pair[0]..pair[1]]);
        prop_assert_eq!(read_pieces(pieces), read_whole(&file));
    }
}

#[test]
fn a_long_value_is_not_read_again_and_again() {
    let value = alloc::vec![b'x'; 8 << 20];
    let mut writer = Writer::new(WriteVersion::V11, WriteOptions { checksum: true, compression: false });
    writer.header();
    writer.entry(b"big", ValueRef::String(&value), None, None);
    writer.entry(b"small", ValueRef::String(b"v"), None, None);
    writer.finish();
    let file = writer.take();
    let mut reader = Reader::new(true, Rules::default());
    let mut items = 0;
    for piece in file.chunks(64) {
        reader.feed(piece);
        while let Some(item) = reader.next_item().expect("our own file") {
            items += 1;
            assert!(!matches!(item, Item::Entry { key: b"big", value: ValueRef::String(text), .. } if text != value));
        }
    }
    assert_eq!((items, reader.finish()), (4, Ok(())));
}

#[test]
fn what_follows_the_file_is_left() {
    let mut file = write(&[], WriteVersion::V11, WriteOptions::default(), 1);
    file.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
    let mut reader = Reader::new(true, Rules::default());
    reader.feed(&file);
    let mut last = String::new();
    while let Some(item) = reader.next_item().expect("our own file") {
        last = describe(item);
    }
    assert_eq!(last, "end Verified");
    assert_eq!(reader.unread(), b"*1\r\n$4\r\nPING\r\n");
}
