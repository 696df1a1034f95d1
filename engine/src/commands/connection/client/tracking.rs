//! Client-side caching, as far as it can be asked about while nobody tracks.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;

/// CLIENT GETREDIR.
pub(super) const CLIENT_GETREDIR: Command = Command {
    name: "getredir",
    group: Group::Connection,
    since: "6.0.0",
    summary: "Answers which client gets the invalidation messages of this one.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::ALLOW_BUSY.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: client_getredir,
};

/// CLIENT TRACKINGINFO.
pub(super) const CLIENT_TRACKINGINFO: Command = Command {
    name: "trackinginfo",
    group: Group::Connection,
    since: "6.2.0",
    summary: "Describes the tracking of the connection.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::LOADING.and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: client_trackinginfo,
};

/// CLIENT CACHING.
pub(super) const CLIENT_CACHING: Command = Command {
    name: "caching",
    group: Group::Connection,
    since: "6.0.0",
    summary: "Says whether the keys of the next command are tracked.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::ALLOW_BUSY.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new(
        "mode",
        ArgumentKind::OneOf(&[Argument::token("yes", "YES"), Argument::token("no", "NO")]),
    )],
    subcommands: &[],
    handler: client_caching,
};

fn client_caching(_context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    Err(Error::Text(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
    ))
}

fn client_getredir(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.integer(-1);
    Ok(())
}

fn client_trackinginfo(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let reply = &mut context.reply;
    reply.map(3);
    reply.bulk(b"flags");
    reply.set(1);
    reply.bulk(b"off");
    reply.bulk(b"redirect");
    reply.integer(-1);
    reply.bulk(b"prefixes");
    reply.array(0);
    Ok(())
}
