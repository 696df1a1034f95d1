//! Streams: entries by id, and groups of consumers that read them.
//!
//! ```text
//! stream   chunk ── chunk ── chunk            a chunk is one buffer of nodes
//!            │        │        │
//!          nodes    nodes    nodes            a node is a listpack of entries
//!
//!          group ── group                     by name: what is pending, by id,
//!                                             and whose it is
//! ```
//!
//! A chunk, and a node in it, is found by bisection, an entry by walking over its
//! node. Entries come at the end only; where they leave, they are marked, and a
//! node goes with its last, unless trimming by id leaves it: the reference does
//! so, too. A stream without entries is still one.

mod chunk;
mod group;
mod id;
mod image;
mod iter;
mod load;
mod node;
mod ordered;
mod progress;
#[cfg(test)]
mod tests;
mod trim;

pub use group::{Consumer, ConsumerNumber, Group, Pending};
pub use id::{ID_TEXT_SIZE, Sequence, StreamId, WrittenId};
pub use iter::{Range, RangeBack};
pub use load::{GroupLoad, PartFault};
pub use node::{Entry, Fields, entries_of};
pub use ordered::Ordered;
pub use trim::{Threshold, Trim};

use crate::data::collection::{Body, Collection};
use crate::data::entry::Content;
use crate::data::limits::LISTPACK_BYTES_MAX;
use crate::data::listpack;
use crate::data::shared::Shared;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use chunk::Chunk;
use core::cmp::Ordering;
use node::Node;

/// No entry has fields and values of more bytes than this.
pub const ENTRY_BYTES_MAX: usize = LISTPACK_BYTES_MAX;

/// When a node is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeLimits {
    /// `stream-node-max-bytes`; 0 for no limit.
    pub bytes: usize,
    /// `stream-node-max-entries`, deleted ones too; 0 for no limit.
    pub entries: usize,
}

/// A stream.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    chunks: VecDeque<Shared<Chunk>>,
    len: u64,
    node_count: usize,
    /// What the account has for chunks.
    chunk_bytes: usize,
    last_id: StreamId,
    first_id: StreamId,
    /// The greatest id of an entry that was deleted by its id.
    pub max_deleted_id: StreamId,
    /// How many entries were ever added.
    pub entries_added: u64,
    groups: BTreeMap<Box<[u8]>, Group>,
    /// What the account has for groups.
    group_bytes: usize,
}

/// Where a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    chunk: usize,
    node: usize,
}

impl Stream {
    /// The stream that is a value; `None` if that is something else.
    #[inline]
    pub fn of(content: Content<'_>) -> Option<&Stream> {
        match content {
            Content::Large(_, Collection::Stream(stream)) => Some(stream),
            _ => None,
        }
    }

    /// As the value of a key.
    pub fn into_body(self) -> Body {
        Body::Large(Box::new(Collection::Stream(self)))
    }

    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of nodes.
    pub fn node_count(&self) -> usize {
        self.node_count
    }

    /// Bytes of all that it has allocated, as the account has them.
    pub fn bytes(&self) -> usize {
        self.chunk_bytes + self.group_bytes
    }

    /// The greatest id that an entry had, or may not have any more.
    pub fn last_id(&self) -> StreamId {
        self.last_id
    }

    /// The id of the first entry; the least if there is none.
    pub fn first_id(&self) -> StreamId {
        self.first_id
    }

    /// Sets the id that the next entry's has to be greater than. What is deleted
    /// but keeps its place in the last node has to come before it all the same.
    pub fn set_last_id(&mut self, id: StreamId) {
        let last = self.chunks.back().and_then(|chunk| chunk.node(chunk.nodes.len() - 1));
        self.last_id = last.map_or(id, |node| node.last_id().max(id));
    }

    /// The nodes with their ids, in order.
    pub fn nodes(&self) -> impl Iterator<Item = (StreamId, &[u8])> {
        self.chunks.iter().flat_map(|chunk| {
            let nodes = chunk.nodes.iter().enumerate();
            nodes.filter_map(|(index, span)| Some((span.id, chunk.node_bytes(index)?)))
        })
    }

    /// So many nodes with their ids, from one on.
    pub fn nodes_from(&self, node: usize, count: usize) -> impl Iterator<Item = (StreamId, &[u8])> {
        let (mut chunk, mut before) = (0, 0);
        while let Some(part) = self.chunks.get(chunk).filter(|part| before + part.nodes.len() <= node) {
            before += part.nodes.len();
            chunk += 1;
        }
        let nodes = self.chunks.range(chunk..).flat_map(|chunk| {
            let nodes = chunk.nodes.iter().enumerate();
            nodes.filter_map(|(index, span)| Some((span.id, chunk.node_bytes(index)?)))
        });
        nodes.skip(node - before).take(count)
    }

