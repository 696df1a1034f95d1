//! The engine itself: [`Engine::handle`], timers, and what a batch of requests
//! goes through.

mod completions;
pub mod cron;
pub mod evict;
pub mod options;
pub mod requests;

use crate::base::random::Random;
use crate::boundary::effects::Effects;
use crate::boundary::id::ClientId;
use crate::boundary::input::{BufferReport, Connection, Input};
use crate::boundary::time::{Monotonic, Now};
use crate::keyspace::Keyspace;
use crate::resp::request::Limits;
use crate::server::Server;
use crate::server::timer::{Timer, Timers};
use crate::session::Session;
use alloc::boxed::Box;
use options::Options;

/// The server as a pure function of its inputs.
pub struct Engine {
    keyspace: Keyspace,
    server: Server,
}

impl Engine {
    /// An engine as configured. Everything random in it comes from the seed in
    /// `options`.
    pub fn new(options: Options, now: Now) -> Engine {
        let mut random = Random::from_seed(options.seed);
        let count = options.config.database_count() as usize;
        let keyspace_random = Random::from_seed(random.next_u64());
        let mut server = Server::new(options.config, options.personality, options.host, now, &mut random);
        server.config_file = options.config_file;
        server.executable = options.executable;
        for (from, to) in &options.renamed_commands {
            server.commands.rename(from, to);
        }
        let keyspace = Keyspace::new(count, false, keyspace_random);
        let mut engine = Engine { keyspace, server };
        engine.server.timers.set(Timer::Cron, now.monotonic.plus_ms(1));
        options::apply_all(&mut engine.server, &mut engine.keyspace);
        engine
    }

    /// Takes one input in, and appends what follows from it to `effects`.
    pub fn handle(&mut self, now: Now, input: Input<'_>, effects: &mut Effects) {
        match input {
            Input::Requests { client, requests, report } => self.requests(now, client, &requests, report, effects),
            Input::Connected { client, connection } => self.connected(now, client, connection, effects),
            Input::Drained { client, report } => self.drained(client, report),
            Input::Closed { client } => self.closed(client),
            Input::Disk { token, result } => self.disk(now, token, result, effects),
            Input::Deadline => self.deadline(now, effects),
            Input::Signal(signal) => self.persistence(now, effects).shutdown_signal(signal),
            Input::Start => self.persistence(now, effects).load_at_start(),
        }
        if !self.server.deferred.is_empty() {
            self.send_deferred(effects);
        }
    }

    /// When [`Input::Deadline`] is due at the latest.
    pub fn next_deadline(&self) -> Option<Monotonic> {
        self.server.timers.next()
    }

    /// What a client may send next: for the parser of its connection.
    pub fn limits(&self, client: ClientId) -> Limits {
        let bulk_max = self.server.bulk_max;
        self.server.sessions.get(client).map_or(Limits::default(), |session| session.limits(bulk_max))
    }

    /// The data, to be looked at.
    pub fn keyspace(&self) -> &Keyspace {
        &self.keyspace
    }

    /// The server besides its data, to be looked at.
    pub fn server(&self) -> &Server {
        &self.server
    }

    fn connected(&mut self, now: Now, client: ClientId, connection: Connection, effects: &mut Effects) {
        self.server.statistics.connections += 1;
        let refusal = options::refusal(&self.server, &connection);
        let mut session = Box::new(Session::new(client, connection, now));
        session.authenticated = self.server.password.is_none();
        if let Some(text) = refusal {
            effects.send(client, text.as_bytes());
            effects.orders.close(client);
            session.closing = true;
        }
        self.server.sessions.insert(session);
    }

    fn drained(&mut self, client: ClientId, report: BufferReport) {
        self.server.statistics.received += report.received;
        if let Some(session) = self.server.sessions.get_mut(client) {
            session.report(report);
        }
    }

    fn closed(&mut self, client: ClientId) {
        if let Some(session) = self.server.sessions.remove(client) {
            self.server.watches.forget(client, &session.watching);
            self.server.waiting_for_turn.retain(|&waiting| waiting != client);
        }
    }

    fn deadline(&mut self, now: Now, effects: &mut Effects) {
        for timer in Timers::ALL {
            if !self.server.timers.take_due(timer, now.monotonic) {
                continue;
            }
            match timer {
                Timer::Cron => self.cron(now, effects),
                Timer::ExpireSweep => self.expire_sweep(now),
                Timer::Unpause => self.unpause(effects),
                Timer::Evict => self.evict_slice(now, effects),
                Timer::SnapshotStep => self.persistence(now, effects).snapshot_step(),
                Timer::LoadStep => self.persistence(now, effects).load_step(),
                Timer::Shutdown => self.persistence(now, effects).shutdown_due(),
            }
        }
    }
}

#[cfg(test)]
impl Engine {
    /// Sets a key behind the back of all machines.
    pub(crate) fn set_for_test(
        &mut self,
        database: crate::boundary::id::DatabaseId,
        key: &str,
        value: &str,
        expire_at_ms: Option<i64>,
        now: Now,
    ) {
        use crate::data::entry::Value;
        let value =
            crate::base::number::parse_i64(value.as_bytes()).map_or(Value::Bytes(value.as_bytes()), Value::Integer);
        let access = self.keyspace.access.initial(now);
        self.keyspace.load(database, key.as_bytes(), value, expire_at_ms, access, true);
    }

    /// The data, to be changed behind the back of all machines.
    pub(crate) fn keyspace_for_test(&mut self) -> &mut Keyspace {
        &mut self.keyspace
    }
    /// Runs something as a command would.
    pub(crate) fn with_context_for_test(
        &mut self,
        now: Now,
        effects: &mut Effects,
        work: impl FnOnce(&mut crate::command::context::Context<'_>),
    ) {
        self.with_context(now, effects, work);
    }
}
