//! MODULE: there are none, and none can be loaded.

use crate::boundary::effects::LogLevel;
use crate::command::container::{help, missing_subcommand};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;

/// MODULE.
pub const MODULE: Command = Command {
    name: "module",
    group: Group::Server,
    since: "4.0.0",
    summary: "Container of commands about modules.",
    complexity: "Depends on the subcommand.",
    arity: -2,
    flags: Flags::NONE,
    categories: Categories::SLOW,
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[
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
            name: "list",
            group: Group::Server,
            since: "4.0.0",
            summary: "Lists the modules that are loaded.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::ADMIN.and(Flags::NOSCRIPT),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["nondeterministic_output_order"],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: list,
        },
        Command {
            name: "load",
            group: Group::Server,
            since: "4.0.0",
            summary: "Loads a module.",
            complexity: "O(1)",
            arity: -3,
            flags: Flags::ADMIN.and(Flags::NO_ASYNC_LOADING).and(Flags::NOSCRIPT).and(Flags::PROTECTED),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &[],
            keys: &[],
            arguments: &[
                Argument::new("path", ArgumentKind::String),
                Argument::new("arg", ArgumentKind::String).optional().multiple(),
            ],
            subcommands: &[],
            handler: load,
        },
        Command {
            name: "loadex",
            group: Group::Server,
            since: "7.0.0",
            summary: "Loads a module with its configuration.",
            complexity: "O(1)",
            arity: -3,
            flags: Flags::ADMIN.and(Flags::NO_ASYNC_LOADING).and(Flags::NOSCRIPT).and(Flags::PROTECTED),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &[],
            keys: &[],
            arguments: &[
                Argument::new("path", ArgumentKind::String),
                Argument::new(
                    "configs",
                    ArgumentKind::Block(&[
                        Argument::new("name", ArgumentKind::String),
                        Argument::new("value", ArgumentKind::String),
                    ]),
                )
                .after("CONFIG")
                .optional()
                .multiple_token(),
                Argument::new("args", ArgumentKind::String).after("ARGS").optional().multiple(),
            ],
            subcommands: &[],
            handler: loadex,
        },
        Command {
            name: "unload",
            group: Group::Server,
            since: "4.0.0",
            summary: "Unloads a module.",
            complexity: "O(1)",
            arity: 3,
            flags: Flags::ADMIN.and(Flags::NO_ASYNC_LOADING).and(Flags::NOSCRIPT).and(Flags::PROTECTED),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &[],
            keys: &[],
            arguments: &[Argument::new("name", ArgumentKind::String)],
            subcommands: &[],
            handler: unload,
        },
    ],
    handler: missing_subcommand,
};

fn list(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.array(0);
    Ok(())
}

fn load(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let path = String::from_utf8_lossy(&arguments[2]);
    context.orders.log(LogLevel::Warning, format!("Module {path} was not loaded: this server has no modules"));
    Err(Error::Text("ERR Error loading the extension. Please check the server logs."))
}

fn loadex(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    load(context, arguments)
}

fn unload(_context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    Err(Error::Text("ERR Error unloading module: no such module with that name"))
}
