//! Values as they are read, stored and dropped.

use crate::base::number::{format_double, format_i64, parse_i64};
use crate::data::collection::Collection;
use crate::data::fields::HashRef;
use crate::data::list::ListRef;
use crate::data::set::SetRef;
use crate::data::shape::{Packing, Type};
use crate::data::sorted_set::SortedRef;
use crate::data::stream::Stream;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A value as it is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'a> {
    /// A string that is stored as an integer.
    Integer(i64),
    /// Any other string.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// A string as it is stored: as an integer if it is one's only spelling.
    #[inline]
    pub fn encode(bytes: &'a [u8]) -> Value<'a> {
        parse_i64(bytes).map_or(Value::Bytes(bytes), Value::Integer)
    }

    /// The string's bytes; those of an integer are written to `buffer`.
    #[inline]
    pub fn bytes<'b>(self, buffer: &'b mut [u8; 20]) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Value::Integer(number) => format_i64(number, buffer),
            Value::Bytes(bytes) => bytes,
        }
    }

    /// The string's length.
    #[inline]
    pub fn length(self) -> usize {
        self.bytes(&mut [0; 20]).len()
    }
}

/// The encoding of a string, by the name that OBJECT ENCODING answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StringEncoding {
    /// An integer.
    Int,
    /// A short string that nothing has modified in place.
    Embstr,
    /// Any other string.
    Raw,
}

/// How an entry keeps its value: what its size depends on besides the value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Storage {
    /// As an integer of so many bytes.
    Integer(usize),
    /// Its bytes, behind the key.
    Inline,
    /// In a buffer of this capacity.
    Buffer(usize),
    /// A large collection.
    Collection,
}

/// A value as it is read, whatever its type.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// A string.
    String(Value<'a>),
    /// A small collection.
    Packed(Type, Packing, &'a [u8]),
    /// A large collection.
    Large(Type, &'a Collection),
}

impl Content<'_> {
    /// Number of elements of a collection, a pair counting as one.
    pub fn len(self) -> usize {
        let of_set = SetRef::of(self).map(SetRef::len);
        let of_hash = || HashRef::of(self).map(HashRef::len);
        let of_list = || ListRef::of(self).map(ListRef::len);
        let of_sorted = || SortedRef::of(self).map(SortedRef::len);
        let of_stream = || Stream::of(self).map(|stream| usize::try_from(stream.len()).unwrap_or(usize::MAX));
        of_set.or_else(of_hash).or_else(of_list).or_else(of_sorted).or_else(of_stream).unwrap_or(0)
    }

    /// True if there is none: of a stream, which is a value all the same.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Visits the elements of a collection: members, fields with their values, or
    /// members with their scores. None of a stream: it is more than its elements.
    pub fn for_each_element(self, mut visit: impl FnMut(Value<'_>, Option<Value<'_>>)) {
        if let Some(set) = SetRef::of(self) {
            set.iter().for_each(|member| visit(member, None));
        } else if let Some(hash) = HashRef::of(self) {
            hash.iter().for_each(|(field, value)| visit(field, Some(value)));
        } else if let Some(list) = ListRef::of(self) {
            list.visit(0, usize::MAX, |element| visit(element, None));
        } else if let Some(set) = SortedRef::of(self) {
            set.iter().for_each(|(member, score)| {
                visit(member, Some(Value::Bytes(format_double(score).as_bytes())));
            });
        }
    }
}

/// What an entry owned besides its slot: takes long to drop.
#[derive(Debug)]
pub enum Large {
    /// The buffer of a value.
    Buffer(Vec<u8>),
    /// A collection.
    Collection(Box<Collection>),
}
