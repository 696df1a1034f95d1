//! Walking over the entries of a stream, in both directions.

use super::node::{Entries, Entry};
use super::{Place, Stream, StreamId};

/// Entries with ids in a range, in order.
#[derive(Clone, Debug)]
pub struct Range<'a> {
    stream: &'a Stream,
    /// The node that comes next.
    place: Place,
    entries: Option<Entries<'a>>,
    start: StreamId,
    end: StreamId,
}

/// Entries with ids in a range, from the greatest to the least.
#[derive(Clone, Debug)]
pub struct RangeBack<'a> {
    stream: &'a Stream,
    /// The node that comes next.
    place: Option<Place>,
    entries: Option<Entries<'a>>,
    start: StreamId,
    end: StreamId,
}

impl Stream {
    /// All entries.
    pub fn iter(&self) -> Range<'_> {
        self.range(StreamId::MIN, StreamId::MAX)
    }

    /// The entries from one id to another, both included.
    pub fn range(&self, start: StreamId, end: StreamId) -> Range<'_> {
        let place = self.locate(start).unwrap_or(Place { chunk: 0, node: 0 });
        Range { stream: self, place, entries: None, start, end }
    }

    /// The entries from one id down to another, both included.
    pub fn range_back(&self, start: StreamId, end: StreamId) -> RangeBack<'_> {
        RangeBack { stream: self, place: self.locate(end), entries: None, start, end }
    }

    /// The id of the last entry.
    pub fn last_entry_id(&self) -> Option<StreamId> {
        self.range_back(StreamId::MIN, StreamId::MAX).next().map(|entry| entry.id)
    }

    /// The node behind another; behind the last there is none.
    fn after(&self, place: Place) -> Place {
        let nodes = self.chunks.get(place.chunk).map_or(0, |chunk| chunk.nodes.len());
        if place.node + 1 < nodes {
            return Place { node: place.node + 1, ..place };
        }
        Place { chunk: place.chunk + 1, node: 0 }
    }

    fn before(&self, place: Place) -> Option<Place> {
        if let Some(node) = place.node.checked_sub(1) {
            return Some(Place { node, ..place });
        }
        let chunk = place.chunk.checked_sub(1)?;
        Some(Place { chunk, node: self.chunks.get(chunk)?.nodes.len().checked_sub(1)? })
    }
}

impl<'a> Iterator for Range<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            for entry in self.entries.iter_mut().flatten() {
                if entry.id > self.end {
                    // Nothing behind it is in the range.
                    self.entries = None;
                    self.place.chunk = self.stream.chunks.len();
                    return None;
                }
                if !entry.deleted && entry.id >= self.start {
                    return Some(entry);
                }
            }
            self.entries = Some(self.stream.node(self.place)?.entries());
            self.place = self.stream.after(self.place);
        }
    }
}

impl<'a> Iterator for RangeBack<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            while let Some(entry) = self.entries.as_mut().and_then(DoubleEndedIterator::next_back) {
                if entry.id < self.start {
                    (self.entries, self.place) = (None, None);
                    return None;
                }
                if !entry.deleted && entry.id <= self.end {
                    return Some(entry);
                }
            }
            let place = self.place?;
            self.entries = Some(self.stream.node(place)?.entries());
            self.place = self.stream.before(place);
        }
    }
}
