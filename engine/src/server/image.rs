//! The server besides its data in an image.

use super::deferred::{Deferred, DeferredReply, Waiter};
use super::disk::{AofOperation, DiskUse, ReceiveOperation, SaveOperation};
use super::journal::LazyDeletion;
use super::latency::{Sample, Series};
use super::pause::{Pause, Pauses};
use super::slow_log::SlowCommand;
use super::statistics::{CommandStatistics, Statistics};
use super::{HostFacts, Server};
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::{ClientId, FileId};
use crate::boundary::time::Monotonic;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

impl Server {
    /// True if an image of the server can be written: nothing is under way of
    /// which it would not tell. What waits for the disk is told.
    pub(crate) fn rests(&self) -> bool {
        !self.loading
            && !self.exclusive
            && self.journal.unit_length() == 0
            && !self.pubsub.has_deliveries()
            && !self.pubsub.has_own()
            && self.persistence.rests()
            && self.replication.rests()
    }

    /// Writes itself, or becomes what it reads. It was made under the same name.
    ///
    /// # Errors
    /// As [`Image::image`].
    pub(crate) fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Server {
            config,
            config_file,
            executable,
            personality: _,
            commands,
            sessions,
            watches,
            blocking,
            pubsub,
            journal,
            statistics,
            slow_log,
            latency,
            slow_ns_min,
            timers,
            pauses,
            loading,
            serving_while_loading,
            exclusive,
            persistence,
            replication,
            migrations,
            last_link,
            disk,
            deferred,
            active_expire,
            checksums_ignored,
            cron_paused,
            run_id,
            started,
            host,
            password,
            bulk_max,
            memory_limited,
            client_memory_max,
            writes_refused,
            fixed_memory,
            sampled_at,
            sweep_database,
            client_round,
            attack_logged,
            reply_buffer_reset_ms,
            reply_buffer_resizing,
            clock_ns,
            slept_us: _,
            waiting_for_turn,
        } = self;
        tape.each([config, config_file, executable, commands, sessions, watches, blocking, pubsub, journal])?;
        tape.each([
            statistics,
            slow_log,
            latency,
            slow_ns_min,
            timers,
            pauses,
            loading,
            serving_while_loading,
            exclusive,
        ])?;
        tape.each([persistence, replication, disk, deferred, active_expire, cron_paused, run_id, started, host])?;
        tape.each([
            password,
            bulk_max,
            memory_limited,
            client_memory_max,
            writes_refused,
            fixed_memory,
            sampled_at,
            sweep_database,
        ])?;
        tape.each([client_round, attack_logged, reply_buffer_reset_ms, reply_buffer_resizing, clock_ns])?;
        tape.each([waiting_for_turn, migrations, last_link, checksums_ignored])
    }
}

impl Image for HostFacts {
    fn blank() -> HostFacts {
        HostFacts::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let HostFacts { system, process_id, multiplexing, allocator } = self;
        tape.each([system, process_id, multiplexing, allocator])
    }
}

