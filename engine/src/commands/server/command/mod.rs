//! COMMAND: the table of commands, told to clients.

mod deprecation;
mod describe;
mod docs;
mod keys;
mod list;

use crate::command::container::help;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use describe::{describe_all, info};
use docs::docs;
use keys::{getkeys, getkeysandflags};
use list::list;

/// COMMAND.
pub const COMMAND: Command = Command {
    name: "command",
    group: Group::Server,
    since: "2.8.13",
    summary: "Describes all commands.",
    complexity: "O(N), N being the number of commands.",
    arity: -1,
    flags: Flags::LOADING.and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &["nondeterministic_output_order"],
    keys: &[],
    arguments: &[],
    subcommands: &[
        Command {
            name: "count",
            group: Group::Server,
            since: "2.8.13",
            summary: "Counts the commands.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::LOADING.and(Flags::STALE),
            categories: Categories::CONNECTION.and(Categories::SLOW),
            tips: &[],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: count,
        },
        Command {
            name: "docs",
            group: Group::Server,
            since: "7.0.0",
            summary: "Documents all commands, or some.",
            complexity: "O(N), N being the number of commands asked for.",
            arity: -2,
            flags: Flags::LOADING.and(Flags::STALE),
            categories: Categories::CONNECTION.and(Categories::SLOW),
            tips: &["nondeterministic_output_order"],
            keys: &[],
            arguments: &[Argument::new("command-name", ArgumentKind::String).optional().multiple()],
            subcommands: &[],
            handler: docs,
        },
        Command {
            name: "getkeys",
            group: Group::Server,
            since: "2.8.13",
            summary: "Picks the keys out of a full command.",
            complexity: "O(N), N being the number of arguments.",
            arity: -3,
            flags: Flags::LOADING.and(Flags::STALE),
            categories: Categories::CONNECTION.and(Categories::SLOW),
            tips: &[],
            keys: &[],
            arguments: &[
                Argument::new("command", ArgumentKind::String),
                Argument::new("arg", ArgumentKind::String).optional().multiple(),
            ],
            subcommands: &[],
            handler: getkeys,
        },
        Command {
            name: "getkeysandflags",
            group: Group::Server,
            since: "7.0.0",
            summary: "Picks the keys out of a full command and says what becomes of them.",
            complexity: "O(N), N being the number of arguments.",
            arity: -3,
            flags: Flags::LOADING.and(Flags::STALE),
            categories: Categories::CONNECTION.and(Categories::SLOW),
            tips: &[],
            keys: &[],
            arguments: &[
                Argument::new("command", ArgumentKind::String),
                Argument::new("arg", ArgumentKind::String).optional().multiple(),
            ],
            subcommands: &[],
            handler: getkeysandflags,
        },
        Command {
            name: "help",
            group: Group::Server,
            since: "5.0.0",
            summary: "Lists the subcommands.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::LOADING.and(Flags::STALE),
            categories: Categories::CONNECTION.and(Categories::SLOW),
            tips: &[],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: help,
        },
        Command {
            name: "info",
            group: Group::Server,
            since: "2.8.13",
            summary: "Describes all commands, or some.",
            complexity: "O(N), N being the number of commands asked for.",
            arity: -2,
            flags: Flags::LOADING.and(Flags::STALE),
            categories: Categories::CONNECTION.and(Categories::SLOW),
            tips: &["nondeterministic_output_order"],
            keys: &[],
            arguments: &[Argument::new("command-name", ArgumentKind::String).optional().multiple()],
            subcommands: &[],
            handler: info,
        },
        Command {
            name: "list",
            group: Group::Server,
            since: "7.0.0",
            summary: "Lists the names of all commands, or of those that pass a filter.",
            complexity: "O(N), N being the number of commands.",
            arity: -2,
            flags: Flags::LOADING.and(Flags::STALE),
            categories: Categories::CONNECTION.and(Categories::SLOW),
            tips: &["nondeterministic_output_order"],
            keys: &[],
            arguments: &[Argument::new(
                "filterby",
                ArgumentKind::OneOf(&[
                    Argument::new("module-name", ArgumentKind::String).after("MODULE"),
                    Argument::new("category", ArgumentKind::String).after("ACLCAT"),
                    Argument::new("pattern", ArgumentKind::Pattern).after("PATTERN"),
                ]),
            )
            .after("FILTERBY")
            .optional()],
            subcommands: &[],
            handler: list,
        },
    ],
    handler: describe_all,
};

fn count(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let count = context.server.commands.commands().count();
    context.reply.integer(count as i64);
    Ok(())
}
