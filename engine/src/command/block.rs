//! Commands that wait for keys: how they begin to, how they are run again, how
//! they end without having been served.
//!
//! A handler looks for what it wants first. Where there is nothing it waits, if
//! [`Context::may_block`], by [`Context::block`]; it is then called again, with
//! the same arguments, each time one of its keys may have something, and may
//! find nothing again. When time is up it is not called: a null array is the
//! answer then.

use crate::base::long_double::LongDouble;
use crate::boundary::id::ClientId;
use crate::boundary::time::{Monotonic, Now};
use crate::command::context::Context;
use crate::command::dispatch::Prepared;
use crate::command::error::Error;
use crate::command::table::CommandId;
use crate::data::shape::Type;
use crate::keyspace::change::Change;
use crate::replication::wait::{DEMOTED, UNBLOCKED};
use crate::resp::request::{Arguments, OwnedArguments};
use crate::server::Server;
use crate::server::deferred::{DeferredReply, Waiter};
use crate::server::timer::Timer;
use crate::session::Session;
use crate::session::blocked::Blocked;
use crate::session::class::Class;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// What a command waits for.
#[derive(Debug)]
pub struct Wanted {
    /// The type that a key must be of.
    pub value_type: Type,
    /// Which of the arguments are the keys.
    pub keys: Range<usize>,
    /// When it has waited long enough: see [`Context::seconds_from_now`].
    pub until: Option<Monotonic>,
    /// True if the command is to run again, too, when a key is gone or has
    /// become something else.
    pub on_deletion: bool,
    /// The arguments with which to run it again, if not with its own; the keys
    /// stand in the same places.
    pub again: Option<OwnedArguments>,
}

impl Context<'_> {
    /// False if the running command has to answer at once, as if its time were
    /// up: in a transaction, and for the server's own sessions.
    pub fn may_block(&self) -> bool {
        self.session.transaction.is_none() && self.session.is_client() && self.session.class() != Class::Primary
    }

    /// Lets the session wait for keys. The command that runs writes no reply.
    pub fn block(&mut self, wanted: Wanted) {
        let Waiter { muted, .. } = self.defer();
        self.session.blocked = Some(Box::new(Blocked {
            command: CommandId(0),
            arguments: wanted.again.unwrap_or_default(),
            keys: (wanted.keys.start, wanted.keys.len()),
            value_type: wanted.value_type,
            on_deletion: wanted.on_deletion,
            until: wanted.until,
            ticket: 0,
            muted,
            elapsed_ns: 0,
        }));
    }

    /// Lets the session wait for keys of a type, whoever creates one of them; who
    /// may not wait is answered with a null array.
    pub fn wait_for(&mut self, value_type: Type, keys: Range<usize>, until: Option<Monotonic>) {
        if self.may_block() {
            self.block(Wanted { value_type, keys, until, on_deletion: false, again: None });
        } else {
            self.reply.null_array();
        }
    }

    /// When a timeout in seconds is over that begins now; `None` if never.
    ///
    /// # Errors
    /// If it is no number, negative, or over at no time that there is.
    pub fn seconds_from_now(&self, timeout: &[u8]) -> Result<Option<Monotonic>, Error> {
        let seconds = LongDouble::parse(timeout).ok_or(Error::Text("ERR timeout is not a float or out of range"))?;
        let milliseconds = seconds.to_milliseconds().ok_or(Error::Text("ERR timeout is out of range"))?;
        self.milliseconds_from_now(milliseconds)
    }

    /// As [`Context::seconds_from_now`], of milliseconds.
    ///
    /// # Errors
    /// If they are negative, or over at no time that there is.
    pub fn milliseconds_from_now(&self, milliseconds: i64) -> Result<Option<Monotonic>, Error> {
        match milliseconds {
            ..0 => Err(Error::Text("ERR timeout is negative")),
            0 => Ok(None),
            _ if milliseconds.checked_add(self.now_ms()).is_none() => Err(Error::Text("ERR timeout is out of range")),
            _ => Ok(Some(self.now.monotonic.plus_ms(milliseconds as u64))),
        }
    }

    /// The command that just ran may have begun to wait for keys.
    pub(super) fn begin_blocking(&mut self, id: CommandId, arguments: Arguments<'_>) {
        let Some(blocked) = &mut self.session.blocked else { return };
        blocked.command = id;
        if blocked.arguments.as_arguments().is_empty() {
            blocked.arguments = arguments.to_owned();
        }
        self.server.blocking.add(self.session.id, self.session.database, blocked);
        self.server.set_unblock_timer();
    }

    /// Runs the request of a session that waits for keys again. False if it has
    /// to wait for its turn.
    pub(crate) fn run_again(&mut self) -> bool {
        let Some(blocked) = self.session.blocked.take() else { return true };
        let id = blocked.command;
        let command = self.server.commands.command(id);
        let mut admitted = self.may_run(id, command);
        if self.server.migrations.holds() && self.changes_held(command, &blocked.arguments.as_arguments()) {
            admitted = admitted.map(|_| false);
        }
        if admitted == Ok(false) {
            self.session.blocked = Some(blocked);
            return false;
        }
        if self.server.pubsub.has_own() {
            // What an eviction before the command gave rise to.
            self.send_own();
        }
        let start = self.reply.position();
        self.server.blocking.remove(self.session.id, self.session.database, &blocked);
        self.session.waiting = None;
        match admitted {
            Err(error) => self.refuse(Prepared { id: Some(id), hashed: None }, &error),
            Ok(_) => {
                // What it took before belongs to it.
                self.server.clock_ns = self.orders.elapsed_ns().saturating_sub(blocked.elapsed_ns);
                self.call(id, blocked.arguments.as_arguments());
            }
        }
        if blocked.muted {
            self.reply.truncate(start);
        }
        self.block_again(*blocked);
        self.server.set_unblock_timer();
        if self.server.pubsub.has_own() {
            self.send_own();
        }
        true
    }

    /// If a request waits again it does as long as it would have, and behind all
    /// others.
    fn block_again(&mut self, before: Blocked) {
        let Some(blocked) = &mut self.session.blocked else { return };
        blocked.command = before.command;
        blocked.until = before.until;
        blocked.muted = before.muted;
        if blocked.arguments.as_arguments().is_empty() {
            blocked.arguments = before.arguments;
        }
        self.server.blocking.add(self.session.id, self.session.database, blocked);
    }

    /// A key changed: somebody may wait for it.
    #[cold]
    pub(super) fn note_ready(&mut self, change: &Change<'_>) {
        if change.event.feeds() {
            let (keyspace, database, key) = (&*self.keyspace, change.database, change.key);
            let found = || keyspace.peek(database, &key).map(|entry| entry.value_type());
            self.server.blocking.touch(database, key.bytes, found);
        }
    }
}

