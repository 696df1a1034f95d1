//! SUBSCRIBE, PSUBSCRIBE and SSUBSCRIBE.

use super::shard_channels;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use crate::session::subscription::Kind;

const FLAGS: Flags = Flags::PUBSUB.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE);

/// SUBSCRIBE.
pub(super) const SUBSCRIBE: Command = Command {
    name: "subscribe",
    group: Group::Pubsub,
    since: "2.0.0",
    summary: "Sends the connection what is published to channels.",
    complexity: "O(N log M) for N channels among M that have subscribers",
    arity: -2,
    flags: FLAGS.and(Flags::SENTINEL),
    categories: Categories::PUBSUB.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new("channel", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: subscribe,
};

/// PSUBSCRIBE.
pub(super) const PSUBSCRIBE: Command = Command {
    name: "psubscribe",
    group: Group::Pubsub,
    since: "2.0.0",
    summary: "Sends the connection what is published to channels whose names fit patterns.",
    complexity: "O(N log M) for N patterns among M that have subscribers",
    arity: -2,
    flags: FLAGS.and(Flags::SENTINEL),
    categories: Categories::PUBSUB.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new("pattern", ArgumentKind::Pattern).multiple()],
    subcommands: &[],
    handler: psubscribe,
};

/// SSUBSCRIBE.
pub(super) const SSUBSCRIBE: Command = Command {
    name: "ssubscribe",
    group: Group::Pubsub,
    since: "7.0.0",
    summary: "Sends the connection what is published to channels of this server's slots.",
    complexity: "O(N log M) for N channels among M that have subscribers",
    arity: -2,
    flags: FLAGS,
    categories: Categories::PUBSUB.and(Categories::SLOW),
    tips: &[],
    keys: &[shard_channels(-1)],
    arguments: &[Argument::new("shardchannel", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: ssubscribe,
};

fn subscribe(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.check_subscribable()?;
    subscribe_to(context, &arguments, Kind::Channel, b"subscribe");
    Ok(())
}

fn psubscribe(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.check_subscribable()?;
    subscribe_to(context, &arguments, Kind::Pattern, b"psubscribe");
    Ok(())
}

/// Unlike the others it is refused in a transaction, which has one reply for
/// each command.
fn ssubscribe(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.check_subscribable_at_once()?;
    subscribe_to(context, &arguments, Kind::Shard, b"ssubscribe");
    Ok(())
}

/// Each name is answered, also one that the connection is subscribed to
/// already.
fn subscribe_to(context: &mut Context<'_>, arguments: &Arguments<'_>, kind: Kind, word: &[u8]) {
    for name in arguments.iter().skip(1) {
        context.server.pubsub.subscribe(kind, name, context.session);
        let count = context.session.subscriptions_told(kind) as i64;
        context.push(|reply| {
            reply.push(3);
            reply.bulk(word);
            reply.bulk(name);
            reply.integer(count);
        });
    }
}
