//! KEYS and RANDOMKEY.

use crate::base::glob;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::keyspace::database::Slot;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// How many keys past their time RANDOMKEY looks at while none may be removed.
const EXPIRED_MAX: usize = 100;

/// KEYS.
pub const KEYS: Command = Command {
    name: "keys",
    group: Group::Generic,
    since: "1.0.0",
    summary: "Lists all keys that match a pattern.",
    complexity: "O(N) in the number of keys of the database",
    arity: 2,
    flags: Flags::READONLY,
    categories: Categories::DANGEROUS.and(Categories::KEYSPACE).and(Categories::READ).and(Categories::SLOW),
    tips: &["nondeterministic_output_order", "request_policy:all_shards"],
    keys: &[],
    arguments: &[Argument::new("pattern", ArgumentKind::Pattern)],
    subcommands: &[],
    handler: keys,
};

/// RANDOMKEY.
pub const RANDOMKEY: Command = Command {
    name: "randomkey",
    group: Group::Generic,
    since: "1.0.0",
    summary: "Picks a key at random.",
    complexity: "O(1)",
    arity: 1,
    flags: Flags::READONLY,
    categories: Categories::KEYSPACE.and(Categories::READ).and(Categories::SLOW),
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: randomkey,
};

fn keys(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let pattern = &arguments[1];
    let all = pattern == b"*";
    let now_ms = context.now_ms();
    let database = context.keyspace.database(context.session.database);
    let (mut list, mut count) = (Vec::new(), 0);
    let mut reply = Reply::new(&mut list, context.reply.protocol());
    for slot in 0..database.slot_count() {
        database.scan(Slot(slot), 0, usize::MAX, |entry| {
            let live = entry.expire_at_ms().is_none_or(|at| at > now_ms);
            if live && (all || glob::matches(pattern, entry.key(), false)) {
                reply.bulk(entry.key());
                count += 1;
            }
        });
    }
    context.reply.array(count);
    context.reply.raw(&list);
    Ok(())
}

/// Keys that turn out to be past their time are removed. While nothing may
/// expire there is an end to looking: then such a key is answered after all.
fn randomkey(context: &mut Context<'_>, _: Arguments<'_>) -> Result<(), Error> {
    let id = context.database();
    let mut tries = EXPIRED_MAX;
    let nothing_expires = |context: &Context<'_>| {
        let server = &*context.server;
        server.expiry_suspended(context.now) || server.replication.is_replica() || server.imports()
    };
    while let Some(location) = context.keyspace.random_location(id) {
        let name: Vec<u8> = context.keyspace.get(id, location).key().into();
        tries -= 1;
        let key = context.keyspace.key(&name);
        if context.find_live(id, &key).is_some() || tries == 0 && nothing_expires(context) {
            context.reply.bulk(&name);
            return Ok(());
        }
        tries = tries.max(1);
    }
    context.reply.null();
    Ok(())
}
