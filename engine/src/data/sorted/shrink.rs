//! Removal: leaves and nodes that are nearly empty are joined with a neighbour,
//! or take a share of what it has.
//!
//! Leaves that walks have marked differently are not joined: a mark speaks for all
//! elements of its leaf.

use super::ground::Ground;
use super::grow::{FAN_MAX, LEAF_MAX};
use super::tree::{Children, Inner, Node};
use alloc::sync::Arc;
use core::ops::Range;

/// Bytes of a leaf below which it is joined.
pub(super) const LEAF_MIN: usize = LEAF_MAX / 4;
/// And up to which two become one.
const LEAF_JOIN: usize = LEAF_MAX * 3 / 4;
/// Children of a node below which it is joined.
pub(super) const FAN_MIN: usize = FAN_MAX / 4;
/// And up to which two become one.
const FAN_JOIN: usize = FAN_MAX * 3 / 4;

impl Inner {
    /// Removes an element that is there, and at which index of its leaf. Its record
    /// is up to the caller.
    pub(super) fn remove(&mut self, ground: &mut Ground, score: f64, member: &[u8], index: usize) {
        let at = self.child_of(score, member);
        match &mut self.children {
            Children::Inners(inners) => Arc::make_mut(&mut inners[at]).remove(ground, score, member, index),
            Children::Leaves(leaves) => ground.change(leaves[at], |leaf| {
                debug_assert_eq!(leaf.member(index), member);
                leaf.remove(index);
            }),
        }
        self.counts[at] -= 1;
        self.mend(ground, at);
    }

    /// Removes the elements of some ranks, one at least and not all. Their
    /// records are up to the caller.
    pub(super) fn remove_ranks(&mut self, ground: &mut Ground, ranks: Range<usize>) {
        let (first, start) = self.child_at(ranks.start);
        let (last, end) = self.child_at(ranks.end - 1);
        let (mut from, mut to) = (first, last + 1);
        if end + 1 < self.counts[last] {
            to = last;
            if first < last {
                self.remove_in(ground, last, 0..end + 1);
            }
        }
        if start > 0 || to == first {
            let stop = if first == last { end + 1 } else { self.counts[first] };
            self.remove_in(ground, first, start..stop);
            from = first + 1;
        }
        for at in (from..to).rev() {
            let child = self.change(ground, |node| node.remove_child(at));
            ground.free(child.node);
        }
        self.mend(ground, from);
        self.mend(ground, from.saturating_sub(1));
    }

    /// Removes some elements of a child, not all.
    fn remove_in(&mut self, ground: &mut Ground, at: usize, ranks: Range<usize>) {
        self.counts[at] -= ranks.len();
        match &mut self.children {
            Children::Leaves(leaves) => ground.change(leaves[at], |leaf| leaf.remove_range(ranks)),
            Children::Inners(inners) => Arc::make_mut(&mut inners[at]).remove_ranks(ground, ranks),
        }
    }

    /// Sees to a child that may have become too small.
    fn mend(&mut self, ground: &mut Ground, at: usize) {
        if at >= self.len() || self.len() == 1 {
            return;
        }
        match &self.children {
            Children::Leaves(leaves) => {
                let leaf = ground.leaf(leaves[at]);
                if leaf.weight() < LEAF_MIN {
                    self.mend_leaf(ground, at);
                }
            }
            Children::Inners(inners) if inners[at].len() < FAN_MIN => self.mend_inner(ground, at),
            Children::Inners(_) => {}
        }
    }

    #[cold]
    fn mend_leaf(&mut self, ground: &mut Ground, at: usize) {
        let Children::Leaves(leaves) = &self.children else { return };
        if ground.leaf(leaves[at]).is_empty() {
            let child = self.change(ground, |node| node.remove_child(at));
            return ground.free(child.node);
        }
        if leaves.len() > 1 {
            self.join_leaves(ground, at.saturating_sub(1));
        }
    }

    /// Joins a leaf with the next, or shares out what is in both.
    fn join_leaves(&mut self, ground: &mut Ground, left: usize) {
        let Children::Leaves(leaves) = &mut self.children else { return };
        let (one, other) = (leaves[left], leaves[left + 1]);
        let (one_weight, other_weight) = (ground.leaf(one).weight(), ground.leaf(other).weight());
        if one_weight + other_weight > LEAF_JOIN {
            share(ground, one, other);
            let child = ground.child(one, other);
            self.counts[left] = ground.leaf(one).len();
            self.counts[left + 1] = child.count;
            return self.change(ground, |node| node.set_separator(left + 1, (child.score, child.text)));
        }
        // The larger of both keeps its number: fewer records have to follow.
        let (kept, gone) = if other_weight <= one_weight { (one, other) } else { (other, one) };
        leaves[left] = kept;
        leaves[left + 1] = gone;
        let count = ground.leaf(one).len();
        let (mut joined, tail) = (ground.take(one), ground.take(other));
        joined.append(tail);
        let moved = if kept == one { count..joined.len() } else { 0..count };
        self.counts[left] = joined.len();
        ground.change(kept, |leaf| *leaf = joined);
        ground.rehome(kept, moved, gone);
        self.change(ground, |node| node.remove_child(left + 1));
        ground.freed.push(gone);
    }

    #[cold]
    fn mend_inner(&mut self, ground: &mut Ground, at: usize) {
        let mut at = at;
        while self.len() > 1 && self.inner(at).is_some_and(|inner| inner.len() < FAN_MIN) {
            at = at.saturating_sub(1);
            self.join_inners(ground, at);
        }
    }

    fn inner(&self, at: usize) -> Option<&Inner> {
        match &self.children {
            Children::Inners(inners) => inners.get(at).map(|inner| &**inner),
            Children::Leaves(_) => None,
        }
    }

    /// Joins a node with the next, and splits both anew if they are too many. What
    /// was too small and had no neighbour is seen to.
    fn join_inners(&mut self, ground: &mut Ground, left: usize) {
        let child = self.change(ground, |node| node.remove_child(left + 1));
        let (Node::Inner(right), Children::Inners(inners)) = (child.node, &mut self.children) else { return };
        let joined = Arc::make_mut(&mut inners[left]);
        let seam = joined.len();
        ground.inner_bytes -= right.footprint();
        joined.change(ground, |node| node.append(right, (child.score, child.text)));
        joined.mend(ground, seam);
        joined.mend(ground, seam.saturating_sub(1));
        let split = (joined.len() > FAN_JOIN).then(|| joined.split(ground, joined.len() / 2));
        self.counts[left] = joined.total();
        if let Some(child) = split {
            self.change(ground, |node| node.insert_child(left + 1, child));
        }
    }
}

/// Shares out the elements of a leaf and the next.
fn share(ground: &mut Ground, one: u32, other: u32) {
    let count = ground.leaf(one).len();
    let (mut head, tail) = (ground.take(one), ground.take(other));
    head.append(tail);
    let cut = head.middle();
    let tail = head.split_off(cut);
    ground.change(one, |leaf| *leaf = head);
    ground.change(other, |leaf| *leaf = tail);
    if cut > count {
        ground.rehome(one, count..cut, other);
    } else {
        ground.rehome(other, 0..count - cut, one);
    }
}
