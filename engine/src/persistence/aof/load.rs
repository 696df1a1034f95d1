//! Loading the files of the AOF, in slices: at the start and by DEBUG LOADAOF.
//!
//! ```text
//! manifest ─> an old file? ─> lengths ─> each file: RDB, then requests ─> increment opened
//!                  └ upgrade ──^                        └ cut off where it is not whole
//! ```

use super::manifest::{Manifest, manifest_name};
use super::scan::{Next, Scanner};
use super::task::{Goal, Kind, Step};
use super::{State, file_name, path_of};
use crate::boundary::effects::{DiskOperation, Effect, LogLevel};
use crate::boundary::id::FileId;
use crate::boundary::input::{DiskDone, DiskError, DiskErrorKind};
use crate::boundary::time::Now;
use crate::command::apply::Unrepeatable;
use crate::config::Id;
use crate::persistence::Work;
use crate::persistence::load::{Load, LoadProgress};
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
/// Requests that one slice repeats at most.
const SLICE_REQUESTS: usize = 256;
/// Bytes of requests after which a slice ends.
const SLICE_BYTES: u64 = 128 << 10;
/// A delayed load pauses for so many microseconds at least.
const DELAY_MIN: u64 = 1000;

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
}

struct DataFile {
    name: String,
    size: u64,
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
    /// Up to where all is well.
    valid: u64,
    /// Likewise, before the last MULTI.
    valid_before_multi: u64,
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
        self.begin_aof_load(None, Stage::Manifest(Vec::new()));
        let name = manifest_name(&file_name(&self.server.config));
        let path = path_of(&self.server.config, &name);
        self.open_for_load(path);
    }

    /// DEBUG LOADAOF: all was written, so what is there is all.
    pub(super) fn reload_aof(&mut self, waiter: Waiter) {
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

    /// What precedes the loading of files.
    fn looked_up(&mut self, mut load: AofLoad, result: Result<DiskDone<'_>, DiskError>) {
        let file = load.file;
        let opened = matches!(result, Ok(DiskDone::Opened { .. }));
        if opened && !matches!(load.stage, Stage::Manifest(_)) {
            self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
        }
        match (&mut load.stage, result) {
            (Stage::Manifest(bytes), Ok(done)) => {
                if let DiskDone::Data(data) = done {
                    bytes.extend_from_slice(data);
                    if data.is_empty() {
                        self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
                        return self.manifest_read(load);
                    }
                }
                self.read_for_load(file);
                self.server.persistence.aof.load = Some(load);
            }
            (Stage::Manifest(_), Err(error)) if error.kind == DiskErrorKind::NotFound => {
                self.server.persistence.aof.load = Some(load);
                self.manifest_known();
            }
            (Stage::Manifest(_), Err(error)) => {
                let path = path_of(&self.server.config, &manifest_name(&file_name(&self.server.config)));
                let line =
                    format!("Fatal error: can't open the AOF manifest file {path} for reading: {}", error.message);
                self.log(LogLevel::Warning, line);
                self.aof_load_failed(load);
            }
            (Stage::OldFile, result) => {
                self.server.persistence.aof.load = Some(load);
                if result.is_ok() { self.old_file_found() } else { self.look_up_lengths() }
            }
            (Stage::MovedFile, result) => {
                self.server.persistence.aof.load = Some(load);
                if result.is_ok() { self.look_up_lengths() } else { self.upgrade() }
            }
            (Stage::Lengths, Ok(DiskDone::Opened { size })) => {
                load.files[load.index].size = size;
                load.total += size;
                load.index += 1;
                self.server.persistence.aof.load = Some(load);
                self.look_up_next_length();
            }
            (Stage::Lengths, Err(error)) => {
                let (name, reason) = (&load.files[load.index].name, &error.message);
                let line = format!("Unable to obtain the AOF file {name} length. stat: {reason}");
                self.log(LogLevel::Warning, line);
                self.aof_load_failed(load);
            }
            _ => self.server.persistence.aof.load = Some(load),
        }
    }

    fn manifest_read(&mut self, load: AofLoad) {
        let Stage::Manifest(bytes) = &load.stage else { return };
        match Manifest::parse(bytes) {
            Ok(manifest) => {
                self.server.persistence.aof.manifest = manifest;
                self.server.persistence.aof.load = Some(load);
                self.manifest_known();
            }
            Err(error) => {
                for line in error.lines() {
                    self.log(LogLevel::Warning, line);
                }
                self.aof_load_failed(load);
            }
        }
    }

    /// Without `appendonly` that is all; the data come from the RDB file.
    fn manifest_known(&mut self) {
        if self.server.config.boolean(Id::Appendonly) {
            return self.look_for_old_file();
        }
        self.server.persistence.aof.load = None;
        self.load_rdb_at_start();
        self.collect_history();
    }

    fn look_for_old_file(&mut self) {
        let manifest = &self.server.persistence.aof.manifest;
        let name = file_name(&self.server.config);
        let listed = manifest.base.as_ref().is_some_and(|base| base.name == name);
        if manifest.is_empty() || listed && manifest.increments.is_empty() {
            self.set_load_stage(Stage::OldFile);
            return self.open_for_load(name);
        }
        self.look_up_lengths();
    }

    fn old_file_found(&mut self) {
        if self.server.persistence.aof.manifest.is_empty() {
            return self.upgrade();
        }
        self.set_load_stage(Stage::MovedFile);
        let path = path_of(&self.server.config, &file_name(&self.server.config));
        self.open_for_load(path);
    }

    /// The single file of an old version becomes a base.
    fn upgrade(&mut self) {
        self.set_load_stage(Stage::Task);
        let config = &self.server.config;
        let name = file_name(config);
        let mut manifest = self.server.persistence.aof.manifest.clone();
        manifest.base = Some(super::manifest::Listed { name: name.clone(), sequence: 1 });
        manifest.base_sequence = 1;
        let mut steps = Vec::from(Step::directory(config));
        steps.extend(Step::manifest(config, &mut self.server.disk, &manifest));
        let rename = DiskOperation::Rename { from: name.clone(), to: path_of(config, &name) };
        steps.push(Step::new(Kind::OldRename { name }, None, rename));
        self.begin_task(Goal::Upgrade { manifest }, steps);
    }

    pub(super) fn old_file_upgraded(&mut self, manifest: Manifest) {
        let config = &self.server.config;
        let directory = String::from_utf8_lossy(config.text(Id::Appenddirname)).into_owned();
        let line = format!(
            "Successfully migrated an old-style AOF file ({}) into the AOF directory ({directory}).",
            file_name(config)
        );
        self.log(LogLevel::Notice, line);
        self.server.persistence.aof.manifest = manifest;
        self.look_up_lengths();
    }

    fn look_up_lengths(&mut self) {
        let aof = &mut self.server.persistence.aof;
        let Some(load) = &mut aof.load else { return };
        load.stage = Stage::Lengths;
        load.files = aof.manifest.data_files().map(|listed| DataFile { name: listed.name.clone(), size: 0 }).collect();
        self.look_up_next_length();
    }

    fn look_up_next_length(&mut self) {
        let Some(load) = &mut self.server.persistence.aof.load else { return };
        if let Some(file) = load.files.get(load.index) {
            let path = path_of(&self.server.config, &file.name);
            return self.open_for_load(path);
        }
        load.index = 0;
        if load.files.is_empty() {
            return self.aof_loaded(false);
        }
        let progress =
            LoadProgress { start: self.now.unix.seconds(), total_bytes: load.total, ..LoadProgress::default() };
        self.server.persistence.loading = Some(progress);
        self.load_next_file();
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

    /// One slice, as [`Timer::LoadStep`] has come.
    pub(in crate::persistence) fn aof_load_step(&mut self) {
        let Some(mut load) = self.server.persistence.aof.load.take() else { return };
        let Stage::Loading(current) = &mut load.stage else {
            self.server.persistence.aof.load = Some(load);
            return;
        };
        let delay = self.server.config.integer(Id::KeyLoadDelay);
        let count = match delay {
            0 => SLICE_REQUESTS,
            1.. => (DELAY_MIN / delay.unsigned_abs()).max(1) as usize,
            _ => DELAY_MIN.saturating_mul(delay.unsigned_abs()).min(SLICE_REQUESTS as u64) as usize,
        };
        let name = load.files[load.index].name.clone();
        let outcome = self.load_slice(current, &name, count);
        if let Some(progress) = &mut self.server.persistence.loading {
            progress.loaded_bytes = load.before + current.offset();
        }
        match outcome {
            Slice::More => {
                let mut next = self.now.monotonic;
                next.0 += if delay > 0 { count as u64 * delay.unsigned_abs() } else { 0 };
                self.server.timers.set(Timer::LoadStep, next);
                self.read_ahead(&mut load);
            }
            Slice::Starved => self.read_ahead(&mut load),
            Slice::End => return self.aof_file_ended(load),
            Slice::Failed => return self.aof_load_failed(load),
        }
        self.server.persistence.aof.load = Some(load);
    }

    fn read_ahead(&mut self, load: &mut AofLoad) {
        if let Stage::Loading(current) = &mut load.stage
            && !current.reading
            && !current.ended
        {
            current.reading = true;
            self.read_for_load(load.file);
        }
    }

    fn load_slice(&mut self, current: &mut Current, name: &str, count: usize) -> Slice {
        if let Some(mut preamble) = current.preamble.take() {
            match self.load_preamble(&mut preamble, count) {
                Ok(true) => {}
                Ok(false) if !current.ended => {
                    current.preamble = Some(preamble);
                    return Slice::Starved;
                }
                Ok(false) => {
                    self.preamble_failed(&preamble, None, name, &file_name(&self.server.config));
                    return Slice::Failed;
                }
                Err(failure) => {
                    self.preamble_failed(&preamble, Some(failure), name, &file_name(&self.server.config));
                    return Slice::Failed;
                }
            }
            if !preamble.is_finished() {
                current.preamble = Some(preamble);
                return Slice::More;
            }
            current.scanner = Scanner::at(preamble.offset());
            current.scanner.feed(preamble.unread());
            current.valid = preamble.offset();
            if name == file_name(&self.server.config) {
                self.log(LogLevel::Notice, "Reading the remaining AOF tail...");
            }
        }
        if !current.looked {
            if !current.ended && current.scanner.unread() < RDB_MAGICS[1].len() {
                return Slice::Starved;
            }
            current.looked = true;
            if current.scanner.begins_as_rdb() {
                let old = name == file_name(&self.server.config);
                let what = if old {
                    "Reading RDB preamble from AOF file..."
                } else {
                    "Reading RDB base file on AOF loading..."
                };
                self.log(LogLevel::Notice, what);
                let mut preamble = Load::preamble(self.server.config.boolean(Id::Rdbchecksum), self.now);
                preamble.feed(current.scanner.request_bytes());
                current.preamble = Some(preamble);
                return Slice::More;
            }
        }
        self.repeat_requests(current, name, count)
    }

    fn repeat_requests(&mut self, current: &mut Current, name: &str, count: usize) -> Slice {
        let start = current.scanner.offset();
        for _ in 0..count {
            match current.scanner.next() {
                Next::Request => {
                    if let Err(line) = self.repeat_request(current, name) {
                        self.log(LogLevel::Warning, line);
                        return Slice::Failed;
                    }
                }
                Next::Incomplete if current.ended => return Slice::End,
                Next::Incomplete => return Slice::Starved,
                Next::Bad => {
                    let line = format!(
                        "Bad file format reading the append only file {name}: make a backup of your AOF file, then use \
                         ./redis-check-aof --fix <filename.manifest>"
                    );
                    self.log(LogLevel::Warning, line);
                    return Slice::Failed;
                }
            }
            if current.scanner.offset() - start >= SLICE_BYTES {
                break;
            }
        }
        Slice::More
    }

    fn repeat_request(&mut self, current: &mut Current, name: &str) -> Result<(), String> {
        let mut nowhere = Vec::new();
        let Current { scanner, session, .. } = current;
        let arguments = scanner.requests.requests(scanner.request_bytes(), 0).arguments(0);
        if arguments[0].eq_ignore_ascii_case(b"multi") {
            current.valid_before_multi = current.valid;
        }
        let command = || String::from_utf8_lossy(&arguments[0]).into_owned();
        match self.context(session, &mut nowhere).apply(arguments) {
            Ok(()) => {}
            Err(Unrepeatable::Unknown) => {
                return Err(format!("Unknown command '{}' reading the append only file {name}", command()));
            }
            Err(Unrepeatable::Arity) => {
                let command = command();
                return Err(format!(
                    "Wrong number of arguments for command '{command}' reading the append only file {name}"
                ));
            }
        }
        current.scanner.advance();
        current.valid = current.scanner.offset();
        Ok(())
    }

    /// A file has no more bytes.
    fn aof_file_ended(&mut self, mut load: AofLoad) {
        let Stage::Loading(current) = &load.stage else { return };
        let file = load.file;
        let in_multi = current.session.transaction.is_some();
        let is_whole = current.scanner.is_at_end() || current.scanner.request_bytes().first() == Some(&b'#');
        let valid = if in_multi { current.valid_before_multi } else { current.valid };
        self.server.disk.start(self.orders, DiskUse::Nothing, DiskOperation::Close { file });
        if is_whole && !in_multi {
            self.server.persistence.aof.load = Some(load);
            return self.file_loaded();
        }
        let name = load.files[load.index].name.clone();
        if in_multi {
            self.log(LogLevel::Warning, format!("Revert incomplete MULTI/EXEC transaction in AOF file {name}"));
        }
        if !self.server.config.boolean(Id::AofLoadTruncated) {
            self.log_unexpected_end(&name);
            return self.aof_load_failed(load);
        }
        self.log(LogLevel::Warning, format!("!!! Warning: short read while loading the AOF file {name}!!!"));
        if load.index + 1 < load.files.len() {
            // It stays as it is, for whoever wants to save what can be saved.
            self.log(LogLevel::Warning, "Fatal error: the truncated file is not the last file");
            return self.aof_load_failed(load);
        }
        self.log(LogLevel::Warning, format!("!!! Truncating the AOF {name} at offset {valid} !!!"));
        let file = self.server.disk.new_file();
        let path = path_of(&self.server.config, &name);
        let kind = || Kind::Truncation { name: name.clone() };
        let steps = [
            Step::new(kind(), None, DiskOperation::OpenAppend { file, path }),
            Step::new(kind(), Some(file), DiskOperation::Truncate { file, length: valid }),
            Step::new(kind(), Some(file), DiskOperation::Sync { file }),
            Step::new(Kind::Tidy, None, DiskOperation::Close { file }),
        ];
        load.total -= load.files[load.index].size - valid;
        load.files[load.index].size = valid;
        self.server.persistence.aof.load = Some(load);
        self.begin_task(Goal::Truncation { name }, steps);
    }

    fn log_unexpected_end(&mut self, name: &str) {
        let line = format!(
            "Unexpected end of file reading the append only file {name}. You can: 1) Make a backup of your AOF file, \
             then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the \
             'aof-load-truncated' configuration option to yes and restart the server."
        );
        self.log(LogLevel::Warning, line);
    }

    pub(super) fn truncated(&mut self, name: &str) {
        let line = format!("AOF {name} loaded anyway because aof-load-truncated is enabled");
        self.log(LogLevel::Warning, line);
        self.file_loaded();
    }

    pub(super) fn truncation_failed(&mut self) {
        let Some(load) = self.server.persistence.aof.load.take() else { return };
        let name = load.files[load.index].name.clone();
        self.log_unexpected_end(&name);
        self.aof_load_failed(load);
    }

    fn file_loaded(&mut self) {
        let is_base = self.server.persistence.aof.manifest.base.is_some();
        let Some(load) = &mut self.server.persistence.aof.load else { return };
        let Stage::Loading(current) = &load.stage else { return };
        let seconds = self.now.monotonic.since(current.began.monotonic) as f64 / 1e6;
        let kind = if load.index == 0 && is_base { "base" } else { "incr" };
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
                self.open_at_start();
            }
        }
    }

    fn end_reload(&mut self, waiter: Waiter, result: Result<(), String>) {
        self.server.loading = false;
        self.server.defer(waiter, result);
        self.server.listeners_changed();
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
    pub(super) fn exit_at_start(&mut self) {
        if let Some(AofLoad { waiter: Some(waiter), .. }) = self.server.persistence.aof.load.take() {
            return self.end_reload(waiter, Err(LOAD_ERROR.into()));
        }
        self.server.loading = true;
        self.orders.list.push(Effect::Exit { code: 1 });
    }

    /// Opens the increment that grows. An AOF that is new begins with an empty
    /// base.
    fn open_at_start(&mut self) {
        let process = self.server.host.process_id;
        let base_bytes = self.empty_base();
        let config = &self.server.config;
        let mut manifest = self.server.persistence.aof.manifest.clone();
        let mut steps = Vec::from(Step::directory(config));
        let mut base = None;
        if manifest.is_empty() {
            let listed = manifest.add_base(&file_name(config), config.boolean(Id::AofUseRdbPreamble));
            base = Some(listed.name.clone());
            let (from, to) = (format!("temp-rewriteaof-{process}.aof"), path_of(config, &listed.name));
            let file = self.server.disk.new_file();
            let append = DiskOperation::Append { file, bytes: base_bytes };
            steps.extend([
                Step::new(Kind::Base, None, DiskOperation::Create { file, path: from.clone() }),
                Step::new(Kind::Base, Some(file), append),
                Step::new(Kind::Base, Some(file), DiskOperation::Sync { file }),
                Step::new(Kind::Tidy, None, DiskOperation::Close { file }),
                Step::new(Kind::Base, None, DiskOperation::Rename { from, to }),
            ]);
        }
        let is_new = manifest.increments.is_empty();
        let name = match manifest.increments.last() {
            Some(listed) => listed.name.clone(),
            None => manifest.add_increment(&file_name(config)),
        };
        let file = self.server.disk.new_file();
        let open = DiskOperation::OpenAppend { file, path: path_of(config, &name) };
        steps.push(Step::new(Kind::Increment { name: name.clone() }, None, open));
        // What was loaded is about to be seen, so it has to stay.
        steps.push(Step::new(Kind::IncrementSync, None, DiskOperation::Sync { file }));
        steps.push(Step::sync_directory(config));
        if is_new {
            steps.extend(Step::manifest(config, &mut self.server.disk, &manifest));
        }
        self.begin_task(Goal::Opening { manifest, file, name, base, is_new }, steps);
    }

    pub(super) fn opened_at_start(&mut self, manifest: Manifest, file: FileId, size: u64) {
        let aof = &mut self.server.persistence.aof;
        aof.manifest = manifest;
        aof.file = Some(file);
        aof.file_size = size;
        aof.state = State::On;
        self.server.loading = false;
        self.server.listeners_changed();
        self.ready();
    }
}

const LOAD_ERROR: &str = "ERR Error trying to load the AOF files, check server logs.";

/// How an RDB file begins.
const RDB_MAGICS: [&[u8]; 2] = [b"REDIS", b"VALKEY"];

/// How far a slice got.
enum Slice {
    /// There is more to do at once.
    More,
    /// More has to be read first.
    Starved,
    /// The file has no more.
    End,
    /// It can't be loaded; the log says why.
    Failed,
}

impl Scanner {
    fn begins_as_rdb(&self) -> bool {
        RDB_MAGICS.iter().any(|magic| self.request_bytes().starts_with(magic))
    }
}

impl Current {
    fn new(now: Now) -> Current {
        Current {
            began: now,
            preamble: None,
            looked: false,
            scanner: Scanner::default(),
            session: Session::internal(now),
            valid: 0,
            valid_before_multi: 0,
            reading: false,
            ended: false,
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        match &mut self.preamble {
            Some(preamble) => preamble.feed(bytes),
            None => self.scanner.feed(bytes),
        }
    }

    fn offset(&self) -> u64 {
        self.preamble.as_ref().map_or(self.scanner.offset(), Load::offset)
    }
}
