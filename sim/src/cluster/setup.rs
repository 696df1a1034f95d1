//! What a run's nodes and clients are like: from the seed alone.

use engine::base::fingerprint::Fingerprint;
use engine::base::random::Random;
use engine::config::{Circumstances, Config};
use engine::engine::options::Options;
use engine::server::HostFacts;
use engine::server::personality::Personality;

/// A primary, two replicas, and a replica of the second.
pub(crate) const NODES: usize = 4;
/// The databases that clients use; registers and pairs are in the first two.
pub(crate) const DATABASES: [u32; 3] = [0, 3, 9];
/// The port of every node.
pub(crate) const PORT: u16 = 6379;

/// When a node's append only file is synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Durability {
    /// No append only file.
    Snapshots,
    /// Never by the server.
    No,
    /// Each second.
    EverySecond,
    /// Before each reply.
    Always,
}

impl Durability {
    /// `appendfsync`.
    fn appendfsync(self) -> &'static str {
        match self {
            Durability::Snapshots | Durability::EverySecond => "everysec",
            Durability::No => "no",
            Durability::Always => "always",
        }
    }
}

/// A node.
#[derive(Clone, Debug)]
pub(crate) struct NodeSetup {
    /// How durable its writes are.
    pub durability: Durability,
    /// True if it may do without syncs while it saves or rewrites.
    pub lenient: bool,
    /// `save`.
    save: &'static str,
    /// Lines of the configuration.
    lines: String,
}

/// A run's nodes and clients.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// The nodes.
    pub nodes: Vec<NodeSetup>,
    /// Longest way of bytes, microseconds.
    pub latency_max: u64,
    /// One segment of so many comes in two parts; 0 for none.
    pub split_one_in: u64,
    /// Longest sync of a disk, microseconds.
    pub sync_max: u64,
    /// Registers a database.
    pub registers: usize,
    /// Pairs a database.
    pub pairs: usize,
    /// So many of eight requests are for a pair.
    pub pair_share: u64,
    /// Keys that any command may be used on.
    pub keys: u64,
    /// Longest value.
    pub value_max: u64,
    /// Longest pipeline.
    pub depth_max: u64,
    /// Mean time between two pipelines of a client, microseconds.
    pub pace: u64,
    /// One pipeline of so many ends with WAIT; 0 for none.
    pub wait_one_in: u64,
    /// One pipeline of so many watches a register, to write it in the next; 0 for
    /// none.
    pub watch_one_in: u64,
    /// True if the configuration follows REPLICAOF, as sentinels have it.
    pub rewrites: bool,
    /// True if commands are drawn from the whole table.
    pub any_command: bool,
}

fn one_of<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len() as u64) as usize]
}

impl Setup {
    /// From a generator; for so many clients.
    pub(crate) fn draw(random: &mut Random, clients: usize) -> Setup {
        let depth_max: u64 = one_of(random, &[1, 4, 12]);
        // About a hundred commands a second, whatever the number of clients.
        let pace = clients as u64 * 10_000 * depth_max.div_ceil(2);
        let persistent = random.below(3) > 0;
        Setup {
            nodes: (0..NODES).map(|_| NodeSetup::draw(random, persistent)).collect(),
            latency_max: one_of(random, &[50, 500, 5000]),
            split_one_in: one_of(random, &[0, 2, 8]),
            sync_max: one_of(random, &[200, 2000, 15_000]),
            registers: one_of(random, &[2, 8, 16]),
            pairs: one_of(random, &[1, 4]),
            pair_share: one_of(random, &[1, 1, 3]),
            keys: one_of(random, &[8, 30]),
            value_max: one_of(random, &[20, 64, 64, 1500]),
            depth_max,
            pace,
            wait_one_in: one_of(random, &[0, 5, 20]),
            watch_one_in: one_of(random, &[0, 4, 12]),
            rewrites: random.below(2) == 0,
            any_command: random.below(4) > 0,
        }
    }

