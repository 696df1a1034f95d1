//! The one sequence of changes, with positions.
//!
//! ```text
//! Change ─> unit: requests that repeat the changes of one command, transaction, expiry, eviction
//!             └─ its end ─> the AOF, the replication stream: each with its own SELECTs
//! ```
//!
//! While there is no consumer, a change costs one addition. With one, a change
//! is rendered once, as a request; [`Unit::render`] puts the requests of a unit
//! together for each consumer. A command that is to be repeated as it was sent, and
//! is a unit by itself, goes to them from where it was received.

use crate::base::image::{Damaged, Image, Tape};
use crate::base::number::format_i64;
use crate::boundary::id::DatabaseId;
use crate::keyspace::change::{Change, DatabaseChange, EventClass, Record};
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// Which deletions are repeated as UNLINK, not as DEL: the `lazyfree-lazy-*`
/// parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LazyDeletion {
    /// Of keys that expired.
    pub expire: bool,
    /// Of keys that were evicted.
    pub eviction: bool,
    /// By commands that delete.
    pub user: bool,
}

/// The sequence of changes.
#[derive(Default, Debug)]
pub struct Journal {
    position: u64,
    /// True if anybody wants to know what changed.
    pub(crate) listened: bool,
    /// How deletions are repeated.
    pub(crate) lazy: LazyDeletion,
    gathered: Gathered,
    /// The changes as text, for tests to look at.
    #[cfg(test)]
    pub(crate) log: Vec<alloc::string::String>,
}

/// What belongs together: all copies of the data get all of it or nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a> {
    bytes: &'a [u8],
    records: &'a [UnitRecord],
}

/// The unit so far.
#[derive(Default, Debug)]
struct Gathered {
    bytes: Vec<u8>,
    records: Vec<UnitRecord>,
    /// True if the command that runs is to be repeated as it was sent.
    awaits_command: bool,
}

/// One request of a unit: a place in its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnitRecord {
    database: DatabaseId,
    start: usize,
    end: usize,
    audience: Audience,
}

/// For whom a request of a unit is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Audience {
    /// It changes data: for all copies.
    Copies,
    /// It does not: for replicas, as long as they are there.
    Replicas,
}

/// Who repeats changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Consumer {
    /// The append only file.
    Aof,
    /// The replication stream.
    Stream,
}

impl UnitRecord {
    fn is_for(&self, consumer: Consumer) -> bool {
        consumer == Consumer::Stream || self.audience == Audience::Copies
    }
}

impl Journal {
    /// Appends a change.
    #[inline]
    pub fn append(&mut self, change: &Change<'_>) {
        #[cfg(test)]
        self.log.push(crate::testing::describe(change));
        self.position += 1;
        if self.listened {
            match change.record {
                Record::Included => {}
                Record::Command => self.gathered.awaits_command = true,
                _ => self.note(change),
            }
        }
    }

    /// Appends a change of whole databases, which the command that runs
    /// repeats.
    pub fn append_databases(&mut self, _change: DatabaseChange) {
        #[cfg(test)]
        self.log.push(alloc::format!("{_change:?}"));
        self.position += 1;
        self.gathered.awaits_command |= self.listened;
    }

    /// A command that changes no data is repeated on replicas: PUBLISH.
    pub(crate) fn append_for_replicas(&mut self, selected: DatabaseId, arguments: &Arguments<'_>) {
        self.gathered.push_arguments(selected, arguments, Audience::Replicas);
    }

