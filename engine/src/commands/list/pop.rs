//! Taking from an end: LPOP, RPOP, LMPOP.

use super::{End, list_at};
use crate::base::number::{format_i64, parse_i64};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::list::{self, ListRef};
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// LPOP.
pub(super) const LPOP: Command = Command {
    name: "lpop",
    group: Group::List,
    since: "1.0.0",
    summary: "Removes elements from the beginning of a list and returns them.",
    complexity: "O(N) where N is the number of elements returned",
    arity: -2,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::LIST).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("count", ArgumentKind::Integer).optional().since("6.2.0"),
    ],
    subcommands: &[],
    handler: lpop,
};

/// RPOP.
pub(super) const RPOP: Command = Command {
    name: "rpop",
    group: Group::List,
    since: "1.0.0",
    summary: "Removes elements from the end of a list and returns them.",
    complexity: "O(N) where N is the number of elements returned",
    arity: -2,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::LIST).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("count", ArgumentKind::Integer).optional().since("6.2.0"),
    ],
    subcommands: &[],
    handler: rpop,
};

/// LMPOP.
pub(super) const LMPOP: Command = Command {
    name: "lmpop",
    group: Group::List,
    since: "7.0.0",
    summary: "Removes elements from the first of several lists that has any, and returns them.",
    complexity: "O(N+M) where N is the number of keys and M the number of elements returned",
    arity: -4,
    flags: Flags::WRITE,
    categories: Categories::LIST.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Count { count_index: 0, first: 1, step: 1 },
        notes: "",
    }],
    arguments: &[
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(0)).multiple(),
        Argument::new(
            "where",
            ArgumentKind::OneOf(&[Argument::token("left", "LEFT"), Argument::token("right", "RIGHT")]),
        ),
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
    ],
    subcommands: &[],
    handler: lmpop,
};

fn lpop(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    pop(context, &arguments, End::Front)
}

fn rpop(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    pop(context, &arguments, End::Back)
}

fn pop(context: &mut Context<'_>, arguments: &Arguments<'_>, end: End) -> Result<(), Error> {
    if arguments.len() > 3 {
        return Err(Error::Arity { command: context.command.name.into() });
    }
    let count = match arguments.get(2) {
        None => None,
        Some(count) => {
            let count = parse_i64(count).and_then(|count| usize::try_from(count).ok());
            Some(count.ok_or(Error::NotPositive)?)
        }
    };
    let key = context.key(arguments, 1);
    let Some(location) = context.find_write_of(&key, Type::List)? else {
        match count {
            None => context.reply.null(),
            Some(_) => context.reply.null_array(),
        }
        return Ok(());
    };
    if count == Some(0) {
        context.reply.array(0);
        return Ok(());
    }
    let popped = take(context, &key, location, end, count.unwrap_or(1), Record::Command);
    if count.is_some() {
        context.reply.array(popped.len());
    }
    popped.iter().for_each(|element| context.reply.bulk(element));
    Ok(())
}

/// Takes elements off an end; a list that becomes empty goes.
pub(super) fn take(
    context: &mut Context<'_>,
    key: &Key<'_>,
    location: Location,
    end: End,
    count: usize,
    record: Record<'_>,
) -> Vec<Vec<u8>> {
    let rules = context.rules();
    let (popped, emptied) = context.edit(key, location, |body| {
        let mut popped = Vec::new();
        while popped.len() < count
            && let Some(element) = list::pop(body, end.is_front())
        {
            popped.push(element);
        }
        let emptied = ListRef::of(body.content(Type::List)).is_none_or(ListRef::is_empty);
        if !emptied {
            rules.condense(body, false);
        }
        (popped, emptied)
    });
    context.changed(key, Event::list(end.popped()), record);
    context.counts_as(popped.len() as u64);
    if emptied {
        context.remove_emptied(key);
    }
    popped
}

fn lmpop(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let keys = parse_i64(&arguments[1]).and_then(|keys| usize::try_from(keys).ok()).filter(|&keys| keys > 0);
    let keys = keys.ok_or(Error::Text("ERR numkeys should be greater than 0"))?;
    let end = End::parse(keys.checked_add(2).and_then(|at| arguments.get(at)).ok_or(Error::Syntax)?)?;
    let count = match (arguments.get(keys + 3), arguments.get(keys + 4)) {
        (None, _) => 1,
        (Some(word), Some(count)) if word.eq_ignore_ascii_case(b"count") => {
            let count = parse_i64(count).and_then(|count| usize::try_from(count).ok()).filter(|&count| count > 0);
            let count = count.ok_or(Error::Text("ERR count should be greater than 0"))?;
            if arguments.len() > keys + 5 {
                return Err(Error::Syntax);
            }
            count
        }
        _ => return Err(Error::Syntax),
    };
    for index in 2..2 + keys {
        let key = context.key(&arguments, index);
        let Some(location) = context.find_write_of(&key, Type::List)? else { continue };
        let length = list_at(context.keyspace, context.session.database, location).len();
        let mut digits = [0; 20];
        let some = format_i64(count.min(length) as i64, &mut digits);
        let request: [&[u8]; 3] = [if end.is_front() { b"LPOP" } else { b"RPOP" }, key.bytes, some];
        let popped = take(context, &key, location, end, count, Record::Request(&request));
        context.reply.array(2);
        context.reply.bulk(key.bytes);
        context.reply.array(popped.len());
        popped.iter().for_each(|element| context.reply.bulk(element));
        return Ok(());
    }
    context.reply.null_array();
    Ok(())
}
