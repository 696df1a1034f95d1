//! CRC-64/Jones, the checksum at the end of an RDB file and of a DUMP payload.
//!
//! Polynomial `ad93d23594c935a9`, bits reflected in and out, initial value and final XOR zero; the check value of `123456789` is
//! `e9c6d914c4b8d9ca`. Sixteen bytes are taken at a time (Intel's "slicing": Kounavis and Berry, 2005): table k holds the
//! checksum of each byte followed by k zero bytes, so the sixteen contributions are looked up independently of one another.

/// The polynomial with its bits in reflected order.
const POLYNOMIAL: u64 = 0xad93_d235_94c9_35a9_u64.reverse_bits();

const SLICES: usize = 16;

static TABLES: [[u64; 256]; SLICES] = build_tables();

const fn build_tables() -> [[u64; 256]; SLICES] {
    let mut tables = [[0; 256]; SLICES];
    let mut byte = 0;
    while byte < 256 {
        let mut checksum = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            checksum = checksum >> 1 ^ if checksum & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        tables[0][byte] = checksum;
        byte += 1;
    }
    let mut slice = 1;
    while slice < SLICES {
        let mut byte = 0;
        while byte < 256 {
            let shorter = tables[slice - 1][byte];
            tables[slice][byte] = shorter >> 8 ^ tables[0][(shorter & 0xff) as usize];
            byte += 1;
        }
        slice += 1;
    }
    tables
}

/// A running checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crc64 {
    checksum: u64,
}

impl Crc64 {
    /// The checksum of no bytes.
    pub const fn new() -> Self {
        Self { checksum: 0 }
    }

    /// Continues from a checksum that [`Crc64::value`] returned.
    pub const fn from_value(checksum: u64) -> Self {
        Self { checksum }
    }

    /// The checksum of all bytes so far.
    pub const fn value(&self) -> u64 {
        self.checksum
    }

    /// Takes in `bytes`; how they are divided over calls makes no difference.
    pub fn update(&mut self, bytes: &[u8]) {
        let mut checksum = self.checksum;
        let (blocks, tail) = bytes.as_chunks::<SLICES>();
        for block in blocks {
            let mut block = *block;
            let mixed = u64::from_le_bytes(*block.first_chunk().unwrap_or(&[0; 8])) ^ checksum;
            block[..8].copy_from_slice(&mixed.to_le_bytes());
            checksum = 0;
            for (index, byte) in block.iter().enumerate() {
                checksum ^= TABLES[SLICES - 1 - index][usize::from(*byte)];
            }
        }
        for byte in tail {
            checksum = checksum >> 8 ^ TABLES[0][usize::from(checksum as u8 ^ byte)];
        }
        self.checksum = checksum;
    }
}

/// The checksum of one slice.
pub fn checksum(bytes: &[u8]) -> u64 {
    let mut crc = Crc64::new();
    crc.update(bytes);
    crc.value()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn check_value() {
        assert_eq!(checksum(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(checksum(b""), 0);
        let text = b"This is a test of the emergency broadcast system.";
        assert_eq!(checksum(text), bit_by_bit(text));
    }

    fn bit_by_bit(bytes: &[u8]) -> u64 {
        bytes.iter().fold(0, |checksum, byte| {
            (0..8).fold(checksum ^ u64::from(*byte), |checksum, _| (checksum >> 1) ^ (POLYNOMIAL * (checksum & 1)))
        })
    }

    proptest! {
        #[test]
        fn division_makes_no_difference(bytes: Vec<u8>, cut: prop::sample::Index) {
            let cut = cut.index(bytes.len() + 1);
            let mut crc = Crc64::new();
            crc.update(&bytes[..cut]);
            let mut crc = Crc64::from_value(crc.value());
            crc.update(&bytes[cut..]);
            prop_assert_eq!(crc.value(), bit_by_bit(&bytes));
        }
    }
}
