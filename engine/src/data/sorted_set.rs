//! Sorted sets: two encodings of one thing.
//!
//! ```text
//! listpack  member, score, member, score: few short ones, in order, up to zset-max-listpack-entries
//! skiplist  any                                                                                     Sorted
//! ```
//!
//! No score of a key is -0: a listpack, and a file that is loaded into one, have
//! integers, which know one zero only.
//!
//! A set that is changed goes from the one to the other, never back. `skiplist` is
//! what the reference calls what is a tree here.

use crate::base::number::{DoubleText, format_double, parse_double};
use crate::base::random::Random;
use crate::data::collection::{Body, Collection};
use crate::data::entry::{Content, Value};
use crate::data::limits::{LISTPACK_BYTES_MAX, Rules};
use crate::data::listpack::{self, Listpack, Position};
use crate::data::shape::{Packing, Type};
use crate::data::sorted::{self, Inserted, Sorted};
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::{Bound, Range};

/// If more than one in so many is wanted, all are looked at.
const SAMPLE_FACTOR: usize = 3;
/// Integers beyond this are not packed as such; the reference's limit.
const INTEGER_MAX: f64 = (i64::MAX / 2) as f64;

/// A sorted set that is read.
#[derive(Clone, Copy, Debug)]
pub enum SortedRef<'a> {
    /// One pair behind the other.
    Listpack(Listpack<'a>),
    /// In a tree.
    Tree(&'a Sorted),
}

impl<'a> SortedRef<'a> {
    /// The sorted set that is a value; `None` if that is something else.
    #[inline]
    pub fn of(content: Content<'a>) -> Option<SortedRef<'a>> {
        match content {
            Content::Packed(Type::SortedSet, _, bytes) => Some(SortedRef::Listpack(Listpack::new(bytes))),
            Content::Large(Type::SortedSet, Collection::Sorted(sorted)) => Some(SortedRef::Tree(sorted)),
            _ => None,
        }
    }

    /// The sorted set in a body.
    pub fn of_body(body: &'a Body) -> SortedRef<'a> {
        match body {
            Body::Packed(_, bytes) => SortedRef::Listpack(Listpack::new(bytes)),
            Body::Large(collection) => SortedRef::Tree(collection.sorted()),
        }
    }

    /// Number of members.
    #[inline]
    pub fn len(self) -> usize {
        match self {
            SortedRef::Listpack(list) => list.len() / 2,
            SortedRef::Tree(sorted) => sorted.len(),
        }
    }

    /// True if there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The score of a member.
    #[inline]
    pub fn score(self, member: &[u8]) -> Option<f64> {
        match self {
            SortedRef::Listpack(list) => Some(score_behind(list, find(list, member)?)),
            SortedRef::Tree(sorted) => sorted.score(member),
        }
    }

    /// The score of what another set's iteration gave.
    pub fn score_of(self, member: Value<'_>) -> Option<f64> {
        match (self, member) {
            (SortedRef::Listpack(list), Value::Integer(_)) => {
                Some(score_behind(list, list.find(member, list.first()?, 1)?))
            }
            _ => self.score(member.bytes(&mut [0; 20])),
        }
    }

    /// Number of members before one, and its score.
    pub fn rank_and_score(self, member: &[u8]) -> Option<(usize, f64)> {
        match self {
            SortedRef::Listpack(list) => {
                let at = find(list, member)?;
                let rank = pairs(list).take_while(|pair| pair.0 != at).count();
                Some((rank, score_behind(list, at)))
            }
            SortedRef::Tree(sorted) => sorted.rank_and_score(member),
        }
    }

    /// The member before which stand so many, with its score.
    pub fn at(self, rank: usize) -> Option<(Value<'a>, f64)> {
        self.range(rank..rank.saturating_add(1)).next()
    }

    /// The members of some ranks with their scores, as many of them as there are.
    pub fn range(self, ranks: Range<usize>) -> SortedIter<'a> {
        match self {
            SortedRef::Tree(sorted) => SortedIter::Tree(sorted.range(ranks)),
            SortedRef::Listpack(list) => {
                let length = list.len() / 2;
                let (start, end) = (ranks.start.min(length), ranks.end.min(length));
                let place = |rank: usize| list.at(rank as i64 * 2);
                let front = if start < end { place(start) } else { None };
                let back = if start < end { place(end - 1) } else { None };
                SortedIter::Listpack { list, left: end.saturating_sub(start), front, back }
            }
        }
    }

    /// All members with their scores.
    pub fn iter(self) -> SortedIter<'a> {
        self.range(0..self.len())
    }

    /// The ranks of the members with scores between two bounds; empty, but never
    /// out of order, if the bounds are.
    pub fn ranks_of_scores(self, from: Bound<f64>, to: Bound<f64>) -> Range<usize> {
        match self {
            SortedRef::Tree(sorted) => sorted.ranks_of_scores(from, to),
            SortedRef::Listpack(list) => {
                let before = |score: &f64| match from {
                    Bound::Included(bound) => *score < bound,
                    Bound::Excluded(bound) => *score <= bound,
                    Bound::Unbounded => false,
                };
                let within = |score: &f64| match to {
                    Bound::Included(bound) => *score <= bound,
                    Bound::Excluded(bound) => *score < bound,
                    Bound::Unbounded => true,
                };
                let mut scores = pairs(list).map(|(_, at)| score_at(list, at)).peekable();
                let mut start = 0;
                while scores.next_if(before).is_some() {
                    start += 1;
                }
                start..start + scores.take_while(within).count()
            }
        }
    }

    /// The ranks of the members between two bounds, where all scores are equal.
    pub fn ranks_of_members(self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Range<usize> {
        match self {
            SortedRef::Tree(sorted) => sorted.ranks_of_members(from, to),
            SortedRef::Listpack(list) => {
                let before = |at: &Position| match from {
                    Bound::Included(bound) => compare(list, *at, bound) == Ordering::Less,
                    Bound::Excluded(bound) => compare(list, *at, bound) != Ordering::Greater,
                    Bound::Unbounded => false,
                };
                let within = |at: &Position| match to {
                    Bound::Included(bound) => compare(list, *at, bound) != Ordering::Greater,
                    Bound::Excluded(bound) => compare(list, *at, bound) == Ordering::Less,
                    Bound::Unbounded => true,
                };
                // Where scores differ this is all that the reference looks at first.
                let last = list.last().and_then(|score| list.previous(score));
                if last.as_ref().is_none_or(before) || !list.first().as_ref().is_some_and(within) {
                    return 0..0;
                }
                let mut members = pairs(list).map(|(at, _)| at).peekable();
                let mut start = 0;
                while members.next_if(before).is_some() {
                    start += 1;
                }
                start..start + members.take_while(within).count()
            }
        }
    }

    /// A member at random with its score, each as likely as any other.
    pub fn random(self, mut random: impl FnMut() -> u64) -> Option<(Value<'a>, f64)> {
        self.at(((u128::from(random()) * self.len() as u128) >> 64) as usize)
    }

    /// Different members with their scores, so many or all if there are not more;
    /// each choice of them is as likely as any other.
    pub fn sample(self, count: usize, random: &mut Random) -> Vec<(Value<'a>, f64)> {
        let length = self.len();
        if count.saturating_mul(SAMPLE_FACTOR) >= length {
            return random.select(self.iter(), length, count);
        }
        let (mut chosen, mut seen) = (Vec::new(), BTreeSet::new());
        while chosen.len() < count {
            let rank = random.below(length as u64) as usize;
            if seen.insert(rank) {
                chosen.extend(self.at(rank));
            }
        }
        chosen
    }
}

/// The members of a sorted set with their scores, in order, from both ends.
#[derive(Clone, Debug)]
pub enum SortedIter<'a> {
    /// Of a listpack.
    Listpack {
        /// What it goes over.
        list: Listpack<'a>,
        /// Pairs that are left.
        left: usize,
        /// The first member that is left.
        front: Option<Position>,
        /// The last one.
        back: Option<Position>,
    },
    /// Of a tree.
    Tree(sorted::Iter<'a>),
}

impl<'a> Iterator for SortedIter<'a> {
    type Item = (Value<'a>, f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            SortedIter::Tree(iter) => iter.next().map(|(member, score)| (Value::Bytes(member), score)),
            SortedIter::Listpack { list, left, front, .. } => {
                *left = left.checked_sub(1)?;
                let at = (*front)?;
                let score = list.next(at)?;
                *front = list.next(score);
                Some((list.get(at), score_at(*list, score)))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match self {
            SortedIter::Tree(iter) => iter.len(),
            SortedIter::Listpack { left, .. } => *left,
        };
        (left, Some(left))
    }
}

impl DoubleEndedIterator for SortedIter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            SortedIter::Tree(iter) => iter.next_back().map(|(member, score)| (Value::Bytes(member), score)),
            SortedIter::Listpack { list, left, back, .. } => {
                *left = left.checked_sub(1)?;
                let at = (*back)?;
                *back = list.previous(at).and_then(|score| list.previous(score));
                Some((list.get(at), score_behind(*list, at)))
            }
        }
    }
}

