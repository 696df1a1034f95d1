//! Tables against maps, and what they promise of memory.

mod walks;

use super::grow::CHUNK;
use super::*;
use crate::base::image::Tape;
use crate::data::hash::mix;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;

const SIP: SipKey = SipKey { k0: 3, k1: 4 };

type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<i64>)>;

/// A generator that is told its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        mix(self.0)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 8) as usize % bound
    }
}

/// The image of a table, which becomes it again.
fn image(members: &Members) -> Vec<u8> {
    let mut tape = Tape::writer();
    members.write(&mut tape);
    tape.take()
}

fn owned(element: Element<'_>) -> (Vec<u8>, (Vec<u8>, Option<i64>)) {
    (element.member.to_vec(), (element.value.to_vec(), element.expire_at_ms))
}

/// All that is kept beside the elements, counted anew.
fn check_account(members: &Members) {
    assert_eq!(members.bucket_bytes, members.buckets().map(Bucket::footprint).sum());
    assert_eq!(members.directory_bytes, members.count_directory());
    assert_eq!(members.weight, members.buckets().map(Bucket::weight).sum());
    assert_eq!(members.len, members.buckets().map(Bucket::len).sum());
    assert_eq!(members.buckets().count(), members.bucket_count());
    let longest = members.buckets().map(Bucket::len).max().unwrap_or(0);
    assert_eq!(members.lengths.bound(), longest / 8 * 8 + 8);
    for bucket in members.buckets() {
        let earliest = bucket.iter(members.valued).filter_map(|stored| stored.expire_at_ms).min();
        assert_eq!(bucket.earliest_ms(), earliest.unwrap_or(i64::MAX));
        assert!(members.earliest_ms <= bucket.earliest_ms());
    }
}

fn check(members: &Members, model: &Model) {
    check_account(members);
    assert_eq!(members.len(), model.len());
    assert_eq!(members.expiring(), model.values().filter(|(_, at)| at.is_some()).count());
    assert!(members.iter().map(owned).collect::<Model>() == *model);
    let written = image(members);
    let copies = [members.clone(), Members::read(&mut Tape::reader(&written), members.valued).unwrap()];
    for copy in copies {
        check_account(&copy);
        assert_eq!(copy.bytes(), members.bytes());
        assert!(image(&copy) == written);
    }
}

/// One operation on both; what each answers must agree.
fn operate(members: &mut Members, model: &mut Model, random: &mut Random, keys: usize, removals: usize) {
    let key = random.below(keys);
    let mut member = alloc::vec![b'x'; if key.is_multiple_of(97) { 1500 } else { key % 60 }];
    member.extend_from_slice(format!("{key}").as_bytes());
    let expiry = (random.below(4) == 0).then(|| random.next() as i64);
    if random.below(4) < removals {
        assert_eq!(members.remove(&member), model.remove(&member).is_some());
    } else if random.below(5) == 0 {
        let found = model.get_mut(&member);
        assert_eq!(members.set_expiry(&member, expiry), found.is_some());
        found.into_iter().for_each(|(_, at)| *at = expiry);
    } else {
        let kinds = if random.below(20) == 0 { 5 } else { 3 };
        let length = [0, 5, 100, 900, 3000][random.below(kinds)];
        let value: Vec<u8> =
            if members.valued { (0..length).map(|_| random.next() as u8).collect() } else { Vec::new() };
        let new = members.insert(&member, &value, expiry);
        assert_eq!(new, model.insert(member.clone(), (value, expiry)).is_none());
    }
    let found = members.get(&member).map(|element| (element.value.to_vec(), element.expire_at_ms));
    assert_eq!(found.as_ref(), model.get(&member));
    assert_eq!(members.contains(&member), model.contains_key(&member));
}

#[test]
fn as_a_map_is() {
    for seed in 0..12u64 {
        let mut random = Random(seed << 32);
        let (mut members, mut model) = (Members::new(SIP, seed % 4 != 0), Model::new());
        let keys = [30, 300, 3000][seed as usize % 3];
        for step in 0..6000 {
            operate(&mut members, &mut model, &mut random, keys, if step / 2000 == 1 { 3 } else { 1 });
            if step % 500 == 0 {
                check(&members, &model);
            }
        }
        check(&members, &model);
        for (left, member) in model.keys().enumerate().map(|(gone, member)| (model.len() - gone, member)) {
            assert_eq!(members.len(), left);
            assert!(members.remove(member));
        }
        check_account(&members);
        assert!(members.bytes() < 1024, "{}", members.bytes());
    }
}

#[test]
fn same_operations_same_bytes() {
    let run = || {
        let (mut members, mut model, mut random) = (Members::new(SIP, true), Model::new(), Random(77));
        for _ in 0..5000 {
            operate(&mut members, &mut model, &mut random, 900, 1);
        }
        image(&members)
    };
    assert!(run() == run());
}

#[test]
fn sets_keep_no_values() {
    let mut members = Members::new(SIP, false);
    for member in [&b"short"[..], &[7; 2000]] {
        assert!(members.insert(member, b"dropped", None));
        assert_eq!(members.get(member), Some(Element { member, value: &[], expire_at_ms: None }));
    }
    assert!(Members::read(&mut Tape::reader(&image(&members)), false).is_ok());
}

