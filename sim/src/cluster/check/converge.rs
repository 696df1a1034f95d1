//! In the end, when everything works and nobody writes, all nodes are the same.

use super::Watch;

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
    /// The time is over in which all nodes should have become the same.
    pub(crate) fn not_converged(&mut self, nodes: &[Standing]) {
        self.fail("converge", format!("the nodes do not become the same: {nodes:?}"));
    }
}
