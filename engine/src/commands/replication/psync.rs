//! PSYNC, SYNC.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use crate::session::class::Class;

/// PSYNC.
pub const PSYNC: Command = Command {
    name: "psync",
    group: Group::Server,
    since: "2.8.0",
    summary: "Begins the replication stream behind a state that the replica has, or after a full synchronization.",
    complexity: "O(1), and O(N) in the background for a full synchronization where N is the number of all keys",
    arity: -3,
    flags: Flags::ADMIN.and(Flags::NO_ASYNC_LOADING).and(Flags::NO_MULTI).and(Flags::NOSCRIPT),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new("replicationid", ArgumentKind::String), Argument::new("offset", ArgumentKind::Integer)],
    subcommands: &[],
    handler: psync,
};

/// SYNC.
pub const SYNC: Command = Command {
    name: "sync",
    group: Group::Server,
    since: "1.0.0",
    summary: "Begins the replication stream after a full synchronization, without offsets.",
    complexity: "O(1), and O(N) in the background where N is the number of all keys",
    arity: 1,
    flags: Flags::ADMIN.and(Flags::NO_ASYNC_LOADING).and(Flags::NO_MULTI).and(Flags::NOSCRIPT),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: sync,
};

fn psync(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if arguments.get(3).is_some_and(|word| word.eq_ignore_ascii_case(b"failover")) {
        context.take_over(&arguments[1])?;
    }
    let offset = parse_i64(&arguments[2]);
    begin(context, Some((&arguments[1], offset)))
}

fn sync(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    begin(context, None)
}

fn begin(context: &mut Context<'_>, state: Option<(&[u8], Option<i64>)>) -> Result<(), Error> {
    if context.session.class() != Class::Normal {
        return Ok(());
    }
    let handshake = context.session.handshake.as_deref();
    if handshake.is_some_and(|it| (it.without_keys || it.for_snapshot) && !it.reads_to_mark) {
        // Such a snapshot is none that may be saved.
        return Err(Error::Text("ERR Filtered replica requires EOF capability"));
    }
    let replication = &context.server.replication;
    if replication.follow.failover.is_active() {
        return Err(Error::Text("NOMASTERLINK Can't SYNC while failing over"));
    }
    if replication.is_replica() && !replication.follow.is_connected() {
        return Err(Error::Text("NOMASTERLINK Can't SYNC while not connected with my master"));
    }
    if context.reply.position() > context.session.output_start || context.session.output_pending() > 0 {
        return Err(Error::Text("ERR SYNC and PSYNC are invalid with pending output"));
    }
    let state = match state {
        None => None,
        Some((id, offset)) => Some((id, offset.ok_or(Error::NotInteger)?)),
    };
    context.serve_replica(state);
    Ok(())
}
