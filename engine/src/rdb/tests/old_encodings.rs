//! Encodings that older versions wrote: ziplists and zipmaps, built here from
//! what they are to hold.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::dump::{self, DumpError, DumpValue};
use super::super::encode::{write_length, write_string};
use super::super::ziplist::Ziplist;
use super::super::{LoadError, zipmap};
use super::sample::with_checksum;
use super::{read_pieces, read_whole};
use crate::base::random::Random;
use crate::data::collection::Body;
use crate::data::entry::{Content, Value};
use crate::data::limits::{Limits, Rules};
use crate::data::listpack;
use crate::data::shape::{Packing, Type};

/// A ziplist of these texts; one that is a number stands there as one.
fn ziplist(texts: &[String]) -> Vec<u8> {
    let (mut body, mut before, mut tail) = (Vec::new(), 0, 10);
    for text in texts {
        let start = body.len();
        tail = 10 + start;
        if before < 254 {
            body.push(before as u8);
        } else {
            body.push(0xFE);
            body.extend_from_slice(&(before as u32).to_le_bytes());
        }
        match Value::encode(text.as_bytes()) {
            Value::Bytes(text) => {
                match text.len() {
                    length @ 0..64 => body.push(length as u8),
                    length @ 64..16_384 => body.extend_from_slice(&[0x40 | (length >> 8) as u8, length as u8]),
                    length => {
                        body.push(0x80);
                        body.extend_from_slice(&(length as u32).to_be_bytes());
                    }
                }
                body.extend_from_slice(text);
            }
            Value::Integer(number @ 0..=12) => body.push(0xF1 + number as u8),
            Value::Integer(number) => {
                let size = [1, 2, 3, 4].into_iter().find(|size| number >> (8 * size - 1) == number >> 63).unwrap_or(8);
                body.push(match size {
                    1 => 0xFE,
                    2 => 0xC0,
                    3 => 0xF0,
                    4 => 0xD0,
                    _ => 0xE0,
                });
                body.extend_from_slice(&number.to_le_bytes()[..size]);
            }
        }
        before = body.len() - start;
    }
    let count = u16::try_from(texts.len()).unwrap_or(u16::MAX);
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&(body.len() as u32 + 11).to_le_bytes());
    bytes.extend_from_slice(&(tail as u32).to_le_bytes());
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(&body);
    bytes.push(0xFF);
    bytes
}

/// A zipmap of these pairs, with gaps behind some values.
fn zipmap(pairs: &[(String, String)]) -> Vec<u8> {
    let mut bytes = Vec::from([pairs.len().min(254) as u8]);
    let length = |bytes: &mut Vec<u8>, length: usize| {
        if length < 254 {
            bytes.push(length as u8);
        } else {
            bytes.push(0xFE);
            bytes.extend_from_slice(&(length as u32).to_le_bytes());
        }
    };
    for (index, (field, value)) in pairs.iter().enumerate() {
        length(&mut bytes, field.len());
        bytes.extend_from_slice(field.as_bytes());
        length(&mut bytes, value.len());
        bytes.push((index % 3) as u8);
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(&[0xFF; 3][..index % 3]);
    }
    bytes.push(0xFF);
    bytes
}

/// A payload of this type byte and content.
fn payload(byte: u8, content: &[u8]) -> Vec<u8> {
    let mut payload = Vec::from([byte]);
    payload.extend_from_slice(content);
    payload.extend_from_slice(&[9, 0]);
    let checksum = crate::base::crc64::checksum(&payload);
    payload.extend_from_slice(&checksum.to_le_bytes());
    payload
}

fn as_string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_string(&mut out, bytes, Some(&mut Vec::new()));
    out
}

fn rules(entries: usize) -> Rules {
    Rules { limits: Limits { hash_listpack_entries: entries, ..Limits::default() }, ..Rules::default() }
}

