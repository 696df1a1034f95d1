//! A disk in memory: operations take their time, complete in the order in which
//! they were started, and fail now and then.

use engine::base::random::Random;
use engine::boundary::effects::DiskOperation;
use engine::boundary::id::FileId;
use engine::boundary::input::{DiskError, DiskErrorKind};
use std::collections::BTreeMap;

/// Files by name. An open file stays what it is when its name goes elsewhere.
#[derive(Default, Debug)]
pub struct Files {
    names: BTreeMap<String, u64>,
    contents: BTreeMap<u64, Vec<u8>>,
    next: u64,
}

impl Files {
    /// What a file holds.
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        self.contents.get(self.names.get(path)?).map(Vec::as_slice)
    }

    /// Puts a file in place.
    pub fn write(&mut self, path: &str, contents: &[u8]) {
        let number = self.create(path);
        self.contents.insert(number, contents.to_vec());
    }

    /// Names of all files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    fn create(&mut self, path: &str) -> u64 {
        self.next += 1;
        self.names.insert(path.to_owned(), self.next);
        self.contents.insert(self.next, Vec::new());
        self.next
    }
}

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

/// The disk.
#[derive(Default, Debug)]
pub struct Disk {
    open: BTreeMap<FileId, (u64, usize)>,
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
            let error = DiskError { kind: DiskErrorKind::Full, message: "No space left on device".into() };
            return (self.busy_until, Done::Failed(error));
        }
        let done = self.perform(operation, files).unwrap_or_else(|| {
            let message = "No such file or directory".into();
            Done::Failed(DiskError { kind: DiskErrorKind::NotFound, message })
        });
        (self.busy_until, done)
    }

    fn perform(&mut self, operation: DiskOperation, files: &mut Files) -> Option<Done> {
        match operation {
            DiskOperation::Create { file, path } => {
                self.open.insert(file, (files.create(&path), 0));
            }
            DiskOperation::OpenAppend { file, path } => {
                let number = files.names.get(&path).copied().unwrap_or_else(|| files.create(&path));
                self.open.insert(file, (number, 0));
                return Some(Done::Opened(files.contents.get(&number)?.len() as u64));
            }
            DiskOperation::CreateDirectory { .. } | DiskOperation::SyncDirectory { .. } => {}
            DiskOperation::Truncate { file, length } => {
                let (number, _) = self.open.get(&file)?;
                files.contents.get_mut(number)?.truncate(usize::try_from(length).ok()?);
            }
            DiskOperation::Append { file, bytes } => {
                let (number, _) = self.open.get(&file)?;
                files.contents.get_mut(number)?.extend_from_slice(&bytes);
            }
            DiskOperation::Sync { file } => drop(self.open.get(&file)?),
            DiskOperation::Close { file } => drop(self.open.remove(&file)),
            DiskOperation::Rename { from, to } => {
                let number = files.names.remove(&from)?;
                files.names.insert(to, number);
            }
            DiskOperation::Remove { path } => drop(files.names.remove(&path)?),
            DiskOperation::Open { file, path } => {
                let number = *files.names.get(&path)?;
                self.open.insert(file, (number, 0));
                return Some(Done::Opened(files.contents.get(&number)?.len() as u64));
            }
            DiskOperation::Read { file, length_max } => {
                let (number, position) = self.open.get_mut(&file)?;
                let contents = files.contents.get(number)?;
                let end = contents.len().min(position.saturating_add(length_max));
                let bytes = contents.get(*position..end).unwrap_or_default().to_vec();
                *position = end;
                return Some(Done::Data(bytes));
            }
        }
        Some(Done::Done)
    }
}
