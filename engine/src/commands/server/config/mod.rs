//! CONFIG: what may be configured, read and set while the server runs.

mod apply;
mod rewrite;
mod set;

use crate::command::container::{help, missing_subcommand};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::KeyspaceStatistics;
use crate::resp::request::Arguments;
use alloc::vec::Vec;
use rewrite::rewrite;
pub use rewrite::rewrite_all;
use set::set;

/// CONFIG.
pub const CONFIG: Command = Command {
    name: "config",
    group: Group::Server,
    since: "2.0.0",
    summary: "Container of configuration commands.",
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
            since: "2.0.0",
            summary: "Answers the values of parameters that match any of some patterns.",
            complexity: "O(N), N being the number of parameters.",
            arity: -3,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &[],
            keys: &[],
            arguments: &[Argument::new("parameter", ArgumentKind::String).multiple()],
            subcommands: &[],
            handler: get,
        },
        Command {
            name: "help",
            group: Group::Server,
            since: "5.0.0",
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
            name: "resetstat",
            group: Group::Server,
            since: "2.0.0",
            summary: "Sets statistics back to zero.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: resetstat,
        },
        Command {
            name: "rewrite",
            group: Group::Server,
            since: "2.8.0",
            summary: "Writes the configuration that is in force to the configuration file.",
            complexity: "O(N), N being the length of the file.",
            arity: 2,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: rewrite,
        },
        Command {
            name: "set",
            group: Group::Server,
            since: "2.0.0",
            summary: "Sets parameters while the server runs, all or none.",
            complexity: "O(N), N being the number of parameters.",
            arity: -4,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            keys: &[],
            arguments: &[Argument::new(
                "data",
                ArgumentKind::Block(&[
                    Argument::new("parameter", ArgumentKind::String),
                    Argument::new("value", ArgumentKind::String),
                ]),
            )
            .multiple()],
            subcommands: &[],
            handler: set,
        },
    ],
    handler: missing_subcommand,
};

fn get(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let patterns: Vec<&[u8]> = arguments.iter().skip(2).collect();
    let found = context.server.config.get(&patterns);
    context.reply.map(found.len());
    for (name, value) in found {
        context.reply.bulk(&name);
        context.reply.bulk(&value);
    }
    Ok(())
}

fn resetstat(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.server.statistics.reset();
    context.keyspace.statistics = KeyspaceStatistics::default();
    context.reply.ok();
    Ok(())
}
