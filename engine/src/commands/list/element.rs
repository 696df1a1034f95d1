//! Changing elements anywhere: LSET, LINSERT, LREM, LTRIM.

use super::list_at;
use super::read::range;
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::data::list;
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// LSET.
pub(super) const LSET: Command = Command {
    name: "lset",
    group: Group::List,
    since: "1.0.0",
    summary: "Puts another element in the place of one of a list.",
    complexity: "O(N) where N is the distance from the nearer end",
    arity: 4,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::LIST.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("index", ArgumentKind::Integer),
        Argument::new("element", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: lset,
};

/// LINSERT.
pub(super) const LINSERT: Command = Command {
    name: "linsert",
    group: Group::List,
    since: "2.2.0",
    summary: "Inserts an element into a list, before or after another.",
    complexity: "O(N) where N is the distance of the other from the beginning",
    arity: 5,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::LIST.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::INSERT),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "where",
            ArgumentKind::OneOf(&[Argument::token("before", "BEFORE"), Argument::token("after", "AFTER")]),
        ),
        Argument::new("pivot", ArgumentKind::String),
        Argument::new("element", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: linsert,
};

/// LREM.
pub(super) const LREM: Command = Command {
    name: "lrem",
    group: Group::List,
    since: "1.0.0",
    summary: "Removes elements of a list that are equal to a value.",
    complexity: "O(N) where N is the length of the list",
    arity: 4,
    flags: Flags::WRITE,
    categories: Categories::LIST.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("count", ArgumentKind::Integer),
        Argument::new("element", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: lrem,
};

/// LTRIM.
pub(super) const LTRIM: Command = Command {
    name: "ltrim",
    group: Group::List,
    since: "1.0.0",
    summary: "Removes all elements of a list outside of a range.",
    complexity: "O(N) where N is the number of elements removed",
    arity: 4,
    flags: Flags::WRITE,
    categories: Categories::LIST.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("start", ArgumentKind::Integer),
        Argument::new("stop", ArgumentKind::Integer),
    ],
    subcommands: &[],
    handler: ltrim,
};

fn lset(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let location = context.find_write_of(&key, Type::List)?.ok_or(Error::NoSuchKey)?;
    let index = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let rules = context.rules();
    let list = list_at(context.keyspace, context.session.database, location);
    let index = list.index(index).ok_or(Error::IndexOutOfRange)?;
    context.edit(&key, location, |body| {
        rules.expect_elements(body, arguments[3].len(), 0);
        list::replace(&rules, body, index, &arguments[3]);
        rules.condense(body, false);
    });
    context.changed(&key, Event::list("lset"), Record::Command);
    context.reply.ok();
    Ok(())
}

fn linsert(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let after = if arguments[2].eq_ignore_ascii_case(b"after") {
        true
    } else if arguments[2].eq_ignore_ascii_case(b"before") {
        false
    } else {
        return Err(Error::Syntax);
    };
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_write_of(&key, Type::List)? else {
        context.reply.integer(0);
        return Ok(());
    };
    let (pivot, element) = (&arguments[3], &arguments[4]);
    let rules = context.rules();
    let list = list_at(context.keyspace, context.session.database, location);
    let (needle, length) = (Value::encode(pivot), list.len());
    let mut found = None;
    list.walk(false, |index, element| {
        found = (element == needle || element == Value::Bytes(pivot)).then_some(index);
        found.is_none()
    });
    let Some(index) = found else {
        context.reply.integer(-1);
        return Ok(());
    };
    context.edit(&key, location, |body| {
        rules.expect_elements(body, element.len(), 1);
        list::insert(&rules, body, index + usize::from(after), element);
    });
    context.changed(&key, Event::list("linsert"), Record::Command);
    context.reply.integer(length as i64 + 1);
    Ok(())
}

fn lrem(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let count = Error::negatable(&arguments[2])?;
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_write_of(&key, Type::List)? else {
        context.reply.integer(0);
        return Ok(());
    };
    let most = if count == 0 { usize::MAX } else { count.unsigned_abs() as usize };
    let rules = context.rules();
    let (removed, emptied) = context.edit(&key, location, |body| {
        let removed = list::remove_matching(body, &arguments[3], most, count < 0);
        if removed > 0 {
            rules.condense(body, false);
        }
        (removed, body.content(Type::List).is_empty())
    });
    if removed > 0 {
        context.changed(&key, Event::list("lrem"), Record::Command);
        context.counts_as(removed as u64);
    }
    if emptied {
        context.remove_emptied(&key);
    }
    context.reply.integer(removed as i64);
    Ok(())
}

fn ltrim(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let start = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let stop = parse_i64(&arguments[3]).ok_or(Error::NotInteger)?;
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_write_of(&key, Type::List)? else {
        context.reply.ok();
        return Ok(());
    };
    let rules = context.rules();
    let length = list_at(context.keyspace, context.session.database, location).len();
    let (first, count) = range(length, start, stop);
    context.edit(&key, location, |body| {
        list::trim(body, first, count);
        rules.condense(body, false);
    });
    context.changed(&key, Event::list("ltrim"), Record::Command);
    context.counts_as((length - count) as u64);
    if count == 0 {
        context.remove_emptied(&key);
    }
    context.reply.ok();
    Ok(())
}
