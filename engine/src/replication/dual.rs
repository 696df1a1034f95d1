//! Full synchronization over two connections, as replicas of Valkey 8 ask for it (`dual-channel-replication-enabled`):
//! what is changed meanwhile waits at the replica, not here.
//!
//! ```text
//! the stream's connection     PSYNC ─> +DUALCHANNELSYNC            set-rdb-client-id, PSYNC ─> BackgroundLoad ─> Online
//!                                           │                                  ^                               (ACK)
//! the snapshot's connection                 └─> SYNC ─> WaitStart ─> $ENDOFF, Transfer ─> closed
//!                                                                       │
//! the stream from there on                                              └ reserved ─> taken over, or given up
//! ```
//!
//! From the moment in which the snapshot begins its replica will ask for the stream behind it. What it will ask for is
//! reserved, under the number of the snapshot's connection: until it asks, as long as that connection lives and for a
//! while after, and as long as it is no more than a replica's connection may owe.

use crate::boundary::effects::LogLevel;
use crate::boundary::id::ClientId;
use crate::boundary::time::{Monotonic, Now};
use crate::command::context::Context;
use crate::config::Id;
use crate::persistence::Work;
use crate::replication::Replication;
use crate::session::class::Class;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Microseconds for which a part of the stream is reserved when the snapshot's connection is gone.
const GRACE: u64 = 60_000_000;

/// A part of the stream that a replica will ask for.
#[derive(Debug)]
pub(super) struct Reservation {
    /// The connection over which it gets its snapshot.
    client: ClientId,
    name: String,
    /// Where the part begins.
    pub(super) cursor: u64,
    /// Since when the connection is gone, as far as that was noticed.
    gone_since: Option<Monotonic>,
    /// Since when it is over the soft limit.
    over_soft_limit_since: Option<Monotonic>,
}

impl Replication {
    /// A snapshot begins at the offset, for the replica of this connection.
    pub(super) fn reserve(&mut self, client: ClientId, name: String) {
        let cursor = self.offset;
        self.reservations.push(Reservation { client, name, cursor, gone_since: None, over_soft_limit_since: None });
    }

    /// True if a part of the stream is reserved under this number.
    pub(crate) fn is_reserved(&self, client: ClientId) -> bool {
        self.reservations.iter().any(|reservation| reservation.client == client)
    }

    /// Ends a reservation. False if there is none.
    pub(super) fn release(&mut self, client: ClientId) -> bool {
        let before = self.reservations.len();
        self.reservations.retain(|reservation| reservation.client != client);
        self.reservations.len() < before
    }

    /// Bytes that are reserved for the replica of a connection.
    pub(super) fn reserved(&self, client: ClientId) -> u64 {
        let found = self.reservations.iter().find(|reservation| reservation.client == client);
        found.map_or(0, |reservation| self.offset - reservation.cursor)
    }

    /// `replicas_waiting_psync`.
    pub(crate) fn reservation_count(&self) -> u64 {
        self.reservations.len() as u64
    }
}

impl Context<'_> {
    /// A replica that knows how to is sent for its snapshot to another
    /// connection. False if it has to get it over this one.
    pub(super) fn part_snapshot(&mut self, name: &str) -> bool {
        if !self.session.handshake.as_ref().is_some_and(|handshake| handshake.takes_two_connections) {
            return false;
        }
        let line = format!(
            "Replica {name} is capable of dual channel synchronization, and partial sync isn't possible. Full sync will \
             continue with dedicated RDB channel."
        );
        self.orders.log(LogLevel::Notice, line);
        self.reply.raw(b"+DUALCHANNELSYNC\r\n");
        true
    }
}

impl Work<'_> {
    /// Once a second: gives up reservations that nobody asked for in time, or
    /// that have become too large.
    pub(super) fn drop_reservations(&mut self) {
        let Now { monotonic: now, .. } = self.now;
        let config = &self.server.config;
        let limit = config.output_buffer_limits()[Class::Replica.limit_index()];
        let hard_bytes = limit.hard_bytes.max(config.bytes(Id::ReplBacklogSize));
        let (offset, sessions) = (self.server.replication.offset, &self.server.sessions);
        let mut lines = Vec::new();
        self.server.replication.reservations.retain_mut(|reservation| {
            let bytes = offset - reservation.cursor;
            let over_soft = limit.soft_bytes > 0 && bytes >= limit.soft_bytes;
            let since = reservation.over_soft_limit_since.take_if(|_| over_soft);
            reservation.over_soft_limit_since = since.or_else(|| over_soft.then_some(now));
            let soft_us = limit.soft_seconds.unsigned_abs() * 1_000_000;
            let too_long = reservation.over_soft_limit_since.is_some_and(|since| now.since(since) > soft_us);
            if sessions.get(reservation.client).is_none() {
                let gone_us = now.since(*reservation.gone_since.get_or_insert(now));
                if gone_us > GRACE {
                    lines.push(format!(
                        "Replica main channel failed to establish PSYNC within the grace period ({} seconds). Freeing \
                         RDB client {}.",
                        gone_us / 1_000_000,
                        reservation.client.0
                    ));
                    return false;
                }
            }
            if too_long || limit.hard_bytes > 0 && bytes >= hard_bytes {
                lines.push(format!(
                    "Client id={} of replica {} closed for overcoming of output buffer limits.",
                    reservation.client.0, reservation.name
                ));
                return false;
            }
            true
        });
        for line in lines {
            self.log(LogLevel::Warning, line);
        }
    }
}
