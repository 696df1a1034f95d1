//! Receiving a file from the primary, and writing it to disk before it is
//! loaded. How it ends is told by its size, or by a mark that was announced.

use super::{Link, Stage};
use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::boundary::id::FileId;
use crate::boundary::input::DiskError;
use crate::config::Id;
use crate::persistence::Work;
use crate::replication::ReplicationId;
use crate::server::disk::{DiskUse, ReceiveOperation};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Length of the mark behind a file whose size is not known.
pub(super) const MARK_LENGTH: usize = 40;
/// Bytes at the disk beyond which the link is not read.
const OUTSTANDING_MAX: usize = 2 << 20;
/// Bytes after which the file is synced.
const UNSYNCED_MAX: usize = 8 << 20;

/// How the end of a file is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Framing {
    /// So many bytes are to come.
    Length {
        /// Still to come.
        left: u64,
        /// In all.
        total: u64,
    },
    /// These bytes follow it.
    Mark([u8; MARK_LENGTH]),
}

/// A file that comes from the primary.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Receive {
    /// The history and the offset that the file is a picture of.
    pub(super) position: Option<(ReplicationId, u64)>,
    pub(super) framing: Framing,
    /// Bytes of the file that came.
    pub(super) received: u64,
    /// Where it is written; `None` if it is loaded as it comes.
    pub(super) target: Option<Target>,
}

/// The file on disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Target {
    file: FileId,
    path: String,
    outstanding: usize,
    unsynced: usize,
    complete: bool,
}

impl Receive {
    /// True once all of it has come and only the disk has anything to do with it.
    pub(super) fn is_complete(&self) -> bool {
        self.target.as_ref().is_some_and(|target| target.complete)
    }

    /// Bytes of the file, if it was told.
    pub(super) fn total(&self) -> u64 {
        match self.framing {
            Framing::Length { total, .. } => total,
            Framing::Mark(_) => 0,
        }
    }

    /// Takes the bytes of the file off what came. True if they are the last.
    fn take_payload(&mut self, buffer: &mut Vec<u8>) -> (Vec<u8>, bool) {
        let (taken, complete) = match &mut self.framing {
            Framing::Length { left, .. } => {
                let count = (*left).min(buffer.len() as u64);
                *left -= count;
                (buffer.drain(..count as usize).collect(), *left == 0)
            }
            Framing::Mark(mark) if buffer.ends_with(mark) => {
                let mut taken = core::mem::take(buffer);
                taken.truncate(taken.len() - MARK_LENGTH);
                (taken, true)
            }
            // The mark may have begun.
            Framing::Mark(_) => {
                let count = buffer.len().saturating_sub(MARK_LENGTH - 1);
                (buffer.drain(..count).collect::<Vec<u8>>(), false)
            }
        };
        self.received += taken.len() as u64;
        (taken, complete)
    }

    /// As the loader reads: takes what may be of the file off what came. What
    /// stands behind a file with a mark is found by the loader.
    pub(super) fn take_for_loader(&mut self, buffer: &mut Vec<u8>) -> Vec<u8> {
        match &mut self.framing {
            Framing::Length { .. } => self.take_payload(buffer).0,
            Framing::Mark(_) => {
                self.received += buffer.len() as u64;
                core::mem::take(buffer)
            }
        }
    }
}

