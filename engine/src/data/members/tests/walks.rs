//! What scans and walks promise while a table changes.

use super::{Random, SIP};
use crate::data::members::{Members, WalkPosition};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

fn stays(index: usize) -> Vec<u8> {
    format!("stays {index}").into_bytes()
}

fn insert_those(members: &mut Members, range: Range<usize>) {
    for index in range {
        members.insert(&stays(index), &[], None);
    }
}

/// Inserts and removes others, more of the one or of the other, up to some
/// thousands: a walk is to come to its end.
fn churn(members: &mut Members, extra: &mut Vec<Vec<u8>>, random: &mut Random, grows: bool) {
    for _ in 0..if grows && extra.len() > 6000 { 0 } else { random.below(3000) } {
        if (random.below(4) == 0) == grows && !extra.is_empty() {
            let gone = extra.swap_remove(random.below(extra.len()));
            assert!(members.remove(&gone));
        } else {
            let new = format!("extra {}", random.next()).into_bytes();
            members.insert(&new, &[], None);
            extra.push(new);
        }
    }
}

/// A table in which some stay and, if it is to shrink, many will not.
fn table_to_churn(random: &mut Random, grows: bool) -> (Members, Vec<Vec<u8>>) {
    let (mut members, mut extra) = (Members::new(SIP, false), Vec::new());
    insert_those(&mut members, 0..1000);
    for _ in 0..if grows { 0 } else { 15_000 } {
        extra.push(format!("extra {}", random.next()).into_bytes());
        members.insert(&extra[extra.len() - 1], &[], None);
    }
    (members, extra)
}

/// What is there from a scan's begin to its end is visited, whatever else comes
/// and goes; a scan of what rests visits all once.
#[test]
fn scans_miss_nothing() {
    let mut random = Random(5);
    for round in 0..24 {
        let grows = round % 2 == 0;
        let (mut members, mut extra) = table_to_churn(&mut random, grows);
        let (mut cursor, mut seen, mut visits) = (0, BTreeSet::new(), 0);
        loop {
            let (count, before) = (1 + random.below(200), visits);
            cursor = members.scan(cursor, count, |element| {
                visits += 1;
                seen.insert(element.member.to_vec());
            });
            assert!(visits - before < count + members.lengths.bound());
            assert!(cursor >> 33 == 0, "a double holds it");
            if cursor == 0 {
                break;
            }
            if round >= 4 {
                // It shrinks from a table of many, and grows, and at times turns.
                churn(&mut members, &mut extra, &mut random, if round % 3 == 0 { visits % 2 == 0 } else { grows });
            }
        }
        assert!((0..1000).all(|index| seen.contains(&stays(index))));
        assert!(round >= 4 || visits == members.len());
    }
}

#[test]
fn any_cursor_is_some_position() {
    let mut members = Members::new(SIP, false);
    assert_eq!(members.scan(u64::MAX, 10, |_| ()), 0);
    insert_those(&mut members, 0..5000);
    let mut random = Random(8);
    for _ in 0..500 {
        let (mut cursor, mut calls) = (random.next() >> random.below(64), 0);
        while calls == 0 || cursor != 0 {
            cursor = members.scan(cursor, 100, |_| ());
            calls += 1;
            assert!(calls < 200);
        }
    }
}

/// A walk visits what stays once, no more, while buckets split and merge.
#[test]
fn walks_visit_once() {
    let mut random = Random(6);
    for round in 0..16 {
        let grows = round % 2 == 0;
        let (mut members, mut extra) = table_to_churn(&mut random, grows);
        let (mut position, mut seen) = (Some(WalkPosition::default()), BTreeMap::<Vec<u8>, u32>::new());
        while let Some(from) = position {
            assert_eq!(WalkPosition::from_bits(from.to_bits()), from);
            position = members.walk(from, random.below(150), |element| {
                *seen.entry(element.member.to_vec()).or_default() += 1;
            });
            assert!(position.is_none_or(|next| next > from));
            churn(&mut members, &mut extra, &mut random, grows);
        }
        assert!((0..1000).all(|index| seen.get(&stays(index)) == Some(&1)));
        assert!(seen.values().all(|&visits| visits == 1), "nor any other twice");
    }
}
