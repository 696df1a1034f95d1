//! The section `keyspace`: a line for each database that holds keys.

use super::Source;
use alloc::string::String;
use core::fmt::Write;

pub(super) fn lines(source: &Source<'_>, out: &mut String) {
    let more = if source.server.personality.is_valkey() { ",keys_with_volatile_items=0" } else { "" };
    for (id, database) in source.keyspace.databases().filter(|(_, database)| !database.is_empty()) {
        let (keys, expires, ttl) = (database.len(), database.volatile(), database.average_ttl_ms);
        let _ = write!(out, "db{}:keys={keys},expires={expires},avg_ttl={ttl}{more}\r\n", id.0);
    }
}
