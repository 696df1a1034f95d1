//! Full synchronization: a snapshot of the data, and then the stream from the
//! offset at which it began. Several replicas share one walk.
//!
//! A snapshot is sent as it is made, between marks that end it, if the replicas
//! can read that; or it is saved first, and the file is sent with its length.

use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::boundary::id::{ClientId, DatabaseId, FileId};
use crate::boundary::input::{DiskDone, DiskError};
use crate::config::Id;
use crate::persistence::Work;
use crate::persistence::save::Target;
use crate::rdb::WriteVersion;
use crate::replication::blocks::Blocks;
use crate::replication::deliver::WINDOW;
use crate::replication::replica::{Replica, State};
use crate::server::disk::DiskUse;
use crate::server::timer::Timer;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Bytes of a snapshot that wait to be sent, beyond which its walk waits.
const BEHIND_MAX: u64 = 2 << 20;
/// Bytes of a file that are read at once.
const READ: usize = 256 << 10;

/// A snapshot that is sent as it is made.
#[derive(Debug)]
pub(super) struct Transfer {
    pub(super) bytes: Blocks,
    mark: [u8; 40],
    complete: bool,
}

impl Transfer {
    pub(super) fn memory(&self) -> u64 {
        self.bytes.memory()
    }
}

/// What a snapshot for replicas is to be like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wish {
    /// Whether it is saved first.
    pub(crate) target: Target,
    /// True for one without keys.
    pub(crate) without_keys: bool,
    /// True for one over connections of its own.
    pub(crate) apart: bool,
    /// The version of the format.
    pub(crate) version: WriteVersion,
}

