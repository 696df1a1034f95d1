//! CLIENT: connections, one's own and others'.

mod filter;
mod help;
mod identity;
mod kill;
mod list;
mod mode;
mod pause;
mod tracking;

pub(super) use identity::{BAD_NAME, is_printable};

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;

/// CLIENT.
pub(super) const CLIENT: Command = Command {
    name: "client",
    group: Group::Connection,
    since: "2.4.0",
    summary: "Commands about connections.",
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: Flags::NONE,
    categories: Categories::SLOW,
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[
        tracking::CLIENT_CACHING,
        identity::CLIENT_CAPA,
        identity::CLIENT_GETNAME,
        tracking::CLIENT_GETREDIR,
        help::CLIENT_HELP,
        identity::CLIENT_ID,
        mode::CLIENT_IMPORT_SOURCE,
        list::CLIENT_INFO,
        kill::CLIENT_KILL,
        list::CLIENT_LIST,
        mode::CLIENT_NO_EVICT,
        mode::CLIENT_NO_TOUCH,
        pause::CLIENT_PAUSE,
        mode::CLIENT_REPLY,
        identity::CLIENT_SETINFO,
        identity::CLIENT_SETNAME,
        tracking::CLIENT_TRACKINGINFO,
        pause::CLIENT_UNBLOCK,
        pause::CLIENT_UNPAUSE,
    ],
    handler: client,
};

/// Dispatch has found no subcommand, which it has answered.
fn client(_context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    Err(Error::Arity { command: "client".into() })
}

/// A subcommand that exists, but not with that many arguments.
fn wrong_use(arguments: &Arguments<'_>) -> Error {
    let name = String::from_utf8_lossy(&arguments[1]);
    Error::Formatted(format!("ERR unknown subcommand or wrong number of arguments for '{name}'. Try CLIENT HELP."))
}
