//! Inner nodes of the tree: of each child its number of elements and a lower
//! bound of what is in it.
//!
//! ```text
//! counts      +-----+-----+-----+-- ...     elements below each child
//! scores      |  -  |  s1 |  s2 |           separators, with the texts: what is in child i
//! texts       |  -  |  t1 |  t2 |           is at or above (s_i, t_i), what is in child i-1 is
//! children    |  o  |  o  |  o  |           below. Those of child 0 mean nothing.
//!             +-----+-----+-----+-- ...
//! ```
//!
//! A text is empty where the score alone separates, else the shortest prefix of a
//! member that does. Children are numbers of leaves, or nodes, which a copy may
//! share: who changes one that is shared copies that node alone. There are no
//! pointers upwards, and all paths are equally long.

use super::ground::Ground;
use super::grow::FAN_MAX;
use crate::data::shared::copy_of;
use crate::data::slab::{block_size, vector_bytes};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What children hold that stand in one node.
#[derive(Debug)]
pub(super) enum Children {
    Leaves(Vec<u32>),
    Inners(Vec<Arc<Inner>>),
}

/// A child that is in no node.
#[derive(Debug)]
pub(super) enum Node {
    Leaf(u32),
    Inner(Inner),
}

/// A child with what its parent keeps of it.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) count: usize,
    pub(super) score: f64,
    pub(super) text: Box<[u8]>,
    pub(super) node: Node,
}

/// An inner node.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) counts: Vec<usize>,
    pub(super) scores: Vec<f64>,
    pub(super) texts: Vec<Box<[u8]>>,
    pub(super) children: Children,
}

impl Default for Inner {
    /// A node without children, to stand where one is taken; allocates nothing.
    fn default() -> Self {
        let children = Children::Leaves(Vec::new());
        Inner { counts: Vec::new(), scores: Vec::new(), texts: Vec::new(), children }
    }
}

impl Clone for Inner {
    /// One with as much room, so that the account is the same. What is below its
    /// children is shared.
    fn clone(&self) -> Self {
        Inner {
            counts: copy_of(&self.counts),
            scores: copy_of(&self.scores),
            texts: copy_of(&self.texts),
            children: match &self.children {
                Children::Leaves(leaves) => Children::Leaves(copy_of(leaves)),
                Children::Inners(inners) => Children::Inners(copy_of(inners)),
            },
        }
    }
}

/// Bytes of the allocation in which a node stands that is a child.
const SHARED_BYTES: usize = block_size(size_of::<Inner>() + 2 * size_of::<usize>());

/// Children by which a node's room grows.
const STEP: usize = 8;

impl Inner {
    /// A node of one child, whose separator means nothing.
    pub(super) fn of(node: Node, count: usize) -> Inner {
        let mut inner = Inner::default();
        if let Node::Inner(_) = node {
            inner.children = Children::Inners(Vec::new());
        }
        inner.insert_child(0, Child { count, score: 0.0, text: Box::default(), node });
        inner
    }

    /// More room than any node has.
    pub(super) const ROOM_MAX: usize = 4 * FAN_MAX;

    /// A node without children, of leaves or of nodes, with room in each column.
    pub(super) fn with_rooms(leaves: bool, [counts, scores, texts, children]: [usize; 4]) -> Inner {
        Inner {
            counts: Vec::with_capacity(counts),
            scores: Vec::with_capacity(scores),
            texts: Vec::with_capacity(texts),
            children: if leaves {
                Children::Leaves(Vec::with_capacity(children))
            } else {
                Children::Inners(Vec::with_capacity(children))
            },
        }
    }

    /// The room in each column.
    pub(super) fn rooms(&self) -> [usize; 4] {
        let children = match &self.children {
            Children::Leaves(leaves) => leaves.capacity(),
            Children::Inners(inners) => inners.capacity(),
        };
        [self.counts.capacity(), self.scores.capacity(), self.texts.capacity(), children]
    }

