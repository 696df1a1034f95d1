//! SHUTDOWN.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::config::ShutdownOptions;
use crate::resp::request::Arguments;

/// SHUTDOWN.
pub const SHUTDOWN: Command = Command {
    name: "shutdown",
    group: Group::Server,
    since: "1.0.0",
    summary: "Saves the data set as configured and ends the server.",
    complexity: "O(N) where N is the number of all keys, if they are saved, or else O(1)",
    arity: -1,
    flags: Flags::ADMIN
        .and(Flags::ALLOW_BUSY)
        .and(Flags::LOADING)
        .and(Flags::NO_MULTI)
        .and(Flags::NOSCRIPT)
        .and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new(
        "abort-selector",
        ArgumentKind::OneOf(&[
            Argument::new(
                "save-selector-block",
                ArgumentKind::Block(&[
                    Argument::new(
                        "save-selector",
                        ArgumentKind::OneOf(&[Argument::token("nosave", "NOSAVE"), Argument::token("save", "SAVE")]),
                    )
                    .optional(),
                    Argument::token("now", "NOW").optional().since("7.0.0"),
                    Argument::token("force", "FORCE").optional().since("7.0.0"),
                    Argument::token("safe", "SAFE").optional().since("9.0.0"),
                    Argument::token("failover", "FAILOVER").optional().since("9.0.0"),
                ]),
            ),
            Argument::token("abort", "ABORT").since("7.0.0"),
        ]),
    )
    .optional()],
    subcommands: &[],
    handler: shutdown,
};

fn shutdown(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (mut options, mut abort) = (ShutdownOptions(0), false);
    for argument in arguments.from(1).iter() {
        let option = match argument.to_ascii_uppercase().as_slice() {
            b"NOSAVE" => ShutdownOptions::NOSAVE,
            b"SAVE" => ShutdownOptions::SAVE,
            b"NOW" => ShutdownOptions::NOW,
            b"FORCE" => ShutdownOptions::FORCE,
            b"ABORT" => {
                abort = true;
                continue;
            }
            _ => return Err(Error::Syntax),
        };
        options.0 |= option.0;
    }
    let contradictory = options.contains(ShutdownOptions(ShutdownOptions::SAVE.0 | ShutdownOptions::NOSAVE.0));
    if contradictory || abort && options.0 != 0 {
        return Err(Error::Syntax);
    }
    if abort {
        if !context.persistence().abort_shutdown() {
            return Err(Error::Text("ERR No shutdown in progress."));
        }
        context.reply.ok();
        return Ok(());
    }
    let waiter = context.defer();
    context.persistence().shut_down(options, Some(waiter));
    Ok(())
}
