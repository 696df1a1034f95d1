//! Any bytes load or are refused, the same in whatever pieces they come; what
//! was loaded is saved and loads again.

use crate::input::{Bytes, pieces};
use engine::base::random::Random;
use engine::boundary::id::DatabaseId;
use engine::boundary::time::Now;
use engine::data::collection::Collection;
use engine::data::entry::{Content, Value};
use engine::data::limits::Rules;
use engine::data::owned::OwnedEntry;
use engine::data::shape::Type;
use engine::keyspace::database::Slot;
use engine::keyspace::{Expiry, Keyspace};
use engine::rdb::{Item, LoadError, Reader, ValueRef, WriteOptions, WriteVersion, Writer, dump};

/// An entry: database, key, type and value, expiry in milliseconds. What has no order is sorted.
type Saved = (u32, Vec<u8>, (Type, Vec<Vec<u8>>), Option<i64>);

/// Databases that are loaded into.
const DATABASES: usize = 16;

/// The first bytes choose cuts, the rest is a file.
pub fn run(data: &[u8]) {
    let mut input = Bytes::new(data);
    let choices = input.byte();
    let cut_count = usize::from(choices >> 4);
    let cuts = input.take(cut_count);
    let verify = choices & 1 != 0;
    let file = input.rest();
    let whole = items(&[file], verify);
    assert_eq!(items(&pieces(file, cuts), verify), whole);
    let loaded = load(file);
    let again = load(&save(&loaded));
    assert_eq!(contents(&again), contents(&loaded));
    if let Ok(value) = dump::parse(file, verify, &Rules::default()) {
        drop(format!("{value:?}"));
    }
}

/// All items as text, and how it ended.
fn items(pieces: &[&[u8]], verify: bool) -> (Vec<String>, Result<(), LoadError>, u64) {
    let mut reader = Reader::new(verify, Rules::default());
    let mut items = Vec::new();
    for piece in pieces {
        reader.feed(piece);
        while let Ok(Some(item)) = reader.next_item() {
            // How many parts a collection has depends on the pieces.
            if !matches!(item, Item::Part) {
                items.push(format!("{item:?}"));
            }
        }
    }
    (items, reader.finish(), reader.offset())
}

fn load(file: &[u8]) -> Keyspace {
    let mut keyspace = Keyspace::new(DATABASES, false, Random::from_seed(1));
    let rules = keyspace.rules();
    let mut reader = Reader::new(false, rules);
    reader.feed(file);
    let mut database = DatabaseId(0);
    while let Ok(Some(item)) = reader.next_item() {
        match item {
            Item::SelectDb(number) => database = DatabaseId((number % DATABASES as u64) as u32),
            Item::Entry { key, value, expire_at_ms, .. } => {
                let value = match value {
                    ValueRef::String(bytes) => Value::encode(bytes),
                    ValueRef::Integer(number) => Value::Integer(number),
                };
                let expiry = expire_at_ms.map_or(Expiry::Clear, Expiry::At);
                let key = keyspace.key(key);
                keyspace.set(database, &key, value, expiry, false, Now::default());
            }
            Item::Collection { key, value_type, body: Some(body), expire_at_ms, .. } => {
                let value = OwnedEntry::collection(value_type, body, expire_at_ms);
                keyspace.load_collection(database, key, value, 0, true);
            }
            _ => {}
        }
    }
    keyspace
}

/// Everything, in the order of the tables.
fn contents(keyspace: &Keyspace) -> Vec<Saved> {
    let mut all = Vec::new();
    for (id, database) in keyspace.databases() {
        database.scan(Slot(0), 0, usize::MAX, |entry| {
            let text = |value: Value<'_>| value.bytes(&mut [0; 20]).to_vec();
            let mut value = Vec::new();
            match entry.content() {
                Content::String(string) => value.push(text(string)),
                Content::Large(_, Collection::Stream(stream)) => stream.for_each_part(|part| value.push(part.to_vec())),
                content => content.for_each_element(|element, other| {
                    value.push([text(element), other.map(text).unwrap_or_default()].join(&b'='));
                }),
            }
            if !matches!(entry.value_type(), Type::List | Type::Stream) {
                value.sort();
            }
            all.push((id.0, entry.key().to_vec(), (entry.value_type(), value), entry.expire_at_ms()));
        });
    }
    all
}

fn save(keyspace: &Keyspace) -> Vec<u8> {
    let mut writer = Writer::new(WriteVersion::default(), WriteOptions::default());
    writer.header();
    for (id, database) in keyspace.databases().filter(|(_, database)| !database.is_empty()) {
        writer.select_db(id.0);
        database.scan(Slot(0), 0, usize::MAX, |entry| {
            writer.entry(entry.key(), entry.content(), entry.expire_at_ms(), None);
        });
    }
    writer.finish();
    writer.take()
}
