//! Loading the data set from a file, or as it comes over a link, in slices.
//!
//! ```text
//! Open ──> Read ──> slices … ──> Read ──> slices … ──> the file's end
//! ```
//!
//! Meanwhile commands run that may while loading; at the start a file that
//! cannot be loaded ends the process.

use crate::base::number::parse_i64;
use crate::boundary::effects::{DiskOperation, Effect, LogLevel};
use crate::boundary::id::{DatabaseId, FileId};
use crate::boundary::input::{DiskDone, DiskError, DiskErrorKind};
use crate::boundary::time::Now;
use crate::config::Id;
use crate::data::collection::Body;
use crate::data::entry::Value;
use crate::data::fields::{self, HashRef};
use crate::data::limits::Rules;
use crate::data::owned::OwnedEntry;
use crate::data::shape::Type;
use crate::keyspace::access::Access;
use crate::keyspace::{Keyspace, Loaded};
use crate::persistence::Work;
use crate::persistence::reload::Reload;
use crate::rdb::read::Checksum;
use crate::rdb::{Eviction, Item, LoadError, Reader, ValueRef};
use crate::replication::ReplicationId;
use crate::replication::follow::history::Position;
use crate::replication::follow::sync::Tail;
use crate::server::Server;
use crate::server::disk::DiskUse;
use crate::server::timer::Timer;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;
/// Items that one slice takes in at most.
const SLICE_ITEMS: usize = 256;
/// Bytes of keys and values after which a slice ends.
const SLICE_BYTES: usize = 128 << 10;
/// What part of a collection counts as in a slice: it costs more than its bytes.
const PART_BYTES: usize = 8 << 10;
/// A delayed load pauses for so many microseconds at least.
const DELAY_MIN: u64 = 1000;

/// How far a load got, as INFO shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LoadProgress {
    /// `loading_start_time`: seconds since 1970.
    pub start: i64,
    /// `loading_total_bytes`: the file's length.
    pub total_bytes: u64,
    /// `loading_rdb_used_mem`: the memory that the file says the data took.
    pub used_memory: u64,
    /// `loading_loaded_bytes`.
    pub loaded_bytes: u64,
}

impl LoadProgress {
    /// `loading_loaded_perc`.
    pub fn percent(&self) -> f64 {
        if self.total_bytes == 0 { 0.0 } else { self.loaded_bytes as f64 / self.total_bytes as f64 * 100.0 }
    }

    /// `loading_eta_seconds`.
    pub fn eta_seconds(&self, now: Now) -> i64 {
        let elapsed = now.unix.seconds() - self.start;
        if elapsed <= 0 {
            return 1;
        }
        let left = self.total_bytes.saturating_sub(self.loaded_bytes);
        (i128::from(elapsed) * i128::from(left) / (i128::from(self.loaded_bytes) + 1)) as i64
    }
}

/// Why the data set is loaded.
#[derive(Clone, Debug)]
enum Purpose {
    Start,
    /// It is the begin of a file of the append only file.
    Preamble,
    Reload(Reload),
    Sync(SyncLoad),
}

/// A full synchronization that is loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SyncLoad {
    /// The history and the offset that the data are a state of.
    pub(crate) position: Option<(ReplicationId, u64)>,
    /// True if it is loaded as it comes.
    pub(crate) from_link: bool,
}

/// A load in progress.
pub(crate) struct Load {
    purpose: Purpose,
    /// `None` if it comes over the link to the primary.
    file: Option<FileId>,
    reader: Reader,
    /// Where the data go, if not in place of those that are there.
    into: Option<Box<Keyspace>>,
    /// What the file tells of the history that it belongs to.
    origin: Origin,
    database: DatabaseId,
    began: Now,
    /// True while bytes are on their way from the disk.
    reading: bool,
    /// True once the disk, or the link, has no more.
    ended: bool,
    /// Why the link has no more.
    end_reason: String,
}

