//! Large collections in parts, for those who write them to files: a part is small,
//! and the next begins where it ended.

use crate::data::collection::Collection;
use crate::data::entry::Value;
use crate::data::list::Node;
use crate::data::members::WalkPosition;
use crate::data::stream::{Stream, StreamId};

/// What a collection consists of, as files have it.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// A member of a set.
    Member(&'a [u8]),
    /// A field of a hash with its value, and when it expires, if it does:
    /// milliseconds since 1970.
    Field(&'a [u8], &'a [u8], Option<i64>),
    /// A member of a sorted set with its score; the highest come first.
    Scored(&'a [u8], f64),
    /// A node of a list.
    Node(&'a Node),
    /// A node of a stream, with its id.
    StreamNode(StreamId, &'a [u8]),
    /// What a stream is besides its nodes: behind these, and not one of the number.
    StreamEnd(&'a Stream),
}

/// How far a collection was visited; good as long as it does not change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress(u64);

impl Collection {
    /// A copy that shares all that is large: it costs much less than the copy of a
    /// collection does, and what changes in either is copied then.
    pub fn share(&mut self) -> Collection {
        match self {
            Collection::Members(members) => Collection::Members(members.share()),
            Collection::List(list) => Collection::List(list.share()),
            Collection::Sorted(sorted) => Collection::Sorted(sorted.share()),
            Collection::Stream(stream) => Collection::Stream(stream.share()),
        }
    }

    /// Number of its parts.
    pub fn part_count(&self) -> usize {
        match self {
            Collection::Members(members) => members.len(),
            Collection::List(list) => list.node_count(),
            Collection::Sorted(sorted) => sorted.len(),
            Collection::Stream(stream) => stream.node_count(),
        }
    }

    /// Visits parts from where it was left, about `count` of them; returns where to
    /// go on, `None` at the end.
    pub fn visit_parts(&self, from: Progress, count: usize, mut visit: impl FnMut(Part<'_>)) -> Option<Progress> {
        match self {
            Collection::Members(members) => {
                let next = members.walk(WalkPosition::from_bits(from.0), count, |element| {
                    visit(if members.is_valued() {
                        Part::Field(element.member, element.value, element.expire_at_ms)
                    } else {
                        Part::Member(element.member)
                    });
                });
                next.map(|position| Progress(position.to_bits()))
            }
            Collection::List(list) => {
                list.nodes_from(from.0 as usize, count).for_each(|node| visit(Part::Node(node)));
                Progress::within((from.0 as usize).saturating_add(count), list.node_count())
            }
            Collection::Sorted(sorted) => {
                let end = sorted.len().saturating_sub(from.0 as usize);
                let range = sorted.range(end.saturating_sub(count)..end);
                range.rev().for_each(|(member, score)| visit(Part::Scored(member, score)));
                Progress::within((from.0 as usize).saturating_add(count), sorted.len())
            }
            Collection::Stream(stream) => {
                let from = from.0 as usize;
                stream.nodes_from(from, count).for_each(|(id, bytes)| visit(Part::StreamNode(id, bytes)));
                let next = Progress::within(from.saturating_add(count), stream.node_count());
                if next.is_none() {
                    visit(Part::StreamEnd(stream));
                }
                next
            }
        }
    }
}

impl Progress {
    fn within(next: usize, count: usize) -> Option<Progress> {
        (next < count).then_some(Progress(next as u64))
    }
}

impl Part<'_> {
    /// Visits its texts: a member, a field and its value, the elements of a node of a
    /// list. None of a stream's parts, which are more than texts.
    pub fn for_each_text(self, mut visit: impl FnMut(Value<'_>)) {
        match self {
            Part::Member(member) | Part::Scored(member, _) => visit(Value::Bytes(member)),
            Part::Field(field, value, _) => {
                visit(Value::Bytes(field));
                visit(Value::Bytes(value));
            }
            Part::Node(node) => node.for_each(visit),
            Part::StreamNode(..) | Part::StreamEnd(_) => {}
        }
    }
}
