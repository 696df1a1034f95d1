//! When a small collection becomes a large one.

use crate::base::sip_hash::SipKey;
use crate::data::stream::NodeLimits;

/// The parameters that say up to where collections stay small.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// `set-max-intset-entries`.
    pub set_intset_entries: usize,
    /// `set-max-listpack-entries`.
    pub set_listpack_entries: usize,
    /// `set-max-listpack-value`, bytes.
    pub set_listpack_value: usize,
    /// `hash-max-listpack-entries`.
    pub hash_listpack_entries: usize,
    /// `hash-max-listpack-value`, bytes.
    pub hash_listpack_value: usize,
    /// `zset-max-listpack-entries`.
    pub sorted_listpack_entries: usize,
    /// `zset-max-listpack-value`, bytes.
    pub sorted_listpack_value: usize,
    /// `list-max-listpack-size`: elements of a node, or, if negative, its bytes in
    /// five steps.
    pub list_node: i32,
    /// `list-compress-depth`: nodes at each end that are not compressed; 0
    /// compresses none.
    pub list_compress_depth: u32,
    /// `stream-node-max-bytes` and `stream-node-max-entries`.
    pub stream_node: NodeLimits,
}

/// No listpack grows beyond this, whatever the parameters say; bytes.
pub const LISTPACK_BYTES_MAX: usize = 1 << 30;

/// What collections are made by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Where the encoding changes.
    pub limits: Limits,
    /// The key that members are hashed by.
    pub sip: SipKey,
}

impl Default for Limits {
    /// What the parameters are by default.
    fn default() -> Limits {
        Limits {
            set_intset_entries: 512,
            set_listpack_entries: 128,
            set_listpack_value: 64,
            hash_listpack_entries: 128,
            hash_listpack_value: 64,
            sorted_listpack_entries: 128,
            sorted_listpack_value: 64,
            list_node: -2,
            list_compress_depth: 0,
            stream_node: NodeLimits { bytes: 4096, entries: 100 },
        }
    }
}
