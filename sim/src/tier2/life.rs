//! A process of a node, from its start to its end: its clock, its randomness,
//! and the one who looks on at the engine's boundary.

use super::watch::Watch;
use super::wire::Wires;
use crate::replay::Replayed;
use crate::report::Report;
use engine::base::random::Random;
use engine::boundary::effects::Effects;
use engine::boundary::input::Input;
use engine::boundary::time::{Monotonic, Now, Unix};
use engine::engine::Engine;
use engine::engine::options::Options;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is found to be wrong in a run; the first counts.
#[derive(Clone, Default, Debug)]
pub struct Faults(Arc<Mutex<Option<String>>>);

impl Faults {
    /// Notes that something is wrong.
    pub fn report(&self, fault: String) {
        lock(&self.0).get_or_insert(fault);
    }

    /// What is.
    pub fn first(&self) -> Option<String> {
        lock(&self.0).clone()
    }
}

/// Takes a lock that nobody else holds: a simulation is one thread.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What stays of a life.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remains {
    /// Inputs, hash of effects, hash of the state at the end.
    pub summary: Replayed,
    /// The recording.
    pub recording: Vec<u8>,
}

/// A process of a node.
pub struct Life {
    /// The node's name.
    pub node: String,
    clock: Mutex<NodeClock>,
    random: Mutex<Random>,
    watch: Mutex<Watch>,
    ended: AtomicBool,
    exited: AtomicBool,
    faults: Faults,
}

/// A node's clock: the world's, moved.
#[derive(Clone, Copy, Debug)]
pub struct NodeClock {
    /// What the wall clock shows at the start of the world, microseconds since
    /// 1970.
    pub epoch: i64,
    /// The monotonic clock at the start of the world, microseconds.
    pub monotonic: u64,
    /// What it showed last.
    last: Now,
}

impl NodeClock {
    /// A clock.
    pub fn new(epoch: i64, monotonic: u64) -> NodeClock {
        NodeClock { epoch, monotonic, last: Now::default() }
    }

    fn read(&mut self) -> Now {
        // None when the world has come to its end.
        if let Some(elapsed) = turmoil::sim_elapsed() {
            let elapsed = elapsed.as_micros() as u64;
            self.last = Now { monotonic: Monotonic(self.monotonic + elapsed), unix: Unix(self.epoch + elapsed as i64) };
        }
        self.last
    }
}

impl Life {
    /// A process that starts now, as `options` say.
    pub fn new(node: &str, clock: NodeClock, random: Random, wires: Wires, model: bool, faults: Faults) -> Life {
        let watch = Watch::new(node, wires, model, faults.clone());
        Life {
            node: node.to_owned(),
            clock: Mutex::new(clock),
            random: Mutex::new(random),
            watch: Mutex::new(watch),
            ended: AtomicBool::new(false),
            exited: AtomicBool::new(false),
            faults,
        }
    }

    /// Begins to record an engine that is made from these options.
    pub fn record(&self, options: &Options) {
        let now = self.now();
        lock(&self.watch).record(options, now);
    }

    /// What its clocks show.
    pub fn now(&self) -> Now {
        let mut clock = lock(&self.clock);
        if self.ended() { clock.last } else { clock.read() }
    }

    /// Its clock, to be set.
    pub fn clock(&self) -> MutexGuard<'_, NodeClock> {
        lock(&self.clock)
    }

    /// Its randomness.
    pub fn random(&self) -> MutexGuard<'_, Random> {
        lock(&self.random)
    }

    /// Randomness for something of its own.
    pub fn split_random(&self) -> Random {
        Random::from_seed(self.random().next_u64())
    }

    /// Who looks on.
    pub fn watch(&self) -> MutexGuard<'_, Watch> {
        lock(&self.watch)
    }

    /// True once nothing happens in it any more.
    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// True if it ended by itself.
    pub fn exited(&self) -> bool {
        self.exited.load(Ordering::Relaxed)
    }

    /// The process ends itself.
    pub fn exit(&self) {
        self.exited.store(true, Ordering::Relaxed);
        self.ended.store(true, Ordering::Relaxed);
    }

    /// The process is ended.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Something is wrong.
    pub fn fail(&self, fault: String) {
        self.faults.report(format!("{}: {fault}", self.node));
    }

    /// Before an input is handled.
    pub(super) fn before(&self, engine: &Engine, now: Now, input: &Input<'_>) {
        if !self.ended() {
            self.watch().before(engine, now, input);
        }
    }

    /// After an input was handled.
    pub(super) fn after(&self, engine: &Engine, now: Now, effects: &Effects) {
        if !self.ended() {
            self.watch().after(engine, now, effects);
        }
    }

    /// What stays of it, and what happened in it.
    pub fn bury(&self, engine: &Engine, report: &mut Report) -> Remains {
        self.watch().finish(engine, report)
    }
}
