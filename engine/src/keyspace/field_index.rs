//! The keys of a database with fields that expire, by the time at which the
//! first of each does: what is due is found without looking at anything else.
//!
//! ```text
//! (time, key), (time, key), ...    in the order of times
//!   time: what the value itself tells, so that it need not be kept twice
//! ```
//!
//! A time may be too early, never too late: whoever finds nothing due there
//! brings the value's own bound up, and the key to its place.

use crate::data::collection::Body;
use crate::data::entry::Content;
use crate::data::shape::Type;
use crate::data::slab::block_size;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;

/// Bytes of an index entry besides its key: its part of a node that is not full.
const ENTRY_BYTES: usize = 40;

/// Keys by the time at which their first field expires.
#[derive(Default, Debug)]
pub(super) struct FieldIndex {
    keys: BTreeSet<(i64, Box<[u8]>)>,
    bytes: usize,
}

impl FieldIndex {
    /// Number of keys.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Bytes of all that it has allocated, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The key whose first field expires before all others, if that is before a
    /// time.
    pub(super) fn first_before(&self, before_ms: i64) -> Option<&[u8]> {
        self.keys.first().filter(|(at, _)| *at < before_ms).map(|(_, key)| &**key)
    }

    /// The first field of a key expires at another time than before.
    #[inline]
    pub(super) fn change(&mut self, key: &[u8], before: Option<i64>, after: Option<i64>) {
        if before != after {
            self.move_key(key, before, after);
        }
    }

    #[cold]
    fn move_key(&mut self, key: &[u8], before: Option<i64>, after: Option<i64>) {
        let size = block_size(key.len()) + ENTRY_BYTES;
        let key: Box<[u8]> = key.into();
        let found = before.and_then(|at| self.keys.take(&(at, key.clone())));
        self.bytes -= if found.is_some() { size } else { 0 };
        if let Some(at) = after
            && self.keys.insert((at, key))
        {
            self.bytes += size;
        }
    }
}

/// When the first field of a value expires, if one does.
#[inline]
pub(super) fn first_expiry(content: Content<'_>) -> Option<i64> {
    match content {
        Content::Large(Type::Hash, collection) => collection.members().next_expiry(),
        _ => None,
    }
}

/// Likewise, of a value outside of its entry.
#[inline]
pub(super) fn first_expiry_of(body: &Body, value_type: Type) -> Option<i64> {
    first_expiry(body.content(value_type))
}
