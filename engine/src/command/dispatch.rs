//! From a request to its handler: what is checked before a command runs, in the
//! reference's order, and what is counted after.

use crate::base::argv;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::{Begin, Command, Flags};
use crate::command::table::{CommandId, CommandTable};
use crate::data::hash::Hash;
use crate::resp::request::{Arguments, Requests};
use crate::session::{ReplyMode, Waiting};
use alloc::format;
use alloc::string::String;

/// Most requests of a group: their keys are prefetched together.
pub const GROUP: usize = 32;
/// How much of an unknown command an error repeats, in bytes.
const ECHO_MAX: usize = 128;

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
        if self.session.reply_mode == ReplyMode::SkipNext {
            self.session.reply_mode = ReplyMode::Skip;
        }
        let start = self.reply.position();
        let outcome = match self.admit(prepared, &arguments) {
            Ok(Some(id)) => {
                self.hashed = prepared.hashed;
                self.call(id, arguments);
                self.hashed = None;
                if self.session.waiting == Some(Waiting::Result) { Outcome::Deferred } else { Outcome::Done }
            }
            Ok(None) => {
                if self.session.waiting == Some(Waiting::Turn) {
                    Outcome::Wait
                } else {
                    Outcome::Done
                }
            }
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
        outcome
    }

    /// All checks before a command runs. `None` if it was queued or has to wait.
    #[inline]
    fn admit(&mut self, prepared: Prepared, arguments: &Arguments<'_>) -> Result<Option<CommandId>, Error> {
        let Some(mut id) = prepared.id else { return Err(unknown_command(arguments)) };
        let mut command = self.server.commands.command(id);
        if !command.subcommands.is_empty() && arguments.len() > 1 {
            let Some(subcommand) = self.server.commands.find_subcommand(id, &arguments[1]) else {
                return Err(unknown_subcommand(command, arguments));
            };
            id = subcommand;
            command = self.server.commands.command(id);
        }
        self.session.last_command = Some(id);
        if !arity_fits(command, arguments.len()) {
            return Err(Error::Arity { command: self.server.commands.full_name(id) });
        }
        if !self.session.authenticated && !command.flags.has(Flags::NO_AUTH) {
            return Err(Error::NoAuth);
        }
        let flags = self.flags_with_queued(command);
        if self.server.memory_limited && self.out_of_memory() && flags.has(Flags::DENYOOM) {
            return Err(Error::OutOfMemory);
        }
        if flags.has(Flags::WRITE) && self.server.writes_refused {
            return Err(Error::Text(
                "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. \
                 Commands that may modify the data set are disabled, because this instance is configured to report \
                 errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check \
                 the Redis logs for details about the RDB error.",
            ));
        }
        if self.server.loading && !command.flags.has(Flags::LOADING) {
            return Err(Error::Loading);
        }
        if self.server.exclusive
            || self.keyspace.snapshot_active() && flags.has(Flags::WRITE) && self.persistence().writers_wait()
        {
            self.wait_for_turn();
            return Ok(None);
        }
        if let Some(pause) = self.server.pause
            && pause.until > self.now.monotonic
            && (!pause.writes_only || flags.has(Flags::WRITE.and(Flags::MAY_REPLICATE)))
        {
            self.wait_for_turn();
            return Ok(None);
        }
        if self.session.transaction.is_some() && !runs_at_once_in_multi(command) {
            self.queue(id, command, arguments)?;
            return Ok(None);
        }
        Ok(Some(id))
    }

    fn wait_for_turn(&mut self) {
        self.session.waiting = Some(Waiting::Turn);
        self.server.waiting_for_turn.push(self.session.id);
    }

    /// The flags of a command, and of those that it would run (EXEC).
    fn flags_with_queued(&self, command: &Command) -> Flags {
        match &self.session.transaction {
            Some(transaction) if command.name == "exec" => transaction
                .queue
                .iter()
                .fold(command.flags, |flags, (id, _)| flags.and(self.server.commands.command(*id).flags)),
            _ => command.flags,
        }
    }

    /// True if memory is over its limit though all was evicted that a slice may
    /// evict.
    #[cold]
    fn out_of_memory(&mut self) -> bool {
        !crate::engine::evict::evict(self)
    }

    fn queue(&mut self, id: CommandId, command: &Command, arguments: &Arguments<'_>) -> Result<(), Error> {
        if command.flags.has(Flags::NO_MULTI) {
            return Err(Error::NotInTransaction);
        }
        // What will not run needs no memory.
        let broken = self.server.watches.is_broken(self.session.id);
        if let Some(transaction) = &mut self.session.transaction
            && !transaction.aborted
            && !broken
        {
            transaction.queue.push((id, arguments.to_owned()));
        }
        self.reply.simple("QUEUED");
        Ok(())
    }

    /// Runs a command that may run: its handler, its error, its counters.
    #[inline]
    pub fn call(&mut self, id: CommandId, arguments: Arguments<'_>) {
        let outer = self.command;
        self.command = self.server.commands.command(id);
        let start = self.reply.position();
        let began = self.server.clock_ns;
        if let Err(error) = (self.command.handler)(self, arguments) {
            self.reply.truncate(start);
            self.fail(id, &error);
        }
        let ended = self.orders.elapsed_ns();
        self.server.clock_ns = ended;
        self.server.statistics.ran(id, ended.saturating_sub(began));
        self.command = outer;
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
        let text = format!("{error}");
        self.reply.error(&text);
        self.server.statistics.error(&text);
    }

    /// A command was refused before it ran.
    #[cold]
    fn refuse(&mut self, prepared: Prepared, error: &Error) {
        if let Some(transaction) = &mut self.session.transaction {
            transaction.aborted = true;
            transaction.queue = alloc::vec::Vec::new();
        }
        let is_exec = prepared.id.is_some_and(|id| self.server.commands.command(id).name == "exec");
        if let Some(command) = self.session.last_command.filter(|_| prepared.id.is_some()) {
            if let Some(command) = self.server.statistics.commands.get_mut(command.0 as usize) {
                command.rejected += 1;
            }
        }
        if is_exec && self.session.transaction.is_some() {
            self.discard_transaction();
            let text = format!("{error}");
            let reason = text.split_once(' ').map_or(text.as_str(), |(_, reason)| reason);
            self.error(&Error::ExecAbort { reason: Some(reason.into()) });
            return;
        }
        self.error(error);
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
            self.server.watches.forget(self.session.id, &watched);
        }
    }
}

