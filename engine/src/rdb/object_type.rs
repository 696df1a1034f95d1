//! The table of value types: which bytes may stand before a key, since which version, under which name.
//!
//! A type joins the codec by a row here and a variant of [`super::ValueRef`]; what has a row but cannot be decoded
//! yet is refused by name.

/// A string.
pub const STRING: u8 = 0;
/// A set, member by member.
pub const SET: u8 = 2;
/// A hash, field by field.
pub const HASH: u8 = 4;
/// A set, as an intset.
pub const SET_INTSET: u8 = 11;
/// A sorted set, scores as text.
pub const SORTED_SET_TEXT: u8 = 3;
/// A sorted set, scores as doubles.
pub const SORTED_SET: u8 = 5;
/// A sorted set, as a ziplist.
pub const SORTED_SET_ZIPLIST: u8 = 12;
/// A sorted set, as a listpack.
pub const SORTED_SET_LISTPACK: u8 = 17;
/// A list, as nodes, each a listpack or one element.
pub const LIST: u8 = 18;
/// A list, element by element.
pub const LIST_LINKED: u8 = 1;
/// A hash, as a zipmap.
pub const HASH_ZIPMAP: u8 = 9;
/// A list, as a ziplist.
pub const LIST_ZIPLIST: u8 = 10;
/// A hash, as a ziplist.
pub const HASH_ZIPLIST: u8 = 13;
/// A list, as nodes, each a ziplist.
pub const LIST_ZIPLISTS: u8 = 14;
/// A hash, as a listpack.
pub const HASH_LISTPACK: u8 = 16;
/// A stream, without what 7.0 added: its first id, what was deleted, how many were added.
pub const STREAM_1: u8 = 15;
/// A stream, without what 7.2 added: when consumers were active.
pub const STREAM_2: u8 = 19;
/// A stream.
pub const STREAM_3: u8 = 21;
/// A set, as a listpack.
pub const SET_LISTPACK: u8 = 20;
/// A hash, field by field, each with its expiry.
pub const HASH_EXPIRING: u8 = 22;

/// One type of value.
pub struct ObjectType {
    /// The byte before the key.
    pub byte: u8,
    /// The name that redis-check-rdb prints.
    pub name: &'static str,
    /// The first version of the format that may hold it.
    pub since_version: i32,
}

const fn row(byte: u8, name: &'static str, since_version: i32) -> ObjectType {
    ObjectType { byte, name, since_version }
}

/// Every type, by ascending byte. Byte 8 was never given out.
pub const OBJECT_TYPES: &[ObjectType] = &[
    row(STRING, "string", 1),
    row(LIST_LINKED, "list-linked", 1),
    row(SET, "set-hashtable", 1),
    row(SORTED_SET_TEXT, "zset-v1", 1),
    row(HASH, "hash-hashtable", 1),
    row(SORTED_SET, "zset-v2", 1),
    row(6, "module-pre-release", 1),
    row(7, "module-value", 1),
    row(HASH_ZIPMAP, "hash-zipmap", 1),
    row(LIST_ZIPLIST, "list-ziplist", 1),
    row(SET_INTSET, "set-intset", 1),
    row(SORTED_SET_ZIPLIST, "zset-ziplist", 1),
    row(HASH_ZIPLIST, "hash-ziplist", 1),
    row(LIST_ZIPLISTS, "quicklist", 1),
    row(STREAM_1, "stream", 1),
    row(HASH_LISTPACK, "hash-listpack", 1),
    row(SORTED_SET_LISTPACK, "zset-listpack", 1),
    row(LIST, "quicklist-v2", 1),
    row(STREAM_2, "stream-v2", 1),
    row(SET_LISTPACK, "set-listpack", 1),
    row(STREAM_3, "stream-v3", 1),
    row(HASH_EXPIRING, "hash-volatile-items", 80),
];

/// The row of `byte`, if a file of `version` may hold that type.
///
/// As the references do, only what Valkey added depends on the version: a version 9 file with a version 11 type is
/// read.
#[must_use]
pub fn lookup(byte: u8, version: i32) -> Option<&'static ObjectType> {
    OBJECT_TYPES.iter().find(|entry| entry.byte == byte && entry.since_version <= version)
}

/// The name of `byte` for people, "unknown" if it has none.
#[must_use]
pub fn name(byte: u8) -> &'static str {
    lookup(byte, i32::MAX).map_or("unknown", |entry| entry.name)
}
