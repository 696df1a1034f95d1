//! A replica as its primary sees it.

use crate::boundary::id::{ClientId, FileId};
use crate::boundary::time::{Monotonic, Now};
use crate::session::Session;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What a replica says of itself by REPLCONF.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Handshake {
    /// `listening-port`; 0 if not told.
    pub(crate) port: u16,
    /// `ip-address`; empty if not told.
    pub(crate) address: String,
    /// `capa eof`: it can read a file whose length is not known beforehand.
    pub(crate) reads_to_mark: bool,
    /// `capa psync2`: it can be told a new id when it continues.
    pub(crate) takes_new_id: bool,
    /// `version`: major and minor, if told.
    pub(crate) version: Option<(u32, u32)>,
    /// `rdb-only`: it wants no stream behind the file.
    pub(crate) file_only: bool,
    /// `rdb-filter-only`: it wants a file without keys.
    pub(crate) without_keys: bool,
    /// `capa dual-channel`: it gets a snapshot over another connection.
    pub(crate) takes_two_connections: bool,
    /// `rdb-channel`: this is that connection.
    pub(crate) for_snapshot: bool,
    /// `set-rdb-client-id`: the number of the connection over which it gets its
    /// snapshot.
    pub(crate) snapshot_client: Option<ClientId>,
}

impl Handshake {
    /// True if it can read version 11 of the file format: who does not tell its
    /// version may be of Redis 7.0, which can't.
    pub(crate) fn reads_version_11(&self) -> bool {
        self.version.is_some_and(|version| version >= (7, 2))
    }
}

/// What a replica is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// Nothing before a snapshot begins.
    WaitStart,
    /// Nothing before a file is saved.
    WaitFile,
    /// The snapshot that is being made, from a position on.
    Transfer(u64),
    /// A file that is being opened.
    Opening(FileId),
    /// A file of which so many bytes are left to be read; `true` while a piece is
    /// on its way from the disk.
    SendFile(FileId, u64, bool),
    /// The stream, once it has told that it has loaded the snapshot.
    WaitAck,
    /// The stream, which it keeps until it has loaded the snapshot that comes over
    /// another connection.
    BackgroundLoad,
    /// The stream.
    Online,
}

/// A replica.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) client: ClientId,
    pub(crate) handshake: Handshake,
    /// As log lines name it.
    pub(crate) name: String,
    /// Its address without a port.
    pub(crate) address: String,
    pub(crate) state: State,
    /// It asked by SYNC: it knows no offsets and acknowledges nothing.
    pub(crate) by_sync: bool,
    /// The position in the stream from which on it was not sent anything.
    pub(crate) cursor: u64,
    /// What is to be sent before anything else.
    pub(crate) outbox: Vec<u8>,
    /// What it acknowledged.
    pub(crate) acknowledged: u64,
    /// What of it is in its AOF and synced.
    pub(crate) acknowledged_synced: u64,
    /// When it last acknowledged.
    pub(crate) acknowledged_at: Monotonic,
    /// When it asked to be synchronized.
    pub(crate) asked_at: Monotonic,
    /// Bytes that it had taken when it was last looked at, and when it last took
    /// any.
    pub(crate) taken: u64,
    pub(crate) taken_at: Monotonic,
}

impl Replica {
    /// The session becomes a replica that waits.
    pub(crate) fn new(session: &Session, by_sync: bool, now: Now) -> Replica {
        let handshake = session.handshake.as_deref().cloned().unwrap_or_default();
        let address = address(session, &handshake);
        Replica {
            client: session.id,
            name: name(session, &handshake),
            address,
            handshake,
            state: State::WaitStart,
            by_sync,
            cursor: 0,
            outbox: Vec::new(),
            acknowledged: 0,
            acknowledged_synced: 0,
            acknowledged_at: now.monotonic,
            asked_at: now.monotonic,
            taken: session.written,
            taken_at: now.monotonic,
        }
    }

    /// True if it needs the stream from its cursor on.
    pub(crate) fn holds_stream(&self) -> bool {
        self.state != State::WaitStart && !self.handshake.for_snapshot
    }

    /// True if it got the snapshot.
    pub(crate) fn is_online(&self) -> bool {
        matches!(self.state, State::WaitAck | State::Online)
    }

    /// INFO's word for what it is sent.
    pub(crate) fn state_name(&self) -> &'static str {
        match self.state {
            State::WaitStart | State::WaitFile | State::Transfer(_) | State::Opening(_) => "wait_bgsave",
            State::SendFile(..) => "send_bulk",
            State::BackgroundLoad => "bg_transfer",
            State::WaitAck | State::Online => "online",
        }
    }

    /// Seconds since it last acknowledged; 0 while it is synchronized.
    pub(crate) fn lag(&self, now: Now) -> u64 {
        if self.is_online() { now.monotonic.since(self.acknowledged_at) / 1_000_000 } else { 0 }
    }
}

/// A session that may become a replica, as log lines name it.
pub(crate) fn name(session: &Session, handshake: &Handshake) -> String {
    let address = address(session, handshake);
    match handshake.port {
        0 => format!("{address}:<unknown-replica-port>"),
        port if address.contains(':') => format!("[{address}]:{port}"),
        port => format!("{address}:{port}"),
    }
}

/// The address that it told, or that it comes from, without a port.
fn address(session: &Session, handshake: &Handshake) -> String {
    if !handshake.address.is_empty() {
        return handshake.address.clone();
    }
    let peer = &session.connection.peer;
    let address = peer.rsplit_once(':').map_or(peer.as_str(), |(address, _)| address);
    address.strip_prefix('[').and_then(|address| address.strip_suffix(']')).unwrap_or(address).into()
}
