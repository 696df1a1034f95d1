//! The figures that CLIENT LIST shows of a client's reply buffer.
//!
//! The reference gives each connection a buffer of fixed size and puts what
//! does not fit into a list; the buffer shrinks when the client needs little.
//! We have no such buffer, outgoing bytes belong to the driver, but tools and
//! tests read these figures, so they are modelled by the same rule.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::time::Monotonic;

/// The size with which a buffer begins, and its largest.
const SIZE_MAX: u64 = 16 * 1024;
/// Its smallest size.
const SIZE_MIN: u64 = 1024;
/// What a block of the list holds.
const BLOCK_SIZE: u64 = SIZE_MAX;
/// What each further block of the list takes besides its bytes.
const BLOCK_OVERHEAD: u64 = 40;

/// The model of a reply buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplyBuffer {
    /// Its size in bytes.
    pub size: u64,
    /// The most that was in it since the last reset.
    pub peak: u64,
    peak_reset: Monotonic,
}

/// Pending output, divided as the reference would keep it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pending {
    /// Bytes in the buffer.
    pub buffered: u64,
    /// Blocks in the list.
    pub blocks: u64,
    /// Bytes that the list takes: what `client-output-buffer-limit` limits.
    pub list_bytes: u64,
}

impl ReplyBuffer {
    /// The buffer of a new connection.
    pub fn new(now: Monotonic) -> ReplyBuffer {
        ReplyBuffer { size: SIZE_MAX, peak: SIZE_MAX, peak_reset: now }
    }

    /// There are so many bytes to be sent.
    #[inline]
    pub fn filled(&mut self, pending: u64) {
        self.peak = self.peak.max(pending.min(self.size));
    }

    /// Divides so many bytes that are to be sent.
    pub fn divide(&self, pending: u64) -> Pending {
        let excess = pending.saturating_sub(self.size);
        let blocks = excess.div_ceil(BLOCK_SIZE);
        Pending { buffered: pending.min(self.size), blocks, list_bytes: excess + blocks * BLOCK_OVERHEAD }
    }

    /// Shrinks a buffer that was used little, grows one that was used up, and
    /// forgets the peak every `reset_ms`.
    pub fn resize(&mut self, now: Monotonic, pending: u64, reset_ms: Option<u64>) {
        let (half, double) = (self.size / 2, self.size * 2);
        let size = if half >= SIZE_MIN && self.peak < half {
            SIZE_MIN.max(self.peak + 1)
        } else if double < 2 * SIZE_MAX && self.peak == self.size {
            SIZE_MAX.min(double)
        } else {
            self.size
        };
        if reset_ms.is_some_and(|reset_ms| now.since(self.peak_reset) > reset_ms * 1000) {
            self.peak = pending.min(self.size);
            self.peak_reset = now;
        }
        self.size = size;
    }
}

impl Image for ReplyBuffer {
    fn blank() -> ReplyBuffer {
        ReplyBuffer::new(Monotonic(0))
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let ReplyBuffer { size, peak, peak_reset } = self;
        tape.each([size, peak, peak_reset])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinks_when_idle_and_grows_when_full() {
        let at = |ms: u64| Monotonic(ms * 1000);
        let mut buffer = ReplyBuffer::new(at(0));
        buffer.resize(at(5000), 0, Some(5000));
        assert_eq!((buffer.size, buffer.peak), (SIZE_MAX, SIZE_MAX));
        buffer.resize(at(5001), 0, Some(5000));
        assert_eq!((buffer.size, buffer.peak), (SIZE_MAX, 0));
        buffer.resize(at(5101), 0, Some(5000));
        assert_eq!(buffer.size, SIZE_MIN);
        buffer.filled(100_000);
        for size in [2048, 4096, 8192, SIZE_MAX, SIZE_MAX] {
            buffer.resize(at(5201), 0, None);
            assert_eq!(buffer.size, size);
            buffer.filled(100_000);
        }
    }

    #[test]
    fn divides_what_is_pending() {
        let buffer = ReplyBuffer::new(Monotonic(0));
        assert_eq!(buffer.divide(10), Pending { buffered: 10, blocks: 0, list_bytes: 0 });
        assert_eq!(buffer.divide(20_000), Pending { buffered: SIZE_MAX, blocks: 1, list_bytes: 3616 + 40 });
    }
}
