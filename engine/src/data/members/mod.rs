//! What a large set or hash is made of: linear hashing over buckets in which
//! the elements themselves stand.
//!
//! ```text
//! level 2, split 1                 a bucket has the elements of an interval of hashes:
//! buckets   0   1   2   3   4      0: 000..   4: 001..   2: 01..
//! depth     3   2   2   2   3      1: 10..    3: 11..
//!
//! 63                                               8 7        0
//! +-------------------------------------------------+----------+
//! | bucket, from the top bit down, as many as needed|   tag    |
//! +-------------------------------------------------+----------+
//! ```
//!
//! A bucket's number, its bits reversed, is the prefix of its hashes (Litwin
//! 1980, addressed from the top bit, as [`crate::data::table`]). An insertion
//! splits a bucket at most, a removal merges two at most, whatever the size; no
//! element has an allocation or a pointer of its own, unless it is long. So a
//! table is quickly dropped, on any thread, and moved by one pointer.
//!
//! Order by hash does not depend on the size of the table: [`Members::scan`]
//! and [`Members::walk`] go by it.

mod bucket;
mod element;
mod expiry;
mod grow;
mod image;
mod lengths;
mod long;
mod pick;
#[cfg(test)]
mod tests;
mod walk;

use crate::base::sip_hash::SipKey;
use crate::data::shared::Shared;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use bucket::Bucket;
use element::{New, Stored, Text};
pub use expiry::SweepState;
use lengths::Lengths;
pub use walk::{Iter, WalkPosition};

/// Longest element, in bytes of member and value, that stands in a bucket.
const INLINE_MAX: usize = 1024;

/// An element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Element<'a> {
    /// The member of a set, or the field of a hash.
    pub member: &'a [u8],
    /// The value; nothing in a set.
    pub value: &'a [u8],
    /// Expiry, milliseconds since 1970.
    pub expire_at_ms: Option<i64>,
}

/// Elements by member.
#[derive(Debug)]
pub struct Members {
    chunks: Vec<Shared<Vec<Bucket>>>,
    level: u32,
    split: usize,
    len: usize,
    expiring: usize,
    /// Of all buckets what they count for splits and merges.
    weight: usize,
    /// Bytes of all allocations of buckets.
    bucket_bytes: usize,
    /// Bytes of the directory.
    directory_bytes: usize,
    lengths: Lengths,
    /// No element expires before this.
    earliest_ms: i64,
    /// Nor, of those that the sweep for due elements has come past, before this.
    swept_ms: i64,
    /// The position that the sweep has come to.
    swept_to: u64,
    sip: SipKey,
    valued: bool,
}

/// Where an element stands; good until the table changes.
#[derive(Clone, Copy)]
struct Spot {
    bucket: usize,
    index: usize,
}

impl Members {
    /// An empty table that hashes with `sip`; of a hash if its elements have
    /// values, else of a set, whose values are dropped.
    pub fn new(sip: SipKey, valued: bool) -> Members {
        let mut members = Members {
            chunks: vec![Shared::Own(vec![Bucket::default()])],
            level: 0,
            split: 0,
            len: 0,
            expiring: 0,
            weight: 0,
            bucket_bytes: 0,
            directory_bytes: 0,
            lengths: Lengths::new(),
            earliest_ms: i64::MAX,
            swept_ms: i64::MAX,
            swept_to: 0,
            sip,
            valued,
        };
        members.directory_bytes = members.count_directory();
        members
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// True if its elements have values.
    pub fn is_valued(&self) -> bool {
        self.valued
    }

    /// Bytes of all that it has allocated, as the account has them: each
    /// allocation as large as its class.
    pub fn bytes(&self) -> usize {
        self.bucket_bytes + self.directory_bytes + self.lengths.bytes()
    }

    #[inline]
    fn hash(&self, member: &[u8]) -> u64 {
        self.sip.hash(member)
    }

    /// Has a bucket changed; the account follows.
    #[inline]
    fn change<R>(&mut self, index: usize, change: impl FnOnce(&mut Bucket) -> R) -> R {
        let bucket = self.bucket_mut(index);
        let before = (bucket.weight(), bucket.footprint(), bucket.len());
        let result = change(bucket);
        let after = (bucket.weight(), bucket.footprint(), bucket.len());
        self.weight = self.weight - before.0 + after.0;
        self.bucket_bytes = self.bucket_bytes - before.1 + after.1;
        self.lengths.change(before.2, after.2);
        result
    }

    #[inline]
    fn find(&self, hash: u64, member: &[u8]) -> Option<Spot> {
        let number = self.index_of(hash);
        let bucket = self.bucket(number);
        let is = |stored: Stored<'_>| stored.member_length == member.len() && bucket.parts(&stored).0 == member;
        Some(Spot { bucket: number, index: bucket.find(self.valued, tag_of(hash), is)? })
    }

    #[inline]
    fn stored(&self, spot: Spot) -> Option<Stored<'_>> {
        self.bucket(spot.bucket).get(self.valued, spot.index)
    }

