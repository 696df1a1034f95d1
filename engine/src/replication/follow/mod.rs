//! Following a primary.
//!
//! ```text
//! waiting ──> Connecting ──> Greeting ──> Asked ─┬─ +CONTINUE ──────────────────────────────> Streaming
//!    ^                                           └─ +FULLRESYNC ─> Announced ─┬─> Receiving ─> Loading ─┘
//!    │                                                                        └─────────────> Loading ─┘
//!    └── any failure, a second later or at once
//! ```
//!
//! Receiving is into a file; without one the bytes go to the loader as they
//! come. The link is read only when what came before was used up.

mod apply;
mod connect;
mod dual;
pub(crate) mod failover;
mod handshake;
pub(crate) mod history;
mod image;
mod own_keys;
mod receive;
mod role;
pub(crate) mod status;
pub(crate) mod sync;

#[cfg(test)]
mod tests;

use crate::boundary::effects::Effects;
use crate::boundary::id::{ClientId, DatabaseId, LinkId};
use crate::boundary::input::Connection;
use crate::boundary::time::Monotonic;
use crate::config::PrimaryAddress;
use crate::replication::blocks::Blocks;
use crate::resp::request::{Parser, RequestBuffer};
use alloc::vec::Vec;
use dual::Apart;
use failover::Failover;
use handshake::Greeting;
use own_keys::OwnKeys;
use receive::Receive;

/// The number of the session in which a primary's stream is run. Connections
/// that clients make are numbered from 1 up.
pub(crate) const PRIMARY: ClientId = ClientId(0);

/// What a server does as a replica; nothing, if it is none.
#[derive(Default)]
pub(crate) struct Follow {
    /// Where the primary is; `None` in a primary.
    address: Option<PrimaryAddress>,
    /// The connection to it, made or in the making.
    link: Option<Link>,
    /// The connection over which the stream comes while the link brings a
    /// snapshot.
    apart: Option<Apart>,
    /// What came of the stream while the snapshot was loaded, and did not run
    /// yet: before all that the link brings.
    kept: Option<Blocks>,
    /// The most memory that took.
    kept_peak: u64,
    /// What is to be sent over the link.
    outbox: Vec<u8>,
    /// The database that is selected where the stream can be continued; `None` if
    /// only a full synchronization can follow.
    resumable: Option<DatabaseId>,
    /// The database that is selected in the stream that comes; `None` if none
    /// comes that could be continued.
    selected: Option<DatabaseId>,
    /// Since when the link is down, seconds since 1970; `None` if it never was
    /// up.
    down_since: Option<i64>,
    /// FAILOVER.
    pub(crate) failover: Failover,
    /// What it has to delete itself.
    pub(crate) own_keys: OwnKeys,
}

/// A connection to a primary.
struct Link {
    id: LinkId,
    stage: Stage,
    /// What came and was not used yet.
    buffer: Vec<u8>,
    /// True while the driver has been asked to read.
    reading: bool,
    /// When bytes last came.
    last_io: Monotonic,
    /// When something was last sent to show that we are there.
    kept_alive: Monotonic,
    /// Its ends, once connected.
    connection: Option<Connection>,
}

/// How far a link got.
enum Stage {
    /// The connection is being made.
    Connecting,
    /// Both sides tell who they are.
    Greeting(Greeting),
    /// PSYNC was sent.
    Asked,
    /// SYNC was sent over the snapshot's own connection: where the snapshot ends
    /// is to come.
    Placing,
    /// The size of a file is to come.
    Announced(Announced),
    /// A file comes and is written to disk.
    Receiving(Receive),
    /// What came is loaded, from disk or as it comes.
    Loading(Receive),
    /// The stream comes.
    Streaming(Stream),
}

/// What a full synchronization will give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Announced {
    /// The history and the offset in it; `None` if the primary knows only SYNC.
    position: Option<(super::ReplicationId, u64)>,
}

