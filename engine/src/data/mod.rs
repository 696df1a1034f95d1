//! The data structures that the product is for: where entries live, and how
//! a key finds its entry.
//!
//! This is the only layer in which unsafe code is allowed, each file by name.
//! Nothing here knows a command, a client or the time.

pub mod collection;
pub mod entry;
pub mod fields;
pub mod hash;
pub mod held;
pub mod intset;
pub mod limits;
pub mod list;
pub mod listpack;
pub mod members;
pub mod owned;
pub mod parts;
pub mod segment;
pub mod set;
pub mod shape;
mod shared;
pub mod slab;
pub mod sorted;
pub mod sorted_set;
pub mod stream;
pub mod table;
pub mod value;
