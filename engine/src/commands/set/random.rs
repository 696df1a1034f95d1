//! Members at random: SPOP, SRANDMEMBER.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::set::{self, SetRef};
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// As often members may come again: a reply is made at once, and nothing stops it half-way yet.
const REPEATED_MAX: i64 = 1 << 24;

/// SPOP.
pub(super) const SPOP: Command = Command {
    name: "spop",
    group: Group::Set,
    since: "1.0.0",
    summary: "Removes members at random from a set and returns them.",
    complexity: "O(1) without a count, else O(N) in the number of members removed",
    arity: -2,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::SET).and(Categories::WRITE),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("count", ArgumentKind::Integer).optional().since("3.2.0"),
    ],
    subcommands: &[],
    handler: spop,
};

/// SRANDMEMBER.
pub(super) const SRANDMEMBER: Command = Command {
    name: "srandmember",
    group: Group::Set,
    since: "1.0.0",
    summary: "Returns members of a set at random.",
    complexity: "O(1) without a count, else O(N) in the count",
    arity: -2,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SET).and(Categories::SLOW),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("count", ArgumentKind::Integer).optional().since("2.6.0"),
    ],
    subcommands: &[],
    handler: srandmember,
};

fn spop(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let count = match arguments.get(2) {
        None => None,
        Some(_) if arguments.len() > 3 => return Err(Error::Syntax),
        Some(count) => {
            let count = parse_i64(count).ok_or(Error::NotPositive)?;
            Some(usize::try_from(count).map_err(|_| Error::NotPositive)?)
        }
    };
    let Some(location) = context.find_write_of(&key, Type::Set)? else {
        match count {
            None => context.reply.null(),
            Some(_) => context.reply.set(0),
        }
        return Ok(());
    };
    match count {
        None => {
            let popped = pop(context, &key, location, 1);
            popped.iter().for_each(|member| context.reply.bulk(member));
        }
        Some(0) => context.reply.set(0),
        Some(count) => pop_several(context, &key, location, count),
    }
    Ok(())
}

fn pop_several(context: &mut Context<'_>, key: &Key<'_>, location: Location, count: usize) {
    let set = super::set_at(context.keyspace, context.session.database, location);
    let size = set.len();
    if count < size {
        let popped = pop(context, key, location, count);
        context.reply.set(popped.len());
        popped.iter().for_each(|member| context.reply.bulk(member));
        return;
    }
    context.reply.set(size);
    for member in set.iter() {
        context.reply.value(member);
    }
    context.changed_by_deletion(key, location, Event::set("spop"));
    context.counts_as(size as u64);
}

/// Takes members out, at random; elsewhere the same are removed.
fn pop(context: &mut Context<'_>, key: &Key<'_>, location: Location, count: usize) -> Vec<Vec<u8>> {
    let mut random = context.keyspace.random.clone();
    let (popped, emptied) = context.edit(key, location, |body| {
        let mut popped = Vec::new();
        while popped.len() < count
            && let Some(member) = set::pop(body, &mut random)
        {
            popped.push(member);
        }
        (popped, SetRef::of_body(body).is_empty())
    });
    context.keyspace.random = random;
    context.changed(key, Event::set("spop"), Record::Elements { command: "SREM", elements: &popped });
    context.counts_as(popped.len() as u64);
    if emptied {
        context.remove_emptied(key);
    }
    popped
}

fn srandmember(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(count) = arguments.get(2) else {
        let found = context.find_read_of(&key, Type::Set)?;
        return reply_one(context, found);
    };
    if arguments.len() > 3 {
        return Err(Error::Syntax);
    }
    let count = Error::negatable(count)?;
    if count < -REPEATED_MAX {
        return Err(Error::OutOfRange);
    }
    let Some(location) = context.find_read_of(&key, Type::Set)?.filter(|_| count != 0) else {
        context.reply.array(0);
        return Ok(());
    };
    let mut random = context.keyspace.random.clone();
    let set = super::set_at(context.keyspace, context.session.database, location);
    if count < 0 {
        context.reply.array(count.unsigned_abs() as usize);
        for _ in 0..count.unsigned_abs() {
            if let Some(member) = set.random(|| random.next_u64()) {
                context.reply.value(member);
            }
        }
    } else {
        let members = set.sample(count as usize, &mut random);
        context.reply.array(members.len());
        members.into_iter().for_each(|member| context.reply.value(member));
    }
    context.keyspace.random = random;
    Ok(())
}

fn reply_one(context: &mut Context<'_>, found: Option<Location>) -> Result<(), Error> {
    let Some(location) = found else {
        context.reply.null();
        return Ok(());
    };
    let mut random = context.keyspace.random.clone();
    let set = super::set_at(context.keyspace, context.session.database, location);
    match set.random(|| random.next_u64()) {
        Some(member) => context.reply.value(member),
        None => context.reply.null(),
    }
    context.keyspace.random = random;
    Ok(())
}
