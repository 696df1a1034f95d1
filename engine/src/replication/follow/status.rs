//! What INFO and ROLE tell of a replica.

use super::receive::Receive;
use super::{Follow, Link, Stage, apply};
use crate::boundary::time::Now;
use crate::replication::Replication;
use crate::resp::reply::Reply;

impl Follow {
    /// ROLE's word for the link.
    fn state_name(&self) -> &'static str {
        match self.link.as_ref().map(|link| &link.stage) {
            None => "connect",
            Some(Stage::Connecting) => "connecting",
            Some(Stage::Greeting(_) | Stage::Asked | Stage::Placing) => "handshake",
            Some(Stage::Announced(_) | Stage::Receiving(_) | Stage::Loading(_)) => "sync",
            Some(Stage::Streaming(_)) => "connected",
        }
    }

    /// `master_last_io_seconds_ago`: -1 while the link is down.
    pub(crate) fn last_io_seconds(&self, now: Now) -> i64 {
        self.link.as_ref().filter(|_| self.is_connected()).map_or(-1, |link| seconds_since(link, now))
    }

    /// `master_link_down_since_seconds`: -1 if it never was up.
    pub(crate) fn down_seconds(&self, now: Now) -> i64 {
        self.down_since.map_or(-1, |since| (now.unix.seconds() - since).max(0))
    }

    /// A full synchronization, if one is in progress.
    pub(crate) fn sync_progress(&self, now: Now) -> Option<SyncProgress> {
        let link = self.link.as_ref()?;
        let (total, received) = match &link.stage {
            Stage::Announced(_) => (0, 0),
            Stage::Receiving(receive) | Stage::Loading(receive) => figures(receive),
            _ => return None,
        };
        Some(SyncProgress { total, received, last_io_seconds: seconds_since(link, now) })
    }
}

/// Figures of a full synchronization.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SyncProgress {
    /// `master_sync_total_bytes`: 0 if it is not known.
    pub(crate) total: u64,
    /// `master_sync_read_bytes`.
    pub(crate) received: u64,
    /// `master_sync_last_io_seconds_ago`.
    pub(crate) last_io_seconds: i64,
}

impl SyncProgress {
    /// `master_sync_perc`.
    pub(crate) fn percent(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.received as f64 / self.total as f64 * 100.0 }
    }
}

impl Replication {
    /// `slave_repl_offset`: what was applied; 1 if there is nothing to go on
    /// from.
    pub(crate) fn applied_offset(&self) -> u64 {
        if self.follow.is_connected() || self.follow.resumable.is_some() { self.offset } else { 1 }
    }

    /// `slave_read_repl_offset`: what came.
    pub(crate) fn read_offset(&self) -> u64 {
        self.applied_offset() + self.follow.link.as_ref().map_or(0, apply::unread) + self.follow.kept_length()
    }

    /// ROLE's reply of a replica.
    pub(crate) fn reply_replica_role(&self, reply: &mut Reply<'_>) {
        let Some(address) = self.follow.primary() else { return };
        reply.array(5);
        reply.bulk(b"slave");
        reply.bulk(&address.host);
        reply.integer(address.port.into());
        reply.bulk(self.follow.state_name().as_bytes());
        reply.integer(if self.follow.is_connected() { self.offset as i64 } else { -1 });
    }
}

fn figures(receive: &Receive) -> (u64, u64) {
    (receive.total(), receive.received)
}

fn seconds_since(link: &Link, now: Now) -> i64 {
    (now.monotonic.since(link.last_io) / 1_000_000) as i64
}
