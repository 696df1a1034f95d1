//! Integers of 1 to 64 bits at any place in a string, and what becomes of those
//! that do not fit.
//!
//! ```text
//! byte:    0        1        2
//! bits:  ........ ........ ........
//!             |<- i9 at 5 ->|         most significant bit first, two's complement
//! ```

use crate::base::number::parse_i64;
use crate::command::error::Error;

/// The bytes over which the widest integer extends at most.
const WINDOW: usize = 9;

/// What becomes of a number that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Overflow {
    /// Its upper bits are lost.
    Wrap,
    /// The nearest that fits takes its place.
    Saturate,
    /// Nothing is written.
    Fail,
}

impl Overflow {
    /// The behaviour of a name.
    ///
    /// # Errors
    /// If there is none of that name.
    pub(super) fn parse(word: &[u8]) -> Result<Overflow, Error> {
        const WORDS: [(&str, Overflow); 3] =
            [("WRAP", Overflow::Wrap), ("SAT", Overflow::Saturate), ("FAIL", Overflow::Fail)];
        let found = WORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|&(_, overflow)| overflow).ok_or(Error::Text("ERR Invalid OVERFLOW type specified"))
    }
}

/// A type of integers, such as `i16` or `u4`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct IntegerType {
    signed: bool,
    /// 1 to 64 if signed, 1 to 63 otherwise: so all fit into an `i64`.
    bits: u8,
}

impl IntegerType {
    /// The type of a name.
    ///
    /// # Errors
    /// If there is none of that name.
    pub(super) fn parse(text: &[u8]) -> Result<IntegerType, Error> {
        let parsed = match text.split_first() {
            Some((b'i', bits)) => parse_i64(bits).map(|bits| (true, bits)),
            Some((b'u', bits)) => parse_i64(bits).map(|bits| (false, bits)),
            _ => None,
        };
        match parsed {
            Some((signed, bits)) if bits >= 1 && bits <= 63 + i64::from(signed) => {
                Ok(IntegerType { signed, bits: bits as u8 })
            }
            _ => Err(Error::Text(
                "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
            )),
        }
    }

    /// Its width in bits.
    pub(super) fn bits(self) -> u8 {
        self.bits
    }

    fn mask(self) -> u128 {
        (1 << self.bits) - 1
    }

    /// The integer whose low bits are these.
    fn of_bits(self, bits: u128) -> i64 {
        let unused = 64 - u32::from(self.bits);
        let shifted = (bits as u64) << unused;
        if self.signed { shifted as i64 >> unused } else { (shifted >> unused) as i64 }
    }

    /// Reads the integer whose first bit is at `offset`; beyond the end all bits
    /// are clear.
    pub(super) fn read(self, bytes: &[u8], offset: u64) -> i64 {
        let (window, _) = window(bytes, offset);
        self.of_bits(window >> self.shift(offset))
    }

    /// Writes the integer whose first bit is at `offset`, as far as there are
    /// bytes for it.
    pub(super) fn write(self, bytes: &mut [u8], offset: u64, value: i64) {
        let (window, length) = window(bytes, offset);
        let shift = self.shift(offset);
        let value = (value as u128 & self.mask()) << shift;
        let window = window & !(self.mask() << shift) | value;
        let at = (offset >> 3) as usize;
        if let Some(place) = bytes.get_mut(at..at + length) {
            place.copy_from_slice(&window.to_be_bytes()[..length]);
        }
    }

    /// How far from the end of a window an integer at `offset` ends.
    fn shift(self, offset: u64) -> u32 {
        u128::BITS - (offset & 7) as u32 - u32::from(self.bits)
    }

    /// The least and the greatest.
    fn bounds(self) -> (i128, i128) {
        if self.signed {
            let beyond = 1 << (self.bits - 1);
            (-beyond, beyond - 1)
        } else {
            (0, self.mask() as i128)
        }
    }

    /// What is written for the exact result of an addition; nothing if it is not
    /// to be.
    pub(super) fn fit(self, exact: i128, overflow: Overflow) -> Option<i64> {
        let (least, greatest) = self.bounds();
        if (least..=greatest).contains(&exact) {
            return Some(exact as i64);
        }
        match overflow {
            Overflow::Wrap => Some(self.of_bits(exact as u128)),
            Overflow::Saturate => Some(exact.clamp(least, greatest) as i64),
            Overflow::Fail => None,
        }
    }

    /// What is written for a number that a client sets; nothing if it is not to
    /// be.
    ///
    /// All references take two kinds of negative numbers for large ones: any
    /// for an unsigned type, and for a signed one those of which 64 bits can't
    /// hold how far they are below the greatest.
    pub(super) fn fit_set(self, number: i64, overflow: Overflow) -> Option<i64> {
        let (least, greatest) = self.bounds();
        let exact = i128::from(number);
        let is_large = exact < least && (!self.signed || greatest - exact > i128::from(i64::MAX));
        self.fit(if is_large { i128::from(number as u64) } else { exact }, overflow)
    }
}

/// The bytes over which an integer at `offset` may extend, as the upper ones of
/// a number, and how many there are.
fn window(bytes: &[u8], offset: u64) -> (u128, usize) {
    let rest = usize::try_from(offset >> 3).ok().and_then(|at| bytes.get(at..)).unwrap_or(&[]);
    let length = rest.len().min(WINDOW);
    let mut window = [0; 16];
    window[..length].copy_from_slice(&rest[..length]);
    (u128::from_be_bytes(window), length)
}