impl ExactSizeIterator for SortedIter<'_> {}

/// Where the members of a listpack stand, and their scores.
fn pairs(list: Listpack<'_>) -> impl Iterator<Item = (Position, Position)> {
    let mut member = list.first();
    core::iter::from_fn(move || {
        let at = member?;
        let score = list.next(at)?;
        member = list.next(score);
        Some((at, score))
    })
}

fn find(list: Listpack<'_>, member: &[u8]) -> Option<Position> {
    list.find(Value::encode(member), list.first()?, 1)
}

fn score_at(list: Listpack<'_>, at: Position) -> f64 {
    match list.get(at) {
        Value::Integer(number) => number as f64,
        Value::Bytes(text) => positive_zero(parse_double(text).unwrap_or(0.0)),
    }
}

/// The score, but for -0, of which 0 becomes.
pub fn positive_zero(score: f64) -> f64 {
    score + 0.0
}

fn score_behind(list: Listpack<'_>, member: Position) -> f64 {
    list.next(member).map_or(0.0, |at| score_at(list, at))
}

/// How a member that stands in a listpack compares with another.
fn compare(list: Listpack<'_>, at: Position, member: &[u8]) -> Ordering {
    list.get(at).bytes(&mut [0; 20]).cmp(member)
}

/// A score as it is packed: an integer if it is one that is not too large.
struct PackedScore {
    integer: Option<i64>,
    text: DoubleText,
}

