//! Where the journal's consumers get what has gathered while an input was
//! handled, and what comes over links.

use crate::boundary::effects::Effects;
use crate::boundary::id::LinkId;
use crate::boundary::input::LinkEvent;
use crate::boundary::time::Now;
use crate::engine::Engine;

impl Engine {
    /// An input was handled: what it changed goes to the AOF and to replicas.
    #[cold]
    pub(super) fn distribute(&mut self, now: Now, effects: &mut Effects) {
        self.persistence(now, effects).aof_progress();
    }

    /// Something happened on a link.
    pub(super) fn link(&mut self, _now: Now, _link: LinkId, _event: LinkEvent<'_>, _effects: &mut Effects) {}
}
