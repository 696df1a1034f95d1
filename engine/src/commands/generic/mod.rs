//! generic

use crate::command::spec::Command;

/// The family.
pub const COMMANDS: &[Command] = &[];