    #[inline]
    fn element(&self, spot: Spot) -> Option<Element<'_>> {
        self.stored(spot).map(|stored| element_in(self.bucket(spot.bucket), stored))
    }

    /// Finds a member.
    #[inline]
    pub fn get(&self, member: &[u8]) -> Option<Element<'_>> {
        self.element(self.find(self.hash(member), member)?)
    }

    /// True if it is a member.
    #[inline]
    pub fn contains(&self, member: &[u8]) -> bool {
        self.find(self.hash(member), member).is_some()
    }

    /// Inserts a member, or gives it another value and expiry. True if it is new.
    pub fn insert(&mut self, member: &[u8], value: &[u8], expire_at_ms: Option<i64>) -> bool {
        let hash = self.hash(member);
        let value = if self.valued { value } else { &[] };
        let spot = self.find(hash, member);
        match spot {
            Some(spot) => self.overwrite(spot, member, value, expire_at_ms),
            None => self.add(hash, member, value, expire_at_ms),
        }
        self.note_expiry(expire_at_ms);
        self.fit();
        spot.is_none()
    }

    fn add(&mut self, hash: u64, member: &[u8], value: &[u8], expire_at_ms: Option<i64>) {
        let valued = self.valued;
        self.change(self.index_of(hash), |bucket| {
            let text = text_in(bucket, valued, member, value);
            bucket.push(tag_of(hash), &New { expire_at_ms, text });
        });
        self.len += 1;
        self.expiring += usize::from(expire_at_ms.is_some());
    }

    fn overwrite(&mut self, spot: Spot, member: &[u8], value: &[u8], expire_at_ms: Option<i64>) {
        let Some(stored) = self.stored(spot) else { return };
        let (expired, slot) = (stored.expire_at_ms.is_some(), stored.slot());
        self.expiring = self.expiring + usize::from(expire_at_ms.is_some()) - usize::from(expired);
        let valued = self.valued;
        self.change(spot.bucket, |bucket| {
            let size = member.len() + value.len();
            let old = slot.and_then(|slot| bucket.long_mut(slot)).filter(|old| old.len() == size);
            if let (Some(old), Some(slot)) = (old, slot) {
                old[member.len()..].copy_from_slice(value);
                let text = Text::Elsewhere(member.len(), slot);
                return bucket.replace(valued, spot.index, &New { expire_at_ms, text });
            }
            bucket.take_long(valued, spot.index);
            let text = text_in(bucket, valued, member, value);
            bucket.replace(valued, spot.index, &New { expire_at_ms, text });
        });
    }

    /// Removes a member. True if it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        let spot = self.find(self.hash(member), member);
        if let Some(spot) = spot {
            self.take(spot);
        }
        spot.is_some()
    }

    /// Takes out an element.
    fn take(&mut self, spot: Spot) {
        let expires = self.stored(spot).is_some_and(|stored| stored.expire_at_ms.is_some());
        let valued = self.valued;
        self.change(spot.bucket, |bucket| {
            bucket.take_long(valued, spot.index);
            bucket.remove(valued, spot.index);
        });
        self.len -= 1;
        self.expiring -= usize::from(expires);
        self.fit();
    }
}

impl Clone for Members {
    /// One of the same layout, with as much room everywhere.
    fn clone(&self) -> Self {
        let mut chunks = Vec::with_capacity(self.chunks.capacity());
        chunks.extend(self.chunks.iter().cloned());
        Members { chunks, lengths: self.lengths.clone(), ..*self }
    }
}

impl Members {
    /// A copy as [`Clone`] makes it, but one that shares all that is large.
    pub fn share(&mut self) -> Members {
        let mut chunks = Vec::with_capacity(self.chunks.capacity());
        chunks.extend(self.chunks.iter_mut().map(Shared::share));
        Members { chunks, lengths: self.lengths.clone(), ..*self }
    }
}

/// The text of an element in a bucket: put elsewhere if it is long.
fn text_in<'a>(bucket: &mut Bucket, valued: bool, member: &'a [u8], value: &'a [u8]) -> Text<'a> {
    if member.len() + value.len() > INLINE_MAX {
        let text = [member, value].concat().into_boxed_slice();
        Text::Elsewhere(member.len(), bucket.put_long(text))
    } else if valued {
        Text::Pair(member, value)
    } else {
        Text::Member(member)
    }
}

#[inline]
fn element_in<'a>(bucket: &'a Bucket, stored: Stored<'a>) -> Element<'a> {
    let (member, value) = bucket.parts(&stored);
    Element { member, value, expire_at_ms: stored.expire_at_ms }
}

/// The bits of a hash by which a bucket is searched: none that chooses it, in
/// any table that fits in memory.
#[inline]
fn tag_of(hash: u64) -> u8 {
    hash as u8
}

const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Box<Members>>();
};
