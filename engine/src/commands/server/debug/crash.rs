//! DEBUG SEGFAULT, PANIC, ASSERT: ways to end.

use crate::boundary::ask::{Crash, Question};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::resp::request::Arguments;

pub(super) fn segfault(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    crash(context, Crash::Segfault)
}

pub(super) fn panic(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    crash(context, Crash::Panic)
}

pub(super) fn assert(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    crash(context, Crash::Assert)
}

/// Who survives answers OK.
fn crash(context: &mut Context<'_>, crash: Crash) -> Result<(), Error> {
    context.orders.ask(Question::Crash(crash));
    context.reply.ok();
    Ok(())
}
