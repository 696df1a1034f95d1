//! SAVE, BGSAVE, LASTSAVE.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::persistence::save::Then;
use crate::resp::request::Arguments;

const IN_PROGRESS: Error = Error::Text("ERR Background save already in progress");

/// SAVE.
pub const SAVE: Command = Command {
    name: "save",
    group: Group::Server,
    since: "1.0.0",
    summary: "Saves the data set and makes all others wait meanwhile.",
    complexity: "O(N) where N is the number of all keys",
    arity: 1,
    flags: Flags::ADMIN.and(Flags::NO_ASYNC_LOADING).and(Flags::NO_MULTI).and(Flags::NOSCRIPT),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: save,
};

/// BGSAVE.
pub const BGSAVE: Command = Command {
    name: "bgsave",
    group: Group::Server,
    since: "1.0.0",
    summary: "Saves the data set while others go on.",
    complexity: "O(1), and O(N) in the background where N is the number of all keys",
    arity: -1,
    flags: Flags::ADMIN.and(Flags::NO_ASYNC_LOADING).and(Flags::NOSCRIPT),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new(
        "operation",
        ArgumentKind::OneOf(&[
            Argument::token("schedule", "SCHEDULE").since("3.2.2"),
            Argument::token("cancel", "CANCEL").since("8.1.0"),
        ]),
    )
    .optional()],
    subcommands: &[],
    handler: bgsave,
};

/// LASTSAVE.
pub const LASTSAVE: Command = Command {
    name: "lastsave",
    group: Group::Server,
    since: "1.0.0",
    summary: "Tells when the data set was last saved.",
    complexity: "O(1)",
    arity: 1,
    flags: Flags::FAST.and(Flags::LOADING).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::FAST),
    tips: &["nondeterministic_output"],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: lastsave,
};

fn save(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    if context.persistence().saving_in_background() {
        return Err(IN_PROGRESS);
    }
    let waiter = context.defer();
    context.server.persistence.saves += 1;
    context.persistence().save_in_foreground(Then::Reply(waiter));
    Ok(())
}

fn bgsave(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let is = |word: &[u8]| arguments.len() == 2 && arguments[1].eq_ignore_ascii_case(word);
    if is(b"cancel") {
        return cancel(context);
    }
    let schedule = is(b"schedule");
    if arguments.len() > 1 && !schedule {
        return Err(Error::Syntax);
    }
    let in_transaction = context.session.transaction.is_some();
    let mut work = context.persistence();
    if work.saving_in_background() {
        return Err(IN_PROGRESS);
    }
    // In the middle of a transaction is not when data is saved.
    if in_transaction || work.another_walk() {
        if !schedule && !in_transaction {
            return Err(Error::Text(
                "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to \
                 schedule a BGSAVE whenever possible.",
            ));
        }
        work.server.persistence.scheduled = true;
        context.reply.simple("Background saving scheduled");
        return Ok(());
    }
    work.save_in_background();
    context.reply.simple("Background saving started");
    Ok(())
}

/// BGSAVE CANCEL.
fn cancel(context: &mut Context<'_>) -> Result<(), Error> {
    let mut work = context.persistence();
    if work.saving_in_background() {
        work.kill_background_save();
        context.reply.simple("Background saving cancelled");
    } else if work.server.persistence.scheduled {
        work.server.persistence.scheduled = false;
        context.reply.simple("Scheduled background saving cancelled");
    } else {
        return Err(Error::Text("ERR Background saving is currently not in progress or scheduled"));
    }
    Ok(())
}

fn lastsave(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.integer(context.server.persistence.last_save);
    Ok(())
}
