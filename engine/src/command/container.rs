//! What containers of subcommands share: HELP, read off the table.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::{Argument, ArgumentKind, Command};
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// How much of a subcommand's name an error repeats, in bytes.
const SHOWN_MAX: usize = 128;

/// HELP of any container: the subcommands with their arguments and summaries.
///
/// # Errors
/// [`Error::Syntax`] if the request names no container.
pub fn help(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let container = context.server.commands.find(&arguments[0]).ok_or(Error::Syntax)?;
    let container = context.server.commands.command(container);
    let mut lines = Vec::new();
    for subcommand in container.subcommands {
        lines.push(format!("{}{}", subcommand.name.to_ascii_uppercase(), syntax(subcommand.arguments)));
        lines.push(format!("    {}", subcommand.summary));
    }
    write_help(context, container, &lines);
    Ok(())
}

/// Answers HELP's head and lines.
pub fn write_help(context: &mut Context<'_>, container: &Command, lines: &[String]) {
    let name = container.name.to_ascii_uppercase();
    context.reply.array(1 + lines.len());
    context.reply.simple(&format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for line in lines {
        context.reply.simple(line);
    }
}

/// What a container's entry runs: only its subcommands can be called.
///
/// # Errors
/// Always the one of too few arguments.
pub fn missing_subcommand(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    Err(Error::Arity { command: context.command.name.into() })
}

/// What a subcommand answers that got too many arguments.
pub fn wrong_arguments(arguments: &Arguments<'_>) -> Error {
    let shown = &arguments[1][..arguments[1].len().min(SHOWN_MAX)];
    let container = String::from_utf8_lossy(&arguments[0]).to_ascii_uppercase();
    let shown = String::from_utf8_lossy(shown);
    Error::Formatted(format!(
        "ERR unknown subcommand or wrong number of arguments for '{shown}'. Try {container} HELP."
    ))
}

/// Arguments as HELP shows them, each after a space.
pub fn syntax(arguments: &[Argument]) -> String {
    arguments.iter().map(|argument| format!(" {}", one(argument))).collect()
}

fn one(argument: &Argument) -> String {
    let alternatives = |arguments: &[Argument]| arguments.iter().map(one).collect::<Vec<_>>();
    let body = match &argument.kind {
        ArgumentKind::Token => String::new(),
        ArgumentKind::OneOf(arguments) => alternatives(arguments).join("|"),
        ArgumentKind::Block(arguments) => alternatives(arguments).join(" "),
        _ => format!("<{}>", argument.name),
    };
    let full = match (argument.token, body.is_empty()) {
        (Some(token), true) => token.into(),
        (Some(token), false) => format!("{token} {body}"),
        (None, _) => body,
    };
    match (argument.optional, argument.multiple) {
        (false, false) => full,
        (true, false) => format!("[{full}]"),
        (false, true) => format!("{full} [{full} ...]"),
        (true, true) => format!("[{full} ...]"),
    }
}
