//! Reading whole strings: GET, MGET, STRLEN.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::resp::request::Arguments;

/// GET.
pub(super) const GET: Command = Command {
    name: "get",
    group: Group::String,
    since: "1.0.0",
    summary: "Returns the string at a key.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::STRING),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: get,
};

/// MGET.
pub(super) const MGET: Command = Command {
    name: "mget",
    group: Group::String,
    since: "1.0.0",
    summary: "Returns the strings at several keys.",
    complexity: "O(N) where N is the number of keys.",
    arity: -2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::STRING),
    tips: &["request_policy:multi_shard"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple()],
    subcommands: &[],
    handler: mget,
};

/// STRLEN.
pub(super) const STRLEN: Command = Command {
    name: "strlen",
    group: Group::String,
    since: "2.2.0",
    summary: "Returns the length of the string at a key.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::READ).and(Categories::STRING),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: strlen,
};

fn get(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    match context.find_read(&key) {
        Some(location) => context.reply_string(location),
        None => {
            context.reply.null();
            Ok(())
        }
    }
}

fn mget(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.array(arguments.len() - 1);
    for index in 1..arguments.len() {
        let key = context.key(&arguments, index);
        let found = context.find_read(&key);
        // What is no string counts as missing.
        if found.is_none_or(|location| context.reply_string(location).is_err()) {
            context.reply.null();
        }
    }
    Ok(())
}

fn strlen(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let length = context.read_string(&key)?.map_or(0, Value::length);
    context.reply.integer(length as i64);
    Ok(())
}
