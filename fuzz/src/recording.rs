//! Any bytes are a recording or are refused; one that can be read is replayed.

use engine::base::random::Random;
use engine::recording::Reader;
use sim::replay::replay;
use std::sync::LazyLock;

/// A recording to be damaged.
static RECORDING: LazyLock<Vec<u8>> =
    LazyLock::new(|| sim::world::run(3, 15).map(|mut run| run.lives.remove(0).recording).unwrap_or_default());

/// An odd first byte: the rest is a recording. An even one: it is the seed of
/// damage to a good one.
pub fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    if first & 1 != 0 {
        if let Ok((mut reader, ..)) = Reader::new(rest) {
            while let Ok(Some(_)) = reader.next_record() {}
        }
        return;
    }
    let mut damaged = RECORDING.clone();
    let mut seed = [0; 8];
    seed.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let mut random = Random::from_seed(u64::from_le_bytes(seed));
    for _ in 0..1 + random.below(3) {
        let at = random.below(damaged.len() as u64) as usize;
        if let Some(byte) = damaged.get_mut(at) {
            *byte ^= 1 << random.below(8);
        }
    }
    drop(replay(&damaged));
}
