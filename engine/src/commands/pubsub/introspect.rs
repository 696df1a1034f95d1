//! PUBSUB: who is subscribed to what.

use crate::base::glob;
use crate::command::container::{help, missing_subcommand, wrong_arguments};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use crate::session::subscription::Kind;
use alloc::vec::Vec;

const FLAGS: Flags = Flags::PUBSUB.and(Flags::LOADING).and(Flags::STALE);

/// What the subcommands have in common.
const SUBCOMMAND: Command = Command {
    name: "",
    group: Group::Pubsub,
    since: "2.8.0",
    summary: "",
    complexity: "",
    arity: -2,
    flags: FLAGS,
    categories: Categories::PUBSUB.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: missing_subcommand,
};

/// PUBSUB.
pub(super) const PUBSUB: Command = Command {
    name: "pubsub",
    summary: "Container of commands that look at subscriptions.",
    complexity: "Depends on the subcommand.",
    flags: Flags::NONE,
    categories: Categories::SLOW,
    subcommands: &[
        Command {
            name: "channels",
            summary: "Lists channels that have subscribers.",
            complexity: "O(N) for N channels that have subscribers",
            arguments: &[Argument::new("pattern", ArgumentKind::Pattern).optional()],
            handler: channels,
            ..SUBCOMMAND
        },
        Command {
            name: "help",
            since: "6.2.0",
            summary: "Lists the subcommands.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::LOADING.and(Flags::STALE),
            categories: Categories::SLOW,
            handler: help,
            ..SUBCOMMAND
        },
        Command {
            name: "numpat",
            summary: "Counts the patterns that anybody is subscribed to.",
            complexity: "O(1)",
            arity: 2,
            handler: numpat,
            ..SUBCOMMAND
        },
        Command {
            name: "numsub",
            summary: "Counts the subscribers of channels, without those of patterns.",
            complexity: "O(N log M) for N channels among M that have subscribers",
            arguments: &[Argument::new("channel", ArgumentKind::String).optional().multiple()],
            handler: numsub,
            ..SUBCOMMAND
        },
        Command {
            name: "shardchannels",
            since: "7.0.0",
            summary: "Lists channels of shards that have subscribers.",
            complexity: "O(N) for N channels of shards that have subscribers",
            arguments: &[Argument::new("pattern", ArgumentKind::Pattern).optional()],
            handler: shardchannels,
            ..SUBCOMMAND
        },
        Command {
            name: "shardnumsub",
            since: "7.0.0",
            summary: "Counts the subscribers of channels of shards.",
            complexity: "O(N log M) for N channels among M that have subscribers",
            arguments: &[Argument::new("shardchannel", ArgumentKind::String).optional().multiple()],
            handler: shardnumsub,
            ..SUBCOMMAND
        },
    ],
    ..SUBCOMMAND
};

fn channels(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    list(context, &arguments, Kind::Channel)
}

fn shardchannels(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    list(context, &arguments, Kind::Shard)
}

fn list(context: &mut Context<'_>, arguments: &Arguments<'_>, kind: Kind) -> Result<(), Error> {
    if arguments.len() > 3 {
        return Err(wrong_arguments(arguments));
    }
    let fits = |name: &&[u8]| arguments.get(2).is_none_or(|pattern| glob::matches(pattern, name, false));
    let server = &*context.server;
    let found: Vec<&[u8]> = server.pubsub.names(kind, &server.sessions).filter(fits).collect();
    context.reply.array(found.len());
    for name in found {
        context.reply.bulk(name);
    }
    Ok(())
}

fn numsub(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    count(context, &arguments, Kind::Channel);
    Ok(())
}

fn shardnumsub(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    count(context, &arguments, Kind::Shard);
    Ok(())
}

fn count(context: &mut Context<'_>, arguments: &Arguments<'_>, kind: Kind) {
    let server = &*context.server;
    context.reply.array(2 * (arguments.len() - 2));
    for name in arguments.iter().skip(2) {
        context.reply.bulk(name);
        context.reply.integer(server.pubsub.subscriber_count(kind, name, &server.sessions) as i64);
    }
}

fn numpat(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let server = &*context.server;
    let count = server.pubsub.live_count(Kind::Pattern, &server.sessions);
    context.reply.integer(count as i64);
    Ok(())
}
