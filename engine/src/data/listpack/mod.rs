//! Listpacks: small collections, one element behind the other, in the format
//! that files know.
//!
//! ```text
//! 0           4           6
//! +-----------+-----------+---------+---------+-- ... --+------+
//! | bytes u32 | count u16 | element | element |         | 0xFF |   little endian
//! +-----------+-----------+---------+---------+-- ... --+------+
//!                          element: see form.rs
//!                         +----------+---------+------------------+
//!                         | encoding | content | backward length  |
//!                         | 1..5     | 0..     | 1..5             |
//!                         +----------+---------+------------------+
//! ```
//!
//! The backward length is that of encoding and content, in groups of 7 bits, the
//! lowest at the end; all but the first have their top bit set. A count of 65535
//! says that there are as many, or more, or that nobody has counted since there
//! were. A string that is an integer's only spelling is stored as that:
//! [`Value::encode`] sees to it. The format is Salvatore Sanfilippo's
//! (<https://github.com/antirez/listpack/blob/master/listpack.md>).
//!
//! What is read was made here, or passed [`validate`]: then all positions that
//! are given out are good. Reading does not panic on other bytes either, but
//! what is read from them means nothing. A listpack's size is a `u32`: whoever
//! adds stops at [`crate::data::limits::LISTPACK_BYTES_MAX`].

mod edit;
mod form;
mod region;
#[cfg(test)]
mod tests;
mod validate;

pub use edit::{
    empty, insert_after, insert_before, merge, push_back, push_front, recount, remove, remove_range, replace,
    split_off, with_capacity,
};
pub use form::element_size;
pub use region::{append, replace_in};
pub use validate::{normalize, validate};

use crate::data::entry::Value;
use form::{extent_of, form_of, read_backward};

const HEADER: usize = 6;
const END: u8 = 0xFF;
/// The count of a listpack whose elements have to be counted.
const MANY: usize = 0xFFFF;

/// A listpack that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listpack<'a>(&'a [u8]);

/// Where an element stands; good until the listpack changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position(u32);

impl Position {
    #[inline]
    fn at(self) -> usize {
        self.0 as usize
    }

    #[inline]
    fn of(at: usize) -> Position {
        Position(at as u32)
    }
}

