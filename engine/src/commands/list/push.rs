//! Adding at an end: LPUSH, RPUSH, LPUSHX, RPUSHX.

use super::End;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::collection::Body;
use crate::data::list;
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// LPUSH.
pub(super) const LPUSH: Command = Command {
    name: "lpush",
    group: Group::List,
    since: "1.0.0",
    summary: "Adds elements at the beginning of a list.",
    complexity: "O(1) an element",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::LIST).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::INSERT),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("element", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: lpush,
};

/// RPUSH.
pub(super) const RPUSH: Command = Command {
    name: "rpush",
    group: Group::List,
    since: "1.0.0",
    summary: "Adds elements at the end of a list.",
    complexity: "O(1) an element",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::LIST).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::INSERT),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("element", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: rpush,
};

/// LPUSHX.
pub(super) const LPUSHX: Command = Command {
    name: "lpushx",
    group: Group::List,
    since: "2.2.0",
    summary: "Adds elements at the beginning of a list, if it exists.",
    complexity: "O(1) an element",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::LIST).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::INSERT),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("element", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: lpushx,
};

/// RPUSHX.
pub(super) const RPUSHX: Command = Command {
    name: "rpushx",
    group: Group::List,
    since: "2.2.0",
    summary: "Adds elements at the end of a list, if it exists.",
    complexity: "O(1) an element",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::LIST).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::INSERT),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("element", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: rpushx,
};

fn lpush(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    push(context, &arguments, End::Front, true)
}

fn rpush(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    push(context, &arguments, End::Back, true)
}

fn lpushx(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    push(context, &arguments, End::Front, false)
}

fn rpushx(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    push(context, &arguments, End::Back, false)
}

fn push(context: &mut Context<'_>, arguments: &Arguments<'_>, end: End, creates: bool) -> Result<(), Error> {
    let key = context.key(arguments, 1);
    let found = context.find_write_of(&key, Type::List)?;
    if found.is_none() && !creates {
        context.reply.integer(0);
        return Ok(());
    }
    let rules = context.rules();
    let elements = 2..arguments.len();
    let bytes = elements.clone().map(|index| arguments[index].len()).sum();
    let push = |body: &mut Body| {
        rules.expect_elements(body, bytes, elements.len());
        elements.clone().for_each(|index| rules.push(body, end.is_front(), &arguments[index]));
        body.content(Type::List).len()
    };
    let length = match found {
        Some(location) => context.edit(&key, location, push),
        None => {
            let mut body = list::empty();
            let length = push(&mut body);
            context.create(&key, Type::List, body);
            length
        }
    };
    context.changed(&key, Event::list(end.pushed()), Record::Command);
    context.counts_as(elements.len() as u64);
    context.reply.integer(length as i64);
    Ok(())
}
