//! Replication: what a primary keeps for its replicas, and what a replica does
//! to follow its primary.
//!
//! The replication stream is a sequence of bytes with offsets. Its history has
//! an id; (id, offset) names a state of the data. A replica passes on what its
//! primary sent, byte for byte, under the same id and offsets.
//!
//! ```text
//! units ─> backlog ──────────────────────────────┬─> replica (cursor)
//!             ^ the offset where a snapshot begins ├─> replica
//! PSYNC ──> WaitStart ─┬─> Transfer ──────────────┤
//!                      └─> WaitFile ─> SendFile ──┘
//! ```
//!
//! The backlog is the only copy of the stream. A replica has a cursor in it, and
//! no more is handed to its connection than that can take.
//!
//! ```text
//! blocks.rs   bytes with positions, shared by several readers
//! replica.rs  one replica
//! serve.rs    PSYNC and SYNC: from where a replica can go on
//! sync.rs     full synchronization: from a snapshot, as it is made or as a file
//! dual.rs     full synchronization over two connections
//! deliver.rs  who is sent what, and who takes too little
//! status.rs   what INFO and ROLE tell
//! tick.rs     what is due every second
//! wait.rs     WAIT, WAITAOF
//! image.rs    all of it as bytes
//! follow/     the other side
//! ```

mod blocks;
mod deliver;
mod dual;
pub(crate) mod follow;
mod image;
pub(crate) mod replica;
mod serve;
pub(crate) mod status;
pub(crate) mod sync;
#[cfg(test)]
mod tests;
mod tick;
pub(crate) mod wait;

use crate::base::random::Random;
use crate::boundary::id::{ClientId, DatabaseId, FileId};
use crate::boundary::time::{Monotonic, Now};
use crate::server::journal::{Consumer, Unit};
use crate::session::Session;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use blocks::Blocks;
use dual::Reservation;
use follow::Follow;
use replica::{Replica, State};
use sync::Transfer;
use wait::Waits;

/// The name of a history: 40 hexadecimal digits.
pub type ReplicationId = [u8; 40];

/// No history.
pub const NO_ID: ReplicationId = [b'0'; 40];

/// The state of replication.
#[derive(Debug)]
pub struct Replication {
    /// The history that this server writes or follows.
    pub id: ReplicationId,
    /// The history that it followed before it was promoted; [`NO_ID`] if none.
    pub second_id: ReplicationId,
    /// The first offset that is not of the second history; -1 if there is none.
    pub second_offset: i64,
    /// Bytes of the history so far.
    pub offset: u64,
    /// What it does as a replica.
    pub(crate) follow: Follow,
    /// `min-replicas-to-write`, and `min-replicas-max-lag` in seconds.
    pub(crate) replicas_min: (u64, u64),
    /// Clients that wait for acknowledgements.
    pub(crate) waits: Waits,
    /// The database that is selected in the stream; `None` if that is to be said
    /// again.
    selected: Option<DatabaseId>,
    /// The last bytes of the history. It ends at `offset`.
    backlog: Option<Blocks>,
    /// All replicas, in the order in which they came.
    replicas: Vec<Replica>,
    /// What of the stream is kept for those that get their snapshot over another
    /// connection.
    reservations: Vec<Reservation>,
    /// The snapshot that is sent as it is made.
    transfer: Option<Transfer>,
    /// When the last replica left; `None` while there is one.
    alone_since: Option<Monotonic>,
    /// When replicas are next looked at as they are every second.
    next_second: Monotonic,
    /// Seconds since the last PING.
    seconds_unpinged: u64,
    /// Set when replicas are to be asked how far they are.
    ask_acknowledgements: bool,
    /// Set while there may be a file that was only made for replicas.
    fed_by_file: bool,
    /// Set when all replicas have to begin anew.
    drop_all: bool,
    /// Replicas that are gone, for the log, and files that they were sent.
    gone: Vec<String>,
    orphans: Vec<FileId>,
}

impl Replication {
    /// A primary at the beginning of a history of its own.
    pub fn new(random: &mut Random) -> Replication {
        Replication {
            id: random.hex_id(),
            second_id: NO_ID,
            second_offset: -1,
            offset: 0,
            follow: Follow::default(),
            replicas_min: (0, 0),
            waits: Waits::default(),
            selected: None,
            backlog: None,
            replicas: Vec::new(),
            reservations: Vec::new(),
            transfer: None,
            alone_since: None,
            next_second: Monotonic(0),
            seconds_unpinged: 0,
            ask_acknowledgements: false,
            fed_by_file: false,
            drop_all: false,
            gone: Vec::new(),
            orphans: Vec::new(),
        }
    }

    /// True if this server is a replica.
    pub fn is_replica(&self) -> bool {
        self.follow.is_replica()
    }

    /// True if changes have to be put into the replication stream: there is a
    /// backlog, and this server writes the history itself.
    pub(crate) fn listens(&self) -> bool {
        self.backlog.is_some() && !self.is_replica()
    }

    /// True if the stream is kept.
    pub(crate) fn keeps_stream(&self) -> bool {
        self.backlog.is_some() || self.is_active()
    }

    /// True if there is anything to be done for replicas after an input.
    #[inline]
    pub(crate) fn is_active(&self) -> bool {
        !self.replicas.is_empty() || self.drop_all || !self.gone.is_empty() || self.transfer.is_some()
    }

