//! How streams stand in a file: nodes as they are, then what the stream knows of itself, then its groups.
//!
//! ```text
//! count (id node)*  length  last id  [first id  greatest deleted id  entries added]
//! count (name  last id  [entries read]  count (id delivered deliveries)*
//!        count (name  seen  [active]  count (id)*)*)*
//! ```
//!
//! What is in brackets depends on the type. Ids are 16 bytes where something is found by them, and two lengths where
//! they are data; times are 8 bytes. Each step of reading takes one part, so that a file may end anywhere.

use alloc::vec::Vec;

use crate::data::limits::LISTPACK_BYTES_MAX;
use crate::data::stream::{Group, GroupLoad, PartFault, Stream, StreamId};

use super::building::bytes_of;
use super::cursor::{Cursor, Stop};
use super::encode::{write_length, write_string};
use super::error::{Fault, LoadError};
use super::object_type;
use super::version::WriteVersion;

/// What stands for a number that nobody can tell.
const UNKNOWN: u64 = u64::MAX;
/// What stands for a time that never was.
const NEVER_MS: i64 = -1;

fn write_id(output: &mut Vec<u8>, id: StreamId) {
    write_length(output, id.ms);
    write_length(output, id.sequence);
}

/// Appends what stands behind a stream's nodes, as this version has it.
pub(super) fn write_stream_end(
    output: &mut Vec<u8>,
    stream: &Stream,
    version: WriteVersion,
    mut scratch: Option<&mut Vec<u8>>,
) {
    write_length(output, stream.len());
    for id in [stream.last_id(), stream.first_id(), stream.max_deleted_id] {
        write_id(output, id);
    }
    write_length(output, stream.entries_added);
    write_length(output, stream.groups().len() as u64);
    for (name, group) in stream.groups() {
        write_string(output, name, scratch.as_deref_mut());
        write_group(output, group, version, scratch.as_deref_mut());
    }
}

fn write_group(output: &mut Vec<u8>, group: &Group, version: WriteVersion, mut scratch: Option<&mut Vec<u8>>) {
    write_id(output, group.last_id);
    write_length(output, group.entries_read.unwrap_or(UNKNOWN));
    write_length(output, group.pending().len() as u64);
    for (id, pending) in group.pending().iter() {
        output.extend_from_slice(&id.to_bytes());
        output.extend_from_slice(&pending.delivered_ms.to_le_bytes());
        write_length(output, pending.deliveries);
    }
    write_length(output, group.consumer_count() as u64);
    for consumer in group.consumers() {
        write_string(output, &consumer.name, scratch.as_deref_mut());
        output.extend_from_slice(&consumer.seen_ms.to_le_bytes());
        if version >= WriteVersion::V11 {
            output.extend_from_slice(&consumer.active_ms.unwrap_or(NEVER_MS).to_le_bytes());
        }
        write_length(output, consumer.pending().len() as u64);
        for (id, ()) in consumer.pending().iter() {
            output.extend_from_slice(&id.to_bytes());
        }
    }
}

/// Which part comes next, and how many of its kind are left with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Nodes(u64),
    Ids,
    Group,
    Pending(u64),
    Consumers,
    Consumer,
    Owned(u64),
    /// All of a group was read: nothing follows of it.
    GroupEnd,
    End,
}

/// A stream that is not complete yet.
pub(super) struct StreamBuilding {
    byte: u8,
    stream: Stream,
    next: Part,
    groups_left: u64,
    consumers_left: u64,
    name: Vec<u8>,
    group: GroupLoad,
}

impl StreamBuilding {
    /// Begins with the number of nodes.
    pub(super) fn begin(byte: u8, cursor: &mut Cursor<'_>) -> Result<StreamBuilding, Stop> {
        let nodes = cursor.length()?;
        let next = if nodes == 0 { Part::Ids } else { Part::Nodes(nodes) };
        let (stream, group) = (Stream::default(), GroupLoad::default());
        Ok(StreamBuilding { byte, stream, next, groups_left: 0, consumers_left: 0, name: Vec::new(), group })
    }

    /// True if no part is missing.
    pub(super) fn is_complete(&self) -> bool {
        self.next == Part::End
    }

    /// The stream, which has all its parts.
    pub(super) fn finish(self) -> Stream {
        self.stream
    }

