//! The LZF codec: how RDB files and DUMP payloads store long strings, compatible with Marc Lehmann's LibLZF.
//!
//! Compressed data is a sequence of items, each beginning with a control byte:
//!
//! ```text
//! 000nnnnn                              n + 1 literal bytes follow              (1 to 32)
//! lllooooo oooooooo                     copy l + 2 bytes, 1 ≤ l ≤ 6             (3 to 8)
//! 111ooooo llllllll oooooooo            copy l + 9 bytes                        (9 to 264)
//! ```
//!
//! A copy starts o + 1 bytes (1 to 8192) before the end of what is decompressed so far, and may run into what it is itself writing.

use alloc::vec::Vec;

/// The most literal bytes that one item holds.
const LONGEST_LITERAL: usize = 32;
/// The most bytes that one item copies.
const LONGEST_COPY: usize = 264;
/// The farthest that a copy reaches back.
const FARTHEST: usize = 8192;
/// Compressed data is kept only if it is this many bytes shorter than the plain.
const LEAST_SAVING: usize = 4;
/// No three compressed bytes, the longest item, make more than [`LONGEST_COPY`] plain ones.
const LARGEST_RATIO: usize = LONGEST_COPY / 3;
/// After this many bytes without a copy every second position is tried, after twice as many every third, and so on: data that is already
/// compressed costs little.
const PATIENCE: usize = 512;
/// At most this many positions in a row are passed over.
const MOST_PASSED_OVER: usize = 15;
/// Up to this length the small hash table, which costs little to clear, serves.
const SHORT_INPUT: usize = 1024;

/// Appends `input` compressed to `output` if that saves at least four bytes, as RDB demands; otherwise returns false and leaves `output`
/// as it was. The same input gives the same bytes, always.
pub fn compress(input: &[u8], output: &mut Vec<u8>) -> bool {
    let Some(budget) = input.len().checked_sub(LEAST_SAVING) else {
        return false;
    };
    let start = output.len();
    let compressed = if input.len() <= SHORT_INPUT {
        Compressor::<512>::new(input, output, budget).run()
    } else {
        Compressor::<8192>::new(input, output, budget).run()
    };
    if !compressed {
        output.truncate(start);
    }
    compressed
}

/// Greedy compression with a hash table of `SLOTS` (a power of two) last positions.
struct Compressor<'a, const SLOTS: usize> {
    input: &'a [u8],
    output: &'a mut Vec<u8>,
    /// The length that `output` may not exceed.
    limit: usize,
    /// The lowest 16 bits of the last position with each hash. Positions farther apart than the window, and slots never written, are told
    /// by comparing the bytes, so the table needs no marks.
    table: [u16; SLOTS],
}

impl<'a, const SLOTS: usize> Compressor<'a, SLOTS> {
    fn new(input: &'a [u8], output: &'a mut Vec<u8>, budget: usize) -> Self {
        let limit = output.len() + budget;
        Self { input, output, limit, table: [0; SLOTS] }
    }

    /// Whether all of the input went into the budget.
    fn run(mut self) -> bool {
        let mut literal_start = 0;
        let mut position = 0;
        while let Some(word) = self.word(position) {
            let Some(distance) = self.find(word, position) else {
                let unmatched = position - literal_start;
                position += 1 + (unmatched / PATIENCE).min(MOST_PASSED_OVER);
                continue;
            };
            let length = self.match_length(position, distance);
            if !self.push_literals(literal_start, position) || !self.push_copy(distance, length) {
                return false;
            }
            // The last two positions of the copy are worth remembering; all of them would cost more than they gain.
            position += length;
            for skipped in position - 2..position {
                self.remember(skipped);
            }
            literal_start = position;
        }
        self.push_literals(literal_start, self.input.len())
    }

