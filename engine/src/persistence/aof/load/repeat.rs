//! The contents of one file, in slices: the RDB file that it may begin with, then its requests.

use super::{AofLoad, Current, Stage};
use crate::boundary::effects::LogLevel;
use crate::boundary::time::Now;
use crate::command::apply::Unrepeatable;
use crate::config::Id;
use crate::persistence::Work;
use crate::persistence::aof::file_name;
use crate::persistence::aof::scan::{Next, Scanner};
use crate::persistence::load::Load;
use crate::replication::follow::history::Position;
use crate::server::timer::Timer;
use crate::session::Session;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Requests that one slice repeats at most.
const SLICE_REQUESTS: usize = 256;
/// Bytes of requests after which a slice ends.
const SLICE_BYTES: u64 = 128 << 10;
/// A delayed load pauses for so many microseconds at least.
const DELAY_MIN: u64 = 1000;

impl Work<'_> {
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
        let outcome = self.load_slice(current, &mut load.place, &name, count);
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

    fn load_slice(&mut self, current: &mut Current, place: &mut Option<Position>, name: &str, count: usize) -> Slice {
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
            *place = preamble.position();
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
                let mut preamble = Load::preamble(self.server.verifies_checksums(), self.keyspace.rules(), self.now);
                preamble.feed(current.scanner.request_bytes());
                current.preamble = Some(preamble);
                return Slice::More;
            }
        }
        self.repeat_requests(current, place, name, count)
    }

    fn repeat_requests(
        &mut self,
        current: &mut Current,
        place: &mut Option<Position>,
        name: &str,
        count: usize,
    ) -> Slice {
        let start = current.scanner.offset();
        for _ in 0..count {
            let next = current.scanner.next();
            let told = current.scanner.take_told();
            if current.session.transaction.is_none() {
                *place = told.or(*place);
                current.valid = current.scanner.offset();
            }
            match next {
                Next::Request => {
                    if let Err(line) = self.repeat_request(current, name) {
                        self.log(LogLevel::Warning, line);
                        return Slice::Failed;
                    }
                    // What a transaction holds is not done before its end.
                    if current.session.transaction.is_none() && !cfg!(feature = "planted_aof_load_offset") {
                        *place = None;
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
        let command = || String::from_utf8_lossy(&arguments[0]).into_owned();
        let bracket = arguments[0].eq_ignore_ascii_case(b"multi") || arguments[0].eq_ignore_ascii_case(b"exec");
        if bracket && cfg!(feature = "planted_half_transaction") {
            current.scanner.advance();
            return Ok(());
        }
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
        Ok(())
    }
}

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
    pub(super) fn new(now: Now) -> Current {
        Current {
            began: now,
            preamble: None,
            looked: false,
            scanner: Scanner::default(),
            session: Session::internal(now),
            valid: 0,
            reading: false,
            ended: false,
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        match &mut self.preamble {
            Some(preamble) => preamble.feed(bytes),
            None => self.scanner.feed(bytes),
        }
    }

    pub(super) fn offset(&self) -> u64 {
        self.preamble.as_ref().map_or(self.scanner.offset(), Load::offset)
    }
}