impl PackedScore {
    fn of(score: f64) -> PackedScore {
        let integer = (-INTEGER_MAX..=INTEGER_MAX).contains(&score).then_some(score as i64);
        let integer = integer.filter(|integer| *integer as f64 == score);
        PackedScore { integer, text: format_double(score) }
    }

    fn value(&self) -> Value<'_> {
        self.integer.map_or(Value::Bytes(self.text.as_bytes()), Value::Integer)
    }
}

/// A sorted set without members.
pub fn empty() -> Body {
    Body::Packed(Packing::Listpack, listpack::empty())
}

impl Rules {
    /// A sorted set without members, for so many, of which the longest known has so
    /// many bytes.
    pub fn empty_sorted(&self, count: usize, length: usize) -> Body {
        let mut body = empty();
        if length > self.limits.sorted_listpack_value {
            self.spread_sorted(&mut body);
        }
        self.expect_members(&mut body, count);
        body
    }

    /// So many members are to be added: where they would make a small set a large
    /// one it becomes that at once.
    pub fn expect_members(&self, body: &mut Body, count: usize) {
        if count > self.limits.sorted_listpack_entries && matches!(body, Body::Packed(..)) {
            self.spread_sorted(body);
        }
    }

    /// Gives a member a score. The score is a number.
    pub fn set_score(&self, body: &mut Body, member: &[u8], score: f64) -> Inserted {
        let score = positive_zero(score);
        let bytes = match body {
            Body::Large(collection) => return collection.sorted_mut().insert(member, score),
            Body::Packed(_, bytes) => bytes,
        };
        let list = Listpack::new(bytes);
        if let Some(at) = find(list, member) {
            let from = score_behind(list, at);
            if from == score {
                return Inserted::Same;
            }
            listpack::remove_range(bytes, at, 2);
            insert_packed(bytes, member, score);
            return Inserted::Moved { from };
        }
        let limits = &self.limits;
        if list.len() / 2 < limits.sorted_listpack_entries
            && member.len() <= limits.sorted_listpack_value
            && bytes.len() + member.len() <= LISTPACK_BYTES_MAX
        {
            insert_packed(bytes, member, score);
            return Inserted::New;
        }
        self.spread_sorted(body);
        self.set_score(body, member, score)
    }

