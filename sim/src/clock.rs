//! The virtual clock.

use engine::boundary::time::{Monotonic, Now, Unix};

/// Virtual time. Only events move it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: Now,
}

impl Clock {
    /// A clock that begins at some time, microseconds.
    pub fn new(monotonic: u64, unix: i64) -> Clock {
        Clock { now: Now { monotonic: Monotonic(monotonic), unix: Unix(unix) } }
    }

    /// What it shows.
    pub fn now(&self) -> Now {
        self.now
    }

    /// Shows something else from now on.
    pub fn set(&mut self, now: Now) {
        self.now = now;
    }

    /// Goes on to a time, unless that has passed.
    pub fn advance_to(&mut self, monotonic: u64) {
        self.advance(monotonic.saturating_sub(self.now.monotonic.0));
    }

    /// Goes on by so many microseconds.
    pub fn advance(&mut self, microseconds: u64) {
        self.now.monotonic.0 += microseconds;
        self.now.unix.0 += microseconds as i64;
    }

    /// Sets the wall clock forward or back by so many microseconds.
    pub fn jump(&mut self, microseconds: i64) {
        self.now.unix.0 += microseconds;
    }
}
