//! Replication: what a primary keeps for its replicas, and what a replica does
//! to follow its primary.
//!
//! The replication stream is a sequence of bytes with offsets. Its history has
//! an id; (id, offset) names a state of the data. A replica passes on what its
//! primary sent, byte for byte, under the same id and offsets.

pub(crate) mod follow;

use crate::base::random::Random;
use crate::boundary::id::DatabaseId;
use crate::server::journal::Unit;
use alloc::vec::Vec;
use follow::Follow;

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
    /// The database that is selected in the stream; `None` if that is to be said
    /// again.
    selected: Option<DatabaseId>,
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
            selected: None,
        }
    }

    /// True if this server is a replica.
    pub fn is_replica(&self) -> bool {
        self.follow.is_replica()
    }

    /// True if changes have to be put into the replication stream: there is a
    /// backlog, and this server writes the history itself.
    pub(crate) fn listens(&self) -> bool {
        false
    }

    /// Appends a unit to the replication stream; a transaction if it has several
    /// requests and is `atomic`. A replica's own writes are not part of it.
    pub(crate) fn append(&mut self, unit: &Unit, atomic: bool) {
        if !self.listens() {
            return;
        }
        let mut bytes = Vec::new();
        unit.render(atomic, &mut self.selected, &mut bytes);
        self.append_stream(&bytes);
    }

    /// Appends bytes of the stream as they are: a replica does so with what came
    /// from its primary.
    pub(crate) fn append_stream(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
    }

    /// The history goes on under a new id, as nobody else may write the old one
    /// any more: what came before can still be continued from the second id.
    pub(crate) fn begin_history(&mut self, random: &mut Random) {
        self.second_id = self.id;
        self.second_offset = self.offset as i64 + 1;
        self.id = random.hex_id();
        self.selected = None;
    }

    /// The data were replaced by those of another history at an offset: nothing
    /// of the backlog is true any more, and whoever followed has to begin anew.
    pub(crate) fn adopt_history(&mut self, id: ReplicationId, offset: u64) {
        self.id = id;
        self.offset = offset;
        self.second_id = NO_ID;
        self.second_offset = -1;
        self.selected = None;
    }
}
