//! In the end, when everything works and nobody writes, all nodes are the same.

use super::{Checker, Watch};

/// Where a node is in the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Standing {
    /// History and offset.
    pub position: Option<(usize, u64)>,
    /// Hash of its data.
    pub data: u64,
}

/// True if all stand where the first does.
pub(crate) fn have_converged(nodes: &[Standing]) -> bool {
    nodes.windows(2).all(|pair| pair[0] == pair[1])
}

impl Watch {
    /// All nodes have become the same, or the time is over in which they should
    /// have: `late` is where they are then.
    pub(crate) fn check_converged(&mut self, late: Option<&[Standing]>) {
        self.judge(Checker::Converge, late.map(|nodes| format!("the nodes do not become the same: {nodes:?}")));
    }

    /// Clients have written so much since all was healed, if there are any.
    pub(crate) fn check_progress(&mut self, written: u64, clients: usize) {
        let nothing = written == 0 && clients > 0;
        self.judge(Checker::Progress, nothing.then(|| "no write succeeded after all was healed".into()));
    }
}
