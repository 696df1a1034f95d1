//! MULTI and what belongs to it. Queueing itself is dispatch's.

#[cfg(test)]
mod tests;

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use crate::session::transaction::Transaction;
use crate::session::watch::WatchedKey;

/// The family.
pub const COMMANDS: &[Command] = &[MULTI, EXEC, DISCARD, WATCH, UNWATCH];

/// MULTI.
pub const MULTI: Command = Command {
    name: "multi",
    group: Group::Transactions,
    since: "1.2.0",
    summary: "Begins a transaction.",
    complexity: "O(1)",
    arity: 1,
    flags: Flags::ALLOW_BUSY.and(Flags::FAST).and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::FAST.and(Categories::TRANSACTION),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: multi,
};

/// EXEC.
pub const EXEC: Command = Command {
    name: "exec",
    group: Group::Transactions,
    since: "1.2.0",
    summary: "Runs the commands of a transaction.",
    complexity: "The sum of the commands",
    arity: 1,
    flags: Flags::LOADING.and(Flags::NOSCRIPT).and(Flags::SKIP_SLOWLOG).and(Flags::STALE),
    categories: Categories::SLOW.and(Categories::TRANSACTION),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: exec,
};

/// DISCARD.
pub const DISCARD: Command = Command {
    name: "discard",
    group: Group::Transactions,
    since: "2.0.0",
    summary: "Drops the commands of a transaction.",
    complexity: "O(N) in the number of queued commands",
    arity: 1,
    flags: Flags::ALLOW_BUSY.and(Flags::FAST).and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::FAST.and(Categories::TRANSACTION),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: discard,
};

/// WATCH.
pub const WATCH: Command = Command {
    name: "watch",
    group: Group::Transactions,
    since: "2.2.0",
    summary: "Lets the next EXEC fail if a key changes before it.",
    complexity: "O(N log M) for N keys among M that are watched",
    arity: -2,
    flags: Flags::ALLOW_BUSY.and(Flags::FAST).and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::FAST.and(Categories::TRANSACTION),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple()],
    subcommands: &[],
    handler: watch,
};

/// UNWATCH.
pub const UNWATCH: Command = Command {
    name: "unwatch",
    group: Group::Transactions,
    since: "2.2.0",
    summary: "Forgets all watched keys.",
    complexity: "O(N log M) for N keys among M that are watched",
    arity: 1,
    flags: Flags::ALLOW_BUSY.and(Flags::FAST).and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::FAST.and(Categories::TRANSACTION),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: unwatch,
};

fn multi(context: &mut Context<'_>, _: Arguments<'_>) -> Result<(), Error> {
    if context.session.transaction.is_some() {
        return Err(Error::NestedMulti);
    }
    context.session.transaction = Some(Transaction::default());
    context.reply.ok();
    Ok(())
}

fn exec(context: &mut Context<'_>, _: Arguments<'_>) -> Result<(), Error> {
    let Some(transaction) = &context.session.transaction else {
        return Err(Error::NotInMulti { command: "EXEC" });
    };
    let (aborted, count) = (transaction.aborted, transaction.queue().len());
    let broken = context.server.watches.is_broken(context.session.id) || watched_key_expired(context);
    if aborted || broken {
        context.discard_transaction();
        if aborted {
            return Err(Error::ExecAbort { reason: None });
        }
        context.reply.null_array();
        return Ok(());
    }
    context.unwatch();
    context.reply.array(count);
    // The session stays in its transaction meanwhile: nothing in it may block.
    for index in 0..count {
        let transaction = context.session.transaction.as_mut();
        let Some((id, arguments)) = transaction.and_then(|transaction| transaction.take(index)) else { break };
        context.call(id, arguments.as_arguments());
    }
    context.discard_transaction();
    Ok(())
}

/// True if a watched key has passed its time since it was watched, though
/// nobody has noticed yet.
fn watched_key_expired(context: &Context<'_>) -> bool {
    context.session.watching.iter().any(|watched| {
        let key = context.keyspace.key(&watched.key);
        let expiry = context.keyspace.peek(watched.database, &key).and_then(|entry| entry.expire_at_ms());
        expiry.is_some_and(|at| at <= context.now_ms())
            && !context.server.watches.was_expired(context.session.id, watched)
    })
}

fn discard(context: &mut Context<'_>, _: Arguments<'_>) -> Result<(), Error> {
    if context.session.transaction.is_none() {
        return Err(Error::NotInMulti { command: "DISCARD" });
    }
    context.discard_transaction();
    context.reply.ok();
    Ok(())
}

fn watch(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if context.session.transaction.is_some() {
        return Err(Error::WatchInMulti);
    }
    let client = context.session.id;
    let database = context.database();
    // The next EXEC fails in any case once a watched key has changed.
    if !context.server.watches.is_broken(client) {
        for index in 1..arguments.len() {
            let key = context.key(&arguments, index);
            let watched = WatchedKey { database, key: key.bytes.into() };
            if context.server.watches.watches(client, &watched) {
                continue;
            }
            let expiry = context.keyspace.peek(database, &key).and_then(|entry| entry.expire_at_ms());
            let expired = expiry.is_some_and(|at| at <= context.now_ms());
            context.server.watches.add(client, &watched, expired);
            context.session.watched_bytes += watched.key.len();
            context.session.watching.push(watched);
        }
    }
    context.reply.ok();
    Ok(())
}

fn unwatch(context: &mut Context<'_>, _: Arguments<'_>) -> Result<(), Error> {
    context.unwatch();
    context.reply.ok();
    Ok(())
}
