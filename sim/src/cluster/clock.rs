//! A node's clocks: both run at their own speed, and the wall clock jumps.

use engine::boundary::time::{Monotonic, Now, Unix};

/// A node's clocks, as functions of true time in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeClock {
    /// True time at which both showed what follows.
    since: u64,
    monotonic: u64,
    unix: i64,
    /// How much faster than true time, parts of a million.
    drift_ppm: i64,
}

impl NodeClock {
    /// Clocks that show these at true time 0.
    pub(crate) fn new(monotonic: u64, unix: i64, drift_ppm: i64) -> NodeClock {
        NodeClock { since: 0, monotonic, unix, drift_ppm }
    }

    /// What they show.
    pub(crate) fn read(&self, at: u64) -> Now {
        let true_time = at - self.since;
        let passed = true_time.wrapping_add_signed((true_time as i64) * self.drift_ppm / 1_000_000);
        Now { monotonic: Monotonic(self.monotonic + passed), unix: Unix(self.unix + passed as i64) }
    }

    /// True time at which the monotonic clock has come to a reading.
    pub(crate) fn when(&self, reading: Monotonic) -> u64 {
        let passed = reading.0.saturating_sub(self.monotonic);
        let true_time = u128::from(passed) * 1_000_000 / (1_000_000 + self.drift_ppm) as u128;
        let mut at = self.since + true_time as u64;
        while self.read(at).monotonic < reading {
            at += 1;
        }
        at
    }

    /// Runs at another speed from now on.
    pub(crate) fn set_drift(&mut self, at: u64, drift_ppm: i64) {
        let now = self.read(at);
        *self = NodeClock { since: at, monotonic: now.monotonic.0, unix: now.unix.0, drift_ppm };
    }

    /// The wall clock is set forward or back.
    pub(crate) fn jump(&mut self, microseconds: i64) {
        self.unix += microseconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_there_when_told_and_not_before() {
        for drift in [-1000, -1, 0, 3, 1000] {
            let mut clock = NodeClock::new(5000, 0, drift);
            clock.set_drift(777, drift / 2);
            for reading in [6000, 12_345, 99_999_999] {
                let at = clock.when(Monotonic(reading));
                assert!(clock.read(at).monotonic.0 >= reading);
                assert!(clock.read(at - 1).monotonic.0 < reading);
            }
        }
    }
}
