//! Insertion: leaves and nodes that are full are split on the way back.
//!
//! A leaf is split in the middle, but at the ends of the tree where it is: who
//! inserts in order leaves full leaves behind.

use super::ground::Ground;
use super::leaf::New;
use super::tree::{Child, Children, Inner, Node};
use alloc::sync::Arc;

/// Most bytes of a leaf.
pub(super) const LEAF_MAX: usize = 2048;
/// Most children of a node.
pub(super) const FAN_MAX: usize = 64;

/// Whether a node is on the edges of the tree.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    first: bool,
    last: bool,
}

impl Edge {
    /// Of the root.
    pub(super) const ROOT: Edge = Edge { first: true, last: true };

    fn of_child(self, at: usize, count: usize) -> Edge {
        Edge { first: self.first && at == 0, last: self.last && at + 1 == count }
    }
}

impl Inner {
    /// Inserts an element, which is none yet; returns its leaf, and what is to be
    /// put in the parent on the right of this node. Its record is up to the caller.
    pub(super) fn insert(&mut self, ground: &mut Ground, new: &New<'_>, edge: Edge) -> (u32, Option<Child>) {
        let at = self.child_of(new.score, new.member);
        let inside = edge.of_child(at, self.len());
        let (leaf, grown) = match &mut self.children {
            Children::Leaves(leaves) => insert_in_leaf(ground, &mut leaves[at], new, inside),
            Children::Inners(inners) => Arc::make_mut(&mut inners[at]).insert(ground, new, inside),
        };
        self.counts[at] += 1;
        (leaf, grown.and_then(|child| self.adopt(ground, at, child, edge)))
    }

    /// Puts in what was split off a child.
    #[cold]
    fn adopt(&mut self, ground: &mut Ground, at: usize, child: Child, edge: Edge) -> Option<Child> {
        self.counts[at] -= child.count;
        self.change(ground, |node| node.insert_child(at + 1, child));
        let count = self.len();
        if count <= FAN_MAX {
            return None;
        }
        let cut = if edge.last && at + 2 == count {
            count - 1
        } else if edge.first && at == 0 {
            1
        } else {
            count / 2
        };
        Some(self.split(ground, cut))
    }

    /// Splits off the children from one on.
    pub(super) fn split(&mut self, ground: &mut Ground, cut: usize) -> Child {
        let right = self.change(ground, |node| node.split_off(cut));
        if let Node::Inner(inner) = &right.node {
            ground.inner_bytes += inner.footprint();
        }
        right
    }
}

fn insert_in_leaf(ground: &mut Ground, slot: &mut u32, new: &New<'_>, edge: Edge) -> (u32, Option<Child>) {
    let old = *slot;
    let leaf = ground.leaf(old);
    let at = leaf.lower_bound(new.score, new.member);
    if leaf.weight() + new.weight() <= LEAF_MAX || leaf.is_empty() {
        ground.change(old, |leaf| leaf.insert(at, new));
        return (old, None);
    }
    if edge.last && at == leaf.len() {
        let added = ground.add_leaf(Some(new));
        return (added, Some(ground.child(old, added)));
    }
    if edge.first && at == 0 {
        let added = ground.add_leaf(Some(new));
        *slot = added;
        return (added, Some(ground.child(added, old)));
    }
    let added = ground.add_leaf(None);
    let cut = ground.leaf(old).middle();
    let tail = ground.change(old, |leaf| leaf.split_off(cut));
    let moved = tail.len();
    ground.change(added, |leaf| *leaf = tail);
    ground.rehome(added, 0..moved, old);
    let (into, at) = if at <= cut { (old, at) } else { (added, at - cut) };
    ground.change(into, |leaf| leaf.insert(at, new));
    (into, Some(ground.child(old, added)))
}
