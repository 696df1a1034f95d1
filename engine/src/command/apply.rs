//! Requests that no client sends: those of the AOF and of a primary's stream.
//! They were admitted where they were made, so nothing is checked here that
//! could refuse them.

use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::command::dispatch::{arity_fits, runs_at_once_in_multi};
use crate::command::spec::NO_COMMAND;
use crate::persistence::Work;
use crate::resp::reply::{Protocol, Reply};
use crate::resp::request::Arguments;
use crate::session::Session;
use alloc::vec::Vec;

/// Why a request can't be repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unrepeatable {
    /// There is no such command, or not with this subcommand.
    Unknown,
    /// It has too many arguments, or too few.
    Arity,
}

impl Context<'_> {
    /// Runs a request, or queues it in an open transaction. A reply is written
    /// as for a client, errors too.
    ///
    /// # Errors
    /// If there is no such command, or not with so many arguments.
    pub(crate) fn apply(&mut self, arguments: Arguments<'_>) -> Result<(), Unrepeatable> {
        let commands = &self.server.commands;
        let mut id = commands.find(&arguments[0]).ok_or(Unrepeatable::Unknown)?;
        if !commands.command(id).subcommands.is_empty() && arguments.len() > 1 {
            id = commands.find_subcommand(id, &arguments[1]).ok_or(Unrepeatable::Unknown)?;
        }
        let command = commands.command(id);
        if !arity_fits(command, arguments.len()) {
            return Err(Unrepeatable::Arity);
        }
        if !runs_at_once_in_multi(command)
            && let Some(transaction) = &mut self.session.transaction
        {
            transaction.push(id, arguments.to_owned());
            return Ok(());
        }
        self.call(id, arguments);
        Ok(())
    }
}

impl Work<'_> {
    /// Surroundings for requests of a session that is no client's; replies go to
    /// `out`.
    pub(crate) fn context<'b>(&'b mut self, session: &'b mut Session, out: &'b mut Vec<u8>) -> Context<'b> {
        debug_assert!(session.database < DatabaseId(self.keyspace.database_count() as u32));
        Context {
            now: self.now,
            command: &NO_COMMAND,
            reply: Reply::new(out, Protocol::Resp2),
            session,
            keyspace: self.keyspace,
            server: self.server,
            orders: self.orders,
            hashed: None,
        }
    }
}
