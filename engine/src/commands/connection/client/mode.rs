//! Switches of a connection: CLIENT REPLY, NO-EVICT, NO-TOUCH, IMPORT-SOURCE.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::config::Id;
use crate::resp::request::Arguments;
use crate::session::ReplyMode;

/// CLIENT REPLY.
pub(super) const CLIENT_REPLY: Command = Command {
    name: "reply",
    group: Group::Connection,
    since: "3.2.0",
    summary: "Switches the replies of the connection off and on.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::ALLOW_BUSY.and(Flags::LOADING).and(Flags::NO_MULTI).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new(
        "action",
        ArgumentKind::OneOf(&[
            Argument::token("on", "ON"),
            Argument::token("off", "OFF"),
            Argument::token("skip", "SKIP"),
        ]),
    )],
    subcommands: &[],
    handler: client_reply,
};

/// CLIENT NO-EVICT.
pub(super) const CLIENT_NO_EVICT: Command = Command {
    name: "no-evict",
    group: Group::Connection,
    since: "7.0.0",
    summary: "Exempts the connection from eviction for memory, or ends that.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::ADMIN.and(Flags::ALLOW_BUSY).and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::CONNECTION).and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new(
        "enabled",
        ArgumentKind::OneOf(&[Argument::token("on", "ON"), Argument::token("off", "OFF")]),
    )],
    subcommands: &[],
    handler: client_no_evict,
};

/// CLIENT NO-TOUCH.
pub(super) const CLIENT_NO_TOUCH: Command = Command {
    name: "no-touch",
    group: Group::Connection,
    since: "7.2.0",
    summary: "Lets the commands of the connection leave access times of keys alone, or ends that.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::ALLOW_BUSY.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new(
        "enabled",
        ArgumentKind::OneOf(&[Argument::token("on", "ON"), Argument::token("off", "OFF")]),
    )],
    subcommands: &[],
    handler: client_no_touch,
};

/// CLIENT IMPORT-SOURCE.
pub(super) const CLIENT_IMPORT_SOURCE: Command = Command {
    name: "import-source",
    group: Group::Connection,
    since: "8.1.0",
    summary: "Marks the connection as a source of imported data.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::LOADING.and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new(
        "enabled",
        ArgumentKind::OneOf(&[Argument::token("on", "ON"), Argument::token("off", "OFF")]),
    )],
    subcommands: &[],
    handler: client_import_source,
};

fn client_reply(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let mode = &mut context.session.reply_mode;
    match &arguments[2] {
        word if word.eq_ignore_ascii_case(b"ON") => {
            *mode = ReplyMode::On;
            context.reply.ok();
        }
        word if word.eq_ignore_ascii_case(b"OFF") => *mode = ReplyMode::Off,
        word if word.eq_ignore_ascii_case(b"SKIP") => {
            if *mode != ReplyMode::Off {
                *mode = ReplyMode::SkipNext;
            }
        }
        _ => return Err(Error::Syntax),
    }
    Ok(())
}

fn client_no_evict(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.session.no_evict = on_or_off(&arguments)?;
    context.reply.ok();
    Ok(())
}

fn client_no_touch(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.session.no_touch = on_or_off(&arguments)?;
    context.reply.ok();
    Ok(())
}

fn client_import_source(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if !context.server.config.boolean(Id::ImportMode) {
        return Err(Error::Text("ERR Server is not in import mode"));
    }
    context.session.import_source = on_or_off(&arguments)?;
    context.reply.ok();
    Ok(())
}

fn on_or_off(arguments: &Arguments<'_>) -> Result<bool, Error> {
    match &arguments[2] {
        word if word.eq_ignore_ascii_case(b"ON") => Ok(true),
        word if word.eq_ignore_ascii_case(b"OFF") => Ok(false),
        _ => Err(Error::Syntax),
    }
}
