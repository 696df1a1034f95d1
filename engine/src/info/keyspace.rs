//! The section `keyspace`: a line for each database that holds keys.

use super::Source;
use alloc::string::String;
use core::fmt::Write;

pub(super) fn lines(source: &Source<'_>, out: &mut String) {
    for (id, database) in source.keyspace.databases().filter(|(_, database)| !database.is_empty()) {
        let (keys, expires, ttl) = (database.len(), database.volatile(), database.average_ttl_ms);
        let _ = write!(out, "db{}:keys={keys},expires={expires},avg_ttl={ttl}", id.0);
        if source.server.personality.is_valkey() {
            let _ = write!(out, ",keys_with_volatile_items={}", database.keys_with_expiring_fields());
        }
        out.push_str("\r\n");
    }
}
