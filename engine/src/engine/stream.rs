//! Where the journal's consumers get what has gathered while an input was
//! handled.

use crate::boundary::effects::Effects;
use crate::boundary::time::Now;
use crate::engine::Engine;

impl Engine {
    /// An input was handled: what it changed goes to the AOF and to replicas.
    #[cold]
    pub(super) fn distribute(&mut self, _now: Now, _effects: &mut Effects) {}
}
