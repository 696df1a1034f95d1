//! PSYNC and SYNC: from where a replica can go on.

use crate::boundary::effects::LogLevel;
use crate::command::context::Context;
use crate::replication::Replication;
use crate::replication::replica::{self, Replica, State};
use crate::server::timer::Timer;
use crate::session::ReplyMode;
use crate::session::class::Class;
use alloc::format;
use alloc::string::String;

/// Why a replica can't go on from where it is.
enum Refusal {
    /// It did not ask for that.
    Unwanted,
    /// It is of another history, or further in this one than ours goes.
    History(String),
    /// What it lacks is not there any more, or not yet.
    Backlog { ahead: bool },
}

impl Replication {
    /// Whether what a replica lacks from an offset on can be sent; the offset is
    /// that of the first byte wanted, which is 1 at the beginning.
    fn continuation(&self, id: &[u8], wanted: i64) -> Result<u64, Refusal> {
        let is = |known: &[u8]| known.eq_ignore_ascii_case(id);
        let unrelated = !is(&self.id) && (!is(&self.second_id) || wanted > self.second_offset);
        if unrelated && !(cfg!(feature = "planted_unrelated_history") && wanted > 0) {
            let text = String::from_utf8_lossy;
            return Err(if id.first() == Some(&b'?') {
                Refusal::Unwanted
            } else if !is(&self.second_id) {
                Refusal::History(format!(
                    "Replication ID mismatch (Replica asked for '{}', my replication IDs are '{}' and '{}')",
                    text(id),
                    text(&self.id),
                    text(&self.second_id)
                ))
            } else {
                Refusal::History(format!(
                    "Requested offset for second ID was {wanted}, but I can reply up to {}",
                    self.second_offset
                ))
            });
        }
        let position = u64::try_from(wanted).ok().and_then(|wanted| wanted.checked_sub(1));
        let within = |position: &u64| {
            self.backlog.as_ref().is_some_and(|backlog| (backlog.start()..=backlog.end()).contains(position))
        };
        position.filter(within).ok_or(Refusal::Backlog { ahead: wanted > 0 && wanted as u64 > self.offset })
    }
}

impl Context<'_> {
    /// The client asks for the stream behind a state that it has: an id and the
    /// offset of the first byte wanted. `None` if it has none and asks by SYNC.
    pub(crate) fn serve_replica(&mut self, state: Option<(&[u8], i64)>) {
        let name = replica::name(self.session, &self.session.handshake.as_deref().cloned().unwrap_or_default());
        self.orders.log(LogLevel::Notice, format!("Replica {name} asks for synchronization"));
        if let Some((id, wanted)) = state {
            match self.server.replication.continuation(id, wanted) {
                Ok(position) => return self.continue_stream(position, wanted),
                Err(refusal) => self.log_refusal(&refusal, &name, wanted),
            }
            self.server.statistics.partial_syncs_refused += u64::from(id.first() != Some(&b'?'));
            if self.part_snapshot(&name) {
                return;
            }
        }
        self.server.statistics.full_syncs += 1;
        self.add_replica(state.is_none());
        let first = self.server.replication.replicas.len() == 1;
        if first && !self.server.replication.is_replica() && self.server.replication.backlog.is_none() {
            let replication = &mut self.server.replication;
            replication.change_id(&mut self.keyspace.random);
            replication.open_backlog();
            let line = format!(
                "Replication backlog created, my new replication IDs are '{}' and '{}'",
                String::from_utf8_lossy(&replication.id),
                String::from_utf8_lossy(&replication.second_id)
            );
            self.orders.log(LogLevel::Notice, line);
        }
        self.server.replication.open_backlog();
        self.server.listeners_changed();
        let client = self.session.id;
        self.persistence().sync_asked(client);
    }

    fn log_refusal(&mut self, refusal: &Refusal, name: &str, wanted: i64) {
        let line = match refusal {
            Refusal::Unwanted => format!("Full resync requested by replica {name}"),
            Refusal::History(reason) => format!("Partial resynchronization not accepted: {reason}"),
            Refusal::Backlog { .. } => format!(
                "Unable to partial resync with replica {name} for lack of backlog (Replica request was: {wanted})."
            ),
        };
        self.orders.log(LogLevel::Notice, line);
        if matches!(refusal, Refusal::Backlog { ahead: true }) {
            let line = format!(
                "Warning: replica {name} tried to PSYNC with an offset that is greater than the master replication \
                 offset."
            );
            self.orders.log(LogLevel::Warning, line);
        }
    }

    fn add_replica(&mut self, by_sync: bool) {
        // It gets the stream, and nothing else.
        self.unsubscribe_all();
        self.session.class = Class::Replica;
        self.session.reply_mode = ReplyMode::On;
        let mut replica = Replica::new(self.session, by_sync, self.now);
        let replication = &mut self.server.replication;
        if cfg!(feature = "planted_announced_offset") {
            replica.cursor = replication.offset;
        }
        if replication.replicas.is_empty() {
            replication.next_second = self.now.monotonic.plus_ms(1000);
        }
        replication.replicas.push(replica);
        replication.alone_since = None;
        if !self.server.timers.is_set(Timer::Replication) {
            self.server.timers.set(Timer::Replication, self.server.replication.next_second);
        }
    }

    fn continue_stream(&mut self, position: u64, wanted: i64) {
        self.server.statistics.partial_syncs += 1;
        self.add_replica(false);
        let replication = &mut self.server.replication;
        let (offset, id) = (replication.offset, replication.id);
        let snapshot_client = replication.replicas.last().and_then(|replica| replica.handshake.snapshot_client);
        let loads = snapshot_client.is_some_and(|client| replication.release(client));
        let Some(replica) = replication.replicas.last_mut() else { return };
        replica.state = if loads { State::BackgroundLoad } else { State::Online };
        replica.cursor = position;
        self.reply.raw(b"+CONTINUE");
        if replica.handshake.takes_new_id {
            self.reply.raw(b" ");
            self.reply.raw(&id);
        }
        self.reply.raw(b"\r\n");
        let line = format!(
            "Partial resynchronization request from {} accepted. Sending {} bytes of backlog starting from offset \
             {wanted}.",
            replica.name,
            offset - position
        );
        self.orders.log(LogLevel::Notice, line);
    }

    /// A replica tells how far it is: in the stream, and in its AOF.
    pub(crate) fn acknowledged(&mut self, offset: u64, synced: Option<u64>) {
        let now = self.now.monotonic;
        let replication = &mut self.server.replication;
        let Some(replica) = replication.replica(self.session.id) else { return };
        replica.acknowledged = replica.acknowledged.max(offset);
        replica.acknowledged_synced = replica.acknowledged_synced.max(synced.unwrap_or(0));
        replica.acknowledged_at = now;
        let loaded = replica.state == State::BackgroundLoad;
        if loaded || replica.state == State::WaitAck {
            replica.state = State::Online;
        }
        let name = loaded.then(|| replica.name.clone());
        replication.waits.changed = true;
        if let Some(name) = name {
            self.server.log_synchronized(&name, self.orders);
        }
    }
}
