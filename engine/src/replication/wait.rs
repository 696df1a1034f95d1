//! WAIT and WAITAOF: clients that wait for acknowledgements.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::effects::Orders;
use crate::boundary::id::ClientId;
use crate::boundary::time::{Monotonic, Now};
use crate::config::Id;
use crate::replication::Replication;
use crate::server::Server;
use crate::server::deferred::{DeferredReply, Waiter};
use crate::server::timer::Timer;
use alloc::vec::Vec;

/// What WAITAOF answers where there is no AOF.
pub(crate) const NO_AOF: &str = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";

/// What those are told who wait when the server becomes a replica.
pub(crate) const DEMOTED: &str =
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";
/// What CLIENT UNBLOCK makes of a reply if it is to be an error.
pub(crate) const UNBLOCKED: &str = "UNBLOCKED client unblocked via CLIENT UNBLOCK";

/// What a client waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    /// WAIT: so many replicas.
    Replicas(u64),
    /// WAITAOF: this server if `local`, and so many replicas.
    Synced { local: bool, replicas: u64 },
}

/// A client that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wait {
    pub(crate) waiter: Waiter,
    pub(crate) wanted: Wanted,
    pub(crate) offset: u64,
    pub(crate) until: Option<Monotonic>,
}

/// All that wait.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    list: Vec<Wait>,
    /// Clients that are closed once they have been told why.
    closing: Vec<ClientId>,
    /// Set when somebody acknowledged something.
    pub(crate) changed: bool,
    /// What of the stream is synced in the AOF of this server, if there is one.
    synced: Option<u64>,
}

impl Image for Waits {
    fn blank() -> Waits {
        Waits::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Waits { list, closing, changed, synced } = self;
        tape.each([list, closing, changed, synced])
    }
}

impl Waits {
    /// What was synced was of another history, or in an AOF that is no more.
    pub(crate) fn forget_synced(&mut self) {
        self.synced = None;
    }

    /// What of the stream is synced in the AOF of this server, if there is one.
    pub(crate) fn synced(&self) -> Option<u64> {
        self.synced
    }

    /// Number of those who do not wait for ever.
    pub(crate) fn deadline_count(&self) -> usize {
        self.list.iter().filter(|wait| wait.until.is_some()).count()
    }

    /// A client is closed once it has been told why.
    pub(crate) fn close_when_told(&mut self, client: ClientId) {
        self.closing.push(client);
    }

    pub(crate) fn forget(&mut self, client: ClientId) {
        self.list.retain(|wait| wait.waiter.client != client);
    }
}

impl Replication {
    /// How many have what stands before an offset: what WAIT or WAITAOF answers.
    pub(crate) fn count(&self, wanted: Wanted, offset: u64) -> DeferredReply {
        let count = |test: &dyn Fn(&super::Replica) -> bool| {
            self.replicas.iter().filter(|replica| replica.is_online() && test(replica)).count() as i64
        };
        match wanted {
            Wanted::Replicas(_) => DeferredReply::Integer(count(&|replica| {
                let sent = cfg!(feature = "planted_wait_offset") && replica.cursor >= offset;
                replica.acknowledged >= offset || sent
            })),
            Wanted::Synced { .. } => DeferredReply::Integers(
                i64::from(self.waits.synced.is_some_and(|synced| synced >= offset)),
                count(&|replica| replica.acknowledged_synced >= offset),
            ),
        }
    }

    /// True if so many have it that nobody need wait.
    pub(crate) fn suffices(wanted: Wanted, counted: DeferredReply) -> bool {
        match (wanted, counted) {
            (Wanted::Replicas(replicas), DeferredReply::Integer(count)) => count as u64 >= replicas,
            (Wanted::Synced { local, replicas }, DeferredReply::Integers(own, count)) => {
                own >= i64::from(local) && count as u64 >= replicas
            }
            _ => true,
        }
    }

    /// What of the stream is synced in the AOF of this server: to be told
    /// whenever that has changed.
    pub(crate) fn note_synced(&mut self, offset: u64) {
        if cfg!(feature = "planted_waitaof_hangs") {
            return;
        }
        self.waits.synced = Some(offset);
        self.waits.changed = true;
    }
}

impl Server {
    /// A client begins to wait.
    pub(crate) fn begin_wait(&mut self, wait: Wait) {
        self.replication.waits.list.push(wait);
        self.replication.ask_acknowledgements = true;
        self.set_wait_timer();
    }

    fn set_wait_timer(&mut self) {
        match self.replication.waits.list.iter().filter_map(|wait| wait.until).min() {
            Some(until) => self.timers.set(Timer::Wait, until),
            None => self.timers.clear(Timer::Wait),
        }
    }

    /// Answers those who have waited long enough, for whom enough have
    /// acknowledged, or who wait for an AOF that is no more.
    #[cold]
    pub(crate) fn answer_waits(&mut self, now: Now) {
        self.replication.waits.changed = false;
        let list = core::mem::take(&mut self.replication.waits.list);
        for wait in list {
            if matches!(wait.wanted, Wanted::Synced { local: true, .. }) && !self.config.boolean(Id::Appendonly) {
                self.defer_reply(wait.waiter, Err(NO_AOF.into()));
                continue;
            }
            let counted = self.replication.count(wait.wanted, wait.offset);
            if Replication::suffices(wait.wanted, counted) || wait.until.is_some_and(|until| until <= now.monotonic) {
                self.defer_reply(wait.waiter, Ok(counted));
            } else {
                self.replication.waits.list.push(wait);
            }
        }
        self.set_wait_timer();
    }

    /// The server is a replica now: nobody may wait for what only a primary can
    /// tell.
    pub(crate) fn unblock_all(&mut self) {
        for wait in core::mem::take(&mut self.replication.waits.list) {
            self.defer_reply(wait.waiter, Err(DEMOTED.into()));
            self.replication.waits.closing.push(wait.waiter.client);
        }
        self.set_wait_timer();
    }

    /// CLIENT UNBLOCK: a client gets the answer that it would get if its time
    /// were up, or an error. False if it does not wait.
    pub(crate) fn end_wait(&mut self, client: ClientId, with_error: bool) -> bool {
        let list = &mut self.replication.waits.list;
        let Some(at) = list.iter().position(|wait| wait.waiter.client == client) else { return false };
        let wait = list.remove(at);
        let counted = self.replication.count(wait.wanted, wait.offset);
        let result = if with_error { Err(UNBLOCKED.into()) } else { Ok(counted) };
        self.defer_reply(wait.waiter, result);
        self.set_wait_timer();
        true
    }

    /// True if [`Server::settle_waits`] has something to do.
    #[inline]
    pub(crate) fn waits_unsettled(&self) -> bool {
        let waits = &self.replication.waits;
        waits.changed || !waits.list.is_empty() && self.replication.is_replica()
    }

    /// Looks at those who wait, after an input.
    #[cold]
    pub(crate) fn settle_waits(&mut self, now: Now) {
        if self.replication.is_replica() && !cfg!(feature = "planted_wait_survives_demotion") {
            self.unblock_all();
        }
        self.answer_waits(now);
    }

    /// Closes those who were told why.
    pub(crate) fn close_unblocked(&mut self, orders: &mut Orders) {
        for client in core::mem::take(&mut self.replication.waits.closing) {
            if let Some(session) = self.sessions.get_mut(client) {
                session.closing = true;
                orders.close(client);
            }
        }
    }
}
