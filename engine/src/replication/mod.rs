//! Replication: what a primary keeps for its replicas, and what a replica does
//! to follow its primary.

use crate::server::journal::Unit;

/// The state of replication.
#[derive(Default, Debug)]
pub struct Replication {}

impl Replication {
    /// True if changes have to be put into the replication stream.
    pub(crate) fn listens(&self) -> bool {
        false
    }

    /// Appends a unit to the replication stream; a transaction if it has several
    /// requests and is `atomic`.
    pub(crate) fn append(&mut self, _unit: &Unit, _atomic: bool) {}
}
