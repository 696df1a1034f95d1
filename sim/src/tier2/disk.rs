//! A node's disk: what it forgets when the power fails, and how its operations
//! come back on the simulated runtime.

use crate::disk::Done;
use crate::tier2::life::Life;
use crate::tier2::place::Place;
use engine::base::random::Random;
use engine::boundary::effects::DiskOperation;
use engine::boundary::id::{DiskToken, FileId};
use engine::boundary::input::{DiskDone, DiskError, DiskErrorKind, Input};
use net::disk::Disk;
use net::shared::Shared;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::host::TurmoilHost;

/// What a disk holds, over the lives of the processes that use it.
pub trait Storage: Send {
    /// Carries out an operation.
    ///
    /// # Errors
    /// As the file system tells it.
    fn perform(&mut self, operation: DiskOperation) -> Result<Done, DiskError>;

    /// What a file holds.
    fn read(&self, path: &str) -> Option<Vec<u8>>;

    /// Puts a file in place, durably.
    fn replace(&mut self, path: &str, contents: &[u8]);

    /// The process has ended: its files are closed.
    fn process_ended(&mut self);

    /// The power has failed: what was not made durable may be gone.
    fn power_failed(&mut self, random: &mut Random);
}

/// Files with a durable and a volatile side: contents become durable by a sync
/// of the file, names by one of the directory. A rename includes the latter.
#[derive(Default, Debug)]
pub struct VolatileFiles {
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    contents: BTreeMap<u64, Contents>,
    open: BTreeMap<FileId, (u64, usize)>,
    next: u64,
}

#[derive(Clone, Default, Debug)]
struct Contents {
    bytes: Vec<u8>,
    /// So many bytes are durable.
    synced: usize,
}

impl VolatileFiles {
    fn create(&mut self, path: String) -> u64 {
        self.next += 1;
        self.names.insert(path, self.next);
        self.contents.insert(self.next, Contents::default());
        self.next
    }

    fn opened(&mut self, file: FileId) -> Result<&mut Contents, DiskError> {
        let number = self.open.get(&file).ok_or_else(missing)?.0;
        self.contents.get_mut(&number).ok_or_else(missing)
    }

    fn open_at(&mut self, file: FileId, number: u64) -> Done {
        self.open.insert(file, (number, 0));
        Done::Opened(self.contents.get(&number).map_or(0, |contents| contents.bytes.len() as u64))
    }

    fn read_open(&mut self, file: FileId, length_max: usize) -> Result<Done, DiskError> {
        let (number, position) = self.open.get_mut(&file).ok_or_else(missing)?;
        let bytes = &self.contents.get(number).ok_or_else(missing)?.bytes;
        let end = bytes.len().min(position.saturating_add(length_max));
        let piece = bytes.get(*position..end).unwrap_or_default().to_vec();
        *position = end;
        Ok(Done::Data(piece))
    }

    /// Contents that no name and no process holds on to are gone.
    fn drop_unnamed(&mut self) {
        let VolatileFiles { names, durable_names, open, contents, .. } = self;
        let held: Vec<u64> = names.values().chain(durable_names.values()).copied().collect();
        contents.retain(|number, _| held.contains(number) || open.values().any(|(open, _)| open == number));
    }
}

impl Storage for VolatileFiles {
    fn perform(&mut self, operation: DiskOperation) -> Result<Done, DiskError> {
        match operation {
            DiskOperation::Create { file, path } => {
                let number = self.create(path);
                self.open.insert(file, (number, 0));
            }
            DiskOperation::OpenAppend { file, path } => {
                let number = match self.names.get(&path) {
                    Some(number) => *number,
                    None => self.create(path),
                };
                return Ok(self.open_at(file, number));
            }
            DiskOperation::Append { file, bytes } => self.opened(file)?.bytes.extend_from_slice(&bytes),
            DiskOperation::Sync { file } => {
                let contents = self.opened(file)?;
                contents.synced = contents.bytes.len();
            }
            DiskOperation::Truncate { file, length } => {
                let contents = self.opened(file)?;
                contents.bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
                contents.synced = contents.synced.min(contents.bytes.len());
            }
            DiskOperation::Close { file } => drop(self.open.remove(&file)),
            DiskOperation::Rename { from, to } => {
                let number = self.names.remove(&from).ok_or_else(missing)?;
                self.names.insert(to, number);
                self.durable_names.clone_from(&self.names);
                self.drop_unnamed();
            }
            DiskOperation::Remove { path } => drop(self.names.remove(&path).ok_or_else(missing)?),
            DiskOperation::SyncDirectory { .. } => self.durable_names.clone_from(&self.names),
            DiskOperation::CreateDirectory { .. } => {}
            DiskOperation::Open { file, path } => {
                let number = *self.names.get(&path).ok_or_else(missing)?;
                return Ok(self.open_at(file, number));
            }
            DiskOperation::Read { file, length_max } => return self.read_open(file, length_max),
        }
        Ok(Done::Done)
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        Some(self.contents.get(self.names.get(path)?)?.bytes.clone())
    }