/// What a file tells of the history that it belongs to.
#[derive(Clone, Copy, Default)]
struct Origin {
    id: Option<ReplicationId>,
    offset: Option<u64>,
    database: Option<DatabaseId>,
}

impl Origin {
    fn position(self) -> Option<Position> {
        Some(Position { id: self.id?, offset: self.offset?, database: self.database? })
    }
}

impl Load {
    /// What of it the future depends on, for the hash of the state.
    pub(crate) fn describe(&self) -> (u64, usize, (bool, bool), Option<&Keyspace>) {
        (self.reader.offset(), self.reader.unread().len(), (self.reading, self.ended), self.into.as_deref())
    }
}

/// Why a load stopped.
pub(super) enum Failure {
    /// The file is not one.
    Format(LoadError),
    /// It is for another server; with the line that says so.
    Content(String),
    /// It is there and cannot be read.
    Disk(DiskError),
    /// It comes no more; with the reason.
    Link(String),
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        Failure::Format(error)
    }
}

impl Work<'_> {
    /// Loads the data set from the RDB file if there is one.
    pub(super) fn load_rdb_at_start(&mut self) {
        self.load(Purpose::Start);
    }

    pub(super) fn load_again(&mut self, reload: Reload) {
        self.load(Purpose::Reload(reload));
    }

    /// Loads what a primary sent: from disk, or as it comes, of `total` bytes if
    /// that is known; `into` a place beside the data that are there, if those
    /// are to stay until the end, and meanwhile to be read if `serves`.
    pub(crate) fn load_for_sync(&mut self, sync: SyncLoad, into: Option<Box<Keyspace>>, serves: bool, total: u64) {
        if !sync.from_link {
            return self.load(Purpose::Sync(sync));
        }
        self.server.loading = true;
        self.server.serving_while_loading = serves;
        let mut load = self.new_load(Purpose::Sync(sync), None);
        load.into = into;
        load.reading = false;
        self.server.persistence.load = Some(load);
        self.loading_begins(total);
    }

    fn new_load(&mut self, purpose: Purpose, file: Option<FileId>) -> Load {
        Load {
            purpose,
            file,
            reader: Reader::new(self.server.verifies_checksums(), self.keyspace.rules()),
            into: None,
            origin: Origin::default(),
            database: DatabaseId(0),
            began: self.now,
            reading: true,
            ended: false,
            end_reason: String::new(),
        }
    }

    fn load(&mut self, purpose: Purpose) {
        let file = self.server.disk.new_file();
        let path = self.file_name();
        self.server.loading = true;
        let load = self.new_load(purpose, Some(file));
        self.server.persistence.load = Some(load);
        self.server.disk.start(self.orders, DiskUse::Load(file), DiskOperation::Open { file, path });
    }

    fn loading_begins(&mut self, total_bytes: u64) {
        let status = &mut self.server.persistence;
        status.loading = Some(LoadProgress { start: self.now.unix.seconds(), total_bytes, ..Default::default() });
        status.last_loaded = 0;
        status.last_expired = 0;
        status.last_empty = 0;
    }

    /// Bytes of the file came over the link.
    pub(crate) fn load_received(&mut self, bytes: &[u8]) {
        if let Some(load) = &mut self.server.persistence.load {
            load.reading = false;
            load.reader.feed(bytes);
            self.server.timers.set(Timer::LoadStep, self.now.monotonic);
        }
    }

    /// Nothing more comes over the link, which had nothing else to bring: what
    /// came may be all.
    pub(crate) fn load_link_ended(&mut self, reason: &str) {
        if let Some(load) = &mut self.server.persistence.load {
            load.ended = true;
            load.end_reason = reason.into();
            self.server.timers.set(Timer::LoadStep, self.now.monotonic);
        }
    }

    /// What comes over the link will never be complete.
    pub(crate) fn load_interrupted(&mut self, reason: &str) {
        if let Some(load) = self.server.persistence.load.take() {
            self.load_failed(load, Failure::Link(reason.into()));
        }
    }

    /// A disk operation of a load has ended.
    pub(crate) fn load_operation_done(&mut self, file: FileId, result: Result<DiskDone<'_>, DiskError>) {
        let Some(mut load) = self.server.persistence.load.take_if(|load| load.file == Some(file)) else { return };
        load.reading = false;
        match result {
            Ok(DiskDone::Opened { size }) => {
                self.loading_begins(size);
                self.read_more(&mut load);
            }
            Ok(DiskDone::Data(bytes)) => {
                load.ended = bytes.is_empty();
                load.reader.feed(bytes);
                self.server.timers.set(Timer::LoadStep, self.now.monotonic);
            }
            Ok(DiskDone::Done) => {}
            Err(error) => return self.load_failed(load, Failure::Disk(error)),
        }
        self.server.persistence.load = Some(load);
    }

    fn read_more(&mut self, load: &mut Load) {
        load.reading = true;
        match load.file {
            Some(file) => {
                let operation = DiskOperation::Read { file, length_max: CHUNK };
                self.server.disk.start(self.orders, DiskUse::Load(file), operation);
            }
            None => self.read_link(),
        }
    }

    /// One slice, as [`Timer::LoadStep`] has come.
    pub(crate) fn load_step(&mut self) {
        let Some(mut load) = self.server.persistence.load.take() else { return self.aof_load_step() };
        let delay = self.server.config.integer(Id::KeyLoadDelay);
        let items = match delay {
            0 => SLICE_ITEMS,
            1.. => (DELAY_MIN / delay.unsigned_abs()).max(1) as usize,
            _ => DELAY_MIN.saturating_mul(delay.unsigned_abs()).min(SLICE_ITEMS as u64) as usize,
        };
        let more = match self.load_items(&mut load, items) {
            Ok(more) => more,
            Err(failure) => return self.load_failed(load, failure),
        };
        if let Some(progress) = &mut self.server.persistence.loading {
            progress.loaded_bytes = load.reader.offset();
        }
        if matches!(load.purpose, Purpose::Sync(_)) {
            self.keep_link_alive();
        }
        if load.reader.is_finished() {
            return self.snapshot_ended(load);
        }
        if !load.reading && !load.ended && load.reader.unread().len() < CHUNK {
            self.read_more(&mut load);
        }
        if more {
            let mut next = self.now.monotonic;
            next.0 += if delay > 0 { items as u64 * delay.unsigned_abs() } else { 0 };
            self.server.timers.set(Timer::LoadStep, next);
        } else if load.ended {
            let failure = match load.file {
                Some(_) => Failure::Format(LoadError::UnexpectedEnd),
                None => Failure::Link(core::mem::take(&mut load.end_reason)),
            };
            return self.load_failed(load, failure);
        }
        self.server.persistence.load = Some(load);
    }

    /// All was read. Over a link there may be more that belongs to the file.
    fn snapshot_ended(&mut self, mut load: Load) {
        if load.file.is_some() {
            return self.loaded(load, 0);
        }
        match self.sync_tail(load.reader.unread()) {
            Tail::Complete(length) => self.loaded(load, length),
            Tail::Missing if load.ended => {
                let reason = core::mem::take(&mut load.end_reason);
                self.load_failed(load, Failure::Link(reason));
            }
            Tail::Missing => {
                if !load.reading {
                    self.read_more(&mut load);
                }
                self.server.persistence.load = Some(load);
            }
            Tail::Broken => self.load_failed(load, Failure::Link("Replication stream EOF marker is broken".into())),
        }
    }

    /// Takes in so many items at most. False if there is none before more is
    /// read.
    fn load_items(&mut self, load: &mut Load, items: usize) -> Result<bool, Failure> {
        let mut bytes = 0;
        for _ in 0..items {
            let Some(item) = load.reader.next_item()? else { return Ok(false) };
            match item {
                Item::Entry { key, value, expire_at_ms, eviction } => {
                    bytes += key.len();
                    if let ValueRef::String(text) = value {
                        bytes += text.len();
                    }
                    let value = Loadable::String(value);
                    let entry = Entry { key, value, expire_at_ms, eviction };
                    let terms = Terms::of(&load.purpose, &load.origin, load.began);
                    self.load_entry(load.into.as_deref_mut(), load.database, entry, terms)?;
                }
                Item::Collection { key, value_type, body: Some(mut body), expire_at_ms, eviction } => {
                    bytes += key.len();
                    let terms = Terms::of(&load.purpose, &load.origin, load.began);
                    if value_type == Type::Hash && !self.keeps_fields(&mut body, terms) {
                        continue;
                    }
                    let value = Loadable::Collection(OwnedEntry::collection(value_type, body, expire_at_ms));
                    let entry = Entry { key, value, expire_at_ms, eviction };
                    self.load_entry(load.into.as_deref_mut(), load.database, entry, terms)?;
                }
                Item::Collection { key, body: None, .. } => {
                    self.server.persistence.last_empty += 1;
                    let line = format!("rdbLoadObject skipping empty key: {}", String::from_utf8_lossy(key));
                    self.log(LogLevel::Notice, line);
                }
                Item::Part => bytes += PART_BYTES,
                Item::SelectDb(database) => load.database = self.database_of(database)?,
                Item::Aux { key, value } => self.note_text(&mut load.origin, key, value),
                Item::Function(_) => {
                    let line = "Failed loading library, functions are not supported";
                    return Err(Failure::Content(line.into()));
                }
                Item::ModuleAux { identity, .. } => {
                    let name = crate::rdb::module_name::module_name(identity);
                    let name = String::from_utf8_lossy(&name).into_owned();
                    return Err(Failure::Content(format!(
                        "The RDB file contains AUX module data I can't load: no matching module '{name}'"
                    )));
                }
                Item::End(Checksum::Disabled) => {
                    self.log(LogLevel::Notice, "RDB file was saved with checksum disabled: no check performed.");
                }
                Item::Header { .. }
                | Item::ResizeDb { .. }
                | Item::SlotInfo { .. }
                | Item::SlotImport { .. }
                | Item::SlotRange { .. }
                | Item::End(_) => {}
            }
            if bytes >= SLICE_BYTES {
                break;
            }
        }
        Ok(true)
    }

    fn database_of(&self, number: u64) -> Result<DatabaseId, Failure> {
        let count = self.keyspace.database_count();
        if number < count as u64 {
            return Ok(DatabaseId(number as u32));
        }
        let title = self.server.personality.title;
        Err(Failure::Content(format!(
            "FATAL: Data file was created with a {title} server configured to handle more than {count} databases. \
             Exiting"
        )))
    }

    /// Leaves out of a hash the fields that are past their time, unless they are to
    /// be taken in all the same. False if none is left.
    fn keeps_fields(&self, body: &mut Body, terms: Terms) -> bool {
        if !self.server.replication.is_replica() && !terms.keeps_past {
            fields::drop_due(body, terms.began_ms);
        }
        !HashRef::of_body(body).is_empty()
    }

    fn load_entry(
        &mut self,
        into: Option<&mut Keyspace>,
        database: DatabaseId,
        entry: Entry<'_>,
        Terms { began_ms, merge, keeps_past }: Terms,
    ) -> Result<(), Failure> {
        // In a replica, keys go when the primary says so.
        let expires = !self.server.replication.is_replica();
        let past = expires && entry.expire_at_ms.is_some_and(|time| time < began_ms);
        if past {
            self.server.persistence.last_expired += 1;
            if !keeps_past {
                return Ok(());
            }
        }
        let access = entry.access(self.keyspace.access, self.now);
        let keyspace = into.unwrap_or(self.keyspace);
        let mut string = |value| keyspace.load(database, entry.key, value, entry.expire_at_ms, access, merge);
        let loaded = match entry.value {
            Loadable::String(ValueRef::Integer(number)) => string(Value::Integer(number)),
            Loadable::String(ValueRef::String(text)) => string(Value::encode(text)),
            Loadable::Collection(value) => keyspace.load_collection(database, entry.key, value, access, merge),
        };
        if loaded == Loaded::Duplicate {
            let key = String::from_utf8_lossy(entry.key);
            return Err(Failure::Content(format!("RDB has duplicated key '{key}' in DB {}", database.0)));
        }
        self.server.persistence.last_loaded += u64::from(!past);
        Ok(())
    }

    /// A text about the file.
    fn note_text(&mut self, origin: &mut Origin, key: &[u8], value: &[u8]) {
        let text = String::from_utf8_lossy(value);
        let number = || parse_i64(value).unwrap_or(0);
        let line = match key {
            [b'%', ..] => format!("RDB '{}': {text}", String::from_utf8_lossy(key)),
            b"redis-ver" => format!("Loading RDB produced by version {text}"),
            b"valkey-ver" => format!("Loading RDB produced by Valkey version {text}"),
            b"ctime" => format!("RDB age {} seconds", (self.now.unix.seconds() - number()).max(0)),
            b"used-mem" => {
                if let Some(progress) = &mut self.server.persistence.loading {
                    progress.used_memory = number().max(0) as u64;
                }
                format!("RDB memory usage when created {:.2} Mb", number() as f64 / (1024.0 * 1024.0))
            }
            b"aof-preamble" if number() != 0 => "RDB has an AOF tail".into(),
            b"aof-base" if number() != 0 => "RDB is base AOF".into(),
            b"redis-bits" | b"lua" | b"aof-preamble" | b"aof-base" => return,
            b"repl-stream-db" => {
                origin.database = u64::try_from(number()).ok().and_then(|number| self.database_of(number).ok());
                return;
            }
            b"repl-id" => {
                origin.id = ReplicationId::try_from(value).ok();
                return;
            }
            b"repl-offset" => {
                origin.offset = u64::try_from(number()).ok();
                return;
            }
            _ => {
                let line = format!("Unrecognized RDB AUX field: '{}'", String::from_utf8_lossy(key));
                return self.log(LogLevel::Debug, line);
            }
        };
        self.log(LogLevel::Notice, line);
    }

    /// The data are there; behind the file, `tail` bytes belong to it.
    fn loaded(&mut self, load: Load, tail: usize) {
        self.close_loaded(load.file);
        let status = &self.server.persistence;
        let (loaded, expired, empty) = (status.last_loaded, status.last_expired, status.last_empty);
        let skipped = if empty > 0 { format!(", empty keys skipped: {empty}") } else { String::new() };
        let line = format!("Done loading RDB, keys loaded: {loaded}, keys expired: {expired}{skipped}.");
        self.log(LogLevel::Notice, line);
        match load.purpose {
            Purpose::Start => {
                let microseconds = self.now.monotonic.since(load.began.monotonic);
                let line = format!("DB loaded from disk: {:.3} seconds", microseconds as f64 / 1e6);
                self.log(LogLevel::Notice, line);
                if let Some(position) = load.origin.position() {
                    self.restore_history(position);
                }
                self.ready();
            }
            Purpose::Preamble => {}
            Purpose::Reload(reload) => self.reload_loaded(reload, true),
            Purpose::Sync(sync) => {
                let database = load.origin.database.or_else(|| self.database_apart()).unwrap_or(DatabaseId(0));
                let unread = load.reader.unread().get(tail..).unwrap_or_default();
                self.sync_loaded(sync, load.into, database, unread);
            }
        }
    }

    fn close_loaded(&mut self, file: Option<FileId>) {
        if let Some(file) = file {
            self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
        }
        self.server.persistence.loading = None;
        self.server.loading = false;
        self.server.serving_while_loading = false;
    }

    pub(super) fn ready(&mut self) {
        let config = &self.server.config;
        let listens = [
            ("tcp", config.integer(Id::Port) > 0),
            ("unix", !config.text(Id::Unixsocket).is_empty()),
            ("tls", config.integer(Id::TlsPort) > 0),
        ];
        for (kind, _) in listens.iter().filter(|(_, listens)| *listens) {
            self.orders.log(LogLevel::Notice, format!("Ready to accept connections {kind}"));
        }
        self.orders.list.push(Effect::Ready);
        if self.server.replication.is_replica() {
            self.server.timers.set(Timer::Follow, self.now.monotonic);
        }
    }

    fn load_failed(&mut self, load: Load, failure: Failure) {
        let missing = matches!(&failure, Failure::Disk(error) if error.kind == DiskErrorKind::NotFound);
        if missing && matches!(load.purpose, Purpose::Start) {
            self.server.loading = false;
            return self.ready();
        }
        let stopped_at = load.reader.stopped_at();
        if let Purpose::Sync(_) = load.purpose {
            let lines = sync_failure_lines(&failure, stopped_at);
            lines.into_iter().flatten().for_each(|line| self.log_of_primary(LogLevel::Warning, line));
        } else {
            let lines = failure_lines(&failure, stopped_at, &self.file_name());
            lines.into_iter().flatten().for_each(|line| self.log(LogLevel::Warning, line));
        }
        self.close_loaded(load.file);
        match load.purpose {
            Purpose::Start => {
                // What was not loaded must not be saved over, nor looked at.
                self.server.loading = true;
                self.orders.list.push(Effect::Exit { code: 1 });
            }
            Purpose::Preamble => {}
            Purpose::Reload(reload) => self.reload_loaded(reload, false),
            Purpose::Sync(sync) => self.sync_failed(sync, load.into),
        }
    }
}

