//! Intsets: small sets of integers, in ascending order, in the format that
//! files know.
//!
//! ```text
//! 0           4           8
//! +-----------+-----------+---------+---------+-- ... --+
//! | width u32 | count u32 | integer | integer |         |   all little endian
//! +-----------+-----------+---------+---------+-- ... --+
//! ```
//!
//! All integers are of the same width, 2, 4 or 8 bytes: that of the one which
//! needs most. It never shrinks.

use alloc::vec::Vec;
use core::ops::Range;

const HEADER: usize = 8;
const WIDTHS: [usize; 3] = [2, 4, 8];

/// An intset that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Intset<'a>(&'a [u8]);

impl<'a> Intset<'a> {
    /// The intset in these bytes, which [`empty`] made or [`validate`] looked at.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Intset<'a> {
        Intset(bytes)
    }

    /// Number of integers.
    #[inline]
    pub fn len(self) -> usize {
        read_u32(self.0, 4) as usize
    }

    /// True if there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Bytes of an integer.
    #[inline]
    pub fn width(self) -> usize {
        read_u32(self.0, 0) as usize
    }

    /// The integer at an index, in ascending order; `None` beyond the last.
    #[inline]
    pub fn get(self, index: usize) -> Option<i64> {
        let width = self.width();
        if index >= self.len() {
            return None;
        }
        let bytes = self.0.get(span(index, width))?;
        match width {
            2 => Some(i64::from(i16::from_le_bytes(bytes.try_into().ok()?))),
            4 => Some(i64::from(i32::from_le_bytes(bytes.try_into().ok()?))),
            _ => Some(i64::from_le_bytes(bytes.try_into().ok()?)),
        }
    }

    /// The least.
    pub fn min(self) -> Option<i64> {
        self.get(0)
    }

    /// The greatest.
    pub fn max(self) -> Option<i64> {
        self.get(self.len().checked_sub(1)?)
    }

    /// True if the integer is there.
    #[inline]
    pub fn contains(self, integer: i64) -> bool {
        width_of(integer) <= self.width() && self.search(integer).is_ok()
    }

    /// All integers, in ascending order.
    pub fn iter(self) -> Iter<'a> {
        Iter { set: self, range: 0..self.len() }
    }

    /// Where the integer is, or where it would be.
    fn search(self, integer: i64) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        // What comes in order goes to the end.
        if self.max().is_some_and(|max| max < integer) {
            return Err(high);
        }
        while low < high {
            let middle = low.midpoint(high);
            match self.get(middle) {
                Some(there) if there < integer => low = middle + 1,
                Some(there) if there == integer => return Ok(middle),
                _ => high = middle,
            }
        }
        Err(low)
    }
}

/// The integers of an intset.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    set: Intset<'a>,
    range: Range<usize>,
}

impl Iterator for Iter<'_> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        self.set.get(self.range.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<i64> {
        self.set.get(self.range.next_back()?)
    }
}

/// An intset without integers.
pub fn empty() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + WIDTHS[0]);
    bytes.extend_from_slice(&(WIDTHS[0] as u32).to_le_bytes());
    bytes.extend_from_slice(&0u32.to_le_bytes());
    bytes
}

/// Inserts an integer. True if it is new.
pub fn insert(bytes: &mut Vec<u8>, integer: i64) -> bool {
    let needed = width_of(integer);
    if needed > Intset::new(bytes).width() {
        widen(bytes, needed);
    }
    let set = Intset::new(bytes);
    let (width, count) = (set.width(), set.len());
    let Err(index) = set.search(integer) else { return false };
    let at = HEADER + index * width;
    let end = bytes.len();
    bytes.resize(end + width, 0);
    bytes.copy_within(at..end, at + width);
    bytes[at..at + width].copy_from_slice(&integer.to_le_bytes()[..width]);
    set_count(bytes, count + 1);
    true
}

/// Removes an integer. True if it was there.
pub fn remove(bytes: &mut Vec<u8>, integer: i64) -> bool {
    let set = Intset::new(bytes);
    let (width, count) = (set.width(), set.len());
    if width_of(integer) > width {
        return false;
    }
    let Ok(index) = set.search(integer) else { return false };
    bytes.drain(span(index, width));
    set_count(bytes, count - 1);
    true
}

/// Whether untrusted bytes are an intset: of the length that it says, in
/// ascending order. Returns the number of integers, which may be none: the
/// reference refuses an empty intset in a file.
pub fn validate(bytes: &[u8]) -> Option<usize> {
    if bytes.len() < HEADER {
        return None;
    }
    let set = Intset::new(bytes);
    let whole = WIDTHS.contains(&set.width())
        && set.len().checked_mul(set.width()).is_some_and(|size| size == bytes.len() - HEADER);
    (whole && set.iter().zip(set.iter().skip(1)).all(|(one, next)| one < next)).then_some(set.len())
}

