//! The slow log: the last commands that took longer than
//! `slowlog-log-slower-than`, with their arguments cut to size.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::time::Now;
use crate::command::redaction;
use crate::command::spec::{Command, Flags};
use crate::command::table::CommandId;
use crate::config::Id;
use crate::resp::request::Arguments;
use crate::server::Server;
use crate::server::latency::Sample;
use crate::session::Session;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Arguments of an entry; the last of more says how many are left out.
const ARGUMENTS_MAX: usize = 32;
/// Bytes of an argument; more are counted.
const ARGUMENT_MAX: usize = 128;

/// A slow command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlowCommand {
    /// Its number, never used again.
    pub id: u64,
    /// When it ran, seconds since 1970.
    pub seconds: i64,
    /// How long, microseconds.
    pub microseconds: u64,
    /// What was sent, cut to size, secrets left out.
    pub arguments: Vec<Vec<u8>>,
    /// The client's address.
    pub peer: String,
    /// The client's name.
    pub client_name: Vec<u8>,
}

/// The last slow commands.
#[derive(Default, Debug)]
pub struct SlowLog {
    entries: VecDeque<SlowCommand>,
    next_id: u64,
}

impl Server {
    /// A command was slow: for the slow log, for the latency monitor, or both.
    #[cold]
    pub(crate) fn note_slow(
        &mut self,
        now: Now,
        session: &Session,
        id: CommandId,
        elapsed_ns: u64,
        arguments: &Arguments<'_>,
    ) {
        let command = self.commands.command(id);
        let microseconds = elapsed_ns / 1000;
        let logged = self.config.integer(Id::SlowlogLogSlowerThan) >= 0
            && microseconds >= self.config.unsigned(Id::SlowlogLogSlowerThan)
            && !command.flags.has(Flags::SKIP_SLOWLOG);
        let milliseconds_min = self.config.unsigned(Id::LatencyMonitorThreshold);
        let seconds = now.unix.seconds();
        if milliseconds_min > 0 && microseconds / 1000 >= milliseconds_min {
            let event = if command.flags.has(Flags::FAST) { "fast-command" } else { "command" };
            self.latency.add(event, Sample { seconds, milliseconds: microseconds / 1000 });
        }
        if !logged {
            return;
        }
        let length_max = self.config.unsigned(Id::SlowlogMaxLen) as usize;
        let container = self.commands.container(id).map(|id| self.commands.command(id));
        let entry = SlowCommand {
            id: 0,
            seconds,
            microseconds,
            arguments: shortened(container, command, arguments),
            peer: session.connection.peer.clone(),
            client_name: session.name.clone(),
        };
        self.slow_log.push(entry, length_max);
    }
}

impl Image for SlowLog {
    fn blank() -> SlowLog {
        SlowLog::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let SlowLog { entries, next_id } = self;
        tape.each([entries, next_id])
    }
}

impl SlowLog {
    /// Adds a command; its number is given here. Keeps `length_max` at most.
    pub fn push(&mut self, mut entry: SlowCommand, length_max: usize) {
        entry.id = self.next_id;
        self.next_id += 1;
        self.entries.push_front(entry);
        self.entries.truncate(length_max);
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries, latest first.
    pub fn iter(&self) -> impl Iterator<Item = &SlowCommand> {
        self.entries.iter()
    }

    /// Forgets all entries; numbers go on.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

/// A request's arguments as an entry keeps them.
pub fn shortened(container: Option<&Command>, command: &Command, arguments: &Arguments<'_>) -> Vec<Vec<u8>> {
    let count = arguments.len();
    let kept = if count > ARGUMENTS_MAX { ARGUMENTS_MAX - 1 } else { count };
    let secret = redaction::secrets(container, command, arguments);
    let mut shortened: Vec<Vec<u8>> = (0..kept)
        .map(|index| match &arguments[index] {
            _ if secret.contains(&index) => b"(redacted)".to_vec(),
            long if long.len() > ARGUMENT_MAX => {
                let rest = format!("... ({} more bytes)", long.len() - ARGUMENT_MAX);
                [&long[..ARGUMENT_MAX], rest.as_bytes()].concat()
            }
            short => short.to_vec(),
        })
        .collect();
    if kept < count {
        shortened.push(format!("... ({} more arguments)", count - kept).into());
    }
    shortened
}
