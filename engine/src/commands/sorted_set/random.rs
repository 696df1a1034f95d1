//! Members at random: ZRANDMEMBER.

use super::{begin_members, reply_member, set_at};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::resp::request::Arguments;

/// As often members may come again: a reply is made at once, and nothing stops it half-way yet.
const REPEATED_MAX: i64 = 1 << 24;

/// ZRANDMEMBER.
pub(super) const ZRANDMEMBER: Command = Command {
    name: "zrandmember",
    group: Group::SortedSet,
    since: "6.2.0",
    summary: "Returns members of a sorted set at random.",
    complexity: "O(N) where N is the number of members returned",
    arity: -2,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::SORTED_SET),
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
                Argument::token("withscores", "WITHSCORES").optional(),
            ]),
        )
        .optional(),
    ],
    subcommands: &[],
    handler: zrandmember,
};

fn zrandmember(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(count) = arguments.get(2) else { return one(context, &arguments) };
    let count = Error::negatable(count)?;
    let with_scores = match arguments.get(3) {
        None => false,
        Some(word) if arguments.len() == 4 && word.eq_ignore_ascii_case(b"withscores") => true,
        Some(_) => return Err(Error::Syntax),
    };
    if with_scores && !(-i64::MAX / 2..=i64::MAX / 2).contains(&count) || count < -REPEATED_MAX {
        return Err(Error::OutOfRange);
    }
    let Some(location) = context.find_read_of(&key, Type::SortedSet)?.filter(|_| count != 0) else {
        context.reply.array(0);
        return Ok(());
    };
    let mut random = context.keyspace.random.clone();
    let set = set_at(context.keyspace, context.session.database, location);
    let (reply, wanted) = (&mut context.reply, count.unsigned_abs() as usize);
    if count < 0 {
        begin_members(reply, wanted, with_scores);
        for _ in 0..wanted {
            if let Some(member) = set.random(|| random.next_u64()) {
                reply_member(reply, member, with_scores);
            }
        }
    } else {
        let members = set.sample(wanted, &mut random);
        begin_members(reply, members.len(), with_scores);
        members.into_iter().for_each(|member| reply_member(reply, member, with_scores));
    }
    context.keyspace.random = random;
    Ok(())
}

fn one(context: &mut Context<'_>, arguments: &Arguments<'_>) -> Result<(), Error> {
    let key = context.key(arguments, 1);
    let Some(location) = context.find_read_of(&key, Type::SortedSet)? else {
        context.reply.null();
        return Ok(());
    };
    let mut random = context.keyspace.random.clone();
    match set_at(context.keyspace, context.session.database, location).random(|| random.next_u64()) {
        Some((member, _)) => context.reply.value(member),
        None => context.reply.null(),
    }
    context.keyspace.random = random;
    Ok(())
}
