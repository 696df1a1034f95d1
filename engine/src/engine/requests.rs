//! A batch of requests of one client, in groups whose keys are prefetched.

use crate::boundary::effects::{Effects, LogLevel, Orders, Progress};
use crate::boundary::id::ClientId;
use crate::boundary::input::BufferReport;
use crate::boundary::time::Now;
use crate::command::context::Context;
use crate::command::dispatch::{GROUP, Outcome, Prepared, prepare};
use crate::command::spec::NO_COMMAND;
use crate::engine::Engine;
use crate::resp::reply::Reply;
use crate::resp::request::{ProtocolError, Requests};
use crate::server::Server;
use crate::session::class::Class;
use crate::session::{ReplyMode, Session, Waiting};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

/// Requests after which others get their turn.
const REQUESTS_MAX: usize = 1024;
/// Bytes of replies after which others get their turn.
const OUTPUT_MAX: usize = 1 << 20;
/// Messages to subscribers after which others get their turn.
const DELIVERIES_MAX: usize = 16 << 10;

impl Engine {
    pub(super) fn requests(
        &mut self,
        now: Now,
        client: ClientId,
        requests: &Requests<'_>,
        report: BufferReport,
        effects: &mut Effects,
    ) {
        effects.progress = Progress::All;
        self.server.statistics.reported(&report);
        let Some(mut session) = self.server.sessions.take(client) else { return };
        session.report(report);
        session.last_interaction = now.monotonic;
        // An end that waits for a sync has not been told of: nothing more is to come until then.
        if session.closing || session.waiting.is_some() {
            effects.progress = Progress::Wait(0);
            self.server.sessions.put(session);
            return;
        }
        if self.server.query_exceeded(&session) {
            self.keep_or_close(now, session, effects);
            return;
        }
        if self.server.client_memory_max > 0 {
            session.executing = requests.wire_bytes() as u64;
            self.server.sessions.put(session);
            self.evict_clients(now, effects);
            match self.server.sessions.take(client) {
                Some(spared) => session = spared,
                None => return,
            }
        }
        self.server.clock_ns = effects.orders.elapsed_ns();
        let mut consumed = 0;
        loop {
            match self.run_requests(now, session, requests, consumed, effects) {
                Stop::Progress(progress) => {
                    effects.progress = progress;
                    return;
                }
                Stop::Ready(count) => consumed = count,
            }
            // Whoever is served now comes before the requests behind.
            self.serve_ready(now, effects);
            match self.server.sessions.take(client) {
                Some(again) => session = again,
                None => return,
            }
        }
    }

    /// Runs requests from one on, and sends their replies.
    fn run_requests(
        &mut self,
        now: Now,
        mut session: Box<Session>,
        requests: &Requests<'_>,
        from: usize,
        effects: &mut Effects,
    ) -> Stop {
        let client = session.id;
        let start = effects.output.len();
        session.executing = requests.wire_bytes() as u64;
        session.output_start = start;
        let was_replica = session.class() == Class::Replica;
        let mut context = Context {
            now,
            command: &NO_COMMAND,
            reply: Reply::new(&mut effects.output, session.protocol),
            session: &mut session,
            keyspace: &mut self.keyspace,
            server: &mut self.server,
            orders: &mut effects.orders,
            hashed: None,
        };
        let stop = run(&mut context, requests, from, start);
        if context.server.pubsub.has_own() {
            context.send_own();
        }
        session.executing = 0;
        session.unsent = 0;
        // It says nothing outside of the batch, and must not be in the state then.
        session.output_start = 0;
        if was_replica && effects.output.len() > start {
            log_reply_to_replica(&session, &self.server, &mut effects.orders);
            session.dropped = true;
        }
        if session.dropped {
            effects.output.truncate(start);
            self.close_at_once(&mut session, effects);
            return Stop::Progress(Progress::All);
        }
        effects.send_from(client, start);
        let written = (effects.output.len() - start) as u64;
        session.sent += written;
        session.reply_buffer.filled(written);
        self.server.statistics.sent += written;
        if session.closing {
            effects.orders.close(client);
        }
        self.server.sessions.put(session);
        stop
    }
}

/// Why requests are no longer run.
enum Stop {
    /// They were, or can't be.
    Progress(Progress),
    /// Somebody who waits for keys is to be served first; so many were consumed.
    Ready(usize),
}

/// Runs requests until all are consumed, one has to wait, or the budget is used
/// up.
fn run(context: &mut Context<'_>, requests: &Requests<'_>, from: usize, start: usize) -> Stop {
    let mut group = [Prepared::default(); GROUP];
    let mut consumed = from;
    let pending = context.session.output_pending();
    let checked_from = context.server.output_checked_from(context.session).saturating_sub(pending) as usize;
    while consumed < requests.len() {
        let count = GROUP.min(requests.len() - consumed);
        prepare(context, requests, consumed, &mut group[..count]);
        for &prepared in &group[..count] {
            match context.process(prepared, requests.arguments(consumed)) {
                Outcome::Done => consumed += 1,
                Outcome::Deferred => return Stop::Progress(Progress::Wait(consumed + 1)),
                Outcome::Wait => return Stop::Progress(Progress::Wait(consumed)),
            }
            let written = context.reply.position() - start;
            if written > checked_from && exceeds(context, pending + written as u64) {
                return Stop::Progress(Progress::All);
            }
            if context.session.closing {
                return Stop::Progress(Progress::All);
            }
            if context.server.blocking.has_ready() && consumed < requests.len() && context.server.may_serve() {
                return Stop::Ready(consumed);
            }
        }
        let spent = consumed >= REQUESTS_MAX
            || context.reply.position() - start > OUTPUT_MAX
            || context.server.pubsub.delivery_count() > DELIVERIES_MAX;
        if spent && consumed < requests.len() {
            return Stop::Progress(Progress::Yield(consumed));
        }
    }
    if let Some(error) = requests.error() {
        debug_assert_eq!(context.session.waiting, None::<Waiting>);
        log_protocol_error(context, error);
        let text = format!("ERR Protocol error: {error}");
        if context.session.reply_mode == ReplyMode::On {
            context.reply.error(&text);
        }
        context.server.statistics.error(text.as_bytes());
        context.session.closing = true;
    }
    Stop::Progress(Progress::All)
}

/// True if the client has too much output pending: nothing of it will be sent.
#[cold]
fn exceeds(context: &mut Context<'_>, pending: u64) -> bool {
    if !context.server.output_exceeded(context.session, pending, context.now) {
        return false;
    }
    context.session.unsent = pending - context.session.output_pending();
    context.server.log_output_exceeded(context.session, context.now, context.orders);
    context.session.dropped = true;
    true
}

/// A replica gets the stream, and nothing else: a reply in it would be taken for
/// a part of it.
#[cold]
fn log_reply_to_replica(session: &Session, server: &Server, orders: &mut Orders) {
    let command = session.last_command.map_or_else(String::new, |id| server.commands.full_name(id));
    let peer = &session.connection.peer;
    orders
        .log(LogLevel::Warning, format!("Replica generated a reply to command '{command}', disconnecting it: {peer}"));
}

#[cold]
fn log_protocol_error(context: &mut Context<'_>, error: ProtocolError) {
    let mut line = String::new();
    context.server.describe_client(context.session, context.now, &mut line);
    context.orders.log(LogLevel::Verbose, format!("Protocol error ({error}) from client: {line}"));
}
