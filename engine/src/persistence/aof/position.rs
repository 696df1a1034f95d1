//! Where in a replication history the data of the files are: kept over a restart, so that a replica goes on from there,
//! and replicas of a primary do.
//!
//! An annotation says it, which other servers skip as a comment:
//!
//! ```text
//! #REPL:<offset>:<database>:<replication id>\r\n     the requests before it, all files before it included, make the
//! #REPL:<offset>:<database>\r\n                      data that this history has at this offset; `database` is selected
//!                                                    in its stream there. Without an id it is that of the last before it
//! ```
//!
//! **What may be claimed.** An annotation speaks of what stands before it in the files, and of nothing else. So it holds
//! after any end of the process, as long as no request follows it and what precedes it is there:
//!
//! * A clean end (SHUTDOWN, a signal) writes one behind all else before the last sync: everything is claimed.
//! * Each append ends with one if the history has a position. A process that is killed, or power that is lost, leaves a
//!   file that ends behind an append, and its place is known; or amid one: then requests follow the last annotation, and
//!   nothing is claimed at all, rather than a place that is too early (requests would run twice) or too late (some would
//!   never run). The tail that is cut off belonged to no claim.
//! * What `everysec` and `no` lose was behind the last annotation that is left. A replica asks for it again. A primary
//!   must not go on from there under its old id, as its replicas may have more than it has: it begins a history of its
//!   own that continues the old one up to the claimed offset (see [`Work::restore_history`]), and who has more gets all
//!   data anew.
//! * An annotation amid a transaction claims nothing. Neither does one that lacks its line end.
//! * A rewrite: the base may tell of the place at which its walk began, as any RDB file, and the increment that begins
//!   at that moment begins with one.
//! * Another server that appended requests has thereby ended the claim; one that appended none has changed no data.
//!
//! The stream has requests that are in no file (PING, REPLCONF GETACK, PUBLISH): its offset moves on while the data stay.
//! A file at rest is given a new annotation for that, once a second at most.

use super::{Aof, State};
use crate::base::image::{Damaged, Image, Tape};
use crate::base::number::parse_u64;
use crate::boundary::id::DatabaseId;
use crate::boundary::time::Monotonic;
use crate::persistence::Work;
use crate::replication::ReplicationId;
use crate::replication::follow::history::Position;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What such an annotation begins with.
const PREFIX: &[u8] = b"#REPL:";
/// Milliseconds for which a file rests before it is told that only the offset has moved.
const REFRESH_MS: u64 = 1000;

/// What is known, and what the file tells.
#[derive(Default, Debug)]
pub(super) struct Place {
    /// Behind the changes up to this position of the file the data are at this place of the history.
    reached: Option<(u64, Position)>,
    /// What the last annotation of this file says, as far as this process has written it.
    stated: Option<Position>,
}

impl Image for Place {
    fn blank() -> Place {
        Place::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Place { reached, stated } = self;
        tape.each([reached, stated])
    }
}

impl Place {
    /// The data are to be replaced by what no change tells of, or another file begins.
    pub(super) fn forget(&mut self) {
        *self = Place::default();
    }

    fn write(&mut self, position: Position, out: &mut Vec<u8>) {
        let Position { id, offset, database } = position;
        out.extend_from_slice(PREFIX);
        out.extend_from_slice(format!("{offset}:{}", database.0).as_bytes());
        if self.stated.is_none_or(|stated| stated.id != id) {
            out.push(b':');
            out.extend_from_slice(&id);
        }
        out.extend_from_slice(b"\r\n");
        self.stated = Some(position);
    }
}

impl Aof {
    /// All that was changed so far is in what was appended, and the data are at
    /// this place; `None` if nobody could go on from it. Not to be called amid a
    /// change.
    pub(crate) fn note_place(&mut self, position: Option<Position>) {
        if self.state == State::On {
            self.place.reached = position.map(|position| (self.appended, position));
        }
    }

    /// Appends an annotation to what is about to be written, if it is known what
    /// to say and that is new.
    pub(super) fn state_place(&mut self) {
        let Some((at, position)) = self.place.reached else { return };
        if at == self.appended && self.place.stated != Some(position) {
            self.append_place(position);
            self.place.reached = Some((self.appended, position));
        }
    }

    /// Has the increment that begins now begin with one.
    pub(super) fn begin_with_place(&mut self, position: Option<Position>) {
        self.place.forget();
        if let Some(position) = position.filter(|_| self.rotation.is_some()) {
            self.append_place(position);
        }
    }

