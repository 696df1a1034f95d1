//! The state of the server besides its data: sessions, configuration,
//! statistics, what is under way.

pub(crate) mod blocking;
pub mod client_info;
pub mod clients;
pub mod deferred;
pub mod disk;
pub mod histogram;
mod image;
pub mod journal;
pub mod latency;
pub mod parameters;
pub mod pause;
pub mod personality;
pub mod pubsub;
pub mod slow_log;
pub mod statistics;
pub mod timer;

use crate::base::random::Random;
use crate::boundary::id::{DatabaseId, LinkId};
use crate::boundary::time::{Monotonic, Now};
use crate::command::table::CommandTable;
use crate::config::{Config, Id};
use crate::keyspace::Keyspace;
use crate::migration::Migrations;
use crate::persistence::Persistence;
use crate::rdb::WriteVersion;
use crate::replication::Replication;
use crate::session::sessions::Sessions;
use crate::session::watch::Watches;
use alloc::string::String;
use alloc::vec::Vec;
use blocking::Blocking;
use deferred::{Deferred, DeferredReply, Waiter};
use disk::Disk;
use journal::{Journal, Unit};
use latency::LatencyMonitor;
use pause::{Pause, Pauses};
use personality::Personality;
use pubsub::PubSub;
use slow_log::SlowLog;
use statistics::Statistics;
use timer::Timers;

/// How often the peaks of reply buffers are forgotten unless told otherwise.
pub const REPLY_BUFFER_RESET_MS: u64 = 5000;

/// The server besides its data.
pub struct Server {
    /// Configuration.
    pub config: Config,
    /// The file that CONFIG REWRITE writes; `None` if started without.
    pub config_file: Option<String>,
    /// The path of the program, for INFO.
    pub executable: String,
    /// Under which name it runs.
    pub personality: Personality,
    /// All commands.
    pub commands: CommandTable,
    /// All sessions but the one that runs.
    pub sessions: Sessions,
    /// Watched keys.
    pub watches: Watches,
    /// Clients that wait for keys.
    pub blocking: Blocking,
    /// Publish and subscribe.
    pub pubsub: PubSub,
    /// The sequence of changes.
    pub journal: Journal,
    /// Counters.
    pub statistics: Statistics,
    /// SLOWLOG.
    pub slow_log: SlowLog,
    /// LATENCY.
    pub latency: LatencyMonitor,
    /// Commands that took so many nanoseconds are looked at by either of them.
    pub slow_ns_min: u64,
    /// Deadlines by name.
    pub timers: Timers,
    /// What makes clients wait.
    pub pauses: Pauses,
    /// Loading: set while the data set is read at start or by DEBUG RELOAD.
    pub loading: bool,
    /// Set while the old data are served though `loading` is set.
    pub serving_while_loading: bool,
    /// Set while SAVE or its like runs: all other requests wait for their turn.
    pub exclusive: bool,
    /// Saving and loading: what is under way and what became of it.
    pub persistence: Persistence,
    /// Replication: the stream to replicas, the link to a primary.
    pub replication: Replication,
    /// MIGRATE: keys on their way to other servers.
    pub(crate) migrations: Migrations,
    /// The number of the last connection that was made to another server.
    last_link: u64,
    /// Disk operations under way.
    pub disk: Disk,
    /// Replies that are due though their commands have returned.
    pub(crate) deferred: Vec<Deferred>,
    /// DEBUG SET-ACTIVE-EXPIRE.
    pub active_expire: bool,
    /// DEBUG SET-SKIP-CHECKSUM-VALIDATION.
    pub(crate) checksums_ignored: bool,
    /// DEBUG PAUSE-CRON.
    pub cron_paused: bool,
    /// The run id, 40 hexadecimal digits.
    pub run_id: [u8; 40],
    /// When the engine was made.
    pub started: Now,
    /// Set by the driver at construction: figures that never change.
    pub host: HostFacts,
    /// `requirepass`.
    pub password: Option<Vec<u8>>,
    /// `proto-max-bulk-len`.
    pub bulk_max: i64,
    /// True if `maxmemory` is set.
    pub memory_limited: bool,
    /// Bytes that clients may take (`maxmemory-clients`), zero for no limit.
    pub client_memory_max: u64,
    /// True while writes are refused because a save failed.
    pub writes_refused: bool,
    /// What the server takes besides data and sessions, in bytes.
    pub fixed_memory: u64,
    /// When rates were last sampled.
    pub sampled_at: Monotonic,
    /// The database that the sweep for expired keys is in.
    pub sweep_database: u32,
    /// Where the round of periodic work on connections goes on.
    pub(crate) client_round: usize,
    /// When a cross-protocol attack was last logged.
    pub(crate) attack_logged: Option<Monotonic>,
    /// How often the peaks of reply buffers are forgotten, milliseconds (DEBUG
    /// REPLYBUFFER); `None` for never.
    pub reply_buffer_reset_ms: Option<u64>,
    /// Whether reply buffers change their size (DEBUG REPLYBUFFER).
    pub reply_buffer_resizing: bool,
    /// The fine clock when the last command ended, nanoseconds.
    pub(crate) clock_ns: u64,
    /// How long this input has slept so far (DEBUG SLEEP), microseconds.
    pub(crate) slept_us: u64,
    /// Clients whose requests wait for their turn, in order of arrival.
    pub(crate) waiting_for_turn: Vec<crate::boundary::id::ClientId>,
}

/// Facts of the machine that INFO tells.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct HostFacts {
    /// `uname -srm`.
    pub system: String,
    /// The process's number.
    pub process_id: u32,
    /// Time zone's name or offset, for log lines only.
    pub multiplexing: String,
    /// What allocates: `jemalloc-5.3.1`.
    pub allocator: String,
}