/// A stream that is being applied. The link's buffer begins with the first byte
/// that is not part of the offset yet.
#[derive(Default)]
struct Stream {
    parser: Parser,
    requests: RequestBuffer,
    /// Bytes of the buffer that were run or queued: ahead of the offset while a
    /// transaction is open.
    position: usize,
    /// Set while a request has to wait for its turn.
    held: bool,
    /// Set when a client has asked that the link be closed.
    disconnected: bool,
    /// True if the primary knows no offsets.
    without_offsets: bool,
}

impl Follow {
    /// True if the server is a replica.
    #[inline]
    pub(crate) fn is_replica(&self) -> bool {
        self.address.is_some()
    }

    /// Where the primary is.
    pub(crate) fn primary(&self) -> Option<&PrimaryAddress> {
        self.address.as_ref()
    }

    /// True if the stream comes.
    #[inline]
    pub(crate) fn is_connected(&self) -> bool {
        matches!(&self.link, Some(Link { stage: Stage::Streaming(_), .. }))
    }

    /// True if the stream has come since the process began, or since this server
    /// last was a primary.
    pub(super) fn was_connected(&self) -> bool {
        self.is_connected() || self.down_since.is_some()
    }

    /// The stream is to be given up when its next slice is due.
    pub(crate) fn disconnect(&mut self) {
        if let Some(Link { stage: Stage::Streaming(stream), .. }) = &mut self.link {
            stream.disconnected = true;
        }
    }

    /// True while a request of the stream waits for its turn.
    pub(crate) fn is_held(&self) -> bool {
        matches!(&self.link, Some(Link { stage: Stage::Streaming(stream), .. }) if stream.held)
    }

    /// True if something is to be sent over the link.
    #[inline]
    pub(crate) fn has_output(&self) -> bool {
        !self.outbox.is_empty() || self.apart.as_ref().is_some_and(|apart| !apart.outbox.is_empty())
    }

    /// Hands over what is to be sent.
    #[cold]
    pub(crate) fn flush(&mut self, effects: &mut Effects) {
        if let Some(link) = &self.link {
            effects.send_over(link.id, &self.outbox);
        }
        self.outbox.clear();
        if let Some(apart) = self.apart.as_mut().filter(|apart| !apart.outbox.is_empty()) {
            effects.send_over(apart.id, &apart.outbox);
            apart.outbox.clear();
        }
    }
}

impl core::fmt::Debug for Follow {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Follow")
            .field("address", &self.address)
            .field("link", &self.link)
            .field("apart", &self.apart)
            .field("kept", &(&self.kept, self.kept_peak))
            .field("outbox", &self.outbox.len())
            .field("resumable", &self.resumable)
            .field("selected", &self.selected)
            .field("down_since", &self.down_since)
            .field("failover", &self.failover)
            .field("own_keys", &self.own_keys)
            .finish()
    }
}

impl core::fmt::Debug for Link {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut hash = crate::base::fingerprint::Fingerprint::new();
        hash.add_bytes(&self.buffer);
        f.debug_struct("Link")
            .field("id", &self.id)
            .field("stage", &self.stage)
            .field("buffer", &(self.buffer.len(), hash.value()))
            .field("reading", &self.reading)
            .field("last_io", &self.last_io)
            .field("kept_alive", &self.kept_alive)
            .finish_non_exhaustive()
    }
}

impl core::fmt::Debug for Stage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Stage::Connecting => f.write_str("Connecting"),
            Stage::Greeting(greeting) => greeting.fmt(f),
            Stage::Asked => f.write_str("Asked"),
            Stage::Placing => f.write_str("Placing"),
            Stage::Announced(announced) => announced.fmt(f),
            Stage::Receiving(receive) => f.debug_tuple("Receiving").field(receive).finish(),
            Stage::Loading(receive) => f.debug_tuple("Loading").field(receive).finish(),
            Stage::Streaming(stream) => {
                f.debug_tuple("Streaming").field(&(stream.position, stream.held, stream.without_offsets)).finish()
            }
        }
    }
}
