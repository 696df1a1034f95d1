//! Hashes with fields that expire: what Valkey 9.1.2 wrote, and what is written
//! here.

use alloc::vec::Vec;

use super::super::dump::{self, DumpError, DumpValue};
use super::super::{WriteOptions, WriteVersion, Writer};
use super::sample::{bytes, with_checksum};
use super::{read_pieces, read_whole};
use crate::base::random::Random;
use crate::data::collection::Body;
use crate::data::fields::{self, HashRef, Lifetime};
use crate::data::limits::Rules;
use crate::data::shape::Type;

/// DUMP of `a` = 1 at 4000000000000, `b` = two, `long` = 70 times x at 4100000000001.
const PAYLOAD: &str = "\
    16030161c00100409452a303000001620374776fffffffffffffffff046c6f6e67404678787878787878787878787878787878787878 \
    78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787801280b \
    9bba0300005000f4cddd91b036d9c7";

/// The same hash as `h`, and a small one as `p`.
const FILE: &str = "\
    56414c4b4559303830fa0a76616c6b65792d76657205392e312e32fa0a72656469732d62697473c040fa056374696d65c283250a6bfa \
    08757365642d6d656dc2f8041100fa08616f662d62617365c000fe00fb0200160168030161c00100409452a303000001620374776fff \
    ffffffffffffff046c6f6e67404678787878787878787878787878787878787878787878787878787878787878787878787878787878 \
    78787878787878787878787878787878787878787878787878787878787801280b9bba0300001001700d0d0000000200816602817602 \
    ffffeb826c77a7f79dc4";

/// All fields of a hash with their values and times, in order.
fn triples(body: &Body) -> Vec<(Vec<u8>, Vec<u8>, Option<i64>)> {
    let hash = HashRef::of_body(body);
    let (mut digits, mut more) = ([0; 20], [0; 20]);
    let mut all: Vec<_> = hash
        .iter()
        .map(|(field, value)| {
            let field = field.bytes(&mut digits).to_vec();
            let time = hash.expiry_of(&field);
            (field, value.bytes(&mut more).to_vec(), time)
        })
        .collect();
    all.sort();
    all
}

fn parse(payload: &[u8]) -> Result<Body, DumpError> {
    match dump::parse(payload, true, &Rules::default())? {
        DumpValue::Collection(Type::Hash, body) => Ok(body),
        other => panic!("{other:?}"),
    }
}

fn expected() -> Vec<(Vec<u8>, Vec<u8>, Option<i64>)> {
    Vec::from([
        (b"a".to_vec(), b"1".to_vec(), Some(4_000_000_000_000)),
        (b"b".to_vec(), b"two".to_vec(), None),
        (b"long".to_vec(), alloc::vec![b'x'; 70], Some(4_100_000_000_001)),
    ])
}

#[test]
fn a_payload_of_valkey_is_read_and_written() {
    let body = parse(&bytes(PAYLOAD)).unwrap();
    assert_eq!(triples(&body), expected());
    let again = dump::serialize(body.content(Type::Hash), WriteVersion::V11, false);
    assert_eq!(
        (again.len(), again[0], &again[again.len() - 10..again.len() - 8]),
        (bytes(PAYLOAD).len(), 22, &[80, 0][..])
    );
    assert_eq!(triples(&parse(&again).unwrap()), expected());
}

#[test]
fn a_file_of_valkey_is_read() {
    let items = read_whole(&bytes(FILE)).unwrap();
    assert_eq!(read_pieces(bytes(FILE).chunks(1)), Ok(items.clone()));
    assert!(items.iter().any(|item| item.contains("version 80") || item.contains("80")), "{items:?}");
}

/// Those that do not expire any more take the older form.
#[test]
fn only_what_expires_takes_the_later_version() {
    let mut body = parse(&bytes(PAYLOAD)).unwrap();
    for field in [b"a", &b"long"[..]] {
        fields::persist(&mut body, field, None);
    }
    let payload = dump::serialize(body.content(Type::Hash), WriteVersion::V11, false);
    assert_eq!((payload[0], &payload[payload.len() - 10..payload.len() - 8]), (4, &[11, 0][..]));
}

fn random_hash(random: &mut Random) -> Body {
    let (rules, mut body) = (Rules::default(), fields::empty());
    for number in 0..random.below(300) + 1 {
        let value = "v".repeat(random.below(100) as usize);
        let lifetime =
            if random.below(2) == 0 { Lifetime::Endless } else { Lifetime::Until(random.below(1 << 40) as i64) };
        rules.set_field_for(&mut body, alloc::format!("{number}").as_bytes(), value.as_bytes(), lifetime, None);
    }
    rules.set_field_for(&mut body, b"last", b"", Lifetime::Until(i64::MAX), None);
    body
}

#[test]
fn what_is_written_is_read() {
    let mut random = Random::from_seed(8);
    for _ in 0..40 {
        let body = random_hash(&mut random);
        let payload = dump::serialize(body.content(Type::Hash), WriteVersion::V10, random.below(2) == 0);
        assert_eq!(triples(&parse(&payload).unwrap()), triples(&body));
        let mut writer = Writer::new(WriteVersion::V80, WriteOptions::default());
        writer.header();
        writer.entry(b"key", body.content(Type::Hash), Some(7), None);
        writer.finish();
        let file = writer.take();
        let whole = read_whole(&file).unwrap();
        assert_eq!(read_pieces(file.chunks(1 + random.below(40) as usize)), Ok(whole));
    }
}

/// Whatever stands there instead, it is an error or another hash.
#[test]
fn damage_is_no_panic() {
    let mut random = Random::from_seed(9);
    let (payload, file) = (bytes(PAYLOAD), bytes(FILE));
    for size in 0..payload.len() {
        assert!(parse(&payload[..size]).is_err());
        assert!(read_whole(&file[..size]).is_err());
    }
    for _ in 0..20_000 {
        let mut content = payload[..payload.len() - 8].to_vec();
        for _ in 0..1 + random.below(3) {
            let at = random.below(content.len() as u64) as usize;
            content[at] = random.next_u64() as u8;
        }
        let checksum = crate::base::crc64::checksum(&content);
        content.extend_from_slice(&checksum.to_le_bytes());
        if let Ok(DumpValue::Collection(value_type, body)) = dump::parse(&content, true, &Rules::default()) {
            assert!(!body.content(value_type).is_empty());
        }
        let mut damaged = file[..file.len() - 9].to_vec();
        let at = random.below(damaged.len() as u64) as usize;
        damaged[at] = random.next_u64() as u8;
        let damaged = with_checksum(&damaged);
        assert_eq!(read_whole(&damaged), read_pieces(damaged.chunks(1 + random.below(9) as usize)));
    }
}