impl Server {
    /// A server as configured, before anything has happened.
    pub fn new(
        config: Config,
        commands: CommandTable,
        personality: Personality,
        host: HostFacts,
        now: Now,
        random: &mut Random,
    ) -> Server {
        let statistics = Statistics::new(commands.len());
        Server {
            config,
            config_file: None,
            executable: String::new(),
            personality,
            commands,
            sessions: Sessions::default(),
            watches: Watches::default(),
            blocking: Blocking::default(),
            pubsub: PubSub::default(),
            journal: Journal::default(),
            statistics,
            slow_log: SlowLog::default(),
            latency: LatencyMonitor::default(),
            slow_ns_min: u64::MAX,
            timers: Timers::default(),
            pauses: Pauses::default(),
            loading: false,
            serving_while_loading: false,
            exclusive: false,
            persistence: Persistence::new(now),
            replication: Replication::new(random),
            migrations: Migrations::default(),
            last_link: 0,
            disk: Disk::default(),
            deferred: Vec::new(),
            active_expire: true,
            checksums_ignored: false,
            cron_paused: false,
            run_id: random.hex_id(),
            started: now,
            host,
            password: None,
            bulk_max: 512 << 20,
            memory_limited: false,
            client_memory_max: 0,
            writes_refused: false,
            fixed_memory: 2_000_000,
            sampled_at: now.monotonic,
            sweep_database: 0,
            client_round: 0,
            attack_logged: None,
            reply_buffer_reset_ms: Some(REPLY_BUFFER_RESET_MS),
            reply_buffer_resizing: true,
            clock_ns: 0,
            slept_us: 0,
            waiting_for_turn: Vec::new(),
        }
    }

    /// Bytes that the server uses, by its own account.
    pub fn used_memory(&self, keyspace: &Keyspace) -> u64 {
        keyspace.bytes() as u64 + self.sessions.memory() + self.fixed_memory + self.replication.memory()
    }

    /// The number of a connection that is to be made to another server.
    pub(crate) fn next_link(&mut self) -> LinkId {
        self.last_link += 1;
        LinkId(self.last_link)
    }

    /// A reply that was put off is due.
    pub(crate) fn defer(&mut self, waiter: Waiter, result: Result<(), String>) {
        self.defer_reply(waiter, result.map(|()| DeferredReply::Ok));
    }

    /// As [`Server::defer`], with a reply of its own.
    pub(crate) fn defer_reply(&mut self, waiter: Waiter, result: Result<DeferredReply, String>) {
        self.deferred.push(Deferred { waiter, result });
    }

    /// What was changed since the last unit ended belongs together, if `atomic`,
    /// and goes to all who repeat changes.
    pub(crate) fn end_unit(&mut self, now: Now, atomic: bool) {
        if self.journal.unit_length() == 0 {
            return;
        }
        let unit = self.journal.unit();
        self.persistence.aof.append(unit, atomic, now);
        self.replication.append(unit, atomic);
        self.journal.clear_unit();
    }

    /// A request goes to all who repeat changes, as it was sent: a unit by itself.
    #[inline]
    pub(crate) fn repeat(&mut self, now: Now, database: DatabaseId, wire: &[u8]) {
        let record = Unit::record_of(database, wire.len());
        let unit = Unit::of_request(wire, &record);
        self.persistence.aof.append(unit, false, now);
        self.replication.append(unit, false);
    }

    /// To be called when somebody begins to repeat changes, or ceases to.
    pub(crate) fn listeners_changed(&mut self) {
        self.journal.listened = self.persistence.aof.listens() || self.replication.listens();
    }

    /// Bytes that count against `maxmemory`: all that is accounted but what
    /// replicas take and are still to be sent.
    pub fn memory_counted(&self, keyspace: &Keyspace) -> u64 {
        keyspace.bytes() as u64 + self.sessions.memory_counted() + self.fixed_memory + self.backlog_memory()
    }

    /// True if clients take more memory than `maxmemory-clients` lets them.
    #[inline]
    pub fn clients_exceed(&self) -> bool {
        self.client_memory_max > 0 && self.sessions.memory_evictable() > self.client_memory_max
    }

    /// Bytes of the replication stream that are there for replicas that may come
    /// back, not for those that are behind.
    pub(crate) fn backlog_memory(&self) -> u64 {
        self.replication.memory().min(self.config.bytes(Id::ReplBacklogSize))
    }

    /// True while keys may not expire: clients' writes are paused, so nothing
    /// may change.
    #[inline]
    pub fn expiry_suspended(&self, now: Now) -> bool {
        self.pause_at(now).is_some()
    }

    /// The version of RDB files and payloads that are written (`rdb-version`), for what it can hold.
    pub(crate) fn rdb_version(&self) -> WriteVersion {
        if self.config.integer(Id::RdbVersion) == 10 { WriteVersion::V10 } else { WriteVersion::V11 }
    }

    /// True if checksums of RDB files must be right.
    pub(crate) fn verifies_checksums(&self) -> bool {
        self.config.boolean(Id::Rdbchecksum) && !self.checksums_ignored
    }

    /// True while data are imported (`import-mode`): nothing expires by itself, the
    /// source of the import says what goes.
    #[inline]
    pub fn imports(&self) -> bool {
        self.config.boolean(Id::ImportMode) && !self.replication.is_replica()
    }

    /// The pause that is in force.
    #[inline]
    pub fn pause_at(&self, now: Now) -> Option<Pause> {
        self.pauses.at(now)
    }
}
