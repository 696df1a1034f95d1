//! DEBUG: what tests need to look and reach into the server. Its subcommands
//! are not in the table of commands, as clients have no business with them;
//! they have one of their own.

mod crash;
mod digest;
mod keys;
mod protocol;
mod settings;
mod sleep;

use crate::command::container::{write_help, wrong_arguments};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::persistence::reload::{debug_loadaof, debug_reload};
use crate::resp::request::Arguments;
use alloc::format;
use alloc::vec::Vec;

/// DEBUG.
pub const DEBUG: Command = Command {
    name: "debug",
    group: Group::Server,
    since: "1.0.0",
    summary: "What tests need to look and reach into the server.",
    complexity: "Depends on the subcommand.",
    arity: -2,
    flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE).and(Flags::PROTECTED),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[
        Argument::new("subcommand", ArgumentKind::String),
        Argument::new("argument", ArgumentKind::String).optional().multiple(),
    ],
    subcommands: &[],
    handler: debug,
};

/// One subcommand of DEBUG.
struct Subcommand {
    name: &'static str,
    /// Its arguments, as HELP shows them.
    arguments: &'static str,
    /// How many arguments it may have.
    least: usize,
    most: usize,
    summary: &'static str,
    handler: Handler,
}

const fn subcommand(
    name: &'static str,
    arguments: &'static str,
    count: (usize, usize),
    summary: &'static str,
    handler: Handler,
) -> Subcommand {
    Subcommand { name, arguments, least: count.0, most: count.1, summary, handler }
}

const MANY: usize = usize::MAX;

#[rustfmt::skip]
static SUBCOMMANDS: &[Subcommand] = &[
    subcommand("aof-flush-sleep", "<microseconds>", (1, 1), "Has no effect.", settings::accepted),
    subcommand("assert", "", (0, 0), "Crashes as a failed assertion does.", crash::assert),
    subcommand("change-repl-id", "", (0, 0), "Draws a new replication id.", settings::change_repl_id),
    subcommand("close-cluster-link-on-packet-drop", "<0|1>", (1, 1), "Has no effect.", settings::accepted),
    subcommand("client-enforce-reply-list", "<0|1>", (1, 1), "Has no effect.", settings::accepted),
    subcommand("config-rewrite-force-all", "", (0, 0), "As CONFIG REWRITE, with all parameters.", settings::config_rewrite_force_all),
    subcommand("dict-resizing", "<0|1>", (1, 1), "Has no effect: tables grow by segments.", settings::accepted),
    subcommand("digest", "", (0, 0), "Answers a digest of all data.", digest::digest),
    subcommand("digest-value", "<key> [<key> ...]", (0, MANY), "Answers a digest of each value.", digest::digest_value),
    subcommand("drop-cluster-packet-filter", "<type>", (1, 1), "Has no effect.", settings::accepted),
    subcommand("error", "<text>", (1, 1), "Answers an error with a text.", protocol::error),
    subcommand("help", "", (0, 0), "Lists the subcommands.", help),
    subcommand("htstats", "<database> [full]", (1, 2), "Answers figures of a database's table.", keys::htstats),
    subcommand("htstats-key", "<key> [full]", (1, 2), "Answers figures of a value's table.", keys::htstats_key),
    subcommand("loadaof", "", (0, 0), "Loads the data from the append only file.", loadaof),
    subcommand("log", "<message>", (1, 1), "Writes to the log.", settings::log),
    subcommand("object", "<key> [fast]", (1, 2), "Answers how a value is stored.", keys::object),
    subcommand("oom", "", (0, 0), "Crashes as if memory had run out.", crash::assert),
    subcommand("panic", "", (0, 0), "Crashes by a panic.", crash::panic),
    subcommand("pause-cron", "<0|1>", (1, 1), "Stops what is done by the clock, or lets it go on.", settings::pause_cron),
    subcommand("populate", "<count> [<prefix>] [<size>]", (1, 3), "Creates string keys.", keys::populate),
    subcommand("protocol", "<type>", (1, 1), "Answers a value of a type of the protocol.", protocol::protocol),
    subcommand("quicklist-packed-threshold", "<size>", (1, 1), "Has no effect.", settings::accepted),
    subcommand("reload", "[NOSAVE] [NOFLUSH] [MERGE]", (0, 3), "Saves the data and loads it again.", reload),
    subcommand("replicate", "<argument> [<argument> ...]", (1, MANY), "Has no effect: there are no replicas.", settings::accepted),
    subcommand("replybuffer", "<setting> <value>", (2, 2), "Sets PEAK-RESET-TIME or RESIZING of reply buffers.", settings::replybuffer),
    subcommand("sdslen", "<key>", (1, 1), "Answers the lengths of a key and its string.", keys::sdslen),
    subcommand("segfault", "", (0, 0), "Crashes by an invalid access to memory.", crash::segfault),
    subcommand("set-active-expire", "<0|1>", (1, 1), "Whether keys expire that nobody asks for.", settings::set_active_expire),
    subcommand("set-skip-checksum-validation", "<0|1>", (1, 1), "Whether RESTORE and RDB files are taken with any checksum.", settings::ignore_checksums),
    subcommand("sleep", "<seconds>", (1, 1), "Stops everything for a while.", sleep::sleep),
    subcommand("stringmatch-len", "<length> <pattern>", (2, 2), "Matches a pattern against a long text.", protocol::stringmatch_len),
    subcommand("structsize", "", (0, 0), "Answers sizes of structures in memory.", keys::structsize),
];

fn debug(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let name = &arguments[1];
    let count = arguments.len() - 2;
    let matches = |subcommand: &&Subcommand| {
        subcommand.name.as_bytes().eq_ignore_ascii_case(name) && (subcommand.least..=subcommand.most).contains(&count)
    };
    match SUBCOMMANDS.iter().find(matches) {
        Some(subcommand) => (subcommand.handler)(context, arguments),
        None => Err(wrong_arguments(&arguments)),
    }
}

fn reload(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    debug_reload(context, arguments.from(2))
}

fn loadaof(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    debug_loadaof(context)
}

fn help(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let mut lines = Vec::new();
    for subcommand in SUBCOMMANDS {
        let name = subcommand.name.to_ascii_uppercase();
        lines.push(if subcommand.arguments.is_empty() { name } else { format!("{name} {}", subcommand.arguments) });
        lines.push(format!("    {}", subcommand.summary));
    }
    let command = context.command;
    write_help(context, command, &lines);
    Ok(())
}
