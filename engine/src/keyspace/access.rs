//! The 24 bits that an entry keeps for eviction.
//!
//! ```text
//! LRU:   seconds, modulo 2^24
//! LFU:   minutes of the last decrement, modulo 2^16  |  logarithmic counter
//! ```
//!
//! LFU is the scheme of Redis 4: the counter grows with probability
//! `1 / ((counter - 5) * factor + 1)` and falls by one every `decay` minutes.

use crate::base::random::Random;
use crate::boundary::time::Now;

/// What a new key's LFU counter begins with.
pub const LFU_INITIAL: u8 = 5;
const LRU_BITS: u32 = 24;

/// How accesses are remembered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// The time of the last.
    Lru,
    /// How many, decaying.
    Lfu {
        /// `lfu-log-factor`.
        log_factor: u32,
        /// `lfu-decay-time`, minutes; 0 never decays.
        decay_minutes: u32,
    },
}

/// The LRU clock: seconds, modulo 2^24.
pub fn lru_clock(now: Now) -> u32 {
    now.unix.seconds() as u32 & ((1 << LRU_BITS) - 1)
}

/// Seconds since an access at `then`.
pub fn lru_idle_seconds(now: Now, then: u32) -> u64 {
    u64::from(lru_clock(now).wrapping_sub(then) & ((1 << LRU_BITS) - 1))
}

fn lfu_minutes(now: Now) -> u32 {
    (now.unix.seconds() / 60) as u32 & 0xFFFF
}

impl Access {
    /// The bits of a key that is new.
    #[inline]
    pub fn initial(self, now: Now) -> u32 {
        match self {
            Access::Lru => lru_clock(now),
            Access::Lfu { .. } => lfu_minutes(now) << 8 | u32::from(LFU_INITIAL),
        }
    }

    /// The bits of a key that is accessed.
    #[inline]
    pub fn touched(self, bits: u32, now: Now, random: &mut Random) -> u32 {
        match self {
            Access::Lru => lru_clock(now),
            Access::Lfu { log_factor, .. } => {
                let counter = self.counter(bits, now);
                lfu_minutes(now) << 8 | u32::from(increment(counter, log_factor, random))
            }
        }
    }

    /// The decayed LFU counter.
    pub fn counter(self, bits: u32, now: Now) -> u8 {
        let counter = bits as u8;
        let Access::Lfu { decay_minutes: 1.., .. } = self else { return counter };
        let Access::Lfu { decay_minutes, .. } = self else { return counter };
        let elapsed = lfu_minutes(now).wrapping_sub(bits >> 8) & 0xFFFF;
        counter.saturating_sub((elapsed / decay_minutes).min(255) as u8)
    }

    /// How good a candidate for eviction a key is: larger goes first. For LRU
    /// seconds of idleness.
    pub fn idleness(self, bits: u32, now: Now) -> u64 {
        match self {
            Access::Lru => lru_idle_seconds(now, bits),
            Access::Lfu { .. } => 255 - u64::from(self.counter(bits, now)),
        }
    }

    /// The bits of a key that was idle for so many seconds (LRU).
    pub fn from_idle_seconds(now: Now, idle: u64) -> u32 {
        lru_clock(now).wrapping_sub(idle.min((1 << LRU_BITS) - 1) as u32) & ((1 << LRU_BITS) - 1)
    }

    /// The bits of a key with an LFU counter.
    pub fn from_counter(now: Now, counter: u8) -> u32 {
        lfu_minutes(now) << 8 | u32::from(counter)
    }
}

fn increment(counter: u8, log_factor: u32, random: &mut Random) -> u8 {
    if counter == u8::MAX {
        return counter;
    }
    let base = u64::from(counter.saturating_sub(LFU_INITIAL));
    let one_in = base * u64::from(log_factor) + 1;
    counter + u8::from(random.below(one_in) == 0)
}
