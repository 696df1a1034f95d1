//! Sets of sets: what several have in common, have together, or one has alone.

use crate::base::number::parse_i64;
use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::collection::Body;
use crate::data::entry::{Large, Value};
use crate::data::limits::Rules;
use crate::data::set::{self, SetRef};
use crate::data::shape::Type;
use crate::keyspace::Keyspace;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::Key;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::vec::Vec;
use core::ops::Range;

/// SINTER.
pub(super) const SINTER: Command = Command {
    name: "sinter",
    group: Group::Set,
    since: "1.0.0",
    summary: "Returns the members that several sets have in common.",
    complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
    arity: -2,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SET).and(Categories::SLOW),
    tips: &["nondeterministic_output_order"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple()],
    subcommands: &[],
    handler: sinter,
};

/// SINTERCARD.
pub(super) const SINTERCARD: Command = Command {
    name: "sintercard",
    group: Group::Set,
    since: "7.0.0",
    summary: "Returns how many members several sets have in common.",
    complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SET).and(Categories::SLOW),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Count { count_index: 0, first: 1, step: 1 },
        notes: "",
    }],
    arguments: &[
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new("key", ArgumentKind::Key(0)).multiple(),
        Argument::new("limit", ArgumentKind::Integer).after("LIMIT").optional(),
    ],
    subcommands: &[],
    handler: sintercard,
};

/// SINTERSTORE.
pub(super) const SINTERSTORE: Command = Command {
    name: "sinterstore",
    group: Group::Set,
    since: "1.0.0",
    summary: "Stores the members that several sets have in common.",
    complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SET.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::OW.and(KeyFlags::UPDATE),
            begin: Begin::Index(1),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        KeySpec {
            flags: KeyFlags::RO.and(KeyFlags::ACCESS),
            begin: Begin::Index(2),
            find: Find::Range { last: -1, step: 1, limit: 0 },
            notes: "",
        },
    ],
    arguments: &[
        Argument::new("destination", ArgumentKind::Key(0)),
        Argument::new("key", ArgumentKind::Key(1)).multiple(),
    ],
    subcommands: &[],
    handler: sinterstore,
};

/// SUNION.
pub(super) const SUNION: Command = Command {
    name: "sunion",
    group: Group::Set,
    since: "1.0.0",
    summary: "Returns the members of any of several sets.",
    complexity: "O(N) where N is the size of all sets together",
    arity: -2,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SET).and(Categories::SLOW),
    tips: &["nondeterministic_output_order"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple()],
    subcommands: &[],
    handler: sunion,
};

/// SUNIONSTORE.
pub(super) const SUNIONSTORE: Command = Command {
    name: "sunionstore",
    group: Group::Set,
    since: "1.0.0",
    summary: "Stores the members of any of several sets.",
    complexity: "O(N) where N is the size of all sets together",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SET.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::OW.and(KeyFlags::UPDATE),
            begin: Begin::Index(1),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        KeySpec {
            flags: KeyFlags::RO.and(KeyFlags::ACCESS),
            begin: Begin::Index(2),
            find: Find::Range { last: -1, step: 1, limit: 0 },
            notes: "",
        },
    ],
    arguments: &[
        Argument::new("destination", ArgumentKind::Key(0)),
        Argument::new("key", ArgumentKind::Key(1)).multiple(),
    ],
    subcommands: &[],
    handler: sunionstore,
};

/// SDIFF.
pub(super) const SDIFF: Command = Command {
    name: "sdiff",
    group: Group::Set,
    since: "1.0.0",
    summary: "Returns the members of a set that other sets do not have.",
    complexity: "O(N) where N is the size of all sets together",
    arity: -2,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SET).and(Categories::SLOW),
    tips: &["nondeterministic_output_order"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)).multiple()],
    subcommands: &[],
    handler: sdiff,
};

