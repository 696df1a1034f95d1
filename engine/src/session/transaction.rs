//! MULTI: requests that wait for EXEC.

use crate::command::table::CommandId;
use crate::resp::request::OwnedArguments;
use alloc::vec::Vec;

/// An open transaction.
#[derive(Default, Debug)]
pub struct Transaction {
    /// The requests, in order.
    pub(super) queue: Vec<(CommandId, OwnedArguments)>,
    /// Bytes of memory that they take.
    pub(super) bytes: usize,
    /// Set when a request could not be queued: EXEC will refuse.
    pub aborted: bool,
}

impl Transaction {
    /// Adds a request.
    pub fn push(&mut self, id: CommandId, arguments: OwnedArguments) {
        self.bytes += arguments.memory();
        self.queue.push((id, arguments));
    }

    /// The requests, in order.
    pub fn queue(&self) -> &[(CommandId, OwnedArguments)] {
        &self.queue
    }

    /// The arguments of a request that runs; they are the caller's.
    pub fn take(&mut self, index: usize) -> Option<(CommandId, OwnedArguments)> {
        let (id, arguments) = self.queue.get_mut(index)?;
        Some((*id, core::mem::take(arguments)))
    }

    /// EXEC will refuse: what will not run needs no memory.
    pub fn abort(&mut self) {
        *self = Transaction { aborted: true, ..Transaction::default() };
    }

    /// Bytes of all arguments.
    pub fn argument_bytes(&self) -> usize {
        self.queue.iter().map(|(_, arguments)| arguments.argument_bytes()).sum()
    }

    /// Bytes of memory, for the account.
    pub fn memory(&self) -> usize {
        self.bytes
    }
}
