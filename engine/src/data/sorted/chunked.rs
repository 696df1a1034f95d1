//! A growing array that never moves as a whole: chunks of a fixed size.
//!
//! ```text
//! chunks  +---+---+---+
//!         | o | o | o |
//!         +-|-+-|-+-|-+
//!           |   |   +-> items 128..     room for 64 from the beginning
//!           |   +-----> items 64..128
//!           +---------> items 0..64     the first grows as the array does
//! ```

use crate::data::shared::Shared;
use crate::data::slab::{block_size, vector_bytes};
use alloc::vec::Vec;

/// Items of one chunk.
pub(super) const CHUNK: usize = 64;

/// Items by number, without gaps.
#[derive(Debug)]
pub(super) struct Chunked<T> {
    chunks: Vec<Shared<Vec<T>>>,
    len: usize,
    bytes: usize,
}

impl<T: Clone> Chunked<T> {
    /// An empty array; allocates nothing.
    pub(super) fn new() -> Chunked<T> {
        Chunked { chunks: Vec::new(), len: 0, bytes: 0 }
    }

    /// An empty array for so many items, with as much room as one that grew;
    /// `None` if none has that.
    pub(super) fn with_rooms(count: usize, directory: usize, first: usize) -> Option<Chunked<T>> {
        let chunk_count = count.div_ceil(CHUNK);
        if !(chunk_count..=chunk_count * 2).contains(&directory) || !(count.min(CHUNK)..=CHUNK).contains(&first) {
            return None;
        }
        let mut chunks = Vec::with_capacity(directory);
        chunks.push(Shared::Own(Vec::with_capacity(first)));
        let bytes = vector_bytes(&chunks) + vector_bytes(&chunks[0]);
        Some(Chunked { chunks, len: 0, bytes })
    }

    /// The room for chunks, and for items in the first of them.
    pub(super) fn rooms(&self) -> (usize, usize) {
        (self.chunks.capacity(), self.chunks.first().map_or(0, |chunk| chunk.capacity()))
    }

    /// Number of items.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of its own allocations, without what items have allocated.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The same, counted.
    #[cfg(test)]
    pub(super) fn count_bytes(&self) -> usize {
        vector_bytes(&self.chunks) + self.chunks.iter().map(|chunk| vector_bytes(chunk)).sum::<usize>()
    }

    /// The item of a number.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub(super) fn get(&self, index: usize) -> &T {
        &self.chunks[index / CHUNK][index % CHUNK]
    }

    /// The item of a number, to be changed.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub(super) fn get_mut(&mut self, index: usize) -> &mut T {
        &mut self.chunks[index / CHUNK].own()[index % CHUNK]
    }

    /// All items by number.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// Adds an item behind the last.
    pub(super) fn push(&mut self, item: T) {
        let at = self.len / CHUNK;
        if at == self.chunks.len() {
            self.add_chunk();
        }
        let chunk = self.chunks[at].own();
        let before = vector_bytes(chunk);
        if chunk.len() == chunk.capacity() {
            let room = block_size((chunk.len() + 1) * size_of::<T>() * 9 / 8) / size_of::<T>();
            chunk.reserve_exact(room.clamp(chunk.len() + 1, CHUNK) - chunk.len());
        }
        chunk.push(item);
        self.bytes = self.bytes - before + vector_bytes(chunk);
        self.len += 1;
    }

    fn add_chunk(&mut self) {
        let before = vector_bytes(&self.chunks);
        let count = self.chunks.len();
        if count == self.chunks.capacity() {
            self.chunks.reserve_exact(count.max(1));
        }
        let chunk = if count == 0 { Vec::new() } else { Vec::with_capacity(CHUNK) };
        self.bytes += vector_bytes(&chunk);
        self.chunks.push(Shared::Own(chunk));
        self.bytes = self.bytes - before + vector_bytes(&self.chunks);
    }

    /// Takes the last item.
    pub(super) fn pop(&mut self) -> Option<T> {
        let at = self.len.checked_sub(1)? / CHUNK;
        let chunk = self.chunks.get_mut(at)?.own();
        let before = vector_bytes(chunk);
        let item = chunk.pop()?;
        if at == 0 && chunk.len() * 2 < chunk.capacity() {
            chunk.shrink_to_fit();
        }
        self.bytes = self.bytes - before + vector_bytes(chunk);
        self.len -= 1;
        if chunk.is_empty() {
            self.pop_chunk();
        }
        Some(item)
    }

    fn pop_chunk(&mut self) {
        let before = vector_bytes(&self.chunks);
        let chunk = self.chunks.pop().map_or(0, |chunk| vector_bytes(&chunk));
        if self.chunks.len() * 2 < self.chunks.capacity() {
            self.chunks.shrink_to_fit();
        }
        self.bytes = self.bytes - before - chunk + vector_bytes(&self.chunks);
    }
}

impl<T: Clone> Clone for Chunked<T> {
    /// One with as much room, so that the account is the same.
    fn clone(&self) -> Self {
        let mut chunks = Vec::with_capacity(self.chunks.capacity());
        chunks.extend(self.chunks.iter().cloned());
        Chunked { chunks, ..*self }
    }
}

impl<T: Clone> Chunked<T> {
    /// A copy that shares all items.
    pub(super) fn share(&mut self) -> Chunked<T> {
        let mut chunks = Vec::with_capacity(self.chunks.capacity());
        chunks.extend(self.chunks.iter_mut().map(Shared::share));
        Chunked { chunks, ..*self }
    }
}
