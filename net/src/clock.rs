//! A clock that is read once a command, for statistics: the processor's own counter where the kernel trusts it.
//!
//! How long a cycle takes is measured while the server runs, against the system's clock, so that nobody waits for it at
//! start. Until then, and where there is no such counter, the system's clock answers.

use crate::raw;
use std::time::Instant;

/// What the kernel goes by: `tsc` when the counter runs steadily and alike on all processors.
const KERNEL_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
/// Shorter measurements are too coarse: reading two clocks takes some 50 ns.
const MEASURED_NS_MIN: u64 = 20_000_000;
/// Then the measurement begins anew, so that the rate follows the system's.
const MEASURED_NS_MAX: u64 = 1_000_000_000;

/// A clock in nanoseconds since it was made.
#[derive(Debug)]
pub struct CycleClock {
    start: Instant,
    counter_trusted: bool,
    /// Nanoseconds and cycles where the measurement began.
    began: (u64, u64),
    /// Nanoseconds a cycle, times 2 to the 32nd; 0 until it was measured.
    rate: u64,
    /// Cycles from `began` on until the measurement ends.
    cycles_max: u64,
    last_ns: u64,
}

impl CycleClock {
    /// Begins at zero.
    pub fn new() -> CycleClock {
        let source = std::fs::read_to_string(KERNEL_SOURCE).unwrap_or_default();
        CycleClock {
            start: Instant::now(),
            counter_trusted: cfg!(target_arch = "x86_64") && source.trim() == "tsc",
            began: (0, raw::cycles()),
            rate: 0,
            cycles_max: 0,
            last_ns: 0,
        }
    }

    /// Nanoseconds since it was made; never goes back.
    #[inline]
    pub fn elapsed_ns(&mut self) -> u64 {
        let cycles = raw::cycles().wrapping_sub(self.began.1);
        let now = if cycles < self.cycles_max {
            self.began.0 + ((u128::from(cycles) * u128::from(self.rate)) >> 32) as u64
        } else {
            self.measure()
        };
        self.last_ns = self.last_ns.max(now);
        self.last_ns
    }

    /// Reads the system's clock, and takes from it how fast the counter runs.
    #[cold]
    fn measure(&mut self) -> u64 {
        let now = self.start.elapsed().as_nanos() as u64;
        if !self.counter_trusted {
            return now;
        }
        let cycles = raw::cycles();
        let (passed, counted) = (now - self.began.0, cycles.wrapping_sub(self.began.1));
        if passed >= MEASURED_NS_MIN && counted > 0 {
            let rate = (u128::from(passed) << 32) / u128::from(counted);
            self.rate = rate as u64;
            self.began = (now, cycles);
            self.cycles_max = (u128::from(MEASURED_NS_MAX) << 32).checked_div(rate).unwrap_or(0) as u64;
        }
        now
    }
}

impl Default for CycleClock {
    fn default() -> CycleClock {
        CycleClock::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn keeps_pace_with_the_system() {
        let mut clock = CycleClock::new();
        let start = Instant::now();
        let mut last = 0;
        while start.elapsed() < Duration::from_millis(100) {
            let now = clock.elapsed_ns();
            assert!(now >= last);
            last = now;
        }
        let (now, expected) = (clock.elapsed_ns(), start.elapsed().as_nanos() as u64);
        assert!(now.abs_diff(expected) < 5_000_000, "{now} ns instead of {expected}");
        assert!(!clock.counter_trusted || clock.rate > 0);
    }
}