    /// The three bytes at `position` as a number; `None` in the last three positions, where a copy is no longer looked for.
    #[inline]
    fn word(&self, position: usize) -> Option<u32> {
        let bytes = self.input.get(position..)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes) & 0xff_ffff)
    }

    /// Where the table keeps the last position of `word`.
    #[inline]
    fn slot(word: u32) -> usize {
        // Fibonacci hashing: 2^32 divided by the golden ratio.
        (word.wrapping_mul(0x9e37_79b1) >> (32 - SLOTS.trailing_zeros())) as usize
    }

    #[inline]
    fn remember(&mut self, position: usize) {
        if let Some(word) = self.word(position) {
            self.table[Self::slot(word)] = position as u16;
        }
    }

    /// How far back `word`, which is at `position`, last occurred, if the table still knows; remembers the position.
    #[inline]
    fn find(&mut self, word: u32, position: usize) -> Option<usize> {
        let last = core::mem::replace(&mut self.table[Self::slot(word)], position as u16);
        // Nearer positions that are equal serve as well, so the distance may be cut to the window without a branch.
        let distance = usize::from((position as u16).wrapping_sub(last)).min(FARTHEST);
        // A candidate before the beginning wraps beyond the end.
        let same = self.word(position.wrapping_sub(distance)) == Some(word);
        (same && distance > 0).then_some(distance)
    }

    /// How many bytes at `position` equal those `distance` before, up to the longest copy.
    #[inline]
    fn match_length(&self, position: usize, distance: usize) -> usize {
        let end = self.input.len().min(position + LONGEST_COPY);
        let here = &self.input[position..end];
        let there = &self.input[position - distance..end - distance];
        let (here_words, here_tail) = here.as_chunks::<8>();
        let (there_words, there_tail) = there.as_chunks::<8>();
        for (index, (left, right)) in here_words.iter().zip(there_words).enumerate() {
            let difference = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
            if difference != 0 {
                return index * 8 + difference.trailing_zeros() as usize / 8;
            }
        }
        let same = here_tail.iter().zip(there_tail).take_while(|(left, right)| left == right);
        here_words.len() * 8 + same.count()
    }

    /// Appends literal items for `input[start..end]`; false when they exceed the budget.
    fn push_literals(&mut self, start: usize, end: usize) -> bool {
        let literals = &self.input[start..end];
        let room = self.limit - self.output.len();
        if literals.len() + literals.len().div_ceil(LONGEST_LITERAL) > room {
            return false;
        }
        for run in literals.chunks(LONGEST_LITERAL) {
            self.output.push(run.len() as u8 - 1);
            self.output.extend_from_slice(run);
        }
        true
    }

    /// Appends a copy item; false when it exceeds the budget.
    fn push_copy(&mut self, distance: usize, length: usize) -> bool {
        let offset = distance - 1;
        let high = (offset >> 8) as u8;
        if length <= 8 {
            self.output.push(((length - 2) << 5) as u8 | high);
        } else {
            self.output.extend_from_slice(&[7 << 5 | high, (length - 9) as u8]);
        }
        self.output.push(offset as u8);
        self.output.len() <= self.limit
    }
}

/// Restores `expected_length` bytes from compressed ones.
///
/// `None` when the data is damaged: an item is cut short, a copy reaches before the beginning, or the length is any other; and when memory
/// is short. Reserves
/// `expected_length` bytes at most, which the caller has bounded, and none if the data cannot make so many.
pub fn decompress(compressed: &[u8], expected_length: usize) -> Option<Vec<u8>> {
    if expected_length > compressed.len().saturating_mul(LARGEST_RATIO) {
        return None;
    }
    let mut output = Vec::new();
    output.try_reserve_exact(expected_length).ok()?;
    let mut rest = compressed;
    while let [control, tail @ ..] = rest {
        let control = usize::from(*control);
        let room = expected_length - output.len();
        if control < LONGEST_LITERAL {
            let (literals, tail) = tail.split_at_checked(control + 1)?;
            if literals.len() > room {
                return None;
            }
            output.extend_from_slice(literals);
            rest = tail;
            continue;
        }
        let (length, tail) = match (control >> 5, tail) {
            (7, [more, tail @ ..]) => (9 + usize::from(*more), tail),
            (short, tail) => (short + 2, tail),
        };
        let [low, tail @ ..] = tail else {
            return None;
        };
        let distance = ((control & 0x1f) << 8 | usize::from(*low)) + 1;
        if length > room || distance > output.len() {
            return None;
        }
        copy_back(&mut output, distance, length);
        rest = tail;
    }
    (output.len() == expected_length).then_some(output)
}

