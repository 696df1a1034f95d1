//! Streams: payloads of real servers, and damage.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::base::random::Random;
use crate::data::limits::Rules;
use crate::data::shape::Type;
use crate::data::stream::{Stream, StreamId};

use super::super::dump::{self, DumpValue, serialize};
use super::super::{Item, LoadError, Reader, WriteVersion};
use super::sample::{bytes, with_checksum};

/// A stream with two groups, dumped by redis-server 7.0.15.
const REDIS_7_0: &str = "\
    13011000000000000003e80000000000000001405a5a0000001f000301010102018474656d70058368756d0400010201000100 \
    0115018178020501030100010101160181790205010001050106010101856f7468657206dffb0206010201c3e802dfff02f29f \
    860104817a020501ff0347d00043e80143e802040205656d70747947d00081ffffffffffffffff0001056361726f6c4654b91f \
    a201000000016747d000040300000000000003e800000000000000010068e5cf8b010000412c00000000000003ed0000000000 \
    0000074654b91fa20100000100000000000007d000000000000000004654b91fa2010000010205616c6963654654b91fa20100 \
    000100000000000003ed000000000000000703626f624654b91fa20100000200000000000003e8000000000000000100000000 \
    000007d000000000000000000a00d398457c91050ff9";

/// Likewise by valkey-server 8.0.1.
const VALKEY_8_0: &str = "\
    15011000000000000003e80000000000000001405a5a0000001f000301010102018474656d70058368756d0400010201000100 \
    0115018178020501030100010101160181790205010001050106010101856f7468657206dffb0206010201c3e802dfff02f29f \
    860104817a020501ff0347d00043e80143e802040205656d70747947d00081ffffffffffffffff0001056361726f6c4754b91f \
    a2010000ffffffffffffffff00016747d000040300000000000003e800000000000000010068e5cf8b010000412c0000000000 \
    0003ed00000000000000074754b91fa20100000100000000000007d000000000000000004754b91fa2010000010205616c6963 \
    654754b91fa20100004754b91fa20100000100000000000003ed000000000000000703626f624754b91fa20100004754b91fa2 \
    0100000200000000000003e8000000000000000100000000000007d000000000000000000b00720557eba08b78a2";

fn stream_of(payload: &[u8]) -> Option<Stream> {
    match dump::parse(payload, false, &Rules::default()).ok()? {
        DumpValue::Collection(Type::Stream, body) => Stream::of(body.content(Type::Stream)).cloned(),
        _ => None,
    }
}

fn payload_of(stream: Stream, version: WriteVersion) -> Vec<u8> {
    serialize(stream.into_body().content(Type::Stream), version, false)
}

fn parts(stream: &Stream) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    stream.for_each_part(|part| parts.push(part.to_vec()));
    parts
}

#[test]
fn payloads_of_real_servers_come_back() {
    for (hex, version) in [(REDIS_7_0, WriteVersion::V10), (VALKEY_8_0, WriteVersion::V11)] {
        let payload = bytes(hex);
        let stream = stream_of(&payload).expect("a payload of a real server");
        assert_eq!((stream.len(), stream.groups().len()), (3, 2));
        let group = stream.group(b"g").expect("it is there");
        let consumers: Vec<String> = group
            .consumers()
            .map(|consumer| format!("{}:{}", consumer.name.escape_ascii(), consumer.pending().len()))
            .collect();
        assert_eq!((consumers.join(" "), group.pending().len()), ("alice:1 bob:2".into(), 3));
        assert_eq!(group.pending().get(StreamId::new(1000, 1)).map(|pending| pending.deliveries), Some(300));
        let idle = stream.group(b"empty").and_then(|group| group.consumers().next()).map(|consumer| consumer.active_ms);
        assert_eq!(idle.flatten().is_none(), version == WriteVersion::V11, "before 7.2 nobody knows");
        assert_eq!(payload_of(stream, version), payload);
    }
}

