//! An entry outside of any table: what RENAME, MOVE and COPY carry from one key
//! to another. A large value keeps its buffer on the way.

use crate::data::collection::{Body, Collection};
use crate::data::entry::{Content, Entry, EntryRef, Large, NewEntry, StringEncoding, Value};
use crate::data::shape::{Shape, Type};
use crate::data::slab::Slab;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// An entry without its key.
#[derive(Clone, Debug)]
pub struct OwnedEntry {
    value: OwnedValue,
    /// Expiry, milliseconds since 1970.
    pub expire_at_ms: Option<i64>,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum OwnedValue {
    Integer(i64),
    Bytes(Vec<u8>),
    Collection(Box<Collection>),
}

impl OwnedEntry {
    /// A collection.
    pub fn collection(value_type: Type, body: Body, expire_at_ms: Option<i64>) -> OwnedEntry {
        let shape = body.shape(value_type);
        let value = match body {
            Body::Packed(_, bytes) => OwnedValue::Bytes(bytes),
            Body::Large(collection) => OwnedValue::Collection(collection),
        };
        OwnedEntry { value, expire_at_ms, shape }
    }

    /// A string whose encoding is `raw`.
    pub fn string(bytes: Vec<u8>, expire_at_ms: Option<i64>) -> OwnedEntry {
        OwnedEntry { value: OwnedValue::Bytes(bytes), expire_at_ms, shape: Shape::string(true) }
    }

    /// A copy of an entry.
    pub fn copy_of(entry: EntryRef<'_>) -> OwnedEntry {
        let value = match entry.content() {
            Content::String(Value::Integer(number)) => OwnedValue::Integer(number),
            Content::String(Value::Bytes(bytes)) | Content::Packed(_, _, bytes) => OwnedValue::Bytes(bytes.to_vec()),
            Content::Large(_, collection) => OwnedValue::Collection(Box::new(collection.clone())),
        };
        OwnedEntry { value, expire_at_ms: entry.expire_at_ms(), shape: shape_of_copy(entry) }
    }

    /// What is in an entry that left its table; its large value moves here.
    /// [`Entry::release`] follows.
    pub(crate) fn take(entry: Entry, slab: &mut Slab) -> OwnedEntry {
        let (shape, expire_at_ms) = (shape_of_copy(EntryRef::of(&entry)), entry.expire_at_ms());
        let value = match entry.take_large(slab) {
            Some(Large::Buffer(buffer)) => OwnedValue::Bytes(buffer),
            Some(Large::Collection(collection)) => OwnedValue::Collection(collection),
            None => return OwnedEntry::copy_of(EntryRef::of(&entry)),
        };
        OwnedEntry { value, expire_at_ms, shape }
    }

    /// Makes an entry of it, under a key.
    pub(crate) fn into_entry(self, slab: &mut Slab, key: &[u8], access: u32) -> Entry {
        let OwnedEntry { value, expire_at_ms, shape } = self;
        let new = NewEntry { key, value: Value::Bytes(&[]), expire_at_ms, access, shape };
        match value {
            OwnedValue::Integer(number) => Entry::new(slab, &NewEntry { value: Value::Integer(number), ..new }),
            OwnedValue::Bytes(bytes) if new.is_large(bytes.len()) => Entry::with_buffer(slab, &new, bytes),
            OwnedValue::Bytes(bytes) => Entry::new(slab, &NewEntry { value: Value::Bytes(&bytes), ..new }),
            OwnedValue::Collection(collection) => Entry::with_collection(slab, &new, collection),
        }
    }
}

/// A copy of a string is no longer `embstr` if it can't be one.
fn shape_of_copy(entry: EntryRef<'_>) -> Shape {
    if entry.shape().is_string() {
        return Shape::string(entry.string_encoding() == StringEncoding::Raw);
    }
    entry.shape()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn large_values_keep_their_buffer() {
        let (mut from, mut to) = (Slab::new(), Slab::new());
        let large = vec![3; 100_000];
        for (value, moves) in [(Value::Integer(5), false), (Value::Bytes(b"v"), false), (Value::Bytes(&large), true)] {
            let new = NewEntry { key: b"a", value, expire_at_ms: Some(9), access: 7, shape: Shape::STRING };
            let entry = Entry::new(&mut from, &new);
            let address = |entry: Entry| match entry.value() {
                Value::Bytes(bytes) => Some(bytes.as_ptr()),
                Value::Integer(_) => None,
            };
            let before = address(entry);
            let owned = OwnedEntry::take(entry, &mut from);
            entry.release(&mut from);
            assert_eq!(from.used_bytes(), 0);
            let entry = owned.into_entry(&mut to, b"another", 8);
            assert_eq!((entry.key(), entry.value()), (&b"another"[..], value));
            assert_eq!((entry.expire_at_ms(), entry.access()), (Some(9), 8));
            assert_eq!(address(entry) == before && before.is_some(), moves);
            let copy = OwnedEntry::copy_of(EntryRef::of(&entry)).into_entry(&mut to, b"third", 8);
            assert_eq!(copy.value(), value);
            for entry in [entry, copy] {
                drop(entry.take_large(&mut to));
                entry.release(&mut to);
            }
            assert_eq!(to.used_bytes(), 0);
        }
    }
}
