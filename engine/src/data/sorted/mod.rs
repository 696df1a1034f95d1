//! What a large sorted set is made of: a counted B+tree by score whose leaves hold
//! the elements, and an index that tells by member which leaf.
//!
//! ```text
//! by score and member                        by member
//!
//!            +------------------+            +--------+--------+--------+-- ...
//!   root     | counts, bounds   |            | bucket | bucket | bucket |
//!            +--|-----|-----|---+            +---|----+--------+--------+-- ...
//!               v     v     v                    v
//!            +------+   +------+            | tag, leaf | tag, leaf | ...
//!   nodes    |      |...|      |                    |
//!            +-|--|-+   +-|--|-+                    |
//!              v  v       v  v                      |
//!   leaves   +----+----+----+----+-- ...            |
//!            | 0  | 1  | 2  | 3  |  by number <-----+
//!            +----+----+----+----+-- ...
//! ```
//!
//! An element stands once, in its leaf, without an allocation or a pointer of its
//! own unless its member is long. The index knows no members and no scores: a
//! record is 8 bytes, it is found by bits of the member's hash and leads to a
//! leaf, where 8 of these bits stand beside each member. So a score is found
//! without a descent, and a walk in the order of hashes, which the guarantee of
//! SCAN needs, finds its members although many may have the same score. In
//! return an element's record follows when it goes from leaf to leaf.
//!
//! Elements are ordered by score, then by the bytes of the member; -0.0 is as 0.0.
//! A score is never NaN. An operation splits, joins and moves a few leaves at most,
//! whatever the size.

mod chunked;
mod ground;
mod grow;
mod image;
mod index;
mod leaf;
mod shrink;
#[cfg(test)]
mod tests;
mod tree;
mod walk;

use crate::base::sip_hash::SipKey;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::{Bound, Range};
use ground::{Ground, Spot};
use grow::Edge;
use leaf::New;
use tree::{Children, Inner, Node};
pub use walk::Iter;

/// What became of an element that was inserted.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Inserted {
    /// It is a new one.
    New,
    /// It was there with another score.
    Moved {
        /// The score that it had.
        from: f64,
    },
    /// It was there with this score.
    Same,
}

/// Members with scores, in order.
#[derive(Clone, Debug)]
pub struct Sorted {
    root: Inner,
    ground: Ground,
}

impl Sorted {
    /// An empty set that hashes with `sip`.
    pub fn new(sip: SipKey) -> Sorted {
        let mut ground = Ground::new(sip);
        let root = Inner::of(Node::Leaf(ground.add_leaf(None)), 0);
        ground.inner_bytes = root.footprint();
        Sorted { root, ground }
    }

    /// A copy as [`Clone`] makes it, but one that shares nearly all that is large.
    pub fn share(&mut self) -> Sorted {
        Sorted { root: self.root.clone(), ground: self.ground.share() }
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.ground.index.len()
    }

    /// True if there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all that it has allocated, as the account has them: each
    /// allocation as large as its class.
    pub fn bytes(&self) -> usize {
        self.ground.bytes()
    }

