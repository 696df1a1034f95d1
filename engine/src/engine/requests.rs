//! A batch of requests of one client, in groups whose keys are prefetched.

use crate::boundary::effects::{Effects, Progress};
use crate::boundary::id::ClientId;
use crate::boundary::input::BufferReport;
use crate::boundary::time::Now;
use crate::command::context::Context;
use crate::command::dispatch::{GROUP, Outcome, Prepared, prepare};
use crate::commands::NO_COMMAND;
use crate::engine::Engine;
use crate::resp::reply::Reply;
use crate::resp::request::Requests;
use crate::session::Waiting;
use alloc::format;

/// Requests after which others get their turn.
const REQUESTS_MAX: usize = 1024;
/// Bytes of replies after which others get their turn.
const OUTPUT_MAX: usize = 1 << 20;

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
        self.server.statistics.read(report);
        let Some(mut session) = self.server.sessions.take(client) else { return };
        session.report(report);
        session.last_interaction = now.monotonic;
        if session.closing {
            self.server.sessions.put(session);
            return;
        }
        if session.waiting.is_some() {
            effects.progress = Progress::Wait(0);
            self.server.sessions.put(session);
            return;
        }
        let start = effects.output.len();
        self.server.clock_ns = effects.orders.elapsed_ns();
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
        effects.progress = run(&mut context, requests, start);
        effects.send_from(client, start);
        session.sent += (effects.output.len() - start) as u64;
        self.server.statistics.sent += (effects.output.len() - start) as u64;
        if session.closing {
            effects.orders.close(client);
        }
        self.server.sessions.put(session);
    }
}

/// Runs requests until all are consumed, one has to wait, or the budget is used
/// up.
fn run(context: &mut Context<'_>, requests: &Requests<'_>, start: usize) -> Progress {
    let mut group = [Prepared::default(); GROUP];
    let mut consumed = 0;
    while consumed < requests.len() {
        let count = GROUP.min(requests.len() - consumed);
        prepare(context, requests, consumed, &mut group[..count]);
        for &prepared in &group[..count] {
            match context.process(prepared, requests.arguments(consumed)) {
                Outcome::Done => consumed += 1,
                Outcome::Deferred => return Progress::Wait(consumed + 1),
                Outcome::Wait => return Progress::Wait(consumed),
            }
            if context.session.closing {
                return Progress::All;
            }
        }
        let spent = consumed >= REQUESTS_MAX || context.reply.position() - start > OUTPUT_MAX;
        if spent && consumed < requests.len() {
            return Progress::Yield(consumed);
        }
    }
    if let Some(error) = requests.error() {
        debug_assert_eq!(context.session.waiting, None::<Waiting>);
        let text = format!("ERR Protocol error: {error}");
        context.reply.error(&text);
        context.server.statistics.error(&text);
        context.session.closing = true;
    }
    Progress::All
}
