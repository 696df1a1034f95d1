//! Ranges of members: by rank, by score, by text.

use crate::base::number::{parse_double, parse_i64};
use crate::command::error::Error;
use crate::data::sorted_set::SortedRef;
use core::ops::{Bound, Range};

/// First and last rank; negative ones count from behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ranks {
    first: i64,
    last: i64,
}

impl Ranks {
    /// Those of them that a set of some members has.
    pub(super) fn of(self, length: usize) -> Range<usize> {
        let length = length as i64;
        let from_front = |rank: i64| if rank < 0 { rank.saturating_add(length) } else { rank };
        let (first, last) = (from_front(self.first).max(0), from_front(self.last).min(length - 1));
        if first > last { 0..0 } else { first as usize..last as usize + 1 }
    }
}

/// # Errors
/// If one of the ranks is no integer.
pub(super) fn parse_ranks(first: &[u8], last: &[u8]) -> Result<Ranks, Error> {
    let parse = |text: &[u8]| parse_i64(text).ok_or(Error::NotInteger);
    Ok(Ranks { first: parse(first)?, last: parse(last)? })
}

/// The lowest and the highest score of a range.
///
/// # Errors
/// If one of them is no number.
pub(super) fn parse_scores(lowest: &[u8], highest: &[u8]) -> Result<(Bound<f64>, Bound<f64>), Error> {
    let parse = |text| parse_score(text).ok_or(Error::Text("ERR min or max is not a float"));
    Ok((parse(lowest)?, parse(highest)?))
}

/// Reads a bound as C's `strtod` does: space may come first, nothing at all is
/// zero, and what is too large is infinite.
fn parse_score(text: &[u8]) -> Option<Bound<f64>> {
    let (excluded, text) = match text {
        [b'(', rest @ ..] => (true, rest),
        text => (false, text),
    };
    let number = text.trim_ascii_start();
    let unbounded = || core::str::from_utf8(number).ok()?.parse().ok().filter(|score: &f64| !score.is_nan());
    let score = if text.is_empty() { 0.0 } else { parse_double(number).or_else(unbounded)? };
    Some(if excluded { Bound::Excluded(score) } else { Bound::Included(score) })
}

/// A bound among texts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum TextBound<'a> {
    /// `-`: before all.
    Lowest,
    /// `+`: behind all.
    Highest,
    /// At a text.
    At(Bound<&'a [u8]>),
}

/// A range of texts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Texts<'a> {
    from: TextBound<'a>,
    to: TextBound<'a>,
}

impl Texts<'_> {
    /// The ranks of what of a set is in the range.
    pub(super) fn ranks(self, set: SortedRef<'_>) -> Range<usize> {
        let from = match self.from {
            TextBound::Lowest => Bound::Unbounded,
            TextBound::At(bound) => bound,
            TextBound::Highest => return 0..0,
        };
        let to = match self.to {
            TextBound::Highest => Bound::Unbounded,
            TextBound::At(bound) => bound,
            TextBound::Lowest => return 0..0,
        };
        set.ranks_of_members(from, to)
    }
}

/// # Errors
/// If one of the bounds is none.
pub(super) fn parse_texts<'a>(lowest: &'a [u8], highest: &'a [u8]) -> Result<Texts<'a>, Error> {
    let parse = |text| parse_text(text).ok_or(Error::Text("ERR min or max not valid string range item"));
    Ok(Texts { from: parse(lowest)?, to: parse(highest)? })
}

fn parse_text(text: &[u8]) -> Option<TextBound<'_>> {
    match text {
        b"-" => Some(TextBound::Lowest),
        b"+" => Some(TextBound::Highest),
        [b'[', text @ ..] => Some(TextBound::At(Bound::Included(text))),
        [b'(', text @ ..] => Some(TextBound::At(Bound::Excluded(text))),
        _ => None,
    }
}