    fn append_place(&mut self, position: Position) {
        let buffer = match &mut self.rotation {
            Some(rotation) => &mut rotation.behind.0,
            None => &mut self.buffer.0,
        };
        let before = buffer.len();
        self.place.write(position, buffer);
        self.appended += (buffer.len() - before) as u64;
    }

    /// True if the file rests, and tells of another place than that at which
    /// its data are.
    fn place_is_old(&self, now: Monotonic) -> bool {
        let rests = self.file.is_some()
            && self.buffer.0.is_empty()
            && self.appending.is_none()
            && self.rotation.is_none()
            && self.retry_at.is_none()
            && !self.damaged;
        let news = |(at, position)| at == self.appended && self.place.stated != Some(position);
        rests && self.place.reached.is_some_and(news) && now.since(self.append_began) >= REFRESH_MS * 1000
    }
}

impl Work<'_> {
    /// By the clock: the offset may have moved though nothing was appended.
    pub(super) fn refresh_place(&mut self) {
        let position = self.server.replication.position();
        let aof = &mut self.server.persistence.aof;
        aof.note_place(position);
        if aof.state == State::On && aof.place_is_old(self.now.monotonic) {
            aof.state_place();
            self.aof_progress();
        }
    }

    /// The process ends: what is written last says where the data are.
    pub(super) fn state_last_place(&mut self) {
        let position = self.server.replication.position();
        let aof = &mut self.server.persistence.aof;
        aof.note_place(position);
        aof.state_place();
    }
}

/// Reads an annotation, without its line end; `id` is what the last one before it
/// named. `None` if it is of another kind, or says nothing that can be.
pub(super) fn parse(line: &[u8], id: Option<ReplicationId>) -> Option<Position> {
    let text = line.strip_prefix(PREFIX)?.strip_suffix(b"\r")?;
    let mut parts = text.split(|&byte| byte == b':');
    let offset = parts.next().and_then(parse_u64).filter(|offset| *offset < i64::MAX as u64)?;
    let database = parts.next().and_then(parse_u64).and_then(|number| u32::try_from(number).ok())?;
    let id = match parts.next() {
        Some(id) => ReplicationId::try_from(id).ok().filter(|id| id.iter().all(u8::is_ascii_hexdigit))?,
        None => id?,
    };
    let position = Position { id, offset, database: DatabaseId(database) };
    parts.next().is_none().then_some(position)
}

/// The line that tells at which place a load has ended.
pub(super) fn restored_line(position: &Position) -> String {
    let id = String::from_utf8_lossy(&position.id);
    format!("The append only file ends at offset {} of the replication history {id}", position.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ReplicationId = *b"0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn an_annotation_is_read_as_it_was_written() {
        let mut place = Place::default();
        let mut out = Vec::new();
        let first = Position { id: ID, offset: 1234, database: DatabaseId(9) };
        let second = Position { offset: 99_999_999_999, database: DatabaseId(0), ..first };
        place.write(first, &mut out);
        place.write(second, &mut out);
        place.write(Position { id: [b'f'; 40], ..second }, &mut out);
        let mut id = None;
        let read: Vec<Position> = out
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| {
                let position = parse(line, id).expect("an annotation");
                id = Some(position.id);
                position
            })
            .collect();
        assert_eq!(read, [first, second, Position { id: [b'f'; 40], ..second }]);
        assert!(
            out.starts_with(b"#REPL:1234:9:0123456789abcdef0123456789abcdef01234567\r\n#REPL:99999999999:0\r\n#REPL")
        );
    }

    #[test]
    fn what_is_none_claims_nothing() {
        let lines: [&[u8]; 12] = [
            b"#TS:1\r",
            b"#REPL:\r",
            b"#REPL:1\r",
            b"#REPL:1:\r",
            b"#REPL:1:0",
            b"#REPL:-1:0\r",
            b"#REPL:1:x\r",
            b"#REPL:1:0:short\r",
            b"#REPL:1:0:0123456789abcdef0123456789abcdef0123456z\r",
            b"#REPL:1:0:0123456789abcdef0123456789abcdef01234567:\r",
            b"#REPL:99999999999999999999999:0\r",
            b"#REPL:1:4294967296\r",
        ];
        for line in lines {
            assert_eq!(parse(line, Some(ID)), None, "{}", line.escape_ascii());
        }
        assert_eq!(parse(b"#REPL:1:0\r", None), None, "of no history that was named");
        assert!(parse(b"#REPL:1:0\r", Some(ID)).is_some());
    }
}
