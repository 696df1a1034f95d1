//! What sets promise of memory.

use super::*;
use crate::data::sorted::chunked::CHUNK;

fn member(key: u64) -> [u8; 20] {
    let (mut member, mixed) = (*b"key:0000000000000000", mix(key));
    for (digit, byte) in member[4..].iter_mut().enumerate() {
        *byte = b'a' + (mixed >> (4 * digit)) as u8 % 16;
    }
    member
}

/// A set of members of 20 bytes with distinct scores.
fn filled(size: u64, ascending: bool) -> Sorted {
    let mut sorted = Sorted::new(SIP);
    for key in 0..size {
        sorted.insert(&member(key), if ascending { key as f64 } else { mix(!key) as f64 });
    }
    sorted
}

#[test]
fn leaves_are_full_after_insertion_in_order() {
    for descending in [false, true] {
        let mut sorted = Sorted::new(SIP);
        for key in 0..50_000u32 {
            let score = f64::from(key) * if descending { -1.0 } else { 1.0 };
            sorted.insert(format!("member:{key:013}").as_bytes(), score);
        }
        check_account(&sorted);
        let used: usize = sorted.ground.leaves.iter().map(|leaf| leaf.fill().0).sum();
        assert!(used * 100 > sorted.ground.leaves.len() * LEAF_MAX * 97);
    }
}

#[test]
fn a_shrunken_set_is_small() {
    let mut sorted = Sorted::new(SIP);
    (0..100_000u32).for_each(|key| assert_eq!(sorted.insert(&key.to_le_bytes(), f64::from(key)), Inserted::New));
    assert!(sorted.ground.leaves.len() > 2 * CHUNK);
    while sorted.len() > 100 {
        sorted.pop_first().unwrap();
    }
    check_account(&sorted);
    assert!(sorted.bytes() < 8192, "{}", sorted.bytes());
}

#[test]
fn bytes_of_a_member() {
    for (size, ascending) in [(1000, false), (1000, true), (100_000, false), (100_000, true)] {
        let bytes = filled(size, ascending).bytes();
        assert!(bytes <= size as usize * 54, "{bytes} for {size}");
    }
}
