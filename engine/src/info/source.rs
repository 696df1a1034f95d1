//! What the fields of INFO read from.

use crate::boundary::ask::ProcessFigures;
use crate::boundary::time::Now;
use crate::keyspace::Keyspace;
use crate::server::Server;
use crate::session::Session;
use crate::session::class::Class;

/// The state that INFO tells of, and what is summed up once for several
/// fields.
pub struct Source<'a> {
    /// When INFO came.
    pub now: Now,
    /// The server.
    pub server: &'a Server,
    /// The data.
    pub keyspace: &'a Keyspace,
    /// Figures of the process; zero if no field wants them.
    pub process: ProcessFigures,
    /// Sums over all sessions.
    pub(super) clients: ClientSums,
    /// Bytes that the server uses, by its own account.
    used_memory: u64,
    /// Of those, bytes of tables.
    table_memory: u64,
}

/// Sums over all sessions.
#[derive(Clone, Copy, Default)]
pub(super) struct ClientSums {
    pub memory: u64,
    pub replica_memory: u64,
    pub input_max: u64,
    pub output_max: u64,
    pub watching: u64,
    pub blocked: u64,
    pub subscribed: u64,
}

impl<'a> Source<'a> {
    /// The state at a time. `session` is the one that asks, which is not among
    /// the server's meanwhile.
    pub fn new(
        now: Now,
        server: &'a Server,
        keyspace: &'a Keyspace,
        session: &Session,
        process: ProcessFigures,
    ) -> Source<'a> {
        let mut clients = ClientSums::default();
        server.sessions.iter().chain(core::iter::once(session)).for_each(|session| clients.add(session));
        let table_memory = keyspace.databases().map(|(_, database)| database.overhead_bytes() as u64).sum();
        let used_memory = server.used_memory(keyspace) - server.sessions.memory_of(session.id) + session.memory();
        Source { now, server, keyspace, process, clients, used_memory, table_memory }
    }

    /// Bytes that the server uses, by its own account.
    pub fn used_memory(&self) -> u64 {
        self.used_memory
    }

    /// The most bytes that it ever used.
    pub fn peak_memory(&self) -> u64 {
        self.server.statistics.peak_memory.max(self.used_memory)
    }

    /// Bytes of sessions and their buffers.
    pub fn client_memory(&self) -> u64 {
        self.clients.memory
    }

    /// Bytes that are not the data itself.
    pub fn overhead(&self) -> u64 {
        self.server.fixed_memory + self.table_memory + self.clients.memory + self.server.replication.memory()
    }

    /// Bytes of the data itself.
    pub fn dataset(&self) -> u64 {
        self.used_memory.saturating_sub(self.overhead())
    }

    /// Microseconds since the server began.
    pub(super) fn uptime(&self) -> u64 {
        self.now.monotonic.since(self.server.started.monotonic)
    }
}

impl ClientSums {
    fn add(&mut self, session: &Session) {
        self.memory += session.memory();
        if session.class() == Class::Replica {
            self.replica_memory += session.memory();
        }
        self.input_max = self.input_max.max(session.query_buffer);
        self.output_max = self.output_max.max(session.output_pending());
        self.watching += u64::from(!session.watching.is_empty());
        self.subscribed += u64::from(session.class() == Class::Pubsub);
        self.blocked += u64::from(session.waiting.is_some());
    }
}