    /// Number of children.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Number of elements below it.
    pub(super) fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Bytes of its own allocations.
    pub(super) fn footprint(&self) -> usize {
        let children = match &self.children {
            Children::Leaves(leaves) => vector_bytes(leaves),
            Children::Inners(inners) => vector_bytes(inners) + inners.len() * SHARED_BYTES,
        };
        let texts = self.texts.iter().filter(|text| !text.is_empty()).map(|text| block_size(text.len())).sum::<usize>();
        vector_bytes(&self.counts) + vector_bytes(&self.scores) + vector_bytes(&self.texts) + children + texts
    }

    /// Has the node changed; the account follows.
    pub(super) fn change<R>(&mut self, ground: &mut Ground, change: impl FnOnce(&mut Inner) -> R) -> R {
        ground.inner_bytes -= self.footprint();
        let result = change(self);
        ground.inner_bytes += self.footprint();
        result
    }

    /// The child in which an element of this score and member belongs.
    #[inline]
    pub(super) fn child_of(&self, score: f64, member: &[u8]) -> usize {
        let separators = &self.scores[1..];
        let below = separators.iter().filter(|separator| **separator < score).count();
        if separators.get(below) != Some(&score) {
            return below;
        }
        let equal = separators[below..].partition_point(|separator| *separator == score);
        below + self.texts[1 + below..1 + below + equal].partition_point(|text| &text[..] <= member)
    }

    /// The child in which the element of a rank is, and the rank in it.
    #[inline]
    pub(super) fn child_at(&self, rank: usize) -> (usize, usize) {
        let mut rest = rank;
        for (at, &count) in self.counts.iter().enumerate() {
            if rest < count {
                return (at, rest);
            }
            rest -= count;
        }
        (self.len() - 1, rest + self.counts.last().copied().unwrap_or(0))
    }

    /// The number of elements in all leaves before the one in which an element of
    /// this score and member belongs, and that leaf.
    #[inline]
    pub(super) fn leaf_of(&self, score: f64, member: &[u8]) -> (usize, u32) {
        let (mut node, mut rank) = (self, 0);
        loop {
            let at = node.child_of(score, member);
            rank += node.counts[..at].iter().sum::<usize>();
            match &node.children {
                Children::Inners(inners) => node = &inners[at],
                Children::Leaves(leaves) => return (rank, leaves[at]),
            }
        }
    }

    /// The number of elements below one of this score and member.
    #[inline]
    pub(super) fn rank_of(&self, ground: &Ground, score: f64, member: &[u8]) -> usize {
        let (rank, leaf) = self.leaf_of(score, member);
        rank + ground.leaf(leaf).lower_bound(score, member)
    }

    /// Of the element of a rank: the leaves of the node above its leaf, its leaf
    /// among them, and its index there.
    #[inline]
    pub(super) fn locate(&self, rank: usize) -> (&[u32], usize, usize) {
        let (mut node, mut rest) = (self, rank);
        loop {
            let (at, within) = node.child_at(rest);
            match &node.children {
                Children::Inners(inners) => (node, rest) = (&inners[at], within),
                Children::Leaves(leaves) => return (leaves, at, within),
            }
        }
    }

    /// Gives the leaf in which an element of this score and member belongs
    /// another number.
    pub(super) fn renumber(&mut self, score: f64, member: &[u8], number: u32) {
        let mut node = self;
        loop {
            let at = node.child_of(score, member);
            match &mut node.children {
                Children::Inners(inners) => node = Arc::make_mut(&mut inners[at]),
                Children::Leaves(leaves) => {
                    leaves[at] = number;
                    return;
                }
            }
        }
    }

