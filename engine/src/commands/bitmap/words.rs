//! Counting and finding bits, many at a time.

use core::ops::Range;

/// Bytes that are looked at together.
const WORD: usize = 8;
/// Words that are skipped together.
const BLOCK: usize = 16;

/// Number of bits that are set in a range of bits.
pub(super) fn count_ones(bytes: &[u8], range: Range<u64>) -> u64 {
    if range.is_empty() {
        return 0;
    }
    let last = range.end - 1;
    let Some(whole) = bytes.get((range.start >> 3) as usize..=(last >> 3) as usize) else { return 0 };
    let before = whole.first().map_or(0, |byte| (byte & !from_bit(range.start)).count_ones());
    let after = whole.last().map_or(0, |byte| (byte & from_bit(last) & !(0x80 >> (last & 7))).count_ones());
    count_all(whole) - u64::from(before) - u64::from(after)
}

/// The bits of a byte from a bit's place on.
fn from_bit(bit: u64) -> u8 {
    0xFF >> (bit & 7)
}

/// Number of bits that are set.
fn count_all(bytes: &[u8]) -> u64 {
    let (words, tail) = bytes.as_chunks::<WORD>();
    let of_words: u64 = words.iter().map(|word| u64::from(u64::from_ne_bytes(*word).count_ones())).sum();
    of_words + tail.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// The first bit of a range that is set, or that is not.
pub(super) fn find(bytes: &[u8], bit: bool, range: Range<u64>) -> Option<u64> {
    if range.is_empty() {
        return None;
    }
    let (first, last) = ((range.start >> 3) as usize, ((range.end - 1) >> 3) as usize);
    let (&byte, rest) = bytes.get(first..=last)?.split_first()?;
    let wanted = if bit { byte } else { !byte } & from_bit(range.start);
    let found = if wanted != 0 {
        (first as u64) << 3 | u64::from(wanted.leading_zeros())
    } else {
        ((first as u64 + 1) << 3) + find_any(rest, bit)?
    };
    Some(found).filter(|found| range.contains(found))
}

/// The first bit that is set, or that is not.
fn find_any(bytes: &[u8], bit: bool) -> Option<u64> {
    let skipped = if bit { 0 } else { u64::MAX };
    let (words, tail) = bytes.as_chunks::<WORD>();
    let (blocks, _) = words.as_chunks::<BLOCK>();
    let differs = |word: &[u8; WORD]| u64::from_ne_bytes(*word) ^ skipped;
    let dull = blocks.iter().take_while(|block| block.iter().fold(0, |any, word| any | differs(word)) == 0).count();
    let from = dull * BLOCK;
    if let Some(at) = words[from..].iter().position(|word| differs(word) != 0) {
        let at = from + at;
        let zeros = (u64::from_be_bytes(words[at]) ^ skipped).leading_zeros();
        return Some((at * 64) as u64 + u64::from(zeros));
    }
    let at = tail.iter().position(|&byte| byte != skipped as u8)?;
    let zeros = (tail[at] ^ skipped as u8).leading_zeros();
    Some(((words.len() * WORD + at) * 8) as u64 + u64::from(zeros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;
    use alloc::vec;

    #[test]
    fn against_bits_one_by_one() {
        let mut random = Random::from_seed(3);
        for round in 0..600 {
            let length = random.below([9, 40, 700][round % 3]) as usize;
            let mut bytes = vec![[0, 0xFF][round / 3 % 2]; length];
            for _ in 0..random.below(4) * u64::from(length > 0) {
                bytes[random.below(length as u64) as usize] = random.next_u64() as u8;
            }
            let is_set = |bit: u64| bytes[(bit / 8) as usize] >> (7 - bit % 8) & 1 == 1;
            for _ in 0..20 {
                let start = random.below(length as u64 * 8 + 1);
                let range = start..start + random.below(length as u64 * 8 - start + 1);
                assert_eq!(count_ones(&bytes, range.clone()), range.clone().filter(|&bit| is_set(bit)).count() as u64);
                for bit in [false, true] {
                    assert_eq!(find(&bytes, bit, range.clone()), range.clone().find(|&at| is_set(at) == bit));
                }
            }
        }
    }
}
