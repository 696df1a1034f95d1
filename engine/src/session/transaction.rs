//! MULTI: requests that wait for EXEC.

use crate::command::table::CommandId;
use crate::resp::request::OwnedArguments;
use alloc::vec::Vec;

/// An open transaction.
#[derive(Default, Debug)]
pub struct Transaction {
    /// The requests, in order.
    pub queue: Vec<(CommandId, OwnedArguments)>,
    /// Set when a request could not be queued: EXEC will refuse.
    pub aborted: bool,
}

impl Transaction {
    /// Bytes of all arguments.
    pub fn argument_bytes(&self) -> usize {
        self.queue.iter().map(|(_, arguments)| arguments.argument_bytes()).sum()
    }

    /// Bytes of memory, for the account.
    pub fn memory(&self) -> usize {
        self.queue.iter().map(|(_, arguments)| arguments.memory()).sum()
    }
}
