//! PUBLISH and SPUBLISH.

use super::shard_channels;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use crate::session::subscription::Kind;

const FLAGS: Flags = Flags::PUBSUB.and(Flags::LOADING).and(Flags::STALE).and(Flags::FAST).and(Flags::MAY_REPLICATE);

/// PUBLISH.
pub(super) const PUBLISH: Command = Command {
    name: "publish",
    group: Group::Pubsub,
    since: "2.0.0",
    summary: "Sends a message to all who are subscribed to a channel, or to a pattern that it fits.",
    complexity: "O(N+M) for N subscribers of the channel and M patterns that anybody is subscribed to",
    arity: 3,
    flags: FLAGS.and(Flags::SENTINEL),
    categories: Categories::FAST.and(Categories::PUBSUB),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new("channel", ArgumentKind::String), Argument::new("message", ArgumentKind::String)],
    subcommands: &[],
    handler: publish,
};

/// SPUBLISH.
pub(super) const SPUBLISH: Command = Command {
    name: "spublish",
    group: Group::Pubsub,
    since: "7.0.0",
    summary: "Sends a message to all who are subscribed to a channel of a shard.",
    complexity: "O(N) for N subscribers of the channel",
    arity: 3,
    flags: FLAGS,
    categories: Categories::FAST.and(Categories::PUBSUB),
    tips: &[],
    keys: &[shard_channels(0)],
    arguments: &[Argument::new("shardchannel", ArgumentKind::String), Argument::new("message", ArgumentKind::String)],
    subcommands: &[],
    handler: spublish,
};

fn publish(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    send(context, &arguments, Kind::Channel);
    Ok(())
}

fn spublish(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    send(context, &arguments, Kind::Shard);
    Ok(())
}

fn send(context: &mut Context<'_>, arguments: &Arguments<'_>, kind: Kind) {
    let receivers = context.publish(kind, &arguments[1], &arguments[2]);
    context.repeat_on_replicas(arguments);
    context.reply.integer(receivers as i64);
}