    /// The node that a node follows while `primary` is the primary; `None` for
    /// the primary itself. The last follows the one before it, where it can.
    pub(crate) fn upstream(node: usize, primary: usize) -> Option<usize> {
        match node {
            _ if node == primary => None,
            3 if primary != 2 => Some(2),
            _ => Some(primary),
        }
    }
}

impl NodeSetup {
    fn draw(random: &mut Random, persistent: bool) -> NodeSetup {
        let all = [Durability::Snapshots, Durability::No, Durability::EverySecond, Durability::Always];
        let durability = if persistent { one_of(random, &all[1..]) } else { one_of(random, &all[..1]) };
        let mut lines = String::new();
        let mut line = |name: &str, value: &str| lines += &format!("{name} {value}\n");
        line("hz", one_of(random, &["1", "10", "10"]));
        line("repl-timeout", one_of(random, &["3", "5", "10"]));
        line("repl-ping-replica-period", one_of(random, &["1", "2"]));
        line("repl-backlog-size", one_of(random, &["16kb", "64kb", "1mb"]));
        line("repl-backlog-ttl", one_of(random, &["1", "10", "3600"]));
        line("repl-diskless-sync", one_of(random, &["yes", "no"]));
        line("repl-diskless-sync-delay", one_of(random, &["0", "1"]));
        line("repl-diskless-load", one_of(random, &["disabled", "on-empty-db", "swapdb"]));
        line("aof-use-rdb-preamble", one_of(random, &["yes", "no"]));
        line("aof-timestamp-enabled", one_of(random, &["yes", "no", "no"]));
        line("auto-aof-rewrite-min-size", one_of(random, &["4kb", "64kb", "64mb"]));
        let lenient = one_of(random, &[false, false, true]);
        line("no-appendfsync-on-rewrite", if lenient { "yes" } else { "no" });
        line("rdbcompression", one_of(random, &["yes", "no"]));
        // From what was drawn, so that the rest of a seed stays what it was.
        let mut hash = Fingerprint::new();
        hash.add_bytes(lines.as_bytes());
        let dual = !hash.value().is_multiple_of(3);
        lines += &format!("dual-channel-replication-enabled {}\n", if dual { "yes" } else { "no" });
        NodeSetup { durability, lenient, save: one_of(random, &["", "1 1", "5 10", "3600 1"]), lines }
    }

    /// Options of an engine on this node, the `number`th, which begins by
    /// following `upstream`.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub(crate) fn options(
        &self,
        number: usize,
        upstream: Option<usize>,
        random: &mut Random,
    ) -> Result<Options, String> {
        let mut config = Config::new();
        let appendonly = if self.durability == Durability::Snapshots { "no" } else { "yes" };
        let mut text = format!(
            "port {PORT}\nprotected-mode no\ndatabases 16\nenable-debug-command yes\nproto-max-bulk-len 1mb\n\
             appendonly {appendonly}\nappendfsync {}\n{}",
            self.durability.appendfsync(),
            self.lines,
        );
        if let Some(upstream) = upstream {
            text += &format!("replicaof {} {PORT}\n", address(upstream));
        }
        config.load(text.as_bytes(), &mut |_| Err(String::new())).map_err(|error| error.report("sim"))?;
        let pairs: &[(&[u8], &[u8])] = &[(b"save", self.save.as_bytes())];
        drop(config.set(pairs, Circumstances::default()).map_err(|error| error.to_string())?);
        Ok(Options {
            seed: random.next_u64(),
            config,
            config_file: Some("/simulated/reprise.conf".into()),
            executable: "/simulated/reprise".into(),
            personality: Personality::REDIS,
            host: HostFacts {
                system: "Linux 6.1 x86_64".into(),
                process_id: 4711 + number as u32,
                multiplexing: "events".into(),
                allocator: "none".into(),
            },
            renamed_commands: Vec::new(),
        })
    }
}

/// The address of a node.
pub(crate) fn address(node: usize) -> String {
    format!("10.0.0.{}", node + 1)
}

/// The node that has an address.
pub(crate) fn node_at(address: &str) -> Option<usize> {
    let last: usize = address.strip_prefix("10.0.0.")?.parse().ok()?;
    last.checked_sub(1).filter(|node| *node < NODES)
}