/// Likewise for what a primary sent, which is asked for again.
fn sync_failure_lines(failure: &Failure, offset: u64) -> [Option<String>; 3] {
    let line = match failure {
        Failure::Disk(error) => format!("The RDB file received from the primary can't be read: {}", error.message),
        Failure::Content(line) => line.clone(),
        Failure::Format(error) => format!("Internal error in RDB reading offset {offset} -> {error}"),
        Failure::Link(reason) => {
            let assumed = "Failure loading rdb format from socket, assuming connection error, resuming operation.";
            return [Some(format!("I/O error trying to sync with MASTER: {reason}")), Some(assumed.into()), None];
        }
    };
    [Some(line), None, None]
}

impl Load {
    /// The begin of a file of the append only file.
    pub(super) fn preamble(checksum: bool, rules: Rules, now: Now) -> Load {
        Load {
            purpose: Purpose::Preamble,
            file: None,
            reader: Reader::new(checksum, rules),
            into: None,
            origin: Origin::default(),
            database: DatabaseId(0),
            began: now,
            reading: false,
            ended: false,
            end_reason: String::new(),
        }
    }

    /// Appends input.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.reader.feed(bytes);
    }

    /// True once all of it was read.
    pub(super) fn is_finished(&self) -> bool {
        self.reader.is_finished()
    }

    /// Bytes that were read.
    pub(super) fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// What it tells of the history that it belongs to.
    pub(super) fn position(&self) -> Option<Position> {
        self.origin.position()
    }

    /// What follows it.
    pub(super) fn unread(&self) -> &[u8] {
        self.reader.unread()
    }
}

