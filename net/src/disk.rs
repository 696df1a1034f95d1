//! Disk operations, on a thread of their own, in the order in which the engine
//! started them.

use crate::lull::Lull;
use engine::boundary::effects::DiskOperation;
use engine::boundary::id::{DiskToken, FileId};
use engine::boundary::input::{DiskDone, DiskError, DiskErrorKind};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Where disk operations go.
pub trait Disk: Send {
    /// Starts an operation; its completion carries the token.
    fn start(&mut self, token: DiskToken, operation: DiskOperation);

    /// Called when all that an input asked for was started.
    fn flush(&mut self) {}
}

/// The real disk.
#[derive(Debug)]
pub struct DiskThread {
    queue: Sender<Operations>,
    started: Operations,
    lull: Arc<Lull>,
}

/// What one input asked for.
type Operations = Vec<(DiskToken, DiskOperation)>;

/// The operations that a [`DiskThread`] is given.
pub type DiskQueue = Receiver<Operations>;

impl DiskThread {
    /// The disk, and the queue that [`work`] is to serve.
    pub fn new(lull: Arc<Lull>) -> (DiskThread, DiskQueue) {
        let (queue, operations) = channel();
        (DiskThread { queue, started: Vec::new(), lull }, operations)
    }
}

impl Disk for DiskThread {
    fn start(&mut self, token: DiskToken, operation: DiskOperation) {
        self.started.push((token, operation));
    }

    fn flush(&mut self) {
        if !self.started.is_empty() {
            if let [(_, DiskOperation::Append { .. }), (_, DiskOperation::Sync { .. })] = self.started[..] {
                self.lull.begin();
            }
            // The thread lives as long as the process.
            drop(self.queue.send(std::mem::take(&mut self.started)));
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

/// Serves disk operations until nobody can start any; what has ended goes to
/// `complete`, in order. The end of an append is told with that of what the same
/// input asked for behind it: who waits for it waits for the sync too.
pub fn work(queue: &DiskQueue, lull: &Lull, mut complete: impl FnMut(Vec<Completion>)) {
    let mut files = HashMap::new();
    while let Ok(operations) = queue.recv() {
        let mut ended = Vec::new();
        let sync = lull.under_way();
        let mut rest = operations.into_iter().peekable();
        while let Some((token, operation)) = rest.next() {
            let is_append = matches!(operation, DiskOperation::Append { .. });
            ended.push(carry_out(token, operation, &mut files));
            if !is_append || rest.peek().is_none() {
                complete(std::mem::take(&mut ended));
            }
        }
        sync.into_iter().for_each(|began| lull.end(began));
    }
}

fn carry_out(token: DiskToken, operation: DiskOperation, files: &mut HashMap<FileId, File>) -> Completion {
    Completion { token, result: perform(operation, files).map_err(|error| disk_error(&error)) }
}

fn perform(operation: DiskOperation, files: &mut HashMap<FileId, File>) -> Result<End, Error> {
    let not_open = || Error::new(ErrorKind::NotFound, "file is not open");
    match operation {
        DiskOperation::Create { file, path } => {
            // What stands in the way for another reason is told of by the next call.
            drop(std::fs::remove_file(&path));
            files.insert(file, File::create(path)?);
        }
        DiskOperation::OpenAppend { file, path } => {
            let opened = OpenOptions::new().append(true).create(true).open(path)?;
            let size = opened.metadata()?.len();
            files.insert(file, opened);
            return Ok(End::Opened { size });
        }
        DiskOperation::Append { file, bytes } => files.get_mut(&file).ok_or_else(not_open)?.write_all(&bytes)?,
        DiskOperation::Sync { file } => files.get_mut(&file).ok_or_else(not_open)?.sync_data()?,
        DiskOperation::Close { file } => drop(files.remove(&file)),
        DiskOperation::Rename { from, to } => {
            std::fs::rename(from, &to)?;
            sync_directory_of(Path::new(&to))?;
        }
        DiskOperation::CreateDirectory { path } => match std::fs::create_dir(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        },
        DiskOperation::SyncDirectory { path } => File::open(path)?.sync_all()?,
        DiskOperation::Truncate { file, length } => files.get_mut(&file).ok_or_else(not_open)?.set_len(length)?,
        DiskOperation::Remove { path } => std::fs::remove_file(path)?,
        DiskOperation::Open { file, path } => {
            let opened = File::open(path)?;
            let size = opened.metadata()?.len();
            files.insert(file, opened);
            return Ok(End::Opened { size });
        }
        DiskOperation::Read { file, length_max } => {
            let mut buffer = vec![0; length_max];
            let count = files.get_mut(&file).ok_or_else(not_open)?.read(&mut buffer)?;
            buffer.truncate(count);
            return Ok(End::Data(buffer));
        }
    }
    Ok(End::Done)
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
