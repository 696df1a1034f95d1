//! Deadlines by name, one table.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::time::Monotonic;

/// What a deadline is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timer {
    /// Statistics, timeouts, save points: `hz` times a second.
    Cron,
    /// The sweep for expired keys goes on.
    ExpireSweep,
    /// The snapshot's walk goes on.
    SnapshotStep,
    /// CLIENT PAUSE ends.
    Unpause,
    /// Loading goes on.
    LoadStep,
    /// Eviction goes on.
    Evict,
    /// The link to the primary is looked at.
    Follow,
    /// Running the primary's stream goes on.
    FollowStep,
    /// Replicas are looked at: once a second, or at once.
    Replication,
    /// WAIT has waited long enough.
    Wait,
    /// SHUTDOWN has waited long enough.
    Shutdown,
    /// The append only file is to be synced, or an append to be tried again.
    Aof,
    /// A client that waits for keys has waited long enough.
    Unblock,
    /// Giving up subscriptions of those who are gone goes on.
    Unsubscribe,
    /// What goes to other servers, or connections that wait, are to be looked at.
    Migrate,
}

const COUNT: usize = 15;

/// All deadlines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Timers {
    deadlines: [Option<Monotonic>; COUNT],
}

impl Image for Timers {
    fn blank() -> Timers {
        Timers::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Timers { deadlines } = self;
        deadlines.image(tape)
    }
}

impl Timers {
    /// All timers, in the order in which those due at once are served.
    pub const ALL: [Timer; COUNT] = [
        Timer::Unpause,
        Timer::Cron,
        Timer::ExpireSweep,
        Timer::Evict,
        Timer::SnapshotStep,
        Timer::LoadStep,
        Timer::Follow,
        Timer::FollowStep,
        Timer::Replication,
        Timer::Wait,
        Timer::Shutdown,
        Timer::Aof,
        Timer::Unblock,
        Timer::Unsubscribe,
        Timer::Migrate,
    ];

    /// Sets a deadline.
    pub fn set(&mut self, timer: Timer, at: Monotonic) {
        self.deadlines[timer as usize] = Some(at);
    }

    /// Forgets a deadline.
    pub fn clear(&mut self, timer: Timer) {
        self.deadlines[timer as usize] = None;
    }

    /// When it is due, if it is set.
    pub fn at(&self, timer: Timer) -> Option<Monotonic> {
        self.deadlines[timer as usize]
    }

    /// True if it is set.
    pub fn is_set(&self, timer: Timer) -> bool {
        self.at(timer).is_some()
    }

    /// Forgets a deadline if it has passed; true if so.
    pub fn take_due(&mut self, timer: Timer, now: Monotonic) -> bool {
        let due = self.deadlines[timer as usize].is_some_and(|at| at <= now);
        if due {
            self.clear(timer);
        }
        due
    }

    /// The first deadline.
    pub fn next(&self) -> Option<Monotonic> {
        self.deadlines.iter().flatten().min().copied()
    }
}
