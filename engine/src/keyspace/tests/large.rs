//! Large collections in a snapshot: given in parts, as they were at its beginning,
//! whatever happens to them meanwhile.

extern crate std;

use crate::base::random::Random;
use crate::boundary::id::DatabaseId;
use crate::boundary::time::{Monotonic, Now, Unix};
use crate::data::collection::Body;
use crate::data::entry::{Content, EntryRef, Value};
use crate::data::limits::Rules;
use crate::data::owned::OwnedEntry;
use crate::data::parts::{Part, Progress};
use crate::data::shape::Type;
use crate::data::stream::{Entry, Group, NodeLimits, Pending, Stream, StreamId, Threshold, Trim, entries_of};
use crate::data::{fields, list, set, sorted_set};
use crate::keyspace::Keyspace;
use crate::keyspace::snapshot::{Given, LargeEntry, Sink, Slice, SnapshotStep};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::sync::{Arc, Mutex};

const TYPES: [Type; 5] = [Type::List, Type::Set, Type::Hash, Type::SortedSet, Type::Stream];
const LIMITS: NodeLimits = NodeLimits { bytes: 4096, entries: 100 };
const ELEMENTS: u64 = 2500;
const ZERO: DatabaseId = DatabaseId(0);
const NOW: Now = Now { monotonic: Monotonic(0), unix: Unix(1_000_000) };

/// What a collection consists of, in order where it has one, else sorted.
type Contents = Vec<String>;

fn text(value: Value<'_>) -> String {
    String::from_utf8_lossy(value.bytes(&mut [0; 20])).into_owned()
}

fn contents(content: Content<'_>, value_type: Type) -> Contents {
    let mut contents = Vec::new();
    if let Some(stream) = Stream::of(content) {
        contents.extend(stream.iter().map(|entry| text_of(&entry)));
        contents.push(end_of(stream));
        return contents;
    }
    content.for_each_element(|element, value| {
        contents.push(format!("{} {}", text(element), value.map_or(String::new(), text)));
    });
    if value_type != Type::List {
        contents.sort();
    }
    contents
}

fn text_of(entry: &Entry<'_>) -> String {
    let fields: Vec<String> = entry.fields.clone().map(|(name, value)| text(name) + &text(value)).collect();
    format!("{:?} {}", entry.id, fields.concat())
}

/// What a stream is besides its entries.
fn end_of(stream: &Stream) -> String {
    let groups: Vec<_> = stream.groups().collect();
    format!("{:?} {:?} {} {groups:?}", stream.last_id(), stream.max_deleted_id, stream.entries_added)
}

/// Puts together what it is given in parts.
#[derive(Clone, Default)]
struct Parts(Arc<Mutex<Assembly>>);

#[derive(Default)]
struct Assembly {
    whole: BTreeMap<Vec<u8>, Contents>,
    open: Option<(Vec<u8>, Contents)>,
    calls: usize,
}

impl Sink for Parts {
    fn entry(&mut self, _database: DatabaseId, entry: EntryRef<'_>) {
        let mut given = self.0.lock().expect("one thread");
        let twice = given.whole.insert(entry.key().to_vec(), contents(entry.content(), entry.value_type()));
        assert!(twice.is_none());
    }

    fn begin(&mut self, _database: DatabaseId, entry: &LargeEntry) {
        let mut given = self.0.lock().expect("one thread");
        assert!(given.open.is_none());
        given.open = Some((entry.key.to_vec(), Vec::new()));
    }

    fn parts(&mut self, _database: DatabaseId, entry: &LargeEntry, from: Progress, count: usize) -> Option<Progress> {
        let mut given = self.0.lock().expect("one thread");
        given.calls += 1;
        let (_, contents) = given.open.as_mut().expect("it has begun");
        let before = contents.len();
        let next = entry.collection.visit_parts(from, count, |part| match part {
            Part::Member(member) => contents.push(format!("{} ", text(Value::Bytes(member)))),
            Part::Field(field, value, _) => {
                contents.push(format!("{} {}", text(Value::Bytes(field)), text(Value::Bytes(value))));
            }
            Part::Scored(member, score) => contents.push(format!("{} {score}", text(Value::Bytes(member)))),
            Part::StreamNode(id, bytes) => contents.extend(entries_of(id, bytes).map(|entry| text_of(&entry))),
            Part::StreamEnd(stream) => contents.push(end_of(stream)),
            Part::Node(node) => node.for_each(|element| contents.push(format!("{} ", text(element)))),
        });
        assert!(contents.len() - before < 4000, "a slice is a part of it");
        next
    }

    fn end(&mut self, _database: DatabaseId, entry: &LargeEntry) {
        let mut given = self.0.lock().expect("one thread");
        let (key, mut contents) = given.open.take().expect("it has begun");
        if !matches!(entry.value_type, Type::List | Type::Stream) {
            contents.sort();
        }
        assert!(given.whole.insert(key, contents).is_none());
    }

    fn buffered(&self) -> usize {
        0
    }

    fn given(&self) -> Given {
        Given::default()
    }

    fn take(&mut self, _end: bool) -> Vec<u8> {
        Vec::new()
    }
}

