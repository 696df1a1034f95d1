//! The options that SET, GETEX and MSETEX share: conditions and expiries.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::resp::request::Arguments;

/// Under which condition a key is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Condition<'a> {
    Always,
    /// NX.
    IfMissing,
    /// XX.
    IfExists,
    /// IFEQ: its string is this.
    IfEqual(&'a [u8]),
}

/// What an expiry is told in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Clock {
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Milliseconds,
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMilliseconds,
}

/// How long a key shall live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lifetime<'a> {
    /// Nothing is said.
    Unstated,
    /// KEEPTTL.
    Keep,
    /// PERSIST.
    Persist,
    /// EX, PX, EXAT, PXAT, and a number that is not parsed yet.
    Until(Clock, &'a [u8]),
}

/// Which options a command knows besides EX, PX, EXAT and PXAT.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted {
    exists: bool,
    equal: bool,
    get: bool,
    keep: bool,
    persist: bool,
}

impl Accepted {
    pub(super) const SET: Accepted = Accepted { exists: true, equal: true, get: true, keep: true, persist: false };
    pub(super) const GETEX: Accepted = Accepted { exists: false, equal: false, get: false, keep: false, persist: true };
    pub(super) const MSETEX: Accepted = Accepted { exists: true, equal: false, get: false, keep: true, persist: false };
}

/// The options of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options<'a> {
    pub(super) condition: Condition<'a>,
    pub(super) lifetime: Lifetime<'a>,
    pub(super) get: bool,
}

impl<'a> Options<'a> {
    /// Parses the arguments from `first` on. An option may be repeated, IFEQ
    /// excepted; the last one counts.
    ///
    /// # Errors
    /// [`Error::Syntax`]
    pub(super) fn parse(arguments: &Arguments<'a>, first: usize, accepted: Accepted) -> Result<Options<'a>, Error> {
        let mut options = Options { condition: Condition::Always, lifetime: Lifetime::Unstated, get: false };
        let mut rest = arguments.from(first).iter();
        while let Some(word) = rest.next() {
            let is = |other: &str| word.eq_ignore_ascii_case(other.as_bytes());
            if is("NX") && accepted.exists {
                options.require(Condition::IfMissing)?;
            } else if is("XX") && accepted.exists {
                options.require(Condition::IfExists)?;
            } else if is("IFEQ") && accepted.equal {
                options.require(Condition::IfEqual(rest.next().ok_or(Error::Syntax)?))?;
            } else if is("GET") && accepted.get {
                options.get = true;
            } else if is("KEEPTTL") && accepted.keep {
                options.live(Lifetime::Keep)?;
            } else if is("PERSIST") && accepted.persist {
                options.live(Lifetime::Persist)?;
            } else {
                let clock = clock_of(word).ok_or(Error::Syntax)?;
                options.live(Lifetime::Until(clock, rest.next().ok_or(Error::Syntax)?))?;
            }
        }
        Ok(options)
    }

    fn require(&mut self, condition: Condition<'a>) -> Result<(), Error> {
        let again = self.condition == condition && !matches!(condition, Condition::IfEqual(_));
        if self.condition != Condition::Always && !again {
            return Err(Error::Syntax);
        }
        self.condition = condition;
        Ok(())
    }

    fn live(&mut self, lifetime: Lifetime<'a>) -> Result<(), Error> {
        let fits = match (self.lifetime, lifetime) {
            (Lifetime::Unstated, _) => true,
            (Lifetime::Until(before, _), Lifetime::Until(now, _)) => before == now,
            (before, now) => before == now,
        };
        self.lifetime = lifetime;
        if fits { Ok(()) } else { Err(Error::Syntax) }
    }

    /// When the key shall expire, milliseconds since 1970, if that is stated.
    ///
    /// # Errors
    /// See [`expire_at_ms`].
    pub(super) fn expire_at_ms(&self, context: &Context<'_>) -> Result<Option<i64>, Error> {
        match self.lifetime {
            Lifetime::Until(clock, number) => expire_at_ms(context, clock, number).map(Some),
            Lifetime::Unstated | Lifetime::Keep | Lifetime::Persist => Ok(None),
        }
    }
}

fn clock_of(word: &[u8]) -> Option<Clock> {
    const WORDS: [(&str, Clock); 4] = [
        ("EX", Clock::Seconds),
        ("PX", Clock::Milliseconds),
        ("EXAT", Clock::UnixSeconds),
        ("PXAT", Clock::UnixMilliseconds),
    ];
    WORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())).map(|&(_, clock)| clock)
}

/// An expiry in milliseconds since 1970.
///
/// # Errors
/// [`Error::NotInteger`]; [`Error::InvalidExpire`] if the number is not
/// positive or the result is beyond 64 bits.
pub(super) fn expire_at_ms(context: &Context<'_>, clock: Clock, number: &[u8]) -> Result<i64, Error> {
    let number = parse_i64(number).ok_or(Error::NotInteger)?;
    let (scale, origin_ms) = match clock {
        Clock::Seconds => (1000, context.now_ms()),
        Clock::Milliseconds => (1, context.now_ms()),
        Clock::UnixSeconds => (1000, 0),
        Clock::UnixMilliseconds => (1, 0),
    };
    let positive = Some(number).filter(|&number| number > 0);
    positive
        .and_then(|number| number.checked_mul(scale)?.checked_add(origin_ms))
        .ok_or_else(|| Error::InvalidExpire { command: context.command.name.into() })
}
