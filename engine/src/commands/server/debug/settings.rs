//! DEBUG's switches.

use crate::base::number::parse_i64;
use crate::boundary::effects::LogLevel;
use crate::command::container::wrong_arguments;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::commands::server::config::rewrite_all;
use crate::resp::request::Arguments;
use crate::server::REPLY_BUFFER_RESET_MS;
use alloc::format;
use alloc::string::String;

/// For tests that tune what this server does without.
pub(super) fn accepted(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.ok();
    Ok(())
}

pub(super) fn set_active_expire(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.server.active_expire = is_on(&arguments[2]);
    context.reply.ok();
    Ok(())
}

pub(super) fn ignore_checksums(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.server.checksums_ignored = is_on(&arguments[2]);
    context.reply.ok();
    Ok(())
}

pub(super) fn pause_cron(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.server.cron_paused = is_on(&arguments[2]);
    context.reply.ok();
    Ok(())
}

pub(super) fn change_repl_id(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.server.replication.change_id(&mut context.keyspace.random);
    context.orders.log(LogLevel::Notice, "A new replication id was drawn (DEBUG CHANGE-REPL-ID)");
    context.reply.ok();
    Ok(())
}

pub(super) fn config_rewrite_force_all(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    rewrite_all(context)
}

pub(super) fn log(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.orders.log(LogLevel::Warning, format!("DEBUG LOG: {}", String::from_utf8_lossy(&arguments[2])));
    context.reply.ok();
    Ok(())
}

pub(super) fn replybuffer(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let value = &arguments[3];
    match arguments[2].to_ascii_lowercase().as_slice() {
        b"resizing" => context.server.reply_buffer_resizing = is_on(value),
        b"peak-reset-time" => {
            context.server.reply_buffer_reset_ms = match value.to_ascii_lowercase().as_slice() {
                b"never" => None,
                b"reset" => Some(REPLY_BUFFER_RESET_MS),
                number => Some(parse_i64(number).and_then(|ms| u64::try_from(ms).ok()).ok_or(Error::NotInteger)?),
            }
        }
        _ => return Err(wrong_arguments(&arguments)),
    }
    context.reply.ok();
    Ok(())
}

/// A number other than 0.
fn is_on(argument: &[u8]) -> bool {
    parse_i64(argument).is_some_and(|number| number != 0)
}
