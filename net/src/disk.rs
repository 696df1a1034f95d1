//! Disk operations, on a thread of their own, in the order in which the engine
//! started them; but for what [`crate::commit`] carries out where it is started.

use crate::commit::Commit;
use engine::boundary::effects::DiskOperation;
use engine::boundary::id::{DiskToken, FileId};
use engine::boundary::input::{DiskDone, DiskError, DiskErrorKind};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where disk operations go.
pub trait Disk: Send {
    /// Starts an operation; its completion carries the token.
    fn start(&mut self, token: DiskToken, operation: DiskOperation);

    /// Called when all that an input asked for was started, with true if no output
    /// leaves before that is done.
    fn flush(&mut self, _output_waits: bool) {}
}

/// The real disk.
#[derive(Debug)]
pub struct DiskThread {
    queue: DiskQueue,
    started: Operations,
    commit: Arc<Commit>,
}

/// What one input asked for.
pub type Operations = Vec<(DiskToken, DiskOperation)>;

/// What the disk's thread is given to do.
#[derive(Debug)]
pub enum Job {
    /// Operations whose ends are told of.
    Carry(Operations),
    /// A commit that a task waits for.
    Commit(Operations),
}

/// Where the disk's thread takes its jobs from, which lives as long as the process.
#[derive(Clone, Debug)]
pub struct DiskQueue(Sender<Job>);

impl DiskQueue {
    fn carry(&self, operations: Operations) {
        drop(self.0.send(Job::Carry(operations)));
    }

    /// Gives a commit away.
    pub fn commit(&self, operations: Operations) {
        drop(self.0.send(Job::Commit(operations)));
    }
}

impl DiskThread {
    /// The disk, the queue of its jobs, and the jobs that [`work`] is to do.
    pub fn new(commit: Arc<Commit>) -> (DiskThread, DiskQueue, Receiver<Job>) {
        let (sender, jobs) = channel();
        let queue = DiskQueue(sender);
        (DiskThread { queue: queue.clone(), started: Vec::new(), commit }, queue, jobs)
    }
}

impl Disk for DiskThread {
    fn start(&mut self, token: DiskToken, operation: DiskOperation) {
        self.started.push((token, operation));
    }

    fn flush(&mut self, output_waits: bool) {
        if self.started.is_empty() {
            return;
        }
        let operations = std::mem::take(&mut self.started);
        let elsewhere = match is_commit(&operations) && output_waits {
            true => self.commit.leave(operations),
            false => Err(operations),
        };
        if let Err(operations) = elsewhere {
            self.queue.carry(operations);
        }
    }
}

/// A disk operation that has ended.
#[derive(Debug)]
pub struct Completion {
    /// That of its start.
    pub token: DiskToken,
    /// How.
    pub result: Result<End, DiskError>,
}

/// How a disk operation ended well; the owned form of [`DiskDone`].
#[derive(Debug)]
pub enum End {
    /// See [`DiskDone::Done`].
    Done,
    /// See [`DiskDone::Opened`].
    Opened {
        /// Length of the file in bytes.
        size: u64,
    },
    /// See [`DiskDone::Data`].
    Data(Vec<u8>),
}

impl End {
    /// The form that the engine takes.
    pub fn as_done(&self) -> DiskDone<'_> {
        match self {
            End::Done => DiskDone::Done,
            End::Opened { size } => DiskDone::Opened { size: *size },
            End::Data(bytes) => DiskDone::Data(bytes),
        }
    }
}

/// True for an append and its sync.
fn is_commit(operations: &Operations) -> bool {
    matches!(operations[..], [(_, DiskOperation::Append { .. }), (_, DiskOperation::Sync { .. })])
}

/// Open files.
#[derive(Debug, Default)]
pub struct Files(Mutex<HashMap<FileId, Arc<File>>>);

