//! What the codec carries for a key: its value and what eviction knows about it.

/// A value, borrowed. A closed set: another type is another variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// A string, of any bytes.
    String(&'a [u8]),
    /// A string that is the decimal text of this integer.
    Integer(i64),
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