#[test]
fn elements_of_any_size() {
    let mut members = Members::new(SIP, true);
    let huge = alloc::vec![5; (40 << 20) - 64];
    for size in [0, 1, 127, 128, 1023, 1024, 1025, 16_383, 16_384, huge.len()] {
        assert!(members.insert(&size.to_le_bytes(), &huge[..size], Some(9)));
    }
    assert!(members.bytes() > huge.len() && members.bytes() < huge.len() + 100_000);
    assert!(!members.insert(&huge.len().to_le_bytes(), b"no more", None));
    assert_eq!(members.get(&16_384usize.to_le_bytes()).unwrap().value.len(), 16_384);
    assert!(members.bytes() < 100_000);
    assert!(members.insert(b"", b"", None) && members.contains(b"") && members.remove(b""));
    check_account(&members);
}

/// What was short in full buckets and is long now overflows none of them.
#[test]
fn values_that_grow_spread() {
    let mut members = Members::new(SIP, true);
    let name = |index: u32| format!("{index}").into_bytes();
    (0..20_000).for_each(|index| assert!(members.insert(&name(index), b"", None)));
    (0..20_000).for_each(|index| assert!(!members.insert(&name(index), &[1; 1000], None)));
    check_account(&members);
    assert!(members.buckets().map(Bucket::weight).max().unwrap() < 32_768);
    (0..20_000).for_each(|index| assert!(!members.insert(&name(index), b"", Some(1))));
    (0..20_000).for_each(|index| assert!(members.set_expiry(&name(index), None)));
    check_account(&members);
    assert!((0..20_000).all(|index| members.get(&name(index)).unwrap().value.is_empty()));
    assert!(members.bytes() < 20_000 * 20, "{}", members.bytes());
}

/// Who knows the hashes crowds a bucket, which goes on working.
#[test]
fn crowded_buckets_work() {
    let mut members = Members::new(SIP, true);
    let mut model = Model::new();
    let crowd = (0..300_000u64).map(|index| [&mix(index).to_le_bytes()[..], &[9; 120]].concat());
    for member in crowd.filter(|member| SIP.hash(member) >> 56 == 0) {
        members.insert(&member, b"value", Some(5));
        model.insert(member, (b"value".to_vec(), Some(5)));
    }
    assert!(members.buckets().map(Bucket::weight).max().unwrap() > 1 << 16, "the offsets are wide");
    check(&members, &model);
    let mut state = 0;
    for _ in 0..100 {
        assert!(
            members
                .random(|| {
                    state += 1;
                    mix(state)
                })
                .is_some()
        );
    }
    let names: Vec<Vec<u8>> = model.keys().cloned().collect();
    for (number, member) in names.iter().enumerate() {
        assert!(members.remove(member) && model.remove(member).is_some());
        if number % 200 == 0 {
            check(&members, &model);
        }
    }
    assert!(members.is_empty());
}

/// However long elements are, buckets go with them.
#[test]
fn nothing_stays_of_what_is_removed() {
    for length in [0, 200, 1000, 1020, 5000] {
        let mut members = Members::new(SIP, true);
        for index in 0..3000u32 {
            members.insert(&index.to_le_bytes(), &alloc::vec![1; length], None);
        }
        let buckets = members.bucket_count();
        (0..3000u32).for_each(|index| assert!(members.remove(&index.to_le_bytes())));
        assert!(members.is_empty() && members.bucket_count() <= 2, "{buckets} {}", members.bucket_count());
        check_account(&members);
    }
}

/// Nothing that is done to one element touches many buckets.
#[test]
fn growth_has_no_pauses() {
    let mut members = Members::new(SIP, false);
    for index in 0..60_000u64 {
        let before = members.bucket_count();
        members.insert(&mix(index).to_le_bytes(), &[], None);
        assert!(members.bucket_count() - before <= 1);
    }
    assert!(members.chunks.len() > 1 && members.chunks.iter().all(|chunk| chunk.capacity() <= CHUNK));
    for index in 0..60_000u64 {
        let before = members.bucket_count();
        members.remove(&mix(index).to_le_bytes());
        assert!(before - members.bucket_count() <= 2);
    }
    check_account(&members);
}

#[test]
fn elements_at_random_are_equally_likely() {
    let mut members = Members::new(SIP, true);
    assert!(members.random(|| 0).is_none() && members.take_random(|| 0).is_none());
    for index in 0..400u64 {
        members.insert(&index.to_be_bytes(), &[1; 9], None);
    }
    let (mut random, mut hits) = (Random(1), [0u32; 400]);
    for _ in 0..400 * 250 {
        let element = members.random(|| random.next()).unwrap();
        hits[u64::from_be_bytes(element.member.try_into().unwrap()) as usize] += 1;
    }
    // Five standard deviations.
    assert!(hits.iter().all(|hit| (170..330).contains(hit)), "{hits:?}");
    let mut taken = BTreeSet::new();
    while let Some((member, value)) = members.take_random(|| random.next()) {
        assert!(taken.insert(member) && value == [1; 9]);
    }
    assert!(taken.len() == 400 && members.is_empty());
    check_account(&members);
}