impl Files {
    fn all(&self) -> MutexGuard<'_, HashMap<FileId, Arc<File>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, file: FileId) -> Result<Arc<File>, Error> {
        let found = self.all().get(&file).cloned();
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "file is not open"))
    }

    /// Carries out what one input asked for; what has ended goes to `complete`, in
    /// order. The end of an append is told with that of what the same input asked
    /// for behind it: who waits for it waits for the sync too.
    pub fn carry_out(&self, operations: Operations, mut complete: impl FnMut(Vec<Completion>)) {
        let mut ended = Vec::new();
        let mut rest = operations.into_iter().peekable();
        while let Some((token, operation)) = rest.next() {
            let is_append = matches!(operation, DiskOperation::Append { .. });
            let result = self.perform(operation).map_err(|error| disk_error(&error));
            ended.push(Completion { token, result });
            if !is_append || rest.peek().is_none() {
                complete(std::mem::take(&mut ended));
            }
        }
    }

    /// Carries out an append and its sync; both end together.
    pub fn commit(&self, operations: Operations) -> Vec<Completion> {
        let mut ended = Vec::new();
        self.carry_out(operations, |all| ended.extend(all));
        ended
    }

    fn perform(&self, operation: DiskOperation) -> Result<End, Error> {
        match operation {
            DiskOperation::Create { file, path } => {
                // What stands in the way for another reason is told of by the next call.
                drop(std::fs::remove_file(&path));
                self.all().insert(file, Arc::new(File::create(path)?));
            }
            DiskOperation::OpenAppend { file, path } => {
                let opened = OpenOptions::new().append(true).create(true).open(path)?;
                return self.opened(file, opened);
            }
            DiskOperation::Append { file, bytes } => (&*self.get(file)?).write_all(&bytes)?,
            DiskOperation::Sync { file } => self.get(file)?.sync_data()?,
            DiskOperation::Close { file } => drop(self.all().remove(&file)),
            DiskOperation::Rename { from, to } => {
                std::fs::rename(from, &to)?;
                sync_directory_of(Path::new(&to))?;
            }
            DiskOperation::CreateDirectory { path } => match std::fs::create_dir(path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            },
            DiskOperation::SyncDirectory { path } => File::open(path)?.sync_all()?,
            DiskOperation::Truncate { file, length } => self.get(file)?.set_len(length)?,
            DiskOperation::Remove { path } => std::fs::remove_file(path)?,
            DiskOperation::Open { file, path } => return self.opened(file, File::open(path)?),
            DiskOperation::Read { file, length_max } => {
                let mut buffer = vec![0; length_max];
                let count = (&*self.get(file)?).read(&mut buffer)?;
                buffer.truncate(count);
                return Ok(End::Data(buffer));
            }
        }
        Ok(End::Done)
    }

    fn opened(&self, file: FileId, opened: File) -> Result<End, Error> {
        let size = opened.metadata()?.len();
        self.all().insert(file, Arc::new(opened));
        Ok(End::Opened { size })
    }
}

/// Does jobs until nobody can give any; what has ended goes to `complete`, unless a
/// task waits for it.
pub fn work(jobs: &Receiver<Job>, files: &Files, commit: &Commit, mut complete: impl FnMut(Vec<Completion>)) {
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Carry(operations) => files.carry_out(operations, &mut complete),
            Job::Commit(operations) => commit.carry_out_away(files, operations),
        }
    }
}

/// Makes a file's entry in its directory durable.
pub fn sync_directory_of(path: &Path) -> Result<(), Error> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

/// An error as the engine sees it.
pub fn disk_error(error: &Error) -> DiskError {
    let kind = match error.kind() {
        ErrorKind::NotFound => DiskErrorKind::NotFound,
        ErrorKind::StorageFull => DiskErrorKind::Full,
        _ => DiskErrorKind::Other,
    };
    let text = error.to_string();
    // The system's text without Rust's " (os error N)".
    let message = text.split(" (os error").next().unwrap_or_default().to_owned();
    DiskError { kind, message }
}