/// SDIFFSTORE.
pub(super) const SDIFFSTORE: Command = Command {
    name: "sdiffstore",
    group: Group::Set,
    since: "1.0.0",
    summary: "Stores the members of a set that other sets do not have.",
    complexity: "O(N) where N is the size of all sets together",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SET.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::OW.and(KeyFlags::UPDATE),
            begin: Begin::Index(1),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        KeySpec {
            flags: KeyFlags::RO.and(KeyFlags::ACCESS),
            begin: Begin::Index(2),
            find: Find::Range { last: -1, step: 1, limit: 0 },
            notes: "",
        },
    ],
    arguments: &[
        Argument::new("destination", ArgumentKind::Key(0)),
        Argument::new("key", ArgumentKind::Key(1)).multiple(),
    ],
    subcommands: &[],
    handler: sdiffstore,
};

fn sinter(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let keys = find_all(context, &arguments, 1..arguments.len())?;
    let mut list = Vec::new();
    let (mut reply, mut count) = (Reply::new(&mut list, context.reply.protocol()), 0);
    let sets = sets_at(context.keyspace, context.session.database, &keys);
    for member in intersection(&sets).into_iter().flatten() {
        reply.value(member);
        count += 1;
    }
    context.reply.set(count);
    context.reply.raw(&list);
    Ok(())
}

fn sintercard(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let text = "ERR numkeys should be greater than 0";
    let count = parse_i64(&arguments[1]).filter(|&count| count > 0).ok_or(Error::Text(text))?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count > arguments.len() - 2 {
        return Err(Error::Text("ERR Number of keys can't be greater than number of args"));
    }
    let mut limit = 0;
    let mut index = 2 + count;
    while let Some(option) = arguments.get(index) {
        let Some(value) = arguments.get(index + 1).filter(|_| option.eq_ignore_ascii_case(b"limit")) else {
            return Err(Error::Syntax);
        };
        let parsed = parse_i64(value).and_then(|limit| usize::try_from(limit).ok());
        limit = parsed.ok_or(Error::Text("ERR LIMIT can't be negative"))?;
        index += 2;
    }
    let keys = find_all(context, &arguments, 2..2 + count)?;
    let sets = sets_at(context.keyspace, context.session.database, &keys);
    let limit = if limit == 0 { usize::MAX } else { limit };
    let cardinality = intersection(&sets).into_iter().flatten().take(limit).count();
    context.reply.integer(cardinality as i64);
    Ok(())
}

fn sinterstore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let keys = find_all(context, &arguments, 2..arguments.len())?;
    let rules = context.rules();
    let sets = sets_at(context.keyspace, context.session.database, &keys);
    let mut body = set::empty();
    for member in intersection(&sets).into_iter().flatten() {
        rules.add(&mut body, member.bytes(&mut [0; 20]));
    }
    store(context, &arguments, body, "sinterstore");
    Ok(())
}

fn sunion(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let keys = find_all(context, &arguments, 1..arguments.len())?;
    let rules = context.rules();
    let sets = sets_at(context.keyspace, context.session.database, &keys);
    let mut body = set::empty();
    rules.expect(&mut body, sets.iter().flatten().map(|set| set.len()).sum());
    union(&sets, &rules, &mut body);
    reply_body(context, body);
    Ok(())
}

fn sunionstore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let keys = find_all(context, &arguments, 2..arguments.len())?;
    let rules = context.rules();
    let sets = sets_at(context.keyspace, context.session.database, &keys);
    let mut body = set::empty();
    union(&sets, &rules, &mut body);
    store(context, &arguments, body, "sunionstore");
    Ok(())
}

fn sdiff(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let body = difference(context, &arguments, 1)?;
    reply_body(context, body);
    Ok(())
}

fn sdiffstore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let body = difference(context, &arguments, 2)?;
    store(context, &arguments, body, "sdiffstore");
    Ok(())
}

