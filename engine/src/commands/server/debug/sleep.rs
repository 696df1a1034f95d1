//! DEBUG SLEEP.

use crate::base::number::parse_double;
use crate::boundary::ask::Question;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::resp::request::Arguments;

pub(super) fn sleep(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let seconds = parse_double(&arguments[2]).unwrap_or(0.0);
    let microseconds = (seconds.max(0.0) * 1_000_000.0) as u64;
    context.orders.ask(Question::Sleep { microseconds });
    context.server.slept_us = context.server.slept_us.saturating_add(microseconds);
    context.reply.ok();
    Ok(())
}
