//! WAIT, WAITAOF.

use crate::base::number::parse_i64;
use crate::boundary::time::Monotonic;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::config::Id;
use crate::replication::Replication;
use crate::replication::wait::{NO_AOF, Wait, Wanted};
use crate::resp::request::Arguments;
use crate::server::deferred::DeferredReply;

/// WAIT.
pub const WAIT: Command = Command {
    name: "wait",
    group: Group::Generic,
    since: "3.0.0",
    summary: "Waits until so many replicas have what this connection wrote, and answers how many do.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::BLOCKING,
    categories: Categories::BLOCKING.and(Categories::CONNECTION).and(Categories::SLOW),
    tips: &["request_policy:all_shards", "response_policy:agg_min"],
    keys: &[],
    arguments: &[Argument::new("numreplicas", ArgumentKind::Integer), Argument::new("timeout", ArgumentKind::Integer)],
    subcommands: &[],
    handler: wait,
};

/// WAITAOF.
pub const WAITAOF: Command = Command {
    name: "waitaof",
    group: Group::Generic,
    since: "7.2.0",
    summary: "Waits until what this connection wrote is synced in AOFs, and answers in how many.",
    complexity: "O(1)",
    arity: 4,
    flags: Flags::BLOCKING,
    categories: Categories::BLOCKING.and(Categories::CONNECTION).and(Categories::SLOW),
    tips: &["request_policy:all_shards", "response_policy:agg_min"],
    keys: &[],
    arguments: &[
        Argument::new("numlocal", ArgumentKind::Integer),
        Argument::new("numreplicas", ArgumentKind::Integer),
        Argument::new("timeout", ArgumentKind::Integer),
    ],
    subcommands: &[],
    handler: waitaof,
};

fn wait(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if context.server.replication.is_replica() {
        return Err(Error::Text(
            "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is \
             configured to be writable (which is not the default) writes to replicas are just local and are not \
             propagated.",
        ));
    }
    let replicas = parse_i64(&arguments[1]).ok_or(Error::NotInteger)?;
    let until = timeout(context, &arguments[2])?;
    begin(context, Wanted::Replicas(replicas.max(0) as u64), until);
    Ok(())
}

fn waitaof(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let local = match parse_i64(&arguments[1]) {
        Some(number @ 0..=1) => number == 1,
        _ => return Err(Error::Text("ERR value is out of range, value must between 0 and 1")),
    };
    let replicas = parse_i64(&arguments[2]).and_then(|number| u64::try_from(number).ok()).ok_or(Error::NotPositive)?;
    let until = timeout(context, &arguments[3])?;
    if context.server.replication.is_replica() {
        return Err(Error::Text(
            "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just \
             local and are not propagated.",
        ));
    }
    if local && !context.server.config.boolean(Id::Appendonly) {
        return Err(Error::Text(NO_AOF));
    }
    begin(context, Wanted::Synced { local, replicas }, until);
    Ok(())
}

/// Answers at once what is there already, or in a transaction, which can't wait.
fn begin(context: &mut Context<'_>, wanted: Wanted, until: Option<Monotonic>) {
    let offset = context.session.write_offset;
    let counted = context.server.replication.count(wanted, offset);
    if Replication::suffices(wanted, counted) || context.session.transaction.is_some() {
        match counted {
            DeferredReply::Integer(number) => context.reply.integer(number),
            DeferredReply::Integers(first, second) => {
                context.reply.array(2);
                context.reply.integer(first);
                context.reply.integer(second);
            }
            DeferredReply::Ok | DeferredReply::NullArray => context.reply.ok(),
        }
        return;
    }
    let waiter = context.defer();
    context.server.begin_wait(Wait { waiter, wanted, offset, until });
}

/// Until when to wait, from milliseconds; `None` for ever.
fn timeout(context: &Context<'_>, argument: &[u8]) -> Result<Option<Monotonic>, Error> {
    match parse_i64(argument) {
        None => Err(Error::Text("ERR timeout is not an integer or out of range")),
        Some(..0) => Err(Error::Text("ERR timeout is negative")),
        Some(0) => Ok(None),
        Some(milliseconds) if milliseconds.checked_add(context.now_ms()).is_none() => {
            Err(Error::Text("ERR timeout is out of range"))
        }
        Some(milliseconds) => Ok(Some(context.now.monotonic.plus_ms(milliseconds as u64))),
    }
}
