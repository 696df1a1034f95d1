//! The keyspace's hash table: linear hashing over segments.
//!
//! The top bits of a key's hash choose a segment, its low 16 bits (the tag)
//! order the words in it. One insertion splits at most one segment, so growth
//! touches a bounded number of words whatever the size, and a segment's own
//! allocation follows its length in steps of an eighth to a quarter, so memory
//! a key is the same at every size.
//!
//! ```text
//! level 2, split 1                 a segment covers an interval of hashes:
//! segments  0   1   2   3   4      0: 000..   4: 001..   2: 01..
//! depth     3   2   2   2   3      1: 10..    3: 11..
//! ```
//!
//! A segment's index, its bits reversed, is the prefix of its hashes (Litwin
//! 1980, addressed from the top bit). Order by (prefix, tag) does not depend on
//! the size of the table: [`Table::scan`] goes by it, and so do snapshots.
#![allow(unsafe_code)]

use crate::base::sip_hash::SipKey;
use crate::data::entry::{Entry, EntryRef, prefetch};
use crate::data::hash::Hash;
use crate::data::held::Held;
use crate::data::segment::{Marks, Segment, VOLATILE, address, marked, tag, word};
use crate::data::slab::block_size;
use alloc::vec;
use alloc::vec::Vec;

/// Average length of a segment above which one is split.
const SEGMENT_TARGET: usize = 768;
/// Segments in one chunk of the directory.
const CHUNK: usize = 256;
/// More words than a segment ever has.
const CAPACITY_MAX: usize = 1 << 20;
/// How many words ahead a walk asks for entries.
const WALK_AHEAD: usize = 8;
const _: () = assert!(size_of::<Segment>() == 40 || size_of::<Segment>() == 32);

/// Where an entry stands; good until the table changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    segment: u32,
    index: u32,
}

/// What a table is like besides its entries.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Layout {
    /// Bits of the hash that all segments' prefixes have.
    pub level: u32,
    /// Segments that were split beyond that.
    pub split: usize,
    /// See [`Table::touched`].
    pub touched: u64,
    /// Of each segment its words, the empty ones too, and before when none of its
    /// entries expires.
    pub segments: Vec<(usize, i64)>,
}

/// Entries by key. Their memory belongs to one [`Slab`], which is given to
/// what frees.
pub struct Table {
    chunks: Vec<Vec<Segment>>,
    level: u32,
    split: usize,
    len: usize,
    volatile: usize,
    bytes: usize,
    sip: SipKey,
    /// Words touched by splits, merges and rebuilds: what tests bound.
    touched: u64,
}

impl Table {
    /// An empty table that hashes with `sip`.
    pub fn new(sip: SipKey) -> Table {
        let chunks = vec![vec![Segment::default()]];
        Table { chunks, level: 0, split: 0, len: 0, volatile: 0, bytes: 0, sip, touched: 0 }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of entries that expire.
    pub fn volatile(&self) -> usize {
        self.volatile
    }

    /// Number of segments.
    pub fn segment_count(&self) -> usize {
        (1 << self.level) + self.split
    }

    /// Words that were moved so far by growth and shrinking.
    pub fn touched(&self) -> u64 {
        self.touched
    }

    /// Bytes of segments and directory.
    pub fn bytes(&self) -> usize {
        let directory: usize = self.chunks.len() * block_size(CHUNK.min(self.segment_count()) * size_of::<Segment>());
        self.bytes + directory
    }

    /// The hash of a key.
    #[inline]
    pub fn hash(&self, key: &[u8]) -> Hash {
        Hash(self.sip.hash(key))
    }

    #[inline]
    fn index_of(&self, hash: u64) -> usize {
        let reversed = hash.reverse_bits() as usize;
        let index = reversed & ((1 << self.level) - 1);
        if index < self.split { reversed & ((2 << self.level) - 1) } else { index }
    }

    /// Bits of the hash that the segment's prefix has.
    fn depth(&self, index: usize) -> u32 {
        if index < self.split || index >= 1 << self.level { self.level + 1 } else { self.level }
    }

    #[inline]
    fn segment(&self, index: usize) -> &Segment {
        &self.chunks[index / CHUNK][index % CHUNK]
    }

    #[inline]
    fn segment_mut(&mut self, index: usize) -> &mut Segment {
        &mut self.chunks[index / CHUNK][index % CHUNK]
    }

    #[inline]
    fn entry_of(word: u64) -> Entry {
        // SAFETY: words in a table hold addresses of live entries: `insert` and
        // `replace` put them there, `remove` takes them out before they die.
        unsafe { Entry::from_address(address(word)) }
    }

    /// Finds a key.
    #[inline]
    pub fn find(&self, hash: Hash, key: &[u8]) -> Option<Place> {
        let segment = self.index_of(hash.0);
        let index = self.segment(segment).find(hash.tag(), |w| Self::entry_of(w).key() == key)?;
        Some(Place { segment: segment as u32, index: index as u32 })
    }

    /// Asks the processor for the words where a hash is looked for.
    #[inline]
    pub fn prefetch_words(&self, hash: Hash) {
        let segment = self.segment(self.index_of(hash.0));
        if let Some(home) = segment.words().get(segment.home(hash.tag())) {
            prefetch(core::ptr::from_ref(home).cast());
        }
    }

    /// Asks the processor for the entry that a hash most likely leads to.
    #[inline]
    pub fn prefetch_entry(&self, hash: Hash) {
        let segment = self.segment(self.index_of(hash.0));
        if let Some(index) = segment.find(hash.tag(), |_| true) {
            Self::entry_of(segment.get(index)).prefetch();
        }
    }

    /// The entry at a place.
    #[inline]
    pub fn get(&self, place: Place) -> EntryRef<'_> {
        EntryRef::new(self.entry(place))
    }

