//! Trimming: what is oldest goes.

use super::chunk::Chunk;
use super::{Entry, Place, Stream, StreamId};
use core::cmp::Ordering;

/// Up to where a stream is trimmed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Threshold {
    /// Until it has no more entries than this.
    Length(u64),
    /// Until none is older than this.
    Id(StreamId),
}

/// How a stream is trimmed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trim {
    /// Up to where.
    pub threshold: Threshold,
    /// Only whole nodes go.
    pub approximate: bool,
    /// No node goes with which more entries than this would; 0 for no limit.
    pub limit: u64,
}

/// What becomes of the node that is first.
enum Fate {
    Goes(u64),
    LosesSome,
    Stays,
}

impl Stream {
    /// Trims it. Returns how many entries went.
    pub fn trim(&mut self, trim: &Trim) -> u64 {
        let mut removed = 0;
        while !self.chunks.is_empty() {
            let (mut nodes, mut more) = (0, true);
            // Nodes go together as far as they are in one chunk.
            while more && nodes < self.chunks[0].nodes.len() {
                match self.fate(&self.chunks[0], nodes, trim, removed) {
                    Fate::Goes(entries) => {
                        nodes += 1;
                        removed += entries;
                        self.len -= entries;
                    }
                    Fate::LosesSome | Fate::Stays => more = false,
                }
            }
            if nodes > 0 {
                self.change(0, |chunk| chunk.remove(0..nodes));
            }
            if !more {
                break;
            }
        }
        if !self.chunks.is_empty() && matches!(self.fate(&self.chunks[0], 0, trim, removed), Fate::LosesSome) {
            removed += self.trim_node(trim);
        }
        if removed > 0 {
            self.find_first();
        }
        removed
    }

    fn fate(&self, chunk: &Chunk, node: usize, trim: &Trim, removed: u64) -> Fate {
        let Some(node) = chunk.node(node) else { return Fate::Stays };
        if matches!(trim.threshold, Threshold::Length(length) if self.len <= length)
            || trim.limit > 0 && removed + node.live > trim.limit
        {
            return Fate::Stays;
        }
        let goes = match trim.threshold {
            Threshold::Length(length) => self.len - node.live >= length,
            Threshold::Id(id) => node.last_id() < id,
        };
        match goes {
            true => Fate::Goes(node.live),
            false if trim.approximate => Fate::Stays,
            false => Fate::LosesSome,
        }
    }

    /// Removes entries of the first node.
    fn trim_node(&mut self, trim: &Trim) -> u64 {
        let first = Place { chunk: 0, node: 0 };
        match trim.threshold {
            Threshold::Length(length) => self.delete_in(first, |_| Ordering::Equal, self.len - length),
            Threshold::Id(id) => {
                let compare = |entry: &Entry<'_>| if entry.id < id { Ordering::Equal } else { Ordering::Greater };
                self.delete_in(first, compare, u64::MAX)
            }
        }
    }
}