    /// Appends a unit to the replication stream; a transaction if it has several
    /// requests and is `atomic`. A replica's own writes are not part of it.
    #[inline]
    pub(crate) fn append(&mut self, unit: Unit<'_>, atomic: bool) {
        if self.listens() {
            self.append_to_stream(unit, atomic);
        } else {
            // Without a stream the offset still tells units apart, for WAITAOF.
            self.offset += u64::from(!self.is_replica() && unit.concerns(Consumer::Aof));
        }
    }

    fn append_to_stream(&mut self, unit: Unit<'_>, atomic: bool) {
        let backlog = self.backlog.get_or_insert_with(|| Blocks::new(self.offset));
        unit.render(Consumer::Stream, atomic, &mut self.selected, |bytes| {
            backlog.append(bytes);
            self.offset += bytes.len() as u64;
        });
    }

    /// Appends bytes of the stream as they are: a replica does so with what came
    /// from its primary.
    pub(crate) fn append_stream(&mut self, bytes: &[u8]) {
        self.backlog.get_or_insert_with(|| Blocks::new(self.offset)).append(bytes);
        self.offset += bytes.len() as u64;
    }

    /// Keeps what is written from the offset on, which is a new one.
    pub(crate) fn reopen_backlog(&mut self) {
        self.backlog = Some(Blocks::new(self.offset));
    }

    /// Begins to keep what is written, so that replicas can continue. True if
    /// that is new.
    pub(crate) fn open_backlog(&mut self) -> bool {
        let new = self.backlog.is_none();
        self.backlog.get_or_insert_with(|| Blocks::new(self.offset));
        new
    }

    /// The history goes on under a new id, as nobody else may write the old one
    /// any more: what came before can still be continued from the second id.
    /// Replicas have to ask again, to learn the id.
    pub(crate) fn begin_history(&mut self, random: &mut Random) {
        self.second_id = self.id;
        self.second_offset = self.offset as i64 + 1;
        self.id = random.hex_id();
        self.selected = None;
        self.drop_all = true;
    }

    /// A history of which nobody knows that it continues another.
    pub(crate) fn change_id(&mut self, random: &mut Random) {
        self.id = random.hex_id();
        self.second_id = NO_ID;
        self.second_offset = -1;
        self.reservations.clear();
    }

    /// The data were replaced by those of another history at an offset: nothing
    /// of the backlog is true any more, and whoever followed has to begin anew.
    pub(crate) fn adopt_history(&mut self, id: ReplicationId, offset: u64) {
        self.id = id;
        self.offset = offset;
        self.second_id = NO_ID;
        self.second_offset = -1;
        self.selected = None;
        self.reservations.clear();
        self.waits.forget_synced();
        self.backlog = self.is_replica().then(|| Blocks::new(offset));
        self.drop_all = !cfg!(feature = "planted_sub_replica_stays");
    }

    /// Disconnects all replicas once the input is handled: they have to ask
    /// again.
    pub(crate) fn drop_replicas(&mut self) {
        self.drop_all = true;
    }

    /// A connection is gone.
    pub(crate) fn forget(&mut self, session: &Session) {
        let client = session.id;
        self.waits.forget(client);
        let Some(at) = self.replicas.iter().position(|replica| replica.client == client) else { return };
        let replica = self.replicas.remove(at);
        if let State::SendFile(file, ..) | State::Opening(file) = replica.state {
            self.orphans.push(file);
        }
        if replica.handshake.for_snapshot {
            // Without all of it the stream behind it is of no use.
            self.release(client);
            self.gone.push(format!("Replica {} rdb channel disconnected.", replica.name));
        } else {
            self.gone.push(format!("Connection with replica {} lost.", replica.name));
        }
    }

    fn replica(&mut self, client: ClientId) -> Option<&mut Replica> {
        self.replicas.iter_mut().find(|replica| replica.client == client)
    }

    /// True if a replica waits for a snapshot to begin.
    pub(crate) fn waits_for_snapshot(&self) -> bool {
        self.replicas.iter().any(|replica| replica.state == State::WaitStart)
    }

    /// Bytes that a replica is still to be sent, besides what its connection has.
    pub(crate) fn owed(&self, client: ClientId) -> u64 {
        let replica = self.replicas.iter().find(|replica| replica.client == client);
        let behind = replica.filter(|replica| replica.holds_stream()).map_or(0, |replica| self.offset - replica.cursor);
        behind.max(self.reserved(client))
    }

    /// Number of replicas that are not further behind than `min-replicas-max-lag`
    /// allows.
    pub(crate) fn good_replicas(&self, now: Now) -> u64 {
        let lag_max = self.replicas_min.1;
        self.replicas.iter().filter(|replica| replica.is_online() && replica.lag(now) <= lag_max).count() as u64
    }

    /// True if `min-replicas-to-write` forbids writes.
    #[inline]
    pub(crate) fn too_few_replicas(&self, now: Now) -> bool {
        let (count, lag) = self.replicas_min;
        count > 0 && lag > 0 && !self.is_replica() && self.good_replicas(now) < count
    }

    /// Bytes of memory that the stream takes, and a snapshot that is sent.
    pub(crate) fn memory(&self) -> u64 {
        self.backlog.as_ref().map_or(0, Blocks::memory)
            + self.transfer.as_ref().map_or(0, Transfer::memory)
            + self.follow.kept_figures().0
    }
}
