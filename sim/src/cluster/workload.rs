//! What clients ask: registers whose every value is written once, by SET or by
//! transactions that WATCH them; pairs that are only ever set together; counters;
//! any command of the table; WAIT and WAITAOF.

use super::history::WriteNumber;
use super::setup::{DATABASES, Setup};
use engine::base::random::Random;
use engine::command::generate::{Settings, request, runnable};
use engine::command::spec::Flags;
use engine::command::table::{CommandId, CommandTable};

/// Commands on data that would take registers and pairs away.
const NEVER: &[&str] = &["flushall", "flushdb", "swapdb"];

/// What a client expects of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ask {
    /// That the write was done.
    Write(WriteNumber),
    /// The value of a register.
    Read(usize),
    /// The two values of a pair.
    Pair,
    /// What the counter of a database has grown to.
    Count(u32),
    /// The value of a register that is watched.
    Watched(usize),
    /// That the write was done, and that the register had the value that was
    /// read while it was watched; or that nothing was done.
    Exchange(WriteNumber, Option<WriteNumber>),
    /// The number of replicas.
    Wait,
    /// Whether the last write is durable here, and on how many replicas;
    /// `forever` if there is no other end to the wait.
    WaitAof {
        /// See above.
        forever: bool,
    },
    /// Anything.
    Any,
}

/// A request and what it is for.
pub(super) type Asked = (Vec<Vec<u8>>, Ask);

pub(super) struct Workload {
    pub table: CommandTable,
    /// Database and key of each register.
    pub registers: Vec<(u32, Vec<u8>)>,
    /// Database and keys of each pair.
    pub pairs: Vec<(u32, Vec<u8>, Vec<u8>)>,
    settings: Settings,
    commands: Vec<CommandId>,
}

/// The value that a write gives its register.
pub(super) fn value(write: WriteNumber) -> Vec<u8> {
    format!("w{write}").into_bytes()
}

/// The write that gave a register its value.
pub(super) fn value_of(bytes: &[u8]) -> Option<WriteNumber> {
    std::str::from_utf8(bytes).ok()?.strip_prefix('w')?.parse().ok()
}

fn words(words: &[&str]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

impl Workload {
    pub(super) fn new(setup: &Setup, table: CommandTable) -> Workload {
        let databases = &DATABASES[..2];
        let registers = databases.iter().flat_map(|&database| {
            (0..setup.registers).map(move |index| (database, format!("register:{index}").into_bytes()))
        });
        let pairs = databases.iter().flat_map(|&database| {
            (0..setup.pairs).map(move |index| {
                (database, format!("pair:{index}:a").into_bytes(), format!("pair:{index}:b").into_bytes())
            })
        });
        let data = Flags::WRITE.and(Flags::READONLY);
        let commands: Vec<CommandId> = runnable(&table)
            .into_iter()
            .filter(|&id| table.command(id).flags.has(data) && !NEVER.contains(&table.full_name(id).as_str()))
            .collect();
        Workload {
            registers: registers.collect(),
            pairs: pairs.collect(),
            settings: Settings {
                keys: setup.keys,
                value_max: setup.value_max,
                now_ms: 0,
                wrong_one_in: 30,
                parameters: &[],
            },
            commands: if setup.any_command { commands } else { Vec::new() },
            table,
        }
    }

    /// The register with a number within a client's database; `None` if that has
    /// none.
    pub(super) fn register(&self, database: u32, random: &mut Random) -> Option<usize> {
        let first = self.registers.iter().position(|(in_database, _)| *in_database == database)?;
        let count = self.registers.len() / 2;
        Some(first + random.below(count as u64) as usize)
    }

    pub(super) fn write(&self, register: usize, write: WriteNumber) -> Asked {
        let (_, key) = &self.registers[register];
        (vec![b"SET".to_vec(), key.clone(), value(write)], Ask::Write(write))
    }

    pub(super) fn read(&self, register: usize) -> Asked {
        (vec![b"GET".to_vec(), self.registers[register].1.clone()], Ask::Read(register))
    }

    /// A transaction that sets a pair, or one request that reads it.
    pub(super) fn pair(&self, database: u32, reads: bool, random: &mut Random, out: &mut Vec<Asked>) {
        let Some(first) = self.pairs.iter().position(|(in_database, ..)| *in_database == database) else { return };
        let (_, one, other) = &self.pairs[first + random.below(self.pairs.len() as u64 / 2) as usize];
        if reads {
            return out.push((vec![b"MGET".to_vec(), one.clone(), other.clone()], Ask::Pair));
        }
        let value = random.below(1_000_000).to_string().into_bytes();
        out.push((words(&["MULTI"]), Ask::Any));
        out.push((vec![b"SET".to_vec(), one.clone(), value.clone()], Ask::Any));
        if random.below(2) == 0 {
            out.push((self.any(0, random), Ask::Any));
        }
        out.push((vec![b"SET".to_vec(), other.clone(), value], Ask::Any));
        out.push((words(&["EXEC"]), Ask::Any));
    }

    /// Lets the counter of a client's database grow.
    pub(super) fn count(&self, database: u32) -> Asked {
        (words(&["INCR", "counter"]), Ask::Count(database))
    }

    /// Any command on data.
    pub(super) fn any(&self, now_ms: i64, random: &mut Random) -> Vec<Vec<u8>> {
        if self.commands.is_empty() {
            let key = format!("key:{}", random.below(self.settings.keys));
            return words(&["SET", &key, "value", "PX", &(1 + random.below(5000)).to_string()]);
        }
        let id = self.commands[random.below(self.commands.len() as u64) as usize];
        let settings = Settings { now_ms, ..self.settings.clone() };
        request(&self.table, id, &settings, random)
    }

    /// Begins to watch a register, and reads it.
    pub(super) fn watch(&self, register: usize, out: &mut Vec<Asked>) {
        let key = &self.registers[register].1;
        out.push((vec![b"WATCH".to_vec(), key.clone()], Ask::Any));
        out.push((vec![b"GET".to_vec(), key.clone()], Ask::Watched(register)));
    }

    /// A transaction that writes a watched register in which this was read.
    pub(super) fn exchange(
        &self,
        register: usize,
        write: WriteNumber,
        read: Option<WriteNumber>,
        out: &mut Vec<Asked>,
    ) {
        out.push((words(&["MULTI"]), Ask::Any));
        out.push((self.write(register, write).0, Ask::Any));
        out.push((words(&["EXEC"]), Ask::Exchange(write, read)));
    }

    pub(super) fn wait(&self, random: &mut Random) -> Asked {
        if random.below(3) == 0 {
            let forever = random.below(3) == 0;
            let (replicas, timeout) = if forever { (0, 0) } else { (random.below(3), 1 + random.below(2000)) };
            let request = words(&["WAITAOF", "1", &replicas.to_string(), &timeout.to_string()]);
            return (request, Ask::WaitAof { forever });
        }
        let count = (1 + random.below(3)).to_string();
        let timeout = (1 + random.below(1000)).to_string();
        (words(&["WAIT", &count, &timeout]), Ask::Wait)
    }

    pub(super) fn select(&self, database: u32) -> Asked {
        (words(&["SELECT", &database.to_string()]), Ask::Any)
    }
}
