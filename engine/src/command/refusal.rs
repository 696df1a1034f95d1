//! Requests that are refused before a command runs: what is told, what is
//! counted, what follows for a transaction.

use crate::boundary::effects::LogLevel;
use crate::command::context::Context;
use crate::command::dispatch::Prepared;
use crate::command::error::Error;
use crate::command::table::CommandId;
use crate::resp::request::Arguments;
use alloc::format;
use alloc::vec::Vec;

/// How much of an unknown command an error repeats, in bytes.
const ECHO_MAX: usize = 128;
/// How often a cross-protocol attack is logged at most, microseconds.
const ATTACK_LOG_INTERVAL_US: u64 = 60_000_000;

impl Context<'_> {
    /// No command has this name. A browser that was made to talk to us is cut
    /// off, before what follows in its request can do harm.
    #[cold]
    pub(super) fn unknown(&mut self, arguments: &Arguments<'_>) -> Result<Option<CommandId>, Error> {
        self.session.last_command = None;
        let name = &arguments[0];
        if !name.eq_ignore_ascii_case(b"POST") && !name.eq_ignore_ascii_case(b"Host:") {
            return Err(unknown_command(arguments));
        }
        self.session.closing = true;
        self.session.dropped = true;
        let recently = |at| self.now.monotonic.since(at) < ATTACK_LOG_INTERVAL_US;
        if !self.server.attack_logged.is_some_and(recently) {
            self.server.attack_logged = Some(self.now.monotonic);
            let text = "Possible SECURITY ATTACK detected: a client sent POST or Host:, as a browser does that another \
                        site has made talk to this server (cross protocol scripting). Connection aborted.";
            self.orders.log(LogLevel::Warning, text);
        }
        Ok(None)
    }

    /// A command was refused before it ran.
    #[cold]
    pub(super) fn refuse(&mut self, prepared: Prepared, error: &Error) {
        if let Some(transaction) = &mut self.session.transaction {
            transaction.abort();
        }
        let is_exec = prepared.id.is_some_and(|id| self.server.commands.command(id).name == "exec");
        let statistics = &mut self.server.statistics;
        if let Some(command) = self.session.last_command.and_then(|id| statistics.commands.get_mut(id.0 as usize)) {
            command.rejected += 1;
        }
        if is_exec {
            self.discard_transaction();
            let text = format!("{error}");
            let reason = text.strip_prefix("ERR ").unwrap_or(&text);
            self.error(&Error::ExecAbort { reason: Some(reason.into()) });
            return;
        }
        self.error(error);
    }
}

/// What an error repeats of an argument: as C would print it, up to a zero.
fn echo(bytes: &[u8], length_max: usize) -> &[u8] {
    let bytes = &bytes[..bytes.len().min(length_max)];
    bytes.split(|&byte| byte == 0).next().unwrap_or(bytes)
}

fn unknown_command(arguments: &Arguments<'_>) -> Error {
    let mut text = Vec::new();
    for argument in arguments.iter().skip(1) {
        if text.len() >= ECHO_MAX {
            break;
        }
        let shown = echo(argument, ECHO_MAX - text.len());
        text.extend_from_slice(&[b"'", shown, b"' "].concat());
    }
    Error::UnknownCommand { name: echo(&arguments[0], ECHO_MAX).to_vec(), arguments: text }
}

/// The container has no such subcommand.
pub(super) fn unknown_subcommand(arguments: &Arguments<'_>) -> Error {
    Error::UnknownSubcommand {
        subcommand: echo(&arguments[1], ECHO_MAX).to_vec(),
        command: arguments[0].to_ascii_uppercase(),
    }
}
