//! The elements of a bucket that are too long to stand in it: an allocation
//! each, found by slot.

use crate::data::slab::block_size;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Texts by slot; slots have no gaps.
#[derive(Debug, Default)]
pub(super) struct Long {
    texts: Vec<Box<[u8]>>,
    /// Bytes of the texts' allocations.
    text_bytes: usize,
}

impl Clone for Long {
    /// One with as much room, so that the account is the same.
    fn clone(&self) -> Self {
        let mut texts = Vec::with_capacity(self.texts.capacity());
        texts.extend(self.texts.iter().cloned());
        Long { texts, text_bytes: self.text_bytes }
    }
}

impl Long {
    /// Copies of these, with room for `capacity`.
    pub(super) fn with_texts(texts: &[&[u8]], capacity: usize) -> Long {
        let mut long = Long { texts: Vec::with_capacity(capacity.max(texts.len())), text_bytes: 0 };
        for text in texts {
            long.put(Box::from(*text));
        }
        long
    }

    /// Number of texts.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Slots that there is room for.
    pub(super) fn capacity(&self) -> usize {
        self.texts.capacity()
    }

    /// Bytes of its allocations.
    pub(super) fn bytes(&self) -> usize {
        block_size(self.texts.capacity() * size_of::<Box<[u8]>>()) + self.text_bytes
    }

    /// All texts by slot.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.iter().map(|text| &**text)
    }

    /// The text in a slot, nothing if there is none.
    #[inline]
    pub(super) fn get(&self, slot: u32) -> &[u8] {
        self.texts.get(slot as usize).map_or(&[], |text| text)
    }

    /// The text in a slot, to be changed.
    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut [u8]> {
        self.texts.get_mut(slot as usize).map(|text| &mut **text)
    }

    /// Adds a text; returns its slot.
    pub(super) fn put(&mut self, text: Box<[u8]>) -> u32 {
        if self.texts.len() == self.texts.capacity() {
            self.texts.reserve_exact(self.texts.len() / 4 + 1);
        }
        self.text_bytes += block_size(text.len());
        self.texts.push(text);
        self.texts.len() as u32 - 1
    }

    /// Takes a text; the last one gets its slot.
    pub(super) fn take(&mut self, slot: u32) -> Option<Box<[u8]>> {
        if slot as usize >= self.texts.len() {
            return None;
        }
        let text = self.texts.swap_remove(slot as usize);
        self.text_bytes -= block_size(text.len());
        if self.texts.capacity() > self.texts.len() * 2 {
            self.texts.shrink_to(self.texts.len() + self.texts.len() / 4);
        }
        Some(text)
    }

    /// Takes a text and leaves its slot: of texts that are all taken.
    pub(super) fn leave(&mut self, slot: u32) -> Option<Box<[u8]>> {
        self.texts.get_mut(slot as usize).map(core::mem::take)
    }
}
