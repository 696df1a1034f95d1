//! What the tree stands on: all leaves by number, and by member which leaf it is in.
//!
//! Leaves are numbered without gaps: when one is freed the last takes its number.
//! Whoever moves elements from leaf to leaf has their records follow at once,
//! see [`Ground::rehome`].

use super::chunked::Chunked;
use super::index::{Index, tag_of};
use super::leaf::{Leaf, New};
use super::tree::{Child, Node, separator};
use crate::base::sip_hash::SipKey;
use alloc::vec::Vec;
use core::ops::Range;

/// Leaves, the index by member, and the account.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    pub(super) leaves: Chunked<Leaf>,
    pub(super) index: Index,
    /// Bytes of what leaves have allocated.
    pub(super) leaf_bytes: usize,
    /// Bytes of what inner nodes have allocated.
    pub(super) inner_bytes: usize,
    /// Leaves that no node has any more, empty, until the operation ends.
    pub(super) freed: Vec<u32>,
    sip: SipKey,
}

/// Where an element stands; good until something changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub(super) leaf: u32,
    pub(super) index: usize,
}

impl Ground {
    /// No leaves.
    pub(super) fn new(sip: SipKey) -> Ground {
        Ground { leaves: Chunked::new(), index: Index::new(), leaf_bytes: 0, inner_bytes: 0, freed: Vec::new(), sip }
    }

    /// A copy that shares leaves and index.
    pub(super) fn share(&mut self) -> Ground {
        Ground { leaves: self.leaves.share(), index: self.index.share(), freed: Vec::new(), ..*self }
    }

    /// The key of the hash.
    pub(super) fn sip(&self) -> SipKey {
        self.sip
    }

    /// Bytes of all allocations, of inner nodes too.
    pub(super) fn bytes(&self) -> usize {
        self.leaves.bytes() + self.index.bytes() + self.leaf_bytes + self.inner_bytes
    }

    /// The part of a member's hash by which it is found.
    #[inline]
    pub(super) fn tag(&self, member: &[u8]) -> u32 {
        tag_of(self.sip.hash(member))
    }

    /// Where a member stands that has this tag.
    #[inline]
    pub(super) fn find(&self, tag: u32, member: &[u8]) -> Option<Spot> {
        self.index.leaves(tag).find_map(|leaf| {
            let index = self.leaf(leaf).find(tag as u8, member)?;
            Some(Spot { leaf, index })
        })
    }

    /// The leaf of a number.
    #[inline]
    pub(super) fn leaf(&self, leaf: u32) -> &Leaf {
        self.leaves.get(leaf as usize)
    }

    /// Has a leaf changed; the account follows.
    #[inline]
    pub(super) fn change<R>(&mut self, leaf: u32, change: impl FnOnce(&mut Leaf) -> R) -> R {
        let leaf = self.leaves.get_mut(leaf as usize);
        let before = leaf.footprint();
        let result = change(leaf);
        self.leaf_bytes = self.leaf_bytes - before + leaf.footprint();
        result
    }

    /// Gives an element another score where it stands.
    pub(super) fn set_score(&mut self, spot: Spot, score: f64) {
        self.leaves.get_mut(spot.leaf as usize).set_score(spot.index, score);
    }

    /// Adds a leaf of one element, or of none.
    pub(super) fn add_leaf(&mut self, new: Option<&New<'_>>) -> u32 {
        let number = self.leaves.len() as u32;
        self.leaves.push(Leaf::default());
        self.change(number, |leaf| {
            if let Some(new) = new {
                leaf.insert(0, new);
            }
        });
        number
    }

    /// Takes all elements out of a leaf.
    pub(super) fn take(&mut self, leaf: u32) -> Leaf {
        self.change(leaf, core::mem::take)
    }

    /// Has the records of some elements of a leaf follow from where they were.
    pub(super) fn rehome(&mut self, leaf: u32, elements: Range<usize>, from: u32) {
        let stored = self.leaves.get(leaf as usize);
        for element in elements {
            let tag = tag_of(self.sip.hash(stored.member(element)));
            self.index.replace(tag, from, leaf);
        }
    }

    /// A leaf as the neighbour of the one on its left.
    pub(super) fn child(&self, left: u32, right: u32) -> Child {
        let leaf = self.leaf(right);
        let (score, text) = match self.leaf(left).len().checked_sub(1) {
            Some(last) if !leaf.is_empty() => separator(self.leaf(left).get(last), leaf.get(0)),
            _ => (f64::NEG_INFINITY, Default::default()),
        };
        Child { count: leaf.len(), score, text, node: Node::Leaf(right) }
    }

    /// Frees all that hangs on a node that was taken out of the tree.
    pub(super) fn free(&mut self, node: Node) {
        match node {
            Node::Leaf(leaf) => {
                self.take(leaf);
                self.freed.push(leaf);
            }
            Node::Inner(mut inner) => {
                self.inner_bytes -= inner.footprint();
                while let Some(child) = inner.pop_child() {
                    self.free(child.node);
                }
            }
        }
    }
}