    /// Number of changes so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    #[inline(never)]
    fn note(&mut self, change: &Change<'_>) {
        let key = change.key.bytes;
        let mut number = [0; 20];
        let database = change.database;
        match change.record {
            Record::Included | Record::Command => {}
            Record::Set { value, expire_at_ms } => {
                let mut integer = [0; 20];
                let value = value.bytes(&mut integer);
                match expire_at_ms {
                    None => self.gathered.push(database, &[b"SET", key, value]),
                    Some(at) => {
                        self.gathered.push(database, &[b"SET", key, value, b"PXAT", format_i64(at, &mut number)]);
                    }
                }
            }
            Record::ExpireAt(at) => self.gathered.push(database, &[b"PEXPIREAT", key, format_i64(at, &mut number)]),
            Record::Request(arguments) => self.gathered.push(database, arguments),
            Record::Elements { command, elements } => {
                for some in elements.chunks(REQUEST_ELEMENTS) {
                    let elements = some.iter().map(Vec::as_slice);
                    self.gathered.push_all(
                        database,
                        2 + some.len(),
                        [command.as_bytes(), key].into_iter().chain(elements),
                    );
                }
            }
            Record::Persist => self.gathered.push(database, &[b"PERSIST", key]),
            Record::Delete => {
                let lazy = match change.event.class {
                    EventClass::Expired => self.lazy.expire,
                    EventClass::Evicted => self.lazy.eviction,
                    _ => self.lazy.user,
                };
                self.gathered.push(database, &[if lazy { b"UNLINK" } else { b"DEL" }, key]);
            }
        }
    }

    /// Number of requests in the unit so far.
    #[inline]
    pub(crate) fn unit_length(&self) -> usize {
        self.gathered.records.len()
    }

    /// True if the command that has run is to be repeated as it was sent.
    #[inline]
    pub(crate) fn take_command(&mut self) -> bool {
        core::mem::take(&mut self.gathered.awaits_command)
    }

    /// The command has returned that is to be repeated as it was sent; the unit has
    /// what it changed besides, and maybe what others did. It is repeated in the
    /// database that was selected: it may have changed another. It goes behind all
    /// that it changed besides, which begins at `from`: keys whose time had passed
    /// were gone before it came to them.
    pub(crate) fn complete(&mut self, from: usize, selected: DatabaseId, arguments: &Arguments<'_>) {
        let gathered = &mut self.gathered;
        gathered.push_arguments(selected, arguments, Audience::Copies);
        if cfg!(feature = "planted_lazy_expiry_order") {
            gathered.records[from..].rotate_right(1);
        }
    }

    /// The unit so far.
    pub(crate) fn unit(&self) -> Unit<'_> {
        Unit { bytes: &self.gathered.bytes, records: &self.gathered.records }
    }

    /// Begins with the next unit.
    pub(crate) fn clear_unit(&mut self) {
        self.gathered.records.clear();
        self.gathered.bytes.clear();
        self.gathered.awaits_command = false;
        if self.gathered.bytes.capacity() > UNIT_KEPT_MAX {
            self.gathered = Gathered::default();
        }
    }
}

/// Between inputs: there is no unit.
impl Image for Journal {
    fn blank() -> Journal {
        Journal::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Journal {
            position,
            listened,
            lazy,
            gathered: _,
            #[cfg(test)]
            log,
        } = self;
        #[cfg(test)]
        log.image(tape)?;
        tape.each([position, listened, lazy])
    }
}

/// Elements that one request of several has, as the references have it.
const REQUEST_ELEMENTS: usize = 1024;
/// A unit's buffer that grew beyond this is given back.
const UNIT_KEPT_MAX: usize = 64 << 10;

impl Gathered {
    fn push(&mut self, database: DatabaseId, arguments: &[&[u8]]) {
        self.push_all(database, arguments.len(), arguments.iter().copied());
    }

    fn push_all<'a>(&mut self, database: DatabaseId, count: usize, arguments: impl Iterator<Item = &'a [u8]>) {
        let start = self.bytes.len();
        write_request(count, arguments, &mut self.bytes);
        self.records.push(UnitRecord { database, start, end: self.bytes.len(), audience: Audience::Copies });
    }

    fn push_arguments(&mut self, database: DatabaseId, arguments: &Arguments<'_>, audience: Audience) {
        let start = self.bytes.len();
        match arguments.wire() {
            Some(wire) => self.bytes.extend_from_slice(wire),
            None => write_request(arguments.len(), arguments.iter(), &mut self.bytes),
        }
        self.records.push(UnitRecord { database, start, end: self.bytes.len(), audience });
    }
}

impl<'a> Unit<'a> {
    /// The record of a unit that is one request, of so many bytes, which changed
    /// data.
    pub(crate) fn record_of(database: DatabaseId, length: usize) -> UnitRecord {
        UnitRecord { database, start: 0, end: length, audience: Audience::Copies }
    }

