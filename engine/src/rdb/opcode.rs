//! The bytes that stand where a value's type may stand, and the markers inside lengths and module values.

/// Replica of a slot migration in progress: job name, range count, ranges. Since version 80.
pub(super) const SLOT_IMPORT: u8 = 243;
/// Size hint of one slot: slot, keys, expires. Safe to ignore. Since version 80.
pub(super) const SLOT_INFO: u8 = 244;
/// A function library's source text.
pub(super) const FUNCTION: u8 = 245;
/// A function library as release candidates of 7.0 wrote it.
pub(super) const FUNCTION_PRE_RELEASE: u8 = 246;
/// Data of a module that belongs to no key.
pub(super) const MODULE_AUX: u8 = 247;
/// Seconds since the next key was used.
pub(super) const IDLE: u8 = 248;
/// Access frequency of the next key, a logarithmic counter.
pub(super) const FREQUENCY: u8 = 249;
/// A named text about the file.
pub(super) const AUX: u8 = 250;
/// Size hint of the selected database: keys, expires.
pub(super) const RESIZE_DB: u8 = 251;
/// Expiry of the next key, unix milliseconds.
pub(super) const EXPIRE_MILLISECONDS: u8 = 252;
/// Expiry of the next key, unix seconds: read only.
pub(super) const EXPIRE_SECONDS: u8 = 253;
/// The database of the keys that follow.
pub(super) const SELECT_DB: u8 = 254;
/// End of the file, but for the checksum.
pub(super) const END: u8 = 255;

/// First byte of a 14-bit length.
pub(super) const LENGTH_14_BIT: u8 = 0x40;
/// Only first byte of a 32-bit length.
pub(super) const LENGTH_32_BIT: u8 = 0x80;
/// Only first byte of a 64-bit length.
pub(super) const LENGTH_64_BIT: u8 = 0x81;
/// Set in the first byte where no length but an encoding follows.
pub(super) const ENCODED: u8 = 0xC0;

/// A string that is the decimal text of an 8-bit integer.
pub(super) const ENCODING_INT8: u8 = 0;
/// A string that is the decimal text of a 16-bit integer.
pub(super) const ENCODING_INT16: u8 = 1;
/// A string that is the decimal text of a 32-bit integer.
pub(super) const ENCODING_INT32: u8 = 2;
/// A string compressed with LZF.
pub(super) const ENCODING_LZF: u8 = 3;

/// Ends a module's value.
pub(super) const MODULE_END: u64 = 0;
/// A signed integer in a module's value, written as a length.
pub(super) const MODULE_SIGNED: u64 = 1;
/// An unsigned integer in a module's value, written as a length.
pub(super) const MODULE_UNSIGNED: u64 = 2;
/// Four bytes of a float in a module's value.
pub(super) const MODULE_FLOAT: u64 = 3;
/// Eight bytes of a double in a module's value.
pub(super) const MODULE_DOUBLE: u64 = 4;
/// A string in a module's value.
pub(super) const MODULE_STRING: u64 = 5;
