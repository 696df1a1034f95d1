//! What a large set or hash is made of: linear hashing over buckets in which
//! the elements themselves stand.
//!
//! ```text
//! level 2, split 1                 a bucket has the elements of an interval of hashes:
//! buckets   0   1   2   3   4      0: 000..   4: 001..   2: 01..
//! depth     3   2   2   2   3      1: 10..    3: 11..
//! ```
//!
//! A bucket's number, its bits reversed, is the prefix of its hashes (Litwin
//! 1980, addressed from the top bit, as [`crate::data::table`]). An insertion
//! splits a bucket at most, a removal merges two at most, whatever the size; no
//! element has an allocation or a pointer of its own, unless it is long. So a
//! table is dropped at once on another thread, and moved by one pointer.
//!
//! Each table has a hash key of its own: what is copied from one to another in
//! the order in which it lies does not crowd a few buckets there.

mod bucket;
#[cfg(test)]
mod tests;

use crate::base::image::{Damaged, Image, Tape};
use crate::base::sip_hash::SipKey;
use crate::data::slab::block_size;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use bucket::{Bucket, Content, INLINE_MAX, New, Place, Stored};

/// Bytes of elements a bucket, on average, above which one is split.
const SPLIT_ABOVE: usize = 1536;
/// And below which two are merged.
const MERGE_BELOW: usize = 640;
/// Buckets in one chunk of the directory.
const CHUNK: usize = 256;
/// Bytes that the account adds for a long element, besides its own.
const LONG_OVERHEAD: usize = 48;
/// Tries to hit an element at random.
const TRIES: usize = 4096;

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
#[derive(Clone, Debug)]
pub struct Members {
    chunks: Vec<Vec<Bucket>>,
    level: u32,
    split: usize,
    len: usize,
    expiring: usize,
    /// Bytes in use in all buckets.
    used: usize,
    /// Bytes of all allocations but the directory's.
    bytes: usize,
    /// No bucket has more elements.
    fullest: usize,
    sip: SipKey,
    valued: bool,
    /// Elements that do not stand in a bucket: member and value, one behind the
    /// other.
    long: BTreeMap<u64, Box<[u8]>>,
    next_long: u64,
}

impl Members {
    /// An empty table that hashes with `sip`; of a hash if its elements have
    /// values, else of a set.
    pub fn new(sip: SipKey, valued: bool) -> Members {
        Members {
            chunks: vec![vec![Bucket::default()]],
            level: 0,
            split: 0,
            len: 0,
            expiring: 0,
            used: 0,
            bytes: 0,
            fullest: 0,
            sip,
            valued,
            long: BTreeMap::new(),
            next_long: 0,
        }
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of elements that expire.
    pub fn expiring(&self) -> usize {
        self.expiring
    }

    /// Bytes of all that it has allocated, as the account has them.
    pub fn bytes(&self) -> usize {
        let chunk = block_size(CHUNK.min(self.bucket_count()) * size_of::<Bucket>());
        self.bytes + self.chunks.len() * chunk
    }

    fn bucket_count(&self) -> usize {
        (1 << self.level) + self.split
    }

    #[inline]
    fn index_of(&self, hash: u64) -> usize {
        let reversed = hash.reverse_bits() as usize;
        let index = reversed & ((1 << self.level) - 1);
        if index < self.split { reversed & ((2 << self.level) - 1) } else { index }
    }

    fn depth(&self, index: usize) -> u32 {
        if index < self.split || index >= 1 << self.level { self.level + 1 } else { self.level }
    }

    #[inline]
    fn bucket(&self, index: usize) -> &Bucket {
        &self.chunks[index / CHUNK][index % CHUNK]
    }

    /// Has a bucket changed; the account follows.
    #[inline]
    fn change<R>(&mut self, index: usize, change: impl FnOnce(&mut Bucket) -> R) -> R {
        let bucket = &mut self.chunks[index / CHUNK][index % CHUNK];
        let (used, bytes) = (bucket.used(), bucket.footprint());
        let result = change(bucket);
        self.used = self.used - used + bucket.used();
        self.bytes = self.bytes - bytes + bucket.footprint();
        self.fullest = self.fullest.max(bucket.len());
        result
    }

    /// The text of an element, wherever it stands.
    #[inline]
    fn text<'a>(&'a self, stored: &Stored<'a>) -> &'a [u8] {
        match stored.place {
            Place::Here(text) => text,
            Place::Elsewhere(number) => self.long.get(&number).map_or(&[], |text| text),
        }
    }

    #[inline]
    fn element<'a>(&'a self, stored: Stored<'a>) -> Element<'a> {
        let text = self.text(&stored);
        let (member, value) = text.split_at(stored.member_length.min(text.len()));
        Element { member, value, expire_at_ms: stored.expire_at_ms }
    }

    /// Bucket and number of a member.
    #[inline]
    fn find(&self, hash: u64, member: &[u8]) -> (usize, Option<usize>) {
        let index = self.index_of(hash);
        let is = |stored: Stored<'_>| {
            stored.member_length == member.len() && self.text(&stored).get(..member.len()) == Some(member)
        };
        (index, self.bucket(index).find(self.valued, tag_of(hash), is))
    }