impl<'a> Listpack<'a> {
    /// The listpack in these bytes.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Listpack<'a> {
        Listpack(bytes)
    }

    /// Number of elements. Walks over them all if the header doesn't know.
    #[inline]
    pub fn len(self) -> usize {
        match self.count() {
            MANY => self.walk(),
            count => count,
        }
    }

    /// True if there is none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0.len() <= HEADER + 1
    }

    /// Bytes that it takes.
    #[inline]
    pub fn byte_len(self) -> usize {
        self.0.len()
    }

    /// The first element.
    #[inline]
    pub fn first(self) -> Option<Position> {
        self.position(HEADER)
    }

    /// The last element.
    #[inline]
    pub fn last(self) -> Option<Position> {
        self.before(self.0.len().checked_sub(1)?)
    }

    /// The element behind one.
    #[inline]
    pub fn next(self, position: Position) -> Option<Position> {
        self.position(self.end_of(position)?)
    }

    /// The element before one.
    #[inline]
    pub fn previous(self, position: Position) -> Option<Position> {
        self.before(position.at())
    }

    /// The element at an index; from the end, -1 being the last, if that is
    /// negative. Walks from the nearer end if the header knows the count.
    pub fn at(self, index: i64) -> Option<Position> {
        let (mut forward, mut steps) = (index >= 0, if index < 0 { !index } else { index } as u64);
        let count = self.count();
        if count < MANY {
            let from_other_end = (count as u64).checked_sub(1)?.checked_sub(steps)?;
            if from_other_end < steps {
                (forward, steps) = (!forward, from_other_end);
            }
        }
        let mut position = if forward { self.first()? } else { self.last()? };
        for _ in 0..steps {
            position = if forward { self.next(position)? } else { self.previous(position)? };
        }
        Some(position)
    }

    /// The element at a position.
    #[inline]
    pub fn get(self, position: Position) -> Value<'a> {
        self.value_at(position.at()).map_or(Value::Bytes(&[]), |(value, _)| value)
    }

    /// All elements.
    #[inline]
    pub fn iter(self) -> Iter<'a> {
        self.iter_between(HEADER)
    }

    /// The elements from one on.
    #[inline]
    pub fn iter_from(self, position: Position) -> Iter<'a> {
        self.iter_between(position.at())
    }

    /// Finds an element, from one on. Behind each that is compared, `skip` are
    /// not: 1 to look among a hash's fields only. A needle that is an integer
    /// equals integers only, so [`Value::encode`] has to have made it.
    #[inline]
    pub fn find(self, needle: Value<'_>, from: Position, skip: usize) -> Option<Position> {
        match needle {
            Value::Integer(_) => self.find_by(from, skip, |element| {
                // Most elements that are no integers show it in their first byte.
                !is_short_string(element) && form_of(element).and_then(|form| form.value(element)) == Some(needle)
            }),
            Value::Bytes(text) => {
                // Keys of one collection are often as long as each other and
                // begin alike: their ends tell them apart.
                let (tail, last) = (text.last_chunk::<8>(), text.last());
                self.find_by(from, skip, |element| {
                    let Some(form::Form::String(start, length)) = form_of(element) else { return false };
                    if length != text.len() {
                        return false;
                    }
                    let Some(content) = element.get(start..start + length) else { return false };
                    content.last() == last && content.last_chunk::<8>() == tail && content == text
                })
            }
        }
    }

    /// Finds an element that `is` says it of; it is given what begins there.
    #[inline(always)]
    fn find_by(self, from: Position, skip: usize, is: impl Fn(&[u8]) -> bool) -> Option<Position> {
        let mut rest = self.0.get(from.at()..)?;
        loop {
            if is(rest) {
                return Some(Position::of(self.0.len() - rest.len()));
            }
            for _ in 0..=skip {
                rest = rest.get(extent_of(rest)?..)?;
            }
        }
    }

    /// What the header says; `MANY` if it doesn't know.
    #[inline]
    fn count(self) -> usize {
        self.0.get(4..HEADER).and_then(|count| count.first_chunk()).map_or(0, |count| u16::from_le_bytes(*count).into())
    }

    /// Number of elements, whatever the header says.
    fn walk(self) -> usize {
        let (mut rest, mut count) = (self.0.get(HEADER..).unwrap_or(&[]), 0);
        while let Some(after) = extent_of(rest).and_then(|extent| rest.get(extent..)) {
            rest = after;
            count += 1;
        }
        count
    }

    #[inline]
    fn iter_between(self, start: usize) -> Iter<'a> {
        Iter { list: self, start, end: self.0.len().saturating_sub(1) }
    }

    /// The position at an offset, if it is not the end.
    #[inline]
    fn position(self, at: usize) -> Option<Position> {
        (*self.0.get(at)? != END).then(|| Position::of(at))
    }

    /// The element that ends where another begins, or at the end.
    #[inline]
    fn before(self, end: usize) -> Option<Position> {
        if end <= HEADER {
            return None;
        }
        let (length, size) = read_backward(self.0, end)?;
        end.checked_sub(length + size).filter(|&at| at >= HEADER).map(Position::of)
    }

    /// Where the element at a position ends.
    #[inline]
    fn end_of(self, position: Position) -> Option<usize> {
        Some(position.at() + extent_of(self.0.get(position.at()..)?)?)
    }

    /// The element at an offset, and where it ends.
    #[inline]
    fn value_at(self, at: usize) -> Option<(Value<'a>, usize)> {
        let bytes = self.0.get(at..)?;
        Some((form_of(bytes)?.value(bytes)?, at + extent_of(bytes)?))
    }
}

/// True of a string of up to 63 bytes.
#[inline]
fn is_short_string(element: &[u8]) -> bool {
    element.first().is_some_and(|first| first & 0xC0 == 0x80)
}

/// The elements of a listpack.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    list: Listpack<'a>,
    start: usize,
    end: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        if self.start >= self.end {
            return None;
        }
        let (value, next) = self.list.value_at(self.start)?;
        self.start = next;
        Some(value)
    }
}

impl DoubleEndedIterator for Iter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.start >= self.end {
            return None;
        }
        let position = self.list.before(self.end)?;
        self.end = position.at();
        Some(self.list.get(position))
    }
}
