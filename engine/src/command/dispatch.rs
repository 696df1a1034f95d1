//! From a request to its handler: what is checked before a command runs, in the
//! reference's order, and what is counted after.

use crate::base::argv;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::named_keys::{migrated_keys, named_key};
use crate::command::refusal::unknown_subcommand;
use crate::command::spec::{Begin, Command, Flags, KeyFlags};
use crate::command::table::{CommandId, CommandTable};
use crate::config::{Id, Protection};
use crate::data::hash::Hash;
use crate::resp::reply::Protocol;
use crate::resp::request::{Arguments, Requests};
use crate::session::class::Class;
use crate::session::{ReplyMode, Waiting};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Most requests of a group: their keys are prefetched together.
pub const GROUP: usize = 32;
/// How much of an argument a log line shows, in bytes.
const DESCRIBED_MAX: usize = 128;

/// What is known of a request before it runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prepared {
    /// The command, if the name is known; a container, not its subcommand.
    pub id: Option<CommandId>,
    /// The first key's argument and hash.
    pub hashed: Option<(usize, Hash)>,
}

/// Whether a request was consumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was, and its reply written.
    Done,
    /// It was; its reply comes later, and no request is consumed before that.
    Deferred,
    /// It was not: it has to wait.
    Wait,
}

/// Looks up the commands of some requests and prefetches where their keys are.
pub fn prepare(context: &Context<'_>, requests: &Requests<'_>, from: usize, group: &mut [Prepared]) {
    let database = context.keyspace.database(context.session.database);
    let single = group.len() == 1;
    for (offset, prepared) in group.iter_mut().enumerate() {
        let arguments = requests.arguments(from + offset);
        *prepared = Prepared { id: context.server.commands.find(&arguments[0]), hashed: None };
        let Some(id) = prepared.id else { continue };
        let Some(Begin::Index(at)) = context.server.commands.command(id).keys.first().map(|spec| spec.begin) else {
            continue;
        };
        if let Some(bytes) = arguments.get(at as usize) {
            let key = context.keyspace.key(bytes);
            prepared.hashed = Some((at as usize, key.hash));
            if !single {
                database.prefetch_words(&key);
            }
        }
    }
    if single {
        return;
    }
    for (offset, prepared) in group.iter().enumerate() {
        if let Some((at, hash)) = prepared.hashed {
            let arguments = requests.arguments(from + offset);
            database.prefetch_entry(&context.keyspace.key_with_hash(&arguments[at], hash));
        }
    }
}

