//! One field of INFO, and how its value is written.

use super::Source;
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::fmt::{Arguments, Write};

/// What stands under a section's title.
pub(super) enum Body {
    /// Fields of fixed names.
    Fields(&'static [Field]),
    /// Lines whose names depend on the state.
    Lines(fn(&Source<'_>, &mut String)),
}

/// One field.
pub(super) struct Field {
    pub(super) name: &'static str,
    of: Known,
    value: fn(&Source<'_>) -> Figure,
}

/// Under which name of the server a field exists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Always,
    Redis,
    Valkey,
}

/// A field's value.
pub(super) enum Figure {
    /// A number.
    Integer(i128),
    /// Text.
    Text(Cow<'static, str>),
    /// There is none now, so the field is left out.
    Absent,
    /// Lines of their own, complete with their names.
    Lines(String),
}

impl<T: Into<i128>> From<T> for Figure {
    fn from(number: T) -> Figure {
        Figure::Integer(number.into())
    }
}

/// Text that never changes.
pub(super) fn word(text: &'static str) -> Figure {
    Figure::Text(Cow::Borrowed(text))
}

/// Text that is made on the spot.
pub(super) fn text(text: Arguments<'_>) -> Figure {
    Figure::Text(Cow::Owned(text.to_string()))
}

/// Bytes of text.
pub(super) fn bytes(bytes: &[u8]) -> Figure {
    Figure::Text(Cow::Owned(String::from_utf8_lossy(bytes).into_owned()))
}

/// 1 or 0.
pub(super) fn flag(value: bool) -> Figure {
    Figure::Integer(i128::from(value))
}

/// A number of what does not exist yet.
pub(super) fn zero(_: &Source<'_>) -> Figure {
    Figure::Integer(0)
}

/// As [`zero`], with two decimals.
pub(super) fn zero_fraction(_: &Source<'_>) -> Figure {
    word("0.00")
}

/// A quotient with two decimals; 0 if there is nothing to divide by.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl Field {
    /// A field that is always there.
    pub(super) const fn new(name: &'static str, value: fn(&Source<'_>) -> Figure) -> Field {
        Field { name, of: Known::Always, value }
    }

    /// A field of Redis.
    pub(super) const fn redis(name: &'static str, value: fn(&Source<'_>) -> Figure) -> Field {
        Field { name, of: Known::Redis, value }
    }

    /// A field of Valkey.
    pub(super) const fn valkey(name: &'static str, value: fn(&Source<'_>) -> Figure) -> Field {
        Field { name, of: Known::Valkey, value }
    }

    /// Whether the field exists under the server's name.
    pub(super) fn is_known_to(&self, source: &Source<'_>) -> bool {
        match self.of {
            Known::Always => true,
            Known::Valkey => source.server.personality.is_valkey(),
            Known::Redis => !source.server.personality.is_valkey(),
        }
    }

    /// Writes the field's line.
    pub(super) fn write(&self, source: &Source<'_>, out: &mut String) {
        // Writing to a string can't fail.
        let _ = match (self.value)(source) {
            Figure::Integer(number) => write!(out, "{}:{number}\r\n", self.name),
            Figure::Text(text) => write!(out, "{}:{text}\r\n", self.name),
            Figure::Absent => Ok(()),
            Figure::Lines(lines) => out.write_str(&lines),
        };
    }
}
