//! REPLICAOF, SLAVEOF, FAILOVER: which part a server plays.

use crate::base::number::parse_i64;
use crate::boundary::effects::LogLevel;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::config::{Id, PrimaryAddress};
use crate::resp::request::Arguments;
use crate::session::class::Class;
use alloc::format;
use alloc::string::String;

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
    if context.server.replication.follow.failover.is_active() {
        return Err(Error::Text("ERR REPLICAOF not allowed while failing over."));
    }
    if arguments[1].eq_ignore_ascii_case(b"no") && arguments[2].eq_ignore_ascii_case(b"one") {
        if context.server.replication.is_replica() {
            context.persistence().follow_nobody();
            let role = context.server.personality.primary();
            log_change(context, &format!("{role} MODE"));
        }
        context.reply.ok();
        return Ok(());
    }
    if context.session.class() == Class::Replica {
        return Err(Error::Text("ERR Command is not valid when client is a replica."));
    }
    let port = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let port = u16::try_from(port).map_err(|_| Error::Text("ERR Invalid master port"))?;
    let address = PrimaryAddress { host: arguments[1].to_vec(), port };
    if context
        .server
        .replication
        .follow
        .primary()
        .is_some_and(|primary| primary.host.eq_ignore_ascii_case(&address.host) && primary.port == port)
    {
        let line = "REPLICAOF would result into synchronization with the master we are already connected with. No \
                    operation performed.";
        context.orders.log(LogLevel::Notice, line);
        context.reply.simple("OK Already connected to specified master");
        return Ok(());
    }
    let shown = format!("REPLICAOF {}:{port}", String::from_utf8_lossy(&address.host));
    context.persistence().follow(address);
    log_change(context, &shown);
    context.reply.ok();
    Ok(())
}

/// Says in the log who has changed the server's role.
fn log_change(context: &mut Context<'_>, what: &str) {
    let mut who = String::new();
    context.server.describe_client(context.session, context.now, &mut who);
    context.orders.log(LogLevel::Notice, format!("{what} enabled (user request from '{who}')"));
}

fn slaveof(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    replicaof(context, arguments)
}