/// One change of a collection.
fn change(rules: &Rules, value_type: Type, body: &mut Body, random: &mut Random) {
    let name = format!("element:{:06}", random.below(ELEMENTS * 2));
    let (name, removes) = (name.as_bytes(), random.below(3) == 0);
    match value_type {
        Type::List if removes => drop(list::pop(body, random.below(2) == 0)),
        Type::List => {
            rules.expect_elements(body, name.len(), 1);
            match random.below(3) {
                0 => list::replace(rules, body, random.below(ELEMENTS / 2) as usize, name),
                1 => list::insert(rules, body, random.below(ELEMENTS / 2) as usize, name),
                _ => rules.push(body, random.below(2) == 0, name),
            }
        }
        Type::Set if removes => drop(set::remove(body, name)),
        Type::Set => drop(rules.add(body, name)),
        Type::Hash if removes => drop(fields::remove(body, name)),
        Type::Hash => drop(rules.set_field(body, name, format!("{}", random.next_u64()).as_bytes())),
        Type::Stream => change_stream(body, random, removes),
        _ if removes && random.below(200) == 0 => {
            let from = random.below(ELEMENTS) as usize;
            sorted_set::remove_ranks(body, from..from + 300, |_, _| {});
        }
        _ if removes => drop(sorted_set::remove(body, name)),
        _ => drop(rules.set_score(body, name, random.below(100) as f64)),
    }
}

/// Adds, deletes, trims, delivers and acknowledges.
fn change_stream(body: &mut Body, random: &mut Random, removes: bool) {
    let Body::Large(collection) = body else { return };
    let stream = collection.stream_mut();
    let last = stream.last_id();
    let any = StreamId::new(random.below(last.ms + 1), 0);
    if removes {
        stream.remove(any);
        if random.below(300) == 0 {
            let threshold = Threshold::Id(StreamId::new(any.ms / 4, 0));
            stream.trim(&Trim { threshold, approximate: true, limit: 0 });
        }
        stream.change_group(b"group", |group, _| group.release(any));
        return;
    }
    let id = StreamId::new(last.ms + 1, 0);
    let value = format!("{}", random.next_u64());
    stream.add(id, [(&b"name"[..], value.as_bytes())].into_iter(), LIMITS);
    stream.add_group(b"group", Group::default());
    stream.change_group(b"group", |group, _| {
        let (consumer, _) = group.find_or_add(b"consumer", 1);
        group.assign(id, Pending { delivered_ms: 1, deliveries: 1, consumer });
    });
}

fn filled(rules: &Rules, value_type: Type, random: &mut Random) -> Body {
    let mut body = match value_type {
        Type::List => list::empty(),
        Type::Set => rules.empty(b"element", 0),
        Type::Hash => fields::empty(),
        Type::Stream => Stream::default().into_body(),
        _ => sorted_set::empty(),
    };
    for _ in 0..ELEMENTS * 2 {
        change(rules, value_type, &mut body, random);
    }
    body
}

fn collections(seed: u64) {
    let mut random = Random::from_seed(seed);
    let mut keyspace = Keyspace::new(1, false, Random::from_seed(seed));
    let rules = keyspace.rules();
    for number in 0..15 {
        let value_type = TYPES[number % 5];
        let body = filled(&rules, value_type, &mut random);
        let name = format!("{}:{number}", value_type.name());
        let key = keyspace.key(name.as_bytes());
        keyspace.attach(ZERO, &key, OwnedEntry::collection(value_type, body, None), NOW);
    }
    let mut expected = BTreeMap::new();
    keyspace.database(ZERO).scan(crate::keyspace::database::Slot(0), 0, usize::MAX, |entry| {
        expected.insert(entry.key().to_vec(), contents(entry.content(), entry.value_type()));
    });
    let names: Vec<Vec<u8>> = expected.keys().cloned().collect();
    let parts = Parts::default();
    assert!(keyspace.begin_snapshot(Box::new(parts.clone())));
    let given_up = seed == 3;
    for slice in 0.. {
        for _ in 0..random.below(60) {
            let name = &names[random.below(names.len() as u64) as usize];
            let key = keyspace.key(name);
            let Some(location) = keyspace.locate(ZERO, &key) else { continue };
            let value_type = keyspace.get(ZERO, location).value_type();
            if random.below(2000) == 0 {
                keyspace.remove(ZERO, &key, location);
            } else {
                keyspace.edit(ZERO, &key, location, |body| change(&rules, value_type, body, &mut random));
            }
        }
        if given_up && slice == 20 {
            keyspace.abandon_snapshot();
        }
        if keyspace.step_snapshot(Slice { entries: 300, bytes: 20_000 }).0 == SnapshotStep::Done {
            break;
        }
    }
    keyspace.take_unshared();
    let given = parts.0.lock().expect("one thread");
    if !given_up {
        assert!(given.calls > 25, "{}", given.calls);
        assert!(given.whole == expected, "seed {seed}");
    }
    // The account is what it would be had nothing been shared.
    let mut footprint = 0;
    let database = keyspace.database(ZERO);
    database.scan(crate::keyspace::database::Slot(0), 0, usize::MAX, |entry| {
        if let Content::Large(_, collection) = entry.content() {
            assert_eq!(collection.clone().footprint(), collection.footprint());
        }
        footprint += entry.footprint();
    });
    assert_eq!(database.bytes() - database.overhead_bytes(), footprint);
}

#[test]
fn parts_are_of_what_was_there() {
    (0..5).for_each(collections);
}
