//! HRANDFIELD: fields at random.

use super::hash_of;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::data::shape::Type;
use crate::resp::reply::{Protocol, Reply};
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// As often fields may come again: a reply is made at once, and nothing stops it half-way yet.
const REPEATED_MAX: i64 = 1 << 24;

/// HRANDFIELD.
pub(super) const HRANDFIELD: Command = Command {
    name: "hrandfield",
    group: Group::Hash,
    since: "6.2.0",
    summary: "Returns fields of a hash at random.",
    complexity: "O(N) where N is the number of fields returned",
    arity: -2,
    flags: Flags::READONLY,
    categories: Categories::HASH.and(Categories::READ).and(Categories::SLOW),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "options",
            ArgumentKind::Block(&[
                Argument::new("count", ArgumentKind::Integer),
                Argument::token("withvalues", "WITHVALUES").optional(),
            ]),
        )
        .optional(),
    ],
    subcommands: &[],
    handler: hrandfield,
};

fn hrandfield(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(count) = arguments.get(2) else { return one(context, &arguments) };
    let count = Error::negatable(count)?;
    let with_values = match arguments.get(3) {
        None => false,
        Some(word) if arguments.len() == 4 && word.eq_ignore_ascii_case(b"withvalues") => true,
        Some(_) => return Err(Error::Syntax),
    };
    if with_values && !(-i64::MAX / 2..=i64::MAX / 2).contains(&count) || count < -REPEATED_MAX {
        return Err(Error::OutOfRange);
    }
    let Some(location) = context.find_read_of(&key, Type::Hash)?.filter(|_| count != 0) else {
        context.reply.array(0);
        return Ok(());
    };
    let mut random = context.keyspace.random.clone();
    let hidden_before_ms = context.fields_hidden_before_ms();
    let hash = hash_of(context.keyspace.get(context.session.database, location).content()).visible(hidden_before_ms);
    let (reply, wanted) = (&mut context.reply, count.unsigned_abs() as usize);
    if count < 0 && !hash.hides() {
        begin(reply, wanted, with_values);
        for _ in 0..wanted {
            if let Some(pair) = hash.random(|| random.next_u64()) {
                reply_pair(reply, pair, with_values);
            }
        }
    } else {
        let pairs: Vec<_> = if count < 0 {
            (0..wanted).map_while(|_| hash.random(|| random.next_u64())).collect()
        } else {
            hash.sample(wanted, &mut random)
        };
        begin(reply, pairs.len(), with_values);
        pairs.into_iter().for_each(|pair| reply_pair(reply, pair, with_values));
    }
    context.keyspace.random = random;
    Ok(())
}

fn one(context: &mut Context<'_>, arguments: &Arguments<'_>) -> Result<(), Error> {
    let key = context.key(arguments, 1);
    let Some(location) = context.find_read_of(&key, Type::Hash)? else {
        context.reply.null();
        return Ok(());
    };
    let mut random = context.keyspace.random.clone();
    let hidden_before_ms = context.fields_hidden_before_ms();
    let hash = hash_of(context.keyspace.get(context.session.database, location).content());
    match hash.visible(hidden_before_ms).random(|| random.next_u64()) {
        Some((field, _)) => context.reply.value(field),
        None => context.reply.null(),
    }
    context.keyspace.random = random;
    Ok(())
}

/// With values, RESP3 has an array for each pair.
fn begin(reply: &mut Reply<'_>, pairs: usize, with_values: bool) {
    let flat = with_values && reply.protocol() == Protocol::Resp2;
    reply.array(if flat { pairs * 2 } else { pairs });
}

fn reply_pair(reply: &mut Reply<'_>, (field, value): (Value<'_>, Value<'_>), with_values: bool) {
    if with_values && reply.protocol() != Protocol::Resp2 {
        reply.array(2);
    }
    reply.value(field);
    if with_values {
        reply.value(value);
    }
}
