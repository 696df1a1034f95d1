//! The lowest layer of the engine: pure functions over bytes and numbers that know nothing of Redis's data or clients.
//!
//! Everything here is a value in, a value out: number text as the reference reads and writes it, glob patterns, checksums,
//! the LZF codec, keyed hashing, the one random generator, argument splitting. Nothing here keeps global state, allocates more than its
//! result needs, or panics on any input. Higher layers import this one; it imports none of them.

pub mod argv;
pub mod crc16;
pub mod crc64;
pub mod fingerprint;
pub mod glob;
pub mod image;
pub mod long_double;
pub mod lzf;
pub mod number;
pub mod random;
pub mod sha1;
pub mod sip_hash;
