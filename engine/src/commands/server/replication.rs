//! REPLICAOF, SLAVEOF: the server is a primary without replicas.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::config::Id;
use crate::resp::request::Arguments;

/// REPLICAOF.
pub const REPLICAOF: Command = Command {
    name: "replicaof",
    group: Group::Server,
    since: "5.0.0",
    summary: "Makes the server a replica of another, or a primary again.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::ADMIN.and(Flags::NO_ASYNC_LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new(
        "args",
        ArgumentKind::OneOf(&[
            Argument::new(
                "host-port",
                ArgumentKind::Block(&[
                    Argument::new("host", ArgumentKind::String),
                    Argument::new("port", ArgumentKind::Integer),
                ]),
            ),
            Argument::new("no-one", ArgumentKind::Block(&[Argument::token("no", "NO"), Argument::token("one", "ONE")])),
        ]),
    )],
    subcommands: &[],
    handler: replicaof,
};

/// SLAVEOF.
pub const SLAVEOF: Command = Command {
    name: "slaveof",
    group: Group::Server,
    since: "1.0.0",
    summary: "The former name of `REPLICAOF`.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::ADMIN.and(Flags::NO_ASYNC_LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new(
        "args",
        ArgumentKind::OneOf(&[
            Argument::new(
                "host-port",
                ArgumentKind::Block(&[
                    Argument::new("host", ArgumentKind::String),
                    Argument::new("port", ArgumentKind::Integer),
                ]),
            ),
            Argument::new("no-one", ArgumentKind::Block(&[Argument::token("no", "NO"), Argument::token("one", "ONE")])),
        ]),
    )],
    subcommands: &[],
    handler: slaveof,
};

fn replicaof(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if context.server.config.boolean(Id::ClusterEnabled) {
        return Err(Error::Text("ERR REPLICAOF not allowed in cluster mode."));
    }
    if arguments[1].eq_ignore_ascii_case(b"no") && arguments[2].eq_ignore_ascii_case(b"one") {
        context.reply.ok();
        return Ok(());
    }
    match parse_i64(&arguments[2]) {
        Some(0..=65535) => Err(Error::Text("ERR Replication is not available yet, this server can only be a primary")),
        _ => Err(Error::Text("ERR Invalid master port")),
    }
}

fn slaveof(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    replicaof(context, arguments)
}
