//! Nothing is lost but what a failover or a crash cut off: in the end each
//! register has the last value of the surviving history. A handover by FAILOVER
//! cuts off nothing that was acknowledged.

use super::{Checker, Watch};
use crate::cluster::history::{Born, HistoryNumber, WriteNumber, prefix};

impl Watch {
    /// All is over, and the primary of a history has these values.
    pub(crate) fn check_loss(&mut self, history: HistoryNumber, values: &[Option<WriteNumber>]) {
        let length = self.histories.all[history].log.len();
        let lineage = self.histories.lineage(history, length);
        let found = prefix(&lineage, |write| self.register_of(write), values);
        let wrong = || format!("in the end {found:?} of {} writes are there: {values:?}", lineage.len());
        self.judge(Checker::Loss, found.is_none_or(|found| found.most != lineage.len()).then(wrong));
        let handovers: Vec<(HistoryNumber, usize)> = self
            .histories
            .all
            .iter()
            .filter(|history| history.born == Born::Handover)
            .filter_map(|history| history.parent)
            .collect();
        for (parent, cut) in handovers {
            let lost = self.histories.all[parent].log[cut..]
                .iter()
                .find(|entry| self.writes[entry.write].acknowledged_at.is_some());
            let wrong = lost.map(|entry| format!("FAILOVER lost write {}, which was acknowledged", entry.write));
            self.judge(Checker::Handover, wrong);
        }
    }
}
