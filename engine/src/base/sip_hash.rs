//! SipHash-1-3 of a byte slice: the keyed hash of every table, so that clients who do not know the seed cannot make keys collide.
//!
//! One compression round a word and three to finish, after Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). The whole
//! message is at hand, so there is no streaming state: words are read straight from the slice, and the tail by one overlapping read.

/// The secret that a hash depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SipKey {
    /// The first eight bytes of the key, little-endian.
    pub k0: u64,
    /// The last eight bytes of the key, little-endian.
    pub k1: u64,
}

impl SipKey {
    /// The 64-bit hash of `message` under this key.
    #[inline]
    pub fn hash(self, message: &[u8]) -> u64 {
        let mut state = State::new(self);
        let (words, tail) = message.as_chunks::<8>();
        for word in words {
            state.absorb(u64::from_le_bytes(*word));
        }
        state.absorb((message.len() as u64) << 56 | read_tail(message, tail));
        state.finish()
    }
}

/// The up to seven last bytes as a little-endian number.
#[inline]
fn read_tail(message: &[u8], tail: &[u8]) -> u64 {
    if tail.is_empty() {
        return 0;
    }
    if let Some(last) = message.last_chunk::<8>() {
        // The last eight bytes overlap words already absorbed; shift those out.
        return u64::from_le_bytes(*last) >> (64 - 8 * tail.len());
    }
    match (tail.first_chunk::<4>(), tail.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let high = u64::from(u32::from_le_bytes(*last)) << (8 * (tail.len() - 4));
            u64::from(u32::from_le_bytes(*first)) | high
        }
        // One to three bytes: the first, the middle and the last cover them all.
        _ => {
            let (middle, end) = (tail.len() / 2, tail.len() - 1);
            u64::from(tail[0]) | u64::from(tail[middle]) << (8 * middle) | u64::from(tail[end]) << (8 * end)
        }
    }
}

/// The four words of the permutation.
struct State {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl State {
    #[inline]
    fn new(key: SipKey) -> Self {
        Self {
            v0: key.k0 ^ 0x736f_6d65_7073_6575,
            v1: key.k1 ^ 0x646f_7261_6e64_6f6d,
            v2: key.k0 ^ 0x6c79_6765_6e65_7261,
            v3: key.k1 ^ 0x7465_6462_7974_6573,
        }
    }

    #[inline]
    fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.rotate_left(32);
    }

    #[inline]
    fn absorb(&mut self, word: u64) {
        self.v3 ^= word;
        self.round();
        self.v0 ^= word;
    }

    #[inline]
    fn finish(mut self) -> u64 {
        self.v2 ^= 0xff;
        self.round();
        self.round();
        self.round();
        self.v0 ^ self.v1 ^ self.v2 ^ self.v3
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::hash::{DefaultHasher, Hasher};
    use std::vec::Vec;

    fn message(length: usize) -> Vec<u8> {
        (0..length).map(|index| (index * 151 + 7) as u8).collect()
    }

    /// The standard library's default hasher is SipHash-1-3 under the zero key.
    #[test]
    fn equals_the_standard_librarys() {
        for length in 0..300 {
            let message = message(length);
            let mut reference = DefaultHasher::new();
            reference.write(&message);
            assert_eq!(SipKey::default().hash(&message), reference.finish(), "length {length}");
        }
    }

    #[test]
    fn depends_on_either_half_of_the_key() {
        // Vectors of the SipHash authors' layout (key 00..0f, message 00, 01, …), computed with one compression and three final rounds.
        let key = SipKey { k0: 0x0706_0504_0302_0100, k1: 0x0f0e_0d0c_0b0a_0908 };
        let ascending: Vec<u8> = (0..8).collect();
        assert_eq!(key.hash(&ascending[..0]), VECTORS[0]);
        assert_eq!(key.hash(&ascending[..1]), VECTORS[1]);
        assert_eq!(key.hash(&ascending[..7]), VECTORS[2]);
        assert_eq!(key.hash(&ascending), VECTORS[3]);
    }

    const VECTORS: [u64; 4] =
        [0xabac_0158_050f_c4dc, 0xc9f4_9bf3_7d57_ca93, 0xd392_7d98_9bb1_1140, 0x3690_9511_8d29_9a8e];
}
