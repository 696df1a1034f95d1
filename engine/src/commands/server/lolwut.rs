//! LOLWUT.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use alloc::format;

/// The sign of a repeat, which is what a reprise is.
const PICTURE: [&str; 4] = ["--------||", "------.-||", "------.-||", "--------||"];

/// LOLWUT.
pub const LOLWUT: Command = Command {
    name: "lolwut",
    group: Group::Server,
    since: "5.0.0",
    summary: "Shows the version, with a picture.",
    complexity: "O(1)",
    arity: -1,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new("version", ArgumentKind::Integer).after("VERSION").optional()],
    subcommands: &[],
    handler: lolwut,
};

fn lolwut(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let personality = &context.server.personality;
    let picture = PICTURE.join("\n");
    let text = format!("{picture}\n\nReprise, in the part of {} ver. {}\n", personality.title, personality.version);
    context.reply.verbatim("txt", text.as_bytes());
    Ok(())
}
