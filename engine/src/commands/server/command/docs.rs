//! COMMAND DOCS: what a command does and which arguments it takes.

use super::deprecation::deprecation;
use super::describe::write_words;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::{Argument, ArgumentKind};
use crate::command::table::{CommandId, CommandTable};
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

pub(super) fn docs(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let table = &context.server.commands;
    let ids: Vec<CommandId> = if arguments.len() == 2 {
        table.commands().collect()
    } else {
        arguments.iter().skip(2).filter_map(|name| table.find_full_name(name)).collect()
    };
    context.reply.map(ids.len());
    for id in ids {
        context.reply.bulk(table.full_name(id).as_bytes());
        write_docs(&mut context.reply, table, id);
    }
    Ok(())
}

fn write_docs(reply: &mut Reply<'_>, table: &CommandTable, id: CommandId) {
    let command = table.command(id);
    let full_name = table.full_name(id);
    let deprecation = deprecation(&full_name);
    let system = matches!(full_name.as_str(), "debug" | "replconf" | "restore-asking" | "pfdebug" | "pfselftest");
    let texts = [
        ("summary", command.summary),
        ("since", command.since),
        ("group", command.group.name()),
        ("complexity", command.complexity),
    ];
    let given = || texts.iter().filter(|(name, text)| *name == "group" || !text.is_empty());
    let lists = [!command.arguments.is_empty(), !command.subcommands.is_empty()];
    let length = given().count() + lists.iter().filter(|&&list| list).count();
    reply.map(length + if deprecation.is_some() { 3 } else { usize::from(system) });
    for (name, text) in given() {
        write_text(reply, name, text);
    }
    if let Some((since, replacement)) = deprecation {
        reply.bulk(b"doc_flags");
        write_words(reply, ["deprecated"].into_iter());
        write_text(reply, "deprecated_since", since);
        write_text(reply, "replaced_by", replacement);
    } else if system {
        reply.bulk(b"doc_flags");
        write_words(reply, ["syscmd"].into_iter());
    }
    if !command.arguments.is_empty() {
        reply.bulk(b"arguments");
        write_arguments(reply, command.arguments);
    }
    if !command.subcommands.is_empty() {
        reply.bulk(b"subcommands");
        reply.map(command.subcommands.len());
        for subcommand in table.subcommands(id) {
            reply.bulk(table.full_name(subcommand).as_bytes());
            write_docs(reply, table, subcommand);
        }
    }
}

fn write_text(reply: &mut Reply<'_>, name: &str, text: &str) {
    reply.bulk(name.as_bytes());
    reply.bulk(text.as_bytes());
}

fn write_arguments(reply: &mut Reply<'_>, arguments: &[Argument]) {
    reply.array(arguments.len());
    for argument in arguments {
        write_argument(reply, argument);
    }
}

fn write_argument(reply: &mut Reply<'_>, argument: &Argument) {
    let flags =
        [(argument.optional, "optional"), (argument.multiple, "multiple"), (argument.multiple_token, "multiple_token")];
    let any_flag = flags.iter().any(|(set, _)| *set);
    let (kind, key, parts) = kind(&argument.kind);
    let optional = [key.is_some(), argument.token.is_some(), argument.since.is_some(), any_flag];
    reply.map(3 + optional.iter().filter(|&&there| there).count());
    write_text(reply, "name", argument.name);
    write_text(reply, "type", kind);
    if parts.is_none() {
        write_text(reply, "display_text", argument.name);
    }
    if let Some(index) = key {
        reply.bulk(b"key_spec_index");
        reply.integer(index as i64);
    }
    if let Some(token) = argument.token {
        write_text(reply, "token", token);
    }
    if let Some(since) = argument.since {
        write_text(reply, "since", since);
    }
    if any_flag {
        reply.bulk(b"flags");
        write_words(reply, flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name));
    }
    if let Some(parts) = parts {
        reply.bulk(b"arguments");
        write_arguments(reply, parts);
    }
}

/// The name of an argument's type, the key spec if it is a key, and its parts
/// if it has some.
fn kind(kind: &ArgumentKind) -> (&'static str, Option<usize>, Option<&'static [Argument]>) {
    match *kind {
        ArgumentKind::Key(index) => ("key", Some(index), None),
        ArgumentKind::String => ("string", None, None),
        ArgumentKind::Integer => ("integer", None, None),
        ArgumentKind::Double => ("double", None, None),
        ArgumentKind::Pattern => ("pattern", None, None),
        ArgumentKind::UnixTime => ("unix-time", None, None),
        ArgumentKind::Token => ("pure-token", None, None),
        ArgumentKind::OneOf(parts) => ("oneof", None, Some(parts)),
        ArgumentKind::Block(parts) => ("block", None, Some(parts)),
    }
}