fn parse(payload: &[u8], rules: &Rules) -> Result<(Type, Body), DumpError> {
    match dump::parse(payload, true, rules)? {
        DumpValue::Collection(value_type, body) => Ok((value_type, body)),
        other => panic!("{other:?}"),
    }
}

fn texts_of(content: Content<'_>) -> Vec<String> {
    let mut texts = Vec::new();
    content.for_each_element(|element, value| {
        for text in [Some(element), value].into_iter().flatten() {
            texts.push(String::from_utf8_lossy(text.bytes(&mut [0; 20])).into_owned());
        }
    });
    texts
}

/// Texts of all the forms that elements have.
fn random_text(random: &mut Random) -> String {
    match random.below(8) {
        0 => format!("{}", random.below(13)),
        1..4 => format!("{}", random.next_u64() as i64 >> random.below(64)),
        4 => "x".repeat(random.below(300) as usize),
        5 => format!("0{}", random.below(100)),
        6 if random.below(20) == 0 => "y".repeat(16_000 + random.below(1000) as usize),
        _ => format!("text {}", random.below(1000)),
    }
}

#[test]
fn ziplists_are_read() {
    let mut random = Random::from_seed(1);
    for count in (0..60).chain([300, 70_000]) {
        let texts: Vec<String> = (0..count).map(|_| random_text(&mut random)).collect();
        let bytes = ziplist(&texts);
        let list = Ziplist::validate(&bytes).expect("a ziplist");
        let read: Vec<String> =
            list.iter().map(|value| String::from_utf8_lossy(value.bytes(&mut [0; 20])).into_owned()).collect();
        assert_eq!(read, texts);
        let list = parse(&payload(10, &as_string(&bytes)), &Rules::default());
        match list {
            Ok((Type::List, body)) => assert_eq!(texts_of(body.content(Type::List)), texts),
            other => assert!(count == 0 && other.is_err(), "an empty one is none"),
        }
    }
}

#[test]
fn lists_of_ziplists_are_read() {
    let mut random = Random::from_seed(2);
    for nodes in 0..20u64 {
        let (mut content, mut all) = (Vec::new(), Vec::new());
        write_length(&mut content, nodes);
        for _ in 0..nodes {
            let texts: Vec<String> = (0..random.below(40)).map(|_| random_text(&mut random)).collect();
            content.extend_from_slice(&as_string(&ziplist(&texts)));
            all.extend(texts);
        }
        match parse(&payload(14, &content), &Rules::default()) {
            Ok((Type::List, body)) => assert_eq!(texts_of(body.content(Type::List)), all),
            other => assert!(all.is_empty() && other.is_err()),
        }
    }
}

#[test]
fn hashes_are_read() {
    let mut random = Random::from_seed(3);
    for count in 1..70 {
        let pairs: Vec<(String, String)> = (0..count)
            .map(|index| (format!("{index}{}", random_text(&mut random)), random_text(&mut random)))
            .collect();
        let texts: Vec<String> = pairs.iter().flat_map(|(field, value)| [field.clone(), value.clone()]).collect();
        let expected: Vec<(String, String)> = {
            let mut sorted = pairs.clone();
            sorted.sort();
            sorted
        };
        for (byte, bytes) in [(9, zipmap(&pairs)), (13, ziplist(&texts))] {
            for entries in [20, 1000] {
                let (value_type, body) = parse(&payload(byte, &as_string(&bytes)), &rules(entries)).expect("a hash");
                let read = texts_of(body.content(Type::Hash));
                let mut read: Vec<_> = read.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
                read.sort();
                assert_eq!((value_type, &read), (Type::Hash, &expected));
                let longest = texts.iter().map(String::len).max().unwrap_or(0);
                let small = count <= entries && longest <= 64;
                assert_eq!(matches!(body, Body::Packed(Packing::Listpack, _)), small);
            }
        }
    }
}

