//! Lists: a listpack, or a chain of them.
//!
//! ```text
//! listpack   up to list-max-listpack-size
//! quicklist  chunk ── chunk ── chunk          a chunk knows how many elements it has
//!              │        │        │
//!            nodes    nodes    nodes          a node is a listpack, or one long element
//! ```
//!
//! A chunk has few nodes, so that nothing that is done to a list moves much, nor
//! copies much of one that is being saved; an index is found by looking at the
//! chunks and at the nodes of one. What becomes small enough is a listpack again.
//!
//! With a `list-compress-depth` that many nodes at each end are as they are, where
//! most of what happens to a list does; those between them are compressed. Whoever
//! looks into one expands it for himself, and whoever changes one leaves it
//! compressed again.

mod node;
mod packed;
#[cfg(test)]
mod tests;

pub use node::{Compressed, Contents, Node};
pub use packed::{ListRef, empty, insert, pop, remove_matching, replace, trim};

use crate::base::image::{Damaged, Image, Tape};
use crate::data::entry::Value;
use crate::data::listpack;
use crate::data::shared::Shared;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Nodes that a chunk has at most.
const CHUNK_MAX: usize = 16;
/// What the account counts for a node and for a chunk besides their own.
const NODE_BYTES: usize = size_of::<Node>();

/// How many elements, or bytes, a node has at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fill(pub i32);

/// A node that is limited by its number of elements is no longer than this.
const COUNTED_BYTES_MAX: usize = 8192;
/// What the limit in bytes counts for the encoding of an element.
const ELEMENT_OVERHEAD: usize = 8;

impl Fill {
    fn bytes_max(self) -> usize {
        match self.0 {
            0.. => COUNTED_BYTES_MAX,
            -1 => 4096,
            -2 => 8192,
            -3 => 16_384,
            -4 => 32_768,
            _ => 65_536,
        }
    }

    fn count_max(self) -> usize {
        if self.0 < 0 { usize::MAX } else { self.0.max(1) as usize }
    }

    /// True if a node of so many bytes and elements is too large.
    pub fn exceeded(self, bytes: usize, count: usize) -> bool {
        bytes > self.bytes_max() || count > self.count_max()
    }
}

/// Nodes that belong together.
#[derive(Clone, Debug, Default)]
struct Chunk {
    nodes: Shared<VecDeque<Node>>,
    len: usize,
}

/// A large list.
#[derive(Clone, Debug, Default)]
pub struct List {
    chunks: VecDeque<Chunk>,
    len: usize,
    nodes: usize,
    bytes: usize,
    /// Nodes at each end that are not compressed; 0 compresses none.
    depth: u32,
}

/// Where an element stands: chunk, node, and number in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    chunk: usize,
    node: usize,
    index: usize,
}

impl List {
    /// A list without elements, of which so many nodes at each end will not be
    /// compressed; 0 compresses none.
    pub fn new(depth: u32) -> List {
        List { depth, ..List::default() }
    }

    /// A list of one node, or of none, without room that the bytes happen to have.
    pub fn of_packed(mut bytes: Vec<u8>, depth: u32) -> List {
        bytes.shrink_to_fit();
        let mut list = List::new(depth);
        list.push_node(Node::Packed(bytes));
        list
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of all that it has allocated, as the account has them.
    pub fn bytes(&self) -> usize {
        self.bytes + self.nodes * NODE_BYTES + self.chunks.len() * size_of::<Chunk>()
    }

    /// The nodes, from the first to the last.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.chunks.iter().flat_map(|chunk| chunk.nodes.iter())
    }

    /// So many nodes from one on.
    pub fn nodes_from(&self, node: usize, count: usize) -> impl Iterator<Item = &Node> {
        let (mut chunk, mut before) = (0, 0);
        while let Some(part) = self.chunks.get(chunk).filter(|part| before + part.nodes.len() <= node) {
            before += part.nodes.len();
            chunk += 1;
        }
        self.chunks.range(chunk..).flat_map(|chunk| chunk.nodes.iter()).skip(node - before).take(count)
    }

