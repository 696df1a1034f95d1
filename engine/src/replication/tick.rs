//! What is due every second: PING, signs of life to those who wait, timeouts,
//! the end of a backlog that nobody needs.

use crate::boundary::effects::{DiskOperation, LogLevel};
use crate::config::Id;
use crate::persistence::Work;
use crate::replication::replica::State;
use crate::server::disk::DiskUse;
use crate::server::timer::Timer;
use alloc::format;
use alloc::vec::Vec;

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
/// Microseconds for which a replica may take nothing while writers wait for it.
const HOLDING_UP_MAX: u64 = 1_000_000;

impl Work<'_> {
    /// [`Timer::Replication`] has come.
    pub(crate) fn replication_tick(&mut self) {
        self.start_sync();
        let now = self.now.monotonic;
        let replication = &mut self.server.replication;
        if now >= replication.next_second {
            replication.next_second = now.plus_ms(1000);
            self.replication_second();
        }
        let replication = &self.server.replication;
        if !replication.replicas.is_empty() || replication.backlog.is_some() {
            self.server.timers.set(Timer::Replication, replication.next_second);
        }
    }

    fn replication_second(&mut self) {
        self.ping_replicas();
        for replica in &mut self.server.replication.replicas {
            if matches!(replica.state, State::WaitStart | State::WaitFile | State::Opening(_)) {
                replica.outbox.push(b'\n');
            }
        }
        self.drop_silent_replicas();
        self.drop_reservations();
        self.remove_feeding_file();
        self.free_backlog();
    }

    /// `rdb-del-sync-files`: a file that was only made for replicas is not kept
    /// where nothing else is saved.
    fn remove_feeding_file(&mut self) {
        let replication = &self.server.replication;
        let needed =
            |state| matches!(state, State::WaitStart | State::WaitFile | State::Opening(_) | State::SendFile(..));
        if !replication.fed_by_file || replication.replicas.iter().any(|replica| needed(replica.state)) {
            return;
        }
        self.server.replication.fed_by_file = false;
        let config = &self.server.config;
        let saves = !config.save_points().is_empty() || config.boolean(Id::Appendonly);
        if config.boolean(Id::RdbDelSyncFiles) && !saves && !self.saving_in_background() {
            self.log(LogLevel::Notice, "Removing the RDB file used to feed replicas in a persistence-less instance");
            let path = self.rdb_file_name();
            self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Remove { path });
        }
    }

    fn ping_replicas(&mut self) {
        let period = self.server.config.unsigned(Id::ReplPingReplicaPeriod);
        let replication = &mut self.server.replication;
        replication.seconds_unpinged += 1;
        if replication.seconds_unpinged < period {
            return;
        }
        replication.seconds_unpinged = 0;
        // Who is to take over could not catch up with PINGs for ever.
        let handing_over = replication.follow.failover.waits();
        // They are to be found where the files that are written last end.
        let ends = self.server.persistence.shutdown.is_final();
        if replication.listens() && !replication.replicas.is_empty() && !handing_over && !ends {
            replication.append_stream(PING);
        }
    }

    fn drop_silent_replicas(&mut self) {
        let now = self.now;
        let timeout = self.server.config.unsigned(Id::ReplTimeout);
        let held_up = self.server.persistence.save.as_ref().is_some_and(|save| save.holds_writers);
        let sessions = &self.server.sessions;
        let silent = self.server.replication.replicas.iter().filter_map(|replica| {
            let pending = sessions.get(replica.client).is_some_and(|session| session.output_pending() > 0);
            let untaken = if pending { now.monotonic.since(replica.taken_at) } else { 0 };
            let reason = match replica.state {
                State::WaitAck | State::Online if !replica.by_sync && replica.lag(now) > timeout => {
                    "Disconnecting timedout replica (streaming sync)"
                }
                State::BackgroundLoad if untaken > timeout * 1_000_000 => {
                    "Disconnecting timedout replica (streaming sync)"
                }
                State::Transfer(_) | State::SendFile(..) if untaken > timeout * 1_000_000 => {
                    "Disconnecting timedout replica (full sync)"
                }
                State::Transfer(_) if held_up && untaken > HOLDING_UP_MAX => {
                    "Disconnecting replica that takes nothing while writers wait (full sync)"
                }
                _ => return None,
            };
            Some((replica.client, reason))
        });
        let silent: Vec<_> = silent.collect();
        for (client, reason) in silent {
            self.server.drop_replica(client, reason, LogLevel::Warning, self.orders);
        }
    }

    /// A primary without replicas for `repl-backlog-ttl` seconds keeps no stream.
    fn free_backlog(&mut self) {
        let seconds = self.server.config.unsigned(Id::ReplBacklogTtl);
        let replication = &mut self.server.replication;
        let Some(since) = replication.alone_since.filter(|_| seconds > 0 && replication.listens()) else { return };
        if self.now.monotonic.since(since) / 1_000_000 <= seconds {
            return;
        }
        // What is written from here on is not told of: it must not be taken for a part of the history.
        replication.change_id(&mut self.keyspace.random);
        replication.backlog = None;
        replication.alone_since = None;
        let line = format!("Replication backlog freed after {seconds} seconds without connected replicas.");
        self.log(LogLevel::Notice, line);
        self.server.listeners_changed();
    }
}
