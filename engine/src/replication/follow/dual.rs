//! A full synchronization over two connections, as primaries of Valkey 8 offer it: one brings the snapshot, the other
//! the stream behind it at the same time, which is kept here until the snapshot is loaded.
//!
//! ```text
//! the stream's      Asked ─ +DUALCHANNELSYNC ─> Waiting ─────────────> Naming ─ +OK ─> Asked ─ +CONTINUE ─> Keeping ─┐
//!                            │                                           ^                                           │
//! the snapshot's             └─> Connecting ─> Greeting ─> Placing ─ $ENDOFF ─> Announced ─> Receiving, Loading ─────┴─> Streaming
//! ```
//!
//! While that lasts the snapshot's connection is the link, and that of the stream stands apart. If the snapshot is loaded
//! before the stream is granted, the latter is awaited as if it continued what was there before.

use super::handshake::{Greeting, Said, put};
use super::{Announced, Follow, Link, Stage};
use crate::boundary::effects::{Effect, LogLevel};
use crate::boundary::id::{DatabaseId, LinkId};
use crate::boundary::input::{Connection, LinkEvent};
use crate::boundary::time::Monotonic;
use crate::config::Id;
use crate::persistence::Work;
use crate::replication::ReplicationId;
use crate::replication::blocks::Blocks;
use crate::session::class::Class;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The connection over which the stream will come.
#[derive(Debug)]
pub(super) struct Apart {
    pub(super) id: LinkId,
    stage: Part,
    /// What came and is no line yet.
    buffer: Vec<u8>,
    /// What came of the stream.
    kept: Blocks,
    reading: bool,
    last_io: Monotonic,
    connection: Option<Connection>,
    /// What is to be sent over it.
    pub(super) outbox: Vec<u8>,
    /// Where the snapshot ends and the stream begins.
    place: Option<(ReplicationId, u64, DatabaseId)>,
    /// What the primary calls the history now.
    renamed: Option<ReplicationId>,
}

/// How far it got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    /// Nothing comes before the snapshot's place is known.
    Waiting,
    /// The primary was told to which snapshot it belongs.
    Naming,
    /// PSYNC was sent.
    Asked,
    /// The stream comes and is kept.
    Keeping,
    /// As much is kept as may be: the rest stays where it is.
    Full,
}

impl Follow {
    /// `replicas_repl_buffer_size` and `_peak`: bytes of the stream that wait for
    /// the snapshot to be loaded, and the most there were.
    pub(crate) fn kept_figures(&self) -> (u64, u64) {
        let apart = self.apart.as_ref().map_or(0, |apart| apart.kept.memory());
        let size = apart + self.kept.as_ref().map_or(0, Blocks::memory);
        (size, self.kept_peak.max(size))
    }

    /// Bytes of the stream that came and were not looked at yet.
    pub(super) fn kept_length(&self) -> u64 {
        self.kept.as_ref().map_or(0, Blocks::len)
    }
}

