//! The requests: those of the engine's generator, with keys that mostly hold what
//! the command works on.

use engine::base::random::Random;
use engine::command::dispatch::keys_of;
use engine::command::generate::{Settings, request, runnable};
use engine::command::spec::{Argument, ArgumentKind, Command, Flags, Group};
use engine::command::table::{CommandId, CommandTable};
use engine::resp::request::OwnedArguments;

/// The groups of commands that work on data.
const GROUPS: &[(Group, &str)] = &[
    (Group::String, "string"),
    (Group::Bitmap, "bitmap"),
    (Group::Hyperloglog, "hyperloglog"),
    (Group::List, "list"),
    (Group::Set, "set"),
    (Group::SortedSet, "sorted_set"),
    (Group::Geo, "geo"),
    (Group::Hash, "hash"),
];
/// Commands of these groups that are about the server, or test themselves.
const NEVER: &[&str] = &["wait", "waitaof", "migrate", "pfselftest", "pfdebug", "object|help"];
/// Times lie far in the future: nothing expires on one side only.
const FAR_MS: i64 = 4_102_444_800_000;
/// One request of so many takes keys that may hold anything.
const MIXED_ONE_IN: u64 = 10;
/// Offsets between these make strings that are long but not too long.
const OFFSETS_LEFT_OUT: std::ops::RangeInclusive<i64> = 1 << 20..=(1 << 32) - 1;

/// A request, and what is known of it.
pub(super) struct Request {
    /// The command's full name, in lower case.
    pub(super) name: String,
    pub(super) words: Vec<Vec<u8>>,
    pub(super) keys: Vec<Vec<u8>>,
    /// Where they stand.
    key_indices: Vec<usize>,
    pub(super) writes: bool,
}

impl Request {
    /// True if a word stands in it, in any case.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().skip(1).any(|other| other.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// True if a word that is no key has a zero byte.
    pub(super) fn has_zero_byte(&self) -> bool {
        let is_key = |index: &usize| self.key_indices.contains(index);
        self.words.iter().enumerate().any(|(index, word)| !is_key(&index) && word.contains(&0))
    }
}

/// Makes them up.
pub(super) struct Requests {
    table: CommandTable,
    commands: Vec<CommandId>,
    /// Words of arguments that the peer does not know yet.
    newer: Vec<(CommandId, Vec<&'static str>)>,
    settings: Settings,
    random: Random,
}

impl Requests {
    /// Requests that a peer of a version understands; `lacks` tells of commands that
    /// it has not.
    pub(super) fn new(seed: u64, version: (u32, u32), mut lacks: impl FnMut(&str) -> bool) -> Requests {
        let table = CommandTable::new(engine::commands::COMMANDS);
        let is_wanted = |id: &CommandId| {
            let (command, name) = (table.command(*id), table.full_name(*id));
            let of_data = command.group == Group::Generic || GROUPS.iter().any(|(group, _)| *group == command.group);
            of_data && !command.flags.has(Flags::BLOCKING) && !NEVER.contains(&name.as_str())
        };
        let commands: Vec<CommandId> =
            runnable(&table).into_iter().filter(is_wanted).filter(|&id| !lacks(&table.full_name(id))).collect();
        let newer = commands.iter().map(|&id| (id, newer_words(table.command(id).arguments, version))).collect();
        let settings = Settings { keys: 8, now_ms: FAR_MS, ..Settings::default() };
        Requests { table, commands, newer, settings, random: Random::from_seed(seed) }
    }

    /// The next one.
    pub(super) fn next(&mut self) -> Request {
        loop {
            let at = self.random.below(self.commands.len() as u64) as usize;
            let id = self.commands[at];
            let words = request(&self.table, id, &self.settings, &mut self.random);
            let request = self.complete(id, words);
            if !self.newer[at].1.iter().any(|word| request.has(word)) && !is_too_large(&request) {
                return request;
            }
        }
    }

    /// Replaces keys by such that hold what the command works on.
    fn complete(&mut self, id: CommandId, mut words: Vec<Vec<u8>>) -> Request {
        let command = self.table.command(id);
        let mut arguments = OwnedArguments::default();
        words.iter().for_each(|word| arguments.push(word));
        let found = keys_of(command, &arguments.as_arguments()).unwrap_or_default();
        let suffix = self.suffix(command);
        let key_indices: Vec<usize> = found.into_iter().map(|(index, _)| index).collect();
        key_indices.iter().for_each(|&index| words[index].extend_from_slice(suffix.as_bytes()));
        let keys = key_indices.iter().map(|&index| words[index].clone()).collect();
        let writes = command.flags.has(Flags::WRITE);
        Request { name: self.table.full_name(id), words, keys, key_indices, writes }
    }

    fn suffix(&mut self, command: &Command) -> String {
        if self.random.below(MIXED_ONE_IN) == 0 {
            return String::new();
        }
        let known = GROUPS.iter().position(|(group, _)| *group == command.group);
        let at = known.unwrap_or_else(|| self.random.below(GROUPS.len() as u64) as usize);
        format!(":{}", GROUPS[at].1)
    }
}

/// The words that belong to arguments newer than a version.
fn newer_words(arguments: &[Argument], version: (u32, u32)) -> Vec<&'static str> {
    let mut words = Vec::new();
    for argument in arguments {
        let inner: Vec<&'static str> = match argument.kind {
            ArgumentKind::OneOf(parts) | ArgumentKind::Block(parts) => newer_words(parts, version),
            _ => Vec::new(),
        };
        words.extend(inner);
        if argument.since.is_some_and(|since| parse_version(since) > version) {
            words.extend(all_words(std::slice::from_ref(argument)));
        }
    }
    words
}

fn all_words(arguments: &[Argument]) -> Vec<&'static str> {
    let mut words = Vec::new();
    for argument in arguments {
        words.extend(argument.token);
        if let ArgumentKind::OneOf(parts) | ArgumentKind::Block(parts) = argument.kind {
            words.extend(all_words(parts));
        }
    }
    words
}

fn parse_version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// True of what would make a string of hundreds of megabytes on both sides.
fn is_too_large(request: &Request) -> bool {
    let grows = matches!(request.name.as_str(), "setbit" | "setrange" | "bitfield");
    let number = |word: &Vec<u8>| std::str::from_utf8(word).ok()?.trim_start_matches('#').parse::<i64>().ok();
    grows && request.words.iter().skip(2).filter_map(number).any(|number| OFFSETS_LEFT_OUT.contains(&number))
}
