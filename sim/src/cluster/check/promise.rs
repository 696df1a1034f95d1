//! What a client may rely on: where each write is synced before its reply, any
//! reply that shows a write promises that it survives.

use super::Watch;
use crate::cluster::history::WriteNumber;

impl Watch {
    /// A client of a node has seen a write: it was acknowledged, or read there.
    pub(crate) fn promised(&mut self, node: usize, write: WriteNumber) {
        let view = &mut self.nodes[node];
        let Some(executed) = self.writes[write].executed else { return };
        if (executed.node, executed.life) != (node, view.life) {
            return;
        }
        let further = match view.promised {
            Some((history, index)) => history != executed.history || index < executed.index,
            None => true,
        };
        if further {
            view.promised = Some((executed.history, executed.index));
        }
    }
}