impl Work<'_> {
    /// The primary sends for the snapshot to another connection.
    pub(super) fn begin_dual_sync(&mut self) {
        self.log_of_primary(LogLevel::Notice, "PSYNC is not possible, initialize RDB channel.");
        self.discard_resumable();
        let follow = &mut self.server.replication.follow;
        let Some(link) = follow.link.take() else { return };
        follow.kept_peak = 0;
        follow.apart = Some(Apart {
            id: link.id,
            stage: Part::Waiting,
            buffer: link.buffer,
            kept: Blocks::new(0),
            reading: link.reading,
            last_io: link.last_io,
            connection: link.connection,
            outbox: Vec::new(),
            place: None,
            renamed: None,
        });
        self.read_apart();
        self.connect_for_snapshot();
    }

    /// The snapshot's connection is made: says what it is for.
    pub(super) fn greet_for_snapshot(&mut self) {
        let mut expected = Vec::new();
        self.put_authentication(&mut expected);
        let port = self.announced_port().to_string();
        let version = self.server.personality.version.as_bytes();
        let words: [&[u8]; 11] = [
            b"REPLCONF",
            b"capa",
            b"eof",
            b"rdb-only",
            b"1",
            b"rdb-channel",
            b"1",
            b"listening-port",
            port.as_bytes(),
            b"version",
            version,
        ];
        put(&mut self.server.replication.follow.outbox, &words);
        expected.push(Said::Channel);
        self.set_link_stage(Stage::Greeting(Greeting { expected }));
    }

    /// The primary knows what the connection is for.
    pub(super) fn ask_for_snapshot(&mut self) {
        put(&mut self.server.replication.follow.outbox, &[b"SYNC"]);
        self.set_link_stage(Stage::Placing);
    }

    /// The line came that tells where the snapshot ends.
    pub(super) fn placed(&mut self, line: &[u8]) {
        if line.is_empty() {
            // The primary shows that it is there.
            return;
        }
        let text = String::from_utf8_lossy(line).into_owned();
        let now = self.now.monotonic;
        let (Some(place), Some(apart)) = (parse_place(&text), &mut self.server.replication.follow.apart) else {
            self.log_of_primary(LogLevel::Warning, format!("Received unexpected $ENDOFF response: {text}"));
            return self.abandon_link(false);
        };
        let Place { id, offset, database, client } = place;
        apart.place = Some((id, offset, database));
        apart.kept = Blocks::new(offset);
        apart.stage = Part::Naming;
        apart.last_io = now;
        put(&mut apart.outbox, &[b"REPLCONF", b"set-rdb-client-id", client.as_bytes()]);
        self.set_link_stage(Stage::Announced(Announced { position: Some((id, offset)) }));
    }

    /// Something happened on the connection that stands apart.
    pub(super) fn apart_event(&mut self, event: LinkEvent<'_>) {
        let now = self.now.monotonic;
        let Some(apart) = &mut self.server.replication.follow.apart else { return };
        match event {
            LinkEvent::Received(bytes) => {
                apart.last_io = now;
                apart.reading = false;
                apart.buffer.extend_from_slice(bytes);
                self.server.statistics.received += bytes.len() as u64;
                self.use_apart();
            }
            LinkEvent::Closed(reason) => {
                let text = reason.unwrap_or("Connection closed by the peer").to_string();
                self.log_of_primary(LogLevel::Notice, format!("Error reading from primary: {text}"));
                self.abandon_dual_sync(&text);
            }
            LinkEvent::Connected { .. } | LinkEvent::Written(_) => {}
        }
    }

    fn use_apart(&mut self) {
        loop {
            let Some(apart) = &mut self.server.replication.follow.apart else { return };
            if matches!(apart.stage, Part::Keeping | Part::Full) {
                apart.kept.append(&apart.buffer);
                apart.buffer.clear();
                self.look_at_kept();
                return self.read_apart();
            }
            match crate::resp::line::take_line(&mut apart.buffer) {
                Ok(Some(line)) => self.apart_line(&line),
                Ok(None) => return self.read_apart(),
                Err(()) => return self.abandon_dual_sync("a line without an end"),
            }
        }
    }

    fn apart_line(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line).into_owned();
        let now = self.now.monotonic;
        let Some(apart) = &mut self.server.replication.follow.apart else { return };
        match apart.stage {
            _ if line.is_empty() => {}
            Part::Naming if line.first() == Some(&b'+') => {
                let Some((id, offset, _)) = apart.place else { return };
                let offset = (offset + 1).to_string();
                apart.stage = Part::Asked;
                apart.last_io = now;
                put(&mut apart.outbox, &[b"PSYNC", &id, offset.as_bytes()]);
                let id = String::from_utf8_lossy(&id).into_owned();
                let line = format!("Trying a partial resynchronization using main channel (request {id}:{offset}).");
                self.log_of_primary(LogLevel::Notice, line);
            }
            Part::Naming => {
                self.log_of_primary(LogLevel::Notice, format!("Primary does not understand REPLCONF identify: {text}"));
                self.abandon_dual_sync(&text);
            }
            Part::Asked if line.starts_with(b"+CONTINUE") => {
                let id = line.strip_prefix(b"+CONTINUE ").map(<[u8]>::trim_ascii);
                apart.renamed = id.and_then(|id| ReplicationId::try_from(id).ok());
                apart.stage = Part::Keeping;
                let line = "MASTER <-> REPLICA sync: Primary accepted a Partial Resynchronization, RDB load in \
                            background.";
                self.log_of_primary(LogLevel::Notice, line);
            }
            _ => {
                self.log_of_primary(LogLevel::Notice, format!("Unexpected reply to PSYNC from master: {text}"));
                self.abandon_dual_sync(&text);
            }
        }
    }

    /// No more is kept than a replica's connection may owe.
    fn look_at_kept(&mut self) {
        let hard_bytes = self.server.config.output_buffer_limits()[Class::Replica.limit_index()].hard_bytes;
        let follow = &mut self.server.replication.follow;
        let Some(apart) = &mut follow.apart else { return };
        let size = apart.kept.memory();
        follow.kept_peak = follow.kept_peak.max(size);
        if hard_bytes > 0 && size > hard_bytes && apart.stage == Part::Keeping {
            apart.stage = Part::Full;
            let line = format!("Replication buffer limit reached ({hard_bytes} bytes), stopping buffering.");
            self.log_of_primary(LogLevel::Notice, line);
        }
    }

    fn read_apart(&mut self) {
        if let Some(apart) = &mut self.server.replication.follow.apart
            && !apart.reading
            && apart.stage != Part::Full
        {
            apart.reading = true;
            self.orders.list.push(Effect::LinkRead { link: apart.id });
        }
    }

    /// True if the primary has not answered for too long over the connection
    /// that stands apart.
    pub(super) fn apart_is_late(&self, timeout_us: u64) -> bool {
        self.server.replication.follow.apart.as_ref().is_some_and(|apart| {
            matches!(apart.stage, Part::Naming | Part::Asked) && self.now.monotonic.since(apart.last_io) > timeout_us
        })
    }

    /// Without the stream the snapshot is of no use.
    pub(super) fn abandon_dual_sync(&mut self, reason: &str) {
        if self.loading_from_link() {
            return self.load_interrupted(reason);
        }
        self.abandon_link(true);
    }

    /// Closes the connection that stands apart, and forgets what it brought.
    pub(super) fn forget_apart(&mut self) {
        let follow = &mut self.server.replication.follow;
        follow.kept = None;
        if let Some(apart) = follow.apart.take() {
            self.orders.list.push(Effect::LinkClose { link: apart.id });
            self.log_of_primary(LogLevel::Notice, "Aborting dual channel sync");
        }
    }

    /// The database that is selected where the stream begins, if one stands
    /// apart.
    pub(crate) fn database_apart(&self) -> Option<DatabaseId> {
        let (_, _, database) = self.server.replication.follow.apart.as_ref()?.place?;
        Some(database).filter(|database| (database.0 as usize) < self.keyspace.database_count())
    }

    /// The snapshot is in place, and the history that it is of: what was kept
    /// comes next. Its connection has served.
    pub(super) fn stream_follows_snapshot(&mut self, database: DatabaseId) {
        let now = self.now.monotonic;
        let follow = &mut self.server.replication.follow;
        let Some(apart) = follow.apart.take() else { return };
        if let Some(link) = follow.link.take() {
            self.orders.list.push(Effect::LinkClose { link: link.id });
        }
        follow.outbox = apart.outbox;
        let keeps = matches!(apart.stage, Part::Keeping | Part::Full);
        let stage = match apart.stage {
            Part::Naming => Stage::Greeting(Greeting { expected: [Said::Channel].into() }),
            _ => Stage::Asked,
        };
        follow.link = Some(Link {
            id: apart.id,
            stage,
            buffer: apart.buffer,
            reading: apart.reading,
            last_io: now,
            kept_alive: now,
            connection: apart.connection,
        });
        if !keeps {
            follow.resumable = Some(database);
            return self.use_received();
        }
        follow.kept = Some(apart.kept);
        if let Some(id) = apart.renamed.filter(|id| *id != self.server.replication.id) {
            self.rename_history(id);
        }
        self.begin_streaming(database, false);
    }

    /// All that came over the link has run: goes on with what was kept, or
    /// reads.
    pub(super) fn stream_on(&mut self) {
        let follow = &mut self.server.replication.follow;
        let (Some(kept), Some(link)) = (&mut follow.kept, &mut follow.link) else { return self.read_link() };
        let start = kept.start();
        let piece = kept.from(start);
        if piece.is_empty() {
            follow.kept = None;
            self.log_of_primary(LogLevel::Notice, "Successfully streamed replication data into memory");
            self.acknowledge();
            return self.read_link();
        }
        link.buffer.extend_from_slice(piece);
        let end = start + piece.len() as u64;
        kept.trim(end, 0);
        self.server.timers.set(crate::server::timer::Timer::FollowStep, self.now.monotonic);
    }

    /// `repl-ping`s of our own go over the stream's connection.
    pub(super) fn keep_apart_alive(&mut self) {
        if let Some(apart) = &mut self.server.replication.follow.apart {
            apart.outbox.push(b'\n');
        }
    }

    /// The port that the primary is told that we listen on.
    pub(super) fn announced_port(&self) -> i64 {
        let config = &self.server.config;
        let announced = config.integer(Id::ReplicaAnnouncePort);
        let tls = config.boolean(Id::TlsReplication);
        if announced > 0 { announced } else { config.integer(if tls { Id::TlsPort } else { Id::Port }) }
    }
}

