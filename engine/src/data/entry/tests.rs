//! Entries keep what they were made of.

use super::*;
use alloc::vec;

fn round_trip(key: &[u8], value: Value<'_>, expire_at_ms: Option<i64>) {
    let mut slab = Slab::new();
    let entry = Entry::new(&mut slab, &NewEntry { key, value, expire_at_ms, access: 0xABCDEF, shape: Shape::STRING });
    assert_eq!(entry.key(), key);
    assert_eq!(entry.value(), value);
    assert_eq!(entry.expire_at_ms(), expire_at_ms);
    assert_eq!(entry.access(), 0xABCDEF);
    entry.set_access(5);
    assert_eq!(entry.access(), 5);
    assert_eq!(entry.key(), key);
    drop(entry.take_large(&mut slab));
    entry.release(&mut slab);
    assert_eq!(slab.used_bytes(), 0);
}

#[test]
fn what_goes_in_comes_out() {
    let long = vec![7u8; 70_000];
    for key in [&b""[..], b"k", b"key:000000000001", &long[..900], &long[..1020], &long] {
        for value in [&b""[..], b"v", &long[..44], &long[..990], &long[..5000], &long] {
            for expire_at_ms in [None, Some(0), Some(-1), Some(i64::MAX)] {
                round_trip(key, Value::Bytes(value), expire_at_ms);
            }
        }
        for number in [0, -1, 127, 128, -129, 40_000, 1 << 40, i64::MIN, i64::MAX] {
            round_trip(key, Value::Integer(number), None);
            round_trip(key, Value::Integer(number), Some(9));
        }
    }
}

#[test]
fn integers_are_overwritten_where_they_fit() {
    let mut slab = Slab::new();
    let new = NewEntry { key: b"n", value: Value::Integer(300), expire_at_ms: None, access: 0, shape: Shape::STRING };
    let entry = Entry::new(&mut slab, &new);
    assert!(entry.overwrite_integer(-5));
    assert_eq!(entry.value(), Value::Integer(-5));
    assert!(!entry.overwrite_integer(1 << 20));
    assert_eq!(entry.value(), Value::Integer(-5));
    drop(entry.take_large(&mut slab));
    entry.release(&mut slab);
}
