//! A segment of a table: up to some thousand words, sorted by tag.
//!
//! ```text
//! word   63        48 47                              3   2   1   0
//!        +-----------+---------------------------------+---+---+---+
//!        |    tag    |        address of an entry      | I | M | V |
//!        +-----------+---------------------------------+---+---+---+
//!        V: the entry expires.   M: the mark of snapshots.   I: that of images.   0: empty
//! ```
//!
//! A word with tag `t` has its home at `t * homes / 65536` and stands there or
//! later, with no empty word between; words stand in the order of their tags
//! (ordered linear probing, Amble and Knuth 1974). So a search that fails stops
//! early, a segment is resized and merged without looking at a key, and
//! walking it by tag survives any of that. Words of the same tag stand in the
//! order of their hashes, so that where a word stands follows from what else
//! there is and from how many words there are, not from what came first.

use crate::data::slab::block_size;
use alloc::boxed::Box;
use alloc::vec;

/// Set in a word whose entry expires.
pub const VOLATILE: u64 = 1;
/// The bits of [`Marks`] in a word.
const MARKS: u64 = Marks::SNAPSHOT.0 | Marks::IMAGE.0;
const ADDRESS: u64 = 0x0000_FFFF_FFFF_FFF8;

/// Makes a word.
#[inline]
pub fn word(tag: u16, address: u64, flags: u64) -> u64 {
    debug_assert_eq!(address & !ADDRESS, 0);
    u64::from(tag) << 48 | address | flags
}

/// The tag of a word.
#[inline]
pub fn tag(word: u64) -> u16 {
    (word >> 48) as u16
}

/// The address in a word.
#[inline]
pub fn address(word: u64) -> u64 {
    word & ADDRESS
}

/// The marks of an entry, one for each kind of walk that goes over all entries
/// while they change: an entry whose mark differs from the keyspace's is still
/// owed to the walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks(u64);

impl Marks {
    /// The mark that a snapshot compares.
    pub const SNAPSHOT: Marks = Marks(2);
    /// The mark that an image compares.
    pub const IMAGE: Marks = Marks(4);

    /// The marks in a word.
    #[inline]
    pub fn of(word: u64) -> Marks {
        Marks(word & MARKS)
    }

    /// The marks as bits of a word.
    #[inline]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// True if one of the marks in `which` is another.
    #[inline]
    pub fn differ(self, other: Marks, which: Marks) -> bool {
        (self.0 ^ other.0) & which.0 != 0
    }

    /// These, but those in `which` as in `other`.
    #[inline]
    #[must_use]
    pub fn with(self, other: Marks, which: Marks) -> Marks {
        Marks(self.0 & !which.0 | other.0 & which.0)
    }

    /// These, but those in `which` the other way round.
    #[must_use]
    pub fn turned(self, which: Marks) -> Marks {
        Marks(self.0 ^ which.0)
    }
}

/// A word with other marks.
#[inline]
pub fn marked(word: u64, marks: Marks) -> u64 {
    word & !MARKS | marks.bits()
}

/// Words in the order of their tags.
pub struct Segment {
    words: Box<[u64]>,
    len: u32,
    /// Words with [`VOLATILE`].
    pub volatile: u32,
    /// No entry here expires before this, milliseconds since 1970.
    pub earliest_ms: i64,
}

impl Default for Segment {
    fn default() -> Self {
        Segment { words: Box::default(), len: 0, volatile: 0, earliest_ms: i64::MAX }
    }
}

impl Segment {
    /// Number of words in use.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// True if no word is in use.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All words, the empty ones too.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The word at an index.
    #[inline]
    pub fn get(&self, index: usize) -> u64 {
        self.words[index]
    }

    /// Bytes of the words' allocation.
    pub fn bytes(&self) -> usize {
        bytes(self.words.len())
    }

