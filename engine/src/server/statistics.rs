//! Counters that INFO shows and CONFIG RESETSTAT clears.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::input::BufferReport;
use crate::command::table::CommandId;
use crate::server::histogram::Histogram;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Counters of one command.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CommandStatistics {
    /// Calls.
    pub calls: u64,
    /// Time in calls, nanoseconds.
    pub nanoseconds: u64,
    /// Refused before they ran.
    pub rejected: u64,
    /// Failed while they ran.
    pub failed: u64,
}

/// Kinds of error beyond which their counters are given up.
const ERROR_KINDS_MAX: usize = 128;

/// All counters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statistics {
    /// By command.
    pub commands: Vec<CommandStatistics>,
    /// How long calls took, by command, for those that were called.
    pub latency: Vec<Option<Box<Histogram>>>,
    /// `latency-tracking`.
    pub latency_tracking: bool,
    /// By the error's first word.
    pub errors: BTreeMap<String, u64>,
    /// Error replies in all.
    pub error_replies: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Connections refused for `maxclients`.
    pub rejected_connections: u64,
    /// Requests executed.
    pub processed: u64,
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Most memory accounted at any time, bytes.
    pub peak_memory: u64,
    /// Clients evicted for memory.
    pub evicted_clients: u64,
    /// Failed authentications.
    pub denied_authentications: u64,
    /// Clients closed for too much pending output.
    pub output_limit_disconnections: u64,
    /// Clients closed for too long a request.
    pub query_limit_disconnections: u64,
    /// Full synchronizations asked for.
    pub full_syncs: u64,
    /// Partial synchronizations accepted.
    pub partial_syncs: u64,
    /// Partial synchronizations refused.
    pub partial_syncs_refused: u64,
    /// Bytes sent to replicas.
    pub replication_output: u64,
    /// Batches of bytes read from sockets.
    pub reads: u64,
    /// Batches of bytes written to sockets, as reported.
    pub writes: u64,
    /// Samples of executed requests a second.
    pub operations: Rate,
    /// Samples of bytes received a second.
    pub input: Rate,
    /// Samples of bytes sent a second.
    pub output: Rate,
}

impl Statistics {
    /// All zero, for so many commands.
    pub fn new(commands: usize) -> Statistics {
        Statistics {
            commands: vec![CommandStatistics::default(); commands],
            latency: vec![None; commands],
            latency_tracking: false,
            errors: BTreeMap::new(),
            error_replies: 0,
            connections: 0,
            rejected_connections: 0,
            processed: 0,
            received: 0,
            sent: 0,
            peak_memory: 0,
            evicted_clients: 0,
            denied_authentications: 0,
            output_limit_disconnections: 0,
            query_limit_disconnections: 0,
            full_syncs: 0,
            partial_syncs: 0,
            partial_syncs_refused: 0,
            replication_output: 0,
            reads: 0,
            writes: 0,
            operations: Rate::default(),
            input: Rate::default(),
            output: Rate::default(),
        }
    }

    /// Clears what CONFIG RESETSTAT clears.
    pub fn reset(&mut self) {
        let Statistics { peak_memory, latency_tracking, .. } = *self;
        *self = Statistics { peak_memory, latency_tracking, ..Statistics::new(self.commands.len()) };
    }

    /// Takes in what the driver reports.
    pub fn reported(&mut self, report: &BufferReport) {
        self.received += report.received;
        self.reads += u64::from(report.received > 0);
        self.writes += u64::from(report.written > 0);
    }

    /// A command ran.
    #[inline]
    pub fn ran(&mut self, id: CommandId, nanoseconds: u64) {
        if let Some(command) = self.commands.get_mut(id.0 as usize) {
            command.calls += 1;
            command.nanoseconds += nanoseconds;
        }
        if self.latency_tracking
            && let Some(histogram) = self.latency.get_mut(id.0 as usize)
        {
            histogram.get_or_insert_default().add(nanoseconds);
        }
        self.processed += 1;
    }

    /// An error reply was sent; `text` begins with its code.
    pub fn error(&mut self, text: impl AsRef<[u8]>) {
        self.error_replies += 1;
        let code = text.as_ref().split(|&byte| byte == b' ').next().and_then(|code| core::str::from_utf8(code).ok());
        let code = code.unwrap_or("ERR");
        if let Some(count) = self.errors.get_mut(code) {
            *count += 1;
        } else if self.errors.len() < ERROR_KINDS_MAX {
            self.errors.insert(code.into(), 1);
        }
    }
}

const SAMPLES: usize = 16;

/// A rate over the last sixteen samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rate {
    samples: [u64; SAMPLES],
    next: usize,
    last_count: u64,
    last_microseconds: u64,
}

impl Rate {
    /// Takes a sample of a counter at a time in microseconds.
    pub fn sample(&mut self, microseconds: u64, count: u64) {
        let elapsed = microseconds.saturating_sub(self.last_microseconds);
        let delta = count.saturating_sub(self.last_count);
        if elapsed > 0 && self.last_microseconds > 0 {
            self.samples[self.next] = (u128::from(delta) * 1_000_000 / u128::from(elapsed)) as u64;
            self.next = (self.next + 1) % SAMPLES;
        }
        self.last_microseconds = microseconds;
        self.last_count = count;
    }

    /// The mean of the samples, a second.
    pub fn per_second(&self) -> u64 {
        self.samples.iter().sum::<u64>() / SAMPLES as u64
    }
}

impl Image for Rate {
    fn blank() -> Rate {
        Rate::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Rate { samples, next, last_count, last_microseconds } = self;
        tape.each([samples, next, last_count, last_microseconds])?;
        if *next < SAMPLES { Ok(()) } else { Err(Damaged) }
    }
}
