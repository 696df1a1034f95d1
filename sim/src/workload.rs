//! What clients do: a profile drawn from the seed, and requests drawn from the
//! profile. Each seed switches some commands and some faults off, so that the
//! others get their way.

use crate::client::Actor;
use engine::base::random::Random;
use engine::command::generate::{Settings, encode, request, runnable};
use engine::command::spec::{Categories, Flags};
use engine::command::table::{CommandId, CommandTable};

/// Commands that end or change the server in ways that no run survives, or whose
/// arguments have to be chosen with care.
const NEVER: &[&str] = &[
    "shutdown",
    "debug",
    "monitor",
    "sync",
    "psync",
    "replconf",
    "replicaof",
    "slaveof",
    "failover",
    "multi",
    "client|pause",
    "subscribe",
    "psubscribe",
    "ssubscribe",
    "unsubscribe",
    "punsubscribe",
    "sunsubscribe",
];

/// What clients subscribe to.
const SUBSCRIPTIONS: &[&[&str]] = &[
    &["SUBSCRIBE", "news", "sport", "__keyevent@0__:set"],
    &["PSUBSCRIBE", "*"],
    &["PSUBSCRIBE", "__key*__:*", "[ns]*"],
    &["SSUBSCRIBE", "news"],
];

/// How subscriptions end, if the connection does not.
const ENDS: &[&[&str]] = &[&["RESET"], &["UNSUBSCRIBE"], &["PUNSUBSCRIBE", "*"], &["SUNSUBSCRIBE"]];

/// Parameters that CONFIG SET is tried with.
const PARAMETERS: &[(&str, &[&str])] = &[
    ("maxmemory", &["0", "0", "950000", "1000000", "1mb", "1200000", "100mb"]),
    (
        "maxmemory-policy",
        &[
            "volatile-lru",
            "volatile-lfu",
            "volatile-random",
            "volatile-ttl",
            "allkeys-lru",
            "allkeys-lfu",
            "allkeys-random",
            "noeviction",
        ],
    ),
    ("maxmemory-samples", &["1", "5", "10", "64"]),
    ("lfu-log-factor", &["0", "1", "10", "100"]),
    ("lfu-decay-time", &["0", "1", "10"]),
    ("hz", &["1", "10", "10", "50", "500"]),
    ("active-expire-effort", &["1", "5", "10"]),
    ("timeout", &["0", "0", "1", "3"]),
    ("maxclients", &["2", "10000", "10000", "10000"]),
    ("notify-keyspace-events", &["", "KEA", "Kx", "Eg$"]),
    ("save", &["", "1 1", "60 100 3600 1"]),
    ("stop-writes-on-bgsave-error", &["yes", "no"]),
    ("rdbcompression", &["yes", "no"]),
    ("rdbchecksum", &["yes", "no"]),
    ("dbfilename", &["dump.rdb", "other.rdb"]),
    ("slowlog-log-slower-than", &["0", "1", "-1", "10000"]),
    ("slowlog-max-len", &["0", "2", "128"]),
    ("latency-monitor-threshold", &["0", "1"]),
    ("lazyfree-lazy-user-flush", &["yes", "no"]),
    ("lazyfree-lazy-user-del", &["yes", "no"]),
    ("proto-max-bulk-len", &["1mb", "1048577"]),
    ("nosuchparameter", &["1"]),
];

/// Commands that remove keys which they do not name.
const WHOLE: &[&str] = &["flushall", "flushdb", "swapdb"];

/// DEBUG, as far as a run survives it.
const DEBUG: &[&[&str]] = &[
    &["DEBUG", "SET-ACTIVE-EXPIRE", "0"],
    &["DEBUG", "SET-ACTIVE-EXPIRE", "1"],
    &["DEBUG", "SET-ACTIVE-EXPIRE", "1"],
    &["DEBUG", "SLEEP", "0.05"],
    &["DEBUG", "RELOAD"],
    &["DEBUG", "OBJECT", "key:1"],
    &["DEBUG", "DIGEST"],
    &["DEBUG", "CHANGE-REPL-ID"],
    &["DEBUG", "STRINGMATCH-LEN", "10", "*a*"],
];

/// What clients wait for who wait for elements.
const BLOCKING: &[&[&str]] = &[
    &["BLPOP", "list:1", "list:2", "0.05"],
    &["BRPOP", "list:2", "list:1", "0"],
    &["BLMPOP", "0.2", "2", "list:2", "list:3", "LEFT", "COUNT", "2"],
    &["BLMOVE", "list:1", "list:2", "LEFT", "RIGHT", "0.01"],
    &["BLMOVE", "list:2", "list:3", "RIGHT", "LEFT", "0"],
    &["BRPOPLPUSH", "list:3", "list:3", "0.1"],
    &["CLIENT", "UNBLOCK", "3", "ERROR"],
];

