//! Whom the next commit waits for, with `appendfsync always` on a slow disk.
//!
//! ```text
//! sync 1:  a a a        sync 2:  b b b        sync 3:  a a a             without
//! b ask ─────┘          a ask ─────┘          b ask ─────┘
//!
//! sync 1:  a a a   a ask   sync 2:  a a a b b b   a, b ask   sync 3:     with
//! b ask ─────┘             └ all who were told, or waited, when sync 1 ended
//! ```
//!
//! Who is told that his change is durable mostly comes with the next at once. If
//! the commit of those who wait begins before, two halves take turns, and each
//! request takes two syncs.

use super::{Aof, Policy, State};
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::time::Monotonic;

/// Syncs that take fewer microseconds are worth no waiting.
const SLOW_US: u64 = 2000;
/// The next commit waits for so much of what the last sync took.
const PART: u64 = 4;
/// At most so many microseconds.
const WAIT_MAX_US: u64 = 5000;

/// Replies that the next commit waits for, and until when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Gathering {
    replies: usize,
    until: Monotonic,
}

impl Image for Gathering {
    fn blank() -> Gathering {
        Gathering { replies: 0, until: Monotonic(0) }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Gathering { replies, until } = self;
        tape.each([replies, until])
    }
}

impl Aof {
    /// A sync has ended, of which nobody has been told yet.
    pub(super) fn begin_gathering(&mut self, now: Monotonic) {
        let took_us = now.since(self.sync_began);
        let always = self.policy == Policy::Always && self.state == State::On;
        let waits = always && took_us >= SLOW_US && !self.buffer.0.is_empty();
        let until = Monotonic(now.0 + (took_us / PART).min(WAIT_MAX_US));
        self.gathering = waits.then(|| Gathering { replies: self.held.len(), until });
    }

    /// When the next commit may begin at the latest.
    pub(super) fn gathered_at(&self, now: Monotonic) -> Monotonic {
        match self.gathering {
            Some(Gathering { replies, until }) if self.held.len() < replies => until.max(now),
            _ => now,
        }
    }

    /// True, once, if all have come that the next commit waits for: it may begin.
    #[inline]
    pub(crate) fn has_gathered(&mut self) -> bool {
        let there = self.held.len();
        self.gathering.take_if(|gathering| there >= gathering.replies).is_some()
    }
}
