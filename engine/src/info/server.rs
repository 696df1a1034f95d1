//! The section `server`: what runs, where, since when.

use super::Source;
use super::field::{Field, Figure, bytes, flag, text, word};
use crate::base::crc64;
use crate::config::{Id, Supervised};
use crate::keyspace::access::lru_clock;
use alloc::format;
use alloc::string::String;

pub(super) const FIELDS: &[Field] = &[
    Field::new("redis_version", |source| word(source.server.personality.redis_version)),
    Field::valkey("server_name", |source| word(source.server.personality.server)),
    Field::valkey("valkey_version", |source| word(source.server.personality.version)),
    Field::valkey("valkey_release_stage", |_| word("ga")),
    Field::new("redis_git_sha1", |_| word("00000000")),
    Field::new("redis_git_dirty", |_| word("0")),
    Field::new("redis_build_id", |_| {
        text(format_args!("{:016x}", crc64::checksum(env!("CARGO_PKG_VERSION").as_bytes())))
    }),
    Field::redis("redis_mode", mode),
    Field::valkey("server_mode", mode),
    Field::new("os", |source| bytes(source.server.host.system.as_bytes())),
    Field::new("arch_bits", |_| usize::BITS.into()),
    Field::new("monotonic_clock", |_| word("POSIX clock_gettime")),
    Field::new("multiplexing_api", |source| bytes(source.server.host.multiplexing.as_bytes())),
    Field::redis("atomicvar_api", |_| word("rust-core")),
    Field::new("gcc_version", |_| word("0.0.0")),
    Field::new("process_id", |source| source.server.host.process_id.into()),
    Field::new("process_supervised", |source| word(supervised(source))),
    Field::new("run_id", |source| bytes(&source.server.run_id)),
    Field::new("tcp_port", |source| tcp_port(source).into()),
    Field::new("server_time_usec", |source| source.now.unix.0.into()),
    Field::new("uptime_in_seconds", |source| (source.uptime() / 1_000_000).into()),
    Field::new("uptime_in_days", |source| (source.uptime() / 86_400_000_000).into()),
    Field::new("hz", |source| source.server.config.integer(Id::Hz).into()),
    Field::new("configured_hz", |source| source.server.config.integer(Id::Hz).into()),
    Field::valkey("clients_hz", |source| source.server.config.integer(Id::Hz).into()),
    Field::new("lru_clock", |source| lru_clock(source.now).into()),
    Field::new("executable", |source| bytes(source.server.executable.as_bytes())),
    Field::new("config_file", |source| bytes(source.server.config_file.as_deref().unwrap_or_default().as_bytes())),
    Field::new("io_threads_active", |source| flag(source.server.config.integer(Id::IoThreads) > 1)),
    Field::new("shutdown_in_milliseconds", |source| {
        source.server.persistence.shutdown_in_ms(source.now).map_or(Figure::Absent, Figure::from)
    }),
    Field::valkey("availability_zone", |source| bytes(source.server.config.text(Id::AvailabilityZone))),
    Field::new("listener0", listeners),
];

fn mode(source: &Source<'_>) -> Figure {
    word(if source.server.config.boolean(Id::ClusterEnabled) { "cluster" } else { "standalone" })
}

fn supervised(source: &Source<'_>) -> &'static str {
    match source.server.config.chosen::<Supervised>(Id::Supervised) {
        Supervised::Systemd => "systemd",
        Supervised::Upstart => "upstart",
        _ => "no",
    }
}

/// The port for plain connections, or where there is none that for TLS.
fn tcp_port(source: &Source<'_>) -> i64 {
    match source.server.config.integer(Id::Port) {
        0 => source.server.config.integer(Id::TlsPort),
        port => port,
    }
}

/// A line for each way to connect.
fn listeners(source: &Source<'_>) -> Figure {
    let config = &source.server.config;
    let binds: String =
        config.binds().iter().map(|address| format!(",bind={}", String::from_utf8_lossy(address))).collect();
    let mut listeners = alloc::vec::Vec::new();
    for (name, id) in [("tcp", Id::Port), ("tls", Id::TlsPort)] {
        if config.integer(id) > 0 {
            listeners.push(format!("name={name}{binds},port={}", config.integer(id)));
        }
    }
    if let Some(path) = config.optional_text(Id::Unixsocket) {
        listeners.push(format!("name=unix,bind={}", String::from_utf8_lossy(path)));
    }
    let lines = listeners.iter().enumerate().map(|(index, listener)| format!("listener{index}:{listener}\r\n"));
    Figure::Lines(lines.collect())
}