    /// Finds a member.
    #[inline]
    pub fn get(&self, member: &[u8]) -> Option<Element<'_>> {
        let (index, found) = self.find(self.sip.hash(member), member);
        self.bucket(index).get(self.valued, found?).map(|stored| self.element(stored))
    }

    /// True if it is a member.
    #[inline]
    pub fn contains(&self, member: &[u8]) -> bool {
        self.find(self.sip.hash(member), member).1.is_some()
    }

    /// Inserts a member, or gives it another value and expiry. True if it is new.
    pub fn insert(&mut self, member: &[u8], value: &[u8], expire_at_ms: Option<i64>) -> bool {
        let hash = self.sip.hash(member);
        let (index, found) = self.find(hash, member);
        if let Some(number) = found {
            let new = New { member_length: member.len(), content: Content::Parts(member, value), expire_at_ms };
            let short = member.len() + value.len() <= INLINE_MAX;
            let valued = self.valued;
            let before = self.bucket(index).get(valued, number).map(|old| (old.expire_at_ms, old.place));
            let expired = before.is_some_and(|(at, _)| at.is_some());
            let here = before.is_some_and(|(_, place)| matches!(place, Place::Here(_)));
            if short && here && self.change(index, |bucket| bucket.overwrite(valued, number, &new)) {
                self.expiring = self.expiring + usize::from(expire_at_ms.is_some()) - usize::from(expired);
                return false;
            }
            self.take(index, number);
        }
        self.put(hash, index, member, value, expire_at_ms);
        if found.is_none() && self.used > self.bucket_count() * SPLIT_ABOVE {
            self.split_one();
        }
        found.is_none()
    }

    /// Gives a member another expiry, or none. False if there is no such member.
    pub fn set_expiry(&mut self, member: &[u8], expire_at_ms: Option<i64>) -> bool {
        let Some(element) = self.get(member) else { return false };
        let value = element.value.to_vec();
        self.insert(member, &value, expire_at_ms);
        true
    }

    /// Removes a member. True if it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        let (index, found) = self.find(self.sip.hash(member), member);
        let Some(number) = found else { return false };
        self.take(index, number);
        if self.bucket_count() > 1 && self.used < self.bucket_count() * MERGE_BELOW {
            self.merge_one();
        }
        true
    }

    /// Puts an element into its bucket, or elsewhere.
    fn put(&mut self, hash: u64, index: usize, member: &[u8], value: &[u8], expire_at_ms: Option<i64>) {
        let mut content = Content::Parts(member, value);
        if member.len() + value.len() > INLINE_MAX {
            let text = [member, value].concat().into_boxed_slice();
            self.bytes += block_size(text.len()) + LONG_OVERHEAD;
            self.long.insert(self.next_long, text);
            content = Content::Stored(Place::Elsewhere(self.next_long));
            self.next_long += 1;
        }
        let (valued, new) = (self.valued, New { member_length: member.len(), content, expire_at_ms });
        self.change(index, |bucket| {
            // Hashes that nobody knows do not crowd so many in one bucket.
            assert!(bucket.has_room(), "a bucket of 64 KiB");
            bucket.push(valued, tag_of(hash), &new);
        });
        self.len += 1;
        self.expiring += usize::from(expire_at_ms.is_some());
    }

    /// Takes an element out of its bucket.
    fn take(&mut self, index: usize, number: usize) {
        let valued = self.valued;
        let Some(stored) = self.bucket(index).get(valued, number) else { return };
        let (expires, place) = (stored.expire_at_ms.is_some(), stored.place);
        if let Place::Elsewhere(long) = place
            && let Some(text) = self.long.remove(&long)
        {
            self.bytes -= block_size(text.len()) + LONG_OVERHEAD;
        }
        self.change(index, |bucket| bucket.remove(valued, number));
        self.len -= 1;
        self.expiring -= usize::from(expires);
    }

    /// Splits the next bucket.
    fn split_one(&mut self) {
        let (from, to, bit) = (self.split, self.bucket_count(), 1u64 << (63 - self.level));
        if to.is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let last = self.chunks.len() - 1;
        grow_chunk(&mut self.chunks[last]);
        self.chunks[last].push(Bucket::default());
        self.split += 1;
        if self.split == 1 << self.level {
            self.level += 1;
            self.split = 0;
        }
        let whole = self.change(from, core::mem::take);
        for number in 0..whole.len() {
            let Some(stored) = whole.get(self.valued, number) else { continue };
            let hash = self.sip.hash(self.element(stored).member);
            let target = if hash & bit == 0 { from } else { to };
            self.copy(&stored, whole.tag(number), target);
        }
    }

    /// Merges the last bucket into the one that it was split from.
    fn merge_one(&mut self) {
        if self.split == 0 {
            self.level -= 1;
            self.split = 1 << self.level;
        }
        self.split -= 1;
        let (into, last) = (self.split, self.bucket_count());
        let gone = self.change(last, core::mem::take);
        self.chunks[last / CHUNK].pop();
        if last.is_multiple_of(CHUNK) {
            self.chunks.pop();
        }
        for number in 0..gone.len() {
            if let Some(stored) = gone.get(self.valued, number) {
                self.copy(&stored, gone.tag(number), into);
            }
        }
        // Elements that are gone no longer count for how full buckets get.
        if into == 0 {
            self.fullest = self.chunks.iter().flatten().map(Bucket::len).take(CHUNK).max().unwrap_or(0).max(1) * 4;
        }
    }

    /// Copies an element of a bucket that is no longer there into another.
    fn copy(&mut self, stored: &Stored<'_>, tag: u8, target: usize) {
        let Stored { member_length, place, expire_at_ms } = *stored;
        let new = New { member_length, content: Content::Stored(place), expire_at_ms };
        let valued = self.valued;
        self.change(target, |bucket| bucket.push(valued, tag, &new));
    }

    /// All elements, in an order that is spread evenly over all hashes.
    pub fn iter(&self) -> Iter<'_> {
        Iter { members: self, bucket: 0, number: 0 }
    }

    /// Visits elements from a cursor on, at least `count` unless the table ends,
    /// and whole buckets; returns the next cursor, 0 at the end.
    ///
    /// Every element that is in the table from a scan's first call to its last is
    /// visited at least once, and a scan comes to its end however the table
    /// changes: its position never goes back. A cursor that no scan gave out is
    /// taken as some position.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(Element<'_>)) -> u64 {
        let (mut position, mut seen, mut steps) = (cursor.reverse_bits(), 0, 0);
        loop {
            let index = self.index_of(position);
            let bucket = self.bucket(index);
            for stored in (0..bucket.len()).filter_map(|number| bucket.get(self.valued, number)) {
                visit(self.element(stored));
                seen += 1;
            }
            steps += 1;
            // Where the bucket's hashes end.
            let depth = self.depth(index);
            let width = 1u64.checked_shl(64 - depth).unwrap_or(0);
            let start = if width == 0 { 0 } else { position & !(width - 1) };
            match start.checked_add(width).filter(|&next| next != 0) {
                None => return 0,
                Some(next) => position = next,
            }
            if seen >= count || steps > count {
                return position.reverse_bits();
            }
        }
    }

    /// An element at random, each as likely as any other; `random` gives 64 bits
    /// a call.
    pub fn random(&self, mut random: impl FnMut() -> u64) -> Option<Element<'_>> {
        if self.len == 0 {
            return None;
        }
        let mut below = |bound: usize| ((u128::from(random()) * bound as u128) >> 64) as usize;
        for _ in 0..TRIES {
            let (bucket, number) = (self.bucket(below(self.bucket_count())), below(self.fullest));
            if let Some(stored) = bucket.get(self.valued, number).filter(|_| number < bucket.len()) {
                return Some(self.element(stored));
            }
        }
        // Of what is so sparse, any.
        self.iter().nth(below(self.len))
    }

    /// Writes an image of it.
    pub fn write(&self, tape: &mut Tape<'_>) {
        let SipKey { mut k0, mut k1 } = self.sip;
        let (mut level, mut split, mut fullest, mut next_long) = (self.level, self.split, self.fullest, self.next_long);
        // Nothing fails that is written.
        let _ = tape.each([&mut k0, &mut k1, &mut level, &mut split, &mut fullest, &mut next_long]);
        for bucket in self.chunks.iter().flatten() {
            let (bytes, mut capacity, mut count) = bucket.parts();
            let _ = tape.each([&mut capacity, &mut count]);
            tape.put_bytes(bytes);
        }
        let _ = self.long.len().image(tape);
        for (number, text) in &self.long {
            let _ = { *number }.image(tape);
            tape.put_bytes(text);
        }
    }

    /// Reads the image of one with or without values.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(tape: &mut Tape<'_>, valued: bool) -> Result<Members, Damaged> {
        let (mut k0, mut k1, mut level, mut split, mut fullest, mut next_long) =
            (0u64, 0u64, 0u32, 0usize, 0usize, 0u64);
        tape.each([&mut k0, &mut k1, &mut level, &mut split, &mut fullest, &mut next_long])?;
        if level > 40 || split >= 1 << level {
            return Err(Damaged);
        }
        let mut members = Members::new(SipKey { k0, k1 }, valued);
        (members.level, members.split, members.fullest, members.next_long) = (level, split, fullest, next_long);
        members.chunks = Vec::new();
        for index in 0..(1usize << level) + split {
            let (mut capacity, mut count) = (0usize, 0u16);
            tape.each([&mut capacity, &mut count])?;
            let bucket = Bucket::of_parts(valued, tape.get_bytes()?, capacity, count).ok_or(Damaged)?;
            if index.is_multiple_of(CHUNK) {
                members.chunks.push(Vec::new());
            }
            let chunk = members.chunks.last_mut().ok_or(Damaged)?;
            grow_chunk(chunk);
            members.used += bucket.used();
            members.bytes += bucket.footprint();
            members.len += bucket.len();
            let expires =
                |number: &usize| bucket.get(valued, *number).is_some_and(|stored| stored.expire_at_ms.is_some());
            members.expiring += (0..bucket.len()).filter(expires).count();
            chunk.push(bucket);
        }
        let mut long = 0usize;
        long.image(tape)?;
        for _ in 0..long {
            let mut number = 0u64;
            number.image(tape)?;
            let text = tape.get_bytes()?;
            members.bytes += block_size(text.len()) + LONG_OVERHEAD;
            members.long.insert(number, text.into());
        }
        Ok(members)
    }
}

/// Makes room for a bucket: a chunk that is not the first is whole from its
/// beginning.
fn grow_chunk(chunk: &mut Vec<Bucket>) {
    if chunk.len() == chunk.capacity() {
        chunk.reserve_exact(chunk.len().clamp(1, CHUNK));
    }
}

/// The bits of a hash by which a bucket is searched: none that chooses it, in
/// any table that fits in memory.
#[inline]
fn tag_of(hash: u64) -> u8 {
    hash as u8
}

/// The elements of a table.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    members: &'a Members,
    bucket: usize,
    number: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        while self.bucket < self.members.bucket_count() {
            let bucket = self.members.bucket(self.bucket);
            if self.number < bucket.len() {
                self.number += 1;
                return bucket.get(self.members.valued, self.number - 1).map(|stored| self.members.element(stored));
            }
            (self.bucket, self.number) = (self.bucket + 1, 0);
        }
        None
    }
}
