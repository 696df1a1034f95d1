//! Only a primary decides that a key has expired: a replica waits for the
//! primary's word.

use super::Watch;

impl Watch {
    /// So many keys have expired on a node so far.
    pub(crate) fn check_expiry(&mut self, node: usize, expired: u64, replica: bool) {
        let view = &mut self.nodes[node];
        let was = std::mem::replace(&mut view.expired, expired);
        if replica && view.replica && expired > was {
            self.fail("expiry", format!("node {node} let {} keys expire as a replica", expired - was));
        }
    }
}