impl Context<'_> {
    /// Runs one request of the session, or queues it, or refuses it.
    #[inline]
    pub fn process(&mut self, prepared: Prepared, arguments: Arguments<'_>) -> Outcome {
        let mode = self.session.reply_mode;
        if mode == ReplyMode::SkipNext {
            self.session.reply_mode = ReplyMode::Skip;
        }
        let mut start = self.reply.position();
        let outcome = match self.admit(prepared, &arguments) {
            Ok(Some(id)) => {
                if self.server.pubsub.has_own() {
                    // What an eviction before the command gave rise to.
                    self.send_own();
                    start = self.reply.position();
                }
                self.hashed = prepared.hashed;
                self.call(id, arguments);
                self.hashed = None;
                if self.session.waiting == Some(Waiting::Result) {
                    self.begin_blocking(id, arguments);
                    Outcome::Deferred
                } else {
                    Outcome::Done
                }
            }
            Ok(None) if self.session.waiting == Some(Waiting::Turn) => {
                self.session.reply_mode = mode;
                return Outcome::Wait;
            }
            Ok(None) => Outcome::Done,
            Err(error) => {
                self.refuse(prepared, &error);
                Outcome::Done
            }
        };
        match self.session.reply_mode {
            ReplyMode::On => {}
            ReplyMode::Off | ReplyMode::SkipNext => self.reply.truncate(start),
            ReplyMode::Skip => {
                self.reply.truncate(start);
                self.session.reply_mode = ReplyMode::On;
            }
        }
        if self.server.pubsub.has_own() {
            self.send_own();
        }
        outcome
    }

    /// All checks before a command runs. `None` if it was queued, has to wait or
    /// is no command at all.
    #[inline]
    fn admit(&mut self, prepared: Prepared, arguments: &Arguments<'_>) -> Result<Option<CommandId>, Error> {
        let id = match prepared.id {
            None => return self.unknown(arguments),
            Some(id) => self.resolve(id, arguments)?,
        };
        let command = self.server.commands.command(id);
        self.session.last_command = Some(id);
        if !arity_fits(command, arguments.len()) {
            return Err(Error::Arity { command: self.server.commands.full_name(id) });
        }
        if command.flags.has(Flags::PROTECTED) {
            self.check_protection(command)?;
        }
        let may_run = self.may_run(id, command)?;
        if !may_run || self.server.migrations.holds() && self.changes_held(command, arguments) {
            self.session.waiting = Some(Waiting::Turn);
            self.server.waiting_for_turn.push(self.session.id);
            return Ok(None);
        }
        if self.session.transaction.is_some() && !runs_at_once_in_multi(command) {
            self.queue(id, arguments);
            return Ok(None);
        }
        Ok(Some(id))
    }

    /// All checks that the state of the server decides. False if the request has
    /// to wait for its turn.
    #[inline]
    pub(super) fn may_run(&mut self, id: CommandId, command: &'static Command) -> Result<bool, Error> {
        if !self.session.authenticated && self.server.password.is_some() && !command.flags.has(Flags::NO_AUTH) {
            return Err(Error::NoAuth);
        }
        let in_transaction = self.session.transaction.is_some();
        if in_transaction && command.flags.has(Flags::NO_MULTI) {
            return Err(Error::NotInTransaction);
        }
        let flags = self.flags_with_queued(command);
        if self.server.memory_limited
            && self.out_of_memory()
            && (flags.has(Flags::DENYOOM) || in_transaction && !ends_transaction(command))
        {
            return Err(Error::OutOfMemory);
        }
        if self.server.writes_refused && (flags.has(Flags::WRITE) || command.name == "ping") {
            return Err(self.why_refused());
        }
        if self.server.replication.is_replica() {
            self.check_replica(command, flags)?;
        }
        if self.session.class() == Class::Pubsub && self.session.protocol == Protocol::Resp2 {
            self.check_subscribed(id, command)?;
        }
        if flags.has(Flags::WRITE) && self.server.replication.too_few_replicas(self.now) {
            return Err(Error::NoReplicas);
        }
        if self.server.loading && self.refused_while_loading(command) {
            return Err(Error::Loading { server: self.server.personality.title });
        }
        if self.server.exclusive
            || self.keyspace.snapshot_active() && flags.has(Flags::WRITE) && self.persistence().writers_wait()
            || self.server.journal.listened && flags.has(Flags::WRITE) && self.server.persistence.aof.writers_wait()
        {
            return Ok(false);
        }
        let paused = self
            .server
            .pause_at(self.now)
            .is_some_and(|pause| !pause.writes_only || flags.has(Flags::WRITE.and(Flags::MAY_REPLICATE)));
        Ok(!paused)
    }

    /// Why writes are refused: the disk fails.
    #[cold]
    fn why_refused(&self) -> Error {
        match self.server.persistence.aof.refusal() {
            Some(reason) if !self.server.saves_fail() => Error::AofFails { reason: reason.into() },
            _ => Error::WritesRefused { server: self.server.personality.title },
        }
    }

    /// A container's subcommand, or the command itself.
    #[inline]
    fn resolve(&mut self, id: CommandId, arguments: &Arguments<'_>) -> Result<CommandId, Error> {
        if self.server.commands.command(id).subcommands.is_empty() || arguments.len() == 1 {
            return Ok(id);
        }
        let found = self.server.commands.find_subcommand(id, &arguments[1]);
        found.ok_or_else(|| {
            self.session.last_command = None;
            unknown_subcommand(arguments)
        })
    }

    /// Whether a command may run that configuration protects.
    #[cold]
    fn check_protection(&self, command: &Command) -> Result<(), Error> {
        let (name, parameter, id) = match command.name {
            "debug" => ("DEBUG", "enable-debug-command", Id::EnableDebugCommand),
            _ => ("MODULE", "enable-module-command", Id::EnableModuleCommand),
        };
        let connection = &self.session.connection;
        let local = connection.loopback || connection.unix_socket;
        if self.server.config.chosen::<Protection>(id).permits(local) {
            return Ok(());
        }
        Err(Error::Formatted(format!(
            "ERR {name} command not allowed. If the {parameter} option is set to \"local\", you can run it from a local \
             connection, otherwise you need to set this option in the configuration file, and then restart the server."
        )))
    }

    /// The flags of a command, and of those that it would run (EXEC).
    fn flags_with_queued(&self, command: &Command) -> Flags {
        match &self.session.transaction {
            Some(transaction) if command.name == "exec" => transaction
                .queue()
                .iter()
                .fold(command.flags, |flags, (id, _)| flags.and(self.server.commands.command(*id).flags)),
            _ => command.flags,
        }
    }

    /// True if memory is over its limit though all was evicted that a slice may
    /// evict.
    #[cold]
    fn out_of_memory(&mut self) -> bool {
        !crate::command::eviction::evict(self)
    }

    /// True if a command may not run while data is loaded, or one that it would
    /// run.
    #[cold]
    fn refused_while_loading(&self, command: &Command) -> bool {
        if self.server.serving_while_loading {
            return !self.all_of(command, |flags| !flags.has(Flags::NO_ASYNC_LOADING));
        }
        !self.all_of(command, |flags| flags.has(Flags::LOADING))
    }

    /// True if something holds for a command, and for those that it would run.
    fn all_of(&self, command: &Command, holds: impl Fn(Flags) -> bool) -> bool {
        let mut all = holds(command.flags);
        if let Some(transaction) = self.session.transaction.as_ref().filter(|_| command.name == "exec") {
            all &= transaction.queue().iter().all(|(id, _)| holds(self.server.commands.command(*id).flags));
        }
        all
    }

    /// What a replica refuses: writes, if it is to be read only, and data that
    /// may be old, if it is not to serve them.
    #[cold]
    fn check_replica(&self, command: &Command, flags: Flags) -> Result<(), Error> {
        let config = &self.server.config;
        if flags.has(Flags::WRITE) && config.boolean(Id::ReplicaReadOnly) {
            return Err(Error::ReadOnly);
        }
        if !config.boolean(Id::ReplicaServeStaleData)
            && !self.server.replication.follow.is_connected()
            && !self.all_of(command, |flags| flags.has(Flags::STALE))
        {
            return Err(Error::PrimaryDown);
        }
        Ok(())
    }

    /// Keeps a request for EXEC.
    fn queue(&mut self, id: CommandId, arguments: &Arguments<'_>) {
        // What will not run needs no memory.
        let broken = self.server.watches.is_broken(self.session.id);
        if let Some(transaction) = &mut self.session.transaction
            && !transaction.aborted
            && !broken
        {
            transaction.push(id, arguments.to_owned());
        }
        self.reply.simple("QUEUED");
    }

    /// Runs a command that may run: its handler, its error, its counters.
    #[inline]
    pub fn call(&mut self, id: CommandId, arguments: Arguments<'_>) {
        let outer = self.command;
        self.command = self.server.commands.command(id);
        let start = self.reply.position();
        let began = self.server.clock_ns;
        let unit_before = self.server.journal.unit_length();
        if let Err(error) = (self.command.handler)(self, arguments) {
            self.reply.truncate(start);
            self.fail(id, &error);
        }
        let ended = self.orders.elapsed_ns();
        self.server.clock_ns = ended;
        let elapsed_ns = ended.saturating_sub(began);
        if let Some(blocked) = &mut self.session.blocked {
            blocked.elapsed_ns = elapsed_ns;
        } else {
            self.server.statistics.ran(id, elapsed_ns);
            if elapsed_ns >= self.server.slow_ns_min {
                self.server.note_slow(self.now, self.session, id, elapsed_ns, &arguments);
            }
            self.session.commands += 1;
        }
        // What SCAN and RANDOMKEY find expired has nothing to do with each other.
        let atomic = !(self.command.flags.has(Flags::READONLY) && self.command.keys.is_empty());
        self.command = outer;
        // EXEC calls others: what they changed belongs together.
        let is_whole = outer.name.is_empty();
        if self.server.journal.take_command() {
            let database = self.session.database;
            match arguments.wire() {
                Some(wire) if is_whole && self.server.journal.unit_length() == 0 => {
                    self.server.repeat(self.now, database, wire);
                    self.session.write_offset = self.server.replication.offset;
                }
                _ => self.server.journal.complete(unit_before, database, &arguments),
            }
        }
        if is_whole && self.server.journal.unit_length() > 0 {
            self.server.end_unit(self.now, atomic);
            self.session.write_offset = self.server.replication.offset;
        }
    }

    #[cold]
    fn fail(&mut self, id: CommandId, error: &Error) {
        self.error(error);
        if let Some(command) = self.server.statistics.commands.get_mut(id.0 as usize) {
            command.failed += 1;
        }
    }

    /// Replies with an error and counts it.
    pub fn error(&mut self, error: &Error) {
        let text = error.to_bytes();
        self.reply.error_bytes(&text);
        self.server.statistics.error(&text);
    }

    /// Leaves MULTI and forgets watched keys.
    pub fn discard_transaction(&mut self) {
        self.session.transaction = None;
        self.unwatch();
    }

    /// Forgets watched keys.
    pub fn unwatch(&mut self) {
        if !self.session.watching.is_empty() {
            let watched = core::mem::take(&mut self.session.watching);
            self.session.watched_bytes = 0;
            self.server.watches.forget(self.session.id, &watched);
        }
    }
}

