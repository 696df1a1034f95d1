//! COMMAND and COMMAND INFO: arity, flags, categories, tips, key specs.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::{Begin, Command, Find, Flags, KeyFlags, KeySpec};
use crate::command::table::{CommandId, CommandTable};
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// Flags that clients are not told.
const HIDDEN: Flags = Flags::SENTINEL.and(Flags::ONLY_SENTINEL).and(Flags::PROTECTED).and(Flags::MAY_REPLICATE);

pub(super) fn describe_all(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let table = &context.server.commands;
    context.reply.array(table.commands().count());
    for id in table.commands() {
        write_command(&mut context.reply, table, id);
    }
    Ok(())
}

pub(super) fn info(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if arguments.len() == 2 {
        return describe_all(context, arguments);
    }
    let table = &context.server.commands;
    context.reply.array(arguments.len() - 2);
    for name in arguments.iter().skip(2) {
        match table.find_full_name(name) {
            Some(id) => write_command(&mut context.reply, table, id),
            None => context.reply.null(),
        }
    }
    Ok(())
}

fn write_command(reply: &mut Reply<'_>, table: &CommandTable, id: CommandId) {
    let command = table.command(id);
    let range = LegacyRange::of(command);
    reply.array(10);
    reply.bulk(table.full_name(id).as_bytes());
    reply.integer(command.arity.into());
    write_words(reply, flags(command).filter(|(flag, _)| !HIDDEN.has(*flag)).map(|(_, name)| name));
    reply.integer(range.first.into());
    reply.integer(range.last.into());
    reply.integer(range.step.into());
    write_words(reply, command.categories.names());
    reply.set(command.tips.len());
    for tip in command.tips {
        reply.bulk(tip.as_bytes());
    }
    reply.set(command.keys.len());
    for spec in command.keys {
        write_key_spec(reply, spec);
    }
    if command.subcommands.is_empty() {
        reply.set(0);
        return;
    }
    reply.array(command.subcommands.len());
    for subcommand in table.subcommands(id) {
        write_command(reply, table, subcommand);
    }
}

fn flags(command: &Command) -> impl Iterator<Item = (Flags, &'static str)> {
    let mut all = command.flags;
    if LegacyRange::of(command).incomplete {
        all = all.and(Flags::MOVABLE_KEYS);
    }
    Flags::NAMES.iter().copied().filter(move |(flag, _)| all.has(*flag))
}

/// A set of simple strings.
pub(super) fn write_words(reply: &mut Reply<'_>, words: impl Iterator<Item = &'static str>) {
    let words: Vec<&str> = words.collect();
    reply.set(words.len());
    for word in words {
        reply.simple(word);
    }
}

/// The flags of a key spec.
pub(super) fn write_key_flags(reply: &mut Reply<'_>, flags: KeyFlags) {
    write_words(reply, flags.names());
}

fn write_key_spec(reply: &mut Reply<'_>, spec: &KeySpec) {
    reply.map(if spec.notes.is_empty() { 3 } else { 4 });
    if !spec.notes.is_empty() {
        reply.bulk(b"notes");
        reply.bulk(spec.notes.as_bytes());
    }
    reply.bulk(b"flags");
    write_key_flags(reply, spec.flags);
    reply.bulk(b"begin_search");
    match spec.begin {
        Begin::Index(index) => {
            write_search(reply, "index", 1);
            write_number(reply, "index", index);
        }
        Begin::Keyword(keyword, from) => {
            write_search(reply, "keyword", 2);
            reply.bulk(b"keyword");
            reply.bulk(keyword.as_bytes());
            write_number(reply, "startfrom", from);
        }
        Begin::Unknown => write_search(reply, "unknown", 0),
    }
    reply.bulk(b"find_keys");
    match spec.find {
        Find::Range { last, step, limit } => {
            write_search(reply, "range", 3);
            write_number(reply, "lastkey", last);
            write_number(reply, "keystep", step);
            write_number(reply, "limit", limit);
        }
        Find::Count { count_index, first, step } => {
            write_search(reply, "keynum", 3);
            write_number(reply, "keynumidx", count_index);
            write_number(reply, "firstkey", first);
            write_number(reply, "keystep", step);
        }
        Find::Unknown => write_search(reply, "unknown", 0),
    }
}

/// The type of a search and the head of its so many figures.
fn write_search(reply: &mut Reply<'_>, name: &str, figures: usize) {
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(name.as_bytes());
    reply.bulk(b"spec");
    reply.map(figures);
}

fn write_number(reply: &mut Reply<'_>, name: &str, number: i32) {
    reply.bulk(name.as_bytes());
    reply.integer(number.into());
}

/// First key, last key and step: what clients older than key specs go by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct LegacyRange {
    first: i32,
    last: i32,
    step: i32,
    /// There are keys that the range does not cover.
    incomplete: bool,
}

impl LegacyRange {
    /// The plain ranges of a command that follow one another, taken together.
    fn of(command: &Command) -> LegacyRange {
        let ranges = command.keys.iter().map(|spec| match (spec.begin, spec.find) {
            (Begin::Index(first), Find::Range { last, step, .. }) => {
                let last = if last >= 0 { first + last } else { last };
                Some((LegacyRange { first, last, step, incomplete: spec.flags.has(KeyFlags::INCOMPLETE) }, step))
            }
            _ => None,
        });
        if let [_] = command.keys
            && let Some(Some((range, _))) = ranges.clone().next()
        {
            return range;
        }
        let mut whole = LegacyRange::default();
        for range in ranges {
            match range {
                Some((range, 1)) if whole.first == 0 || whole.last == range.first - 1 => {
                    let first = if whole.first == 0 { range.first } else { whole.first };
                    let incomplete = whole.incomplete || range.incomplete;
                    whole = LegacyRange { first, last: range.last, step: 1, incomplete };
                }
                _ => whole.incomplete = true,
            }
        }
        whole
    }
}