/// Takes out what is due at a time, in slices, while others come.
fn sweep(members: &mut Members, model: &mut Model, now_ms: i64, random: &mut Random) {
    loop {
        let mut due = Vec::new();
        let budget = 1 + random.below(9);
        let (passed, done) = members.take_due(now_ms, budget, 1 + random.below(50), |element| due.push(owned(element)));
        assert!(passed <= budget && (done || passed == budget || !due.is_empty()));
        for (member, value) in due {
            assert!(value.1.unwrap() <= now_ms && !members.contains(&member));
            assert_eq!(model.remove(&member), Some(value));
        }
        if done {
            return;
        }
        let (member, expiry) = (random.next().to_le_bytes().to_vec(), now_ms + 1 + random.below(500) as i64);
        members.insert(&member, b"late", Some(expiry));
        model.insert(member, (b"late".to_vec(), Some(expiry)));
    }
}

#[test]
fn sweeps_find_what_is_due() {
    let (mut members, mut model, mut random) = (Members::new(SIP, true), Model::new(), Random(3));
    assert_eq!(members.next_expiry(), None);
    for index in 0..4000u64 {
        let expiry = (index % 3 != 0).then(|| random.below(1000) as i64);
        members.insert(&index.to_le_bytes(), b"v", expiry);
        model.insert(index.to_le_bytes().to_vec(), (b"v".to_vec(), expiry));
    }
    for now_ms in [0, 1, 300, 301, 600, 999, 5000] {
        sweep(&mut members, &mut model, now_ms, &mut random);
        check(&members, &model);
        assert!(model.values().all(|&(_, at)| at.is_none_or(|at| at > now_ms)));
        let earliest = model.values().filter_map(|&(_, at)| at).min();
        assert_eq!(members.next_expiry(), earliest);
        let first = model.iter().find(|(_, (_, at))| at.is_some() && *at == earliest).map(|(member, _)| member.clone());
        if let Some(member) = first {
            assert!(members.remove(&member) && model.remove(&member).is_some());
            assert_eq!(members.next_expiry(), earliest.filter(|_| members.expiring() > 0));
        }
    }
}

/// What comes behind a sweep is not lost to the next.
#[test]
fn half_a_sweep_learns_of_what_comes() {
    let mut members = Members::new(SIP, true);
    (0..4000u64).for_each(|index| assert!(members.insert(&index.to_le_bytes(), b"", Some(900))));
    while members.swept_to >> 63 == 0 {
        assert_eq!(members.take_due(0, 1, 1, |_| panic!("due")), (1, false));
    }
    let member = *[&b"a"[..], b"b", b"c", b"d"].iter().find(|member| SIP.hash(member) >> 63 == 0).unwrap();
    members.insert(member, b"", Some(50));
    assert!(members.take_due(100, usize::MAX, usize::MAX, |_| panic!("behind")).1);
    assert_eq!(members.next_expiry(), Some(50));
    let mut taken = Vec::new();
    assert!(members.take_due(100, usize::MAX, usize::MAX, |element| taken.push(element.member.to_vec())).1);
    assert_eq!((&*taken, members.next_expiry()), (&[member.to_vec()][..], Some(900)));
}

/// Bytes an element: the references take 48 for a member of a set, and 64 for a
/// field of a hash, of 16 bytes each.
#[test]
fn elements_are_small() {
    for (valued, average_max) in [(false, 26.0), (true, 44.0)] {
        let mut members = Members::new(SIP, valued);
        let (mut worst, mut sum, mut samples) = (0.0f64, 0.0, 0.0);
        for index in 1..60_000u64 {
            let member = format!("{index:016}");
            members.insert(member.as_bytes(), member.as_bytes(), None);
            if index >= 1000 && index % 61 == 0 {
                let each = members.bytes() as f64 / index as f64;
                worst = worst.max(each);
                (sum, samples) = (sum + each, samples + 1.0);
            }
        }
        let average = sum / samples;
        assert!(average < average_max && worst < average * 1.15, "{average} {worst}");
    }
}

#[test]
fn images_of_other_bytes_are_refused() {
    let (mut members, mut model, mut random) = (Members::new(SIP, true), Model::new(), Random(2));
    for _ in 0..700 {
        operate(&mut members, &mut model, &mut random, 300, 1);
    }
    let written = image(&members);
    for _ in 0..4000 {
        let mut bad = written.clone();
        let among = if random.below(2) == 0 { 120 } else { bad.len() };
        let at = random.below(among);
        bad[at] = random.next() as u8;
        bad.truncate(bad.len() - random.below(3));
        if let Ok(mut read) = Members::read(&mut Tape::reader(&bad), true) {
            check_account(&read);
            let mut others = Model::new();
            others.extend(read.iter().map(owned));
            for _ in 0..20 {
                operate(&mut read, &mut others, &mut random, 300, 2);
            }
        }
    }
}
