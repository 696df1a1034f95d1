//! DEBUG, as far as it is about persistence.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::config::{Id, Protection};
use crate::persistence::reload::debug_reload;
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;

/// DEBUG.
pub const DEBUG: Command = Command {
    name: "debug",
    group: Group::Server,
    since: "1.0.0",
    summary: "Does what is useful to those who test the server.",
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: debug,
};

fn debug(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let connection = &context.session.connection;
    let local = connection.loopback || connection.unix_socket;
    if !context.server.config.chosen::<Protection>(Id::EnableDebugCommand).permits(local) {
        return Err(Error::Text(
            "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it \
             from a local connection, otherwise you need to set this option in the configuration file, and then \
             restart the server.",
        ));
    }
    if arguments[1].eq_ignore_ascii_case(b"reload") {
        return debug_reload(context, arguments.from(2));
    }
    let name = String::from_utf8_lossy(&arguments[1]).into_owned();
    Err(Error::Formatted(format!("ERR unknown subcommand or wrong number of arguments for '{name}'. Try DEBUG HELP.")))
}
