//! No replica is further in a history than those who wrote it: what it applies was
//! in its primary's stream before.

use super::{Checker, Watch};
use crate::cluster::history::HistoryNumber;

impl Watch {
    /// A primary has written a history up to an offset.
    pub(crate) fn note_written(&mut self, history: HistoryNumber, offset: u64) {
        let written_to = &mut self.histories.all[history].written_to;
        *written_to = (*written_to).max(offset);
    }

    /// A replica has gone on in a history to an offset.
    pub(crate) fn check_ahead(&mut self, node: usize, history: HistoryNumber, offset: u64) {
        let written_to = self.histories.all[history].written_to;
        let wrong = || format!("node {node} is at {offset} of history {history}, written up to {written_to}");
        self.judge(Checker::Ahead, (offset > written_to).then(wrong));
    }
}
