//! HELP of a container: its subcommands, from the table.

use crate::command::context::Context;
use crate::command::spec::{Argument, ArgumentKind};
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Answers the subcommands of the container whose HELP this is, each with its
/// arguments and what it does.
pub fn help(context: &mut Context<'_>, arguments: &Arguments<'_>) {
    let Some(id) = context.server.commands.find(&arguments[0]) else { return };
    let container = context.server.commands.command(id);
    let name = container.name.to_ascii_uppercase();
    let mut lines = Vec::from([format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")]);
    for subcommand in container.subcommands.iter().filter(|subcommand| subcommand.name != "help") {
        let mut line = subcommand.name.to_ascii_uppercase();
        for argument in subcommand.arguments {
            line.push(' ');
            line += &usage(argument);
        }
        lines.push(line);
        lines.push(format!("    {}", subcommand.summary));
    }
    lines.extend(["HELP".into(), "    List the subcommands.".into()]);
    context.reply.array(lines.len());
    for line in lines {
        context.reply.simple(&line);
    }
}

/// How an argument is written.
fn usage(argument: &Argument) -> String {
    let mut text = String::from(argument.token.unwrap_or_default());
    let value = match &argument.kind {
        ArgumentKind::Token => String::new(),
        ArgumentKind::OneOf(choices) => {
            let all: Vec<String> = choices.iter().map(usage).collect();
            format!("({})", all.join("|"))
        }
        ArgumentKind::Block(parts) => {
            let all: Vec<String> = parts.iter().map(usage).collect();
            all.join(" ")
        }
        _ => format!("<{}>", argument.name),
    };
    if !text.is_empty() && !value.is_empty() {
        text.push(' ');
    }
    text += &value;
    if argument.multiple {
        text = format!("{text} [{} ...]", if argument.multiple_token { &text } else { &value });
    }
    if argument.optional { format!("[{text}]") } else { text }
}
