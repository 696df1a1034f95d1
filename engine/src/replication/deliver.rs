//! Who is sent what, and who takes too little. Runs after each input while there
//! are replicas.

use crate::boundary::effects::{DiskOperation, Effect, Effects, LogLevel, Orders};
use crate::boundary::id::ClientId;
use crate::boundary::time::Now;
use crate::config::Id;
use crate::replication::Replication;
use crate::replication::blocks::Blocks;
use crate::replication::replica::State;
use crate::server::Server;
use crate::server::disk::DiskUse;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Bytes that a replica's connection holds at most; the rest stays where all
/// share it.
pub(super) const WINDOW: u64 = 1 << 20;

const GETACK: &[u8] = b"*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";

impl Server {
    /// Hands on to replicas what their connections can take.
    pub(crate) fn deliver(&mut self, now: Now, effects: &mut Effects) {
        self.drop_replicas_as_asked(&mut effects.orders);
        self.ask_acknowledgements();
        let clients: Vec<ClientId> = self.replication.replicas.iter().map(|replica| replica.client).collect();
        for client in clients {
            self.deliver_to(client, now, effects);
        }
        self.note_gone(now, &mut effects.orders);
        self.trim_backlog();
    }

    pub(in crate::replication) fn drop_replicas_as_asked(&mut self, orders: &mut Orders) {
        if core::mem::take(&mut self.replication.drop_all) {
            while let Some(client) = self.replication.replicas.first().map(|replica| replica.client) {
                self.disconnect(client, orders);
            }
        }
    }

    fn ask_acknowledgements(&mut self) {
        let asked = core::mem::take(&mut self.replication.ask_acknowledgements);
        if asked && self.replication.listens() && !self.replication.replicas.is_empty() {
            self.replication.append_stream(GETACK);
        }
    }

    fn deliver_to(&mut self, client: ClientId, now: Now, effects: &mut Effects) {
        let Some(session) = self.sessions.get_mut(client) else { return };
        let pending = session.output_pending();
        let Some(replica) = self.replication.replica(client) else { return };
        if session.written != replica.taken || pending == 0 {
            replica.taken = session.written;
            replica.taken_at = now.monotonic;
        }
        let start = effects.output.len();
        self.replication.hand_over(client, WINDOW.saturating_sub(pending), &mut effects.output);
        let count = (effects.output.len() - start) as u64;
        session.sent += count;
        self.sessions.account(client);
        self.statistics.sent += count;
        self.statistics.replication_output += count;
        effects.send_from(client, start);
        self.drop_if_over_limit(client, now, &mut effects.orders);
    }

    /// What follows from connections that are gone.
    fn note_gone(&mut self, now: Now, orders: &mut Orders) {
        for line in core::mem::take(&mut self.replication.gone) {
            orders.log(LogLevel::Notice, line);
        }
        for file in core::mem::take(&mut self.replication.orphans) {
            self.disk.start(orders, DiskUse::Nothing, DiskOperation::Close { file });
        }
        if self.replication.replicas.is_empty() && self.replication.reservations.is_empty() {
            self.replication.alone_since.get_or_insert(now.monotonic);
        }
    }

    /// Gives back what of the stream is more than the backlog is to hold and
    /// nobody needs.
    fn trim_backlog(&mut self) {
        let length_min = self.config.bytes(Id::ReplBacklogSize);
        let replication = &mut self.replication;
        let holding = replication.replicas.iter().filter(|replica| replica.holds_stream());
        let reserved = replication.reservations.iter().map(|reservation| reservation.cursor);
        let needed = holding.map(|replica| replica.cursor).chain(reserved).min().unwrap_or(u64::MAX);
        if let Some(backlog) = &mut replication.backlog {
            backlog.trim(needed, length_min);
        }
        if let Some(transfer) = &mut replication.transfer {
            let cursors = replication.replicas.iter().filter_map(|replica| match replica.state {
                State::Transfer(cursor) => Some(cursor),
                _ => None,
            });
            transfer.bytes.trim(cursors.min().unwrap_or(u64::MAX), 0);
        }
    }

    /// Ends a replica's connection once it got all that was sent.
    pub(super) fn let_go(&mut self, client: ClientId, orders: &mut Orders) {
        if let Some(session) = self.sessions.get_mut(client) {
            session.closing = true;
            orders.list.push(Effect::Close { client, flush: true });
        }
        self.replication.replicas.retain(|replica| replica.client != client);
    }

    /// Ends a replica's connection at once.
    pub(super) fn drop_replica(&mut self, client: ClientId, reason: &str, level: LogLevel, orders: &mut Orders) {
        let name = self.replication.replica(client).map(|replica| replica.name.clone()).unwrap_or_default();
        orders.log(level, format!("{reason}: {name}"));
        self.disconnect(client, orders);
    }

    /// The line with which a replica is online.
    pub(super) fn log_synchronized(&mut self, name: &str, orders: &mut Orders) {
        orders.log(LogLevel::Notice, format!("Synchronization with replica {name} succeeded"));
    }
}

impl Replication {
    /// Appends what a replica's connection can take, and notes that it got it.
    fn hand_over(&mut self, client: ClientId, room: u64, out: &mut Vec<u8>) {
        let Some(replica) = self.replicas.iter_mut().find(|replica| replica.client == client) else { return };
        out.append(&mut replica.outbox);
        match (&mut replica.state, &self.transfer, &self.backlog) {
            (State::Transfer(cursor), Some(transfer), _) => copy(&transfer.bytes, cursor, room, out),
            (State::Online | State::BackgroundLoad, _, Some(backlog)) => copy(backlog, &mut replica.cursor, room, out),
            _ => {}
        }
    }

    /// Names of all replicas in a state.
    pub(super) fn names(&self, test: impl Fn(State) -> bool) -> Vec<(ClientId, String)> {
        let fitting = self.replicas.iter().filter(|replica| test(replica.state));
        fitting.map(|replica| (replica.client, replica.name.clone())).collect()
    }
}

fn copy(source: &Blocks, cursor: &mut u64, mut room: u64, out: &mut Vec<u8>) {
    while room > 0 {
        let bytes = source.from(*cursor);
        let bytes = &bytes[..bytes.len().min(room as usize)];
        if bytes.is_empty() {
            return;
        }
        out.extend_from_slice(bytes);
        *cursor += bytes.len() as u64;
        room -= bytes.len() as u64;
    }
}
