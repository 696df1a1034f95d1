//! Renders a snapshot as commands: a base file without RDB.

use super::stream::{write_entries, write_stream, write_stream_end};
use crate::base::number::{format_double, format_i64};
use crate::boundary::id::DatabaseId;
use crate::data::collection::Collection;
use crate::data::entry::{Content, EntryRef};
use crate::data::fields::HashRef;
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

    /// Requests that add fields of a hash that expire, one each. Returns how many.
    fn expiring_fields(&mut self, key: &[u8], hash: HashRef<'_>) -> usize {
        let mut count = 0;
        hash.for_each_expiring(|field, value, at| {
            write_expiring_field(key, field, value, at, &mut self.bytes);
            count += 1;
        });
        count
    }

    /// Requests that add a collection's elements to a key, some in each: those that
    /// do not expire, and are so many.
    fn elements(&mut self, command: &[u8], key: &[u8], content: Content<'_>, count: usize) {
        let (mut left, mut in_request) = (count, 0);
        let is_sorted = command == b"ZADD";
        let hash = HashRef::of(content).filter(|hash| hash.expires());
        content.for_each_element(|element, value| {
            if hash.is_some_and(|hash| hash.expiry_of(element.bytes(&mut [0; 20])).is_some()) {
                return;
            }
            if in_request == 0 {
                in_request = left.min(REQUEST_ELEMENTS);
                left -= in_request;
                begin_request(2 + in_request * if value.is_some() { 2 } else { 1 }, &mut self.bytes);
                write_argument(command, &mut self.bytes);
                write_argument(key, &mut self.bytes);
            }
            in_request -= 1;
            // A score stands before its member.
            let texts = if is_sorted { [value, Some(element)] } else { [Some(element), value] };
            for text in texts.into_iter().flatten() {
                write_argument(text.bytes(&mut [0; 20]), &mut self.bytes);
            }
        });
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

impl Request<'_> {
    fn add(&mut self, part: Part<'_>, bytes: &mut Vec<u8>) {
        match part {
            Part::Field(field, value, Some(at)) => return write_expiring_field(self.key, field, value, at, bytes),
            Part::StreamNode(id, node) => return write_entries(self.key, entries_of(id, node), bytes),
            Part::StreamEnd(stream) => return write_stream_end(self.key, stream, bytes),
            _ => {}
        }
        if let Part::Scored(_, score) = part {
            write_argument(format_double(score).as_bytes(), &mut self.texts);
            self.text_count += 1;
        }
        // Only a node has more than one element.
        let is_node = matches!(part, Part::Node(_));
        part.for_each_text(|text| {
            write_argument(text.bytes(&mut [0; 20]), &mut self.texts);
            self.text_count += 1;
            if is_node {
                self.count_element(bytes);
            }
        });
        if !is_node {
            self.count_element(bytes);
        }
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

/// The command that adds elements to a collection.
fn command_of(value_type: Type) -> &'static [u8] {
    match value_type {
        Type::Hash => b"HMSET",
        Type::List => b"RPUSH",
        Type::SortedSet => b"ZADD",
        _ => b"SADD",
    }
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
            Content::Large(_, Collection::Stream(stream)) => write_stream(key, stream, &mut self.bytes),
            content => {
                let apart = HashRef::of(content).map_or(0, |hash| self.expiring_fields(key, hash));
                self.elements(command_of(entry.value_type()), key, content, content.len() - apart);
            }
        }
        self.end_entry(key, entry.expire_at_ms(), entry.footprint());
    }

    fn begin(&mut self, _database: DatabaseId, _entry: &LargeEntry) {}

    fn parts(&mut self, database: DatabaseId, entry: &LargeEntry, from: Progress, count: usize) -> Option<Progress> {
        // Entries of others may have come since.
        self.select(database);
        let command = command_of(entry.value_type);
        let mut request = Request { command, key: &entry.key, elements: 0, texts: Vec::new(), text_count: 0 };
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
