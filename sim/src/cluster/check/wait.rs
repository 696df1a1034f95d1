//! WAIT is true when it answers: so many other nodes had come to the offset of
//! the client's last write.

use super::Watch;
use crate::cluster::history::HistoryNumber;

impl Watch {
    /// WAIT answered `count` to a client whose last write was at this offset.
    pub(crate) fn check_wait(&mut self, node: usize, history: HistoryNumber, offset: u64, count: i64) {
        let has = |reached: &[(HistoryNumber, u64)]| {
            reached.iter().any(|&(other, at)| self.histories.includes(other, at, history, offset))
        };
        let all = self.nodes.iter().enumerate().filter(|(other, view)| *other != node && has(&view.reached)).count();
        if count > all as i64 {
            self.fail("wait", format!("node {node} said that {count} replicas have offset {offset}, but {all} have"));
        }
    }
}
