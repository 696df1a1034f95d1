//! Time as an argument: what a clock read when an input came.

/// Microseconds on a clock that never goes back; its zero means nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Monotonic(pub u64);

impl Monotonic {
    /// Later by so many milliseconds.
    pub fn plus_ms(self, milliseconds: u64) -> Monotonic {
        Monotonic(self.0.saturating_add(milliseconds.saturating_mul(1000)))
    }

    /// Microseconds since an earlier reading; 0 if that is later.
    pub fn since(self, earlier: Monotonic) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Microseconds since 1970 (UTC); may jump.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Unix(pub i64);

impl Unix {
    /// Milliseconds since 1970.
    pub fn ms(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
}

/// Both clocks, read once for a batch of input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// For intervals.
    pub monotonic: Monotonic,
    /// For expiry and for what people read.
    pub unix: Unix,
}

impl Now {
    /// Later by so many microseconds.
    pub fn plus_us(self, microseconds: u64) -> Now {
        let unix = self.unix.0.saturating_add(i64::try_from(microseconds).unwrap_or(i64::MAX));
        Now { monotonic: Monotonic(self.monotonic.0.saturating_add(microseconds)), unix: Unix(unix) }
    }
}
