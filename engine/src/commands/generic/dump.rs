//! DUMP and RESTORE.

use crate::base::number::{format_i64, parse_i64};
use crate::boundary::effects::{LogLevel, Orders};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::config::Id;
use crate::data::entry::Value;
use crate::data::owned::OwnedEntry;
use crate::keyspace::Expiry;
use crate::keyspace::access::Access;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::Key;
use crate::rdb::dump::{DumpError, DumpValue, parse, serialize};
use crate::resp::request::Arguments;
use alloc::format;
use alloc::vec::Vec;

/// DUMP.
pub const DUMP: Command = Command {
    name: "dump",
    group: Group::Generic,
    since: "2.6.0",
    summary: "Serializes a key's value.",
    complexity: "O(N) in the size of the value",
    arity: 2,
    flags: Flags::READONLY,
    categories: Categories::KEYSPACE.and(Categories::READ).and(Categories::SLOW),
    tips: &["nondeterministic_output"],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: dump,
};

/// RESTORE.
pub const RESTORE: Command = Command {
    name: "restore",
    group: Group::Generic,
    since: "2.6.0",
    summary: "Creates a key from what DUMP gave.",
    complexity: "O(N) in the size of the value",
    arity: -4,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::DANGEROUS.and(Categories::KEYSPACE).and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::OW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("ttl", ArgumentKind::Integer),
        Argument::new("serialized-value", ArgumentKind::String),
        Argument::token("replace", "REPLACE").optional().since("3.0.0"),
        Argument::token("absttl", "ABSTTL").optional().since("5.0.0"),
        Argument::new("seconds", ArgumentKind::Integer).after("IDLETIME").optional().since("5.0.0"),
        Argument::new("frequency", ArgumentKind::Integer).after("FREQ").optional().since("5.0.0"),
    ],
    subcommands: &[],
    handler: restore,
};

fn dump(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let compression = context.server.config.boolean(Id::Rdbcompression);
    let version = context.server.rdb_version();
    let Some(location) = context.find_read(&key) else {
        context.reply.null();
        return Ok(());
    };
    let payload = serialize(context.entry(location).content(), version, compression);
    context.reply.bulk(&payload);
    Ok(())
}

fn restore(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let options = Options::parse(&arguments)?;
    let key = context.key(&arguments, 1);
    let database = context.database();
    if !options.replace && context.find_write(&key).is_some() {
        return Err(Error::Text("BUSYKEY Target key name already exists."));
    }
    let expire_at_ms = expiry(context, &arguments[2], options.absolute)?;
    let verify_checksum = !context.server.checksums_ignored;
    let payload = parse(&arguments[3], verify_checksum, &context.keyspace.rules())
        .map_err(|error| refused(error, context.orders))?;
    let old = context.find_live(database, &key);
    if let Some(location) = old {
        context.remove(database, &key, location);
    }
    if expire_at_ms.is_some_and(|at| at <= context.now_ms()) && context.past_deletes() {
        if old.is_some() {
            context.changed(&key, Event::generic("del"), Record::Delete);
        }
        context.reply.ok();
        return Ok(());
    }
    create(context, &key, payload, expire_at_ms, &options);
    context.also(&key, Event::NEW);
    state_change(context, &arguments, &key, expire_at_ms.filter(|_| !options.absolute));
    context.reply.ok();
    Ok(())
}

/// What is wrong with a payload is told to the client in short, and to the log.
#[cold]
fn refused(error: DumpError, orders: &mut Orders) -> Error {
    if let DumpError::Content(reason) = error {
        orders.log(LogLevel::Warning, format!("Internal error in RDB reading offset 0 -> {reason}"));
    }
    Error::Text(match error {
        DumpError::Footer => "ERR DUMP payload version or checksum are wrong",
        DumpError::Content(_) | DumpError::Empty => "ERR Bad data format",
    })
}

/// Repeated as it was sent, but that a time from now on is one since 1970.
fn state_change(context: &mut Context<'_>, arguments: &Arguments<'_>, key: &Key<'_>, expire_at_ms: Option<i64>) {
    let event = Event::generic("restore");
    let Some(at) = expire_at_ms else { return context.changed(key, event, Record::Command) };
    let mut digits = [0; 20];
    let mut repeated: Vec<&[u8]> = arguments.iter().collect();
    repeated[2] = format_i64(at, &mut digits);
    repeated.push(b"ABSTTL");
    context.changed(key, event, Record::Request(&repeated));
}

fn create(
    context: &mut Context<'_>,
    key: &Key<'_>,
    payload: DumpValue<'_>,
    expire_at_ms: Option<i64>,
    options: &Options,
) {
    let database = context.database();
    let expiry = expire_at_ms.map_or(Expiry::Clear, Expiry::At);
    let value = match &payload {
        DumpValue::Integer(number) => Some(Value::Integer(*number)),
        DumpValue::String(bytes) => Some(Value::encode(bytes)),
        DumpValue::Collection(..) => None,
    };
    if let Some(value) = value {
        context.keyspace.set_at(database, key, None, value, expiry, false, context.now);
    }
    if let DumpValue::Collection(value_type, body) = payload {
        context.keyspace.attach(database, key, OwnedEntry::collection(value_type, body, expire_at_ms), context.now);
    }
    let access = match (context.keyspace.access, options.idle_seconds, options.frequency) {
        (Access::Lru, Some(idle), _) => Access::from_idle_seconds(context.now, idle),
        (Access::Lfu { .. }, _, Some(frequency)) => Access::from_counter(context.now, frequency),
        _ => return,
    };
    if let Some(entry) = context.keyspace.peek(database, key) {
        entry.set_access(access);
    }
}

/// RESTORE's second argument: milliseconds from now on, or since 1970; 0 for
/// none.
fn expiry(context: &Context<'_>, argument: &[u8], absolute: bool) -> Result<Option<i64>, Error> {
    match parse_i64(argument).ok_or(Error::NotInteger)? {
        0 => Ok(None),
        ..0 => Err(Error::Text("ERR Invalid TTL value, must be >= 0")),
        at if absolute => Ok(Some(at)),
        after => Ok(Some(context.now_ms().saturating_add(after))),
    }
}

/// What follows RESTORE's first three arguments.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    idle_seconds: Option<u64>,
    frequency: Option<u8>,
}

impl Options {
    fn parse(arguments: &Arguments<'_>) -> Result<Options, Error> {
        let mut options = Options::default();
        let mut index = 4;
        while let Some(option) = arguments.get(index) {
            let value = arguments.get(index + 1);
            index += 1;
            match (option.to_ascii_lowercase().as_slice(), value) {
                (b"replace", _) => options.replace = true,
                (b"absttl", _) => options.absolute = true,
                (b"idletime", Some(value)) if options.frequency.is_none() => {
                    let idle = parse_i64(value).ok_or(Error::NotInteger)?;
                    let text = "ERR Invalid IDLETIME value, must be >= 0";
                    options.idle_seconds = Some(u64::try_from(idle).map_err(|_| Error::Text(text))?);
                    index += 1;
                }
                (b"freq", Some(value)) if options.idle_seconds.is_none() => {
                    let frequency = parse_i64(value).ok_or(Error::NotInteger)?;
                    let text = "ERR Invalid FREQ value, must be >= 0 and <= 255";
                    options.frequency = Some(u8::try_from(frequency).map_err(|_| Error::Text(text))?);
                    index += 1;
                }
                _ => return Err(Error::Syntax),
            }
        }
        Ok(options)
    }
}
