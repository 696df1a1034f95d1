//! Why bytes are not an RDB file that can be loaded.

use core::fmt;

use super::object_type;

/// What is wrong with a collection. Its `Display` is the text that the references log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A set's intset.
    Intset,
    /// A set's listpack.
    SetListpack,
    /// A member that comes twice.
    SetMembers,
    /// A list's listpack.
    ListNode,
    /// A list's node that is neither a listpack nor an element.
    ListContainer,
    /// A list's ziplist.
    ListZiplist,
    /// The ziplist of a list's node.
    NodeZiplist,
    /// A hash's ziplist.
    HashZiplist,
    /// A hash's zipmap.
    Zipmap,
    /// A field of a zipmap, of so many bytes, that comes twice.
    ZipmapFields(usize),
    /// A hash's listpack.
    HashListpack,
    /// A field that comes twice.
    HashFields,
    /// A sorted set's ziplist.
    SortedSetZiplist,
    /// A sorted set's listpack.
    SortedSetListpack,
    /// A member of a sorted set that comes twice.
    SortedSetMembers,
    /// A score that is no number.
    SortedSetScore,
    /// A field's expiry that is no time.
    FieldExpiry,
    /// The id of a stream's node is too short, or too long.
    StreamNodeId,
    /// A stream's listpack.
    StreamNode,
    /// A stream's node that does not come behind the one before it.
    StreamNodeOrder,
    /// A stream that has entries, but no nodes.
    StreamLength,
    /// A group that comes twice.
    StreamGroups,
    /// An entry that is pending twice in a group.
    StreamPending,
    /// A consumer that comes twice.
    StreamConsumers,
    /// What is pending of a consumer, but not in its group.
    StreamNotPending,
    /// What is pending of two consumers.
    StreamPendingTwice,
    /// What is pending of nobody.
    StreamPendingOfNobody,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Fault::ZipmapFields(size) => {
                return write!(formatter, "Hash zipmap with dup elements, or big length ({size})");
            }
            Fault::ListZiplist => "List ziplist integrity check failed.",
            Fault::NodeZiplist => "Ziplist integrity check failed.",
            Fault::HashZiplist => "Hash ziplist integrity check failed.",
            Fault::Zipmap => "Zipmap integrity check failed.",
            Fault::Intset => "Intset integrity check failed.",
            Fault::SetListpack => "Set listpack integrity check failed.",
            Fault::SetMembers => "Duplicate set members detected",
            Fault::ListNode => "Listpack integrity check failed.",
            Fault::ListContainer => "Quicklist integrity check failed.",
            Fault::HashListpack => "Hash listpack integrity check failed.",
            Fault::HashFields => "Duplicate hash fields detected",
            Fault::SortedSetZiplist => "Zset ziplist integrity check failed.",
            Fault::SortedSetListpack => "Zset listpack integrity check failed.",
            Fault::SortedSetMembers => "Duplicate zset fields detected",
            Fault::SortedSetScore => "Zset with NAN score detected",
            Fault::FieldExpiry => "Invalid hash field expiry",
            Fault::StreamNodeId => "Stream node key entry is not the size of a stream ID",
            Fault::StreamNode => "Stream listpack integrity check failed.",
            Fault::StreamNodeOrder => "Listpack re-added with existing key",
            Fault::StreamLength => "Stream length inconsistent with rax entries",
            Fault::StreamGroups => "Duplicated consumer group name loaded from stream",
            Fault::StreamPending => "Duplicated global PEL entry loading stream consumer group",
            Fault::StreamConsumers => "Duplicate stream consumer detected",
            Fault::StreamNotPending => "Consumer entry not found in group global PEL",
            Fault::StreamPendingTwice => "Duplicated consumer PEL entry loading a stream consumer group",
            Fault::StreamPendingOfNobody => "NACK entry without consumer",
        })
    }
}

/// Why loading stopped. Its `Display` is the text that the references log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The file starts with neither magic.
    WrongSignature,
    /// A version that is from the future, another product's, or does not belong to the magic.
    UnsupportedVersion(i32),
    /// The input ended inside an item, or a length is the one that no length may be.
    UnexpectedEnd,
    /// The two high bits of a length's first byte are 2, and the byte is no marker.
    UnknownLengthEncoding(u8),
    /// A string has an encoding that is neither an integer's nor LZF.
    UnknownStringEncoding(u8),
    /// LZF data that does not expand to the size it states.
    InvalidCompressedString,
    /// A byte that is neither an opcode nor a type in this version.
    UnknownType(u8),
    /// A type that exists but is not decoded yet.
    UnsupportedType(u8),
    /// A collection that is not what its type says.
    Damaged(Fault),
    /// A function library as release candidates of 7.0 wrote it.
    PreReleaseFunction,
    /// A module's data does not say when to load it.
    BadModuleWhen,
    /// The bytes are not those that the checksum was made of.
    ChecksumMismatch {
        /// What the bytes hash to.
        expected: u64,
        /// What the file states.
        found: u64,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            LoadError::WrongSignature => formatter.write_str("Wrong signature trying to load DB from file"),
            LoadError::UnsupportedVersion(version) => {
                write!(formatter, "Can't handle RDB format version {version}")
            }
            LoadError::UnexpectedEnd => formatter.write_str("Unexpected EOF reading RDB file"),
            LoadError::UnknownLengthEncoding(encoding) => {
                write!(formatter, "Unknown length encoding {encoding} in rdbLoadLen()")
            }
            LoadError::UnknownStringEncoding(encoding) => {
                write!(formatter, "Unknown RDB string encoding type {encoding}")
            }
            LoadError::InvalidCompressedString => formatter.write_str("Invalid LZF compressed string"),
            LoadError::UnknownType(byte) => write!(formatter, "Unknown RDB encoding type {byte}"),
            LoadError::UnsupportedType(byte) => {
                write!(formatter, "Unsupported RDB value type {byte} ({})", object_type::name(byte))
            }
            LoadError::Damaged(fault) => fault.fmt(formatter),
            LoadError::PreReleaseFunction => formatter.write_str("Pre-release function format not supported."),
            LoadError::BadModuleWhen => formatter.write_str("bad when_opcode"),
            LoadError::ChecksumMismatch { expected, found } => {
                write!(formatter, "Wrong RDB checksum expected: ({expected:x}) but got ({found:x}). Aborting now.")
            }
        }
    }
}

impl core::error::Error for LoadError {}
