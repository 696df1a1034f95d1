//! The keyspace against maps of the standard library, from a seed.

mod large;
mod model;
mod scan;
mod snapshot;

use model::Pair;

#[test]
fn agrees_with_the_model() {
    for (seed, cluster) in [(1, false), (2, false), (3, true), (4, false)] {
        let mut pair = Pair::new(seed, 4, cluster);
        for _ in 0..6 {
            let kinds = pair.draw_kinds();
            for _ in 0..3000 {
                pair.step(kinds);
            }
            pair.check();
        }
        pair.empty();
    }
}
