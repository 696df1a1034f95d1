//! The one source of randomness of an engine: xoshiro256**, seeded through SplitMix64, both of Blackman and Vigna
//! (<https://prng.di.unimi.it>, public domain).
//!
//! Same seed, same numbers, on any machine. It is not meant for secrets.

use alloc::vec::Vec;

/// The generator; a clone continues with the same numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// A generator whose numbers follow from `seed` alone; any seed is as good as another.
    pub fn from_seed(seed: u64) -> Self {
        let mut counter = seed;
        let state = core::array::from_fn(|_| split_mix(&mut counter));
        Self { state }
    }

    /// Continues from what [`Random::state`] returned.
    pub fn from_state(state: [u64; 4]) -> Self {
        Self { state }
    }

    /// Everything that future numbers depend on, for hashing and images.
    pub fn state(&self) -> [u64; 4] {
        self.state
    }

    /// The next 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let [s0, s1, s2, s3] = &mut self.state;
        let result = s1.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *s1 << 17;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= shifted;
        *s3 = s3.rotate_left(45);
        result
    }

    /// So many of `size` items, or all if there are not more, in their order; each choice is as likely as any other.
    ///
    /// Selection sampling: Knuth, volume 2, algorithm S.
    pub fn select<T>(&mut self, items: impl Iterator<Item = T>, size: usize, count: usize) -> Vec<T> {
        let (mut left, mut wanted) = (size as u64, count.min(size) as u64);
        items
            .filter(|_| {
                let take = self.below(left) < wanted;
                left = left.saturating_sub(1);
                wanted -= u64::from(take);
                take
            })
            .collect()
    }

    /// A number from 0 up to but not including `bound`, each equally likely; 0 when `bound` is 0.
    ///
    /// Lemire's method ("Fast random integer generation in an interval", 2019): one multiplication, and a division only in the rare case
    /// that a number may have to be thrown away.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        let mut product = u128::from(self.next_u64()) * u128::from(bound);
        if (product as u64) < bound {
            let uneven = bound.wrapping_neg() % bound;
            while (product as u64) < uneven {
                product = u128::from(self.next_u64()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// Fills `bytes` with random ones.
    pub fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
    }

    /// Forty random lower-case hexadecimal digits: the form of run ids, replication ids and node ids.
    pub fn hex_id(&mut self) -> [u8; 40] {
        let mut id = [0; 40];
        for chunk in id.chunks_exact_mut(8) {
            let mut bits = self.next_u64();
            for byte in chunk {
                *byte = b"0123456789abcdef"[(bits >> 60) as usize];
                bits <<= 4;
            }
        }
        id
    }
}

/// One step of SplitMix64.
fn split_mix(counter: &mut u64) -> u64 {
    *counter = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *counter;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The authors' C code gives these from the state 1, 2, 3, 4.
    #[test]
    fn numbers_are_the_published_ones() {
        let mut random = Random::from_state([1, 2, 3, 4]);
        let expected =
            [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360, 607_988_272_756_665_600];
        assert_eq!(core::array::from_fn(|_| random.next_u64()), expected);
    }

    #[test]
    fn seeding_is_split_mix() {
        let state = Random::from_seed(0).state();
        assert_eq!(state[..2], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn below_is_in_range_and_even() {
        let mut random = Random::from_seed(7);
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[random.below(6) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        assert_eq!((random.below(0), random.below(1)), (0, 0));
        let huge = (1 << 63) + 1;
        assert!((0..1000).all(|_| random.below(huge) < huge));
    }

    #[test]
    fn bytes_and_ids() {
        let mut random = Random::from_seed(1);
        let mut twin = random.clone();
        let mut bytes = [0; 13];
        random.fill_bytes(&mut bytes);
        assert_eq!(bytes[..8], twin.next_u64().to_le_bytes());
        assert_eq!(bytes[8..], twin.next_u64().to_le_bytes()[..5]);
        let id = random.hex_id();
        assert!(id.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        assert_ne!(id, random.hex_id());
    }
}
