//! ACL, as far as one user without restrictions needs it.

use crate::command::container::{help, missing_subcommand, wrong_arguments};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// ACL.
pub const ACL: Command = Command {
    name: "acl",
    group: Group::Server,
    since: "6.0.0",
    summary: "Container of access control commands.",
    complexity: "Depends on the subcommand.",
    arity: -2,
    flags: Flags::NONE,
    categories: Categories::SLOW,
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[
        Command {
            name: "cat",
            group: Group::Server,
            since: "6.0.0",
            summary: "Lists ACL categories, or the commands in one.",
            complexity: "O(1), the categories and commands being given.",
            arity: -2,
            flags: Flags::LOADING.and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::SLOW,
            tips: &[],
            keys: &[],
            arguments: &[Argument::new("category", ArgumentKind::String).optional()],
            subcommands: &[],
            handler: cat,
        },
        Command {
            name: "help",
            group: Group::Server,
            since: "6.0.0",
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
            name: "whoami",
            group: Group::Server,
            since: "6.0.0",
            summary: "Names the connection's user.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::LOADING.and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::SLOW,
            tips: &[],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: whoami,
        },
    ],
    handler: missing_subcommand,
};

fn cat(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    match arguments.get(2) {
        None => {
            context.reply.array(Categories::NAMES.len());
            for (_, name) in Categories::NAMES {
                context.reply.bulk(name.trim_start_matches('@').as_bytes());
            }
            Ok(())
        }
        Some(name) if arguments.len() == 3 => commands_in(context, name),
        Some(_) => Err(wrong_arguments(&arguments)),
    }
}

fn commands_in(context: &mut Context<'_>, name: &[u8]) -> Result<(), Error> {
    let Some(category) = Categories::named(name) else {
        let name = String::from_utf8_lossy(&name[..name.len().min(128)]);
        return Err(Error::Formatted(format!("ERR Unknown category '{name}'")));
    };
    let table = &context.server.commands;
    let all = table.commands().flat_map(|id| core::iter::once(id).chain(table.subcommands(id)));
    let members: Vec<String> =
        all.filter(|&id| table.command(id).categories.has(category)).map(|id| table.full_name(id)).collect();
    context.reply.array(members.len());
    for name in members {
        context.reply.bulk(name.as_bytes());
    }
    Ok(())
}

fn whoami(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.bulk(b"default");
    Ok(())
}