    /// A copy that shares all nodes.
    pub fn share(&mut self) -> List {
        let share = |chunk: &mut Chunk| Chunk { nodes: chunk.nodes.share(), len: chunk.len };
        List { chunks: self.chunks.iter_mut().map(share).collect(), ..*self }
    }

    /// Number of nodes.
    pub fn node_count(&self) -> usize {
        self.nodes
    }

    /// Number of nodes that are compressed.
    #[cfg(test)]
    fn compressed_count(&self) -> usize {
        self.nodes().filter(|node| node.is_compressed()).count()
    }

    /// Bytes of all elements with their encoding, were none compressed.
    pub fn plain_len(&self) -> usize {
        self.nodes().map(Node::plain_len).sum()
    }

    /// Nodes at each end that are not compressed; 0 compresses none.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Adds a node at the end; an empty one is none.
    pub fn push_node(&mut self, node: Node) {
        if node.len() > 0 {
            let chunk = self.chunks.len().saturating_sub(1);
            let node_index = self.chunks.back().map_or(0, |chunk| chunk.nodes.len());
            self.insert_node(chunk, node_index, node);
        }
    }

    /// The bytes of the only node, if it is a listpack.
    fn only_packed(&self) -> Option<&Vec<u8>> {
        match self.chunks.front()?.nodes.front()? {
            Node::Packed(bytes) if self.nodes == 1 => Some(bytes),
            _ => None,
        }
    }

    fn locate(&self, index: usize) -> Option<Place> {
        if index >= self.len {
            return None;
        }
        let (mut chunk, mut before) = (0, 0);
        if index < self.len / 2 {
            while before + self.chunks[chunk].len <= index {
                before += self.chunks[chunk].len;
                chunk += 1;
            }
        } else {
            (chunk, before) = (self.chunks.len() - 1, self.len - self.chunks.back()?.len);
            while before > index {
                chunk -= 1;
                before -= self.chunks[chunk].len;
            }
        }
        let nodes = &self.chunks[chunk].nodes;
        let mut left = index - before;
        if left < self.chunks[chunk].len / 2 {
            for (node, length) in nodes.iter().map(Node::len).enumerate() {
                if left < length {
                    return Some(Place { chunk, node, index: left });
                }
                left -= length;
            }
            return None;
        }
        let mut from_end = self.chunks[chunk].len - left;
        for (node, length) in nodes.iter().map(Node::len).enumerate().rev() {
            if from_end <= length {
                return Some(Place { chunk, node, index: length - from_end });
            }
            from_end -= length;
        }
        None
    }