    /// A copy that shares all nodes, and what is pending.
    pub fn share(&mut self) -> Stream {
        Stream {
            chunks: self.chunks.iter_mut().map(Shared::share).collect(),
            groups: self.groups.iter_mut().map(|(name, group)| (name.clone(), group.share())).collect(),
            ..*self
        }
    }

    /// The node in which an id is, or would be.
    fn locate(&self, id: StreamId) -> Option<Place> {
        let chunk = self.chunks.partition_point(|chunk| chunk.first_id() <= id).checked_sub(1)?;
        let node = self.chunks[chunk].nodes.partition_point(|span| span.id <= id).checked_sub(1)?;
        Some(Place { chunk, node })
    }

    fn node(&self, place: Place) -> Option<Node<'_>> {
        self.chunks.get(place.chunk)?.node(place.node)
    }

    /// Has a chunk changed; the account follows, and an empty chunk goes.
    fn change<R>(&mut self, index: usize, change: impl FnOnce(&mut Chunk) -> R) -> R {
        let chunk = self.chunks[index].own();
        let (bytes, nodes) = (chunk.footprint(), chunk.nodes.len());
        let result = change(chunk);
        self.chunk_bytes = self.chunk_bytes - bytes + chunk.footprint();
        self.node_count = self.node_count - nodes + chunk.nodes.len();
        if chunk.nodes.is_empty() {
            self.chunk_bytes -= chunk.footprint();
            self.chunks.remove(index);
        }
        result
    }

    /// An entry.
    pub fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        self.node(self.locate(id)?)?.entries().find(|entry| entry.id == id && !entry.deleted)
    }

    /// True if there is an entry of this id.
    pub fn contains(&self, id: StreamId) -> bool {
        self.get(id).is_some()
    }

    /// Adds an entry. Its id is greater than [`Stream::last_id`], and its fields
    /// and values have no more bytes than [`ENTRY_BYTES_MAX`].
    pub fn add<'f>(
        &mut self,
        id: StreamId,
        pairs: impl ExactSizeIterator<Item = (&'f [u8], &'f [u8])> + Clone,
        limits: NodeLimits,
    ) {
        let bytes = pairs.clone().map(|(name, value)| name.len() + value.len()).sum();
        let names = pairs.clone().map(|(name, _)| name);
        if self.begins_node(bytes, limits) {
            self.begin_node(id, bytes, names, pairs);
        } else {
            let chunk = self.chunks.len() - 1;
            self.change(chunk, |chunk| {
                let index = chunk.nodes.len() - 1;
                let Some(node) = chunk.node(index) else { return };
                let (master, same) = (node.id(), node.has_fields(names));
                if let Some((position, count)) = node.addition() {
                    chunk.replace(index, position, count);
                }
                chunk.append(node::entry(id, master, same, pairs));
            });
        }
        self.len += 1;
        self.entries_added = self.entries_added.wrapping_add(1);
        self.last_id = id;
        if self.len == 1 {
            self.first_id = id;
        }
    }

    /// True if an entry of so many bytes does not go into the last node.
    fn begins_node(&self, bytes: usize, limits: NodeLimits) -> bool {
        let Some(chunk) = self.chunks.back() else { return true };
        let last = chunk.nodes.len() - 1;
        let bytes_max = if limits.bytes == 0 { LISTPACK_BYTES_MAX } else { limits.bytes.min(LISTPACK_BYTES_MAX) };
        let length = chunk.node_bytes(last).map_or(0, <[u8]>::len);
        let full = |node: Node<'_>| node.live.saturating_add(node.deleted) >= limits.entries as u64;
        length + bytes >= bytes_max || limits.entries > 0 && chunk.node(last).is_none_or(full)
    }

    fn begin_node<'f>(
        &mut self,
        id: StreamId,
        bytes: usize,
        names: impl ExactSizeIterator<Item = &'f [u8]> + Clone,
        pairs: impl ExactSizeIterator<Item = (&'f [u8], &'f [u8])> + Clone,
    ) {
        let chunk = self.chunk_for(bytes);
        self.change(chunk, |chunk| {
            chunk.push_node(id, &listpack::empty());
            chunk.append(node::master(names).chain(node::entry(id, id, true, pairs)));
        });
    }

    /// The chunk to which a node of so many bytes is added.
    fn chunk_for(&mut self, bytes: usize) -> usize {
        if let Some(last) = self.chunks.len().checked_sub(1) {
            if self.chunks[last].takes(bytes) {
                return last;
            }
            self.change(last, Chunk::settle);
        }
        if self.chunks.is_empty() {
            // Most streams are small.
            self.chunks.reserve_exact(1);
        }
        self.chunk_bytes += Chunk::default().footprint();
        self.chunks.push_back(Shared::default());
        self.chunks.len() - 1
    }

    /// Removes an entry. True if it was there.
    pub fn remove(&mut self, id: StreamId) -> bool {
        let Some(place) = self.locate(id) else { return false };
        if self.delete_in(place, |entry| entry.id.cmp(&id), 1) == 0 {
            return false;
        }
        if self.node(place).is_some_and(|node| node.live == 0) {
            self.change(place.chunk, |chunk| chunk.remove(place.node..place.node + 1));
        }
        self.max_deleted_id = self.max_deleted_id.max(id);
        if self.first_id == id {
            self.find_first();
        }
        true
    }

    /// Deletes entries of a node, so many at most: those that compare as equal, of
    /// which none comes behind one that compares as greater. Returns how many.
    fn delete_in(&mut self, place: Place, compare: impl Fn(&Entry<'_>) -> Ordering, count_max: u64) -> u64 {
        let Some(node) = self.node(place) else { return 0 };
        let mut marks = Vec::new();
        for entry in node.entries() {
            let ordering = compare(&entry);
            if ordering.is_gt() || marks.len() as u64 == count_max {
                break;
            }
            if ordering.is_eq() && !entry.deleted {
                marks.extend(node.mark(&entry));
            }
        }
        let gone = marks.len() as u64;
        let counts = node.counts_without(gone);
        if gone == 0 {
            return 0;
        }
        self.change(place.chunk, |chunk| {
            for (position, number) in marks.into_iter().chain(counts.into_iter().flatten()) {
                chunk.replace(place.node, position, number);
            }
        });
        self.len -= gone;
        gone
    }

    /// What was first may be no more.
    fn find_first(&mut self) {
        self.first_id = self.iter().next().map_or(StreamId::MIN, |entry| entry.id);
    }

    /// A group.
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.groups.get(name)
    }

    /// The groups with their names, by name.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = (&[u8], &Group)> {
        self.groups.iter().map(|(name, group)| (&name[..], group))
    }

    /// Has a group changed; the account follows. It is given the stream besides,
    /// as if there were no such group. `None` if there is none.
    pub fn change_group<R>(&mut self, name: &[u8], change: impl FnOnce(&mut Group, &Stream) -> R) -> Option<R> {
        let mut group = core::mem::take(self.groups.get_mut(name)?);
        let before = group.bytes();
        let result = change(&mut group, self);
        self.group_bytes = self.group_bytes - before + group.bytes();
        if let Some(place) = self.groups.get_mut(name) {
            *place = group;
        }
        Some(result)
    }

    /// Adds a group. False if there is one of this name.
    pub fn add_group(&mut self, name: &[u8], group: Group) -> bool {
        if self.groups.contains_key(name) {
            return false;
        }
        self.group_bytes += name_bytes(name) + group.bytes();
        self.groups.insert(name.into(), group);
        true
    }

    /// Removes a group. False if there is none of this name.
    pub fn remove_group(&mut self, name: &[u8]) -> bool {
        let removed = self.groups.remove(name);
        if let Some(group) = &removed {
            self.group_bytes -= name_bytes(name) + group.bytes();
        }
        removed.is_some()
    }

    /// Tells of all that copies of the data have in common, part by part.
    pub fn for_each_part(&self, mut visit: impl FnMut(&[u8])) {
        let number = |number: u64, visit: &mut dyn FnMut(&[u8])| visit(&number.to_le_bytes());
        for id in [self.last_id, self.max_deleted_id] {
            visit(&id.to_bytes());
        }
        number(self.entries_added, &mut visit);
        for entry in self.iter() {
            visit(&entry.id.to_bytes());
            for (name, value) in entry.fields {
                visit(name.bytes(&mut [0; 20]));
                visit(value.bytes(&mut [0; 20]));
            }
        }
        for (name, group) in self.groups() {
            visit(name);
            visit(&group.last_id.to_bytes());
            number(group.entries_read.unwrap_or(u64::MAX), &mut visit);
            for (id, pending) in group.pending().iter() {
                visit(&id.to_bytes());
                number(pending.delivered_ms.cast_unsigned(), &mut visit);
                number(pending.deliveries, &mut visit);
                visit(group.consumer(pending.consumer).map_or(&[], |consumer| &consumer.name));
            }
            group.consumers().for_each(|consumer| visit(&consumer.name));
        }
    }
}

/// Bytes of a group's name.
fn name_bytes(name: &[u8]) -> usize {
    size_of::<Box<[u8]>>() + crate::data::slab::block_size(name.len())
}
