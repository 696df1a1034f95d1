//! Renders a snapshot as commands: a base file without RDB.

use super::stream::{write_entries, write_stream_end};
use crate::base::number::{format_double, format_i64};
use crate::boundary::id::DatabaseId;
use crate::data::entry::{Content, EntryRef, Value};
use crate::data::parts::{Part, Progress};
use crate::data::shape::Type;
use crate::data::stream::entries_of;
use crate::keyspace::snapshot::{Given, LargeEntry, Sink};
use crate::server::journal::{begin_request, write_argument, write_request, write_select};
use alloc::vec::Vec;

/// Elements that one request of a rewritten file adds, as the references have it.
const REQUEST_ELEMENTS: usize = 64;

/// A file in the making.
#[derive(Default)]
pub(in crate::persistence) struct CommandSink {
    bytes: Vec<u8>,
    selected: Option<DatabaseId>,
    given: Given,
}

impl CommandSink {
    /// Begins with a text.
    pub(in crate::persistence) fn new(begin: &[u8]) -> CommandSink {
        CommandSink { bytes: begin.to_vec(), ..CommandSink::default() }
    }
}

impl CommandSink {
    /// What follows a value.
    fn end_entry(&mut self, key: &[u8], expire_at_ms: Option<i64>, footprint: usize) {
        if let Some(at) = expire_at_ms {
            let mut number = [0; 20];
            let at = format_i64(at, &mut number);
            write_request(3, [&b"PEXPIREAT"[..], key, at].into_iter(), &mut self.bytes);
        }
        self.given.entries += 1;
        self.given.bytes += footprint as u64;
    }

    /// Has a database selected.
    fn select(&mut self, database: DatabaseId) {
        if self.selected != Some(database) {
            self.selected = Some(database);
            write_select(database, &mut self.bytes);
        }
    }
}

/// A request that adds elements to a key, in the making.
struct Request<'k> {
    command: &'static [u8],
    key: &'k [u8],
    elements: usize,
    texts: Vec<u8>,
    text_count: usize,
}

impl<'k> Request<'k> {
    fn new(value_type: Type, key: &'k [u8]) -> Request<'k> {
        let command: &'static [u8] = match value_type {
            Type::Hash => b"HMSET",
            Type::List => b"RPUSH",
            Type::SortedSet => b"ZADD",
            _ => b"SADD",
        };
        Request { command, key, elements: 0, texts: Vec::new(), text_count: 0 }
    }

    /// Adds an element of a small collection: a field with its value, a member with
    /// its score, or one alone.
    fn add_pair(&mut self, element: Value<'_>, value: Option<Value<'_>>, bytes: &mut Vec<u8>) {
        // A score stands before its member.
        let texts = if self.command == b"ZADD" { [value, Some(element)] } else { [Some(element), value] };
        texts.into_iter().flatten().for_each(|text| self.write_text(text));
        self.count_element(bytes);
    }

    /// Adds a part of a large one.
    fn add(&mut self, part: Part<'_>, bytes: &mut Vec<u8>) {
        match part {
            Part::Field(field, value, Some(at)) => return write_expiring_field(self.key, field, value, at, bytes),
            Part::StreamNode(id, node) => return write_entries(self.key, entries_of(id, node), bytes),
            Part::StreamEnd(stream) => return write_stream_end(self.key, stream, bytes),
            _ => {}
        }
        if let Part::Scored(_, score) = part {
            self.write_text(Value::Bytes(format_double(score).as_bytes()));
        }
        // Only a node has more than one element.
        let is_node = matches!(part, Part::Node(_));
        part.for_each_text(|text| {
            self.write_text(text);
            if is_node {
                self.count_element(bytes);
            }
        });
        if !is_node {
            self.count_element(bytes);
        }
    }

    fn write_text(&mut self, text: Value<'_>) {
        write_argument(text.bytes(&mut [0; 20]), &mut self.texts);
        self.text_count += 1;
    }

    fn count_element(&mut self, bytes: &mut Vec<u8>) {
        self.elements += 1;
        if self.elements == REQUEST_ELEMENTS {
            self.end(bytes);
        }
    }

    /// Writes what there is.
    fn end(&mut self, bytes: &mut Vec<u8>) {
        if self.elements > 0 {
            begin_request(2 + self.text_count, bytes);
            write_argument(self.command, bytes);
            write_argument(self.key, bytes);
            bytes.append(&mut self.texts);
            (self.elements, self.text_count) = (0, 0);
        }
    }
}

/// A request that adds one field that expires.
fn write_expiring_field(key: &[u8], field: &[u8], value: &[u8], expire_at_ms: i64, bytes: &mut Vec<u8>) {
    let mut number = [0; 20];
    let at = format_i64(expire_at_ms, &mut number);
    let request = [b"HSETEX", key, b"PXAT", at, b"FIELDS", b"1", field, value];
    write_request(request.len(), request.into_iter(), bytes);
}

impl Sink for CommandSink {
    fn entry(&mut self, database: DatabaseId, entry: EntryRef<'_>) {
        self.select(database);
        let (key, mut number) = (entry.key(), [0; 20]);
        match entry.content() {
            Content::String(value) => {
                let value = value.bytes(&mut number);
                write_request(3, [&b"SET"[..], key, value].into_iter(), &mut self.bytes);
            }
            content => {
                let mut request = Request::new(entry.value_type(), key);
                if let Content::Large(_, collection) = content {
                    collection.visit_parts(Progress::default(), usize::MAX, |part| request.add(part, &mut self.bytes));
                } else {
                    content.for_each_element(|element, value| request.add_pair(element, value, &mut self.bytes));
                }
                request.end(&mut self.bytes);
            }
        }
        self.end_entry(key, entry.expire_at_ms(), entry.footprint());
    }

    fn begin(&mut self, _database: DatabaseId, _entry: &LargeEntry) {}

    fn parts(&mut self, database: DatabaseId, entry: &LargeEntry, from: Progress, count: usize) -> Option<Progress> {
        // Entries of others may have come since.
        self.select(database);
        let mut request = Request::new(entry.value_type, &entry.key);
        let next = entry.collection.visit_parts(from, count, |part| request.add(part, &mut self.bytes));
        request.end(&mut self.bytes);
        next
    }

    fn end(&mut self, database: DatabaseId, entry: &LargeEntry) {
        self.select(database);
        self.end_entry(&entry.key, entry.expire_at_ms, entry.footprint);
    }

    fn buffered(&self) -> usize {
        self.bytes.len()
    }

    fn given(&self) -> Given {
        self.given
    }

    fn take(&mut self, _end: bool) -> Vec<u8> {
        core::mem::take(&mut self.bytes)
    }
}
