//! Same history and offset, same data: whoever has come to an offset of a
//! history has what all others had there.

use super::{Checker, HistoryNumber, Watch};
use std::collections::BTreeMap;

/// Hashes of data by history and offset, with the node that had them first.
#[derive(Default, Debug)]
pub(crate) struct SameOffset {
    seen: BTreeMap<(HistoryNumber, u64), (u64, usize)>,
    /// The data themselves, where somebody wants to see what differs.
    data: BTreeMap<(HistoryNumber, u64), Vec<String>>,
    /// Hashes that were compared with another node's.
    pub compared: u64,
}

/// One offset of so many is looked at.
const ONE_IN: u64 = 16;

/// True if the data are to be looked at there. All nodes must look at the same
/// offsets.
pub(crate) fn is_sample(offset: u64) -> bool {
    // Before the stream begins its offset says nothing.
    offset > 0 && (offset.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).is_multiple_of(ONE_IN)
}

impl Watch {
    /// A node has data with this hash.
    pub(crate) fn check_same_offset(
        &mut self,
        node: usize,
        history: HistoryNumber,
        offset: u64,
        hash: u64,
        data: Option<Vec<String>>,
    ) {
        let (first, by) = *self.same_offset.seen.entry((history, offset)).or_insert((hash, node));
        if by != node {
            self.same_offset.compared += 1;
        }
        let differs = || {
            let mut text = format!("at offset {offset} of history {history} nodes {by} and {node} have different data");
            let other = self.same_offset.data.get(&(history, offset));
            if let (Some(data), Some(other)) = (&data, other) {
                for line in other.iter().filter(|line| !data.contains(line)) {
                    text += &format!("\n    node {by} has {line}");
                }
                for line in data.iter().filter(|line| !other.contains(line)) {
                    text += &format!("\n    node {node} has {line}");
                }
            }
            text
        };
        let found = (first != hash).then(differs);
        self.judge(Checker::SameOffset, found);
        if let Some(data) = data {
            self.same_offset.data.entry((history, offset)).or_insert(data);
        }
    }
}
