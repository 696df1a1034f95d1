//! What replicas send to their primary, and what clients ask about replicas.

pub mod psync;
pub mod replconf;
pub mod role;
pub mod wait;

use crate::command::spec::Command;

/// The family.
pub const COMMANDS: &[Command] =
    &[psync::PSYNC, psync::SYNC, replconf::REPLCONF, role::ROLE, wait::WAIT, wait::WAITAOF];
