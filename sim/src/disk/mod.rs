//! A disk in memory: operations take their time, complete in the order in which
//! they were started, and fail now and then.
//!
//! `files` is what is on it, `queue` a disk that can be told what to suffer from;
//! [`Disk`] is the plain one.

mod files;
mod queue;

pub use files::Files;
pub use queue::{Health, Queue};

use engine::base::random::Random;
use engine::boundary::effects::DiskOperation;
use engine::boundary::id::FileId;
use engine::boundary::input::{DiskError, DiskErrorKind};
use std::collections::BTreeMap;

/// How an operation ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Done {
    /// Well, with nothing to tell.
    Done,
    /// A file of this size was opened.
    Opened(u64),
    /// These bytes were read.
    Data(Vec<u8>),
    /// It failed.
    Failed(DiskError),
}

impl Done {
    fn full() -> Done {
        Done::Failed(DiskError { kind: DiskErrorKind::Full, message: "No space left on device".into() })
    }

    fn not_found() -> Done {
        Done::Failed(DiskError { kind: DiskErrorKind::NotFound, message: "No such file or directory".into() })
    }

    fn broken() -> Done {
        Done::Failed(DiskError { kind: DiskErrorKind::Other, message: "Input/output error".into() })
    }
}

/// The disk.
#[derive(Default, Debug)]
pub struct Disk {
    handles: Handles,
    /// When the operation that was started last completes.
    busy_until: u64,
    fails_one_in: u64,
    latency_max: u64,
}

impl Disk {
    /// A disk on which one operation of so many fails, 0 for none.
    pub fn new(fails_one_in: u64, latency_max: u64) -> Disk {
        Disk { fails_one_in, latency_max, ..Disk::default() }
    }

    /// Starts an operation at a time; returns when it completes, and how.
    pub fn start(&mut self, operation: DiskOperation, now: u64, files: &mut Files, random: &mut Random) -> (u64, Done) {
        self.busy_until = self.busy_until.max(now) + 1 + random.below(self.latency_max);
        if self.fails_one_in > 0 && random.below(self.fails_one_in) == 0 {
            if let DiskOperation::Rename { from, to } = operation
                && random.below(2) == 0
            {
                files.rename_only(&from, &to);
            }
            return (self.busy_until, Done::full());
        }
        let done = self.handles.perform(operation, files).unwrap_or_else(Done::not_found);
        (self.busy_until, done)
    }
}

/// Open files: each the number of its contents, and how far it was read.
#[derive(Default, Debug)]
struct Handles(BTreeMap<FileId, (u64, usize)>);

impl Handles {
    fn number(&self, file: FileId) -> Option<u64> {
        self.0.get(&file).map(|(number, _)| *number)
    }

    /// Carries an operation out. `None` if there is no such file.
    fn perform(&mut self, operation: DiskOperation, files: &mut Files) -> Option<Done> {
        match operation {
            DiskOperation::Create { file, path } => {
                self.0.insert(file, (files.create(&path)?, 0));
            }
            DiskOperation::OpenAppend { file, path } => {
                let number = match files.number(&path) {
                    Some(number) => number,
                    None => files.create(&path)?,
                };
                self.0.insert(file, (number, 0));
                return Some(Done::Opened(files.length(number)? as u64));
            }
            DiskOperation::CreateDirectory { path } => files.create_directory(&path),
            DiskOperation::SyncDirectory { path } => files.sync_directory(&path),
            DiskOperation::Truncate { file, length } => {
                files.truncate(self.number(file)?, usize::try_from(length).ok()?);
            }
            DiskOperation::Append { file, bytes } => files.append(self.number(file)?, &bytes),
            DiskOperation::Sync { file } => files.sync(self.number(file)?),
            DiskOperation::Close { file } => drop(self.0.remove(&file)),
            DiskOperation::Rename { from, to } => files.rename(&from, &to).then_some(())?,
            DiskOperation::Remove { path } => files.remove(&path).then_some(())?,
            DiskOperation::Open { file, path } => {
                let number = files.number(&path)?;
                self.0.insert(file, (number, 0));
                return Some(Done::Opened(files.length(number)? as u64));
            }
            DiskOperation::Read { file, length_max } => {
                let (number, position) = self.0.get_mut(&file)?;
                let contents = files.bytes(*number)?;
                let end = contents.len().min(position.saturating_add(length_max));
                let bytes = contents.get(*position..end).unwrap_or_default().to_vec();
                *position = end;
                return Some(Done::Data(bytes));
            }
        }
        Some(Done::Done)
    }
}
