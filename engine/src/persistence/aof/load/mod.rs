//! Loading the files of the AOF, in slices: at the start and by DEBUG LOADAOF.
//!
//! ```text
//! manifest ─> an old file? ─> lengths ─> each file: RDB, then requests ─> increment opened
//!                  └ upgrade ──^          (repeat.rs)   └ cut off          (opening.rs)
//!           (listing.rs)                                  (tail.rs)
//! ```

mod listing;
mod opening;
mod repeat;
mod tail;

use super::manifest::manifest_name;
use super::scan::Scanner;
use super::{Aof, file_name, path_of};
use crate::boundary::effects::{DiskOperation, Effect, LogLevel};
use crate::boundary::id::FileId;
use crate::boundary::input::{DiskDone, DiskError};
use crate::boundary::time::Now;
use crate::persistence::Work;
use crate::persistence::load::Load;
use crate::replication::follow::history::Position;
use crate::server::deferred::Waiter;
use crate::server::disk::{AofOperation, DiskUse};
use crate::server::timer::Timer;
use crate::session::Session;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;

/// A load in progress.
pub(super) struct AofLoad {
    /// DEBUG LOADAOF's client; `None` at the start.
    waiter: Option<Waiter>,
    began: Now,
    file: FileId,
    stage: Stage,
    files: Vec<DataFile>,
    /// Which file comes next, or is looked at.
    index: usize,
    total: u64,
    /// Bytes of the files before.
    before: u64,
    /// The place in a history at which the data are that were loaded so far, if
    /// the files tell.
    place: Option<Position>,
}

struct DataFile {
    name: String,
    size: u64,
}

impl Aof {
    /// True if the file that is looked at is the base.
    fn is_base(&self, load: &AofLoad) -> bool {
        load.index == 0 && self.manifest.base.is_some()
    }
}

enum Stage {
    /// The manifest is read.
    Manifest(Vec<u8>),
    /// Is there a file of an old version?
    OldFile,
    /// Was it moved already?
    MovedFile,
    /// A task is under way.
    Task,
    /// Lengths are looked up.
    Lengths,
    /// A file is loaded.
    Loading(Box<Current>),
}

/// The file that is loaded.
struct Current {
    began: Now,
    /// What it begins with, until that is done.
    preamble: Option<Load>,
    /// True once it is known whether there is a preamble.
    looked: bool,
    scanner: Scanner,
    session: Session,
    /// Up to where all is well, and no transaction is open.
    valid: u64,
    reading: bool,
    ended: bool,
}

impl core::fmt::Debug for AofLoad {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let offset = match &self.stage {
            Stage::Loading(current) => current.scanner.offset(),
            _ => 0,
        };
        write!(f, "file {} at {offset} of {}", self.index, self.total)
    }
}

