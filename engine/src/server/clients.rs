//! What happens to connections besides running their requests: closing them,
//! letting them go on, keeping their buffers within limits.

use crate::boundary::effects::{Effect, LogLevel, Orders};
use crate::boundary::id::ClientId;
use crate::boundary::time::{Monotonic, Now};
use crate::config::Id;
use crate::replication::follow::PRIMARY;
use crate::server::Server;
use crate::server::timer::Timer;
use crate::session::class::Class;
use crate::session::{Session, Waiting};
use alloc::format;
use alloc::string::String;

impl Server {
    /// Forgets a connection and all that was remembered for it.
    pub fn forget_client(&mut self, client: ClientId) {
        if let Some(mut session) = self.sessions.remove(client) {
            self.release(&mut session);
        }
    }

    /// What must be undone when a session ends that is not in the table.
    pub(crate) fn release(&mut self, session: &mut Session) {
        if self.pubsub.forget(session) {
            self.timers.set(Timer::Unsubscribe, Monotonic(0));
        }
        self.watches.forget(session.id, &session.watching);
        self.forget_blocked(session);
        self.replication.forget(session);
        self.waiting_for_turn.retain(|&waiting| waiting != session.id);
    }

    /// Closes another client's connection at once; what it was sent and has not
    /// left is lost. It is gone from here on: the driver's word that it closed
    /// finds nothing.
    pub fn disconnect(&mut self, client: ClientId, orders: &mut Orders) {
        if client == PRIMARY {
            self.replication.follow.disconnect();
            self.timers.set(Timer::FollowStep, Monotonic(0));
            return;
        }
        self.forget_client(client);
        orders.list.push(Effect::Close { client, flush: false });
    }

    /// True if anybody waits for his turn.
    pub(crate) fn turn_is_awaited(&self) -> bool {
        !self.waiting_for_turn.is_empty() || self.blocking.has_held()
    }

    /// Lets all clients go on that wait for their turn.
    pub fn resume_waiting(&mut self, orders: &mut Orders) {
        if self.blocking.release_held() {
            // It may be too late for them in this input.
            self.timers.set(Timer::Unblock, Monotonic(0));
        }
        for client in core::mem::take(&mut self.waiting_for_turn) {
            if let Some(session) = self.sessions.get_mut(client)
                && session.waiting == Some(Waiting::Turn)
            {
                session.waiting = None;
            }
            orders.list.push(Effect::Resume { client });
        }
        if self.replication.follow.is_held() {
            self.timers.set(Timer::FollowStep, Monotonic(0));
        }
    }

    /// True if a client has so many bytes of output pending that it must be
    /// closed: over the hard limit, or over the soft one for too long.
    pub fn output_exceeded(&self, session: &mut Session, pending: u64, now: Now) -> bool {
        let replica = session.class() == Class::Replica;
        let used = if replica {
            pending + self.replication.owed(session.id)
        } else {
            session.reply_buffer.divide(pending).list_bytes
        };
        let mut limit = self.config.output_buffer_limits()[session.class().limit_index()];
        if replica && limit.hard_bytes > 0 {
            // A replica that continues may need all of the backlog at once.
            limit.hard_bytes = limit.hard_bytes.max(self.config.bytes(Id::ReplBacklogSize));
        }
        if used == 0 {
            session.over_soft_limit_since = None;
            return false;
        }
        if limit.soft_bytes > 0 && used >= limit.soft_bytes {
            let since = *session.over_soft_limit_since.get_or_insert(now.monotonic);
            if now.monotonic.since(since) / 1_000_000 > limit.soft_seconds.unsigned_abs() {
                return true;
            }
        } else {
            session.over_soft_limit_since = None;
        }
        limit.hard_bytes > 0 && used >= limit.hard_bytes
    }

    /// Bytes of pending output from which on [`Server::output_exceeded`] is worth
    /// asking.
    pub fn output_checked_from(&self, session: &Session) -> u64 {
        let limit = self.config.output_buffer_limits()[session.class().limit_index()];
        let first = [limit.hard_bytes, limit.soft_bytes].into_iter().filter(|&bytes| bytes > 0).min();
        first.map_or(u64::MAX, |bytes| bytes.min(session.reply_buffer.size))
    }

    /// Says in the log that a client was closed for its pending output.
    pub fn log_output_exceeded(&mut self, session: &Session, now: Now, orders: &mut Orders) {
        self.statistics.output_limit_disconnections += 1;
        let mut line = String::new();
        self.describe_client(session, now, &mut line);
        let how = if session.class() == Class::Replica { "scheduled to be closed ASAP" } else { "closed" };
        orders.log(LogLevel::Warning, format!("Client {line} {how} for overcoming of output buffer limits."));
    }

    /// Closes a client that is not the one whose request runs if it has too much
    /// output pending.
    pub(crate) fn drop_if_over_limit(&mut self, client: ClientId, now: Now, orders: &mut Orders) {
        let Some(mut session) = self.sessions.take(client) else { return };
        let pending = session.output_pending();
        let exceeded = self.output_exceeded(&mut session, pending, now);
        if exceeded {
            self.log_output_exceeded(&session, now, orders);
        }
        self.sessions.put(session);
        if exceeded {
            self.disconnect(client, orders);
        }
    }

    /// True if a client has more bytes of incomplete requests than it may.
    pub fn query_exceeded(&self, session: &Session) -> bool {
        session.query_buffer > self.config.bytes(Id::ClientQueryBufferLimit)
    }

    /// Says in the log that a client was closed for its incomplete requests.
    pub fn log_query_exceeded(&mut self, session: &Session, now: Now, orders: &mut Orders) {
        self.statistics.query_limit_disconnections += 1;
        let mut line = String::new();
        self.describe_client(session, now, &mut line);
        orders.log(LogLevel::Warning, format!("Closing client that reached max query buffer length: {line}"));
    }
}
