//! A sequence of bytes in blocks, with positions, that several readers share:
//! each has a cursor, and what all have passed is given back.
//!
//! ```text
//!      start                         end
//!        v                            v
//!   ┌────────────┬────────────┬───────┐
//!   │   block    │   block    │ block │
//!   └────────────┴────────────┴───────┘
//!        ^ a slow reader         ^ another
//! ```

use crate::base::fingerprint::Fingerprint;
use crate::base::image::{Damaged, Image, Tape};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Bytes that a block holds at least.
const BLOCK_MIN: usize = 16 << 10;
/// Bytes that a block holds at most.
const BLOCK_MAX: usize = 64 << 10;

/// A sequence of bytes.
pub(crate) struct Blocks {
    blocks: VecDeque<Block>,
    end: u64,
    capacity: usize,
}

struct Block {
    start: u64,
    /// Shared, once it is full, with an image that is being written.
    bytes: Arc<Vec<u8>>,
}

impl Block {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl Blocks {
    /// Nothing yet; the first byte will have this position.
    pub(crate) fn new(position: u64) -> Blocks {
        Blocks { blocks: VecDeque::new(), end: position, capacity: 0 }
    }

    /// The position of the first byte that is still there.
    pub(crate) fn start(&self) -> u64 {
        self.blocks.front().map_or(self.end, |block| block.start)
    }

    /// The position of the byte that comes next.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Bytes that are still there.
    pub(crate) fn len(&self) -> u64 {
        self.end - self.start()
    }

    /// Bytes of memory.
    pub(crate) fn memory(&self) -> u64 {
        (self.capacity + self.blocks.len() * size_of::<Block>()) as u64
    }

    /// Appends bytes.
    pub(crate) fn append(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let full = self.blocks.back().is_none_or(|block| block.bytes.len() == block.bytes.capacity());
            if full {
                let block = Vec::with_capacity(bytes.len().clamp(BLOCK_MIN, BLOCK_MAX));
                self.capacity += block.capacity();
                self.blocks.push_back(Block { start: self.end, bytes: Arc::new(block) });
            }
            let Some(block) = self.blocks.back_mut() else { return };
            let room = block.bytes.capacity() - block.bytes.len();
            // Nobody shares a block that is not full.
            let Some(own) = Arc::get_mut(&mut block.bytes) else { return };
            let count = bytes.len().min(room);
            own.extend_from_slice(&bytes[..count]);
            self.end += count as u64;
            bytes = &bytes[count..];
        }
    }

    /// Bytes from a position on, as far as its block goes; none if there is
    /// nothing at this position.
    pub(crate) fn from(&self, position: u64) -> &[u8] {
        let index = self.blocks.partition_point(|block| block.end() <= position);
        let Some(block) = self.blocks.get(index).filter(|block| block.start <= position) else { return &[] };
        &block.bytes[(position - block.start) as usize..]
    }

    /// Gives back blocks that lie before a position, as long as `length_min`
    /// bytes are left.
    pub(crate) fn trim(&mut self, before: u64, length_min: u64) {
        while let Some(first) = self.blocks.front() {
            if first.end() > before || self.end - first.end() < length_min {
                return;
            }
            self.capacity -= first.bytes.capacity();
            self.blocks.pop_front();
        }
    }
}

impl Image for Blocks {
    fn blank() -> Blocks {
        Blocks::new(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Blocks { blocks, end, capacity } = self;
        tape.each([blocks, end, capacity])
    }
}

impl Image for Block {
    fn blank() -> Block {
        Block { start: 0, bytes: Arc::default() }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Block { start, bytes } = self;
        let mut is_full = bytes.len() == bytes.capacity();
        tape.each([start, &mut is_full])?;
        if is_full { tape.shared(bytes) } else { Arc::get_mut(bytes).ok_or(Damaged)?.image(tape) }
    }
}

/// The bytes by their hash.
impl core::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut hash = Fingerprint::new();
        self.blocks.iter().for_each(|block| hash.add_bytes(&block.bytes));
        write!(f, "Blocks {{ {}..{}, {}, {:016x} }}", self.start(), self.end, self.capacity, hash.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_from(blocks: &Blocks, mut position: u64) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let bytes = blocks.from(position);
            if bytes.is_empty() {
                return all;
            }
            all.extend_from_slice(bytes);
            position += bytes.len() as u64;
        }
    }

    #[test]
    fn every_position_can_be_read_from() {
        let mut blocks = Blocks::new(1000);
        let mut written = Vec::new();
        for index in 0..200u32 {
            let piece: Vec<u8> = (0..index * 37 % 9000).map(|byte| (byte ^ index) as u8).collect();
            blocks.append(&piece);
            written.extend_from_slice(&piece);
        }
        assert_eq!((blocks.start(), blocks.end()), (1000, 1000 + written.len() as u64));
        for from in (0..written.len()).step_by(4093) {
            assert!(all_from(&blocks, 1000 + from as u64) == written[from..]);
        }
        assert_eq!(blocks.from(blocks.end()), b"");
        assert_eq!(blocks.from(999), b"");
    }

    #[test]
    fn trimming_keeps_what_is_needed() {
        let mut blocks = Blocks::new(0);
        for _ in 0..64 {
            blocks.append(&[1; BLOCK_MIN]);
        }
        let end = blocks.end();
        blocks.trim(end, end);
        assert_eq!(blocks.start(), 0);
        // A reader holds on to what it has not read.
        blocks.trim(BLOCK_MIN as u64 + 1, 0);
        assert_eq!(blocks.start(), BLOCK_MIN as u64);
        blocks.trim(end, 100_000);
        assert!((100_000..100_000 + BLOCK_MIN as u64).contains(&blocks.len()));
        blocks.trim(end, 0);
        assert_eq!((blocks.len(), blocks.start(), blocks.memory()), (0, end, 0));
        blocks.append(b"abc");
        assert_eq!(blocks.from(end + 1), b"bc");
    }

    #[test]
    fn an_image_shares_what_is_full() {
        let mut blocks = Blocks::new(7);
        blocks.append(&[1; BLOCK_MIN]);
        blocks.append(&[2; BLOCK_MAX + 10]);
        let mut tape = Tape::writer();
        assert_eq!(blocks.image(&mut tape), Ok(()));
        let (head, shared) = (tape.take(), tape.take_shared());
        assert_eq!((head.len() < BLOCK_MIN, shared.len()), (true, 2));
        blocks.append(&[3; 100]);
        blocks.trim(u64::MAX, 0);
        let mut behind = Tape::writer();
        shared.iter().for_each(|bytes| behind.put_bytes(bytes));
        let behind = behind.take();
        let mut read = Blocks::blank();
        let mut tape = Tape::reader_before(&head, &behind);
        assert_eq!(read.image(&mut tape), Ok(()));
        assert!(tape.is_at_end() && tape.behind().is_empty());
        let all = [&[1; BLOCK_MIN][..], &[2; BLOCK_MAX + 10]].concat();
        assert!(all_from(&read, 7) == all);
        assert_eq!(
            read.memory(),
            read.blocks.iter().map(|block| block.bytes.capacity() + size_of::<Block>()).sum::<usize>() as u64
        );
    }
}
