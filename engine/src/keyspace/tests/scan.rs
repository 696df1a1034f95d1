//! SCAN's guarantee: what is there from the first call to the last is visited.

use super::model::Pair;
use crate::boundary::id::DatabaseId;
use crate::boundary::time::Now;
use crate::data::entry::Value;
use crate::keyspace::Expiry;
use crate::keyspace::database::Slot;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;

const DATABASE: DatabaseId = DatabaseId(0);

fn insert(pair: &mut Pair, name: &str) {
    let key = pair.keyspace.key(name.as_bytes());
    pair.keyspace.set(DATABASE, &key, Value::Integer(1), Expiry::Clear, false, Now::default());
}

fn remove(pair: &mut Pair, name: &str) {
    let key = pair.keyspace.key(name.as_bytes());
    pair.keyspace.delete(DATABASE, &key);
}

/// Scans with `count` while keys besides the stable ones come up to `most` and
/// go again, `churn` of them between two calls.
fn scan_under_churn(seed: u64, count: usize, most: usize, churn: usize) {
    let mut pair = Pair::new(seed, 1, false);
    let stable: BTreeSet<String> = (0..700).map(|number| format!("stable:{number}")).collect();
    for name in &stable {
        insert(&mut pair, name);
    }
    let (mut present, mut next, mut grows) = (0, 0, pair.random.below(2) == 0);
    for _ in 0..pair.random.below(most as u64) {
        insert(&mut pair, &format!("other:{next}"));
        (present, next) = (present + 1, next + 1);
    }
    for _ in 0..3 {
        let (mut cursor, mut seen, mut calls) = (0, BTreeSet::new(), 0);
        loop {
            let database = pair.keyspace.database(DATABASE);
            let mut visited = 0;
            cursor = database.scan(Slot(0), cursor, count, |entry| {
                visited += 1;
                seen.insert(String::from_utf8_lossy(entry.key()).into_owned());
            });
            calls += 1;
            assert!(visited <= count + 64, "{visited} for {count}");
            assert!(calls < 200_000, "no end, seed {seed}");
            if cursor == 0 {
                break;
            }
            for _ in 0..pair.random.below(churn as u64 + 1) {
                if present == 0 || present >= most {
                    grows = present == 0;
                }
                if grows {
                    insert(&mut pair, &format!("other:{next}"));
                    (present, next) = (present + 1, next + 1);
                } else {
                    remove(&mut pair, &format!("other:{}", next - present));
                    present -= 1;
                }
            }
        }
        let missed: BTreeSet<_> = stable.difference(&seen).collect();
        assert!(missed.is_empty(), "seed {seed}, count {count}: missed {missed:?}");
    }
}

#[test]
fn a_scan_misses_nothing_while_the_table_grows_and_shrinks() {
    for (seed, &(count, most, churn)) in
        [(1, 6000, 30), (1, 0, 0), (10, 9000, 200), (100, 10_000, 4000), (7, 4000, 4000)].iter().enumerate()
    {
        for round in 0..2 {
            scan_under_churn(seed as u64 * 10 + round, count, most, churn);
        }
    }
}
