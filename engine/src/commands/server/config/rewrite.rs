//! CONFIG REWRITE: what is in force, written to the file that the server was
//! started with.

use crate::boundary::ask::{Answer, Question};
use crate::boundary::effects::LogLevel;
use crate::boundary::input::{DiskError, DiskErrorKind};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::config::{self, RunningState};
use crate::resp::request::Arguments;
use alloc::format;
use alloc::vec::Vec;

pub(super) fn rewrite(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    write_file(context, RunningState::default())
}

/// DEBUG CONFIG-REWRITE-FORCE-ALL: parameters at their default too.
///
/// # Errors
/// What REWRITE answers when there is no file or it can't be written.
pub fn rewrite_all(context: &mut Context<'_>) -> Result<(), Error> {
    write_file(context, RunningState { all: true, ..RunningState::default() })
}

fn write_file(context: &mut Context<'_>, state: RunningState<'_>) -> Result<(), Error> {
    let Some(path) = context.server.config_file.clone() else {
        return Err(Error::Text("ERR The server is running without a config file"));
    };
    let replaced = match context.orders.ask(Question::ReadFile(&path)) {
        Answer::Contents(old) => replace(context, &path, &old, state),
        Answer::Failed(DiskError { kind: DiskErrorKind::NotFound, .. }) => replace(context, &path, &[], state),
        Answer::Failed(error) => Err(error),
        _ => Ok(()),
    };
    match replaced {
        Ok(()) => {
            context.orders.log(LogLevel::Notice, "The configuration file was rewritten");
            context.reply.ok();
            Ok(())
        }
        Err(DiskError { message, .. }) => {
            context.orders.log(LogLevel::Notice, format!("The configuration file could not be rewritten: {message}"));
            Err(Error::Formatted(format!("ERR Rewriting config file: {message}")))
        }
    }
}

fn replace(context: &mut Context<'_>, path: &str, old: &[u8], state: RunningState<'_>) -> Result<(), DiskError> {
    let contents: Vec<u8> = config::rewrite(old, &context.server.config, state);
    match context.orders.ask(Question::ReplaceFile { path, contents: &contents }) {
        Answer::Failed(error) => Err(error),
        _ => Ok(()),
    }
}
