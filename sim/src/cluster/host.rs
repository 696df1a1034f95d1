//! A machine: its disk and clocks, and the process that runs on it now and then.

use super::clock::NodeClock;
use super::network::ConnectionNumber;
use super::setup::{Durability, NodeSetup};
use crate::clock::Clock;
use crate::disk::Queue;
use crate::node::Node;
use crate::oracle::Shared;
use engine::base::random::Random;
use engine::boundary::id::{ClientId, LinkId};
use engine::recording::Writer;
use std::collections::BTreeMap;

/// A machine.
pub(super) struct Host {
    pub setup: NodeSetup,
    pub clock: NodeClock,
    pub random: Random,
    pub shared: Shared,
    pub disk: Queue,
    pub process: Option<Process>,
    /// Number of processes so far.
    pub life: u64,
    /// The node that the configuration says to follow.
    pub upstream: Option<usize>,
    /// When it is to start again.
    pub down_until: u64,
    /// True if connections to it are not even refused.
    pub dark: bool,
    /// Starts in a row that came to nothing.
    pub failed_starts: u32,
    /// The last warning that was logged.
    pub last_words: String,
    /// When the last process began and the one before ended.
    pub started_at: u64,
    /// Hash of the effects of all processes that have ended.
    pub past_effects: u64,
    /// Recordings of processes that have ended.
    pub recordings: Vec<Vec<u8>>,
    /// How what it had may be lost, of the process that ended last.
    pub ended: super::check::recovery::Ended,
    /// The machine loses its power after so many more operations of its disk.
    pub dies_after_operations: Option<u64>,
    /// It does amid a segment to a replica, after so many more whole ones.
    pub dies_after_segments: Option<u64>,
    /// A replica's connection breaks amid a segment, after so many more whole ones.
    pub breaks_off_after_segments: Option<u64>,
    /// It loses its power after so many more replies that tell of a write.
    pub dies_after_replies: Option<u64>,
    /// False once something happened in this life that excuses losses.
    pub intact: bool,
}

/// A process.
pub(super) struct Process {
    pub node: Node,
    /// The deadline that is waited for, true time.
    pub armed: u64,
    pub clients: BTreeMap<ClientId, ConnectionNumber>,
    pub links: BTreeMap<LinkId, ConnectionNumber>,
    pub next_client: u64,
    pub inputs: u64,
    /// True once it is about to end.
    pub exiting: bool,
}

impl Host {
    pub(super) fn new(setup: NodeSetup, upstream: Option<usize>, sync_max: u64, random: &mut Random) -> Host {
        let mut own = Random::from_seed(random.next_u64());
        let unix = 1_700_000_000_000_000 + own.below(4_000_000) as i64;
        let clock = NodeClock::new(own.below(1 << 40), unix, own.below(400) as i64 - 200);
        let reading = clock.read(0);
        let seen = Clock::new(reading.monotonic.0, reading.unix.0);
        Host {
            setup,
            clock,
            shared: Shared::new(seen, Random::from_seed(own.next_u64()), None),
            disk: Queue::new(Random::from_seed(own.next_u64()), sync_max),
            random: own,
            process: None,
            life: 0,
            upstream,
            down_until: 0,
            dark: false,
            failed_starts: 0,
            last_words: String::new(),
            started_at: 0,
            past_effects: 0,
            recordings: Vec::new(),
            ended: super::check::recovery::Ended { kept_before: None, promises_hold: false, untrue: false },
            dies_after_operations: None,
            dies_after_segments: None,
            breaks_off_after_segments: None,
            dies_after_replies: None,
            intact: true,
        }
    }

    /// True if each write is synced before its reply, and the disk has kept to
    /// that.
    pub(super) fn keeps_promises(&self) -> bool {
        self.setup.durability == Durability::Always && !self.setup.lenient && self.intact
    }

    /// True if the disk is in a state that excuses losses. With a sync before
    /// each reply, one that is slow or full excuses nothing.
    pub(super) fn is_excused(&self, now: u64) -> bool {
        let health = self.disk.health;
        let suffers = now < health.full_until.max(health.stalled_until);
        self.disk.false_syncs > 0 || suffers && self.setup.durability != Durability::Always
    }

    /// What was aimed at it strikes no more.
    pub(super) fn disarm(&mut self) {
        self.dies_after_operations = None;
        self.dies_after_segments = None;
        self.breaks_off_after_segments = None;
        self.dies_after_replies = None;
    }

    /// A process is about to begin.
    ///
    /// # Errors
    /// What is wrong with its configuration.
    pub(super) fn start(&mut self, number: usize, now: u64, records: bool) -> Result<(), String> {
        let options = self.setup.options(number, self.upstream, &mut self.random)?;
        let reading = self.clock.read(now);
        let writer = records.then(|| Writer::new(&options, reading));
        let mut surroundings = self.shared.lock();
        surroundings.writer = writer;
        surroundings.clock = Clock::new(reading.monotonic.0, reading.unix.0);
        drop(surroundings);
        let node = Node::new(options, reading, Box::new(self.shared.clone()));
        self.life += 1;
        self.started_at = now;
        self.intact = !self.is_excused(now);
        self.dark = false;
        self.process = Some(Process {
            node,
            armed: u64::MAX,
            clients: BTreeMap::new(),
            links: BTreeMap::new(),
            next_client: 1,
            inputs: 0,
            exiting: false,
        });
        Ok(())
    }
}
