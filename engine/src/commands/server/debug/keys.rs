//! DEBUG of keys and of the tables that they are in.

use crate::base::number::{digits, parse_i64};
use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::config::Id;
use crate::data::entry::{Content, EntryRef, StringEncoding, Value};
use crate::data::list::ListRef;
use crate::keyspace::Expiry;
use crate::keyspace::access::{lru_clock, lru_idle_seconds};
use crate::keyspace::change::Event;
use crate::keyspace::database::Database;
use crate::rdb::{WriteVersion, dump};
use crate::resp::request::Arguments;
use crate::session::Session;
use alloc::format;
use alloc::string::String;
use alloc::vec;

/// What DUMP adds to a value: its type, the version, a checksum.
const DUMP_FRAME: usize = 11;

pub(super) fn object(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 2);
    let location = context.find_live(context.database(), &key).ok_or(Error::NoSuchKey)?;
    let fill = context.rules().limits.list_node;
    let entry = context.entry(location);
    let compression = context.server.config.boolean(Id::Rdbcompression);
    let length = dump::serialize(entry.content(), WriteVersion::default(), compression).len() - DUMP_FRAME;
    let (lru, idle) = match context.keyspace.access {
        crate::keyspace::access::Access::Lru => (entry.access(), lru_idle_seconds(context.now, entry.access())),
        crate::keyspace::access::Access::Lfu { .. } => (lru_clock(context.now), 0),
    };
    let encoding = entry.encoding();
    let nodes = nodes(fill, entry.content());
    // Where it lies in memory is not the same on every run: it is not told.
    let text = format!(
        "Value at:0x0 refcount:1 encoding:{encoding} serializedlength:{length} lru:{lru} lru_seconds_idle:{idle}{nodes}"
    );
    context.reply.simple(&text);
    Ok(())
}

/// What is told of a list besides, if it has nodes: `fill` is how large they may be.
fn nodes(fill: i32, content: Content<'_>) -> String {
    let Some(ListRef::List(list)) = ListRef::of(content) else { return String::new() };
    format!(
        " ql_nodes:{} ql_avg_node:{:.2} ql_listpack_max:{fill} ql_compressed:{} ql_uncompressed_size:{}",
        list.node_count(),
        list.len() as f64 / list.node_count() as f64,
        u8::from(list.depth() > 0),
        list.plain_len()
    )
}

pub(super) fn sdslen(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 2);
    let location = context.find_live(context.database(), &key).ok_or(Error::NoSuchKey)?;
    let entry = context.entry(location);
    if !entry.shape().is_string() || entry.string_encoding() == StringEncoding::Int {
        return Err(Error::Text("ERR Not an sds encoded string."));
    }
    let length = value_length(entry);
    let text = format!(
        "key_sds_len:{}, key_sds_avail:0, key_zmalloc: 0, val_sds_len:{length}, val_sds_avail:0, val_zmalloc: {}",
        key.bytes.len(),
        entry.footprint()
    );
    context.reply.simple(&text);
    Ok(())
}

fn value_length(entry: EntryRef<'_>) -> usize {
    match entry.value() {
        Value::Integer(number) => digits(number),
        Value::Bytes(bytes) => bytes.len(),
    }
}

pub(super) fn populate(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let number = |index: usize| match arguments.get(index).map(parse_i64) {
        None => Ok(0),
        Some(number) => number.and_then(|number| u64::try_from(number).ok()).ok_or(Error::NotPositive),
    };
    let (count, size) = (number(2)?, number(4)? as usize);
    if size as u64 > context.server.config.bytes(Id::ProtoMaxBulkLen) {
        return Err(Error::TooLong);
    }
    let prefix = arguments.get(3).unwrap_or(b"key");
    let database = context.database();
    for index in 0..count {
        let name = [prefix, format!(":{index}").as_bytes()].concat();
        let key = context.keyspace.key(&name);
        if context.find_live(database, &key).is_some() {
            continue;
        }
        let mut value = format!("value:{index}").into_bytes();
        if size > 0 {
            value.resize(size, 0);
        }
        let value = Value::Bytes(&value);
        context.keyspace.set_at(database, &key, None, value, Expiry::Clear, false, context.now);
        // Neither replicas nor the AOF learn of it, as with the reference.
        context.also(&key, Event::string("set"));
    }
    context.reply.ok();
    Ok(())
}

pub(super) fn htstats(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let number = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let count = context.keyspace.database_count() as i64;
    if !(0..count).contains(&number) {
        return Err(Error::Text("ERR Out of range database"));
    }
    let text = table_figures(context.keyspace.database(DatabaseId(number as u32)));
    context.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

fn table_figures(database: &Database) -> String {
    format!(
        "[Dictionary HT]\n segments: {}\n number of elements: {}\n bytes: {}\n[Expires HT]\n number of elements: {}\n",
        database.segment_count(),
        database.len(),
        database.overhead_bytes(),
        database.volatile()
    )
}

pub(super) fn htstats_key(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 2);
    context.find_live(context.database(), &key).ok_or(Error::NoSuchKey)?;
    Err(Error::Text("ERR The value stored at the specified key is not represented using an hash table"))
}

pub(super) fn structsize(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let sizes =
        [("bits", usize::BITS as usize), ("session", size_of::<Session>()), ("database", size_of::<Database>())];
    let text: vec::Vec<String> = sizes.iter().map(|(name, size)| format!("{name}:{size}")).collect();
    context.reply.simple(&text.join(" "));
    Ok(())
}
