//! How far a group has come, and what a tree of the nodes would look like: what
//! XINFO tells.
//!
//! Ids do not count entries: from what a stream knows about itself follows only
//! sometimes how many came before an id. The cases are the reference's.

use super::{Group, Stream, StreamId};
use alloc::vec::Vec;

impl Stream {
    /// True if an entry was deleted by its id, from some id and from the first entry
    /// on: then what is behind does not count right.
    pub fn has_tombstone_from(&self, id: StreamId) -> bool {
        let deleted = self.max_deleted_id;
        self.len > 0 && deleted != StreamId::MIN && self.first_id <= deleted && id <= deleted
    }

    /// How many entries were ever added up to an id; `None` if nobody can tell.
    pub fn entries_up_to(&self, id: StreamId) -> Option<u64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        if self.len == 0 && id <= self.last_id || id == self.last_id {
            return Some(self.entries_added);
        }
        if id > self.last_id {
            return None;
        }
        if self.max_deleted_id == StreamId::MIN || self.max_deleted_id < self.first_id {
            let before = self.entries_added.wrapping_sub(self.len);
            if id < self.first_id {
                return Some(before);
            }
            if id == self.first_id {
                return Some(before.wrapping_add(1));
            }
        }
        None
    }

    /// How many entries a group has not read yet; `None` if nobody can tell.
    pub fn lag(&self, group: &Group) -> Option<i64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        let counted = group.entries_read.filter(|_| !self.has_tombstone_from(group.last_id));
        let read = counted.or_else(|| self.entries_up_to(group.last_id))?;
        Some(self.entries_added.wrapping_sub(read).cast_signed())
    }

    /// A group is given an entry: its counter and its last id go on.
    pub fn note_read(&self, group: &mut Group, id: StreamId) {
        if id <= group.last_id {
            return;
        }
        let read = match group.entries_read {
            Some(read) if !self.has_tombstone_from(id) => read.checked_add(1),
            _ if self.entries_added > 0 => self.entries_up_to(id),
            read => read,
        };
        // More can't be said in a request that repeats it.
        group.entries_read = read.filter(|read| i64::try_from(*read).is_ok());
        group.last_id = id;
    }

    /// The number of nodes of a radix tree over the ids of the nodes, in which what
    /// does not branch is one node: as the reference has it.
    pub fn radix_nodes(&self) -> usize {
        let mut ids = self.nodes().map(|(id, _)| id.to_bytes());
        let Some(mut previous) = ids.next() else { return 1 };
        let (mut branches, mut nodes) = (Vec::new(), 0);
        for id in ids {
            let common = previous.iter().zip(&id).take_while(|(a, b)| a == b).count();
            nodes += leave(&mut branches, Some(common));
            if branches.last() != Some(&common) {
                branches.push(common);
            }
            previous = id;
        }
        nodes + leave(&mut branches, None)
    }
}

/// Nodes of a radix tree that are complete once the way down to a leaf, with
/// branches at these depths, goes on from another depth, or is the last: the leaf,
/// the branches that are deeper, and for each what leads to it, if there is
/// anything in between.
fn leave(branches: &mut Vec<usize>, depth: Option<usize>) -> usize {
    let (mut nodes, mut end) = (1, 16);
    while let Some(&branch) = branches.last().filter(|&&branch| depth.is_none_or(|depth| branch > depth)) {
        branches.pop();
        nodes += 1 + usize::from(end > branch + 1);
        end = branch;
    }
    nodes + usize::from(end > depth.map_or(0, |depth| depth + 1))
}