/// What 5.0 to 6.2 saved: without first id, greatest deleted id and counters.
#[test]
fn the_oldest_type_is_read() {
    let newer = bytes(REDIS_7_0);
    let mut stream = stream_of(&newer).expect("a stream");
    assert!(stream.remove_group(b"g") && stream.remove_group(b"empty"));
    let payload = payload_of(stream.clone(), WriteVersion::V10);
    let known: &[u8] = b"\x43\xe8\x01\x43\xe8\x02\x04\x00";
    let at = payload.windows(known.len()).position(|window| window == known).expect("what it knows of itself");
    let mut older = payload.clone();
    older[0] = 15;
    let group = b"\x02\x01g\x43\xe8\x01\x00\x00\x01h\x47\xd0\x00\x00\x00";
    older.splice(at..at + known.len(), *group);
    let loaded = stream_of(&older).expect("a stream");
    assert!(loaded.iter().map(|entry| entry.id).eq(stream.iter().map(|entry| entry.id)));
    assert_eq!((loaded.entries_added, loaded.max_deleted_id), (3, StreamId::MIN));
    let read: Vec<Option<u64>> = loaded.groups().map(|(_, group)| group.entries_read).collect();
    assert_eq!(read, [Some(1), Some(3)]);
}

/// With any bit of it wrong, a stream is refused, or is one that comes back.
#[test]
fn damage() {
    let mut random = Random::from_seed(1);
    for hex in [REDIS_7_0, VALKEY_8_0] {
        let payload = bytes(hex);
        let mut read = 0;
        for round in 0..payload.len() * 8 + 3000 {
            let mut damaged = payload.clone();
            let (at, bit) = match round.checked_sub(payload.len() * 8) {
                None => (round / 8, round % 8),
                Some(_) => (random.below(payload.len() as u64) as usize, random.below(8) as usize),
            };
            damaged[at] ^= 1 << bit;
            if round >= payload.len() * 8 {
                let at = 1 + random.below(payload.len() as u64 - 1) as usize;
                damaged[at] = random.next_u64() as u8;
            }
            let Some(stream) = stream_of(&damaged) else { continue };
            read += 1;
            assert_eq!(stream.iter().count() as u64, stream.len());
            let again = stream_of(&payload_of(stream.clone(), WriteVersion::V11)).expect("our own payload");
            assert_eq!(parts(&again), parts(&stream), "byte {at}, bit {bit}");
        }
        assert!(read > 500, "{read}");
    }
}

/// What a file gives that comes in pieces: the streams, or where it is damaged.
fn read(file: &[u8], size: usize) -> (Vec<Vec<Vec<u8>>>, Option<LoadError>, u64) {
    let mut reader = Reader::new(true, Rules::default());
    let (mut found, mut error) = (Vec::new(), None);
    for piece in file.chunks(size) {
        reader.feed(piece);
        while error.is_none() {
            match reader.next_item() {
                Ok(Some(Item::Collection { value_type, body: Some(body), .. })) => {
                    found.extend(Stream::of(body.content(value_type)).map(parts));
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(fault) => error = Some(fault),
            }
        }
    }
    (found, error, reader.offset())
}

#[test]
fn any_pieces_give_the_same() {
    let payload = bytes(VALKEY_8_0);
    let value = &payload[1..payload.len() - 10];
    let file = [b"REDIS0011\x15\x01s", value].concat();
    let whole = read(&with_checksum(&file), usize::MAX);
    assert_eq!((whole.0.len(), whole.1), (1, None));
    for size in 1..40 {
        assert_eq!(read(&with_checksum(&file), size), whole, "pieces of {size}");
    }
    let mut random = Random::from_seed(4);
    for _ in 0..3000 {
        let mut damaged = file.clone();
        let at = 12 + random.below(file.len() as u64 - 12) as usize;
        damaged[at] ^= 1 << random.below(8);
        let damaged = with_checksum(&damaged);
        assert_eq!(read(&damaged, 1 + random.below(20) as usize), read(&damaged, usize::MAX), "byte {at}");
    }
}
