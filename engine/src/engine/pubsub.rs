//! Where what was published while an input was handled is sent.

use crate::boundary::effects::Effects;
use crate::boundary::time::Now;
use crate::engine::Engine;
use crate::server::timer::Timer;

impl Engine {
    /// Sends what was published; subscribers share its bytes.
    #[cold]
    pub(super) fn send_published(&mut self, now: Now, effects: &mut Effects) {
        let (bytes, deliveries) = self.server.pubsub.take_deliveries();
        let base = effects.output.len();
        effects.output.extend_from_slice(&bytes);
        for delivery in &deliveries {
            // It may have been closed since.
            let Some(session) = self.server.sessions.get_mut(delivery.client) else { continue };
            let length = (delivery.end - delivery.start) as u64;
            session.sent += length;
            self.server.statistics.sent += length;
            let pending = session.output_pending();
            session.reply_buffer.filled(pending);
            let worth_asking = pending > session.reply_buffer.size;
            if pending > 0 {
                self.server.sessions.account(delivery.client);
            }
            effects.send_part(delivery.client, base + delivery.start, base + delivery.end);
            if worth_asking {
                self.server.drop_if_over_limit(delivery.client, now, &mut effects.orders);
            }
        }
        self.server.pubsub.recycle(bytes, deliveries);
    }

    /// Goes on giving up subscriptions of connections that are gone.
    pub(super) fn give_up_subscriptions(&mut self, now: Now) {
        if self.server.pubsub.give_up_slice() {
            self.server.timers.set(Timer::Unsubscribe, now.monotonic);
        }
    }
}
