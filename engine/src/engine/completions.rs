//! What ends later than it began: disk operations and replies that were put
//! off.

use crate::boundary::effects::{Effect, Effects};
use crate::boundary::id::DiskToken;
use crate::boundary::input::{DiskDone, DiskError};
use crate::boundary::time::Now;
use crate::engine::Engine;
use crate::persistence::Work;
use crate::resp::reply::Reply;
use crate::server::deferred::{Deferred, DeferredReply};
use crate::server::disk::{AofOperation, DiskUse};
use crate::session::Waiting;

impl Engine {
    /// The machines of persistence.
    pub(super) fn persistence<'a>(&'a mut self, now: Now, effects: &'a mut Effects) -> Work<'a> {
        Work { now, keyspace: &mut self.keyspace, server: &mut self.server, orders: &mut effects.orders }
    }

    pub(super) fn disk(
        &mut self,
        now: Now,
        token: DiskToken,
        result: Result<DiskDone<'_>, DiskError>,
        effects: &mut Effects,
    ) {
        let Some(purpose) = self.server.disk.take(token) else { return };
        let mut work = self.persistence(now, effects);
        match purpose {
            DiskUse::Save(file, what) => work.save_operation_done(file, what, result.map(|_| ())),
            DiskUse::Load(file) => work.load_operation_done(file, result),
            DiskUse::Receive(file, what) => work.receive_operation_done(file, what, result.map(|_| ())),
            DiskUse::Aof(AofOperation::Append(file, length)) => {
                work.aof_append_done(file, length, result.map(|_| ()));
            }
            DiskUse::Aof(AofOperation::Sync(file)) => work.aof_sync_done(file, result.map(|_| ())),
            DiskUse::Aof(AofOperation::Truncate(file)) => work.aof_truncate_done(file, result.map(|_| ())),
            DiskUse::Aof(AofOperation::Step) => work.aof_step_done(result),
            DiskUse::Aof(AofOperation::Load(file)) => work.aof_load_operation_done(file, result),
            DiskUse::Send(client, file) => work.send_operation_done(client, file, result),
            DiskUse::Nothing => {}
        }
    }

    /// Sends the replies that have become due, and lets their clients go on.
    #[cold]
    pub(super) fn send_deferred(&mut self, effects: &mut Effects) {
        for deferred in core::mem::take(&mut self.server.deferred) {
            self.send_one(deferred, effects);
        }
        self.server.close_unblocked(&mut effects.orders);
    }

    fn send_one(&mut self, deferred: Deferred, effects: &mut Effects) {
        let Deferred { waiter, result } = deferred;
        let Some(session) = self.server.sessions.get_mut(waiter.client) else { return };
        if session.waiting == Some(Waiting::Result) {
            session.waiting = None;
        }
        let start = effects.output.len();
        if let Err(text) = &result {
            let command = session.last_command;
            let statistics = &mut self.server.statistics;
            statistics.error(text);
            if let Some(command) = command.and_then(|id| statistics.commands.get_mut(id.0 as usize)) {
                command.failed += 1;
            }
        }
        if !waiter.muted {
            let mut reply = Reply::new(&mut effects.output, session.protocol);
            match &result {
                Ok(DeferredReply::Ok) => reply.ok(),
                Ok(DeferredReply::Integer(number)) => reply.integer(*number),
                Ok(DeferredReply::Integers(first, second)) => {
                    reply.array(2);
                    reply.integer(*first);
                    reply.integer(*second);
                }
                Ok(DeferredReply::NullArray) => reply.null_array(),
                Err(text) => reply.error(text),
            }
        }
        let length = (effects.output.len() - start) as u64;
        session.sent += length;
        self.server.statistics.sent += length;
        effects.send_from(waiter.client, start);
        effects.orders.list.push(Effect::Resume { client: waiter.client });
    }
}
