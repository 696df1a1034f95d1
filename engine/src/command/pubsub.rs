//! Publishing, and what a connection in a subscription may do.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::Command;
use crate::command::table::CommandId;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use crate::session::ReplyMode;
use crate::session::subscription::Kind;
use alloc::format;
use alloc::string::String;

/// What a connection in a subscription may ask for with RESP2, where replies and
/// messages can't be told apart.
const ALLOWED: [&str; 9] =
    ["ping", "subscribe", "ssubscribe", "unsubscribe", "sunsubscribe", "psubscribe", "punsubscribe", "quit", "reset"];

impl Context<'_> {
    /// Refuses most of all commands to a connection in a subscription.
    #[cold]
    pub(super) fn check_subscribed(&self, id: CommandId, command: &Command) -> Result<(), Error> {
        let is_subcommand = self.server.commands.container(id).is_some();
        if !is_subcommand && ALLOWED.contains(&command.name) {
            return Ok(());
        }
        Err(Error::InSubscription { command: self.server.commands.full_name(id) })
    }

    /// Sends a message to all subscribers of a channel, and to those of patterns
    /// unless it is a shard's; returns how many get it.
    pub fn publish(&mut self, kind: Kind, channel: &[u8], message: &[u8]) -> usize {
        let server = &mut *self.server;
        server.pubsub.publish(kind, channel, message, &server.sessions, Some(self.session))
    }

    /// Lets replicas repeat the running command, though it changes no data.
    pub fn repeat_on_replicas(&mut self, arguments: &Arguments<'_>) {
        if self.server.replication.listens() {
            let database = self.database();
            self.server.journal.append_for_replicas(database, arguments);
        }
    }

    /// Writes a push that answers the running command. Unlike a reply it is sent
    /// whatever CLIENT REPLY says.
    pub fn push(&mut self, write: impl FnOnce(&mut Reply<'_>)) {
        if self.session.reply_mode == ReplyMode::On {
            write(&mut self.reply);
        } else {
            write(&mut Reply::new(self.server.pubsub.own(), self.session.protocol));
        }
    }

    /// Moves messages for the own connection behind its reply.
    #[cold]
    pub(crate) fn send_own(&mut self) {
        self.server.pubsub.flush_own(&mut self.reply);
    }

    /// Ends all subscriptions of the session.
    pub fn unsubscribe_all(&mut self) {
        for kind in Kind::ALL {
            while self.server.pubsub.unsubscribe_any(kind, self.session).is_some() {}
        }
    }

    /// Refuses a subscription that could not be told of messages: the server's
    /// own sessions have nobody who reads them.
    ///
    /// # Errors
    /// If that is so.
    pub fn check_subscribable(&self) -> Result<(), Error> {
        if self.session.is_client() { Ok(()) } else { Err(self.not_while_denied()) }
    }

    /// As [`Context::check_subscribable`], inside EXEC too.
    ///
    /// # Errors
    /// If that is so.
    pub fn check_subscribable_at_once(&self) -> Result<(), Error> {
        if self.session.transaction.is_some() {
            return Err(self.not_while_denied());
        }
        self.check_subscribable()
    }

    fn not_while_denied(&self) -> Error {
        let name: String = self.command.name.to_ascii_uppercase();
        Error::Formatted(format!("ERR {name} isn't allowed for a DENY BLOCKING client"))
    }
}