impl Server {
    /// True if somebody may be served now.
    #[inline]
    pub(crate) fn may_serve(&self) -> bool {
        self.blocking.has_ready() && !self.exclusive && (!self.loading || self.serving_while_loading)
    }

    fn set_unblock_timer(&mut self) {
        match self.blocking.first_deadline() {
            Some(until) => self.timers.set(Timer::Unblock, until),
            None => self.timers.clear(Timer::Unblock),
        }
    }

    /// A session ends.
    pub(crate) fn forget_blocked(&mut self, session: &mut Session) {
        if let Some(blocked) = session.blocked.take() {
            self.blocking.remove(session.id, session.database, &blocked);
            self.set_unblock_timer();
        }
    }

    /// [`Timer::Unblock`] has come: answers those who have waited long enough.
    pub(crate) fn time_out_blocked(&mut self, now: Now) {
        while let Some(client) = self.blocking.take_overdue(now.monotonic) {
            self.unblock(client, Ok(DeferredReply::NullArray), now);
        }
        self.set_unblock_timer();
    }

    /// CLIENT UNBLOCK: a client gets the answer that it would get if its time
    /// were up, or an error. False if it does not wait for keys.
    pub(crate) fn end_block(&mut self, client: ClientId, with_error: bool, now: Now) -> bool {
        let result = if with_error { Err(UNBLOCKED.into()) } else { Ok(DeferredReply::NullArray) };
        let unblocked = self.unblock(client, result, now);
        self.set_unblock_timer();
        unblocked
    }

    /// The server becomes a replica: nobody may wait for what may never come any
    /// more.
    pub(crate) fn unblock_demoted(&mut self, now: Now) {
        if self.blocking.is_empty() {
            return;
        }
        let waiting = self.sessions.iter().filter(|session| session.blocked.is_some());
        let clients: Vec<ClientId> = waiting.map(|session| session.id).collect();
        for client in clients {
            self.unblock(client, Err(DEMOTED.into()), now);
            self.replication.waits.close_when_told(client);
        }
        self.set_unblock_timer();
    }

    /// Ends the wait of a client with a reply. False if it does not wait for
    /// keys.
    fn unblock(&mut self, client: ClientId, result: Result<DeferredReply, String>, now: Now) -> bool {
        let Some(mut session) = self.sessions.take(client) else { return false };
        let blocked = session.blocked.take();
        if let Some(blocked) = &blocked {
            self.blocking.remove(client, session.database, blocked);
            self.statistics.ran(blocked.command, blocked.elapsed_ns);
            if blocked.elapsed_ns >= self.slow_ns_min {
                let arguments = blocked.arguments.as_arguments();
                self.note_slow(now, &session, blocked.command, blocked.elapsed_ns, &arguments);
            }
            session.commands += 1;
            self.defer_reply(Waiter { client, muted: blocked.muted }, result);
        }
        self.sessions.put(session);
        blocked.is_some()
    }
}