    /// A unit that is one request.
    pub(crate) fn of_request(bytes: &'a [u8], record: &'a UnitRecord) -> Unit<'a> {
        Unit { bytes, records: core::slice::from_ref(record) }
    }

    /// True if a consumer has anything to repeat.
    #[inline]
    pub(crate) fn concerns(&self, consumer: Consumer) -> bool {
        self.records.iter().any(|record| record.is_for(consumer))
    }

    /// Writes the unit for a consumer in whose stream `selected` is the selected
    /// database; `None` if that is not known. Several requests become a transaction
    /// if `atomic`.
    #[inline]
    pub(crate) fn render(
        &self,
        consumer: Consumer,
        atomic: bool,
        selected: &mut Option<DatabaseId>,
        mut write: impl FnMut(&[u8]),
    ) {
        // Mostly it is one request in the database of the last.
        if let [record] = self.records
            && record.is_for(consumer)
            && *selected == Some(record.database)
        {
            return write(&self.bytes[record.start..record.end]);
        }
        let records = || self.records.iter().filter(|record| record.is_for(consumer));
        let atomic = atomic && records().nth(1).is_some();
        for (index, record) in records().enumerate() {
            if *selected != Some(record.database) {
                *selected = Some(record.database);
                let mut select = Vec::new();
                write_select(record.database, &mut select);
                write(&select);
            }
            if atomic && index == 0 {
                write(MULTI);
            }
            write(&self.bytes[record.start..record.end]);
        }
        if atomic {
            write(EXEC);
        }
    }
}

const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";
const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";

/// Appends a SELECT.
pub(crate) fn write_select(database: DatabaseId, out: &mut Vec<u8>) {
    let mut number = [0; 20];
    write_request(2, [&b"SELECT"[..], format_i64(database.0.into(), &mut number)].into_iter(), out);
}

/// Appends a request of `count` arguments, as a client sends it.
pub(crate) fn write_request<'a>(count: usize, arguments: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    begin_request(count, out);
    for argument in arguments {
        write_argument(argument, out);
    }
}

/// Begins a request of `count` arguments; as many [`write_argument`] follow.
pub(crate) fn begin_request(count: usize, out: &mut Vec<u8>) {
    write_length(b'*', count, out);
}

/// Appends an argument of a request.
#[inline]
pub(crate) fn write_argument(argument: &[u8], out: &mut Vec<u8>) {
    out.reserve(argument.len() + 26);
    write_length(b'$', argument.len(), out);
    out.extend_from_slice(argument);
    out.extend_from_slice(b"\r\n");
}

