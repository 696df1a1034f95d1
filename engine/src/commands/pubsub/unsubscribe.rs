//! UNSUBSCRIBE, PUNSUBSCRIBE and SUNSUBSCRIBE.

use super::shard_channels;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use crate::session::subscription::Kind;

const FLAGS: Flags = Flags::PUBSUB.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE);

/// UNSUBSCRIBE.
pub(super) const UNSUBSCRIBE: Command = Command {
    name: "unsubscribe",
    group: Group::Pubsub,
    since: "2.0.0",
    summary: "Ends the connection's subscriptions of channels, of all if none is named.",
    complexity: "O(N log M) for N channels among M that have subscribers",
    arity: -1,
    flags: FLAGS.and(Flags::SENTINEL),
    categories: Categories::PUBSUB.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new("channel", ArgumentKind::String).optional().multiple()],
    subcommands: &[],
    handler: unsubscribe,
};

/// PUNSUBSCRIBE.
pub(super) const PUNSUBSCRIBE: Command = Command {
    name: "punsubscribe",
    group: Group::Pubsub,
    since: "2.0.0",
    summary: "Ends the connection's subscriptions of patterns, of all if none is named.",
    complexity: "O(N log M) for N patterns among M that have subscribers",
    arity: -1,
    flags: FLAGS.and(Flags::SENTINEL),
    categories: Categories::PUBSUB.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new("pattern", ArgumentKind::Pattern).optional().multiple()],
    subcommands: &[],
    handler: punsubscribe,
};

/// SUNSUBSCRIBE.
pub(super) const SUNSUBSCRIBE: Command = Command {
    name: "sunsubscribe",
    group: Group::Pubsub,
    since: "7.0.0",
    summary: "Ends the connection's subscriptions of channels of shards, of all if none is named.",
    complexity: "O(N log M) for N channels among M that have subscribers",
    arity: -1,
    flags: FLAGS,
    categories: Categories::PUBSUB.and(Categories::SLOW),
    tips: &[],
    keys: &[shard_channels(-1)],
    arguments: &[Argument::new("shardchannel", ArgumentKind::String).optional().multiple()],
    subcommands: &[],
    handler: sunsubscribe,
};

fn unsubscribe(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    unsubscribe_from(context, &arguments, Kind::Channel, b"unsubscribe");
    Ok(())
}

fn punsubscribe(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    unsubscribe_from(context, &arguments, Kind::Pattern, b"punsubscribe");
    Ok(())
}

fn sunsubscribe(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    unsubscribe_from(context, &arguments, Kind::Shard, b"sunsubscribe");
    Ok(())
}

/// Each name is answered, whether or not the connection was subscribed to it;
/// if none is given, each that it was subscribed to, and none at least once.
fn unsubscribe_from(context: &mut Context<'_>, arguments: &Arguments<'_>, kind: Kind, word: &[u8]) {
    for name in arguments.iter().skip(1) {
        context.server.pubsub.unsubscribe(kind, name, context.session);
        answer(context, kind, word, Some(name));
    }
    if arguments.len() > 1 {
        return;
    }
    if context.session.subscription_count(kind) == 0 {
        answer(context, kind, word, None);
    }
    while let Some(name) = context.server.pubsub.unsubscribe_any(kind, context.session) {
        answer(context, kind, word, Some(&name));
    }
}

fn answer(context: &mut Context<'_>, kind: Kind, word: &[u8], name: Option<&[u8]>) {
    let count = context.session.subscriptions_told(kind) as i64;
    context.push(|reply| {
        reply.push(3);
        reply.bulk(word);
        match name {
            Some(name) => reply.bulk(name),
            None => reply.null(),
        }
        reply.integer(count);
    });
}
