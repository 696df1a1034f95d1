//! Serving clients that wait for keys.
//!
//! Keys are looked at in the order in which they became ready, and for each key
//! those who wait for it in the order in which they began to. What they do may
//! make other keys ready, which come behind; it ends when none is.

#[cfg(test)]
mod tests;

use crate::boundary::effects::{Effect, Effects};
use crate::boundary::id::{ClientId, DatabaseId};
use crate::boundary::time::Now;
use crate::command::context::Context;
use crate::command::spec::NO_COMMAND;
use crate::data::shape::Type;
use crate::engine::Engine;
use crate::keyspace::database::Key;
use crate::resp::reply::Reply;
use crate::server::blocking::ReadyKey;

impl Engine {
    /// Serves all who can be served.
    #[cold]
    pub(super) fn serve_ready(&mut self, now: Now, effects: &mut Effects) {
        // What slept meanwhile may have let keys expire.
        let now = now.plus_us(self.server.slept_us);
        while self.server.may_serve()
            && let Some(ready) = self.server.blocking.take_ready()
        {
            self.serve_key(now, ready, effects);
        }
    }

    fn serve_key(&mut self, now: Now, ready: ReadyKey, effects: &mut Effects) {
        let key = self.keyspace.key(&ready.key);
        // Who waits again, having found nothing, is not asked twice.
        let end = self.server.blocking.next_ticket();
        let mut next = 0;
        let mut held = false;
        loop {
            let found = self.live_type(now, ready.database, &key);
            let Some((ticket, client)) = self.server.blocking.next_waiter(&ready, found, next..end) else { break };
            next = ticket + 1;
            held |= !self.serve_client(now, client, effects);
        }
        if held {
            self.server.blocking.hold(ready);
        }
    }

    /// Of what type a key is, unless it is not there or past its time.
    fn live_type(&self, now: Now, database: DatabaseId, key: &Key<'_>) -> Option<Type> {
        let entry = self.keyspace.peek(database, key)?;
        let live = entry.expire_at_ms().is_none_or(|at| at > now.unix.ms());
        live.then(|| entry.value_type())
    }

    /// Runs a client's request again. False if it has to wait for its turn.
    fn serve_client(&mut self, now: Now, client: ClientId, effects: &mut Effects) -> bool {
        if self.server.pubsub.has_deliveries() {
            // What it is told of comes before what it is answered, if it was first.
            self.send_published(now, effects);
        }
        let Some(mut session) = self.server.sessions.take(client) else { return true };
        let start = effects.output.len();
        session.output_start = start;
        let mut context = Context {
            now,
            command: &NO_COMMAND,
            reply: Reply::new(&mut effects.output, session.protocol),
            session: &mut session,
            keyspace: &mut self.keyspace,
            server: &mut self.server,
            orders: &mut effects.orders,
            hashed: None,
        };
        let ran = context.run_again();
        session.output_start = 0;
        let written = (effects.output.len() - start) as u64;
        session.sent += written;
        self.server.statistics.sent += written;
        let pending = session.output_pending();
        session.reply_buffer.filled(pending);
        let worth_asking = pending > session.reply_buffer.size;
        let served = session.waiting.is_none();
        self.server.sessions.put(session);
        effects.send_from(client, start);
        if worth_asking {
            self.server.drop_if_over_limit(client, now, &mut effects.orders);
        }
        if served {
            effects.orders.list.push(Effect::Resume { client });
        }
        ran
    }
}
