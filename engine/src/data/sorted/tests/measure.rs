//! Figures of memory and speed: `cargo test --release sorted -- --ignored --nocapture`.
#![allow(clippy::disallowed_types)]

use super::*;
use std::println;
use std::time::Instant;

/// Made anew each time: a server has it in its cache, too.
fn member(key: u64) -> [u8; 20] {
    let (mut member, mixed) = (*b"key:0000000000000000", mix(key));
    for (digit, byte) in member[4..].iter_mut().enumerate() {
        *byte = b'a' + (mixed >> (4 * digit)) as u8 % 16;
    }
    member
}

/// A set of members of 20 bytes with distinct scores.
pub(super) fn filled(size: u64, ascending: bool) -> Sorted {
    let mut sorted = Sorted::new(SIP);
    for key in 0..size {
        sorted.insert(&member(key), if ascending { key as f64 } else { mix(!key) as f64 });
    }
    sorted
}

fn time(name: &str, rounds: u64, mut operation: impl FnMut(u64)) {
    let start = Instant::now();
    (0..rounds).for_each(&mut operation);
    println!("{name:24} {:6.0} ns", start.elapsed().as_nanos() as f64 / rounds as f64);
}

#[test]
#[ignore = "takes its time"]
fn bytes() {
    for size in [1000, 100_000, 1_000_000] {
        for ascending in [false, true] {
            let sorted = filled(size, ascending);
            let each = sorted.bytes() as f64 / size as f64;
            let Ground { leaves, index, leaf_bytes, inner_bytes, .. } = &sorted.ground;
            let parts = [*leaf_bytes, leaves.bytes(), *inner_bytes, index.bytes()];
            println!(
                "{size} ascending {ascending}: {each:.2} = leaves, heads, nodes, index {:?}",
                parts.map(|part| part as f64 / size as f64)
            );
        }
    }
}

#[test]
#[ignore = "takes its time"]
fn speed() {
    const SIZE: u64 = 1_000_000;
    let any = |round: u64| member(mix(round) % SIZE);
    for ascending in [false, true] {
        println!("ascending {ascending}");
        let mut sorted = Sorted::new(SIP);
        let scored = |key: u64| if ascending { key as f64 } else { mix(!key) as f64 };
        time("insert", SIZE, |key| {
            sorted.insert(&member(key), scored(key));
        });
        let mut sum = 0.0;
        time("(the members alone)", SIZE, |round| sum += f64::from(any(round)[7]));
        time("score", SIZE, |round| sum += sorted.score(&any(round)).unwrap());
        time("score, none", SIZE, |round| sum += sorted.score(&mix(round).to_le_bytes()).unwrap_or(1.0));
        time("rank", SIZE, |round| sum += sorted.rank(&any(round)).unwrap() as f64);
        time("at", SIZE, |round| sum += sorted.at((mix(round) % SIZE) as usize).unwrap().1);
        time("range of 100", SIZE / 10, |round| {
            let from = (mix(round) % (SIZE - 100)) as usize;
            sum += sorted.range(from..from + 100).map(|(member, score)| score + f64::from(member[7])).sum::<f64>();
        });
        time("all, an element", 1, |_| {
            sum += sorted.iter().map(|(member, score)| score + f64::from(member[7])).sum::<f64>()
        });
        let mut cursor = 0;
        time("scan, 10", SIZE / 100, |_| cursor = sorted.scan(cursor, 10, |_, score| sum += score));
        time("update", SIZE, |round| {
            sorted.insert(&any(round), scored(round));
        });
        time("pop_first", SIZE / 2, |_| sum += sorted.pop_first().unwrap().1);
        time("remove", SIZE / 4, |round| sum += sorted.remove(&any(round)).unwrap_or(0.0));
        let start = Instant::now();
        drop(sorted);
        println!("drop {:?} ({sum})", start.elapsed());
    }
}