/// Gives all integers another width, from the last on.
fn widen(bytes: &mut Vec<u8>, width: usize) {
    let set = Intset::new(bytes);
    let (before, count) = (set.width(), set.len());
    bytes.resize(HEADER + count * width, 0);
    for index in (0..count).rev() {
        let mut wide = [0; 8];
        let narrow = &bytes[span(index, before)];
        let negative = narrow.last().is_some_and(|byte| byte & 0x80 != 0);
        wide.fill(if negative { 0xFF } else { 0 });
        wide[..before].copy_from_slice(narrow);
        bytes[span(index, width)].copy_from_slice(&wide[..width]);
    }
    bytes[..4].copy_from_slice(&(width as u32).to_le_bytes());
}

fn set_count(bytes: &mut [u8], count: usize) {
    bytes[4..HEADER].copy_from_slice(&(count as u32).to_le_bytes());
}

/// Where an integer stands.
#[inline]
fn span(index: usize, width: usize) -> Range<usize> {
    let start = HEADER + index * width;
    start..start + width
}

#[inline]
fn read_u32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

#[inline]
fn width_of(integer: i64) -> usize {
    if i64::from(integer as i16) == integer {
        2
    } else if i64::from(integer as i32) == integer {
        4
    } else {
        8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::String;

    #[test]
    fn as_a_set_is() {
        for seed in 0..20 {
            let mut random = Random::from_seed(seed);
            let (mut bytes, mut model) = (empty(), BTreeSet::new());
            for _ in 0..600 {
                let bits = [6, 14, 17, 31, 33, 64][random.below(2 + seed.min(4)) as usize];
                let integer = (random.next_u64() as i64) >> (64 - bits);
                if random.below(3) == 0 {
                    assert_eq!(remove(&mut bytes, integer), model.remove(&integer));
                } else {
                    assert_eq!(insert(&mut bytes, integer), model.insert(integer));
                }
                let set = Intset::new(&bytes);
                assert_eq!(set.len(), model.len());
                assert_eq!(set.contains(integer), model.contains(&integer));
            }
            let set = Intset::new(&bytes);
            assert!(set.iter().eq(model.iter().copied()) && set.iter().rev().eq(model.iter().rev().copied()));
            assert_eq!((set.min(), set.max()), (model.first().copied(), model.last().copied()));
            assert_eq!(validate(&bytes), Some(model.len()));
        }
    }

    fn of(integers: &[i64]) -> Vec<u8> {
        let mut bytes = empty();
        for &integer in integers {
            assert!(insert(&mut bytes, integer));
        }
        bytes
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What `DUMP` has between type and footer, of redis-server 7.0.15 and
    /// valkey-server 8.0.1 alike.
    #[test]
    fn the_format_is_the_references() {
        assert_eq!(hex(&of(&[5, -1, 70_000])), "0400000003000000ffffffff0500000070110100");
        let mut bytes = of(&[1, 32_767, -32_769, 4_294_967_296]);
        let four = "0800000004000000ff7fffffffffffff0100000000000000ff7f0000000000000000000001000000";
        assert_eq!(hex(&bytes), four);
        assert!(remove(&mut bytes, 4_294_967_296) && remove(&mut bytes, 1));
        assert_eq!(hex(&bytes), "0800000002000000ff7fffffffffffffff7f000000000000", "the width stays");
    }

    #[test]
    fn widths_grow_at_their_limits() {
        for (limit, narrow, wide) in [(i64::from(i16::MAX), 2, 4), (i64::from(i32::MAX), 4, 8)] {
            for (inside, outside) in [(limit, limit + 1), (!limit, !limit - 1)] {
                let mut bytes = of(&[0, inside]);
                assert_eq!(Intset::new(&bytes).width(), narrow);
                assert!(!Intset::new(&bytes).contains(outside) && !remove(&mut bytes, outside));
                assert!(insert(&mut bytes, outside) && !insert(&mut bytes, outside));
                let mut sorted = [0, inside, outside];
                sorted.sort_unstable();
                assert_eq!((Intset::new(&bytes).width(), validate(&bytes)), (wide, Some(3)));
                assert!(Intset::new(&bytes).iter().eq(sorted));
            }
        }
        assert!(Intset::new(&of(&[i64::MIN, -1, i64::MAX])).iter().eq([i64::MIN, -1, i64::MAX]));
    }

    #[test]
    fn damage_is_noticed_or_harmless() {
        let good = of(&[-3, 40_000, 7]);
        for at in 0..good.len() {
            for byte in 0..=255 {
                let mut bad = good.clone();
                bad[at] = byte;
                let valid = validate(&bad);
                let set = Intset::new(&bad);
                let _ = (set.contains(7), set.contains(i64::MAX), set.min(), set.max(), set.get(usize::MAX));
                if valid.is_some() {
                    assert_eq!(valid, Some(set.iter().count()));
                    assert!(!insert(&mut bad.clone(), set.iter().next().unwrap_or(0)));
                    insert(&mut bad, 1 << 50);
                    remove(&mut bad, 7);
                    assert!(validate(&bad).is_some());
                }
            }
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let mut good = empty();
        for integer in [1, 2, 3] {
            insert(&mut good, integer);
        }
        for length in 0..good.len() {
            assert_eq!(validate(&good[..length]), None);
        }
        for (at, byte) in [(0, 3), (4, 2), (4, 4), (7, 0xFF), (8, 2), (8, 9), (3, 1)] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert_eq!(validate(&bad), None, "{at} {byte}");
        }
    }
}
