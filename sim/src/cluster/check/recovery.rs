//! What a node comes back with after a crash is a prefix of what it had, and
//! holds what its clients were promised. What a replica has when it is promoted
//! is a prefix as well, with all up to its offset.

use super::{Checker, Watch};
use crate::cluster::history::{Born, HistoryNumber, Prefix, WriteNumber, prefix};

/// How a node's last life ended, as far as it matters to what may be lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ended {
    /// What must have survived: writes executed before this time.
    pub kept_before: Option<u64>,
    /// True if all that clients were promised must have survived.
    pub promises_hold: bool,
    /// True if a disk said that it had synced what it had not: anything may be
    /// missing.
    pub untrue: bool,
}

impl Watch {
    fn prefix_of(&self, history: HistoryNumber, values: &[Option<WriteNumber>]) -> Option<Prefix> {
        let lineage = self.histories.lineage(history, self.histories.all[history].log.len());
        prefix(&lineage, |write| self.register_of(write), values)
    }

    /// A node has loaded what it found, and has these values in its registers.
    /// Returns what its history goes on from.
    pub(crate) fn check_recovery(
        &mut self,
        node: usize,
        values: &[Option<WriteNumber>],
        ended: Ended,
    ) -> Option<(HistoryNumber, usize)> {
        let candidates = self.nodes[node].on_disk.clone();
        let mut best: Option<(HistoryNumber, Prefix)> = None;
        for &history in &candidates {
            if let Some(found) = self.prefix_of(history, values)
                && best.is_none_or(|(_, other)| found.most >= other.most)
            {
                best = Some((history, found));
            }
        }
        let Some((history, found)) = best else {
            if ended.untrue {
                self.cut_short = true;
            } else if !candidates.is_empty() || values.iter().any(Option::is_some) {
                let text = format!("node {node} has come back with what is no prefix of any history: {values:?}");
                self.judge(Checker::Recovery, Some(text));
            }
            return None;
        };
        self.judge(Checker::Recovery, None);
        let lineage = self.histories.lineage(history, self.histories.all[history].log.len());
        if let Some((promised_in, index)) = self.nodes[node].promised
            && ended.promises_hold
            && !ended.untrue
        {
            let promised = self.histories.all[promised_in].log[index].write;
            let wrong = || format!("node {node} has {found:?} of history {history}, without write {promised}");
            self.judge(Checker::Promise, (!lineage[..found.most].contains(&promised)).then(wrong));
        }
        if let Some(before) = ended.kept_before.filter(|_| !ended.untrue) {
            let life = self.nodes[node].life - 1;
            let lost = lineage[found.most..].iter().find(|&&write| {
                self.writes[write].executed.is_some_and(|it| (it.node, it.life) == (node, life) && it.at < before)
            });
            let lost = lost.map(|&write| self.writes[write].executed);
            let wrong = |executed| format!("node {node} lost {executed:?}, which had to survive from {before}");
            self.judge(Checker::Window, lost.map(wrong));
        }
        Some(self.histories.cut(history, found.most))
    }

    /// A replica of a history goes on under a new id. Returns the cut.
    pub(crate) fn check_promotion(
        &mut self,
        node: usize,
        (history, offset): (HistoryNumber, u64),
        values: &[Option<WriteNumber>],
    ) -> (HistoryNumber, usize) {
        let Some(found) = self.prefix_of(history, values) else {
            let text = format!("node {node} goes on from offset {offset} of history {history} with no prefix of it");
            self.judge(Checker::Promotion, Some(format!("{text}: {values:?}")));
            return (history, 0);
        };
        let known = self.histories.known_at(history, offset);
        let wrong = || format!("node {node} at offset {offset} of history {history} has {found:?} of {known} writes");
        self.judge(Checker::Promotion, (found.most < known).then(wrong));
        self.histories.cut(history, found.most.min(known.max(found.least)))
    }

    /// Counts a history that begins.
    pub(crate) fn begin_history(
        &mut self,
        id: [u8; 40],
        parent: Option<(HistoryNumber, usize)>,
        born: Born,
    ) -> HistoryNumber {
        self.histories.begin(id, parent, born)
    }
}
