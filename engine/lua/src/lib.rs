//! The place of the Lua 5.1 that runs scripts and functions.
//!
//! Nothing is here yet but the promise that the folder makes: no `std`, no
//! unsafe code, and no knowledge of Redis. `engine` depends on this crate and
//! never the other way round.
#![no_std]
#![forbid(unsafe_code)]

/// The version string that scripts see as `_VERSION`.
pub const VERSION: &str = "Lua 5.1";
