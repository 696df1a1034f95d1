//! The RDB format as a pure codec: snapshots, DUMP payloads and the check of a file.
//!
//! Nothing here knows a file, a clock or the keyspace: bytes go in or out, times are arguments, and what to do with
//! an item (expire it, refuse a module, load a function) is the engine's decision. Nothing here panics on bad input,
//! nor allocates more than the input that arrived justifies.
//!
//! ```text
//! +-----------+-----+-----------------------------------------------------------+------+---------+
//! | REDIS0011 | AUX | FUNCTION2 | SELECTDB RESIZEDB entry entry … | SELECTDB …    | EOF  | CRC-64  |
//! | VALKEY080 |  …  |     …     |                                              | 0xFF | 8 bytes |
//! +-----------+-----+-----------------------------------------------------------+------+---------+
//!   9 bytes                                                                       little endian, 0 = not computed
//!
//! entry   [0xFC i64 le, ms | 0xFD i32 le, s]  [0xF8 length, idle s | 0xF9 u8, frequency]  type  key  value
//!
//! length  00LLLLLL                       6 bits            string  length bytes           as they are
//!         01LLLLLL LLLLLLLL              14 bits                   0xC0 i8, 0xC1 i16, 0xC2 i32   decimal text, le
//!         10000000 u32                   32 bits, be               0xC3 length length bytes      LZF: compressed
//!         10000001 u64                   64 bits, be                                             size, plain size
//! ```
//!
//! Versions 1 to 11 and Valkey's 80 are read, 10 and 11 written, and 80 where hashes have fields that expire; 12 to 79
//! belong to another product. How a value stands
//! there depends on its type: [`content`] writes all of them, [`building`] reads collections.

mod building;
pub mod check;
mod content;
mod cursor;
mod decode;
pub mod dump;
mod encode;
pub mod error;
pub mod module_name;
pub mod object_type;
mod opcode;
pub mod read;
mod stream;
pub mod value;
pub mod version;
pub mod write;
mod ziplist;
mod zipmap;

#[cfg(test)]
mod tests;

pub use check::{Checker, Verdict};
pub use error::LoadError;
pub use read::{Checksum, Item, Reader};
pub use value::{Eviction, ValueRef};
pub use version::WriteVersion;
pub use write::{WriteOptions, Writer};
