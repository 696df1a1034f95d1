//! A full synchronization: from the size of the file that comes to the data that
//! are in place.

use super::receive::{Framing, MARK_LENGTH, Receive};
use super::{Announced, Link, PRIMARY, Stage, Stream};
use crate::boundary::effects::{Effect, Garbage, LogLevel};
use crate::boundary::id::DatabaseId;
use crate::config::{DisklessLoad, Id};
use crate::keyspace::Keyspace;
use crate::persistence::Work;
use crate::persistence::load::SyncLoad;
use crate::server::timer::Timer;
use crate::session::Session;
use crate::session::class::Class;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::str::from_utf8;

/// Milliseconds after which is looked again whether data may be replaced.
const LOOK_AGAIN_MS: u64 = 10;

/// What follows a file in the link.
pub(crate) enum Tail {
    /// The end; so many bytes behind the file belong to it.
    Complete(usize),
    /// It has not come yet.
    Missing,
    /// Something else than was announced.
    Broken,
}

impl Work<'_> {
    /// The line came that tells how long the file will be.
    pub(super) fn size_received(&mut self, announced: Announced, line: &[u8]) {
        let text = String::from_utf8_lossy(line).into_owned();
        let parallel = self.loads_as_it_comes();
        let to = if parallel { "to parser" } else { "to disk" };
        let framing = match line {
            // The primary shows that it is there.
            [] => return,
            [b'-', ..] => {
                self.log_of_primary(
                    LogLevel::Warning,
                    format!("MASTER aborted replication with an error: {}", &text[1..]),
                );
                return self.abandon_link(false);
            }
            [b'$', b'E', b'O', b'F', b':', mark @ ..] => {
                let Ok(mark) = <[u8; MARK_LENGTH]>::try_from(mark) else {
                    return self.bad_size(&text);
                };
                let shown = String::from_utf8_lossy(&mark).into_owned();
                let line = format!("MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF {shown} {to}");
                self.log_of_primary(LogLevel::Notice, line);
                Framing::Mark(mark)
            }
            [b'$', digits @ ..] => {
                let Some(total) = from_utf8(digits).ok().and_then(|digits| digits.parse::<u64>().ok()) else {
                    return self.bad_size(&text);
                };
                let line = format!("MASTER <-> REPLICA sync: receiving {total} bytes from master {to}");
                self.log_of_primary(LogLevel::Notice, line);
                Framing::Length { left: total, total }
            }
            _ => return self.bad_size(&text),
        };
        let receive = Receive { position: announced.position, framing, received: 0, target: None };
        if parallel {
            self.set_link_stage(Stage::Loading(receive));
            self.begin_sync_load();
        } else {
            self.begin_receiving(receive);
        }
    }

    fn bad_size(&mut self, text: &str) {
        let line = format!(
            "Bad protocol from MASTER, the first byte is not '$' (we received '{text}'), are you sure the host and port \
             are right?"
        );
        self.log_of_primary(LogLevel::Warning, line);
        self.abandon_link(false);
    }

    /// `repl-diskless-load`, as far as the data allow it.
    fn loads_as_it_comes(&self) -> bool {
        match self.server.config.chosen::<DisklessLoad>(Id::ReplDisklessLoad) {
            DisklessLoad::Disabled => false,
            DisklessLoad::Swapdb | DisklessLoad::FlushBeforeLoad => true,
            DisklessLoad::OnEmptyDb => self.keyspace.databases().all(|(_, database)| database.is_empty()),
        }
    }

    /// A save that goes on would write over the file, or hold on to data.
    pub(super) fn stop_saving_for_sync(&mut self) {
        if self.saving_in_background() {
            let line = "Replica is about to load the RDB file received from the master, but there is a pending RDB \
                        child running. Killing it and removing its temp file to avoid any race";
            self.log_of_primary(LogLevel::Notice, line);
            self.kill_background_save();
        }
    }

    /// Begins to load what was received, or is to come, once nothing exclusive
    /// goes on.
    pub(super) fn begin_sync_load(&mut self) {
        if self.server.exclusive || self.server.loading {
            self.server.timers.set(Timer::FollowStep, self.now.monotonic.plus_ms(LOOK_AGAIN_MS));
            return;
        }
        let Some(Link { stage: Stage::Loading(receive), .. }) = &self.server.replication.follow.link else { return };
        let (position, from_link, total) = (receive.position, receive.target.is_none(), receive.total());
        self.stop_saving_for_sync();
        let beside =
            from_link && self.server.config.chosen::<DisklessLoad>(Id::ReplDisklessLoad) == DisklessLoad::Swapdb;
        let into = beside.then(|| Box::new(self.keyspace.sibling()));
        // The old data are an earlier state of what comes: they may be read meanwhile.
        let serves = beside && position.is_some_and(|(id, _)| id == self.server.replication.id);
        if !beside {
            self.log_of_primary(LogLevel::Notice, "MASTER <-> REPLICA sync: Flushing old data");
            self.forget_all();
            self.forget_history();
            self.leave_aof();
        }
        self.log_of_primary(LogLevel::Notice, "MASTER <-> REPLICA sync: Loading DB in memory");
        self.load_for_sync(SyncLoad { position, from_link }, into, serves, total);
        if from_link {
            self.load_from_link();
        }
    }

    /// True while data are loaded as they come.
    pub(super) fn loading_from_link(&self) -> bool {
        matches!(&self.server.replication.follow.link, Some(Link { stage: Stage::Loading(receive), .. })
            if receive.target.is_none())
            && self.server.persistence.load.is_some()
    }

    /// Hands what came to the loader.
    pub(crate) fn load_from_link(&mut self) {
        if !self.loading_from_link() {
            return;
        }
        let Some(Link { stage: Stage::Loading(receive), buffer, .. }) = &mut self.server.replication.follow.link else {
            return;
        };
        let bytes = receive.take_for_loader(buffer);
        if bytes.is_empty() { self.read_link() } else { self.load_received(&bytes) }
    }

    /// The loader has come to the end of the file; `unread` stands behind it.
    pub(crate) fn sync_tail(&self, unread: &[u8]) -> Tail {
        let Some(Link { stage: Stage::Loading(receive), .. }) = &self.server.replication.follow.link else {
            return Tail::Broken;
        };
        match &receive.framing {
            Framing::Length { left: 0, .. } => Tail::Complete(unread.len()),
            Framing::Length { .. } => Tail::Missing,
            Framing::Mark(mark) if unread.starts_with(mark) => Tail::Complete(MARK_LENGTH),
            Framing::Mark(mark) if mark.starts_with(unread) => Tail::Missing,
            Framing::Mark(_) => Tail::Broken,
        }
    }

    /// The data were loaded. `database` is selected in the stream that follows;
    /// `unread` is the beginning of it.
    pub(crate) fn sync_loaded(
        &mut self,
        sync: SyncLoad,
        into: Option<Box<Keyspace>>,
        database: DatabaseId,
        unread: &[u8],
    ) {
        if let Some(new) = into {
            self.log_of_primary(LogLevel::Notice, "MASTER <-> REPLICA sync: Swapping active DB with loaded DB");
            self.exchange_data(*new);
            self.leave_aof();
        }
        match sync.position {
            Some((id, offset)) => self.adopt_history(id, offset),
            None => self.forget_history(),
        }
        self.log_of_primary(LogLevel::Notice, "MASTER <-> REPLICA sync: Finished with success");
        self.enter_aof();
        if self.server.replication.follow.apart.is_some() {
            if !sync.from_link {
                self.remove_synced_file();
            }
            self.stream_follows_snapshot(database);
            return;
        }
        let follow = &mut self.server.replication.follow;
        let Some(link) = follow.link.as_mut().filter(|link| matches!(link.stage, Stage::Loading(_))) else {
            // Lost meanwhile, but all that it was to bring is there.
            follow.resumable = sync.position.map(|_| database);
            return;
        };
        if sync.from_link {
            link.buffer.splice(0..0, unread.iter().copied());
        } else {
            self.remove_synced_file();
        }
        self.begin_streaming(database, sync.position.is_none());
        self.acknowledge();
    }

    /// Loading failed: the old data are still there, if it went beside them, or
    /// there are none.
    pub(crate) fn sync_failed(&mut self, sync: SyncLoad, into: Option<Box<Keyspace>>) {
        let from = if sync.from_link { "socket" } else { "disk" };
        let line = format!("Failed trying to load the MASTER synchronization DB from {from}, check server logs.");
        self.log_of_primary(LogLevel::Warning, line);
        match into {
            Some(unfinished) => {
                self.log_of_primary(LogLevel::Notice, "MASTER <-> REPLICA sync: Discarding temporary DB in background");
                self.orders.list.push(Effect::Drop(Garbage::new(unfinished)));
            }
            None => self.forget_all(),
        }
        if !sync.from_link {
            self.remove_synced_file();
        }
        self.abandon_link(true);
    }

    /// Puts data in place of those that are there.
    fn exchange_data(&mut self, new: Keyspace) {
        for id in 0..self.keyspace.database_count() as u32 {
            let id = DatabaseId(id);
            crate::command::databases::replaced_by(self.keyspace, &new, &mut self.server.watches, self.now, id);
        }
        let old = self.keyspace.exchange(new);
        self.orders.list.push(Effect::Drop(Garbage::new(old)));
    }

    /// The stream comes next; `database` is selected in it.
    pub(super) fn begin_streaming(&mut self, database: DatabaseId, without_offsets: bool) {
        self.touch_blocked();
        let follow = &mut self.server.replication.follow;
        let Some(link) = &mut follow.link else { return };
        follow.down_since = None;
        follow.selected = Some(database).filter(|_| !without_offsets);
        link.stage = Stage::Streaming(Stream { without_offsets, ..Stream::default() });
        let internal = Session::internal(self.now);
        let connection = link.connection.clone().unwrap_or_else(|| internal.connection.clone());
        let session = Session { class: Class::Primary, connection, database, id: PRIMARY, ..internal };
        self.server.sessions.insert(Box::new(session));
        self.streaming_began();
        self.server.timers.set(Timer::FollowStep, self.now.monotonic);
    }
}
