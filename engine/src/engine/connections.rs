//! Periodic work on connections: idle ones, buffers over their limits.

use crate::boundary::effects::{Effect, Effects, LogLevel};
use crate::boundary::time::Now;
use crate::config::Id;
use crate::engine::Engine;
use crate::session::Session;
use crate::session::class::Class;
use alloc::boxed::Box;

/// Connections looked at in one call at least, so that few are all seen often.
const ROUND_MIN: usize = 5;

impl Engine {
    /// Looks at some of all connections, so that each is looked at about once a
    /// second.
    pub(super) fn connections_round(&mut self, now: Now, hz: u64, effects: &mut Effects) {
        let slots = self.server.sessions.slot_count();
        let count = (slots / hz.max(1) as usize + 1).max(ROUND_MIN).min(slots);
        for _ in 0..count {
            self.server.client_round = (self.server.client_round + 1) % slots;
            if let Some(session) = self.server.sessions.take_slot(self.server.client_round) {
                self.connection_tick(now, session, effects);
            }
        }
    }

    fn connection_tick(&mut self, now: Now, mut session: Box<Session>, effects: &mut Effects) {
        if session.class() == Class::Primary {
            // Its link has a timeout of its own, and nothing is sent to it.
            self.server.sessions.put(session);
            return;
        }
        let idle = now.monotonic.since(session.last_interaction) / 1_000_000;
        let timeout = self.server.config.integer(Id::Timeout).unsigned_abs();
        let stays = session.waiting.is_some() || matches!(session.class(), Class::Replica | Class::Pubsub);
        if timeout > 0 && idle > timeout && !stays {
            effects.orders.log(LogLevel::Verbose, "Closing idle client");
            self.close_at_once(&mut session, effects);
            return;
        }
        let pending = session.output_pending();
        if self.server.reply_buffer_resizing {
            session.reply_buffer.resize(now.monotonic, pending, self.server.reply_buffer_reset_ms);
        }
        self.keep_or_close(now, session, effects);
    }

    /// Puts a session back that was taken out, unless its buffers are over their
    /// limits: then it is closed.
    pub(super) fn keep_or_close(&mut self, now: Now, mut session: Box<Session>, effects: &mut Effects) {
        let pending = session.output_pending();
        if self.server.output_exceeded(&mut session, pending, now) {
            self.server.log_output_exceeded(&session, now, &mut effects.orders);
        } else if self.server.query_exceeded(&session) {
            self.server.log_query_exceeded(&session, now, &mut effects.orders);
        } else {
            self.server.sessions.put(session);
            return;
        }
        self.close_at_once(&mut session, effects);
    }

    /// Closes a connection whose session was taken out.
    pub(super) fn close_at_once(&mut self, session: &mut Session, effects: &mut Effects) {
        self.server.release(session);
        self.server.sessions.remove(session.id);
        effects.orders.list.push(Effect::Close { client: session.id, flush: false });
    }
}
