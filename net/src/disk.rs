//! Disk operations, on a thread of their own, in the order in which the engine
//! started them.

use engine::boundary::effects::DiskOperation;
use engine::boundary::id::{DiskToken, FileId};
use engine::boundary::input::{DiskDone, DiskError, DiskErrorKind};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Where disk operations go.
pub trait Disk: Send {
    /// Starts an operation; its completion carries the token.
    fn start(&mut self, token: DiskToken, operation: DiskOperation);
}

/// The real disk.
#[derive(Debug)]
pub struct DiskThread {
    queue: Sender<(DiskToken, DiskOperation)>,
}

/// The operations that a [`DiskThread`] is given.
pub type DiskQueue = Receiver<(DiskToken, DiskOperation)>;

impl DiskThread {
    /// The disk, and the queue that [`work`] is to serve.
    pub fn new() -> (DiskThread, DiskQueue) {
        let (queue, operations) = channel();
        (DiskThread { queue }, operations)
    }
}

impl Disk for DiskThread {
    fn start(&mut self, token: DiskToken, operation: DiskOperation) {
        // The thread lives as long as the process.
        drop(self.queue.send((token, operation)));
    }
}

/// Serves disk operations until nobody can start any; each completion goes to
/// `complete`.
pub fn work(queue: &DiskQueue, mut complete: impl FnMut(DiskToken, Result<DiskDone<'_>, DiskError>)) {
    let mut files = HashMap::new();
    let mut buffer = Vec::new();
    while let Ok((token, operation)) = queue.recv() {
        match perform(operation, &mut files, &mut buffer) {
            Ok(done) => complete(token, Ok(done)),
            Err(error) => complete(token, Err(disk_error(&error))),
        }
    }
}

fn perform<'a>(
    operation: DiskOperation,
    files: &mut HashMap<FileId, File>,
    buffer: &'a mut Vec<u8>,
) -> Result<DiskDone<'a>, Error> {
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
            return Ok(DiskDone::Opened { size });
        }
        DiskOperation::Append { file, bytes } => files.get_mut(&file).ok_or_else(not_open)?.write_all(&bytes)?,
        DiskOperation::Sync { file } => files.get_mut(&file).ok_or_else(not_open)?.sync_all()?,
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
            return Ok(DiskDone::Opened { size });
        }
        DiskOperation::Read { file, length_max } => {
            buffer.resize(length_max, 0);
            let count = files.get_mut(&file).ok_or_else(not_open)?.read(buffer)?;
            return Ok(DiskDone::Data(&buffer[..count]));
        }
    }
    Ok(DiskDone::Done)
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