impl Image for Statistics {
    fn blank() -> Statistics {
        Statistics::new(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Statistics {
            commands,
            latency,
            latency_tracking,
            errors,
            error_replies,
            connections,
            rejected_connections,
            processed,
            received,
            sent,
            peak_memory,
            evicted_clients,
            denied_authentications,
            output_limit_disconnections,
            query_limit_disconnections,
            full_syncs,
            partial_syncs,
            partial_syncs_refused,
            replication_output,
            reads,
            writes,
            operations,
            input,
            output,
        } = self;
        tape.each([commands, latency, latency_tracking, errors, error_replies, connections, rejected_connections])?;
        tape.each([processed, received, sent, peak_memory, evicted_clients, denied_authentications])?;
        tape.each([output_limit_disconnections, query_limit_disconnections, full_syncs, partial_syncs])?;
        tape.each([partial_syncs_refused, replication_output, reads, writes, operations, input, output])
    }
}

impl Image for CommandStatistics {
    fn blank() -> CommandStatistics {
        CommandStatistics::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let CommandStatistics { calls, nanoseconds, rejected, failed } = self;
        tape.each([calls, nanoseconds, rejected, failed])
    }
}

impl Image for SlowCommand {
    fn blank() -> SlowCommand {
        SlowCommand {
            id: 0,
            seconds: 0,
            microseconds: 0,
            arguments: Vec::new(),
            peer: String::new(),
            client_name: Vec::new(),
        }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let SlowCommand { id, seconds, microseconds, arguments, peer, client_name } = self;
        tape.each([id, seconds, microseconds, arguments, peer, client_name])
    }
}

impl Image for Series {
    fn blank() -> Series {
        Series { samples: VecDeque::new(), longest: 0 }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Series { samples, longest } = self;
        tape.each([samples, longest])
    }
}

impl Image for Sample {
    fn blank() -> Sample {
        Sample { seconds: 0, milliseconds: 0 }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Sample { seconds, milliseconds } = self;
        tape.each([seconds, milliseconds])
    }
}

impl Image for Pauses {
    fn blank() -> Pauses {
        Pauses::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Pauses { clients, failover, shutdown } = self;
        tape.each([clients, failover, shutdown])
    }
}

impl Image for Pause {
    fn blank() -> Pause {
        Pause { until: Monotonic(0), writes_only: false }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Pause { until, writes_only } = self;
        tape.each([until, writes_only])
    }
}

impl Image for LazyDeletion {
    fn blank() -> LazyDeletion {
        LazyDeletion::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let LazyDeletion { expire, eviction, user } = self;
        tape.each([expire, eviction, user])
    }
}

impl Image for Waiter {
    fn blank() -> Waiter {
        Waiter { client: ClientId(0), muted: false }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Waiter { client, muted } = self;
        tape.each([client, muted])
    }
}

impl Image for Deferred {
    fn blank() -> Deferred {
        Deferred { waiter: Waiter::blank(), result: Ok(DeferredReply::Ok) }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Deferred { waiter, result } = self;
        tape.each([waiter, result])
    }
}

impl Image for DeferredReply {
    fn blank() -> DeferredReply {
        DeferredReply::Ok
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(
            self,
            [DeferredReply::Ok, DeferredReply::Integer(0), DeferredReply::Integers(0, 0), DeferredReply::NullArray],
        )?;
        match self {
            DeferredReply::Ok | DeferredReply::NullArray => Ok(()),
            DeferredReply::Integer(number) => number.image(tape),
            DeferredReply::Integers(one, other) => tape.each([one, other]),
        }
    }
}

impl Image for DiskUse {
    fn blank() -> DiskUse {
        DiskUse::Nothing
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let file = FileId(0);
        tape.variant(
            self,
            [
                DiskUse::Save(file, SaveOperation::Create),
                DiskUse::Load(file),
                DiskUse::Receive(file, ReceiveOperation::Create),
                DiskUse::Aof(AofOperation::Step),
                DiskUse::Send(ClientId(0), file),
                DiskUse::Nothing,
            ],
        )?;
        match self {
            DiskUse::Save(file, operation) => tape.each([file, operation]),
            DiskUse::Load(file) => file.image(tape),
            DiskUse::Receive(file, operation) => tape.each([file, operation]),
            DiskUse::Aof(operation) => operation.image(tape),
            DiskUse::Send(client, file) => tape.each([client, file]),
            DiskUse::Nothing => Ok(()),
        }
    }
}

impl Image for ReceiveOperation {
    fn blank() -> ReceiveOperation {
        ReceiveOperation::Create
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        use ReceiveOperation::{Append, Close, Create, Rename, Sync};
        tape.variant(self, [Create, Append(0), Sync, Close, Rename])?;
        match self {
            Append(length) => length.image(tape),
            Create | Sync | Close | Rename => Ok(()),
        }
    }
}

impl Image for AofOperation {
    fn blank() -> AofOperation {
        AofOperation::Step
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        use AofOperation::{Append, Load, Step, Sync, Truncate};
        let file = FileId(0);
        tape.variant(self, [Append(file, 0), Sync(file), Truncate(file), Step, Load(file)])?;
        match self {
            Append(file, length) => tape.each([file, length]),
            Sync(file) | Truncate(file) | Load(file) => file.image(tape),
            Step => Ok(()),
        }
    }
}

impl Image for SaveOperation {
    fn blank() -> SaveOperation {
        SaveOperation::Create
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        use SaveOperation::{Append, Close, Create, IncrementalSync, Remove, Rename, Sync};
        tape.variant(self, [Create, Append(0), IncrementalSync, Sync, Close, Rename, Remove])?;
        match self {
            Append(length) => length.image(tape),
            Create | IncrementalSync | Sync | Close | Rename | Remove => Ok(()),
        }
    }
}
