//! An entry outside of any table: what RENAME, MOVE and COPY carry from one key
//! to another. A large value keeps its buffer on the way.

use crate::data::entry::{Entry, EntryRef, NewEntry, StringEncoding, Value};
use crate::data::slab::Slab;
use alloc::vec::Vec;

/// An entry without its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedEntry {
    value: OwnedValue,
    /// Expiry, milliseconds since 1970.
    pub expire_at_ms: Option<i64>,
    raw: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum OwnedValue {
    Integer(i64),
    Bytes(Vec<u8>),
}

impl OwnedEntry {
    /// A copy of an entry.
    pub fn copy_of(entry: EntryRef<'_>) -> OwnedEntry {
        let value = match entry.value() {
            Value::Integer(number) => OwnedValue::Integer(number),
            Value::Bytes(bytes) => OwnedValue::Bytes(bytes.to_vec()),
        };
        let raw = entry.string_encoding() == StringEncoding::Raw;
        OwnedEntry { value, expire_at_ms: entry.expire_at_ms(), raw }
    }

    /// What is in an entry that left its table; its large value moves here.
    /// [`Entry::release`] follows.
    pub(crate) fn take(entry: Entry, slab: &mut Slab) -> OwnedEntry {
        let (raw, expire_at_ms) = (entry.string_encoding() == StringEncoding::Raw, entry.expire_at_ms());
        match entry.take_large(slab) {
            Some(buffer) => OwnedEntry { value: OwnedValue::Bytes(buffer), expire_at_ms, raw },
            None => OwnedEntry::copy_of(EntryRef::of(&entry)),
        }
    }

    /// Makes an entry of it, under a key.
    pub(crate) fn into_entry(self, slab: &mut Slab, key: &[u8], access: u32) -> Entry {
        let new = NewEntry { key, value: Value::Integer(0), expire_at_ms: self.expire_at_ms, access, raw: self.raw };
        match self.value {
            OwnedValue::Integer(number) => Entry::new(slab, &NewEntry { value: Value::Integer(number), ..new }),
            OwnedValue::Bytes(bytes) if new.is_large(bytes.len()) => Entry::with_buffer(slab, &new, bytes),
            OwnedValue::Bytes(bytes) => Entry::new(slab, &NewEntry { value: Value::Bytes(&bytes), ..new }),
        }
    }
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
            let new = NewEntry { key: b"a", value, expire_at_ms: Some(9), access: 7, raw: false };
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
