//! Nodes that lie one behind the other in one buffer.
//!
//! ```text
//! +------+------+------ ... ------+
//! | node | node |                 |   up to some 64 KiB, unless a node is larger
//! +------+------+------ ... ------+
//! ```
//!
//! A node of its own allocation would waste what its size class is larger than
//! it: with entries of some twenty bytes, a fifth.

use super::StreamId;
use super::node::Node;
use crate::data::entry::Value;
use crate::data::listpack::{self, Position};
use crate::data::shared::Part;
use crate::data::slab::block_size;
use alloc::vec::Vec;
use core::ops::Range;

/// Bytes beyond which no further node is begun in a chunk.
const CHUNK_BYTES: usize = 64 << 10;

/// Where a node is in its chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Span {
    pub(super) id: StreamId,
    pub(super) start: u32,
    pub(super) length: u32,
}

impl Span {
    fn place(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.length as usize
    }
}

/// Some nodes, one at least.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) nodes: Vec<Span>,
}

impl Clone for Chunk {
    /// With as much room.
    fn clone(&self) -> Chunk {
        let mut bytes = Vec::with_capacity(self.bytes.capacity());
        bytes.extend_from_slice(&self.bytes);
        Chunk { bytes, nodes: self.nodes.clone() }
    }
}

impl Part for Chunk {
    fn copy(&self) -> Chunk {
        self.clone()
    }
}

impl Chunk {
    /// Bytes of its allocations, as the account has them.
    pub(super) fn footprint(&self) -> usize {
        size_of::<Chunk>() + block_size(self.bytes.capacity()) + self.nodes.len() * size_of::<Span>()
    }

    /// The id of its first node.
    pub(super) fn first_id(&self) -> StreamId {
        self.nodes.first().map_or(StreamId::MAX, |span| span.id)
    }

    /// The bytes of a node.
    pub(super) fn node_bytes(&self, node: usize) -> Option<&[u8]> {
        self.bytes.get(self.nodes.get(node)?.place())
    }

    /// A node.
    pub(super) fn node(&self, node: usize) -> Option<Node<'_>> {
        Node::open(self.nodes.get(node)?.id, self.node_bytes(node)?)
    }

    /// True if a further node of so many bytes belongs in it.
    pub(super) fn takes(&self, bytes: usize) -> bool {
        let last = self.nodes.last().map_or(0, |span| span.length as usize);
        self.bytes.len() + bytes.max(last) <= CHUNK_BYTES
    }

    /// Adds a node, of these bytes.
    pub(super) fn push_node(&mut self, id: StreamId, bytes: &[u8]) {
        let (start, length) = (self.bytes.len() as u32, bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
        self.nodes.push(Span { id, start, length });
    }

    /// Adds elements to the last node.
    pub(super) fn append<'a>(&mut self, values: impl Iterator<Item = Value<'a>> + Clone) {
        let Some(span) = self.nodes.last_mut() else { return };
        listpack::append(&mut self.bytes, span.start as usize, values);
        span.length = self.bytes.len() as u32 - span.start;
    }

    /// Puts an integer in the place of an element of a node.
    pub(super) fn replace(&mut self, node: usize, position: Position, number: i64) {
        let Some(span) = self.nodes.get_mut(node) else { return };
        let before = span.length;
        let place = listpack::replace_in(&mut self.bytes, span.place(), position, Value::Integer(number));
        span.length = place.len() as u32;
        let after = span.length;
        if after != before {
            for span in &mut self.nodes[node + 1..] {
                span.start = span.start - before + after;
            }
        }
    }

    /// Removes nodes.
    pub(super) fn remove(&mut self, nodes: Range<usize>) {
        let gone: u32 = self.nodes[nodes.clone()].iter().map(|span| span.length).sum();
        let start = self.nodes.get(nodes.start).map_or(0, |span| span.start);
        self.bytes.drain(start as usize..(start + gone) as usize);
        self.nodes.drain(nodes.clone());
        for span in &mut self.nodes[nodes.start..] {
            span.start -= gone;
        }
        if self.bytes.len() < self.bytes.capacity() / 2 {
            self.settle();
        }
    }

    /// Gives back what it will not grow into.
    pub(super) fn settle(&mut self) {
        self.bytes.shrink_to_fit();
    }
}
