//! Saving, reloading, ending: the commands that start the machines of
//! [`crate::persistence`].

pub mod rewrite;
pub mod save;
pub mod shutdown;

use crate::command::spec::Command;

/// The family.
pub const COMMANDS: &[Command] = &[save::SAVE, save::BGSAVE, save::LASTSAVE, rewrite::BGREWRITEAOF, shutdown::SHUTDOWN];