    /// Puts in a child, of the same kind as the others.
    pub(super) fn insert_child(&mut self, at: usize, child: Child) {
        insert(&mut self.counts, at, child.count);
        insert(&mut self.scores, at, child.score);
        insert(&mut self.texts, at, child.text);
        match (&mut self.children, child.node) {
            (Children::Leaves(leaves), Node::Leaf(leaf)) => insert(leaves, at, leaf),
            (Children::Inners(inners), Node::Inner(inner)) => insert(inners, at, Arc::new(inner)),
            _ => unreachable!("all paths are equally long"),
        }
    }

    /// Takes out a child.
    pub(super) fn remove_child(&mut self, at: usize) -> Child {
        let child = Child {
            count: self.counts.remove(at),
            score: self.scores.remove(at),
            text: self.texts.remove(at),
            node: match &mut self.children {
                Children::Leaves(leaves) => Node::Leaf(leaves.remove(at)),
                Children::Inners(inners) => Node::Inner(Arc::unwrap_or_clone(inners.remove(at))),
            },
        };
        if self.len() + 2 * STEP <= self.counts.capacity() {
            self.trim();
        }
        child
    }

    /// Takes out the last child.
    pub(super) fn pop_child(&mut self) -> Option<Child> {
        let last = self.len().checked_sub(1)?;
        Some(self.remove_child(last))
    }

    /// Sets what separates a child from the one before.
    pub(super) fn set_separator(&mut self, at: usize, (score, text): (f64, Box<[u8]>)) {
        self.scores[at] = score;
        self.texts[at] = text;
    }

    /// Takes out the children from one on, as a child of the parent.
    pub(super) fn split_off(&mut self, at: usize) -> Child {
        let mut right = Inner {
            counts: self.counts.split_off(at),
            scores: self.scores.split_off(at),
            texts: self.texts.split_off(at),
            children: match &mut self.children {
                Children::Leaves(leaves) => Children::Leaves(leaves.split_off(at)),
                Children::Inners(inners) => Children::Inners(inners.split_off(at)),
            },
        };
        self.trim();
        right.trim();
        let text = right.texts.first_mut().map(core::mem::take).unwrap_or_default();
        Child { count: right.total(), score: right.scores[0], text, node: Node::Inner(right) }
    }

    /// Adds the children of the node on the right, from which a separator
    /// separated it.
    pub(super) fn append(&mut self, mut right: Inner, separator: (f64, Box<[u8]>)) {
        right.set_separator(0, separator);
        append(&mut self.counts, &mut right.counts);
        append(&mut self.scores, &mut right.scores);
        append(&mut self.texts, &mut right.texts);
        match (&mut self.children, &mut right.children) {
            (Children::Leaves(leaves), Children::Leaves(others)) => append(leaves, others),
            (Children::Inners(inners), Children::Inners(others)) => append(inners, others),
            _ => unreachable!("all paths are equally long"),
        }
    }

    fn trim(&mut self) {
        self.counts.shrink_to_fit();
        self.scores.shrink_to_fit();
        self.texts.shrink_to_fit();
        match &mut self.children {
            Children::Leaves(leaves) => leaves.shrink_to_fit(),
            Children::Inners(inners) => inners.shrink_to_fit(),
        }
    }
}

fn insert<T>(vector: &mut Vec<T>, at: usize, item: T) {
    if vector.len() == vector.capacity() {
        vector.reserve_exact(if vector.is_empty() { 1 } else { STEP });
    }
    vector.insert(at, item);
}

fn append<T>(vector: &mut Vec<T>, others: &mut Vec<T>) {
    vector.reserve_exact(others.len());
    vector.append(others);
}

/// What separates two elements that follow each other: at most the second, above
/// the first.
pub(super) fn separator(left: (&[u8], f64), right: (&[u8], f64)) -> (f64, Box<[u8]>) {
    if left.1 < right.1 {
        return (right.1, Box::default());
    }
    let common = left.0.iter().zip(right.0).take_while(|(one, other)| one == other).count();
    (right.1, right.0[..right.0.len().min(common + 1)].into())
}