    /// The score of a member.
    #[inline]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        let spot = self.ground.find(self.ground.tag(member), member)?;
        Some(self.ground.leaf(spot.leaf).score(spot.index))
    }

    /// Inserts a member, or gives it another score. A score that equals the one
    /// that it has is not stored: -0.0 does not replace 0.0.
    pub fn insert(&mut self, member: &[u8], score: f64) -> Inserted {
        let tag = self.ground.tag(member);
        let new = New { score, member, tag: tag as u8 };
        let Some(spot) = self.ground.find(tag, member) else {
            let leaf = self.place(&new);
            self.ground.index.insert(tag, leaf);
            return Inserted::New;
        };
        let from = self.ground.leaf(spot.leaf).score(spot.index);
        if from == score {
            return Inserted::Same;
        }
        if self.keeps_place(spot, member, from, score) {
            self.ground.set_score(spot, score);
        } else {
            self.root.remove(&mut self.ground, from, member, spot.index);
            let leaf = self.place(&new);
            self.ground.index.replace(tag, spot.leaf, leaf);
            self.settle();
        }
        Inserted::Moved { from }
    }

    /// True if an element with another score still belongs between those beside
    /// it in its leaf, or goes from an end of the leaf towards its middle.
    fn keeps_place(&self, spot: Spot, member: &[u8], from: f64, score: f64) -> bool {
        let (leaf, Spot { index, .. }) = (self.ground.leaf(spot.leaf), spot);
        let is_below = |index| {
            let (other, bound) = leaf.get(index);
            score < bound || score == bound && member < other
        };
        let above_left = if index == 0 { score > from } else { !is_below(index - 1) };
        let below_right = if index + 1 == leaf.len() { score < from } else { is_below(index + 1) };
        above_left && below_right
    }

    /// Puts an element in the tree; returns its leaf.
    fn place(&mut self, new: &New<'_>) -> u32 {
        let (leaf, split) = self.root.insert(&mut self.ground, new, Edge::ROOT);
        if let Some(child) = split {
            let left = core::mem::take(&mut self.root);
            let count = left.total();
            self.root = Inner::of(Node::Inner(left), count);
            self.root.insert_child(1, child);
            self.ground.inner_bytes += self.root.footprint();
        }
        leaf
    }

    /// Removes a member; returns its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let tag = self.ground.tag(member);
        let spot = self.ground.find(tag, member)?;
        let score = self.ground.leaf(spot.leaf).score(spot.index);
        self.ground.index.remove(tag, spot.leaf);
        self.root.remove(&mut self.ground, score, member, spot.index);
        self.settle();
        Some(score)
    }

    /// Ends an operation that has removed something: the root has two children at
    /// least if these are nodes, and leaves are numbered without gaps.
    fn settle(&mut self) {
        while self.root.len() == 1 {
            let bytes = self.root.footprint();
            let Children::Inners(inners) = &mut self.root.children else { break };
            let Some(only) = inners.pop() else { break };
            self.root = Arc::unwrap_or_clone(only);
            self.ground.inner_bytes -= bytes;
        }
        let mut freed = core::mem::take(&mut self.ground.freed);
        freed.sort_unstable_by(|one, other| other.cmp(one));
        for number in freed {
            self.release(number);
        }
    }

    /// Drops an empty leaf; the last one takes its number.
    fn release(&mut self, number: u32) {
        let Some(leaf) = self.ground.leaves.pop() else { return };
        let last = self.ground.leaves.len() as u32;
        if last == number {
            return;
        }
        let (member, score) = leaf.first().unwrap_or((&[], 0.0));
        self.root.renumber(score, member, number);
        let count = leaf.len();
        *self.ground.leaves.get_mut(number as usize) = leaf;
        self.ground.rehome(number, 0..count, last);
    }

    /// Number of elements before a member.
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        self.rank_and_score(member).map(|(rank, _)| rank)
    }

    /// Number of elements before a member, and its score.
    pub fn rank_and_score(&self, member: &[u8]) -> Option<(usize, f64)> {
        let Spot { leaf, index } = self.ground.find(self.ground.tag(member), member)?;
        let score = self.ground.leaf(leaf).score(index);
        Some((self.root.leaf_of(score, member).0 + index, score))
    }

    /// The element before which stand so many.
    pub fn at(&self, rank: usize) -> Option<(&[u8], f64)> {
        if rank >= self.len() {
            return None;
        }
        let (leaves, leaf, index) = self.root.locate(rank);
        Some(self.ground.leaf(leaves[leaf]).get(index))
    }

    /// Number of elements with a score below one.
    pub fn count_below(&self, score: f64) -> usize {
        self.root.rank_of(&self.ground, score, &[])
    }

    /// Number of elements with a score up to one, and with it.
    pub fn count_up_to(&self, score: f64) -> usize {
        if score == f64::INFINITY { self.len() } else { self.count_below(score.next_up()) }
    }

    /// The ranks of the elements with scores between two bounds; empty, but
    /// never out of order, if the bounds are.
    pub fn ranks_of_scores(&self, from: Bound<f64>, to: Bound<f64>) -> Range<usize> {
        let start = match from {
            Bound::Included(score) => self.count_below(score),
            Bound::Excluded(score) => self.count_up_to(score),
            Bound::Unbounded => 0,
        };
        let end = match to {
            Bound::Included(score) => self.count_up_to(score),
            Bound::Excluded(score) => self.count_below(score),
            Bound::Unbounded => self.len(),
        };
        start..end.max(start)
    }

    /// Number of elements with a member below one, where all scores are equal.
    pub fn count_below_member(&self, member: &[u8]) -> usize {
        self.first().map_or(0, |(_, score)| self.root.rank_of(&self.ground, score, member))
    }

    /// Number of elements with a member up to one, and with it, where all scores
    /// are equal.
    pub fn count_up_to_member(&self, member: &[u8]) -> usize {
        // Nothing is between a member and the same with a zero behind it.
        self.count_below_member(&[member, &[0]].concat())
    }

    /// The ranks of the elements with members between two bounds, where all scores
    /// are equal.
    pub fn ranks_of_members(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Range<usize> {
        let start = match from {
            Bound::Included(member) => self.count_below_member(member),
            Bound::Excluded(member) => self.count_up_to_member(member),
            Bound::Unbounded => 0,
        };
        let end = match to {
            Bound::Included(member) => self.count_up_to_member(member),
            Bound::Excluded(member) => self.count_below_member(member),
            Bound::Unbounded => self.len(),
        };
        start..end.max(start)
    }

    /// The element with the lowest score.
    pub fn first(&self) -> Option<(&[u8], f64)> {
        self.at(0)
    }

    /// The element with the highest score.
    pub fn last(&self) -> Option<(&[u8], f64)> {
        self.at(self.len().checked_sub(1)?)
    }

    /// Takes out the element with the lowest score.
    pub fn pop_first(&mut self) -> Option<(Vec<u8>, f64)> {
        let member = self.first()?.0.to_vec();
        let score = self.remove(&member)?;
        Some((member, score))
    }

    /// Takes out the element with the highest score.
    pub fn pop_last(&mut self) -> Option<(Vec<u8>, f64)> {
        let member = self.last()?.0.to_vec();
        let score = self.remove(&member)?;
        Some((member, score))
    }

    /// Removes the elements of some ranks, as many of them as there are, visiting
    /// each in order; returns how many they were.
    pub fn remove_ranks(&mut self, ranks: Range<usize>, mut visit: impl FnMut(&[u8], f64)) -> usize {
        let ranks = ranks.start.min(self.len())..ranks.end.min(self.len());
        if ranks.is_empty() {
            return 0;
        }
        for (member, score) in self.range(ranks.clone()) {
            visit(member, score);
        }
        if ranks.len() == self.len() {
            *self = Sorted::new(self.ground.sip());
            return ranks.len();
        }
        self.forget(ranks.clone());
        let count = ranks.len();
        self.root.remove_ranks(&mut self.ground, ranks);
        self.settle();
        count
    }

    /// Removes the records of the elements of some ranks.
    fn forget(&mut self, ranks: Range<usize>) {
        let mut rank = ranks.start;
        while rank < ranks.end {
            let (leaves, at, first) = self.root.locate(rank);
            let number = leaves[at];
            let leaf = self.ground.leaves.get(number as usize);
            let end = leaf.len().min(first + (ranks.end - rank));
            for index in first..end {
                self.ground.index.remove(self.ground.tag(leaf.member(index)), number);
            }
            rank += end - first;
        }
    }
}

const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Sorted>();
};
