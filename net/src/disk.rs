//! Disk operations, on a thread of their own, in the order in which the engine
//! started them; but for what [`crate::commit`] carries out where it is started,
//! and short appends while the thread has nothing to do: to wake it takes several
//! times as long as to write into the system's cache, and so what is written is
//! with the system before its reply is sent.

use crate::commit::Commit;
use engine::boundary::effects::DiskOperation;
use engine::boundary::id::{DiskToken, FileId};
use engine::boundary::input::{DiskDone, DiskError, DiskErrorKind};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Where disk operations go.
pub trait Disk: Send {
    /// Starts an operation; its completion carries the token.
    fn start(&mut self, token: DiskToken, operation: DiskOperation);

    /// Called when all that an input asked for was started, with true if no output
    /// leaves before that is done. Returns what has ended already.
    fn flush(&mut self, _output_waits: bool) -> Vec<Completion> {
        Vec::new()
    }
}

/// Bytes of the longest append that is carried out where it is started.
const SHORT_APPEND_MAX: usize = 64 << 10;
/// As long as appends usually take longer, they are left to the disk's thread.
const SHORT_APPEND_TIME_MAX: Duration = Duration::from_micros(500);

/// The real disk.
#[derive(Debug)]
pub struct DiskThread {
    queue: DiskQueue,
    started: Operations,
    commit: Arc<Commit>,
    files: Arc<Files>,
    /// How long appends take: a moving average.
    usual_append: Duration,
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

/// Where the disk's thread is given its jobs; it lives as long as the process.
#[derive(Clone, Debug)]
pub struct DiskQueue {
    sender: Sender<Job>,
    /// Jobs that are not done.
    undone: Arc<AtomicUsize>,
}

/// Where the disk's thread takes its jobs from.
#[derive(Debug)]
pub struct Jobs {
    receiver: Receiver<Job>,
    undone: Arc<AtomicUsize>,
}

impl DiskQueue {
    fn new() -> (DiskQueue, Jobs) {
        let (sender, receiver) = channel();
        let undone = Arc::new(AtomicUsize::new(0));
        (DiskQueue { sender, undone: Arc::clone(&undone) }, Jobs { receiver, undone })
    }

    fn send(&self, job: Job) {
        self.undone.fetch_add(1, Ordering::Relaxed);
        drop(self.sender.send(job));
    }

    /// Gives a commit away.
    pub fn commit(&self, operations: Operations) {
        self.send(Job::Commit(operations));
    }

    fn is_idle(&self) -> bool {
        self.undone.load(Ordering::Relaxed) == 0
    }
}

impl Jobs {
    /// Does jobs until nobody can give any; what has ended goes to `complete`, unless
    /// a task waits for it.
    pub fn work(&self, files: &Files, commit: &Commit, mut complete: impl FnMut(Vec<Completion>)) {
        while let Ok(job) = self.receiver.recv() {
            self.carry_out(job, files, commit, &mut complete);
        }
    }

    fn carry_out(&self, job: Job, files: &Files, commit: &Commit, complete: impl FnMut(Vec<Completion>)) {
        match job {
            Job::Carry(operations) => files.carry_out(operations, complete),
            Job::Commit(operations) => commit.carry_out_away(files, operations),
        }
        self.undone.fetch_sub(1, Ordering::Relaxed);
    }

    /// Does the next job, if there is one.
    #[cfg(test)]
    pub fn work_once(&self, files: &Files, commit: &Commit, complete: impl FnMut(Vec<Completion>)) -> bool {
        let Ok(job) = self.receiver.try_recv() else { return false };
        self.carry_out(job, files, commit, complete);
        true
    }
}

impl DiskThread {
    /// The disk, the queue of its thread, and the jobs that this is to do.
    pub fn new(commit: Arc<Commit>, files: Arc<Files>) -> (DiskThread, DiskQueue, Jobs) {
        let (queue, jobs) = DiskQueue::new();
        let disk =
            DiskThread { queue: queue.clone(), started: Vec::new(), commit, files, usual_append: Duration::ZERO };
        (disk, queue, jobs)
    }

    /// True if these are to be carried out at once. Each time that appends are too
    /// slow for that counts as a little faster.
    fn carries_out_at_once(&mut self, operations: &Operations) -> bool {
        let [(_, DiskOperation::Append { bytes, .. })] = &operations[..] else { return false };
        if self.usual_append > SHORT_APPEND_TIME_MAX {
            self.usual_append -= self.usual_append / 64;
            return false;
        }
        bytes.len() <= SHORT_APPEND_MAX && self.queue.is_idle()
    }

