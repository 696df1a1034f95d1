//! CLIENT PAUSE and UNPAUSE, and UNBLOCK.

use crate::base::number::parse_i64;
use crate::boundary::id::ClientId;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::commands::connection::client::wrong_use;
use crate::resp::request::Arguments;
use crate::server::pause::Pause;
use crate::server::timer::Timer;

/// CLIENT PAUSE.
pub(super) const CLIENT_PAUSE: Command = Command {
    name: "pause",
    group: Group::Connection,
    since: "3.0.0",
    summary: "Makes clients wait, all or those that write.",
    complexity: "O(1)",
    arity: -3,
    flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::CONNECTION).and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[
        Argument::new("timeout", ArgumentKind::Integer),
        Argument::new("mode", ArgumentKind::OneOf(&[Argument::token("write", "WRITE"), Argument::token("all", "ALL")]))
            .optional()
            .since("6.2.0"),
    ],
    subcommands: &[],
    handler: client_pause,
};

/// CLIENT UNPAUSE.
pub(super) const CLIENT_UNPAUSE: Command = Command {
    name: "unpause",
    group: Group::Connection,
    since: "6.2.0",
    summary: "Ends CLIENT PAUSE.",
    complexity: "O(N) where N is the number of paused clients",
    arity: 2,
    flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::CONNECTION).and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: client_unpause,
};

/// CLIENT UNBLOCK.
pub(super) const CLIENT_UNBLOCK: Command = Command {
    name: "unblock",
    group: Group::Connection,
    since: "5.0.0",
    summary: "Ends the wait of a client that a blocking command holds.",
    complexity: "O(log N) where N is the number of connections",
    arity: -3,
    flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::CONNECTION).and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[
        Argument::new("client-id", ArgumentKind::Integer),
        Argument::new(
            "unblock-type",
            ArgumentKind::OneOf(&[Argument::token("timeout", "TIMEOUT"), Argument::token("error", "ERROR")]),
        )
        .optional(),
    ],
    subcommands: &[],
    handler: client_unblock,
};

/// A pause in force is never shortened, and never reduced to writes.
fn client_pause(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if arguments.len() > 4 {
        return Err(wrong_use(&arguments));
    }
    let mut writes_only = match arguments.get(3) {
        None => false,
        Some(word) if word.eq_ignore_ascii_case(b"WRITE") => true,
        Some(word) if word.eq_ignore_ascii_case(b"ALL") => false,
        Some(_) => return Err(Error::Text("ERR CLIENT PAUSE mode must be WRITE or ALL")),
    };
    let number = parse_i64(&arguments[2]).ok_or(Error::Text("ERR timeout is not an integer or out of range"))?;
    let Ok(milliseconds) = u64::try_from(number) else {
        return Err(Error::Text("ERR timeout is negative"));
    };
    if number.checked_add(context.now_ms()).is_none() {
        return Err(Error::Text("ERR timeout is out of range"));
    }
    let mut until = context.now.monotonic.plus_ms(milliseconds);
    if let Some(pause) = context.server.pauses.clients_at(context.now) {
        until = until.max(pause.until);
        writes_only &= pause.writes_only;
    }
    context.server.pauses.clients = Some(Pause { until, writes_only });
    context.server.timers.set(Timer::Unpause, until);
    context.reply.ok();
    Ok(())
}

fn client_unpause(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.server.pauses.clients = None;
    context.server.timers.clear(Timer::Unpause);
    context.server.resume_waiting(context.orders);
    context.reply.ok();
    Ok(())
}

fn client_unblock(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if arguments.len() > 4 {
        return Err(wrong_use(&arguments));
    }
    let with_error = match arguments.get(3) {
        None => false,
        Some(word) if word.eq_ignore_ascii_case(b"TIMEOUT") => false,
        Some(word) if word.eq_ignore_ascii_case(b"ERROR") => true,
        Some(_) => return Err(Error::Text("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")),
    };
    let number = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let unblocked = u64::try_from(number).is_ok_and(|number| {
        let client = ClientId(number);
        context.server.end_wait(client, with_error) || context.server.end_block(client, with_error, context.now)
    });
    context.reply.integer(unblocked.into());
    Ok(())
}
