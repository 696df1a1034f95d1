//! What the codec carries for a key: its value and what eviction knows about it.

use crate::data::entry::{Content, Value};

/// A string, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// A string, of any bytes.
    String(&'a [u8]),
    /// A string that is the decimal text of this integer.
    Integer(i64),
}

impl<'a> From<ValueRef<'a>> for Content<'a> {
    fn from(value: ValueRef<'a>) -> Content<'a> {
        Content::String(match value {
            ValueRef::String(text) => Value::Bytes(text),
            ValueRef::Integer(number) => Value::Integer(number),
        })
    }
}

/// What eviction knows about a key, depending on the policy that was in force when it was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// Under an LRU policy.
    Lru {
        /// Seconds since the key was last used.
        idle_seconds: u64,
    },
    /// Under an LFU policy.
    Lfu {
        /// The logarithmic access counter.
        frequency: u8,
    },
}
