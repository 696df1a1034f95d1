//! Disk operations under way, and whose they are.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::effects::{DiskOperation, Orders};
use crate::boundary::id::{ClientId, DiskToken, FileId};
use alloc::collections::VecDeque;

/// What a disk operation is for. Its completion goes there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiskUse {
    /// A step of saving the data set in a file.
    Save(FileId, SaveOperation),
    /// A step of loading the data set from a file.
    Load(FileId),
    /// A step of receiving a file from the primary.
    Receive(FileId, ReceiveOperation),
    /// An operation of the append only file.
    Aof(AofOperation),
    /// A step of reading the file that a replica is sent.
    Send(ClientId, FileId),
    /// Nothing depends on how it ends.
    Nothing,
}

/// The steps of receiving a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReceiveOperation {
    /// The temporary file is created.
    Create,
    /// So many bytes are appended.
    Append(usize),
    /// What was appended so far is made durable.
    Sync,
    /// The file is closed.
    Close,
    /// The file takes its name.
    Rename,
}

/// The operations of the append only file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AofOperation {
    /// So many bytes are appended to an increment.
    Append(FileId, usize),
    /// An increment is made durable.
    Sync(FileId),
    /// What an append that failed may have left is cut off.
    Truncate(FileId),
    /// The step of a task.
    Step,
    /// A step of loading.
    Load(FileId),
}

/// The steps of saving.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SaveOperation {
    /// The temporary file is created.
    Create,
    /// So many bytes are appended.
    Append(usize),
    /// What was appended so far is made durable while more comes.
    IncrementalSync,
    /// All is made durable.
    Sync,
    /// The file is closed.
    Close,
    /// The file takes its name.
    Rename,
    /// The file of a save that failed or was given up is removed.
    Remove,
}

/// Numbers tokens and files, and remembers what is under way.
#[derive(Default, Debug)]
pub struct Disk {
    last_token: u64,
    last_file: u64,
    under_way: VecDeque<(DiskToken, DiskUse)>,
}

impl Image for Disk {
    fn blank() -> Disk {
        Disk::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Disk { last_token, last_file, under_way } = self;
        tape.each([last_token, last_file, under_way])
    }
}

impl Disk {
    /// A number for a file that is about to be opened.
    pub fn new_file(&mut self) -> FileId {
        self.last_file += 1;
        FileId(self.last_file)
    }

    /// Starts an operation.
    pub fn start(&mut self, orders: &mut Orders, purpose: DiskUse, operation: DiskOperation) {
        self.last_token += 1;
        let token = DiskToken(self.last_token);
        self.under_way.push_back((token, purpose));
        orders.disk(token, operation);
    }

    /// An operation has ended: what it was for. `None` if nobody started it.
    pub fn take(&mut self, token: DiskToken) -> Option<DiskUse> {
        let at = self.under_way.iter().position(|&(other, _)| other == token)?;
        self.under_way.remove(at).map(|(_, purpose)| purpose)
    }
}