/// Finds the keys among some arguments; `None` where there is none.
fn find_all<'k>(
    context: &mut Context<'_>,
    arguments: &Arguments<'k>,
    range: Range<usize>,
) -> Result<Vec<Option<Key<'k>>>, Error> {
    let mut keys = Vec::with_capacity(range.len());
    for index in range {
        let key = context.key(arguments, index);
        keys.push(context.find_read_of(&key, Type::Set)?.map(|_| key));
    }
    Ok(keys)
}

/// The sets at keys that were found: not before all are, for where one is may
/// change as another is found past its time.
fn sets_at<'k>(keyspace: &'k Keyspace, database: DatabaseId, keys: &[Option<Key<'_>>]) -> Vec<Option<SetRef<'k>>> {
    let set = |key: &Option<Key<'_>>| SetRef::of(keyspace.peek(database, key.as_ref()?)?.content());
    keys.iter().map(set).collect()
}

/// The members that all sets have; `None` if one is not there.
fn intersection<'a>(sets: &[Option<SetRef<'a>>]) -> Option<impl Iterator<Item = Value<'a>>> {
    let mut sets: Vec<SetRef<'a>> = sets.iter().copied().collect::<Option<_>>()?;
    sets.sort_by_key(|set| set.len());
    let (first, others) = sets.split_first()?;
    let others = others.to_vec();
    Some(first.iter().filter(move |member| others.iter().all(|other| other.contains_value(*member))))
}

fn union(sets: &[Option<SetRef<'_>>], rules: &Rules, body: &mut Body) {
    for member in sets.iter().flatten().flat_map(|set| set.iter()) {
        rules.add(body, member.bytes(&mut [0; 20]));
    }
}

fn difference(context: &mut Context<'_>, arguments: &Arguments<'_>, first: usize) -> Result<Body, Error> {
    let keys = find_all(context, arguments, first..arguments.len())?;
    let rules = context.rules();
    let sets = sets_at(context.keyspace, context.session.database, &keys);
    let mut body = set::empty();
    let itself = (first + 1..arguments.len()).any(|index| arguments[index] == arguments[first]);
    let Some((Some(minuend), subtrahends)) = sets.split_first().filter(|_| !itself) else { return Ok(body) };
    let subtrahends: Vec<SetRef<'_>> = subtrahends.iter().copied().flatten().collect();
    let looked_up = minuend.len() * (1 + subtrahends.len()) / 2;
    let walked = minuend.len() + subtrahends.iter().map(|set| set.len()).sum::<usize>();
    if looked_up <= walked {
        for member in minuend.iter().filter(|member| !subtrahends.iter().any(|set| set.contains_value(*member))) {
            rules.add(&mut body, member.bytes(&mut [0; 20]));
        }
        return Ok(body);
    }
    union(&sets[..1], &rules, &mut body);
    for member in subtrahends.iter().flat_map(|set| set.iter()) {
        set::remove(&mut body, member.bytes(&mut [0; 20]));
    }
    Ok(body)
}

fn reply_body(context: &mut Context<'_>, body: Body) {
    let set = SetRef::of_body(&body);
    context.reply.set(set.len());
    for member in set.iter() {
        context.reply.value(member);
    }
    if let Body::Large(collection) = body {
        context.discard(Large::Collection(collection));
    }
}

/// Puts a set at the first key; an empty one is no key.
fn store(context: &mut Context<'_>, arguments: &Arguments<'_>, body: Body, name: &'static str) {
    let destination = context.key(arguments, 1);
    let length = SetRef::of_body(&body).len();
    if length > 0 {
        context.overwrite(&destination, Type::Set, body);
        context.changed(&destination, Event::set(name), Record::Command);
    } else if let Some(location) = context.find_live(context.database(), &destination) {
        context.remove(context.database(), &destination, location);
        context.changed(&destination, Event::generic("del"), Record::Command);
    }
    context.reply.integer(length as i64);
}
