//! Strings.

mod get;
mod getdel;
mod getex;
mod increment;
mod lcs;
mod mset;
mod range;
mod set;
#[cfg(test)]
mod tests;

use crate::command::spec::Command;

/// The family.
pub const COMMANDS: &[Command] = &[
    get::GET,
    set::SET,
    set::SETNX,
    set::SETEX,
    set::PSETEX,
    set::GETSET,
    getex::GETEX,
    getdel::GETDEL,
    getdel::DELIFEQ,
    get::MGET,
    mset::MSET,
    mset::MSETNX,
    mset::MSETEX,
    range::APPEND,
    get::STRLEN,
    range::SETRANGE,
    range::GETRANGE,
    range::SUBSTR,
    increment::INCR,
    increment::DECR,
    increment::INCRBY,
    increment::DECRBY,
    increment::INCRBYFLOAT,
    lcs::LCS,
];