    /// Where words with a tag begin to be looked for.
    #[inline]
    pub fn home(&self, tag: u16) -> usize {
        home(tag, self.words.len())
    }

    /// The first index, from the tag's home on, that is empty or has at least
    /// this tag.
    #[inline]
    pub fn lower_bound(&self, wanted: u16) -> usize {
        let home = self.home(wanted);
        let from = self.words.get(home..).unwrap_or(&[]);
        home + from.iter().position(|&w| w == 0 || tag(w) >= wanted).unwrap_or(from.len())
    }

    /// The first word with this tag that `matches`, by index.
    #[inline]
    pub fn find(&self, wanted: u16, mut matches: impl FnMut(u64) -> bool) -> Option<usize> {
        let home = self.home(wanted);
        for (offset, &w) in self.words.get(home..)?.iter().enumerate() {
            if w == 0 || tag(w) > wanted {
                return None;
            }
            if tag(w) == wanted && matches(w) {
                return Some(home + offset);
            }
        }
        None
    }

    /// An empty segment with room for so many words.
    pub fn with_capacity(capacity: usize) -> Segment {
        Segment { words: vec![0; capacity].into_boxed_slice(), ..Segment::default() }
    }

    /// Inserts a word behind those of the same tag, but for those that belong
    /// `behind` it; returns its index.
    pub fn insert(&mut self, new: u64, mut behind: impl FnMut(u64) -> bool) -> usize {
        if (self.len as usize + 1) * 10 > self.words.len() * 9 {
            self.rebuild(capacity_for(self.len as usize + self.len as usize / 16 + 1));
        }
        loop {
            if let Some(index) = self.try_insert(new, &mut behind) {
                self.len += 1;
                self.volatile += (new & VOLATILE) as u32;
                return index;
            }
            self.rebuild(capacity_for(self.words.len() + 1));
        }
    }

    fn try_insert(&mut self, new: u64, behind: &mut impl FnMut(u64) -> bool) -> Option<usize> {
        let home = self.home(tag(new));
        let from = &self.words[home..];
        let follows = |&w: &u64| w == 0 || tag(w) > tag(new) || tag(w) == tag(new) && behind(w);
        let at = home + from.iter().position(follows)?;
        let empty = at + self.words[at..].iter().position(|&w| w == 0)?;
        self.words.copy_within(at..empty, at + 1);
        self.words[at] = new;
        Some(at)
    }

    /// Removes the word at an index and closes the gap.
    pub fn remove(&mut self, index: usize) -> u64 {
        let old = self.words[index];
        debug_assert_ne!(old, 0);
        let homes = self.words.len();
        let follow = &self.words[index + 1..];
        let stay = |(offset, w): (usize, &u64)| *w == 0 || home(tag(*w), homes) > index + offset;
        let count = follow.iter().enumerate().position(stay).unwrap_or(follow.len());
        self.words.copy_within(index + 1..index + 1 + count, index);
        self.words[index + count] = 0;
        self.len -= 1;
        self.volatile -= (old & VOLATILE) as u32;
        old
    }

    /// Shrinks the allocation if most of it is empty. Indices change.
    pub fn shrink(&mut self) {
        let len = self.len as usize;
        if self.words.len() > 8 && len * 2 < self.words.len() {
            self.rebuild(capacity_for(len + len / 8 + 1));
        }
    }

    /// Replaces a word by one with the same tag.
    #[inline]
    pub fn replace(&mut self, index: usize, new: u64) {
        let old = self.words[index];
        debug_assert_eq!(tag(old), tag(new));
        self.volatile = self.volatile + (new & VOLATILE) as u32 - (old & VOLATILE) as u32;
        self.words[index] = new;
    }

