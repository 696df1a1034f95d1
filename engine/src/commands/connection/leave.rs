//! QUIT, which ends a connection, and RESET, which begins it anew.

use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::reply::Protocol;
use crate::resp::request::Arguments;
use crate::session::ReplyMode;

/// QUIT.
pub(super) const QUIT: Command = Command {
    name: "quit",
    group: Group::Connection,
    since: "1.0.0",
    summary: "Closes the connection once all replies are sent.",
    complexity: "O(1)",
    arity: -1,
    flags: Flags::ALLOW_BUSY
        .and(Flags::FAST)
        .and(Flags::LOADING)
        .and(Flags::NO_AUTH)
        .and(Flags::NOSCRIPT)
        .and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::FAST),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: quit,
};

/// RESET.
pub(super) const RESET: Command = Command {
    name: "reset",
    group: Group::Connection,
    since: "6.2.0",
    summary: "Puts the connection back into the state of a new one.",
    complexity: "O(1)",
    arity: 1,
    flags: Flags::ALLOW_BUSY
        .and(Flags::FAST)
        .and(Flags::LOADING)
        .and(Flags::NO_AUTH)
        .and(Flags::NOSCRIPT)
        .and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::FAST),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: reset,
};

fn quit(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.ok();
    context.session.closing = true;
    Ok(())
}

/// The library's name and version stay: it is still the same library.
fn reset(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.discard_transaction();
    context.unsubscribe_all();
    let authenticated = context.server.password.is_none();
    let session = &mut *context.session;
    session.authenticated = authenticated;
    session.database = DatabaseId(0);
    session.protocol = Protocol::Resp2;
    session.name.clear();
    session.no_touch = false;
    session.no_evict = false;
    session.reply_mode = ReplyMode::On;
    context.reply.set_protocol(Protocol::Resp2);
    context.reply.simple("RESET");
    Ok(())
}