    /// Looks at an element.
    pub fn with<R>(&self, index: usize, look: impl FnOnce(Value<'_>) -> R) -> Option<R> {
        let place = self.locate(index)?;
        self.chunks[place.chunk].nodes[place.node].with(place.index, look)
    }

    /// Has a node changed, which is not compressed meanwhile; counts and the account
    /// follow, and an empty node goes.
    fn change<R>(&mut self, chunk: usize, node: usize, change: impl FnOnce(&mut Node) -> R) -> R {
        let inner = self.depth > 0 && self.is_inner(self.number_of(chunk, node));
        let part = &mut self.chunks[chunk];
        let target = &mut part.nodes.own()[node];
        let (len, bytes) = (target.len(), target.footprint());
        target.expand();
        let result = change(target);
        if inner {
            target.compress();
        }
        let (new_len, new_bytes) = (target.len(), target.footprint());
        part.len = part.len - len + new_len;
        self.len = self.len - len + new_len;
        self.bytes = self.bytes - bytes + new_bytes;
        if new_len == 0 {
            self.take_node(chunk, node);
        }
        result
    }

    fn take_node(&mut self, chunk: usize, node: usize) -> Option<Node> {
        let part = &mut self.chunks[chunk];
        let taken = part.nodes.own().remove(node)?;
        part.len -= taken.len();
        self.len -= taken.len();
        self.bytes -= taken.footprint();
        self.nodes -= 1;
        if part.nodes.is_empty() {
            self.chunks.remove(chunk);
        }
        Some(taken)
    }

    /// How many nodes come before a node.
    fn number_of(&self, chunk: usize, node: usize) -> usize {
        self.chunks.range(..chunk).map(|chunk| chunk.nodes.len()).sum::<usize>() + node
    }

    /// The chunk of the node before which so many come, and which of its nodes it is.
    fn place_of(&self, mut number: usize) -> Option<(usize, usize)> {
        for (index, chunk) in self.chunks.iter().enumerate() {
            if number < chunk.nodes.len() {
                return Some((index, number));
            }
            number -= chunk.nodes.len();
        }
        None
    }

    /// True if a node is one of those between the ends, which are compressed.
    fn is_inner(&self, number: usize) -> bool {
        let depth = self.depth as usize;
        number >= depth && self.nodes - 1 - number >= depth
    }

    /// Has a node compressed, or expanded; nothing happens to one that is so.
    fn repack(&mut self, number: usize, compressed: bool) {
        let Some((chunk, node)) = self.place_of(number) else { return };
        let part = &mut self.chunks[chunk];
        // Another may share the chunk: it is changed only if there is a reason.
        if part.nodes[node].is_compressed() != compressed {
            let target = &mut part.nodes.own()[node];
            let before = target.footprint();
            if compressed {
                target.compress()
            } else {
                target.expand()
            }
            self.bytes = self.bytes - before + target.footprint();
        }
    }

    /// Compresses what came to stand between the ends when a node was inserted.
    fn compress_around(&mut self, number: usize) {
        let depth = self.depth as usize;
        let (last, from_end) = (self.nodes - 1, self.nodes - 1 - number);
        if last / 2 < depth {
            return;
        }
        if self.is_inner(number) {
            self.repack(number, true);
        }
        if number < depth {
            self.repack(depth, true);
        }
        if from_end < depth {
            self.repack(last - depth, true);
        }
    }

    /// Expands what came to stand at the ends when nodes were removed, of which there
    /// were so many before: as many as are gone, at most, moved there.
    fn expand_ends(&mut self, nodes_before: usize) {
        let (depth, removed) = (self.depth as usize, nodes_before - self.nodes);
        if depth == 0 || nodes_before / 2 < depth {
            return;
        }
        for number in depth.saturating_sub(removed)..depth.min(self.nodes) {
            self.repack(number, false);
            self.repack(self.nodes - 1 - number, false);
        }
    }

    /// Puts a node before another of a chunk; a chunk that is full is halved.
    fn insert_node(&mut self, chunk: usize, node: usize, new: Node) {
        self.add_node(chunk, node, new);
        if self.depth > 0 {
            // Halving a chunk changes no numbers.
            self.compress_around(self.number_of(chunk, 0) + node);
        }
    }

    fn add_node(&mut self, chunk: usize, node: usize, new: Node) {
        if self.chunks.is_empty() {
            self.chunks.push_back(Chunk::default());
        }
        self.len += new.len();
        self.bytes += new.footprint();
        self.nodes += 1;
        let part = &mut self.chunks[chunk];
        part.len += new.len();
        part.nodes.own().insert(node, new);
        if part.nodes.len() <= CHUNK_MAX {
            return;
        }
        // What grows at an end leaves full chunks behind.
        let at = match node {
            0 => 1,
            node if node + 1 == part.nodes.len() => node,
            _ => CHUNK_MAX / 2,
        };
        let nodes = part.nodes.own().split_off(at);
        let len = nodes.iter().map(Node::len).sum();
        part.len -= len;
        self.chunks.insert(chunk + 1, Chunk { nodes: Shared::Own(nodes), len });
    }

    /// Adds an element at an end.
    pub fn push(&mut self, front: bool, value: &[u8], fill: Fill) {
        let chunk = if front { 0 } else { self.chunks.len().saturating_sub(1) };
        let nodes = self.chunks.get(chunk).map_or(0, |chunk| chunk.nodes.len());
        let node = if front { 0 } else { nodes.saturating_sub(1) };
        if self.has_room(chunk, node, value, fill) {
            let value = Value::encode(value);
            return self.change(chunk, node, |node| {
                let Node::Packed(bytes) = node else { return };
                if front { listpack::push_front(bytes, value) } else { listpack::push_back(bytes, value) }
            });
        }
        if nodes > 0 {
            self.change(chunk, node, Node::settle);
        }
        self.insert_node(chunk, if front { 0 } else { nodes }, Node::of(value, fill.bytes_max()));
    }

    fn has_room(&self, chunk: usize, node: usize, value: &[u8], fill: Fill) -> bool {
        self.chunks.get(chunk).and_then(|chunk| chunk.nodes.get(node)).is_some_and(|node| {
            node.is_listpack()
                && value.len() <= fill.bytes_max()
                && !fill.exceeded(node.plain_len() + value.len() + ELEMENT_OVERHEAD, node.len() + 1)
        })
    }

    /// Inserts an element before the one at an index.
    pub fn insert(&mut self, index: usize, value: &[u8], fill: Fill) {
        let Some(place) = self.locate(index) else { return self.push(index == 0, value, fill) };
        let Place { chunk, node, index } = place;
        if self.has_room(chunk, node, value, fill) {
            return self.change(chunk, node, |node| {
                let at = node.position(index);
                if let (Node::Packed(bytes), Some(at)) = (node, at) {
                    listpack::insert_before(bytes, at, Value::encode(value));
                }
            });
        }
        let mut after = node;
        if index > 0 {
            self.split(chunk, node, index);
            after = node + 1;
        }
        // Splitting a node may have halved the chunk.
        let chunk_len = self.chunks[chunk].nodes.len();
        let (chunk, after) = if after > chunk_len { (chunk + 1, after - chunk_len) } else { (chunk, after) };
        self.insert_node(chunk, after, Node::of(value, fill.bytes_max()));
    }

    /// Splits a node in two, before an element that is not its first.
    fn split(&mut self, chunk: usize, node: usize, index: usize) {
        let tail = self.change(chunk, node, |node| {
            let at = node.position(index);
            match (node, at) {
                (Node::Packed(bytes), Some(at)) => {
                    let tail = listpack::split_off(bytes, at);
                    bytes.shrink_to_fit();
                    Some(tail)
                }
                _ => None,
            }
        });
        if let Some(tail) = tail {
            self.insert_node(chunk, node + 1, Node::Packed(tail));
        }
    }

    /// Puts another element in the place of one.
    pub fn replace(&mut self, index: usize, value: &[u8], fill: Fill) {
        let Some(Place { chunk, node, index: at }) = self.locate(index) else { return };
        let target = &self.chunks[chunk].nodes[node];
        let fits =
            value.len() <= fill.bytes_max() && !fill.exceeded(target.plain_len() + value.len() + ELEMENT_OVERHEAD, 0);
        if fits && target.is_listpack() {
            return self.change(chunk, node, |node| {
                let position = node.position(at);
                if let (Node::Packed(bytes), Some(position)) = (node, position) {
                    listpack::replace(bytes, position, Value::encode(value));
                }
            });
        }
        self.insert(index, value, fill);
        self.remove(index + 1, 1);
    }

    /// Removes so many elements, or as many as there are, from an index on.
    pub fn remove(&mut self, index: usize, count: usize) {
        let (nodes, mut left) = (self.nodes, count);
        while left > 0
            && let Some(Place { chunk, node, index: at }) = self.locate(index)
        {
            let there = self.chunks[chunk].nodes[node].len() - at;
            let some = left.min(there);
            if at == 0 && some == there {
                self.take_node(chunk, node);
            } else {
                self.change(chunk, node, |node| {
                    let position = node.position(at);
                    if let (Node::Packed(bytes), Some(position)) = (node, position) {
                        listpack::remove_range(bytes, position, some);
                        if bytes.len() < bytes.capacity() / 2 {
                            bytes.shrink_to_fit();
                        }
                    }
                });
            }
            left -= some;
        }
        self.expand_ends(nodes);
    }

    /// Visits the elements from an index on, until `visit` returns false.
    pub fn walk(&self, from: usize, mut visit: impl FnMut(Value<'_>) -> bool) {
        let Some(Place { chunk, node, mut index }) = self.locate(from) else { return };
        let mut expanded = Vec::new();
        let mut skipped = node;
        for chunk in self.chunks.range(chunk..) {
            for node in chunk.nodes.iter().skip(core::mem::take(&mut skipped)) {
                if !node.contents(&mut expanded).walk(core::mem::take(&mut index), &mut visit) {
                    return;
                }
            }
        }
    }

    /// Visits all elements, from the last to the first, until `visit` returns false.
    pub fn walk_back(&self, mut visit: impl FnMut(Value<'_>) -> bool) {
        let mut expanded = Vec::new();
        for node in self.chunks.iter().rev().flat_map(|chunk| chunk.nodes.iter().rev()) {
            if !node.contents(&mut expanded).walk_back(&mut visit) {
                return;
            }
        }
    }

    /// Writes an image of it.
    pub fn write(&self, tape: &mut Tape<'_>) {
        // Nothing fails that is written.
        let (mut depth, mut chunks) = (self.depth, self.chunks.len());
        let _ = depth.image(tape).and_then(|()| chunks.image(tape));
        for chunk in &self.chunks {
            let _ = chunk.nodes.len().image(tape);
            for node in chunk.nodes.iter() {
                let (mut capacity, bytes) = match node {
                    Node::Packed(bytes) => (bytes.capacity(), &bytes[..]),
                    Node::Plain(bytes) => (PLAIN, &bytes[..]),
                    Node::Compressed(compressed) => (COMPRESSED, compressed.as_bytes()),
                };
                let _ = capacity.image(tape);
                tape.put_bytes(bytes);
            }
        }
    }

    /// Reads the image of one.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(tape: &mut Tape<'_>) -> Result<List, Damaged> {
        let mut list = List::default();
        let mut chunks = 0usize;
        list.depth.image(tape)?;
        chunks.image(tape)?;
        for _ in 0..chunks {
            let mut chunk = Chunk::default();
            let mut nodes = 0usize;
            nodes.image(tape)?;
            for _ in 0..nodes {
                let mut capacity = 0usize;
                capacity.image(tape)?;
                let node = read_node(capacity, tape.get_bytes()?).ok_or(Damaged)?;
                chunk.len += node.len();
                list.bytes += node.footprint();
                list.nodes += 1;
                chunk.nodes.own().push_back(node);
            }
            list.len += chunk.len;
            list.chunks.push_back(chunk);
        }
        Ok(list)
    }
}

/// What an image has instead of the capacity of a listpack.
const PLAIN: usize = 0;
const COMPRESSED: usize = 1;

fn read_node(capacity: usize, contents: &[u8]) -> Option<Node> {
    match capacity {
        PLAIN => return Some(Node::Plain(contents.into())),
        COMPRESSED => return Compressed::read(contents).map(Node::Compressed),
        _ => {}
    }
    listpack::validate(contents).filter(|&count| count > 0 && capacity >= contents.len())?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(capacity).ok()?;
    bytes.extend_from_slice(contents);
    Some(Node::Packed(bytes))
}