impl Work<'_> {
    /// Takes in so many items of a preamble at most. False if there is none
    /// before more is read.
    pub(super) fn load_preamble(&mut self, preamble: &mut Load, items: usize) -> Result<bool, Failure> {
        let more = self.load_items(preamble, items)?;
        Ok(more || preamble.is_finished())
    }

    /// Says why a preamble can't be loaded; it ended too early if there is no
    /// failure.
    pub(super) fn preamble_failed(&mut self, preamble: &Load, failure: Option<Failure>, name: &str, old_name: &str) {
        let failure = failure.unwrap_or(Failure::Format(LoadError::UnexpectedEnd));
        for line in failure_lines(&failure, preamble.reader.stopped_at(), name).into_iter().flatten() {
            self.log(LogLevel::Warning, line);
        }
        let what = if name == old_name { "preamble of the AOF" } else { "base" };
        let line = format!("Error reading the RDB {what} file {name}, AOF loading aborted");
        self.log(LogLevel::Warning, line);
    }
}

/// What the reference writes to its log, in its order.
fn failure_lines(failure: &Failure, offset: u64, path: &str) -> [Option<String>; 3] {
    let fatal = || Some(String::from("Fatal error loading the DB, check server logs. Exiting."));
    let internal = |text: &str| Some(format!("Internal error in RDB reading offset {offset} -> {text}"));
    let terminating = || Some(String::from("Terminating server after rdb file reading failure."));
    match failure {
        Failure::Disk(error) => {
            let line = format!("Fatal error: can't open the RDB file {path} for reading: {}", error.message);
            [Some(line), fatal(), None]
        }
        Failure::Content(line) | Failure::Link(line) => [Some(line.clone()), None, None],
        Failure::Format(error @ (LoadError::WrongSignature | LoadError::UnsupportedVersion(_))) => {
            [Some(format!("{error}")), fatal(), None]
        }
        Failure::Format(error @ LoadError::ChecksumMismatch { .. }) => {
            [Some(format!("{error}")), internal("RDB CRC error"), terminating()]
        }
        Failure::Format(error) => {
            let short = "Short read or OOM loading DB. Unrecoverable error, aborting now.";
            [Some(short.into()), internal(&format!("{error}")), terminating()]
        }
    }
}

