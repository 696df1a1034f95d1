//! What an engine is made from, and how parameters take effect.

use crate::boundary::input::Connection;
use crate::config::{Config, Id, MaxmemoryPolicy};
use crate::keyspace::Keyspace;
use crate::keyspace::access::Access;
use crate::keyspace::eviction::Policy;
use crate::server::personality::Personality;
use crate::server::{HostFacts, Server};
use alloc::string::String;
use alloc::vec::Vec;

/// What an engine is made from.
#[derive(Debug)]
pub struct Options {
    /// Where all randomness comes from.
    pub seed: u64,
    /// The configuration, read from file and command line.
    pub config: Config,
    /// The file that CONFIG REWRITE writes; absolute.
    pub config_file: Option<String>,
    /// The program's path; absolute.
    pub executable: String,
    /// Under which name it runs.
    pub personality: Personality,
    /// Facts of the machine.
    pub host: HostFacts,
    /// `rename-command`: from, to; an empty name removes.
    pub renamed_commands: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Puts all parameters into effect that the engine keeps a copy of.
pub fn apply_all(server: &mut Server, keyspace: &mut Keyspace) {
    let config = &server.config;
    server.bulk_max = config.bytes(Id::ProtoMaxBulkLen).min(i64::MAX as u64) as i64;
    server.password = Some(config.text(Id::Requirepass).to_vec()).filter(|password| !password.is_empty());
    server.memory_limited = config.bytes(Id::Maxmemory) > 0;
    server.statistics.latency_tracking = config.boolean(Id::LatencyTracking);
    server.slow_ns_min = slow_ns_min(config);
    server.refuse_writes_as_configured();
    let config = &server.config;
    keyspace.access = if policy(config).is_lfu() {
        Access::Lfu {
            log_factor: config.integer(Id::LfuLogFactor) as u32,
            decay_minutes: config.integer(Id::LfuDecayTime) as u32,
        }
    } else {
        Access::Lru
    };
}

/// From how many nanoseconds on a command is looked at by the slow log or the
/// latency monitor.
fn slow_ns_min(config: &Config) -> u64 {
    let slow_log =
        u64::try_from(config.integer(Id::SlowlogLogSlowerThan)).map_or(u64::MAX, |us| us.saturating_mul(1000));
    let monitor = match config.unsigned(Id::LatencyMonitorThreshold) {
        0 => u64::MAX,
        milliseconds => milliseconds.saturating_mul(1_000_000),
    };
    slow_log.min(monitor)
}

/// `maxmemory-policy`.
pub fn policy(config: &Config) -> Policy {
    match config.chosen::<MaxmemoryPolicy>(Id::MaxmemoryPolicy) {
        MaxmemoryPolicy::VolatileLru => Policy::VolatileLru,
        MaxmemoryPolicy::VolatileLfu => Policy::VolatileLfu,
        MaxmemoryPolicy::VolatileRandom => Policy::VolatileRandom,
        MaxmemoryPolicy::VolatileTtl => Policy::VolatileTtl,
        MaxmemoryPolicy::AllkeysLru => Policy::AllkeysLru,
        MaxmemoryPolicy::AllkeysLfu => Policy::AllkeysLfu,
        MaxmemoryPolicy::AllkeysRandom => Policy::AllkeysRandom,
        MaxmemoryPolicy::Noeviction => Policy::Noeviction,
    }
}

/// Why a new connection is turned away, as it is told.
pub fn refusal(server: &Server, connection: &Connection) -> Option<&'static str> {
    let config = &server.config;
    if server.sessions.len() as u64 >= config.unsigned(Id::Maxclients) {
        return Some(if config.boolean(Id::ClusterEnabled) {
            "-ERR max number of clients + cluster connections reached\r\n"
        } else {
            "-ERR max number of clients reached\r\n"
        });
    }
    let open = server.password.is_none() && !connection.loopback && !connection.unix_socket;
    if open && config.boolean(Id::ProtectedMode) {
        return Some(
            "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for \
             the default user. In this mode connections are only accepted from the loopback interface. If you want to \
             connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable \
             protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by \
             connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly \
             accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) \
             Alternatively you can just disable the protected mode by editing the Redis configuration file, and \
             setting the protected mode option to 'no', and then restarting the server. 3) If you started the server \
             manually just for testing, restart it with the '--protected-mode no' option. 4) Set up an authentication \
             password for the default user. NOTE: You only need to do one of the above things in order for the server \
             to start accepting connections from the outside.\r\n",
        );
    }
    None
}
