//! Walks while a set changes.

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
        check_account(&pair.sorted);
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
