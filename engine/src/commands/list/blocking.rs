//! Commands that wait for an element: BLPOP, BRPOP, BLMPOP, BLMOVE, BRPOPLPUSH.

use super::End;
use super::pop::{pop_range, take};
use super::shift::shift;
use crate::boundary::time::Monotonic;
use crate::command::collection::FromSeveral;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::keyspace::change::Record;
use crate::resp::request::Arguments;

/// BLPOP.
pub(super) const BLPOP: Command = Command {
    name: "blpop",
    group: Group::List,
    since: "2.0.0",
    summary: "Removes the first element of the first of several lists that has any, and waits for one if none has.",
    complexity: "O(N) where N is the number of keys",
    arity: -3,
    flags: Flags::BLOCKING.and(Flags::WRITE),
    categories: Categories::BLOCKING.and(Categories::LIST).and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: -2, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple(), Argument::new("timeout", ArgumentKind::Double)],
    subcommands: &[],
    handler: blpop,
};

/// BRPOP.
pub(super) const BRPOP: Command = Command {
    name: "brpop",
    group: Group::List,
    since: "2.0.0",
    summary: "Removes the last element of the first of several lists that has any, and waits for one if none has.",
    complexity: "O(N) where N is the number of keys",
    arity: -3,
    flags: Flags::BLOCKING.and(Flags::WRITE),
    categories: Categories::BLOCKING.and(Categories::LIST).and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: -2, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple(), Argument::new("timeout", ArgumentKind::Double)],
    subcommands: &[],
    handler: brpop,
};

/// BLMOVE.
pub(super) const BLMOVE: Command = Command {
    name: "blmove",
    group: Group::List,
    since: "6.2.0",
    summary: "Moves an element from an end of a list to an end of another, and waits for one if there is none.",
    complexity: "O(1)",
    arity: 6,
    flags: Flags::BLOCKING.and(Flags::DENYOOM).and(Flags::WRITE),
    categories: Categories::BLOCKING.and(Categories::LIST).and(Categories::SLOW).and(Categories::WRITE),
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
        Argument::new("timeout", ArgumentKind::Double),
    ],
    subcommands: &[],
    handler: blmove,
};

/// BRPOPLPUSH.
pub(super) const BRPOPLPUSH: Command = Command {
    name: "brpoplpush",
    group: Group::List,
    since: "2.2.0",
    summary: "Moves the last element of a list to the beginning of another, and waits for one if there is none.",
    complexity: "O(1)",
    arity: 4,
    flags: Flags::BLOCKING.and(Flags::DENYOOM).and(Flags::WRITE),
    categories: Categories::BLOCKING.and(Categories::LIST).and(Categories::SLOW).and(Categories::WRITE),
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
        Argument::new("timeout", ArgumentKind::Double),
    ],
    subcommands: &[],
    handler: brpoplpush,
};

/// BLMPOP.
pub(super) const BLMPOP: Command = Command {
    name: "blmpop",
    group: Group::List,
    since: "7.0.0",
    summary: "Removes elements from the first of several lists that has any, and waits for some if none has.",
    complexity: "O(N+M) where N is the number of keys and M the number of elements returned",
    arity: -5,
    flags: Flags::BLOCKING.and(Flags::WRITE),
    categories: Categories::BLOCKING.and(Categories::LIST).and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(2),
        find: Find::Count { count_index: 0, first: 1, step: 1 },
        notes: "",
    }],
    arguments: &[
        Argument::new("timeout", ArgumentKind::Double),
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(0)).multiple(),
        Argument::new(
            "where",
            ArgumentKind::OneOf(&[Argument::token("left", "LEFT"), Argument::token("right", "RIGHT")]),
        ),
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
    ],
    subcommands: &[],
    handler: blmpop,
};

fn blpop(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    pop(context, &arguments, End::Front)
}

fn brpop(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    pop(context, &arguments, End::Back)
}

fn pop(context: &mut Context<'_>, arguments: &Arguments<'_>, end: End) -> Result<(), Error> {
    let keys = 1..arguments.len() - 1;
    let until = context.seconds_from_now(&arguments[keys.end])?;
    for index in keys.clone() {
        let key = context.key(arguments, index);
        let Some(location) = context.find_write_of(&key, Type::List)? else { continue };
        let request: [&[u8]; 2] = [if end.is_front() { b"LPOP" } else { b"RPOP" }, key.bytes];
        let popped = take(context, &key, location, end, 1, Record::Request(&request));
        context.reply.array(1 + popped.len());
        context.reply.bulk(key.bytes);
        popped.iter().for_each(|element| context.reply.bulk(element));
        return Ok(());
    }
    context.wait_for(Type::List, keys, until);
    Ok(())
}

fn blmpop(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let wanted = FromSeveral::parse(&arguments, 2, End::parse)?;
    let until = context.seconds_from_now(&arguments[1])?;
    if !pop_range(context, &arguments, &wanted)? {
        context.wait_for(Type::List, wanted.keys, until);
    }
    Ok(())
}

fn blmove(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (from, to) = (End::parse(&arguments[3])?, End::parse(&arguments[4])?);
    let until = context.seconds_from_now(&arguments[5])?;
    let request: [&[u8]; 5] = [b"LMOVE", &arguments[1], &arguments[2], &arguments[3], &arguments[4]];
    if !shift(context, &arguments, from, to, Record::Request(&request))? {
        wait_for_source(context, until);
    }
    Ok(())
}

fn brpoplpush(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let until = context.seconds_from_now(&arguments[3])?;
    let request: [&[u8]; 3] = [b"RPOPLPUSH", &arguments[1], &arguments[2]];
    if !shift(context, &arguments, End::Back, End::Front, Record::Request(&request))? {
        wait_for_source(context, until);
    }
    Ok(())
}

/// As [`Context::wait_for`]; who may not wait gets another kind of nothing.
fn wait_for_source(context: &mut Context<'_>, until: Option<Monotonic>) {
    if context.may_block() {
        context.wait_for(Type::List, 1..2, until);
    } else {
        context.reply.null();
    }
}