/// True if a request may have so many arguments, the name included.
pub fn arity_fits(command: &Command, count: usize) -> bool {
    let count = count as i32;
    if command.arity >= 0 { count == command.arity } else { count >= -command.arity }
}

pub(crate) fn runs_at_once_in_multi(command: &Command) -> bool {
    matches!(command.name, "exec" | "discard" | "multi" | "watch" | "quit" | "reset")
}

/// Commands that leave MULTI, which memory does not hinder.
fn ends_transaction(command: &Command) -> bool {
    matches!(command.name, "exec" | "discard" | "quit" | "reset")
}

/// The keys among a request's arguments, by their indices, as far as the key
/// specs tell; `None` if they can't be told or do not fit.
pub fn key_indices(command: &Command, arguments: &Arguments<'_>) -> Option<Vec<usize>> {
    Some(keys_of(command, arguments)?.into_iter().map(|(index, _)| index).collect())
}

/// As [`key_indices`], each with the flags of its spec.
pub fn keys_of(command: &Command, arguments: &Arguments<'_>) -> Option<Vec<(usize, KeyFlags)>> {
    use crate::base::number::parse_i64;
    use crate::command::spec::Find;
    let count = arguments.len() as i64;
    let mut found = Vec::new();
    if command.name == "migrate" {
        let (first, number) = migrated_keys(arguments);
        return Some((first..first + number).map(|index| (index, command.keys[0].flags)).collect());
    }
    for (number, spec) in command.keys.iter().enumerate() {
        let first = match spec.begin {
            Begin::Index(at) => i64::from(at),
            Begin::Keyword(word, from) => {
                let matches = |index: &i64| arguments[*index as usize].eq_ignore_ascii_case(word.as_bytes());
                let at = if from > 0 {
                    // A word at the end has nothing behind it.
                    (i64::from(from)..count - 1).find(matches)
                } else {
                    (1..=count + i64::from(from)).rev().find(matches)
                };
                match at {
                    Some(at) => at + 1,
                    None => continue,
                }
            }
            Begin::Unknown => {
                found.extend(named_key(command, number, arguments).map(|index| (index, spec.flags)));
                continue;
            }
        };
        let (first, last, step) = match spec.find {
            Find::Range { last, step, limit } => {
                let last = i64::from(last);
                let last = if last >= 0 {
                    first + last
                } else if limit <= 1 {
                    count + last
                } else {
                    first + (count - first) / i64::from(limit) + last
                };
                (first, last, i64::from(step))
            }
            Find::Count { count_index, first: offset, step } => {
                let number = parse_i64(arguments.get((first + i64::from(count_index)) as usize)?)?;
                let from = first + i64::from(offset);
                (from, from + (number - 1).checked_mul(i64::from(step))?, i64::from(step))
            }
            Find::Unknown => continue,
        };
        if first >= count || last >= count || step <= 0 {
            return None;
        }
        found.extend((first..=last).step_by(step as usize).map(|index| (index as usize, spec.flags)));
    }
    Some(found)
}

/// A request as a log line shows it.
pub fn describe(table: &CommandTable, id: CommandId, arguments: &Arguments<'_>) -> String {
    let mut text = table.full_name(id);
    for argument in arguments.iter().skip(1).take(4) {
        text.push(' ');
        text += &argv::quote(&argument[..argument.len().min(DESCRIBED_MAX)]);
    }
    text
}
