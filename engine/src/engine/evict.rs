//! Eviction by the clock, and of clients whose buffers take too much.

use crate::boundary::effects::{Effects, LogLevel};
use crate::boundary::time::Now;
use crate::command::eviction::evict;
use crate::engine::Engine;
use alloc::string::String;

/// Clients evicted after one input at most; the rest follows after the next, at the latest the clock's.
const CLIENTS_MAX: usize = 64;

impl Engine {
    /// Closes clients until the others keep to `maxmemory-clients`, the largest
    /// first.
    #[cold]
    pub(super) fn evict_clients(&mut self, now: Now, effects: &mut Effects) {
        for _ in 0..CLIENTS_MAX {
            if !self.server.clients_exceed() {
                return;
            }
            let Some(client) = self.server.sessions.first_to_evict() else { return };
            if let Some(session) = self.server.sessions.get(client) {
                let mut line = String::from("Evicting client: ");
                self.server.describe_client(session, now, &mut line);
                effects.orders.log(LogLevel::Notice, line);
            }
            self.server.statistics.evicted_clients += 1;
            self.server.disconnect(client, &mut effects.orders);
        }
    }

    /// Goes on evicting after a slice was used up.
    pub(super) fn evict_slice(&mut self, now: Now, effects: &mut Effects) {
        self.with_context(now, effects, |context| {
            evict(context);
        });
    }
}

#[cfg(test)]
mod tests;
