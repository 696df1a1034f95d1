//! Commands about the server itself: what it is, how it does, how it is set.

pub mod command;
pub mod config;
pub mod debug;
pub mod info;

use crate::command::spec::Command;

/// The family.
pub const COMMANDS: &[Command] = &[command::COMMAND, config::CONFIG, debug::DEBUG, info::INFO];
