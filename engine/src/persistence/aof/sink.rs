//! Renders a snapshot as commands: a base file without RDB.

use crate::base::number::format_i64;
use crate::boundary::id::DatabaseId;
use crate::data::entry::{EntryRef, Value};
use crate::keyspace::snapshot::{Given, Sink};
use crate::server::journal::{write_request, write_select};
use alloc::vec::Vec;

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

impl Sink for CommandSink {
    fn entry(&mut self, database: DatabaseId, entry: EntryRef<'_>) {
        if self.selected != Some(database) {
            self.selected = Some(database);
            write_select(database, &mut self.bytes);
        }
        let (key, mut number) = (entry.key(), [0; 20]);
        let value = match entry.value() {
            Value::Integer(value) => format_i64(value, &mut number),
            Value::Bytes(bytes) => bytes,
        };
        write_request(3, [&b"SET"[..], key, value].into_iter(), &mut self.bytes);
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
