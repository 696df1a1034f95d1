//! Running what the primary sends, in slices.
//!
//! A request counts in the offset, and goes on to our own replicas, once it has
//! run; a transaction as a whole. What was queued of one and did not run yet
//! comes again if the link is lost.

use super::{Link, PRIMARY, Stage, Stream};
use crate::boundary::ask::{Crash, Question};
use crate::boundary::effects::LogLevel;
use crate::command::apply::Unrepeatable;
use crate::command::spec::Flags;
use crate::config::{Id, PropagationError};
use crate::persistence::Work;
use crate::persistence::aof::State;
use crate::resp::request::{Arguments, Limits};
use crate::server::timer::Timer;
use crate::session::Session;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Requests that one slice runs at most.
const SLICE_REQUESTS: usize = 256;
/// Bytes of requests after which a slice ends.
const SLICE_BYTES: usize = 128 << 10;
/// Nothing that a primary sends is too long.
const LIMITS: Limits = Limits { bulk_max: i64::MAX, authenticated: true };
/// Requests that a primary has no business to send.
const NOT_TO_BE_REPEATED: [&[u8]; 3] = [b"replicaof", b"slaveof", b"failover"];

/// How a slice ended.
enum End {
    /// More is to be run.
    More,
    /// More has to come.
    Used,
    /// A request has to wait for its turn.
    Held,
    /// The bytes are no requests.
    Nonsense(String),
}

