//! Setting several keys at once: MSET, MSETNX, MSETEX.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::options::{Accepted, Condition, Lifetime, Options};
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::keyspace::Expiry;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// MSET.
pub(super) const MSET: Command = Command {
    name: "mset",
    group: Group::String,
    since: "1.0.1",
    summary: "Sets several keys to strings, all at once.",
    complexity: "O(N) where N is the number of keys.",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SLOW.and(Categories::STRING).and(Categories::WRITE),
    tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
    keys: &[KeySpec {
        flags: KeyFlags::OW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 2, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new(
        "data",
        ArgumentKind::Block(&[
            Argument::new("key", ArgumentKind::Key(0)),
            Argument::new("value", ArgumentKind::String),
        ]),
    )
    .multiple()],
    subcommands: &[],
    handler: mset,
};

/// MSETNX.
pub(super) const MSETNX: Command = Command {
    name: "msetnx",
    group: Group::String,
    since: "1.0.1",
    summary: "Sets several keys to strings if none of them exists.",
    complexity: "O(N) where N is the number of keys.",
    arity: -3,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::SLOW.and(Categories::STRING).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::OW.and(KeyFlags::INSERT),
        begin: Begin::Index(1),
        find: Find::Range { last: -1, step: 2, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new(
        "data",
        ArgumentKind::Block(&[
            Argument::new("key", ArgumentKind::Key(0)),
            Argument::new("value", ArgumentKind::String),
        ]),
    )
    .multiple()],
    subcommands: &[],
    handler: msetnx,
};

/// MSETEX.
pub(super) const MSETEX: Command = Command {
    name: "msetex",
    group: Group::String,
    since: "9.1.0",
    summary: "Sets several keys to strings with one expiry, on a condition if asked.",
    complexity: "O(N) where N is the number of keys.",
    arity: -4,
    flags: Flags::DENYOOM.and(Flags::MOVABLE_KEYS).and(Flags::WRITE),
    categories: Categories::SLOW.and(Categories::STRING).and(Categories::WRITE),
    tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
    keys: &[KeySpec {
        flags: KeyFlags::OW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Count { count_index: 0, first: 1, step: 2 },
        notes: "",
    }],
    arguments: &[
        Argument::new("numkeys", ArgumentKind::Integer),
        Argument::new(
            "data",
            ArgumentKind::Block(&[
                Argument::new("key", ArgumentKind::Key(0)),
                Argument::new("value", ArgumentKind::String),
            ]),
        )
        .multiple(),
        Argument::new("condition", ArgumentKind::OneOf(&[Argument::token("nx", "NX"), Argument::token("xx", "XX")]))
            .optional(),
        Argument::new(
            "expiration",
            ArgumentKind::OneOf(&[
                Argument::new("seconds", ArgumentKind::Integer).after("EX"),
                Argument::new("milliseconds", ArgumentKind::Integer).after("PX"),
                Argument::new("unix-time-seconds", ArgumentKind::UnixTime).after("EXAT"),
                Argument::new("unix-time-milliseconds", ArgumentKind::UnixTime).after("PXAT"),
                Argument::token("keepttl", "KEEPTTL"),
            ]),
        )
        .optional(),
    ],
    subcommands: &[],
    handler: msetex,
};

fn mset(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    pairs_fit(context, &arguments)?;
    set_pairs(context, &arguments, 1..arguments.len(), Expiry::Clear);
    context.reply.ok();
    Ok(())
}

fn msetnx(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    pairs_fit(context, &arguments)?;
    let none_exists = (1..arguments.len()).step_by(2).all(|index| !exists(context, &arguments, index));
    if none_exists {
        set_pairs(context, &arguments, 1..arguments.len(), Expiry::Clear);
    }
    context.reply.integer(i64::from(none_exists));
    Ok(())
}

fn msetex(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let count = parse_i64(&arguments[1])
        .filter(|count| (1..=i64::from(i32::MAX)).contains(count))
        .ok_or(Error::Text("ERR invalid numkeys value or out of range"))?;
    let end = 2 + 2 * count as usize;
    if end > arguments.len() {
        return Err(Error::Syntax);
    }
    let options = Options::parse(arguments.from(end).iter(), Accepted::MSETEX)?;
    let expire_at_ms = options.expire_at_ms(context)?;
    let wanted = match options.condition {
        Condition::IfMissing => Some(false),
        Condition::IfExists => Some(true),
        Condition::Always | Condition::IfEqual(_) => None,
    };
    let holds =
        wanted.is_none_or(|wanted| (2..end).step_by(2).all(|index| exists(context, &arguments, index) == wanted));
    if holds {
        let expiry = match expire_at_ms {
            Some(at) => Expiry::At(at),
            None if options.lifetime == Lifetime::Keep => Expiry::Keep,
            None => Expiry::Clear,
        };
        set_pairs(context, &arguments, 2..end, expiry);
    }
    context.reply.integer(i64::from(holds));
    Ok(())
}

/// # Errors
/// [`Error::Arity`] if a key has no value.
fn pairs_fit(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<(), Error> {
    if arguments.len() % 2 == 1 { Ok(()) } else { Err(Error::Arity { command: context.command.name.into() }) }
}

fn exists(context: &mut Context<'_>, arguments: &Arguments<'_>, index: usize) -> bool {
    let key = context.key(arguments, index);
    context.find_write(&key).is_some()
}

/// Sets keys and values, which take turns among the arguments.
fn set_pairs(context: &mut Context<'_>, arguments: &Arguments<'_>, range: core::ops::Range<usize>, expiry: Expiry) {
    let mut record = Record::Command;
    for index in range.step_by(2) {
        let key = context.key(arguments, index);
        let value = Value::encode(&arguments[index + 1]);
        let location = context.find_live(context.database(), &key);
        context.set_string(&key, location, value, expiry, false);
        if let Expiry::At(at) = expiry {
            context.changed(&key, Event::string("set"), Record::Set { value, expire_at_ms: Some(at) });
            context.also(&key, Event::generic("expire"));
        } else {
            context.changed(&key, Event::string("set"), record);
            record = Record::Included;
        }
    }
}
