//! DBSIZE, SWAPDB, FLUSHDB and FLUSHALL: commands on whole databases.

use crate::base::number::parse_i64;
use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;

/// DBSIZE.
pub const DBSIZE: Command = Command {
    name: "dbsize",
    group: Group::Server,
    since: "1.0.0",
    summary: "Counts the keys of the database.",
    complexity: "O(1)",
    arity: 1,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::KEYSPACE).and(Categories::READ),
    tips: &["request_policy:all_shards", "response_policy:agg_sum"],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: dbsize,
};

/// SWAPDB.
pub const SWAPDB: Command = Command {
    name: "swapdb",
    group: Group::Server,
    since: "4.0.0",
    summary: "Exchanges two databases.",
    complexity: "O(N) in the number of clients that watch keys of them",
    arity: 3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::DANGEROUS.and(Categories::FAST).and(Categories::KEYSPACE).and(Categories::WRITE),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new("index1", ArgumentKind::Integer), Argument::new("index2", ArgumentKind::Integer)],
    subcommands: &[],
    handler: swapdb,
};

/// FLUSHDB.
pub const FLUSHDB: Command = Command {
    name: "flushdb",
    group: Group::Server,
    since: "1.0.0",
    summary: "Deletes all keys of the database.",
    complexity: "O(1), the memory is freed on another thread",
    arity: -1,
    flags: Flags::WRITE,
    categories: Categories::DANGEROUS.and(Categories::KEYSPACE).and(Categories::SLOW).and(Categories::WRITE),
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    keys: &[],
    arguments: &[Argument::new(
        "flush-type",
        ArgumentKind::OneOf(&[
            Argument::token("async", "ASYNC").since("4.0.0"),
            Argument::token("sync", "SYNC").since("6.2.0"),
        ]),
    )
    .optional()],
    subcommands: &[],
    handler: flushdb,
};

/// FLUSHALL.
pub const FLUSHALL: Command = Command {
    name: "flushall",
    group: Group::Server,
    since: "1.0.0",
    summary: "Deletes all keys of all databases.",
    complexity: "O(N) in the number of databases, the memory is freed on another thread",
    arity: -1,
    flags: Flags::WRITE,
    categories: Categories::DANGEROUS.and(Categories::KEYSPACE).and(Categories::SLOW).and(Categories::WRITE),
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    keys: &[],
    arguments: &[Argument::new(
        "flush-type",
        ArgumentKind::OneOf(&[
            Argument::token("async", "ASYNC").since("4.0.0"),
            Argument::token("sync", "SYNC").since("6.2.0"),
        ]),
    )
    .optional()],
    subcommands: &[],
    handler: flushall,
};

fn dbsize(context: &mut Context<'_>, _: Arguments<'_>) -> Result<(), Error> {
    let count = context.keyspace.database(context.database()).len();
    context.reply.integer(count as i64);
    Ok(())
}

fn swapdb(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let number = |argument: &[u8]| parse_i64(argument).and_then(|number| i32::try_from(number).ok());
    let first = number(&arguments[1]).ok_or(Error::InvalidFirstDatabase)?;
    let second = number(&arguments[2]).ok_or(Error::InvalidSecondDatabase)?;
    let count = context.keyspace.database_count() as i32;
    if !(0..count).contains(&first) || !(0..count).contains(&second) {
        return Err(Error::DatabaseOutOfRange);
    }
    context.swap_databases(DatabaseId(first as u32), DatabaseId(second as u32));
    context.reply.ok();
    Ok(())
}

fn flushdb(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    check_mode(&arguments)?;
    context.flush_database(context.database());
    context.reply.ok();
    Ok(())
}

fn flushall(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    check_mode(&arguments)?;
    context.kill_background_save();
    context.flush_all_databases();
    context.save_after_flush();
    context.reply.ok();
    Ok(())
}

/// ASYNC and SYNC are the same here: memory is always freed on another thread.
fn check_mode(arguments: &Arguments<'_>) -> Result<(), Error> {
    let known = |mode: &[u8]| mode.eq_ignore_ascii_case(b"async") || mode.eq_ignore_ascii_case(b"sync");
    match arguments.len() {
        1 => Ok(()),
        2 if known(&arguments[1]) => Ok(()),
        _ => Err(Error::Syntax),
    }
}
