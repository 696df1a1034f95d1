//! Eviction by the clock.

use crate::boundary::effects::Effects;
use crate::boundary::time::Now;
use crate::command::eviction::evict;
use crate::engine::Engine;

impl Engine {
    /// Goes on evicting after a slice was used up.
    pub(super) fn evict_slice(&mut self, now: Now, effects: &mut Effects) {
        self.with_context(now, effects, |context| {
            evict(context);
        });
    }
}
