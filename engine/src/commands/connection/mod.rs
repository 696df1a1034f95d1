//! Commands about the connection itself.

mod auth;
mod client;
mod hello;
mod leave;
mod ping;
mod select;
#[cfg(test)]
mod tests;

use crate::command::spec::Command;

/// The family.
pub const COMMANDS: &[Command] =
    &[ping::PING, ping::ECHO, select::SELECT, leave::QUIT, leave::RESET, auth::AUTH, hello::HELLO, client::CLIENT];