    /// Turns a sorted set into a large one.
    pub fn spread_sorted(&self, body: &mut Body) {
        let mut sorted = Sorted::new(self.sip);
        for (member, score) in SortedRef::of_body(body).iter() {
            sorted.insert(member.bytes(&mut [0; 20]), score);
        }
        *body = Body::Large(Box::new(Collection::Sorted(sorted)));
    }

    /// Packs a set that was put together as a large one, if it may be small.
    pub fn pack_sorted(&self, body: &mut Body) {
        let Body::Large(collection) = body else { return };
        let (sorted, limits) = (collection.sorted(), &self.limits);
        let fits = |(member, _): (&[u8], f64)| member.len() <= limits.sorted_listpack_value;
        if sorted.len() > limits.sorted_listpack_entries || !sorted.iter().all(fits) {
            return;
        }
        let mut bytes = listpack::empty();
        for (member, score) in sorted.iter() {
            listpack::push_back(&mut bytes, Value::encode(member));
            listpack::push_back(&mut bytes, PackedScore::of(score).value());
        }
        *body = Body::Packed(Packing::Listpack, bytes);
    }
}

/// Puts a member that is not there in its place.
fn insert_packed(bytes: &mut Vec<u8>, member: &[u8], score: f64) {
    let list = Listpack::new(bytes);
    let is_behind = |&(at, score_at_): &(Position, Position)| {
        let other = score_at(list, score_at_);
        other > score || other == score && compare(list, at, member) == Ordering::Greater
    };
    let place = pairs(list).find(is_behind).map(|(at, _)| at);
    let packed = PackedScore::of(score);
    match place {
        Some(at) => {
            listpack::insert_before(bytes, at, packed.value());
            listpack::insert_before(bytes, at, Value::encode(member));
        }
        None => {
            listpack::push_back(bytes, Value::encode(member));
            listpack::push_back(bytes, packed.value());
        }
    }
}

/// Removes a member; returns its score.
pub fn remove(body: &mut Body, member: &[u8]) -> Option<f64> {
    match body {
        Body::Large(collection) => collection.sorted_mut().remove(member),
        Body::Packed(_, bytes) => {
            let list = Listpack::new(bytes);
            let at = find(list, member)?;
            let score = score_behind(list, at);
            listpack::remove_range(bytes, at, 2);
            listpack::recount(bytes);
            Some(score)
        }
    }
}

/// Removes the members of some ranks, as many of them as there are, visiting each
/// in order; returns how many they were.
pub fn remove_ranks(body: &mut Body, ranks: Range<usize>, mut visit: impl FnMut(&[u8], f64)) -> usize {
    match body {
        Body::Large(collection) => collection.sorted_mut().remove_ranks(ranks, visit),
        Body::Packed(_, bytes) => {
            let gone = SortedRef::Listpack(Listpack::new(bytes)).range(ranks.clone());
            let count = gone.len();
            gone.for_each(|(member, score)| visit(member.bytes(&mut [0; 20]), score));
            if let Some(at) = Listpack::new(bytes).at(ranks.start as i64 * 2).filter(|_| count > 0) {
                listpack::remove_range(bytes, at, count * 2);
                listpack::recount(bytes);
            }
            count
        }
    }
}