impl Work<'_> {
    /// The driver is up: loads the data set if there is one.
    pub(crate) fn load_at_start(&mut self) {
        self.follow_as_configured();
        self.begin_aof_load(None, Stage::Manifest(Vec::new()));
        let name = manifest_name(&file_name(&self.server.config));
        let path = path_of(&self.server.config, &name);
        self.open_for_load(path);
    }

    /// DEBUG LOADAOF: all was written, so what is there is all.
    pub(in crate::persistence::aof) fn reload_aof(&mut self, waiter: Waiter) {
        self.forget_all();
        self.begin_aof_load(Some(waiter), Stage::Lengths);
        self.look_for_old_file();
    }

    fn begin_aof_load(&mut self, waiter: Option<Waiter>, stage: Stage) {
        self.server.loading = true;
        self.server.persistence.aof.load = Some(AofLoad {
            waiter,
            began: self.now,
            file: FileId(0),
            stage,
            files: Vec::new(),
            index: 0,
            total: 0,
            before: 0,
            place: None,
        });
        self.server.listeners_changed();
    }

    fn open_for_load(&mut self, path: String) {
        let file = self.server.disk.new_file();
        if let Some(load) = &mut self.server.persistence.aof.load {
            load.file = file;
            self.server.disk.start(
                self.orders,
                DiskUse::Aof(AofOperation::Load(file)),
                DiskOperation::Open { file, path },
            );
        }
    }

    fn set_load_stage(&mut self, stage: Stage) {
        if let Some(load) = &mut self.server.persistence.aof.load {
            load.stage = stage;
        }
    }

    /// A disk operation of a load has ended.
    pub(crate) fn aof_load_operation_done(&mut self, file: FileId, result: Result<DiskDone<'_>, DiskError>) {
        let Some(mut load) = self.server.persistence.aof.load.take_if(|load| load.file == file) else { return };
        if let Stage::Loading(current) = &mut load.stage {
            match result {
                Ok(DiskDone::Data(bytes)) => {
                    current.reading = false;
                    current.ended = bytes.is_empty();
                    current.feed(bytes);
                    self.server.timers.set(Timer::LoadStep, self.now.monotonic);
                    self.server.persistence.aof.load = Some(load);
                }
                Ok(_) => {
                    current.reading = true;
                    self.read_for_load(file);
                    self.server.persistence.aof.load = Some(load);
                }
                Err(error) => {
                    let name = &load.files[load.index].name;
                    let reason = &error.message;
                    let line = format!("Unrecoverable error reading the append only file {name}: {reason}");
                    self.log(LogLevel::Warning, line);
                    self.aof_load_failed(load);
                }
            }
            return;
        }
        self.looked_up(load, result);
    }

    fn read_for_load(&mut self, file: FileId) {
        let operation = DiskOperation::Read { file, length_max: CHUNK };
        self.server.disk.start(self.orders, DiskUse::Aof(AofOperation::Load(file)), operation);
    }

    fn load_next_file(&mut self) {
        let now = self.now;
        let Some(load) = &mut self.server.persistence.aof.load else { return };
        while load.files.get(load.index).is_some_and(|file| file.size == 0) {
            load.index += 1;
        }
        let Some(file) = load.files.get(load.index) else { return self.aof_loaded(true) };
        let path = path_of(&self.server.config, &file.name);
        load.stage = Stage::Loading(Box::new(Current::new(now)));
        self.open_for_load(path);
    }

    fn file_loaded(&mut self) {
        let aof = &self.server.persistence.aof;
        let is_base = aof.load.as_ref().is_some_and(|load| aof.is_base(load));
        let Some(load) = &mut self.server.persistence.aof.load else { return };
        let Stage::Loading(current) = &load.stage else { return };
        let seconds = self.now.monotonic.since(current.began.monotonic) as f64 / 1e6;
        let kind = if is_base { "base" } else { "incr" };
        let line = format!("DB loaded from {kind} file {}: {seconds:.3} seconds", load.files[load.index].name);
        load.before += load.files[load.index].size;
        load.index += 1;
        self.log(LogLevel::Notice, line);
        self.load_next_file();
    }

    /// All files are loaded; `any` is false if there was none.
    fn aof_loaded(&mut self, any: bool) {
        let is_base = self.server.persistence.aof.manifest.base.is_some();
        let Some(load) = self.server.persistence.aof.load.take() else { return };
        let aof = &mut self.server.persistence.aof;
        aof.current_size = load.total;
        aof.base_size = load.files.first().filter(|_| is_base).map_or(0, |file| file.size);
        self.server.persistence.loading = None;
        self.server.persistence.last_loaded = 0;
        match load.waiter {
            Some(waiter) => {
                let result = if any { Ok(()) } else { Err(LOAD_ERROR.into()) };
                self.keyspace.dirty = 0;
                if any {
                    self.log(LogLevel::Warning, "Append Only File loaded by DEBUG LOADAOF");
                }
                self.end_reload(waiter, result);
            }
            None => {
                if any {
                    let seconds = self.now.monotonic.since(load.began.monotonic) as f64 / 1e6;
                    let line = format!("DB loaded from append only file: {seconds:.3} seconds");
                    self.log(LogLevel::Notice, line);
                }
                self.open_at_start(load.place);
            }
        }
    }

    fn end_reload(&mut self, waiter: Waiter, result: Result<(), String>) {
        self.server.loading = false;
        self.server.defer(waiter, result);
        self.server.listeners_changed();
        self.touch_blocked();
        self.end_exclusive();
    }

    fn aof_load_failed(&mut self, load: AofLoad) {
        self.server.persistence.aof.load = None;
        self.server.persistence.loading = None;
        match load.waiter {
            Some(waiter) => self.end_reload(waiter, Err(LOAD_ERROR.into())),
            None => self.exit_at_start(),
        }
    }

    /// What can't be loaded must not be saved over, nor looked at.
    pub(in crate::persistence::aof) fn exit_at_start(&mut self) {
        if let Some(AofLoad { waiter: Some(waiter), .. }) = self.server.persistence.aof.load.take() {
            return self.end_reload(waiter, Err(LOAD_ERROR.into()));
        }
        self.server.loading = true;
        self.orders.list.push(Effect::Exit { code: 1 });
    }
}

const LOAD_ERROR: &str = "ERR Error trying to load the AOF files, check server logs.";
