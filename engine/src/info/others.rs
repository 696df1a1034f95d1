//! Sections about what is small, or does not exist yet.

use super::Source;
use super::field::{Field, flag, word, zero};
use crate::config::Id;
use alloc::string::String;

/// No module can be loaded.
pub(super) fn modules(_source: &Source<'_>, _out: &mut String) {}

pub(super) const CLUSTER: &[Field] =
    &[Field::new("cluster_enabled", |source| flag(source.server.config.boolean(Id::ClusterEnabled)))];

pub(super) const SCRIPTING_ENGINES: &[Field] = &[
    Field::valkey("engines_count", zero),
    Field::valkey("engines_total_used_memory", zero),
    Field::valkey("engines_total_memory_overhead", zero),
];

pub(super) const TLS: &[Field] = &[
    Field::valkey("tls_server_cert_serial", |_| word("none")),
    Field::valkey("tls_server_cert_expires_in_seconds", zero),
    Field::valkey("tls_client_cert_serial", |_| word("none")),
    Field::valkey("tls_client_cert_expires_in_seconds", zero),
    Field::valkey("tls_ca_cert_serial", |_| word("none")),
    Field::valkey("tls_ca_cert_expires_in_seconds", zero),
];
