//! DUMP payloads, against those of real servers.

use alloc::vec::Vec;

use proptest::prelude::*;

use crate::data::collection::Body;
use crate::data::limits::{Limits, Rules};
use crate::data::list;
use crate::data::shape::Type;

use super::super::dump::{self, DumpError, DumpValue, serialize};
use super::super::error::LoadError;
use super::super::{ValueRef, WriteVersion};
use super::sample::bytes;

const LONG: &[u8] = &[b'a'; 117];

/// The string in a payload.
fn parse(payload: &[u8], verify_checksum: bool) -> Result<Vec<u8>, DumpError> {
    Ok(match dump::parse(payload, verify_checksum, &Rules::default())? {
        DumpValue::String(text) => text.into_owned(),
        DumpValue::Integer(integer) => alloc::format!("{integer}").into_bytes(),
        DumpValue::Collection(value_type, _) => panic!("a {}", value_type.name()),
    })
}

/// Value, what redis-server 7.0.15 dumps, what valkey-server 8.0.1 dumps.
const PAYLOADS: &[(&[u8], &str, &str)] = &[
    (b"value", "000576616c75650a0081f6c138c1aa9b6e", "000576616c75650b00e8297c4b3c3572e7"),
    (b"32767", "00c1ff7f0a00495a37da17f4d52b", "00c1ff7f0b0020858aa9ea6b3ca2"),
    (LONG, "00c3094075016161e068000161610a0073d76c31df957770", "00c3094075016161e068000161610b001a08d142220a9ef9"),
    (b"", "00000a005d9b5c400f7fa2da", "00000b003444e133f2e04b53"),
    (
        b"-2147483649",
        "000b2d323134373438333634390a00c261377908f2028c",
        "000b2d323134373438333634390b00abbe8a0af56deb05",
    ),
];

#[test]
fn real_payloads() {
    for &(value, redis, valkey) in PAYLOADS {
        for (hex, version) in [(redis, WriteVersion::V10), (valkey, WriteVersion::V11)] {
            let payload = bytes(hex);
            // LZF leaves open how to compress; all else is decided.
            if value != LONG {
                assert_eq!(serialize(ValueRef::String(value), version, true), payload);
            }
            assert_eq!(parse(&payload, true).expect("a payload of a real server"), value);
        }
    }
}

#[test]
fn the_footer_decides_first() {
    let good = serialize(ValueRef::Integer(7), WriteVersion::V11, true);
    for index in 0..good.len() {
        let mut damaged = good.clone();
        damaged[index] ^= 1;
        assert_eq!(parse(&damaged, true), Err(DumpError::Footer), "byte {index}");
        assert_eq!(parse(&good[..index], true), Err(DumpError::Footer), "{index} bytes");
    }
}

#[test]
fn versions_and_contents() {
    let with_footer = |content: &[u8], version: u16| [content, &version.to_le_bytes(), &[0; 8]].concat();
    for version in [0, 1, 10, 11, 80] {
        assert_eq!(parse(&with_footer(b"\x00\xC0\x07", version), false), Ok(b"7".to_vec()));
    }
    for version in [12, 79, 81, 65535] {
        assert_eq!(parse(&with_footer(b"\x00\xC0\x07", version), false), Err(DumpError::Footer));
    }
    let contents: &[(&[u8], LoadError)] = &[
        (b"", LoadError::UnexpectedEnd),
        (b"\x00", LoadError::UnexpectedEnd),
        (b"\x00\x05abc", LoadError::UnexpectedEnd),
        (b"\x00\xC3\x01\x05a", LoadError::InvalidCompressedString),
        (b"\x08\x00", LoadError::UnknownType(8)),
        (b"\xFF\x00", LoadError::UnknownType(255)),
        (b"\x07\x01\x01a", LoadError::UnsupportedType(7)),
    ];
    for (content, error) in contents {
        let expected = Err(DumpError::Content(*error));
        assert_eq!(parse(&with_footer(content, 11), false), expected, "{}", content.escape_ascii());
    }
    assert_eq!(parse(&with_footer(b"\x16\x00", 11), false), Err(DumpError::Empty));
    let trailing = with_footer(b"\x00\x01atrailing", 11);
    assert_eq!(parse(&trailing, false), Ok(b"a".to_vec()));
}

/// A list whose nodes are compressed is written as one whose nodes are not, and either is read as either.
#[test]
fn compressed_lists() {
    let rules_of = |depth| {
        let limits = Limits { list_node: 50, list_compress_depth: depth, ..Limits::default() };
        Rules { limits, ..Rules::default() }
    };
    let bodies = [0, 1].map(|depth| {
        let (rules, mut body) = (rules_of(depth), list::empty());
        for index in 0..1000 {
            let long = if index == 321 { 10_000 } else { index % 11 };
            let text = alloc::format!("text {}", "long".repeat(long));
            rules.expect_elements(&mut body, text.len(), 1);
            rules.push(&mut body, false, text.as_bytes());
        }
        body
    });
    let texts = |body: &Body| {
        let mut texts = Vec::new();
        body.content(Type::List).for_each_element(|element, _| texts.push(element.bytes(&mut [0; 20]).to_vec()));
        texts
    };
    for compression in [false, true] {
        let payloads =
            bodies.each_ref().map(|body| serialize(body.content(Type::List), WriteVersion::V11, compression));
        assert!(payloads[0] == payloads[1]);
        for depth in [0, 1] {
            match dump::parse(&payloads[0], true, &rules_of(depth)) {
                Ok(DumpValue::Collection(Type::List, Body::Large(collection))) => {
                    // Nor is there room for more in it, as there is in one that was pushed to.
                    let Body::Large(pushed) = &bodies[depth as usize] else { panic!("it is large") };
                    let (read, pushed) = (collection.footprint(), pushed.footprint());
                    assert!(read <= pushed && pushed - read < 1000, "{read} {pushed}");
                    assert_eq!(texts(&Body::Large(collection)), texts(&bodies[0]));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn noise_does_not_panic(noise: alloc::vec::Vec<u8>, compression: bool) {
        let _ = dump::parse(&noise, false, &Rules::default());
        let payload = serialize(ValueRef::String(&noise), WriteVersion::V11, compression);
        prop_assert_eq!(parse(&payload, true), Ok(noise));
    }
}
