//! A hash of a sequence of values, to tell whether two runs did the same.
//!
//! Same sequence, same hash, on any machine. Nobody who wants collisions is kept from finding them.

use core::fmt;

/// Odd, with its bits well mixed (the golden ratio, and a prime of xxHash).
const MULTIPLIERS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f];

/// The hash of what was added so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Fingerprint {
        Fingerprint::new()
    }
}

impl Fingerprint {
    /// Of nothing.
    pub fn new() -> Fingerprint {
        Fingerprint(MULTIPLIERS[1])
    }

    /// The hash.
    pub fn value(self) -> u64 {
        self.0
    }

    /// Adds a number.
    #[inline]
    pub fn add(&mut self, number: u64) {
        let mixed = self.0 ^ number.wrapping_mul(MULTIPLIERS[1]).rotate_left(31);
        let product = u128::from(mixed.wrapping_add(MULTIPLIERS[1])) * u128::from(MULTIPLIERS[0]);
        self.0 = (product as u64) ^ (product >> 64) as u64;
    }

    /// Adds a sequence of bytes and its length.
    pub fn add_bytes(&mut self, bytes: &[u8]) {
        self.add(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.add(u64::from_le_bytes(last));
        }
    }

    /// Adds what a value's `Debug` shows: all of it, where that is derived.
    pub fn add_debug(&mut self, value: &impl fmt::Debug) {
        // Nothing in here fails.
        let _ = fmt::write(self, format_args!("{value:?}"));
    }
}

impl fmt::Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.add_bytes(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[&[u8]]) -> u64 {
        let mut fingerprint = Fingerprint::new();
        parts.iter().for_each(|part| fingerprint.add_bytes(part));
        fingerprint.value()
    }

    #[test]
    fn what_differs_has_another_hash() {
        let sequences: [&[&[u8]]; 9] = [
            &[],
            &[b""],
            &[b"", b""],
            &[b"a"],
            &[b"a\0"],
            &[b"a", b"b"],
            &[b"b", b"a"],
            &[b"ab"],
            &[b"12345678", b"12345678"],
        ];
        for (index, one) in sequences.iter().enumerate() {
            assert_eq!(of(one), of(one));
            for other in &sequences[..index] {
                assert_ne!(of(one), of(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn debug_shows_all() {
        let (mut one, mut other) = (Fingerprint::new(), Fingerprint::new());
        one.add_debug(&(1, "a", Some(2)));
        other.add_debug(&(1, "a", Some(3)));
        assert_ne!(one, other);
    }
}
