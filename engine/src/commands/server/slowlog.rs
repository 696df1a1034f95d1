//! SLOWLOG.

use crate::base::number::parse_i64;
use crate::command::container::{help, missing_subcommand, wrong_arguments};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;

/// Entries that GET answers unless told otherwise.
const COUNT: usize = 10;

/// SLOWLOG.
pub const SLOWLOG: Command = Command {
    name: "slowlog",
    group: Group::Server,
    since: "2.2.12",
    summary: "Container of commands about the slow log.",
    complexity: "Depends on the subcommand.",
    arity: -2,
    flags: Flags::NONE,
    categories: Categories::SLOW,
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[
        Command {
            name: "get",
            group: Group::Server,
            since: "2.2.12",
            summary: "Answers the latest entries of the slow log.",
            complexity: "O(N), N being the number of entries answered.",
            arity: -2,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["nondeterministic_output", "request_policy:all_nodes"],
            keys: &[],
            arguments: &[Argument::new("count", ArgumentKind::Integer).optional()],
            subcommands: &[],
            handler: get,
        },
        Command {
            name: "help",
            group: Group::Server,
            since: "6.2.0",
            summary: "Lists the subcommands.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::LOADING.and(Flags::STALE),
            categories: Categories::SLOW,
            tips: &[],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: help,
        },
        Command {
            name: "len",
            group: Group::Server,
            since: "2.2.12",
            summary: "Counts the entries of the slow log.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:agg_sum"],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: len,
        },
        Command {
            name: "reset",
            group: Group::Server,
            since: "2.2.12",
            summary: "Forgets all entries of the slow log.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: reset,
        },
    ],
    handler: missing_subcommand,
};

fn get(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if arguments.len() > 3 {
        return Err(wrong_arguments(&arguments));
    }
    let log = &context.server.slow_log;
    let count = match arguments.get(2).map(parse_i64) {
        None => COUNT,
        Some(Some(-1)) => log.len(),
        Some(Some(count @ 0..)) => count as usize,
        _ => return Err(Error::Text("ERR count should be greater than or equal to -1")),
    };
    context.reply.array(count.min(log.len()));
    for entry in log.iter().take(count) {
        context.reply.array(6);
        context.reply.integer(entry.id as i64);
        context.reply.integer(entry.seconds);
        context.reply.integer(entry.microseconds as i64);
        context.reply.array(entry.arguments.len());
        for argument in &entry.arguments {
            context.reply.bulk(argument);
        }
        context.reply.bulk(entry.peer.as_bytes());
        context.reply.bulk(&entry.client_name);
    }
    Ok(())
}

fn len(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.integer(context.server.slow_log.len() as i64);
    Ok(())
}

fn reset(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.server.slow_log.clear();
    context.reply.ok();
    Ok(())
}