    fn append(&mut self, operations: Operations) -> Vec<Completion> {
        let began = Instant::now();
        let ended = self.files.carry_out_all(operations);
        self.usual_append = (self.usual_append * 7 + began.elapsed()) / 8;
        ended
    }
}

impl Disk for DiskThread {
    fn start(&mut self, token: DiskToken, operation: DiskOperation) {
        self.started.push((token, operation));
    }

    fn flush(&mut self, output_waits: bool) -> Vec<Completion> {
        if self.started.is_empty() {
            return Vec::new();
        }
        let mut operations = std::mem::take(&mut self.started);
        if self.carries_out_at_once(&operations) {
            return self.append(operations);
        }
        if output_waits && is_commit(&operations) {
            match self.commit.leave(operations) {
                Ok(()) => return Vec::new(),
                Err(back) => operations = back,
            }
        }
        self.queue.send(Job::Carry(operations));
        Vec::new()
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

    /// Carries out what is told of together.
    pub fn carry_out_all(&self, operations: Operations) -> Vec<Completion> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk, with a file of its own, whose thread's jobs are left to the test.
    struct World {
        disk: DiskThread,
        jobs: Jobs,
        files: Arc<Files>,
        commit: Arc<Commit>,
        directory: tempfile::TempDir,
    }

    const FILE: FileId = FileId(7);

    impl World {
        fn new() -> World {
            let (commit, files) = (Arc::new(Commit::default()), Arc::new(Files::default()));
            let (disk, _, jobs) = DiskThread::new(Arc::clone(&commit), Arc::clone(&files));
            let directory = tempfile::tempdir().unwrap();
            let mut world = World { disk, jobs, files, commit, directory };
            let path = world.path();
            assert_eq!(world.ask(1, DiskOperation::Create { file: FILE, path }), []);
            assert_eq!(world.work(), [1]);
            world
        }

        fn path(&self) -> String {
            self.directory.path().join("file").to_str().unwrap().to_owned()
        }

        /// Asks for an operation; tokens of what has ended then.
        fn ask(&mut self, token: u64, operation: DiskOperation) -> Vec<u64> {
            self.disk.start(DiskToken(token), operation);
            tokens(self.disk.flush(false))
        }

        fn append(&mut self, token: u64, length: usize) -> Vec<u64> {
            self.ask(token, DiskOperation::Append { file: FILE, bytes: vec![b'x'; length].into() })
        }

        /// The thread does what it was given; tokens of what has ended.
        fn work(&self) -> Vec<u64> {
            let mut ended = Vec::new();
            while self.jobs.work_once(&self.files, &self.commit, |all| ended.extend(tokens(all))) {}
            ended
        }

        fn length(&self) -> u64 {
            std::fs::metadata(self.path()).unwrap().len()
        }
    }

    fn tokens(ended: Vec<Completion>) -> Vec<u64> {
        ended.iter().for_each(|end| assert!(end.result.is_ok(), "{end:?}"));
        ended.iter().map(|end| end.token.0).collect()
    }

    #[test]
    fn a_short_append_has_ended_when_it_was_asked_for() {
        let mut world = World::new();
        assert_eq!((world.append(2, 10), world.length()), (vec![2], 10));
        assert_eq!(world.append(3, SHORT_APPEND_MAX + 1), [], "that is a long one");
        assert_eq!(world.append(4, 10), [], "and the next is not to overtake it");
        assert_eq!(world.work(), [3, 4]);
        assert_eq!((world.append(5, 1), world.length()), (vec![5], SHORT_APPEND_MAX as u64 + 22));
    }

    #[test]
    fn nothing_waits_for_a_sync_that_the_thread_carries_out() {
        let mut world = World::new();
        assert_eq!(world.ask(2, DiskOperation::Sync { file: FILE }), []);
        assert_eq!(world.append(3, 10), []);
        assert_eq!(world.work(), [2, 3]);
    }

    #[test]
    fn slow_appends_are_left_to_the_thread_for_a_while() {
        let mut world = World::new();
        world.disk.usual_append = SHORT_APPEND_TIME_MAX * 2;
        assert_eq!(world.append(2, 10), []);
        assert_eq!(world.work(), [2]);
        let left = (3..1000).take_while(|&token| world.append(token, 10).is_empty() && world.work() == [token]).count();
        assert!((40..60).contains(&left), "{left}");
    }
}
