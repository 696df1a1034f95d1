//! Adding and removing members: SADD, SREM, SMOVE.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::set::{self, SetRef};
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;

/// SADD.
pub(super) const SADD: Command = Command {
    name: "sadd",
    group: Group::Set,
    since: "1.0.0",
    summary: "Adds members to a set.",
    complexity: "O(1) a member",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::FAST).and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::INSERT),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("member", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: sadd,
};

/// SREM.
pub(super) const SREM: Command = Command {
    name: "srem",
    group: Group::Set,
    since: "1.0.0",
    summary: "Removes members from a set; with the last one goes the key.",
    complexity: "O(N) where N is the number of members given",
    arity: -3,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::SET).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::DELETE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("member", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: srem,
};

/// SMOVE.
pub(super) const SMOVE: Command = Command {
    name: "smove",
    group: Group::Set,
    since: "1.0.0",
    summary: "Moves a member from one set to another.",
    complexity: "O(1)",
    arity: 4,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::SET).and(Categories::WRITE),
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
        Argument::new("member", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: smove,
};

fn sadd(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::Set)?;
    let added = add(context, &key, found, &arguments);
    if added > 0 {
        context.changed(&key, Event::set("sadd"), Record::Command);
        context.counts_as(added);
    }
    context.reply.integer(added as i64);
    Ok(())
}

/// Adds the arguments from the third on. Returns how many were new.
fn add(context: &mut Context<'_>, key: &Key<'_>, found: Option<Location>, arguments: &Arguments<'_>) -> u64 {
    let rules = context.rules();
    let count = arguments.len() - 2;
    let add = |body: &mut _| (2..arguments.len()).filter(|&index| rules.add(body, &arguments[index])).count() as u64;
    let Some(location) = found else {
        let mut body = rules.empty(&arguments[2], count);
        let added = add(&mut body);
        context.create(key, Type::Set, body);
        return added;
    };
    context.edit(key, location, |body| {
        rules.expect(body, count);
        add(body)
    })
}

fn srem(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_write_of(&key, Type::Set)? else {
        context.reply.integer(0);
        return Ok(());
    };
    let members = 2..arguments.len();
    let (removed, emptied) = context.edit(&key, location, |body| {
        let removed = members.filter(|&index| set::remove(body, &arguments[index])).count() as u64;
        (removed, SetRef::of_body(body).is_empty())
    });
    if removed > 0 {
        context.changed(&key, Event::set("srem"), Record::Command);
        context.counts_as(removed);
    }
    if emptied {
        context.remove_emptied(&key);
    }
    context.reply.integer(removed as i64);
    Ok(())
}

fn smove(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (source, destination) = (context.key(&arguments, 1), context.key(&arguments, 2));
    let member = &arguments[3];
    let found = context.find_write_of(&source, Type::Set);
    let target = context.find_write_of(&destination, Type::Set);
    if let Ok(None) = found {
        context.reply.integer(0);
        return Ok(());
    }
    found?;
    target?;
    // What was past its time is gone: where the source is may have changed.
    let database = context.session.database;
    let Some(location) = context.keyspace.locate(database, &source) else {
        context.reply.integer(0);
        return Ok(());
    };
    let there = super::set_at(context.keyspace, database, location).contains(member);
    if there && source.bytes != destination.bytes {
        move_member(context, (&source, location), &destination, member);
    }
    context.reply.integer(i64::from(there));
    Ok(())
}

fn move_member(context: &mut Context<'_>, source: (&Key<'_>, Location), destination: &Key<'_>, member: &[u8]) {
    let (source, location) = source;
    let rules = context.rules();
    let emptied = context.edit(source, location, |body| {
        set::remove(body, member);
        SetRef::of_body(body).is_empty()
    });
    context.changed(source, Event::set("srem"), Record::Command);
    if emptied {
        context.remove_emptied(source);
    }
    let added = match context.find_live(context.database(), destination) {
        Some(location) => context.edit(destination, location, |body| rules.add(body, member)),
        None => {
            let mut body = rules.empty(member, 1);
            rules.add(&mut body, member);
            context.create(destination, Type::Set, body);
            true
        }
    };
    if added {
        context.changed(destination, Event::set("sadd"), Record::Command);
    }
}