/// On what terms entries are taken in.
#[derive(Clone, Copy)]
struct Terms {
    /// What expires before is past its time, milliseconds since 1970.
    began_ms: i64,
    /// Entries take the place of those that are there.
    merge: bool,
    /// What is past its time is taken in all the same.
    keeps_past: bool,
}

impl Terms {
    fn of(purpose: &Purpose, origin: &Origin, began: Now) -> Terms {
        // Later requests may depend on a key that is past its time.
        let keeps_all = matches!(purpose, Purpose::Preamble);
        Terms {
            began_ms: if keeps_all { i64::MIN } else { began.unix.ms() },
            merge: matches!(purpose, Purpose::Reload(reload) if reload.merge),
            // Replicas may go on from these data: they have to be told that it goes.
            keeps_past: origin.position().is_some(),
        }
    }
}

/// The value of an entry of a file.
enum Loadable<'a> {
    String(ValueRef<'a>),
    Collection(OwnedEntry),
}

/// An entry of a file.
struct Entry<'a> {
    key: &'a [u8],
    value: Loadable<'a>,
    expire_at_ms: Option<i64>,
    eviction: Option<Eviction>,
}

impl Entry<'_> {
    /// The bits of eviction: what the file says, if the policy that is in force
    /// can use it.
    fn access(&self, access: Access, now: Now) -> u32 {
        match (access, self.eviction) {
            (Access::Lfu { .. }, Some(Eviction::Lfu { frequency })) => Access::from_counter(now, frequency),
            (Access::Lru, Some(Eviction::Lru { idle_seconds })) => Access::from_idle_seconds(now, idle_seconds),
            _ => access.initial(now),
        }
    }
}

impl Server {
    /// True from the start of a load to its end.
    pub fn load_progress(&self) -> Option<&LoadProgress> {
        self.persistence.loading.as_ref()
    }
}
