//! Walks while a set changes, draws, and marks.

use super::*;

/// What is there throughout a scan is visited, whatever happens meanwhile.
#[test]
fn scans_miss_nothing() {
    for seed in 0..24u64 {
        let mut random = Random(seed << 20);
        let mut pair = Pair::new();
        let size = [40, 900, 3000][seed as usize % 3];
        // With all scores equal, too.
        let kinds = [1, 100_000][seed as usize / 3 % 2];
        for key in 0..size {
            pair.insert(&member(key), score(&mut random, kinds));
        }
        let kept = |key: usize| key.is_multiple_of(3);
        let mut visited = BTreeSet::new();
        let (mut cursor, mut calls) = (0, 0);
        loop {
            cursor = pair.sorted.scan(cursor, 10, |member, score| {
                assert_eq!(pair.scores.get(member), Some(&score));
                visited.insert(member.to_vec());
            });
            calls += 1;
            if cursor == 0 {
                break;
            }
            for _ in 0..size / 30 {
                let key = random.below(size * 4);
                let grows = seed % 4 < 2;
                let score = score(&mut random, kinds);
                if kept(key) && key < size || grows {
                    pair.insert(&member(key), score);
                } else {
                    pair.remove(&member(key));
                }
            }
        }
        assert!((0..size).filter(|&key| kept(key)).all(|key| visited.contains(&member(key))));
        assert!(calls <= size * 4);
        check_account(&pair.sorted, false);
    }
}

#[test]
fn scans_take_any_cursor() {
    let mut sorted = Sorted::new(SIP);
    (0..5000u32).for_each(|key| assert_eq!(sorted.insert(&key.to_le_bytes(), 1.0), Inserted::New));
    for cursor in [1, 77, u64::from(u32::MAX), u64::MAX, 1 << 40] {
        sorted.scan(cursor, 10, |_, _| ());
    }
    let mut seen = 0;
    assert_eq!(sorted.scan(0, usize::MAX, |_, _| seen += 1), 0);
    assert_eq!(seen, sorted.len());
}

#[test]
fn every_element_is_drawn_alike() {
    let mut sorted = Sorted::new(SIP);
    (0..200u32).for_each(|key| assert_eq!(sorted.insert(&key.to_le_bytes(), f64::from(key)), Inserted::New));
    let (mut random, mut counts) = (Random(3), [0; 200]);
    for _ in 0..40_000 {
        counts[sorted.random(|| random.next()).unwrap().1 as usize] += 1;
    }
    assert!(counts.iter().all(|count| (120..300).contains(count)));
}

/// Splits copy marks, and no mark comes to speak for elements that it did not.
#[test]
fn marks_stay_with_elements() {
    let mut random = Random(4);
    let mut pair = Pair::new();
    (0..3000).for_each(|key| pair.insert(&member(key), key as f64));
    let (ranks, _) = pair.sorted.leaf_at(1000).unwrap();
    pair.sorted.set_marks_at(1000, Marks::SNAPSHOT);
    let marked = ranks.start as f64..ranks.end as f64;
    let check = |pair: &Pair, rank: usize| {
        let (ranks, marks) = pair.sorted.leaf_at(rank).unwrap();
        assert!(ranks.contains(&rank));
        assert_eq!(marks == Marks::SNAPSHOT, marked.contains(&pair.sorted.at(rank).unwrap().1));
    };
    // None comes near the borders, where it may be on either side of them.
    let is_near = |key: usize| key.abs_diff(1000) < 90;
    for _ in 0..6000 {
        let (key, fraction) = (random.below(3000), random.below(50) as f64 / 50.0);
        match random.below(3) {
            _ if is_near(key) => {}
            0 => pair.insert(&member(key), key as f64 + fraction),
            _ => pair.remove(&member(key)),
        }
        check(&pair, random.below(pair.order.len()));
    }
    // Few stay there: their leaves would be joined.
    for key in (0..3000).filter(|&key| is_near(key) && !key.is_multiple_of(9)) {
        pair.remove(&member(key));
        (0..pair.order.len()).for_each(|rank| check(&pair, rank));
    }
    pair.check(true);
}
