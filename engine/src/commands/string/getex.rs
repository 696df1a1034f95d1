//! GETEX.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::options::{Accepted, Clock, Lifetime, Options};
use crate::command::spec::*;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// GETEX.
pub(super) const GETEX: Command = Command {
    name: "getex",
    group: Group::String,
    since: "6.2.0",
    summary: "Returns the string at a key and sets or removes its expiry.",
    complexity: "O(1)",
    arity: -2,
    flags: Flags::FAST.and(Flags::WRITE),
    categories: Categories::FAST.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "RW and UPDATE because it changes the TTL",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new(
            "expiration",
            ArgumentKind::OneOf(&[
                Argument::new("seconds", ArgumentKind::Integer).after("EX"),
                Argument::new("milliseconds", ArgumentKind::Integer).after("PX"),
                Argument::new("unix-time-seconds", ArgumentKind::UnixTime).after("EXAT"),
                Argument::new("unix-time-milliseconds", ArgumentKind::UnixTime).after("PXAT"),
                Argument::token("persist", "PERSIST"),
            ]),
        )
        .optional(),
    ],
    subcommands: &[],
    handler: getex,
};

fn getex(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let options = Options::parse(arguments.from(2).iter(), Accepted::GETEX)?;
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_read(&key) else {
        context.reply.null();
        return Ok(());
    };
    context.reply_string(location)?;
    let expire_at_ms = options.expire_at_ms(context)?;
    let database = context.database();
    match (options.lifetime, expire_at_ms) {
        (Lifetime::Until(Clock::UnixSeconds | Clock::UnixMilliseconds, _), Some(at))
            if at <= context.now_ms() && context.past_deletes() =>
        {
            context.remove(database, &key, location);
            context.changed(&key, Event::generic("del"), Record::Delete);
        }
        (_, Some(at)) => {
            context.keyspace.set_expiry(database, &key, location, Some(at));
            context.changed(&key, Event::generic("expire"), Record::ExpireAt(at));
        }
        (Lifetime::Persist, None) if context.entry(location).expire_at_ms().is_some() => {
            context.keyspace.set_expiry(database, &key, location, None);
            context.changed(&key, Event::generic("persist"), Record::Persist);
        }
        _ => {}
    }
    Ok(())
}
