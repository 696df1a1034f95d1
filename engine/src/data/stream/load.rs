//! Making a stream of what a file says, part by part. Nothing is believed that
//! others rely on.

use super::group::{ConsumerNumber, Group, Pending};
use super::node::Node;
use super::{Stream, StreamId};
use crate::data::listpack;
use alloc::vec::Vec;

/// What is wrong with a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PartFault {
    /// A node is none.
    Node,
    /// A node does not come behind the one before it.
    NodeOrder,
    /// An entry is pending twice.
    PendingTwice,
    /// Two consumers have one name.
    ConsumerTwice,
    /// What is pending of a consumer is not pending in its group.
    NotPending,
    /// An entry is pending of two consumers.
    OwnedTwice,
    /// An entry is pending of nobody.
    PendingOfNobody,
}

impl Stream {
    /// Adds a node behind the others.
    ///
    /// # Errors
    /// If it is none, or does not belong there.
    pub fn load_node(&mut self, id: StreamId, mut bytes: Vec<u8>) -> Result<(), PartFault> {
        listpack::validate(&bytes).ok_or(PartFault::Node)?;
        listpack::normalize(&mut bytes);
        let last = Node::validate(id, &bytes).ok_or(PartFault::Node)?;
        let follows = self.chunks.back().and_then(|chunk| chunk.nodes.last().map(|span| span.id));
        if follows.is_some() && id <= self.last_id {
            return Err(PartFault::NodeOrder);
        }
        // Until all nodes are read this is the greatest id in them.
        self.last_id = last;
        let live = Node::open(id, &bytes).map_or(0, |node| node.live);
        let chunk = self.chunk_for(bytes.len());
        self.change(chunk, |chunk| chunk.push_node(id, &bytes));
        self.len += live;
        Ok(())
    }

    /// All nodes are there: what a file says of the whole, or what follows from
    /// them in one that says less.
    pub fn load_ids(&mut self, last_id: StreamId, deleted_and_added: Option<(StreamId, u64)>) {
        if let Some(last) = self.chunks.len().checked_sub(1) {
            self.change(last, super::chunk::Chunk::settle);
        }
        self.last_id = self.last_id.max(last_id);
        self.find_first();
        (self.max_deleted_id, self.entries_added) = deleted_and_added.unwrap_or((StreamId::MIN, self.len));
    }
}

/// A group in the making.
#[derive(Debug, Default)]
pub struct GroupLoad {
    group: Group,
    consumer: ConsumerNumber,
    /// Pending entries that are nobody's yet.
    unowned: usize,
}

impl GroupLoad {
    /// Begins with a group without consumers.
    pub fn new(group: Group) -> GroupLoad {
        GroupLoad { group, ..GroupLoad::default() }
    }

    /// Adds a pending entry, whose consumer comes later.
    ///
    /// # Errors
    /// If it is there.
    pub fn pending(&mut self, id: StreamId, delivered_ms: i64, deliveries: u64) -> Result<(), PartFault> {
        if self.group.pending.get(id).is_some() {
            return Err(PartFault::PendingTwice);
        }
        let pending = Pending { delivered_ms, deliveries, consumer: ConsumerNumber::NOBODY };
        self.group.pending.insert(id, pending);
        self.unowned += 1;
        Ok(())
    }

    /// Adds a consumer. What is pending of it follows.
    ///
    /// # Errors
    /// If it is there.
    pub fn consumer(&mut self, name: &[u8], seen_ms: i64, active_ms: Option<i64>) -> Result<(), PartFault> {
        let (number, is_new) = self.group.find_or_add(name, seen_ms);
        if !is_new {
            return Err(PartFault::ConsumerTwice);
        }
        self.consumer = number;
        if let Some(consumer) = self.group.consumer_mut(number) {
            consumer.active_ms = active_ms;
        }
        Ok(())
    }

    /// An entry is pending of the last consumer.
    ///
    /// # Errors
    /// If it is not pending in the group, or of somebody else.
    pub fn own(&mut self, id: StreamId) -> Result<(), PartFault> {
        let pending = *self.group.pending.get(id).ok_or(PartFault::NotPending)?;
        if pending.consumer != ConsumerNumber::NOBODY {
            return Err(PartFault::OwnedTwice);
        }
        self.unowned -= 1;
        self.group.assign(id, Pending { consumer: self.consumer, ..pending });
        Ok(())
    }

    /// Looks at the group, which has all its parts.
    ///
    /// # Errors
    /// If anything is pending of nobody.
    pub fn check(&self) -> Result<(), PartFault> {
        if self.unowned == 0 { Ok(()) } else { Err(PartFault::PendingOfNobody) }
    }

    /// The group.
    pub fn finish(self) -> Group {
        self.group
    }
}
