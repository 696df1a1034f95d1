//! Tables against maps, and what they promise about memory and scans.

use super::*;
use crate::base::random::Random;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use std::println;

extern crate std;

const SIP: SipKey = SipKey { k0: 3, k1: 4 };

type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<i64>)>;

fn recount(members: &Members) -> usize {
    let buckets: usize = members.chunks.iter().flatten().map(Bucket::footprint).sum();
    let directory: usize = members.chunks.len() * block_size(CHUNK.min(members.bucket_count()) * size_of::<Bucket>());
    let long: usize = members.long.values().map(|text| block_size(text.len()) + LONG_OVERHEAD).sum();
    buckets + directory + long
}

fn check(members: &Members, model: &Model) {
    assert_eq!(members.len(), model.len());
    assert_eq!(members.bytes(), recount(members));
    assert_eq!(members.used, members.chunks.iter().flatten().map(Bucket::used).sum::<usize>());
    assert_eq!(members.expiring(), model.values().filter(|(_, at)| at.is_some()).count());
    let contents: Model = members
        .iter()
        .map(|element| (element.member.to_vec(), (element.value.to_vec(), element.expire_at_ms)))
        .collect();
    assert!(contents == *model);
    assert!(members.chunks.iter().flatten().all(|bucket| bucket.len() <= members.fullest));
    let mut tape = Tape::writer();
    members.write(&mut tape);
    let image = tape.take();
    let again = Members::read(&mut Tape::reader(&image), members.valued).unwrap();
    assert_eq!(format!("{again:?}"), format!("{members:?}"));
    assert_eq!(again.bytes(), members.bytes());
}

#[test]
fn as_a_map_is() {
    for seed in 0..12 {
        let valued = seed % 3 != 0;
        let mut random = Random::from_seed(seed);
        let (mut members, mut model) = (Members::new(SIP, valued), Model::new());
        let keys = [30, 300, 3000][seed as usize % 3];
        for step in 0..6000u64 {
            let key = random.below(keys);
            let member =
                [&b"member"[..], &alloc::vec![b'x'; (key % 60) as usize], format!("{key}").as_bytes()].concat();
            let growing = step / 2000 != 1;
            if random.below(4) < if growing { 1 } else { 3 } {
                assert_eq!(members.remove(&member), model.remove(&member).is_some());
            } else {
                let length = [0, 5, 100, 900, 3000][random.below(if step % 50 == 0 { 5 } else { 3 }) as usize];
                let value: Vec<u8> =
                    if valued { (0..length).map(|_| random.next_u64() as u8).collect() } else { Vec::new() };
                let expiry = (valued && random.below(4) == 0).then(|| random.next_u64() as i64);
                let new = members.insert(&member, &value, expiry);
                assert_eq!(new, model.insert(member.clone(), (value, expiry)).is_none());
            }
            let found = members.get(&member).map(|element| (element.value.to_vec(), element.expire_at_ms));
            assert_eq!(found.as_ref(), model.get(&member));
            if step % 500 == 0 {
                check(&members, &model);
            }
        }
        check(&members, &model);
        for member in model.keys().cloned().collect::<Vec<_>>() {
            assert!(members.remove(&member));
        }
        assert!(members.is_empty() && members.long.is_empty());
        assert!(members.bytes() < 4096, "{}", members.bytes());
    }
}

#[test]
fn expiries_change_alone() {
    let mut members = Members::new(SIP, true);
    members.insert(b"a", b"value", None);
    assert!(members.set_expiry(b"a", Some(5)) && !members.set_expiry(b"b", Some(5)));
    assert_eq!(members.get(b"a"), Some(Element { member: b"a", value: b"value", expire_at_ms: Some(5) }));
    assert_eq!(members.expiring(), 1);
    members.set_expiry(b"a", None);
    assert_eq!((members.expiring(), members.len()), (0, 1));
}

/// What is there from a scan's begin to its end is visited, whatever else comes
/// and goes; a scan of what rests visits all once.
#[test]
fn scans_miss_nothing() {
    let mut random = Random::from_seed(5);
    for round in 0..20 {
        let mut members = Members::new(SIP, false);
        for index in 0..2000u64 {
            members.insert(format!("stays {index}").as_bytes(), &[], None);
        }
        let (mut cursor, mut seen, mut extra) = (0, BTreeSet::new(), Vec::new());
        let mut visits = 0;
        loop {
            cursor = members.scan(cursor, 1 + random.below(200) as usize, |element| {
                visits += 1;
                seen.insert(element.member.to_vec());
            });
            if cursor == 0 {
                break;
            }
            for _ in 0..if round < 5 { 0 } else { random.below(3000) } {
                if random.below(2) == u64::from(round % 2 == 0) && !extra.is_empty() {
                    let gone: Vec<u8> = extra.swap_remove(random.below(extra.len() as u64) as usize);
                    members.remove(&gone);
                } else {
                    let new = format!("extra {}", random.next_u64()).into_bytes();
                    members.insert(&new, &[], None);
                    extra.push(new);
                }
            }
        }
        let stayed = (0..2000).filter(|index| seen.contains(format!("stays {index}").as_bytes())).count();
        assert_eq!(stayed, 2000);
        assert!(round >= 5 || visits == 2000);
    }
    assert_eq!(Members::new(SIP, false).scan(u64::MAX, 10, |_| ()), 0);
}

#[test]
fn random_elements_are_equally_likely() {
    let mut members = Members::new(SIP, false);
    for index in 0..400u64 {
        members.insert(&index.to_be_bytes(), &alloc::vec![0; 0], None);
    }
    let (mut random, mut hits) = (Random::from_seed(1), [0u32; 400]);
    for _ in 0..400 * 250 {
        let element = members.random(|| random.next_u64()).unwrap();
        hits[u64::from_be_bytes(element.member.try_into().unwrap()) as usize] += 1;
    }
    assert!(hits.iter().all(|hit| (150..370).contains(hit)), "{hits:?}");
}

/// Bytes an element: the references take 48 for a member of a set, and 64 for a
/// field of a hash, of 16 bytes each.
#[test]
fn elements_are_small() {
    for (valued, most) in [(false, 26), (true, 46)] {
        let mut members = Members::new(SIP, valued);
        let (mut worst, mut sum, mut samples) = (0.0f64, 0.0, 0.0);
        for index in 0..200_000u64 {
            let member = format!("{index:016}");
            members.insert(member.as_bytes(), if valued { member.as_bytes() } else { &[] }, None);
            if index > 1000 && index % 97 == 0 {
                let each = members.bytes() as f64 / members.len() as f64;
                worst = worst.max(each);
                (sum, samples) = (sum + each, samples + 1.0);
            }
        }
        println!("{:.1} bytes an element, {worst:.1} at most", sum / samples);
        assert!(worst < f64::from(most), "{worst}");
    }
}

/// Nothing that is done to one element touches many buckets.
#[test]
fn images_of_other_bytes_are_refused() {
    let mut members = Members::new(SIP, true);
    for index in 0..300u64 {
        members.insert(&index.to_be_bytes(), &alloc::vec![7; (index % 40 * 40) as usize], None);
    }
    let mut tape = Tape::writer();
    members.write(&mut tape);
    let image = tape.take();
    let mut random = Random::from_seed(2);
    for _ in 0..3000 {
        let mut bad = image.clone();
        let at = random.below(bad.len() as u64) as usize;
        bad[at] = random.next_u64() as u8;
        bad.truncate(bad.len() - random.below(3) as usize);
        if let Ok(read) = Members::read(&mut Tape::reader(&bad), true) {
            assert!(read.iter().count() <= read.len());
        }
    }
}