/// Appends the line that begins an array or a string.
fn write_length(kind: u8, length: usize, out: &mut Vec<u8>) {
    let digit = |value: usize| b'0' + (value % 10) as u8;
    match length {
        0..10 => out.extend_from_slice(&[kind, digit(length), b'\r', b'\n']),
        10..100 => out.extend_from_slice(&[kind, digit(length / 10), digit(length), b'\r', b'\n']),
        _ => {
            let mut number = [0; 20];
            out.push(kind);
            out.extend_from_slice(format_i64(length as i64, &mut number));
            out.extend_from_slice(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::request::OwnedArguments;
    use alloc::string::String;

    fn words(text: &str) -> OwnedArguments {
        text.split(' ').map(str::as_bytes).collect()
    }

    /// A unit as text; with the database that is selected before it.
    fn rendered(unit: Unit<'_>, consumer: Consumer, selected: Option<u32>) -> String {
        let mut rendered = Vec::new();
        unit.render(consumer, true, &mut selected.map(DatabaseId), |bytes| rendered.extend_from_slice(bytes));
        String::from_utf8(rendered).unwrap().replace("\r\n", " ")
    }

    #[test]
    fn what_changes_no_data_is_for_replicas_only() {
        let mut journal = Journal::default();
        let publish = words("PUBLISH a b");
        journal.append_for_replicas(DatabaseId(0), &publish.as_arguments());
        assert!(journal.unit().concerns(Consumer::Stream) && !journal.unit().concerns(Consumer::Aof));
        assert_eq!(rendered(journal.unit(), Consumer::Aof, Some(0)), "");
        journal.gathered.push(DatabaseId(0), &[b"DEL", b"a"]);
        assert!(journal.unit().concerns(Consumer::Aof));
        assert_eq!(rendered(journal.unit(), Consumer::Aof, Some(0)), "*2 $3 DEL $1 a ");
        let expected = "*1 $5 MULTI *3 $7 PUBLISH $1 a $1 b *2 $3 DEL $1 a *1 $4 EXEC ";
        assert_eq!(rendered(journal.unit(), Consumer::Stream, Some(0)), expected);
        journal.clear_unit();
        assert!(!journal.unit().concerns(Consumer::Stream));
    }

    #[test]
    fn a_command_that_changes_another_database_is_repeated_where_it_was_sent() {
        let mut journal = Journal::default();
        let copy = words("COPY a b DB 1");
        journal.complete(0, DatabaseId(3), &copy.as_arguments());
        let expected = "*2 $6 SELECT $1 3 *5 $4 COPY $1 a $1 b $2 DB $1 1 ";
        assert_eq!(rendered(journal.unit(), Consumer::Stream, None), expected);
    }

    #[test]
    fn a_request_by_itself_is_repeated_as_a_unit_of_it_is() {
        let wire = b"*2\r\n$3\r\nDEL\r\n$1\r\na\r\n";
        let record = Unit::record_of(DatabaseId(2), wire.len());
        let mut journal = Journal::default();
        journal.complete(0, DatabaseId(2), &words("DEL a").as_arguments());
        for unit in [Unit::of_request(wire, &record), journal.unit()] {
            assert!(unit.concerns(Consumer::Aof) && unit.concerns(Consumer::Stream));
            assert_eq!(rendered(unit, Consumer::Aof, Some(2)), "*2 $3 DEL $1 a ");
            assert_eq!(rendered(unit, Consumer::Stream, Some(0)), "*2 $6 SELECT $1 2 *2 $3 DEL $1 a ");
        }
    }

    #[test]
    fn what_was_sent_is_repeated_as_it_is_written() {
        use crate::resp::request::{Limits, Parser, RequestBuffer};
        let long = alloc::format!("*2\r\n$3\r\nDEL\r\n$1234\r\n{}\r\n", "x".repeat(1234));
        for (sent, as_sent) in [
            ("*2\r\n$3\r\nDEL\r\n$1\r\na\r\n", true),
            ("*2\r\n$3\r\nDEL\r\n$0\r\n\r\n", true),
            (&long, true),
            ("*2\r\n$3\r\nDEL\r\n$1\r\naXY", false),
            ("*2\r\n$3\r\nDEL\r\n$1\rXa\r\n", false),
            ("*2\rX$3\r\nDEL\r\n$1\r\na\r\n", false),
            ("DEL a\r\n", false),
        ] {
            for before in ["", "PING\r\n"] {
                let bytes = [before, sent].concat();
                let mut parsed = RequestBuffer::default();
                let used = Parser::default().parse(bytes.as_bytes(), Limits::default(), 2, &mut parsed);
                let requests = parsed.requests(bytes.as_bytes(), usize::from(!before.is_empty()));
                let arguments = requests.arguments(0);
                assert_eq!((used, requests.len(), arguments.len()), (bytes.len(), 1, 2), "{bytes:?}");
                let (mut gathered, mut expected) = (Gathered::default(), Vec::new());
                gathered.push_arguments(DatabaseId(0), &arguments, Audience::Copies);
                write_request(arguments.len(), arguments.iter(), &mut expected);
                assert_eq!(gathered.bytes, expected, "{bytes:?}");
                assert_eq!(arguments.wire().is_some(), as_sent, "{bytes:?}");
                assert_eq!(arguments.from(1).wire(), None);
            }
        }
    }

    #[test]
    fn lengths_of_any_number_of_digits_are_written() {
        for length in [0, 9, 10, 42, 99, 100, 12_345] {
            let argument = alloc::vec![b'x'; length];
            let mut out = Vec::new();
            write_request(1, core::iter::once(&argument[..]), &mut out);
            let expected = alloc::format!("*1\r\n${length}\r\n{}\r\n", "x".repeat(length));
            assert_eq!(out, expected.as_bytes());
        }
    }
}
