//! Renders a snapshot as commands: a base file without RDB.

use super::stream::write_stream;
use crate::base::number::format_i64;
use crate::boundary::id::DatabaseId;
use crate::data::collection::Collection;
use crate::data::entry::{Content, EntryRef};
use crate::data::shape::Type;
use crate::keyspace::snapshot::{Given, Sink};
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
    /// Requests that add a collection's elements to a key, some in each.
    fn elements(&mut self, command: &[u8], key: &[u8], content: Content<'_>) {
        let (mut left, mut in_request) = (content.len(), 0);
        content.for_each_element(|element, value| {
            if in_request == 0 {
                in_request = left.min(REQUEST_ELEMENTS);
                left -= in_request;
                begin_request(2 + in_request * if value.is_some() { 2 } else { 1 }, &mut self.bytes);
                write_argument(command, &mut self.bytes);
                write_argument(key, &mut self.bytes);
            }
            in_request -= 1;
            for text in [Some(element), value].into_iter().flatten() {
                write_argument(text.bytes(&mut [0; 20]), &mut self.bytes);
            }
        });
    }
}

impl Sink for CommandSink {
    fn entry(&mut self, database: DatabaseId, entry: EntryRef<'_>) {
        if self.selected != Some(database) {
            self.selected = Some(database);
            write_select(database, &mut self.bytes);
        }
        let (key, mut number) = (entry.key(), [0; 20]);
        match entry.content() {
            Content::String(value) => {
                let value = value.bytes(&mut number);
                write_request(3, [&b"SET"[..], key, value].into_iter(), &mut self.bytes);
            }
            Content::Large(_, Collection::Stream(stream)) => write_stream(key, stream, &mut self.bytes),
            content => {
                let command: &[u8] = match entry.value_type() {
                    Type::Hash => b"HMSET",
                    Type::List => b"RPUSH",
                    _ => b"SADD",
                };
                self.elements(command, key, content);
            }
        }
        if let Some(at) = entry.expire_at_ms() {
            let at = format_i64(at, &mut number);
            write_request(3, [&b"PEXPIREAT"[..], key, at].into_iter(), &mut self.bytes);
        }
        self.given.entries += 1;
        self.given.bytes += entry.footprint() as u64;
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
