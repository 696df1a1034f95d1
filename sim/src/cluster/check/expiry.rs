//! Only a primary decides that a key has expired: a replica waits for the
//! primary's word.

use super::{Checker, Watch};

impl Watch {
    /// So many keys have expired on a node so far.
    pub(crate) fn check_expiry(&mut self, node: usize, expired: u64, replica: bool) {
        let view = &mut self.nodes[node];
        let was = std::mem::replace(&mut view.expired, expired);
        let wrong = replica && view.replica && expired > was;
        let text = || format!("node {node} let {} keys expire as a replica", expired - was);
        self.judge(Checker::Expiry, wrong.then(text));
    }
}