#[test]
fn scores_are_numbers() {
    for (score, sound) in
        [("1.5", true), ("-inf", true), ("1e+20", true), ("nan", false), ("-nan", false), ("x", false)]
    {
        let texts = ["member", score].map(String::from);
        let mut listpack = listpack::empty();
        texts.iter().for_each(|text| listpack::push_back(&mut listpack, Value::encode(text.as_bytes())));
        for (byte, bytes) in [(12, ziplist(&texts)), (17, listpack)] {
            let read = parse(&payload(byte, &as_string(&bytes)), &Rules::default());
            assert_eq!(read.is_ok(), sound, "{score} in {byte}: {read:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_named() {
    let word = |text: &str| String::from(text);
    let twice = [word("a"), word("1"), word("a"), word("2")];
    let mut tail = ziplist(&twice);
    tail[4] -= 1;
    let mut count = ziplist(&twice);
    count[8] = 3;
    let mut size_before = ziplist(&twice);
    size_before[13] = 9;
    let pairs = [(word("ab"), word("1")), (word("ab"), word("2"))];
    let cases = [
        (10, tail, "List ziplist integrity check failed."),
        (10, count, "List ziplist integrity check failed."),
        (10, size_before, "List ziplist integrity check failed."),
        (13, ziplist(&twice), "Hash ziplist integrity check failed."),
        (13, ziplist(&twice[..3]), "Hash ziplist integrity check failed."),
        (9, zipmap(&pairs), "Hash zipmap with dup elements, or big length (2)"),
        (9, Vec::from([0, 0xFF]), "Zipmap integrity check failed."),
        (9, Vec::from([2, 1, b'a', 1, 0, b'b', 0xFF]), "Zipmap integrity check failed."),
    ];
    for (byte, bytes, text) in cases {
        let mut file = b"REDIS0009".to_vec();
        file.extend_from_slice(&[byte, 1, b'k']);
        file.extend_from_slice(&as_string(&bytes));
        let error = read_whole(&with_checksum(&file)).expect_err(text);
        assert!(matches!(error, LoadError::Damaged(_)) && format!("{error}").contains(text), "{error}");
    }
    let mut file = b"REDIS0009\x0e\x01k\x01".to_vec();
    file.extend_from_slice(&as_string(b"12345678901"));
    assert_eq!(format!("{}", read_whole(&file).expect_err("no ziplist")), "Ziplist integrity check failed.");
}

/// Whatever stands there, it is refused or read, in any pieces alike.
#[test]
fn damage_is_no_panic() {
    let mut random = Random::from_seed(4);
    let mut accepted = 0;
    for round in 0..40_000 {
        let texts: Vec<String> =
            (0..random.below(8) * 2).map(|index| format!("{index}{}", random_text(&mut random))).collect();
        let pairs: Vec<_> = texts.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        let is_map = round % 3 == 0;
        let mut bytes = if is_map { zipmap(&pairs) } else { ziplist(&texts) };
        for _ in 0..random.below(4) {
            let at = random.below(bytes.len().min(40) as u64) as usize;
            bytes[at] = [0, 1, 0xFE, 0xFF, random.next_u64() as u8][random.below(5) as usize];
        }
        if random.below(6) == 0 {
            bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
        }
        accepted += usize::from(Ziplist::validate(&bytes).is_some_and(|list| list.iter().count() < 100));
        accepted += usize::from(zipmap::pairs_of(&bytes).is_some());
        let byte = if is_map { 9 } else { [10, 13][round % 2] };
        let _ = parse(&payload(byte, &as_string(&bytes)), &Rules::default());
        if round % 50 == 0 {
            let mut file = b"REDIS0009".to_vec();
            file.extend_from_slice(&[byte, 1, b'k']);
            file.extend_from_slice(&as_string(&bytes));
            let file = with_checksum(&file);
            assert_eq!(read_whole(&file), read_pieces(file.chunks(1 + random.below(9) as usize)));
        }
    }
    assert!(accepted > 1000, "{accepted}");
}