impl Work<'_> {
    /// A file begins to come; it is written under a temporary name.
    pub(super) fn begin_receiving(&mut self, mut receive: Receive) {
        let file = self.server.disk.new_file();
        let path = format!("temp-{}.{}.rdb", self.now.unix.seconds(), self.server.host.process_id);
        receive.target = Some(Target { file, path: path.clone(), outstanding: 0, unsynced: 0, complete: false });
        self.set_link_stage(Stage::Receiving(receive));
        self.start_receive_operation(file, ReceiveOperation::Create, DiskOperation::Create { file, path });
        self.receive();
    }

    fn start_receive_operation(&mut self, file: FileId, what: ReceiveOperation, operation: DiskOperation) {
        self.server.disk.start(self.orders, DiskUse::Receive(file, what), operation);
    }

    /// Writes what came to disk.
    pub(super) fn receive(&mut self) {
        let Some(Link { stage: Stage::Receiving(receive), buffer, .. }) = &mut self.server.replication.follow.link
        else {
            return;
        };
        if receive.target.as_ref().is_none_or(|target| target.complete) {
            return;
        }
        let (bytes, complete) = receive.take_payload(buffer);
        let Some(target) = &mut receive.target else { return };
        let (file, length) = (target.file, bytes.len());
        target.complete = complete;
        target.outstanding += length;
        target.unsynced += length;
        let sync = complete || target.unsynced >= UNSYNCED_MAX;
        if sync {
            target.unsynced = 0;
        }
        let more = !complete && target.outstanding < OUTSTANDING_MAX;
        if length > 0 {
            self.start_receive_operation(
                file,
                ReceiveOperation::Append(length),
                DiskOperation::Append { file, bytes: bytes.into() },
            );
        }
        if sync {
            self.start_receive_operation(file, ReceiveOperation::Sync, DiskOperation::Sync { file });
        }
        if complete {
            self.start_receive_operation(file, ReceiveOperation::Close, DiskOperation::Close { file });
        }
        if more {
            self.read_link();
        }
    }

    /// A disk operation of receiving has ended.
    pub(crate) fn receive_operation_done(
        &mut self,
        file: FileId,
        what: ReceiveOperation,
        result: Result<(), DiskError>,
    ) {
        let Some(Link { stage: Stage::Receiving(receive), .. }) = &mut self.server.replication.follow.link else {
            return;
        };
        let Some(target) = receive.target.as_mut().filter(|target| target.file == file) else { return };
        if let Err(error) = result {
            return self.receiving_failed(what, &error);
        }
        match what {
            ReceiveOperation::Create | ReceiveOperation::Sync => {}
            ReceiveOperation::Append(length) => {
                target.outstanding -= length;
                if !target.complete && target.outstanding < OUTSTANDING_MAX {
                    self.read_link();
                }
            }
            ReceiveOperation::Close => {
                let from = target.path.clone();
                self.stop_saving_for_sync();
                let rename = DiskOperation::Rename { from, to: self.rdb_file_name() };
                self.start_receive_operation(file, ReceiveOperation::Rename, rename);
            }
            ReceiveOperation::Rename => {
                let receive = receive.clone();
                self.set_link_stage(Stage::Loading(receive));
                self.begin_sync_load();
            }
        }
    }

    fn receiving_failed(&mut self, what: ReceiveOperation, error: &DiskError) {
        let reason = &error.message;
        let line = match what {
            ReceiveOperation::Create => {
                format!("Opening the temp file needed for MASTER <-> REPLICA synchronization failed: {reason}")
            }
            ReceiveOperation::Rename => format!(
                "Failed trying to rename the temp DB into {} in MASTER <-> REPLICA synchronization: {reason}",
                self.rdb_file_name()
            ),
            ReceiveOperation::Sync => {
                format!("Failed trying to sync the temp DB to disk in MASTER <-> REPLICA synchronization: {reason}")
            }
            _ => format!(
                "Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA \
                 synchronization: {reason}"
            ),
        };
        self.log_of_primary(LogLevel::Warning, line);
        self.abandon_link(false);
    }

    /// Removes a file that will not be complete.
    pub(super) fn discard_received(&mut self, receive: Receive) {
        let Some(Target { file, path, .. }) = receive.target else { return };
        self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
        self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Remove { path });
    }

    /// `rdb-del-sync-files`: a file that only served to receive data is not
    /// kept where nothing else is saved.
    pub(super) fn remove_synced_file(&mut self) {
        let config = &self.server.config;
        let saves = !config.save_points().is_empty() || config.boolean(Id::Appendonly);
        if config.boolean(Id::RdbDelSyncFiles) && !saves {
            let path = self.rdb_file_name();
            let line = "Removing the RDB file obtained from the primary: this replica has persistence disabled";
            self.log_of_primary(LogLevel::Notice, line);
            self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Remove { path });
        }
    }
}
