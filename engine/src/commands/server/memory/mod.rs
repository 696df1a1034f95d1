//! MEMORY: what takes it.

mod prose;
mod stats;

use crate::base::number::parse_i64;
use crate::boundary::ask::Question;
use crate::command::container::{help, missing_subcommand};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use prose::{doctor, malloc_stats};
use stats::stats;

/// What the table of keys takes for each.
const TABLE_WORD: usize = size_of::<u64>();

/// MEMORY.
pub const MEMORY: Command = Command {
    name: "memory",
    group: Group::Server,
    since: "4.0.0",
    summary: "Container of commands about memory.",
    complexity: "Depends on the subcommand.",
    arity: -2,
    flags: Flags::NONE,
    categories: Categories::SLOW,
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[
        Command {
            name: "doctor",
            group: Group::Server,
            since: "4.0.0",
            summary: "Sums up in prose what is odd about memory.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::NONE,
            categories: Categories::SLOW,
            tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: doctor,
        },
        Command {
            name: "help",
            group: Group::Server,
            since: "4.0.0",
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
            name: "malloc-stats",
            group: Group::Server,
            since: "4.0.0",
            summary: "Answers the allocator's figures.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::LOADING,
            categories: Categories::SLOW,
            tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: malloc_stats,
        },
        Command {
            name: "purge",
            group: Group::Server,
            since: "4.0.0",
            summary: "Asks the allocator to give back what it can.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::LOADING,
            categories: Categories::SLOW,
            tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: purge,
        },
        Command {
            name: "stats",
            group: Group::Server,
            since: "4.0.0",
            summary: "Answers where memory goes.",
            complexity: "O(N), N being the number of databases and clients.",
            arity: 2,
            flags: Flags::NONE,
            categories: Categories::SLOW,
            tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: stats,
        },
        Command {
            name: "usage",
            group: Group::Server,
            since: "4.0.0",
            summary: "Estimates how many bytes a key and its value take.",
            complexity: "O(1)",
            arity: -3,
            flags: Flags::READONLY,
            categories: Categories::READ.and(Categories::SLOW),
            tips: &[],
            keys: &[KeySpec {
                flags: KeyFlags::RO,
                begin: Begin::Index(2),
                find: Find::Range { last: 0, step: 1, limit: 0 },
                notes: "",
            }],
            arguments: &[
                Argument::new("key", ArgumentKind::Key(0)),
                Argument::new("count", ArgumentKind::Integer).after("SAMPLES").optional(),
            ],
            subcommands: &[],
            handler: usage,
        },
    ],
    handler: missing_subcommand,
};

fn usage(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    check_samples(&arguments)?;
    let key = context.key(&arguments, 2);
    match context.find_live(context.database(), &key) {
        Some(location) => {
            let bytes = context.entry(location).footprint() + TABLE_WORD;
            context.reply.integer(bytes as i64);
        }
        None => context.reply.null(),
    }
    Ok(())
}

/// SAMPLES may follow, any number of times; a string has nothing to sample.
fn check_samples(arguments: &Arguments<'_>) -> Result<(), Error> {
    let mut index = 3;
    while index < arguments.len() {
        if !arguments[index].eq_ignore_ascii_case(b"samples") || index + 1 >= arguments.len() {
            return Err(Error::Syntax);
        }
        if parse_i64(&arguments[index + 1]).ok_or(Error::NotInteger)? < 0 {
            return Err(Error::Syntax);
        }
        index += 2;
    }
    Ok(())
}

fn purge(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.orders.ask(Question::Purge);
    context.reply.ok();
    Ok(())
}