/// What serves them.
const FEEDING: &[&[&str]] = &[
    &["RPUSH", "list:1", "a", "b", "c"],
    &["LPUSH", "list:2", "d"],
    &["RPUSH", "list:3", "e", "f"],
    &["RENAME", "list:3", "list:1"],
    &["SET", "list:3", "no list"],
    &["DEL", "list:1", "list:2", "list:3"],
    &["SWAPDB", "0", "1"],
];

/// Ways to end the server, which is then started again.
const SHUTDOWN: &[&[&str]] = &[
    &["SHUTDOWN"],
    &["SHUTDOWN", "SAVE"],
    &["SHUTDOWN", "NOSAVE"],
    &["SHUTDOWN", "NOSAVE", "NOW", "FORCE"],
    &["SHUTDOWN", "ABORT"],
];

/// What a seed's run is like.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Number of clients.
    pub actors: usize,
    /// How requests are made up.
    pub settings: Settings,
    /// Commands, each as often as it is to be chosen.
    commands: Vec<CommandId>,
    /// Longest pipeline.
    pub depth_max: u64,
    /// Mean time between pipelines, microseconds.
    pub pace: u64,
    /// Longest way of bytes, microseconds.
    pub latency_max: u64,
    /// Bytes are split into pieces of at most this size.
    pub piece_max: u64,
    /// Requests that are parsed before they are submitted.
    pub parse_max: usize,
    /// One pipeline of so many ends with the connection.
    pub close_one_in: u64,
    /// One pipeline of so many is preceded by a jump of the wall clock; 0 for
    /// none.
    pub jump_one_in: u64,
    /// One disk operation of so many fails; 0 for none.
    pub disk_fails_one_in: u64,
    /// One pipeline of so many is preceded by a long rest.
    pub rest_one_in: u64,
    /// `maxmemory`.
    pub maxmemory: u64,
    /// `maxmemory-policy`.
    pub policy: &'static str,
    /// `databases`.
    pub databases: u64,
    /// True if a model checks replies.
    pub model: bool,
    /// True if no key goes that nobody names.
    spares: bool,
}

fn one_of<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len() as u64) as usize]
}

impl Profile {
    /// A profile; from the seed alone, given the table.
    pub fn draw(random: &mut Random, table: &CommandTable) -> Profile {
        let model = random.below(2) == 0;
        let limited = !model && random.below(3) > 0;
        let keys = one_of(random, &[2, 8, 16, 64, 300, 2000]);
        let wrong_one_in = one_of(random, &[4, 16, 100]);
        let value_max = one_of(random, &[10, 64, 200, 5000, 20_000]);
        Profile {
            actors: one_of(random, &[1, 1, 2, 3, 8]),
            settings: Settings { keys, value_max, now_ms: 0, wrong_one_in, parameters: PARAMETERS },
            commands: choose_commands(random, table, model),
            depth_max: one_of(random, &[1, 2, 10, 50, 200]),
            pace: one_of(random, &[20, 500, 5000, 50_000]),
            latency_max: one_of(random, &[1, 100, 2000, 20_000]),
            piece_max: one_of(random, &[1, 7, 50, 1000, 65_536, 65_536]),
            parse_max: one_of(random, &[1, 5, 512, 512]),
            close_one_in: one_of(random, &[10, 100, 1000]),
            jump_one_in: one_of(random, &[0, 0, 200]),
            disk_fails_one_in: if model { 0 } else { one_of(random, &[0, 3, 30]) },
            rest_one_in: one_of(random, &[50, 200, 2000]),
            maxmemory: if limited { memory_limit(random, keys, value_max) } else { 0 },
            policy: one_of(random, PARAMETERS[1].1),
            databases: one_of(random, &[1, 2, 16, 16]),
            model,
            spares: false,
        }
    }

    /// Takes away what removes keys that nobody names: eviction, and commands on
    /// whole databases.
    pub fn spare_keys(&mut self, table: &CommandTable) {
        self.spares = true;
        self.maxmemory = 0;
        self.settings.parameters = &PARAMETERS[2..];
        self.commands.retain(|id| !WHOLE.contains(&table.full_name(*id).as_str()));
    }
}

/// A `maxmemory` that about half of the keys fill, above what an empty server
/// counts.
fn memory_limit(random: &mut Random, keys: u64, value_max: u64) -> u64 {
    900_000 + 100 + random.below(keys * (40 + value_max / 8))
}

/// Data commands often, the others seldom, some of them not at all.
fn choose_commands(random: &mut Random, table: &CommandTable, model: bool) -> Vec<CommandId> {
    let swarm = random.below(3) == 0;
    let mut chosen = Vec::new();
    for id in runnable(table) {
        let name = table.full_name(id);
        if NEVER.contains(&name.as_str()) || (model && name == "client|reply") || (swarm && random.below(2) == 0) {
            continue;
        }
        let command = table.command(id);
        let data = command.flags.has(Flags::WRITE.and(Flags::READONLY));
        let times = match command.categories.has(Categories::DANGEROUS.and(Categories::ADMIN)) {
            true => 1,
            false if data => 12,
            false => 2,
        };
        chosen.extend(std::iter::repeat_n(id, times));
    }
    chosen
}

