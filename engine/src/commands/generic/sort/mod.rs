//! SORT and SORT_RO: the elements of a list, a set or a sorted set in another order,
//! or what other keys hold for them.
//!
//! ```text
//! request ── elements ── weights ── order ── reply, or a list
//!              of the      BY         ASC,     GET           STORE
//!              key                    DESC
//! ```
//!
//! All elements are copied before the first other key is looked up: that may remove
//! an expired one, and move what is read.

mod elements;
mod pattern;
mod request;
#[cfg(test)]
mod tests;

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::data::list;
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::Key;
use crate::resp::request::Arguments;
use alloc::vec::Vec;
use elements::Elements;
use request::Request;

/// SORT.
pub(super) const SORT: Command = Command {
    name: "sort",
    group: Group::Generic,
    since: "1.0.0",
    summary: "Sorts the elements of a list, set or sorted set, and replies with them or stores them.",
    complexity: "O(N+M*log(M)) where N is the number of elements and M of those that are returned; O(N) if none are sorted",
    arity: -2,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::DANGEROUS
        .and(Categories::LIST)
        .and(Categories::SET)
        .and(Categories::SLOW)
        .and(Categories::SORTED_SET)
        .and(Categories::WRITE),
    tips: &[],
    keys: &[SOURCE, LOOKED_UP, DESTINATION],
    arguments: &[
        KEY,
        BY,
        LIMIT,
        GET,
        ORDER,
        ALPHA,
        Argument::new("destination", ArgumentKind::Key(2)).after("STORE").optional(),
    ],
    subcommands: &[],
    handler: sort,
};

/// SORT_RO.
pub(super) const SORT_RO: Command = Command {
    name: "sort_ro",
    group: Group::Generic,
    since: "7.0.0",
    summary: "Sorts the elements of a list, set or sorted set, and replies with them.",
    complexity: "O(N+M*log(M)) where N is the number of elements and M of those that are returned; O(N) if none are sorted",
    arity: -2,
    flags: Flags::READONLY,
    categories: Categories::DANGEROUS
        .and(Categories::LIST)
        .and(Categories::READ)
        .and(Categories::SET)
        .and(Categories::SLOW)
        .and(Categories::SORTED_SET),
    tips: &[],
    keys: &[SOURCE, LOOKED_UP],
    arguments: &[KEY, BY, LIMIT, GET, ORDER, ALPHA],
    subcommands: &[],
    handler: sort_ro,
};

const SOURCE: KeySpec = KeySpec {
    flags: KeyFlags::RO.and(KeyFlags::ACCESS),
    begin: Begin::Index(1),
    find: Find::Range { last: 0, step: 1, limit: 0 },
    notes: "",
};
const LOOKED_UP: KeySpec = KeySpec {
    flags: KeyFlags::RO.and(KeyFlags::ACCESS),
    begin: Begin::Unknown,
    find: Find::Unknown,
    notes: "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
};
const DESTINATION: KeySpec = KeySpec {
    flags: KeyFlags::OW.and(KeyFlags::UPDATE),
    begin: Begin::Unknown,
    find: Find::Unknown,
    notes: "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
};

const KEY: Argument = Argument::new("key", ArgumentKind::Key(0));
const BY: Argument = Argument::new("by-pattern", ArgumentKind::Pattern).after("BY").optional();
const LIMIT: Argument = Argument::new(
    "limit",
    ArgumentKind::Block(&[
        Argument::new("offset", ArgumentKind::Integer),
        Argument::new("count", ArgumentKind::Integer),
    ]),
)
.after("LIMIT")
.optional();
const GET: Argument = Argument::new("get-pattern", ArgumentKind::Pattern).after("GET").optional().multiple_token();
const ORDER: Argument =
    Argument::new("order", ArgumentKind::OneOf(&[Argument::token("asc", "ASC"), Argument::token("desc", "DESC")]))
        .optional();
const ALPHA: Argument = Argument::token("sorting", "ALPHA").optional();

fn sort(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let request = Request::parse(context, &arguments, true)?;
    let (elements, order) = sorted(context, &arguments, &request)?;
    match request.destination {
        Some(destination) => store(context, &destination, &request, &elements, &order),
        None => reply(context, &request, &elements, &order),
    }
    Ok(())
}

fn sort_ro(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let request = Request::parse(context, &arguments, false)?;
    let (elements, order) = sorted(context, &arguments, &request)?;
    reply(context, &request, &elements, &order);
    Ok(())
}

/// The elements of the key, and which of them are asked for, in order.
fn sorted(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    request: &Request<'_>,
) -> Result<(Elements, Vec<usize>), Error> {
    let key = context.key(arguments, 1);
    let elements = match context.find_read(&key) {
        Some(location) => Elements::of(context.entry(location).content(), request).ok_or(Error::WrongType)?,
        None => Elements::default(),
    };
    let order = elements.order(context, request)?;
    Ok((elements, order))
}

fn reply(context: &mut Context<'_>, request: &Request<'_>, elements: &Elements, order: &[usize]) {
    let hidden_before_ms = context.fields_hidden_before_ms();
    context.reply.array(order.len().saturating_mul(request.get.len().max(1)));
    for &index in order {
        let element = elements.get(index);
        if request.get.is_empty() {
            context.reply.bulk(element);
        }
        for pattern in &request.get {
            let found = pattern.find(context, element);
            let data = (&*context.keyspace, context.session.database);
            match pattern.value(data, hidden_before_ms, found, element) {
                Some(value) => context.reply.value(value),
                None => context.reply.null(),
            }
        }
    }
}

/// Puts the list of what was asked for at a key; an empty one is no key.
fn store(
    context: &mut Context<'_>,
    destination: &Key<'_>,
    request: &Request<'_>,
    elements: &Elements,
    order: &[usize],
) {
    let (rules, hidden_before_ms) = (context.rules(), context.fields_hidden_before_ms());
    let (mut body, mut length) = (list::empty(), 0);
    let mut push = |value: &[u8]| {
        rules.expect_elements(&mut body, value.len(), 1);
        rules.push(&mut body, false, value);
        length += 1;
    };
    for &index in order {
        let element = elements.get(index);
        if request.get.is_empty() {
            push(element);
        }
        for pattern in &request.get {
            let found = pattern.find(context, element);
            let data = (&*context.keyspace, context.session.database);
            let value = pattern.value(data, hidden_before_ms, found, element);
            push(value.unwrap_or(Value::Bytes(b"")).bytes(&mut [0; 20]));
        }
    }
    rules.expect_elements(&mut body, 0, 0);
    rules.condense(&mut body, true);
    if length > 0 {
        context.overwrite(destination, Type::List, body);
        context.changed(destination, Event::list("sortstore"), Record::Command);
        context.counts_as(length);
    } else if let Some(location) = context.find_live(context.database(), destination) {
        context.remove(context.database(), destination, location);
        context.changed(destination, Event::generic("del"), Record::Command);
    }
    context.reply.integer(length as i64);
}
