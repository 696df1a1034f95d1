//! Keys on their way to another server (MIGRATE): who wants to change one of
//! them has to wait for his turn.

use crate::command::context::Context;
use crate::command::dispatch::keys_of;
use crate::command::spec::{Command, Flags};
use crate::resp::request::Arguments;

impl Context<'_> {
    /// True if a command, or one that it would run, may change a key that is held,
    /// or all keys.
    #[cold]
    pub(super) fn changes_held(&self, command: &'static Command, arguments: &Arguments<'_>) -> bool {
        match self.session.transaction.as_ref().filter(|_| command.name == "exec") {
            Some(transaction) => transaction.queue().iter().any(|(id, arguments)| {
                self.one_changes_held(self.server.commands.command(*id), &arguments.as_arguments())
            }),
            // What is queued changes nothing.
            None => self.session.transaction.is_none() && self.one_changes_held(command, arguments),
        }
    }

    fn one_changes_held(&self, command: &Command, arguments: &Arguments<'_>) -> bool {
        if !command.flags.has(Flags::WRITE) {
            return false;
        }
        let Some(keys) = keys_of(command, arguments).filter(|_| !command.keys.is_empty()) else { return true };
        keys.into_iter().any(|(index, _)| self.server.migrations.is_held(&arguments[index]))
    }
}
