//! From one list to another: LMOVE, RPOPLPUSH.

use super::End;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::list::{self, ListRef};
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::Key;
use crate::resp::request::Arguments;

/// LMOVE.
pub(super) const LMOVE: Command = Command {
    name: "lmove",
    group: Group::List,
    since: "6.2.0",
    summary: "Moves an element from an end of a list to an end of another.",
    complexity: "O(1)",
    arity: 5,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::LIST.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
            begin: Begin::Index(1),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        KeySpec {
            flags: KeyFlags::RW.and(KeyFlags::INSERT),
            begin: Begin::Index(2),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
    ],
    arguments: &[
        Argument::new("source", ArgumentKind::Key(0)),
        Argument::new("destination", ArgumentKind::Key(1)),
        Argument::new(
            "wherefrom",
            ArgumentKind::OneOf(&[Argument::token("left", "LEFT"), Argument::token("right", "RIGHT")]),
        ),
        Argument::new(
            "whereto",
            ArgumentKind::OneOf(&[Argument::token("left", "LEFT"), Argument::token("right", "RIGHT")]),
        ),
    ],
    subcommands: &[],
    handler: lmove,
};

/// RPOPLPUSH.
pub(super) const RPOPLPUSH: Command = Command {
    name: "rpoplpush",
    group: Group::List,
    since: "1.2.0",
    summary: "Moves the last element of a list to the beginning of another.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::LIST.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
            begin: Begin::Index(1),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        KeySpec {
            flags: KeyFlags::RW.and(KeyFlags::INSERT),
            begin: Begin::Index(2),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
    ],
    arguments: &[Argument::new("source", ArgumentKind::Key(0)), Argument::new("destination", ArgumentKind::Key(1))],
    subcommands: &[],
    handler: rpoplpush,
};

fn lmove(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (from, to) = (End::parse(&arguments[3])?, End::parse(&arguments[4])?);
    shift_or_nothing(context, &arguments, from, to)
}

fn rpoplpush(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    shift_or_nothing(context, &arguments, End::Back, End::Front)
}

fn shift_or_nothing(context: &mut Context<'_>, arguments: &Arguments<'_>, from: End, to: End) -> Result<(), Error> {
    if !shift(context, arguments, from, to, Record::Command)? {
        context.reply.null();
    }
    Ok(())
}

/// Moves an element, and replies with it. False, and no reply, if there is none.
pub(super) fn shift(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    from: End,
    to: End,
    record: Record<'_>,
) -> Result<bool, Error> {
    let (source, destination) = (context.key(arguments, 1), context.key(arguments, 2));
    if context.find_write_of(&source, Type::List)?.is_none() {
        return Ok(false);
    }
    let target = context.find_write_of(&destination, Type::List)?;
    // What was past its time is gone: where the source is may have changed.
    let database = context.session.database;
    let Some(location) = context.keyspace.locate(database, &source) else { return Ok(false) };
    let rules = context.rules();
    let popped = context.edit(&source, location, |body| list::pop(body, from.is_front()));
    let Some(element) = popped else { return Ok(false) };
    put(context, &destination, target.is_some(), to, &element, record);
    let Some(location) = context.keyspace.locate(database, &source) else { return Ok(true) };
    let emptied = context.edit(&source, location, |body| {
        let emptied = ListRef::of(body.content(Type::List)).is_none_or(ListRef::is_empty);
        if !emptied {
            rules.condense(body, false);
        }
        emptied
    });
    // One change of two keys, which the record of the push repeats.
    context.also(&source, Event::list(from.popped()));
    if emptied {
        context.remove_emptied(&source);
    }
    context.reply.bulk(&element);
    Ok(true)
}

fn put(context: &mut Context<'_>, destination: &Key<'_>, exists: bool, to: End, element: &[u8], record: Record<'_>) {
    let rules = context.rules();
    let push = |body: &mut _| {
        rules.expect_elements(body, element.len(), 1);
        rules.push(body, to.is_front(), element);
    };
    match context.keyspace.locate(context.session.database, destination).filter(|_| exists) {
        Some(location) => context.edit(destination, location, push),
        None => {
            let mut body = list::empty();
            push(&mut body);
            context.create(destination, Type::List, body);
        }
    }
    context.changed(destination, Event::list(to.pushed()), record);
}