    fn replace(&mut self, path: &str, contents: &[u8]) {
        let number = self.create(path.to_owned());
        self.contents.insert(number, Contents { bytes: contents.to_vec(), synced: contents.len() });
        self.durable_names.insert(path.to_owned(), number);
    }

    fn process_ended(&mut self) {
        self.open.clear();
    }

    fn power_failed(&mut self, random: &mut Random) {
        self.open.clear();
        // Each name that was not made durable got there by itself, or did not.
        let mut names = self.durable_names.clone();
        for (name, number) in &self.names {
            if self.durable_names.get(name) != Some(number) && random.below(2) == 0 {
                names.insert(name.clone(), *number);
            }
        }
        self.names = names;
        self.durable_names.clone_from(&self.names);
        for contents in self.contents.values_mut() {
            // Some of what was not synced was written, the last of it in part.
            let unsynced = (contents.bytes.len() - contents.synced) as u64;
            contents.bytes.truncate(contents.synced + random.below(unsynced + 1) as usize);
            contents.synced = contents.bytes.len();
        }
        self.drop_unnamed();
    }
}

fn missing() -> DiskError {
    DiskError { kind: DiskErrorKind::NotFound, message: "No such file or directory".into() }
}

/// The disk as the driver sees it.
pub struct SimulatedDisk {
    queue: UnboundedSender<(DiskToken, DiskOperation)>,
}

/// The operations that a [`SimulatedDisk`] is given.
pub type Queue = UnboundedReceiver<(DiskToken, DiskOperation)>;

impl SimulatedDisk {
    /// The disk, and the queue that [`work`] is to serve.
    pub fn new() -> (SimulatedDisk, Queue) {
        let (queue, operations) = unbounded_channel();
        (SimulatedDisk { queue }, operations)
    }
}

impl Disk for SimulatedDisk {
    fn start(&mut self, token: DiskToken, operation: DiskOperation) {
        drop(self.queue.send((token, operation)));
    }
}

/// Carries operations out one after the other, each in its time, as long as the
/// process lives.
pub async fn work(mut queue: Queue, place: Arc<Place>, life: Arc<Life>, shared: Arc<Shared<TurmoilHost>>) {
    while let Some((token, operation)) = queue.recv().await {
        let delay_ms = place.disk_delay_ms();
        if delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
        if life.ended() {
            return;
        }
        let result = match place.disk_failure(&operation) {
            Some(error) => {
                // A rename may have taken place, and only its directory's sync failed.
                if matches!(operation, DiskOperation::Rename { .. }) && life.random().below(2) == 0 {
                    drop(place.storage().perform(operation));
                }
                Err(error)
            }
            None => place.storage().perform(operation),
        };
        match result {
            Ok(Done::Done) => shared.handle(Input::Disk { token, result: Ok(DiskDone::Done) }),
            Ok(Done::Opened(size)) => shared.handle(Input::Disk { token, result: Ok(DiskDone::Opened { size }) }),
            Ok(Done::Data(bytes)) => shared.handle(Input::Disk { token, result: Ok(DiskDone::Data(&bytes)) }),
            Ok(Done::Failed(error)) | Err(error) => shared.handle(Input::Disk { token, result: Err(error) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(files: &mut VolatileFiles, file: u64, bytes: &[u8]) {
        files.perform(DiskOperation::Append { file: FileId(file), bytes: bytes.to_vec().into() }).unwrap();
    }

    #[test]
    fn a_power_failure_takes_what_was_not_synced_and_nothing_else() {
        let mut lost = 0;
        for seed in 0..50 {
            let mut files = VolatileFiles::default();
            files.perform(DiskOperation::Create { file: FileId(1), path: "temp".into() }).unwrap();
            append(&mut files, 1, b"synced");
            files.perform(DiskOperation::Sync { file: FileId(1) }).unwrap();
            files.perform(DiskOperation::Rename { from: "temp".into(), to: "kept".into() }).unwrap();
            append(&mut files, 1, b", not synced");
            files.perform(DiskOperation::Create { file: FileId(2), path: "unnamed".into() }).unwrap();
            files.power_failed(&mut Random::from_seed(seed));
            let kept = files.read("kept").unwrap();
            assert!(kept.starts_with(b"synced") && b"synced, not synced".starts_with(&kept[..]));
            lost += usize::from(files.read("unnamed").is_none());
        }
        assert!(lost > 0 && lost < 50);
    }
}