fn arity_fits(command: &Command, count: usize) -> bool {
    let count = count as i32;
    if command.arity >= 0 { count == command.arity } else { count >= -command.arity }
}

fn runs_at_once_in_multi(command: &Command) -> bool {
    matches!(command.name, "exec" | "discard" | "multi" | "watch" | "quit" | "reset")
}

fn unknown_command(arguments: &Arguments<'_>) -> Error {
    let echo = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(ECHO_MAX)]).into_owned();
    let mut text = String::new();
    for argument in arguments.iter().skip(1) {
        if text.len() >= ECHO_MAX {
            break;
        }
        let room = ECHO_MAX - text.len();
        let shown = String::from_utf8_lossy(&argument[..argument.len().min(room)]);
        text += &format!("'{shown}' ");
    }
    Error::UnknownCommand { name: echo(&arguments[0]), arguments: text }
}

fn unknown_subcommand(command: &Command, arguments: &Arguments<'_>) -> Error {
    let name = &arguments[1];
    Error::UnknownSubcommand {
        subcommand: String::from_utf8_lossy(&name[..name.len().min(ECHO_MAX)]).into_owned(),
        command: command.name.to_ascii_uppercase(),
    }
}

/// The keys among a request's arguments, by their indices, as far as the key
/// specs tell; `None` if they can't be told or do not fit.
pub fn key_indices(command: &Command, arguments: &Arguments<'_>) -> Option<alloc::vec::Vec<usize>> {
    use crate::base::number::parse_i64;
    use crate::command::spec::Find;
    let count = arguments.len() as i64;
    let mut found = alloc::vec::Vec::new();
    for spec in command.keys {
        let first = match spec.begin {
            Begin::Index(at) => i64::from(at),
            Begin::Keyword(word, from) => {
                let matches = |index: &i64| arguments[*index as usize].eq_ignore_ascii_case(word.as_bytes());
                let at = if from > 0 {
                    (i64::from(from)..count).find(matches)
                } else {
                    (1..=count + i64::from(from)).rev().find(matches)
                };
                match at {
                    Some(at) => at + 1,
                    None => continue,
                }
            }
            Begin::Unknown => continue,
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
        found.extend((first..=last).step_by(step as usize).map(|index| index as usize));
    }
    Some(found)
}

/// A request as a log line shows it.
pub fn describe(table: &CommandTable, id: CommandId, arguments: &Arguments<'_>) -> String {
    let mut text = table.full_name(id);
    for argument in arguments.iter().skip(1).take(4) {
        text.push(' ');
        text += &argv::quote(&argument[..argument.len().min(ECHO_MAX)]);
    }
    text
}
