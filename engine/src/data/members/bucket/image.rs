//! A bucket in an image, and whether what an image tells can be one.

use super::{Bucket, New, Place, Stored, Text};
use crate::data::members::long::Long;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What an image has of a bucket.
pub(in crate::data::members) struct Parts<'a> {
    pub(in crate::data::members) bytes: &'a [u8],
    pub(in crate::data::members) capacity: usize,
    pub(in crate::data::members) count: u32,
    pub(in crate::data::members) wide: bool,
    pub(in crate::data::members) texts: Vec<&'a [u8]>,
    pub(in crate::data::members) texts_capacity: usize,
}

impl Bucket {
    /// What an image has of it.
    pub(in crate::data::members) fn image_parts(&self) -> Parts<'_> {
        let texts = self.long.iter().flat_map(|long| long.iter()).collect();
        Parts {
            bytes: &self.bytes,
            capacity: self.bytes.capacity(),
            count: self.count,
            wide: self.wide,
            texts,
            texts_capacity: self.long.as_ref().map_or(0, |long| long.capacity()),
        }
    }

    /// The bucket that an image tells of; `None` if none is like that.
    pub(in crate::data::members) fn of_image(valued: bool, parts: &Parts<'_>) -> Option<Bucket> {
        let fits = |capacity: usize, used: usize| capacity >= used && capacity <= used * 2 + 64;
        if !fits(parts.capacity, parts.bytes.len()) || !fits(parts.texts_capacity, parts.texts.len()) {
            return None;
        }
        let mut bytes = Vec::with_capacity(parts.capacity);
        bytes.extend_from_slice(parts.bytes);
        let mut bucket = Bucket { bytes, count: parts.count, wide: parts.wide, ..Bucket::default() };
        if !parts.texts.is_empty() {
            bucket.long = Some(Box::new(Long::with_texts(&parts.texts, parts.texts_capacity)));
        }
        bucket.is_sound(valued).then_some(bucket)
    }

    /// True if elements stand one behind the other to the end, each as it is
    /// written here, and each slot is that of one of them. Finds the earliest
    /// expiry.
    fn is_sound(&mut self, valued: bool) -> bool {
        if self.index_size() > self.bytes.len() {
            return false;
        }
        let mut starts: Vec<(usize, usize)> = (0..self.len()).map(|index| (self.offset(index), index)).collect();
        starts.sort_unstable();
        let (mut end, mut slots, mut earliest_ms) = (0, Vec::new(), i64::MAX);
        for (start, index) in starts {
            let Some(stored) =
                self.get(valued, index).filter(|stored| start == end && self.is_canonical(valued, stored))
            else {
                return false;
            };
            if let Place::Elsewhere(slot) = stored.place {
                slots.push(slot as usize);
            }
            earliest_ms = earliest_ms.min(stored.expire_at_ms.unwrap_or(i64::MAX));
            end += stored.size;
        }
        slots.sort_unstable();
        let texts = self.long.as_ref().map_or(0, |long| long.len());
        self.earliest_ms = earliest_ms;
        end == self.elements_size() && slots.into_iter().eq(0..texts)
    }

    /// True if an element has the size with which it is written.
    fn is_canonical(&self, valued: bool, stored: &Stored<'_>) -> bool {
        let (member, value) = self.parts(stored);
        let text = match stored.place {
            Place::Elsewhere(slot) => Text::Elsewhere(stored.member_length, slot),
            Place::Here(_) if valued => Text::Pair(member, value),
            Place::Here(_) => Text::Member(member),
        };
        let whole = member.len() == stored.member_length && (valued || value.is_empty());
        whole && New { expire_at_ms: stored.expire_at_ms, text }.size() == stored.size
    }
}
