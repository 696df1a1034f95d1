//! The engine itself: [`Engine::handle`], timers, and what a batch of requests
//! goes through.

mod completions;
pub mod connections;
pub mod cron;
mod data_hash;
pub mod evict;
pub mod image;
mod migrate;
pub mod options;
mod pubsub;
pub mod requests;
mod serve;
pub mod state_hash;
mod stream;
#[cfg(test)]
pub(crate) mod test_world;
#[cfg(test)]
mod tests;

use crate::base::random::Random;
use crate::boundary::effects::Effects;
use crate::boundary::id::ClientId;
use crate::boundary::input::{BufferReport, Connection, Input};
use crate::boundary::time::{Monotonic, Now};
use crate::command::table::CommandTable;
use crate::commands::COMMANDS;
use crate::keyspace::Keyspace;
use crate::resp::request::Limits;
use crate::server::Server;
use crate::server::parameters;
use crate::server::timer::{Timer, Timers};
use crate::session::Session;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use options::Options;

/// The server as a pure function of its inputs.
pub struct Engine {
    keyspace: Keyspace,
    server: Server,
    /// What an image that is being written still has to share with the server.
    image_shared: VecDeque<Arc<Vec<u8>>>,
}

impl Engine {
    /// An engine as configured. Everything random in it comes from the seed in
    /// `options`.
    pub fn new(options: Options, now: Now) -> Engine {
        let mut random = Random::from_seed(options.seed);
        let commands = CommandTable::new(COMMANDS);
        let count = options.config.database_count() as usize;
        let keyspace_random = Random::from_seed(random.next_u64());
        let mut server = Server::new(options.config, commands, options.personality, options.host, now, &mut random);
        server.config_file = options.config_file;
        server.executable = options.executable;
        for (from, to) in &options.renamed_commands {
            server.commands.rename(from, to);
        }
        let keyspace = Keyspace::new(count, false, keyspace_random);
        let mut engine = Engine { keyspace, server, image_shared: VecDeque::new() };
        engine.server.timers.set(Timer::Cron, now.monotonic.plus_ms(1));
        parameters::apply_all(&mut engine.server, &mut engine.keyspace);
        engine
    }

    /// Takes one input in, and appends what follows from it to `effects`.
    pub fn handle(&mut self, now: Now, input: Input<'_>, effects: &mut Effects) {
        let mark = self.server.persistence.aof.holds().then(|| self.server.persistence.aof.mark(effects));
        match input {
            Input::Requests { client, requests, report } => self.requests(now, client, requests, report, effects),
            Input::Connected { client, connection } => self.connected(now, client, connection, effects),
            Input::Drained { client, report } => self.drained(now, client, report, effects),
            Input::Closed { client } => self.server.forget_client(client),
            Input::Disk { token, result } => self.disk(now, token, result, effects),
            Input::Link { link, event } if self.server.migrations.owns(link) => {
                self.server.migration_event(link, event, now, &mut effects.orders);
            }
            Input::Link { link, event } => self.persistence(now, effects).link_event(link, event),
            Input::Deadline => self.deadline(now, effects),
            Input::Signal(signal) => self.persistence(now, effects).shutdown_signal(signal),
            Input::Start => {
                let mut work = self.persistence(now, effects);
                work.follow_as_configured();
                work.load_at_start();
            }
        }
        if self.server.migrations.is_due() {
            self.go_on_migrating(now, effects);
        }
        if self.server.may_serve() {
            self.serve_ready(now, effects);
        }
        if self.server.pubsub.has_deliveries() {
            self.send_published(now, effects);
        }
        if self.server.clients_exceed() {
            self.evict_clients(now, effects);
        }
        if self.server.waits_unsettled() {
            self.server.settle_waits(now);
        }
        if !self.server.deferred.is_empty() {
            self.send_deferred(effects);
        }
        if self.server.replication.follow.has_output() {
            self.server.replication.follow.flush(effects);
        }
        if self.server.journal.listened || self.server.replication.is_active() {
            self.distribute(now, effects);
        }
        if let Some(mark) = mark {
            self.server.persistence.aof.hold_back(mark, effects);
            if self.server.persistence.aof.has_gathered() {
                self.server.timers.set(Timer::Aof, now.monotonic);
            }
        }
        self.server.slept_us = 0;
    }

    /// True if output is held back until what it tells of is durable, as
    /// `appendfsync always` asks for.
    pub fn output_waits(&self) -> bool {
        self.server.persistence.aof.holds()
    }

    /// When [`Input::Deadline`] is due at the latest.
    pub fn next_deadline(&self) -> Option<Monotonic> {
        self.server.timers.next()
    }

    /// What a client may send next: for the parser of its connection.
    pub fn limits(&self, client: ClientId) -> Limits {
        let Server { sessions, bulk_max, password, .. } = &self.server;
        let bulk_max = *bulk_max;
        let authenticated = password.is_none() || sessions.get(client).is_none_or(|session| session.authenticated);
        Limits { bulk_max, authenticated }
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
        if let Some(text) = options::refusal(&self.server, &connection) {
            self.server.statistics.rejected_connections += 1;
            effects.send(client, text.as_bytes());
            effects.orders.close(client);
            return;
        }
        self.server.statistics.connections += 1;
        let mut session = Box::new(Session::new(client, connection, now));
        session.authenticated = self.server.password.is_none();
        self.server.sessions.insert(session);
    }

    fn drained(&mut self, now: Now, client: ClientId, report: BufferReport, effects: &mut Effects) {
        self.server.statistics.reported(&report);
        let Some(mut session) = self.server.sessions.take(client) else { return };
        session.report(report);
        self.keep_or_close(now, session, effects);
    }

    fn deadline(&mut self, now: Now, effects: &mut Effects) {
        for timer in Timers::ALL {
            if !self.server.timers.take_due(timer, now.monotonic) {
                continue;
            }
            match timer {
                Timer::Cron => self.cron(now, effects),
                Timer::ExpireSweep => self.expire_sweep(now, effects),
                Timer::Unpause => self.unpause(effects),
                Timer::Evict => self.evict_slice(now, effects),
                Timer::SnapshotStep => self.persistence(now, effects).snapshot_step(),
                Timer::LoadStep => self.persistence(now, effects).load_step(),
                Timer::Follow => self.persistence(now, effects).follow_tick(),
                Timer::FollowStep => self.persistence(now, effects).follow_step(),
                Timer::Replication => self.persistence(now, effects).replication_tick(),
                Timer::Wait => self.server.answer_waits(now),
                Timer::Shutdown => self.persistence(now, effects).shutdown_due(),
                Timer::Aof => self.persistence(now, effects).aof_deadline(),
                Timer::Unblock => self.server.time_out_blocked(now),
                Timer::Migrate => self.server.migrations_tick(now, &mut effects.orders),
                Timer::Unsubscribe => self.give_up_subscriptions(now),
            }
        }
    }
}