/// Appends `length` bytes that start `distance` before the end, 1 ≤ `distance` ≤ the length of `output`.
#[inline]
fn copy_back(output: &mut Vec<u8>, distance: usize, length: usize) {
    let start = output.len() - distance;
    let mut copied = 0;
    while copied < length {
        // What is copied repeats with the period of the distance, so each round may take all that lies behind the start.
        let run = (length - copied).min(output.len() - start);
        output.extend_from_within(start..start + run);
        copied += run;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec;

    fn round_trip(input: &[u8]) -> Option<usize> {
        let mut output = vec![0xAA];
        if !compress(input, &mut output) {
            assert_eq!(output, [0xAA]);
            return None;
        }
        let compressed = &output[1..];
        assert!(compressed.len() + LEAST_SAVING <= input.len());
        assert_eq!(decompress(compressed, input.len()).as_deref(), Some(input));
        Some(compressed.len())
    }

    #[test]
    fn compresses_what_repeats() {
        assert_eq!(round_trip(&[b'a'; 100]), Some(5));
        assert_eq!(round_trip(&vec![0; 1 << 20]), Some(2 + ((1usize << 20) - 1).div_ceil(264) * 3));
        assert_eq!(round_trip(b""), None);
        assert_eq!(round_trip(b"aaaa"), None);
        assert_eq!(round_trip(b"abcdefghijklmnopqrstuvwxyz"), None);
        // A literal and a copy take two bytes each.
        assert_eq!(round_trip(&[b'a'; 7]), None);
        assert_eq!(round_trip(&[b'a'; 8]), Some(4));
    }

    #[test]
    fn reaches_back_over_the_whole_window_only() {
        for (gap, repeats) in [(8192 - 16, true), (8192, false)] {
            let mut input: Vec<u8> = (0..16).collect();
            let mut random = crate::base::random::Random::from_seed(3);
            let mut noise = vec![0; gap];
            random.fill_bytes(&mut noise);
            input.extend(noise);
            input.extend(0..16);
            let mut output = Vec::new();
            let mut compressor = Compressor::<8192>::new(&input, &mut output, usize::MAX / 2);
            for position in 0..gap + 16 {
                compressor.remember(position);
            }
            let word = compressor.word(gap + 16).unwrap();
            assert_eq!(compressor.find(word, gap + 16).is_some(), repeats);
        }
    }

    /// Compressed by LibLZF (through the reference's DUMP), so that the format is known to be the same.
    #[test]
    fn reads_what_the_reference_wrote() {
        for (compressed, plain) in REFERENCE {
            assert_eq!(decompress(compressed, plain.len()).as_deref(), Some(*plain));
        }
    }

    const REFERENCE: &[(&[u8], &[u8])] = &[
        (b"\x01aa\xe0\x11\x00\x01aa", b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        (b"\x03abca\xe0\x0a\x02\x00c", b"abcabcabcabcabcabcabcabc"),
        (
            b"\x15the quick brown fox, t\xe0\x06\x14\x02dog\x80\x14\x03lazy\xa0\x2e (",
            b"the quick brown fox, the quick brown dog, the lazy quick fox",
        ),
    ];

    #[test]
    fn refuses_damage() {
        for (compressed, length) in [
            (&b""[..], 1),
            (b"\x00", 1),
            (b"\x01a", 2),
            (b"\x20\x00", 3),       // a copy from before the beginning
            (b"\x00a\x20", 4),      // a copy without its offset
            (b"\x00a\xe0", 4),      // a long copy without its length
            (b"\x00a\xe0\x00", 10), // and without its offset
            (b"\x00a\x20\x01", 4),  // one byte too far back
            (b"\x00a\x20\x00", 3),  // longer than expected
            (b"\x00a\x20\x00", 5),  // shorter than expected
            (b"\x00a", usize::MAX),
        ] {
            assert_eq!(decompress(compressed, length), None, "{compressed:?}");
        }
        assert_eq!(decompress(b"", 0), Some(vec![]));
        assert_eq!(decompress(b"\x00a\x20\x00", 4), Some(b"aaaa".to_vec()));
    }

    proptest! {
        #[test]
        fn survives_the_round_trip(input in prop::collection::vec(prop_oneof![8 => 0u8..4, 1 => any::<u8>()], 0..3000)) {
            round_trip(&input);
        }

        #[test]
        fn repeated_parts_survive(part in prop::collection::vec(any::<u8>(), 1..2000), count in 1usize..40) {
            round_trip(&part.repeat(count));
        }

        #[test]
        fn arbitrary_bytes_do_not_panic(compressed: Vec<u8>, length in 0usize..5000) {
            if let Some(plain) = decompress(&compressed, length) {
                prop_assert_eq!(plain.len(), length);
            }
        }
    }
}