impl Profile {
    /// The next request of a client.
    pub fn next_request(&self, actor: &mut Actor, table: &CommandTable, random: &mut Random) -> Vec<Vec<u8>> {
        if let Some(planned) = actor.plan.pop_front() {
            return planned;
        }
        match random.below(150) {
            0..4 => self.plan_transaction(actor, table, random),
            4 => actor.plan.push_back(self.config_set(random)),
            5..8 => self.plan_scan(actor),
            8 => actor.plan.push_back(words(one_of(random, DEBUG))),
            10 if random.below(12) == 0 => actor.plan.push_back(words(one_of(random, SHUTDOWN))),
            11 => actor.plan.push_back(words(&["BGSAVE"])),
            13..16 => self.plan_blocking(actor, random),
            12 if !self.model && random.below(4) == 0 => self.plan_subscription(actor, table, random),
            9 if random.below(4) == 0 => {
                let milliseconds = random.below(50).to_string();
                let mode = if random.below(2) == 0 { "WRITE" } else { "ALL" };
                actor.plan.push_back(words(&["CLIENT", "PAUSE", &milliseconds, mode]));
            }
            _ => {}
        }
        actor.plan.pop_front().unwrap_or_else(|| self.any(table, random))
    }

    fn any(&self, table: &CommandTable, random: &mut Random) -> Vec<Vec<u8>> {
        if self.commands.is_empty() {
            return words(&["PING"]);
        }
        let id = one_of(random, &self.commands);
        request(table, id, &self.settings, random)
    }

    fn plan_transaction(&self, actor: &mut Actor, table: &CommandTable, random: &mut Random) {
        if random.below(2) == 0 {
            let key = format!("key:{}", 1 + random.below(self.settings.keys));
            actor.plan.push_back(words(&["WATCH", &key]));
        }
        actor.plan.push_back(words(&["MULTI"]));
        for _ in 0..random.below(6) {
            let queued = self.any(table, random);
            actor.plan.push_back(queued);
        }
        actor.plan.push_back(words(&[if random.below(8) == 0 { "DISCARD" } else { "EXEC" }]));
    }

    fn plan_blocking(&self, actor: &mut Actor, random: &mut Random) {
        let feeds: Vec<_> = FEEDING.iter().filter(|words| !self.spares || words[0] != "SWAPDB").copied().collect();
        let begins = random.below(4) == 0;
        if begins {
            actor.plan.push_back(words(&["MULTI"]));
        }
        for _ in 0..random.below(4) {
            let from = if random.below(3) == 0 { BLOCKING } else { &feeds };
            actor.plan.push_back(words(one_of(random, from)));
        }
        if begins {
            actor.plan.push_back(words(&["EXEC"]));
        }
        actor.plan.push_back(words(one_of(random, BLOCKING)));
    }

    /// With RESP2 nothing else is allowed meanwhile.
    fn plan_subscription(&self, actor: &mut Actor, table: &CommandTable, random: &mut Random) {
        if random.below(2) == 0 {
            actor.plan.push_back(words(&["HELLO", "3"]));
        }
        actor.plan.push_back(words(one_of(random, SUBSCRIPTIONS)));
        for _ in 0..random.below(20) {
            let other = self.any(table, random);
            actor.plan.push_back(other);
            actor.plan.push_back(words(&["PUBLISH", "news", "message"]));
        }
        actor.plan.push_back(words(one_of(random, ENDS)));
        actor.plan.push_back(words(&["RESET"]));
    }

    fn plan_scan(&self, actor: &mut Actor) {
        let cursor = if actor.scan_cursor.is_empty() { b"0".to_vec() } else { actor.scan_cursor.clone() };
        actor.plan.push_back(vec![b"SCAN".to_vec(), cursor]);
    }

    fn config_set(&self, random: &mut Random) -> Vec<Vec<u8>> {
        let (name, values) = one_of(random, PARAMETERS);
        if (self.model || self.spares) && name.starts_with("maxmemory") {
            return words(&["CONFIG", "GET", name]);
        }
        words(&["CONFIG", "SET", name, one_of(random, values)])
    }
}

fn words(words: &[&str]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

/// Bytes that are no request, or an unusual one.
pub fn garbage(random: &mut Random, out: &mut Vec<u8>) {
    let all: [&[u8]; 8] = [
        b"*1\r\n!",
        b"*-7\r\n",
        b"PING\r\n",
        b"set 'a b' \"\\x41\"\r\n",
        b"get \"unbalanced\r\n",
        b"*0\r\n\r\n",
        b"*2\r\n$3\r\nGET\r\n$99999999999\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    out.extend_from_slice(one_of(random, &all));
    if random.below(2) == 0 {
        encode(&words(&["PING"]), out);
    }
}
