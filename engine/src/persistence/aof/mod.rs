//! The append only file.

use crate::boundary::time::Now;
use crate::server::journal::Unit;

/// The state of the append only file.
#[derive(Default, Debug)]
pub struct Aof {}

impl Aof {
    /// True if changes have to be put into the file.
    pub(crate) fn listens(&self) -> bool {
        false
    }

    /// Appends a unit to the bytes that go to the file; a transaction if it has
    /// several requests and is `atomic`.
    pub(crate) fn append(&mut self, _unit: &Unit, _atomic: bool, _now: Now) {}
}