    /// The entry at a place, whose collection is to be shared.
    pub(crate) fn hold(&mut self, place: Place) -> Held<'_> {
        Held::new(self.entry(place))
    }

    /// The entry at a place, to be changed where it is.
    #[inline]
    pub(crate) fn entry(&self, place: Place) -> Entry {
        Self::entry_of(self.segment(place.segment as usize).get(place.index as usize))
    }

    /// The marks at a place.
    pub fn marks(&self, place: Place) -> Marks {
        Marks::of(self.segment(place.segment as usize).get(place.index as usize))
    }

    /// Sets the marks at a place.
    pub fn set_marks(&mut self, place: Place, marks: Marks) {
        let segment = self.segment_mut(place.segment as usize);
        let old = segment.get(place.index as usize);
        segment.replace(place.index as usize, marked(old, marks));
    }

    /// Inserts an entry whose key is not in the table.
    pub(crate) fn insert(&mut self, hash: Hash, entry: Entry, marks: Marks) -> Place {
        if self.len >= self.segment_count() * SEGMENT_TARGET {
            self.split_one();
        }
        self.put(hash, entry, marks)
    }

    /// As [`Table::insert`], but the table does not grow by a segment.
    pub(crate) fn put(&mut self, hash: Hash, entry: Entry, marks: Marks) -> Place {
        let expire_at_ms = entry.expire_at_ms();
        let flags = if expire_at_ms.is_some() { VOLATILE } else { 0 } | marks.bits();
        let (at, sip) = (self.index_of(hash.0), self.sip);
        let segment = self.segment_mut(at);
        let before = segment.bytes();
        let index = segment.insert(word(hash.tag(), entry.address(), flags), |w| {
            let other = Self::entry_of(w).key();
            (sip.hash(other), other) > (hash.0, entry.key())
        });
        segment.earliest_ms = segment.earliest_ms.min(expire_at_ms.unwrap_or(i64::MAX));
        let after = segment.bytes();
        let moved = if before == after { 0 } else { segment.len() };
        self.touched += moved as u64;
        self.bytes = self.bytes - before + after;
        self.len += 1;
        self.volatile += usize::from(expire_at_ms.is_some());
        Place { segment: at as u32, index: index as u32 }
    }

    /// Puts another entry of the same key at a place; the old one is the
    /// caller's to free.
    #[inline]
    pub(crate) fn replace(&mut self, place: Place, entry: Entry) -> Entry {
        let expire_at_ms = entry.expire_at_ms();
        let segment = self.segment_mut(place.segment as usize);
        let old = segment.get(place.index as usize);
        let flags = if expire_at_ms.is_some() { VOLATILE } else { 0 } | Marks::of(old).bits();
        segment.replace(place.index as usize, word(tag(old), entry.address(), flags));
        segment.earliest_ms = segment.earliest_ms.min(expire_at_ms.unwrap_or(i64::MAX));
        self.volatile = self.volatile + (flags & VOLATILE) as usize - (old & VOLATILE) as usize;
        Self::entry_of(old)
    }

    /// Tells the table that the entry at a place, which expires already, now
    /// expires at another time.
    pub fn expiry_changed(&mut self, place: Place) {
        let expire_at_ms = self.entry(place).expire_at_ms().unwrap_or(i64::MAX);
        let segment = self.segment_mut(place.segment as usize);
        segment.earliest_ms = segment.earliest_ms.min(expire_at_ms);
    }

    /// Takes out the entry at a place; it is the caller's to free.
    pub(crate) fn remove(&mut self, place: Place) -> Entry {
        let entry = self.remove_in_sweep(place);
        self.after_removals(place.segment as usize);
        entry
    }

    /// As [`Table::remove`], but places in the same segment stay good: those
    /// behind it move down by one, at most. [`Table::after_removals`] follows.
    fn remove_in_sweep(&mut self, place: Place) -> Entry {
        let word = self.segment_mut(place.segment as usize).remove(place.index as usize);
        self.len -= 1;
        self.volatile -= (word & VOLATILE) as usize;
        Self::entry_of(word)
    }

    fn after_removals(&mut self, at: usize) {
        let segment = self.segment_mut(at);
        let before = segment.bytes();
        segment.shrink();
        let after = segment.bytes();
        self.bytes = self.bytes - before + after;
        let count = self.segment_count();
        if count > 1 && self.len < (count - 1) * SEGMENT_TARGET / 3 {
            self.merge_one();
        }
    }

    #[cold]
    fn split_one(&mut self) {
        let (at, depth, sip) = (self.split, self.level, self.sip);
        let segment = self.segment_mut(at);
        let before = segment.bytes();
        for &w in segment.words() {
            if w != 0 {
                Self::entry_of(w).prefetch();
            }
        }
        let moved = segment.len() as u64;
        let other = segment.split(|w| Hash(sip.hash(Self::entry_of(w).key())).side(depth));
        let after = segment.bytes() + other.bytes();
        self.bytes = self.bytes - before + after;
        self.touched += moved;
        let new = self.segment_count();
        if new / CHUNK == self.chunks.len() {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        self.chunks[new / CHUNK].push(other);
        self.split += 1;
        if self.split == 1 << self.level {
            self.level += 1;
            self.split = 0;
        }
    }

    #[cold]
    fn merge_one(&mut self) {
        if self.split == 0 {
            self.level -= 1;
            self.split = 1 << self.level;
        }
        self.split -= 1;
        let last = self.split + (1 << self.level);
        let Some(other) = self.chunks[last / CHUNK].pop() else { return };
        if self.chunks[last / CHUNK].is_empty() {
            self.chunks.pop();
        }
        let at = self.split;
        let segment = self.segment_mut(at);
        let before = segment.bytes() + other.bytes();
        segment.merge(&other);
        let after = segment.bytes();
        let moved = segment.len() as u64;
        self.bytes = self.bytes - before + after;
        self.touched += moved;
    }

    /// Visits entries from a cursor on, at least `count` unless the table ends;
    /// returns the next cursor, 0 at the end.
    ///
    /// Every entry that is in the table from a scan's first call to its last is
    /// visited at least once, and a scan comes to its end however the table
    /// changes: its position never goes back. A cursor that no scan gave out is
    /// taken as some position.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(EntryRef<'_>)) -> u64 {
        let mut position = Position::decode(cursor);
        let mut seen = 0;
        let mut steps = 0;
        loop {
            let index = self.index_of(position.prefix);
            let depth = self.depth(index).max(position.depth);
            // The segment was merged since: only a part of it is next.
            let partly = depth > self.depth(index);
            let part = |hash: u64| hash.checked_shr(64 - depth);
            let next = |w: u64| !partly || part(self.hash(Self::entry_of(w).key()).0) == part(position.prefix);
            let segment = self.segment(index);
            let from = segment.lower_bound(position.tag).min(segment.words().len());
            let mut last = None;
            for &w in segment.words()[from..].iter().filter(|&&w| w != 0 && next(w)) {
                if seen >= count && last != Some(tag(w)) {
                    return Position { prefix: position.prefix, depth, tag: tag(w) }.encode();
                }
                visit(EntryRef::new(Self::entry_of(w)));
                last = Some(tag(w));
                seen += 1;
            }
            steps += 1;
            let Some(prefix) = next_prefix(position.prefix, depth) else { return 0 };
            position = Position { prefix, depth: u64::BITS - prefix.trailing_zeros(), tag: 0 };
            if seen >= count || steps > count {
                return position.encode();
            }
        }
    }

    /// Bits of the hash that the prefixes of all segments have at least.
    pub fn depth_min(&self) -> u32 {
        self.level
    }

    /// Visits the entries of the segment in which a hash falls whose marks in
    /// `which` are not those in `marks`, and gives them to them, until `visit`
    /// returns false. `None` if it did before the segment's end: the same call
    /// goes on where it stopped.
    /// Else the first hash behind the segment, `None` after the last one. A walk
    /// from 0 by these hashes visits every entry once, however the table grows.
    pub fn walk(
        &mut self,
        hash: u64,
        marks: Marks,
        which: Marks,
        mut visit: impl FnMut(Held<'_>) -> bool,
    ) -> Option<Option<u64>> {
        let index = self.index_of(hash);
        let next = next_prefix(hash, self.depth(index));
        let segment = self.segment_mut(index);
        for at in 0..segment.words().len() {
            if let Some(&ahead) = segment.words().get(at + WALK_AHEAD).filter(|&&w| w != 0) {
                Self::entry_of(ahead).prefetch();
            }
            let w = segment.get(at);
            let before = Marks::of(w);
            if w == 0 || !before.differ(marks, which) {
                continue;
            }
            segment.replace(at, marked(w, before.with(marks, which)));
            if !visit(Held::new(Self::entry_of(w))) {
                return None;
            }
        }
        Some(next)
    }

    /// A place at random, all about equally likely; `random` gives 64 bits a
    /// call. `volatile_only`: one that expires, or `None` if a few tries found
    /// none.
    pub fn random_place(&self, mut random: impl FnMut() -> u64, volatile_only: bool) -> Option<Place> {
        let total = if volatile_only { self.volatile } else { self.len };
        if total == 0 {
            return None;
        }
        let mut at = self.index_of(random());
        for _ in 0..self.segment_count() {
            let segment = self.segment(at);
            let candidates = if volatile_only { segment.volatile as usize } else { segment.len() };
            if candidates > 0 {
                return Some(Self::pick(segment, at, random, volatile_only));
            }
            at = (at + 1) % self.segment_count();
        }
        None
    }

    /// A place in a segment that has a candidate.
    fn pick(segment: &Segment, at: usize, mut random: impl FnMut() -> u64, volatile_only: bool) -> Place {
        let words = segment.words();
        let fits = |w: u64| w != 0 && (!volatile_only || w & VOLATILE != 0);
        let below = |random: u64| ((u128::from(random) * words.len() as u128) >> 64) as usize;
        let mut index = below(random());
        for _ in 0..16 {
            if fits(words[index]) {
                break;
            }
            index = below(random());
        }
        while !fits(words[index]) {
            index = (index + 1) % words.len();
        }
        Place { segment: at as u32, index: index as u32 }
    }

    /// The first segment from `from` on, at most `limit` further, in which an
    /// entry may expire by `now_ms`; and where to go on looking, 0 at the end.
    pub fn find_due(&self, from: usize, limit: usize, now_ms: i64) -> (Option<usize>, usize) {
        let count = self.segment_count();
        let end = count.min(from.saturating_add(limit));
        let next = |at: usize| if at >= count { 0 } else { at };
        for at in from..end {
            if self.segment(at).earliest_ms <= now_ms {
                return (Some(at), next(at + 1));
            }
        }
        (None, next(end))
    }

    /// Takes the entries of a segment that expire by `now_ms` out of the table,
    /// at most `limit`, and hands each with its marks to `expired`, which frees
    /// it. True if none is left.
    pub(crate) fn take_due(
        &mut self,
        at: usize,
        now_ms: i64,
        limit: usize,
        mut expired: impl FnMut(Entry, Marks),
    ) -> bool {
        let mut earliest = i64::MAX;
        let mut index = 0;
        let mut taken = 0;
        let mut all = true;
        while let Some(&w) = self.segment(at).words().get(index) {
            if w & VOLATILE == 0 {
                index += 1;
                continue;
            }
            let expire_at_ms = Self::entry_of(w).expire_at_ms().unwrap_or(i64::MAX);
            if expire_at_ms > now_ms {
                earliest = earliest.min(expire_at_ms);
                index += 1;
            } else if taken < limit {
                let entry = self.remove_in_sweep(Place { segment: at as u32, index: index as u32 });
                expired(entry, Marks::of(w));
                taken += 1;
            } else {
                all = false;
                break;
            }
        }
        if all {
            self.segment_mut(at).earliest_ms = earliest;
        }
        if taken > 0 {
            self.after_removals(at);
        }
        all
    }

    /// The table's layout.
    pub fn layout(&self) -> Layout {
        let segments = self.chunks.iter().flatten();
        Layout {
            level: self.level,
            split: self.split,
            touched: self.touched,
            segments: segments.map(|segment| (segment.words().len(), segment.earliest_ms)).collect(),
        }
    }

    /// A table without entries of such a layout. If [`Table::put`] gives it just
    /// the entries of the table that the layout is of, it is that table. `None` if
    /// no table has such a layout.
    pub fn of_layout(sip: SipKey, layout: &Layout) -> Option<Table> {
        let Layout { level, split, touched, ref segments } = *layout;
        let fits = level < usize::BITS && split < 1 << level && segments.len() == (1 << level) + split;
        if !fits || segments.iter().any(|&(capacity, _)| capacity > CAPACITY_MAX) {
            return None;
        }
        let mut table = Table { level, split, touched, chunks: Vec::new(), ..Table::new(sip) };
        for chunk in segments.chunks(CHUNK) {
            let segment = |&(capacity, earliest_ms): &(usize, i64)| {
                let mut segment = Segment::with_capacity(capacity);
                segment.earliest_ms = earliest_ms;
                segment
            };
            let mut segments = Vec::with_capacity(CHUNK);
            segments.extend(chunk.iter().map(segment));
            table.chunks.push(segments);
        }
        table.bytes = table.chunks.iter().flatten().map(Segment::bytes).sum();
        Some(table)
    }

    /// Frees what entries own outside of their slab, which is dropped next, and
    /// empties the table.
    pub(crate) fn free_owned(&mut self) {
        for segment in self.chunks.drain(..).flatten() {
            for &w in segment.words().iter().filter(|&&w| w != 0) {
                Self::entry_of(w).free_owned();
            }
        }
        *self = Table::new(self.sip);
    }
}

