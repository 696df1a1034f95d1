//! WAIT is true when it answers: so many other nodes had come to the offset of
//! the client's last write.

use super::{Checker, Watch};
use crate::cluster::history::HistoryNumber;

impl Watch {
    /// WAIT answered a number; it was asked in this life and reign of the node.
    pub(crate) fn check_still_primary(&mut self, node: usize, place: Option<(usize, u64, u64)>) {
        let view = &self.nodes[node];
        let (life, reign) = (view.life, view.reign);
        let wrong = view.replica && place != Some((node, life, reign));
        let text = || format!("node {node} answered a WAIT from {place:?} as a replica");
        self.judge(Checker::Unblock, wrong.then(text));
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
        let wrong = || format!("node {node} said that {count} replicas have offset {offset}, but {all} have");
        self.judge(Checker::Wait, (count > all as i64).then(wrong));
    }

    /// A client waits for a sync where all works, and has for too long if it is
    /// `late`.
    pub(crate) fn check_answered(&mut self, client: usize, late: bool) {
        let wrong = || format!("client {client} waits for ever for a sync where all works");
        self.judge(Checker::WaitAof, late.then(wrong));
    }
}
