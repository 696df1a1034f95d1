//! The options that SET, GETEX, MSETEX, HGETEX and HSETEX share: conditions and
//! expiries.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;

/// Under which condition a key is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition<'a> {
    /// Whatever is there.
    Always,
    /// NX.
    IfMissing,
    /// XX.
    IfExists,
    /// IFEQ: its string is this.
    IfEqual(&'a [u8]),
}

/// Under which condition fields of a hash are set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldCondition {
    /// Whatever is there.
    Always,
    /// FNX: none of them is.
    NoneExists,
    /// FXX: all of them are.
    AllExist,
}

/// What an expiry is told in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
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
pub enum Lifetime<'a> {
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
pub struct Accepted {
    exists: bool,
    equal: bool,
    get: bool,
    keep: bool,
    persist: bool,
    fields: bool,
}

impl Accepted {
    const NONE: Accepted =
        Accepted { exists: false, equal: false, get: false, keep: false, persist: false, fields: false };
    /// NX, XX, IFEQ, GET, KEEPTTL.
    pub const SET: Accepted = Accepted { exists: true, equal: true, get: true, keep: true, ..Accepted::NONE };
    /// PERSIST; of HGETEX, too.
    pub const GETEX: Accepted = Accepted { persist: true, ..Accepted::NONE };
    /// NX, XX, KEEPTTL.
    pub const MSETEX: Accepted = Accepted { exists: true, keep: true, ..Accepted::NONE };
    /// Likewise, and FNX, FXX.
    pub const HSETEX: Accepted = Accepted { fields: true, ..Accepted::MSETEX };
}

/// The options of a request.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// NX, XX, IFEQ.
    pub condition: Condition<'a>,
    /// FNX, FXX.
    pub fields: FieldCondition,
    /// KEEPTTL, PERSIST, or a time.
    pub lifetime: Lifetime<'a>,
    /// GET.
    pub get: bool,
}

impl<'a> Options<'a> {
    /// Parses arguments. An option may be repeated, IFEQ excepted; the last one
    /// counts.
    ///
    /// # Errors
    /// [`Error::Syntax`]
    pub fn parse(mut words: impl Iterator<Item = &'a [u8]>, accepted: Accepted) -> Result<Options<'a>, Error> {
        let mut options = Options {
            condition: Condition::Always,
            fields: FieldCondition::Always,
            lifetime: Lifetime::Unstated,
            get: false,
        };
        while let Some(word) = words.next() {
            let is = |other: &str| word.eq_ignore_ascii_case(other.as_bytes());
            if is("NX") && accepted.exists {
                options.require(Condition::IfMissing)?;
            } else if is("XX") && accepted.exists {
                options.require(Condition::IfExists)?;
            } else if is("FNX") && accepted.fields {
                options.require_of_fields(FieldCondition::NoneExists)?;
            } else if is("FXX") && accepted.fields {
                options.require_of_fields(FieldCondition::AllExist)?;
            } else if is("IFEQ") && accepted.equal {
                options.require(Condition::IfEqual(words.next().ok_or(Error::Syntax)?))?;
            } else if is("GET") && accepted.get {
                options.get = true;
            } else if is("KEEPTTL") && accepted.keep {
                options.live(Lifetime::Keep)?;
            } else if is("PERSIST") && accepted.persist {
                options.live(Lifetime::Persist)?;
            } else {
                let clock = clock_of(word).ok_or(Error::Syntax)?;
                options.live(Lifetime::Until(clock, words.next().ok_or(Error::Syntax)?))?;
            }
        }
        Ok(options)
    }

    fn require_of_fields(&mut self, condition: FieldCondition) -> Result<(), Error> {
        if self.fields != FieldCondition::Always && self.fields != condition {
            return Err(Error::Syntax);
        }
        self.fields = condition;
        Ok(())
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
    pub fn expire_at_ms(&self, context: &Context<'_>) -> Result<Option<i64>, Error> {
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

/// An expiry in milliseconds since 1970, as commands on strings take it.
///
/// # Errors
/// [`Error::NotInteger`]; [`Error::InvalidExpire`] if the number is not
/// positive or the result is beyond 64 bits.
pub fn expire_at_ms(context: &Context<'_>, clock: Clock, number: &[u8]) -> Result<i64, Error> {
    time_ms(context, clock, number, 1)
}

/// Likewise, as commands on fields of hashes take it: the number may be 0.
///
/// # Errors
/// Likewise, if the number is negative.
pub fn field_expire_at_ms(context: &Context<'_>, clock: Clock, number: &[u8]) -> Result<i64, Error> {
    time_ms(context, clock, number, 0)
}

fn time_ms(context: &Context<'_>, clock: Clock, number: &[u8], least: i64) -> Result<i64, Error> {
    let number = parse_i64(number).ok_or(Error::NotInteger)?;
    let (scale, origin_ms) = match clock {
        Clock::Seconds => (1000, context.now_ms()),
        Clock::Milliseconds => (1, context.now_ms()),
        Clock::UnixSeconds => (1000, 0),
        Clock::UnixMilliseconds => (1, 0),
    };
    Some(number)
        .filter(|&number| number >= least)
        .and_then(|number| number.checked_mul(scale)?.checked_add(origin_ms))
        .ok_or_else(|| Error::InvalidExpire { command: context.command.name.into() })
}
