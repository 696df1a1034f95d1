//! PING and ECHO.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::reply::Protocol;
use crate::resp::request::Arguments;
use crate::session::class::Class;

/// PING.
pub(super) const PING: Command = Command {
    name: "ping",
    group: Group::Connection,
    since: "1.0.0",
    summary: "Answers PONG, or the message given: the connection and the server are alive.",
    complexity: "O(1)",
    arity: -1,
    flags: Flags::FAST,
    categories: Categories::CONNECTION.and(Categories::FAST),
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    keys: &[],
    arguments: &[Argument::new("message", ArgumentKind::String).optional()],
    subcommands: &[],
    handler: ping,
};

/// ECHO.
pub(super) const ECHO: Command = Command {
    name: "echo",
    group: Group::Connection,
    since: "1.0.0",
    summary: "Answers its argument.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::LOADING).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::FAST),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new("message", ArgumentKind::String)],
    subcommands: &[],
    handler: echo,
};

fn ping(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let subscribed = context.session.class() == Class::Pubsub && context.session.protocol == Protocol::Resp2;
    match arguments.len() {
        1 | 2 if subscribed => {
            // As if it were a message: there is nothing else in a subscription.
            context.reply.array(2);
            context.reply.bulk(b"pong");
            context.reply.bulk(arguments.get(1).unwrap_or_default());
        }
        1 => context.reply.simple("PONG"),
        2 => context.reply.bulk(&arguments[1]),
        _ => return Err(Error::Arity { command: "ping".into() }),
    }
    Ok(())
}

fn echo(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.bulk(&arguments[1]);
    Ok(())
}