    /// Reads one part. Where that fails, it fails again.
    pub(super) fn step(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        self.next = match self.next {
            Part::Nodes(left) => {
                self.node(cursor)?;
                if left > 1 { Part::Nodes(left - 1) } else { Part::Ids }
            }
            Part::Ids => {
                self.ids(cursor)?;
                self.next_group()
            }
            Part::Group => match self.begin_group(cursor)? {
                0 => Part::Consumers,
                pending => Part::Pending(pending),
            },
            Part::Pending(left) => {
                let id = StreamId::from_bytes(cursor.array()?);
                let delivered_ms = i64::from_le_bytes(cursor.array()?);
                let deliveries = cursor.integer()?;
                self.group.pending(id, delivered_ms, deliveries).map_err(|fault| corrupt(cursor, fault))?;
                if left > 1 { Part::Pending(left - 1) } else { Part::Consumers }
            }
            Part::Consumers => {
                self.consumers_left = cursor.length()?;
                self.next_consumer()
            }
            Part::Consumer => match self.consumer(cursor)? {
                0 => self.next_consumer(),
                pending => Part::Owned(pending),
            },
            Part::Owned(left) => {
                let id = StreamId::from_bytes(cursor.array()?);
                self.group.own(id).map_err(|fault| corrupt(cursor, fault))?;
                if left > 1 { Part::Owned(left - 1) } else { self.next_consumer() }
            }
            Part::GroupEnd => {
                self.end_group(cursor)?;
                self.next_group()
            }
            Part::End => Part::End,
        };
        Ok(())
    }

    fn node(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let id = bytes_of(cursor)?;
        let Ok(id) = <[u8; 16]>::try_from(&id[..]) else {
            return Err(cursor.corrupt(LoadError::Damaged(Fault::StreamNodeId)));
        };
        let bytes = bytes_of(cursor)?;
        let (id, fits) = (StreamId::from_bytes(id), bytes.len() <= 2 * LISTPACK_BYTES_MAX);
        let loaded = if fits { self.stream.load_node(id, bytes) } else { Err(PartFault::Node) };
        loaded.map_err(|fault| corrupt(cursor, fault))
    }

    /// What the stream knows of itself, and the number of groups.
    fn ids(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let length = cursor.integer()?;
        let last_id = read_id(cursor)?;
        let mut deleted_and_added = None;
        if self.byte != object_type::STREAM_1 {
            read_id(cursor)?;
            deleted_and_added = Some((read_id(cursor)?, cursor.integer()?));
        }
        self.groups_left = cursor.length()?;
        if length > 0 && self.stream.node_count() == 0 {
            return Err(cursor.corrupt(LoadError::Damaged(Fault::StreamLength)));
        }
        self.stream.load_ids(last_id, deleted_and_added);
        Ok(())
    }

    /// Begins a group; returns how much is pending in it.
    fn begin_group(&mut self, cursor: &mut Cursor<'_>) -> Result<u64, Stop> {
        let name = bytes_of(cursor)?;
        let last_id = read_id(cursor)?;
        let entries_read = match self.byte {
            object_type::STREAM_1 => self.stream.entries_up_to(last_id),
            _ => Some(cursor.integer()?).filter(|&read| read != UNKNOWN),
        };
        let pending = cursor.length()?;
        self.group = GroupLoad::new(Group::new(last_id, entries_read));
        self.name = name;
        Ok(pending)
    }

    /// Reads a consumer; returns how much is pending of it.
    fn consumer(&mut self, cursor: &mut Cursor<'_>) -> Result<u64, Stop> {
        let name = bytes_of(cursor)?;
        let seen_ms = i64::from_le_bytes(cursor.array()?);
        let active_ms = match self.byte {
            object_type::STREAM_3 => i64::from_le_bytes(cursor.array()?),
            _ => seen_ms,
        };
        let pending = cursor.length()?;
        let active_ms = Some(active_ms).filter(|&at| at != NEVER_MS);
        self.group.consumer(&name, seen_ms, active_ms).map_err(|fault| corrupt(cursor, fault))?;
        self.consumers_left -= 1;
        Ok(pending)
    }

    fn next_consumer(&self) -> Part {
        if self.consumers_left > 0 { Part::Consumer } else { Part::GroupEnd }
    }

    fn end_group(&mut self, cursor: &Cursor<'_>) -> Result<(), Stop> {
        self.group.check().map_err(|fault| corrupt(cursor, fault))?;
        if self.stream.group(&self.name).is_some() {
            return Err(cursor.corrupt(LoadError::Damaged(Fault::StreamGroups)));
        }
        self.stream.add_group(&self.name, core::mem::take(&mut self.group).finish());
        self.groups_left -= 1;
        Ok(())
    }

    fn next_group(&self) -> Part {
        if self.groups_left > 0 { Part::Group } else { Part::End }
    }
}

fn read_id(cursor: &mut Cursor<'_>) -> Result<StreamId, Stop> {
    Ok(StreamId { ms: cursor.integer()?, sequence: cursor.integer()? })
}

fn corrupt(cursor: &Cursor<'_>, fault: PartFault) -> Stop {
    cursor.corrupt(LoadError::Damaged(match fault {
        PartFault::Node => Fault::StreamNode,
        PartFault::NodeOrder => Fault::StreamNodeOrder,
        PartFault::PendingTwice => Fault::StreamPending,
        PartFault::ConsumerTwice => Fault::StreamConsumers,
        PartFault::NotPending => Fault::StreamNotPending,
        PartFault::OwnedTwice => Fault::StreamPendingTwice,
        PartFault::PendingOfNobody => Fault::StreamPendingOfNobody,
    }))
}