impl Work<'_> {
    /// [`Timer::FollowStep`] has come: the next slice of the stream, or another
    /// try to begin with loading.
    pub(crate) fn follow_step(&mut self) {
        match self.server.replication.follow.link.as_ref().map(|link| &link.stage) {
            Some(Stage::Streaming(stream)) if stream.disconnected => self.lose_primary(true),
            Some(Stage::Streaming(_)) => self.apply_slice(),
            Some(Stage::Loading(_)) if self.server.persistence.load.is_none() => self.begin_sync_load(),
            _ => {}
        }
    }

    fn apply_slice(&mut self) {
        let Some(mut link) = self.server.replication.follow.link.take() else { return };
        let session = self.server.sessions.take(PRIMARY);
        let (Some(mut session), Stage::Streaming(stream)) = (session, &mut link.stage) else {
            self.server.replication.follow.link = Some(link);
            return;
        };
        stream.held = false;
        session.last_interaction = link.last_io;
        let end = self.apply_requests(&mut session, stream, &mut link.buffer);
        stream.held = matches!(end, End::Held);
        self.server.sessions.put(session);
        self.server.replication.follow.link = Some(link);
        match end {
            End::More => self.server.timers.set(Timer::FollowStep, self.now.monotonic),
            End::Used => self.stream_on(),
            End::Held => {
                if let Some(pause) = self.server.pause_at(self.now) {
                    self.server.timers.set(Timer::FollowStep, pause.until);
                }
            }
            End::Nonsense(text) => {
                self.log_of_primary(LogLevel::Warning, format!("Protocol error ({text}) from the primary"));
                self.lose_primary(false);
            }
        }
    }

    fn apply_requests(&mut self, session: &mut Box<Session>, stream: &mut Stream, buffer: &mut Vec<u8>) -> End {
        self.server.clock_ns = self.orders.elapsed_ns();
        let base = stream.position;
        let mut requests = core::mem::take(&mut stream.requests);
        requests.clear();
        let used = stream.parser.parse(&buffer[base..], LIMITS, SLICE_REQUESTS, &mut requests);
        let parsed = requests.requests(&buffer[base..], 0);
        let (mut counted, mut replies, mut held) = (0, Vec::new(), false);
        let mut done = 0;
        while done < parsed.len() && stream.position - base < SLICE_BYTES && !self.server.may_serve() {
            let arguments = parsed.arguments(done);
            if self.stream_waits(&arguments) {
                held = true;
                break;
            }
            self.apply_request(session, arguments, &mut replies);
            if !stream.without_offsets {
                self.server.replication.follow.selected = Some(session.database);
            }
            stream.position = base + requests.span(done).map_or(used, |span| span.end);
            done += 1;
            if cfg!(feature = "planted_stream_offset")
                && parsed.arguments(done - 1)[0].eq_ignore_ascii_case(b"replconf")
            {
                counted = stream.position;
                continue;
            }
            if session.transaction.is_none() || cfg!(feature = "planted_open_multi") {
                self.server.replication.append_stream(&buffer[counted..stream.position]);
                counted = stream.position;
            }
        }
        let complete = done == parsed.len();
        let error = parsed.error().filter(|_| complete);
        if complete {
            // With what stands between requests and is none.
            stream.position = base + used;
            if session.transaction.is_none() {
                self.server.replication.append_stream(&buffer[counted..stream.position]);
                counted = stream.position;
            }
        } else {
            stream.parser.reset();
        }
        let full = parsed.len() == SLICE_REQUESTS;
        buffer.drain(..counted);
        stream.position -= counted;
        stream.requests = requests;
        match error {
            _ if held => End::Held,
            Some(error) => End::Nonsense(format!("{error}")),
            None if full || !complete => End::More,
            None => End::Used,
        }
    }

    /// True if a request may not run now: others are to see a state that does
    /// not change.
    fn stream_waits(&mut self, arguments: &Arguments<'_>) -> bool {
        if self.server.exclusive || self.keyspace.snapshot_active() && self.writers_wait() {
            return true;
        }
        let Some(pause) = self.server.pause_at(self.now) else { return false };
        let commands = &self.server.commands;
        let changes = commands
            .find(&arguments[0])
            .map(|id| commands.command(id))
            .is_some_and(|command| command.flags.has(Flags::WRITE.and(Flags::MAY_REPLICATE)) || command.name == "exec");
        !pause.writes_only || changes
    }

    fn apply_request(&mut self, session: &mut Session, arguments: Arguments<'_>, replies: &mut Vec<u8>) {
        let is = |index: usize, word: &[u8]| arguments[index].eq_ignore_ascii_case(word);
        if is(0, b"replconf") {
            if is(1, b"getack") {
                self.put_acknowledgement();
            }
            return;
        }
        replies.clear();
        let failed_before = self.server.statistics.error_replies;
        let result = if NOT_TO_BE_REPEATED.iter().any(|word| is(0, word)) {
            Err(Unrepeatable::Unknown)
        } else {
            self.context(session, replies).apply(arguments)
        };
        if result.is_err() || self.server.statistics.error_replies != failed_before {
            self.stream_failed(result, &arguments, replies);
        }
    }

    /// A request of the primary failed, which it did not there.
    #[cold]
    fn stream_failed(&mut self, result: Result<(), Unrepeatable>, arguments: &Arguments<'_>, replies: &[u8]) {
        let name = String::from_utf8_lossy(&arguments[0]).into_owned();
        let text = match result {
            Err(Unrepeatable::Unknown) => format!("ERR unknown command '{name}'"),
            Err(Unrepeatable::Arity) => format!("ERR wrong number of arguments for '{name}' command"),
            Ok(()) => {
                let mut lines = replies.split(|&byte| byte == b'\n');
                let error = lines.find(|line| line.first() == Some(&b'-')).unwrap_or(b"-ERR");
                String::from_utf8_lossy(&error[1..]).trim_end().into()
            }
        };
        let line = format!(
            "== CRITICAL == This replica is sending an error to its master: '{text}' after processing the command \
             '{}'",
            name.to_ascii_lowercase()
        );
        self.log_of_primary(LogLevel::Warning, line);
        let behavior = self.server.config.chosen::<PropagationError>(Id::PropagationErrorBehavior);
        if behavior != PropagationError::Ignore {
            self.log_of_primary(
                LogLevel::Warning,
                "This replica panicked sending an error to its master after processing a command",
            );
            self.orders.ask(Question::Crash(Crash::Panic));
        }
    }

    /// Tells the primary how far we are, and our AOF if there is one: asked by
    /// REPLCONF GETACK, before that request.
    pub(super) fn put_acknowledgement(&mut self) {
        use alloc::string::ToString;
        let replication = &mut self.server.replication;
        let offset = replication.offset.to_string();
        let out = &mut replication.follow.outbox;
        if self.server.persistence.aof.state == State::On {
            let synced = replication.waits.synced().unwrap_or(0).min(replication.offset).to_string();
            super::handshake::put(out, &[b"REPLCONF", b"ACK", offset.as_bytes(), b"FACK", synced.as_bytes()]);
        } else {
            super::handshake::put(out, &[b"REPLCONF", b"ACK", offset.as_bytes()]);
        }
    }
}

/// Whether a link's stream is being applied, for those who look at it.
pub(super) fn unread(link: &Link) -> u64 {
    match &link.stage {
        Stage::Streaming(_) => link.buffer.len() as u64,
        _ => 0,
    }
}