/// What `$ENDOFF` tells.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    id: ReplicationId,
    offset: u64,
    database: DatabaseId,
    /// The number of the snapshot's connection.
    client: &'a str,
}

fn parse_place(line: &str) -> Option<Place<'_>> {
    let mut words = line.strip_prefix("$ENDOFF:")?.split(' ');
    let offset = words.next()?.parse().ok().filter(|offset| *offset < i64::MAX as u64)?;
    let id = ReplicationId::try_from(words.next()?.as_bytes()).ok()?;
    let database = DatabaseId(words.next()?.parse().ok()?);
    let client = words.next().filter(|client| client.parse::<u64>().is_ok())?;
    words.next().is_none().then_some(Place { id, offset, database, client })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let place = parse_place("$ENDOFF:56 0123456789abcdef0123456789abcdef01234567 9 12").unwrap();
        assert_eq!((place.offset, place.database, place.client), (56, DatabaseId(9), "12"));
        assert_eq!(place.id, id.as_bytes());
        for line in [
            "",
            "$ENDOFF:",
            "$EOF:56",
            "$ENDOFF:-1 0123456789abcdef0123456789abcdef01234567 9 12",
            "$ENDOFF:1 short 9 12",
            "$ENDOFF:1 0123456789abcdef0123456789abcdef01234567 x 12",
            "$ENDOFF:1 0123456789abcdef0123456789abcdef01234567 0",
            "$ENDOFF:1 0123456789abcdef0123456789abcdef01234567 0 -1",
            "$ENDOFF:1 0123456789abcdef0123456789abcdef01234567 0 1 2",
        ] {
            assert_eq!(parse_place(line), None, "{line}");
        }
    }
}
