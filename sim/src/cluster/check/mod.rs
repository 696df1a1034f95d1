//! What must hold, each by a checker of its own, over what was seen of the
//! nodes: replies, data, replication ids and offsets.

pub(super) mod ahead;
pub(super) mod atomic;
mod checker;
pub(super) mod converge;
pub(super) mod expiry;
pub(super) mod linear;
pub(super) mod loss;
pub(super) mod once;
pub(super) mod promise;
pub(super) mod recovery;
pub(super) mod same_offset;
#[cfg(test)]
mod tests;
pub(super) mod wait;

pub use checker::{Checker, Mutant};

use super::history::{Entry, Histories, HistoryNumber, WriteNumber};
use linear::Registers;
use same_offset::SameOffset;
use std::collections::BTreeMap;

/// What a checker found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Which checker.
    pub checker: &'static str,
    /// What it found.
    pub text: String,
}

/// A write of a register by a client.
#[derive(Clone, Debug)]
pub(super) struct Write {
    /// Which register.
    pub register: usize,
    /// Where and when it was executed.
    pub executed: Option<Executed>,
    /// When its client knew.
    pub acknowledged_at: Option<u64>,
}

/// An execution of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Executed {
    pub node: usize,
    pub life: u64,
    pub at: u64,
    pub history: HistoryNumber,
    /// Its place in the history's own log.
    pub index: usize,
}

/// What is known of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeView {
    /// Where it is: history and offset.
    pub position: Option<(HistoryNumber, u64)>,
    /// Its replication id, as last seen.
    pub id: Option<[u8; 40]>,
    /// True while it is a replica.
    pub replica: bool,
    /// Counts processes, and changes of the role.
    pub life: u64,
    /// See `life`.
    pub reign: u64,
    /// True until what it found on the disk is loaded.
    pub recovering: bool,
    /// True if it was a primary for all of its life.
    pub always_primary: bool,
    /// Histories that may be on its disk.
    pub on_disk: Vec<HistoryNumber>,
    /// How far it ever came in each history.
    pub reached: Vec<(HistoryNumber, u64)>,
    /// The last write, by history and place, of which a client knows that it
    /// survives any crash, and when it was executed.
    pub promised: Option<(HistoryNumber, usize)>,
    /// It became a primary by REPLICAOF NO ONE, not by FAILOVER.
    pub told_to_lead: bool,
    /// Keys that expired there, as last seen.
    pub expired: u64,
}

impl NodeView {
    /// It has come to an offset of a history.
    pub(crate) fn note_reached(&mut self, history: HistoryNumber, offset: u64) {
        match self.reached.iter_mut().find(|(known, _)| *known == history) {
            Some((_, furthest)) => *furthest = (*furthest).max(offset),
            None => self.reached.push((history, offset)),
        }
    }
}

/// What all checkers look at.
#[derive(Default, Debug)]
pub(super) struct Watch {
    pub histories: Histories,
    pub writes: Vec<Write>,
    pub nodes: Vec<NodeView>,
    pub same_offset: SameOffset,
    pub registers: Registers,
    /// How often the counter of each database was asked to grow.
    pub counts_asked: BTreeMap<u32, u64>,
    /// A checker that is nonsense in this run.
    pub mutant: Option<Mutant>,
    /// Verdicts, by checker.
    pub verdicts: [u64; Checker::ALL.len()],
    /// Nothing can be told any more of what must hold: a disk has lied.
    pub cut_short: bool,
    /// What was found first.
    pub fault: Option<Fault>,
}

impl Watch {
    pub(super) fn fail(&mut self, checker: &'static str, text: String) {
        self.fault.get_or_insert(Fault { checker, text });
    }

    /// A checker's verdict: nothing, or what it has found.
    pub(super) fn judge(&mut self, checker: Checker, found: Option<String>) {
        self.verdicts[checker as usize] += 1;
        let found = match self.mutant {
            Some(mutant) if mutant.checker == checker => (!mutant.accepts).then(|| "a mutant refuses all".into()),
            _ => found,
        };
        if let Some(text) = found {
            self.fail(checker.name(), text);
        }
    }

    pub(super) fn register_of(&self, write: WriteNumber) -> usize {
        self.writes[write].register
    }

    /// A transaction wrote a register that it had watched, and in which it had
    /// read a value: that must be the one before, with nothing between.
    pub(super) fn check_exchange(&mut self, write: WriteNumber, read: Option<WriteNumber>) {
        let Some(executed) = self.writes[write].executed else { return };
        let lineage = self.histories.lineage(executed.history, executed.index);
        let register = self.register_of(write);
        let before = lineage.iter().rev().copied().find(|&other| self.register_of(other) == register);
        let wrong = || format!("write {write} followed {before:?}, though the register was watched and had {read:?}");
        self.judge(Checker::Watch, (before != read).then(wrong));
    }

    /// A node executed a write.
    pub(super) fn executed(&mut self, node: usize, write: WriteNumber, at: u64) {
        let view = &self.nodes[node];
        let (Some((history, after)), life) = (view.position, view.life) else { return };
        let replica = view.replica;
        self.judge(Checker::Roles, replica.then(|| format!("node {node} executed write {write} as a replica")));
        if replica {
            return;
        }
        let log = &mut self.histories.all[history].log;
        self.writes[write].executed = Some(Executed { node, life, at, history, index: log.len() });
        log.push(Entry { write, after });
    }
}
