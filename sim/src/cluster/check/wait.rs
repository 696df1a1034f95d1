//! WAIT is true when it answers: so many other nodes had come to the offset of
//! the client's last write.

use super::Watch;
use crate::cluster::history::HistoryNumber;

impl Watch {
    /// WAIT answered a number; it was asked in this life and reign of the node.
    pub(crate) fn check_still_primary(&mut self, node: usize, place: Option<(usize, u64, u64)>) {
        let view = &self.nodes[node];
        let (life, reign) = (view.life, view.reign);
        if view.replica && place != Some((node, life, reign)) {
            self.fail("unblock", format!("node {node} answered a WAIT from {place:?} as a replica"));
        }
    }

    /// WAIT answered `count` to a client whose last write was at this offset;
    /// `replicas` are the nodes at the other ends of the node's connections.
    pub(crate) fn check_wait(
        &mut self,
        node: usize,
        history: HistoryNumber,
        offset: u64,
        count: i64,
        replicas: &[usize],
    ) {
        let has = |reached: &[(HistoryNumber, u64)]| {
            reached.iter().any(|&(other, at)| self.histories.includes(other, at, history, offset))
        };
        let all = replicas.iter().filter(|replica| has(&self.nodes[**replica].reached)).count();
        if count > all as i64 {
            self.fail("wait", format!("node {node} said that {count} replicas have offset {offset}, but {all} have"));
        }
    }
}
