//! Commands on keys of any type and on whole databases.

pub mod copy;
pub mod database;
pub mod delete;
pub mod dump;
pub mod exists;
pub mod expire;
pub mod keys;
mod migrate;
pub mod object;
pub mod rename;
pub mod scan;
mod sort;
pub mod ttl;

#[cfg(test)]
mod tests;

use crate::command::spec::Command;

/// The family.
pub const COMMANDS: &[Command] = &[
    delete::DEL,
    delete::UNLINK,
    exists::EXISTS,
    exists::TYPE,
    exists::TOUCH,
    rename::RENAME,
    rename::RENAMENX,
    copy::COPY,
    copy::MOVE,
    database::DBSIZE,
    database::SWAPDB,
    database::FLUSHDB,
    database::FLUSHALL,
    keys::KEYS,
    keys::RANDOMKEY,
    scan::SCAN,
    expire::EXPIRE,
    expire::PEXPIRE,
    expire::EXPIREAT,
    expire::PEXPIREAT,
    ttl::TTL,
    ttl::PTTL,
    ttl::EXPIRETIME,
    ttl::PEXPIRETIME,
    ttl::PERSIST,
    object::OBJECT,
    dump::DUMP,
    dump::RESTORE,
    migrate::MIGRATE,
    sort::SORT,
    sort::SORT_RO,
];