impl Work<'_> {
    /// A replica asks for a full synchronization: says what will come of it, and
    /// begins if nothing stands against it.
    pub(crate) fn sync_asked(&mut self, client: ClientId) {
        let config = &self.server.config;
        let delays = config.boolean(Id::ReplDisklessSync) && config.integer(Id::ReplDisklessSyncDelay) > 0;
        let reads_to_mark =
            self.server.replication.replica(client).is_some_and(|replica| replica.handshake.reads_to_mark);
        let line = match self.wish_under_way() {
            Some(wish) if wish.target == Target::File => {
                if self.attach(client, wish) {
                    "Waiting for end of BGSAVE for SYNC"
                } else {
                    "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC"
                }
            }
            Some(_) => "Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC",
            None if self.saving_in_background() => {
                "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC"
            }
            None if delays && reads_to_mark => "Delay next BGSAVE for diskless SYNC",
            None if self.walking() => {
                "No BGSAVE in progress, but another BG operation is active. BGSAVE for replication delayed"
            }
            None => {
                self.server.timers.set(Timer::Replication, self.now.monotonic);
                return;
            }
        };
        self.log(LogLevel::Notice, line);
    }

    /// A replica comes while a file is saved for another: it is a state that it
    /// can have too.
    fn attach(&mut self, client: ClientId, wish: Wish) -> bool {
        let replication = &mut self.server.replication;
        let Some(other) = replication.replicas.iter().find(|replica| replica.state == State::WaitFile) else {
            return false;
        };
        let (position, can_mark) = (other.cursor, other.handshake.reads_to_mark);
        let id = replication.id;
        let Some(replica) = replication.replica(client) else { return false };
        let handshake = &replica.handshake;
        let reads = wish.version != WriteVersion::V11 || handshake.reads_version_11();
        if !reads
            || can_mark && !handshake.reads_to_mark
            || handshake.without_keys != wish.without_keys
            || handshake.for_snapshot
        {
            return false;
        }
        announce(replica, &id, position);
        replica.state = State::WaitFile;
        true
    }

    /// True while nothing else may walk over the data.
    fn walking(&mut self) -> bool {
        let status = &self.server.persistence;
        status.save.is_some() || status.next_save.is_some() || self.keyspace.snapshot_sink().is_some()
    }

    /// Begins a snapshot if replicas wait for one and nothing stands against it.
    pub(super) fn start_sync(&mut self) {
        if self.server.exclusive || self.server.loading || self.walking() || !self.sync_is_due() {
            return;
        }
        let waiting = |replica: &&Replica| replica.state == State::WaitStart;
        let replicas = &self.server.replication.replicas;
        let Some(first) = replicas.iter().find(waiting) else { return };
        let (without_keys, apart) = (first.handshake.without_keys, first.handshake.for_snapshot);
        let fits = |replica: &&Replica| {
            let handshake = &replica.handshake;
            waiting(replica) && handshake.without_keys == without_keys && handshake.for_snapshot == apart
        };
        let all = |test: &dyn Fn(&Replica) -> bool| replicas.iter().filter(fits).all(test);
        let config = &self.server.config;
        let diskless = config.boolean(Id::ReplDisklessSync) || without_keys || apart;
        let newest = config.integer(Id::RdbVersion) > 10 && all(&|replica| replica.handshake.reads_version_11());
        let wish = Wish {
            target: if diskless && all(&|replica| replica.handshake.reads_to_mark) {
                Target::Replicas
            } else {
                Target::File
            },
            without_keys,
            apart,
            version: if newest { WriteVersion::V11 } else { WriteVersion::V10 },
        };
        let target = if wish.target == Target::File { "disk" } else { "replicas sockets" };
        let using = if apart { " using: dual-channel" } else { "" };
        self.log(LogLevel::Notice, format!("Starting BGSAVE for SYNC with target: {target}{using}"));
        self.save_for_replicas(wish);
    }

    /// True if replicas have waited long enough for others to come.
    fn sync_is_due(&self) -> bool {
        let config = &self.server.config;
        let waiting = self.server.replication.replicas.iter().filter(|replica| replica.state == State::WaitStart);
        let count = waiting.clone().count() as u64;
        let enough = config.unsigned(Id::ReplDisklessSyncMaxReplicas);
        let delay = config.unsigned(Id::ReplDisklessSyncDelay) * 1_000_000;
        let waited = waiting.clone().map(|replica| self.now.monotonic.since(replica.asked_at)).max();
        let cannot_wait = waiting.clone().any(|replica| !replica.handshake.reads_to_mark);
        !config.boolean(Id::ReplDisklessSync)
            || cannot_wait
            || enough > 0 && count >= enough
            || waited.is_some_and(|waited| waited >= delay)
    }

    /// The snapshot begins here and now: whoever waits for one like it goes on
    /// from this offset. False if nobody does any more.
    pub(crate) fn sync_begins(&mut self, wish: Wish) -> bool {
        let mark = (wish.target == Target::Replicas).then(|| self.keyspace.random.hex_id());
        let replication = &mut self.server.replication;
        let (id, offset) = (replication.id, replication.offset);
        let database = replication.position().map_or(DatabaseId(0), |position| position.database);
        let mut any = false;
        let mut apart = Vec::new();
        for replica in &mut replication.replicas {
            let handshake = &replica.handshake;
            if replica.state != State::WaitStart
                || handshake.without_keys != wish.without_keys
                || handshake.for_snapshot != wish.apart
                || wish.version == WriteVersion::V11 && !handshake.reads_version_11()
                || mark.is_some() && !handshake.reads_to_mark
            {
                continue;
            }
            any = true;
            let offset = if cfg!(feature = "planted_announced_offset") { replica.cursor } else { offset };
            if wish.apart {
                announce_end(replica, &id, offset, database);
                apart.push((replica.client, replica.name.clone()));
            } else {
                announce(replica, &id, offset);
            }
            replica.state = if mark.is_some() { State::Transfer(0) } else { State::WaitFile };
        }
        if !any {
            return false;
        }
        for (client, name) in apart {
            let line = format!("Sending to replica {name} RDB end offset {offset} and client-id {}", client.0);
            self.orders.log(LogLevel::Notice, line);
            self.server.replication.reserve(client, name);
        }
        let replication = &mut self.server.replication;
        // Those that begin here do not know what is selected.
        replication.selected = None;
        if let Some(mark) = mark {
            let mut bytes = Blocks::new(0);
            bytes.append(b"$EOF:");
            bytes.append(&mark);
            bytes.append(b"\r\n");
            replication.transfer = Some(Transfer { bytes, mark, complete: false });
        }
        any
    }

    /// Bytes of a snapshot that is sent as it is made; the last ones, if `end`.
    pub(crate) fn transfer(&mut self, bytes: &[u8], end: bool) {
        let Some(transfer) = &mut self.server.replication.transfer else { return };
        transfer.bytes.append(bytes);
        if end {
            let mark = transfer.mark;
            transfer.bytes.append(&mark);
            transfer.complete = true;
            let left = self.server.replication.names(|state| matches!(state, State::Transfer(_))).len();
            let line = format!("Diskless rdb transfer, done reading from pipe, {left} replicas still up.");
            self.log(LogLevel::Notice, line);
        }
    }

    /// Bytes of the snapshot that are still to be sent to the slowest replica.
    pub(crate) fn transfer_backlog(&self) -> u64 {
        self.server.replication.transfer.as_ref().map_or(0, |transfer| transfer.bytes.len())
    }

    /// True if the slowest replica is so far behind that the walk must wait.
    pub(crate) fn transfer_is_behind(&self) -> bool {
        self.transfer_backlog() >= BEHIND_MAX
    }

    /// After replicas were sent what they can take.
    pub(crate) fn transfer_follows(&mut self) {
        let Some(transfer) = &self.server.replication.transfer else { return };
        let (complete, end) = (transfer.complete, transfer.bytes.end());
        for (client, name) in self.server.replication.names(|state| matches!(state, State::Transfer(_))) {
            let all =
                self.server.replication.replica(client).is_some_and(|replica| replica.state == State::Transfer(end));
            let session = self.server.sessions.get(client);
            if complete && all && session.is_some_and(|session| session.output_pending() == 0) {
                let line = format!(
                    "Streamed replica with {name} succeeded (socket). Waiting for REPLCONF ACK from replica to enable \
                     streaming"
                );
                self.log(LogLevel::Notice, line);
                self.put_online(client, &name, State::WaitAck);
            }
        }
        let left = self.server.replication.names(|state| matches!(state, State::Transfer(_))).len();
        if left > 0 {
            if !complete && !self.transfer_is_behind() {
                self.walk_follows();
            }
            return;
        }
        if !complete {
            let line = "Diskless rdb transfer, last replica dropped, killing fork child.";
            self.log(LogLevel::Notice, line);
        }
        self.transfer_ended(complete);
    }

    /// A save for replicas has ended; if it was to a file that is sent now.
    pub(crate) fn sync_ended(&mut self, wish: Wish, saved: bool) {
        if wish.target == Target::Replicas {
            self.server.replication.transfer = None;
        }
        self.server.replication.fed_by_file |= saved && wish.target == Target::File;
        let concerned = |state| match wish.target {
            Target::File => state == State::WaitFile,
            Target::Replicas => matches!(state, State::Transfer(_)),
        };
        for (client, _) in self.server.replication.names(concerned) {
            if saved {
                self.open_file_for(client);
            } else {
                self.log(LogLevel::Warning, "SYNC failed. BGSAVE child returned an error");
                self.server.disconnect(client, self.orders);
            }
        }
    }

    /// True while the file that was saved must stay the one of its name.
    pub(crate) fn file_is_wanted(&self) -> bool {
        self.server.replication.replicas.iter().any(|replica| matches!(replica.state, State::Opening(_)))
    }

    fn open_file_for(&mut self, client: ClientId) {
        let file = self.server.disk.new_file();
        let path = self.rdb_file_name();
        if let Some(replica) = self.server.replication.replica(client) {
            replica.state = State::Opening(file);
            self.server.disk.start(self.orders, DiskUse::Send(client, file), DiskOperation::Open { file, path });
        }
    }

    /// A step of reading a replica's file has ended.
    pub(crate) fn send_operation_done(
        &mut self,
        client: ClientId,
        file: FileId,
        result: Result<DiskDone<'_>, DiskError>,
    ) {
        let Some(replica) = self.server.replication.replica(client) else {
            // A save may have waited for it to be done with the file.
            return self.begin_next();
        };
        match (replica.state, result) {
            (State::Opening(opened), Ok(DiskDone::Opened { size })) if opened == file => {
                replica.outbox.extend_from_slice(format!("${size}\r\n").as_bytes());
                replica.state = State::SendFile(file, size, false);
                self.begin_next();
            }
            (State::SendFile(read, left, _), Ok(DiskDone::Data(bytes))) if read == file && !bytes.is_empty() => {
                let bytes = &bytes[..bytes.len().min(left as usize)];
                replica.outbox.extend_from_slice(bytes);
                replica.state = State::SendFile(file, left - bytes.len() as u64, false);
            }
            (State::Opening(known) | State::SendFile(known, ..), result) if known == file => {
                let reason = result.err().map_or_else(|| String::from("file too short"), |error| error.message);
                self.log(LogLevel::Warning, format!("SYNC failed. Can't open/stat DB after BGSAVE: {reason}"));
                self.server.disconnect(client, self.orders);
                self.begin_next();
            }
            _ => {}
        }
    }

    /// Reads on for those who are sent a file, as far as they take it.
    pub(crate) fn read_files(&mut self) {
        for (client, name) in self.server.replication.names(|state| matches!(state, State::SendFile(_, _, false))) {
            let Some(session) = self.server.sessions.get(client) else { continue };
            let pending = session.output_pending();
            let Some(replica) = self.server.replication.replica(client) else { continue };
            let State::SendFile(file, left, _) = replica.state else { continue };
            if left == 0 {
                self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
                self.put_online(client, &name, State::Online);
            } else if pending + READ as u64 <= WINDOW {
                replica.state = State::SendFile(file, left, true);
                let operation = DiskOperation::Read { file, length_max: READ.min(left as usize) };
                self.server.disk.start(self.orders, DiskUse::Send(client, file), operation);
            }
        }
    }

    /// A replica has got its snapshot.
    fn put_online(&mut self, client: ClientId, name: &str, state: State) {
        let now = self.now.monotonic;
        let Some(replica) = self.server.replication.replica(client) else { return };
        if replica.handshake.file_only || replica.handshake.for_snapshot {
            let line = format!("RDB transfer completed, rdb only replica ({name}) should be disconnected asap");
            self.log(LogLevel::Notice, line);
            self.server.let_go(client, self.orders);
            return;
        }
        replica.state = state;
        replica.acknowledged_at = now;
        self.server.log_synchronized(name, self.orders);
    }
}

/// Tells a replica at which offset its snapshot begins.
fn announce(replica: &mut Replica, id: &super::ReplicationId, offset: u64) {
    replica.cursor = offset;
    if !replica.by_sync {
        replica.outbox.extend_from_slice(b"+FULLRESYNC ");
        replica.outbox.extend_from_slice(id);
        replica.outbox.extend_from_slice(format!(" {offset}\r\n").as_bytes());
    }
}

/// Tells a replica, over the connection of its snapshot, where the stream begins that it is to ask for over the other:
/// the offset, the history, the database that is selected there, and the number of this connection.
fn announce_end(replica: &mut Replica, id: &super::ReplicationId, offset: u64, database: DatabaseId) {
    replica.cursor = offset;
    replica.outbox.extend_from_slice(format!("$ENDOFF:{offset} ").as_bytes());
    replica.outbox.extend_from_slice(id);
    replica.outbox.extend_from_slice(format!(" {} {}\r\n", database.0, replica.client.0).as_bytes());
}