/// A position in the order by (prefix, tag): every hash below the prefix was
/// visited, and of those that share its `depth` bits every one of a lower tag.
///
/// A cursor tells it as the index of a segment of that prefix with a bit above
/// it that tells the depth, and the tag from bit 33 on. At most 49 bits, so that
/// a client's double holds it.
struct Position {
    prefix: u64,
    depth: u32,
    tag: u16,
}

const INDEX_BITS: u32 = 33;

impl Position {
    fn encode(&self) -> u64 {
        let depth = self.depth.min(INDEX_BITS - 1);
        let index = self.prefix.reverse_bits() & ((1 << depth) - 1);
        index | 1 << depth | u64::from(self.tag) << INDEX_BITS
    }

    fn decode(cursor: u64) -> Position {
        let index = cursor & ((1 << INDEX_BITS) - 1);
        if index == 0 {
            return Position { prefix: 0, depth: 0, tag: 0 };
        }
        let depth = index.ilog2();
        let prefix = (index & !(1 << depth)).reverse_bits();
        Position { prefix, depth, tag: (cursor >> INDEX_BITS) as u16 }
    }
}

/// The first hash behind the segment of `depth` bits in which `hash` falls.
fn next_prefix(hash: u64, depth: u32) -> Option<u64> {
    if depth == 0 {
        return None;
    }
    let width = 1u64 << (64 - depth);
    (hash & !(width - 1)).checked_add(width)
}

#[cfg(test)]
mod tests;
