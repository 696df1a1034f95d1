//! What a table takes from a key's 64-bit hash.
//!
//! ```text
//! 63                        48 47                     16 15           0
//! +---------------------------------------------------+--------------+
//! | segment, from the top bit down, as many as needed |     tag      |
//! +---------------------------------------------------+--------------+
//! ```

/// The keyed hash of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hash(pub u64);

impl Hash {
    /// The 16 bits by which a segment is ordered and that stand in its words.
    #[inline]
    pub fn tag(self) -> u16 {
        self.0 as u16
    }

    /// The bit that tells apart the halves of a segment of `depth` bits when
    /// it splits: true for the half that moves.
    #[inline]
    pub fn side(self, depth: u32) -> bool {
        self.0 & (1 << (63 - depth)) != 0
    }
}

/// Mixes a number (SplitMix64's finaliser): for tests and for cheap choices
/// that nobody can turn against us.
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