    /// Moves the words for which `moves` into a new segment.
    pub fn split(&mut self, mut moves: impl FnMut(u64) -> bool) -> Segment {
        let old = core::mem::take(self);
        let mut other = Segment::with_capacity(capacity_for(old.len as usize / 2 + 1));
        *self = Segment::with_capacity(capacity_for(old.len as usize / 2 + 1));
        for &w in old.words.iter().filter(|&&w| w != 0) {
            let target = if moves(w) { &mut other } else { &mut *self };
            target.insert(w, |_| false);
        }
        self.earliest_ms = old.earliest_ms;
        other.earliest_ms = old.earliest_ms;
        other
    }

    /// Takes in all words of another segment, whose hashes are larger.
    pub fn merge(&mut self, other: &Segment) {
        self.rebuild(capacity_for((self.len + other.len) as usize + 1));
        for &w in other.words.iter().filter(|&&w| w != 0) {
            self.insert(w, |_| false);
        }
        self.earliest_ms = self.earliest_ms.min(other.earliest_ms);
    }

    /// Lays the words out anew over `capacity` words, or more if they need it.
    fn rebuild(&mut self, capacity: usize) {
        let old = core::mem::take(&mut self.words);
        let mut capacity = capacity;
        'larger: loop {
            let mut words = vec![0; capacity].into_boxed_slice();
            let mut next = 0;
            for &w in old.iter().filter(|&&w| w != 0) {
                let at = home(tag(w), capacity).max(next);
                if at >= capacity {
                    capacity = capacity_for(capacity + 1);
                    continue 'larger;
                }
                words[at] = w;
                next = at + 1;
            }
            self.words = words;
            return;
        }
    }
}

/// The home of a tag among `capacity` words, of which the last few are kept
/// for words that were pushed on.
#[inline]
fn home(tag: u16, capacity: usize) -> usize {
    (tag as usize * (capacity - capacity / 32)) >> 16
}

/// The words of the smallest allocation in which `len` words fill at most nine
/// tenths.
fn capacity_for(len: usize) -> usize {
    bytes((len * 10).div_ceil(9)) / 8
}

fn bytes(words: usize) -> usize {
    if words == 0 { 0 } else { block_size(words * 8) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::hash::mix;
    use alloc::vec::Vec;

    fn check(segment: &Segment) {
        let mut last = 0;
        let mut count = 0;
        for (index, &w) in segment.words.iter().enumerate().filter(|&(_, &w)| w != 0) {
            assert!(tag(w) >= last);
            last = tag(w);
            let home = segment.home(tag(w));
            assert!(home <= index);
            assert!(segment.words[home..index].iter().all(|&between| between != 0));
            count += 1;
        }
        assert_eq!(count, segment.len());
    }

    #[test]
    fn stays_sorted_whatever_happens() {
        for tags in [4u64, 300, 65_536] {
            let mut segment = Segment::default();
            let mut model: Vec<u64> = Vec::new();
            for step in 1..4_000u64 {
                let random = mix(step ^ tags << 32);
                if random % 7 < 4 && model.len() < 900 {
                    let new = word((random >> 16) as u16 % tags.min(65_535) as u16, step * 8, random & VOLATILE);
                    let index = segment.insert(new, |_| false);
                    assert_eq!(segment.get(index), new);
                    model.push(new);
                } else if !model.is_empty() {
                    let gone = model.swap_remove((random >> 20) as usize % model.len());
                    let index = segment.find(tag(gone), |w| w == gone).expect("in the model");
                    assert_eq!(segment.remove(index), gone);
                    segment.shrink();
                }
                if step % 64 == 0 {
                    check(&segment);
                    for &w in &model {
                        assert!(segment.find(tag(w), |other| other == w).is_some());
                    }
                    let volatile = model.iter().filter(|&&w| w & VOLATILE != 0).count();
                    assert_eq!(segment.volatile as usize, volatile);
                }
            }
            let other = segment.split(|w| w & 8 != 0);
            check(&segment);
            check(&other);
            segment.merge(&other);
            check(&segment);
            assert_eq!(segment.len(), model.len());
        }
    }
}
