//! Answers to the engine's questions, from the real world.

use crate::clock::CycleClock;
use crate::disk::{disk_error, sync_directory_of};
use crate::raw;
use engine::boundary::ask::{Answer, Crash, Oracle, ProcessFigures, Question};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;
use std::io::Error;
use std::path::Path;
use std::time::Duration;

/// Applies a parameter of the process; its error is what the client is told.
pub type Apply = Box<dyn FnMut(&str, &str) -> Result<(), String> + Send>;

/// The real world.
pub struct System {
    clock: CycleClock,
    apply: Apply,
}

impl System {
    /// Answers from now on; `apply` puts parameters of the process into effect.
    pub fn new(apply: Apply) -> System {
        System { clock: CycleClock::new(), apply }
    }
}

impl Oracle for System {
    fn elapsed_ns(&mut self) -> u64 {
        self.clock.elapsed_ns()
    }

    fn ask(&mut self, question: Question<'_>) -> Answer {
        match question {
            Question::Process => Answer::Process(process_figures()),
            Question::Sleep { microseconds } => {
                std::thread::sleep(Duration::from_micros(microseconds));
                Answer::Done
            }
            Question::ReadFile(path) => answer(std::fs::read(path).map(Answer::Contents)),
            Question::ReplaceFile { path, contents } => answer(replace(path, contents).map(|()| Answer::Done)),
            Question::ChangeDirectory(path) => answer(std::env::set_current_dir(path).map(|()| Answer::Done)),
            Question::WorkingDirectory => {
                answer(std::env::current_dir().map(|path| Answer::Path(path.to_string_lossy().into_owned())))
            }
            Question::Apply { parameter, value } => match (self.apply)(parameter, value) {
                Ok(()) => Answer::Done,
                Err(message) => Answer::Failed(engine::boundary::input::DiskError {
                    kind: engine::boundary::input::DiskErrorKind::Other,
                    message,
                }),
            },
            Question::Purge => {
                raw::purge_arenas();
                Answer::Done
            }
            Question::Crash(crash) => crash_now(crash),
        }
    }
}

fn answer(result: Result<Answer, Error>) -> Answer {
    result.unwrap_or_else(|error| Answer::Failed(disk_error(&error)))
}

/// Writes a file beside its target, and puts it in its place.
fn replace(path: &str, contents: &[u8]) -> Result<(), Error> {
    let temporary = format!("{path}.{}.tmp", std::process::id());
    let written = std::fs::File::create(&temporary).and_then(|mut file| {
        std::io::Write::write_all(&mut file, contents)?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| std::fs::rename(&temporary, path)) {
        drop(std::fs::remove_file(&temporary));
        return Err(error);
    }
    sync_directory_of(Path::new(path))
}

fn crash_now(crash: Crash) -> Answer {
    match crash {
        Crash::Segfault => drop(nix::sys::signal::raise(nix::sys::signal::Signal::SIGSEGV)),
        Crash::Panic => panic!("DEBUG PANIC"),
        Crash::Assert => std::process::abort(),
    }
    Answer::Done
}

/// Figures of the process and its allocator.
pub fn process_figures() -> ProcessFigures {
    use tikv_jemalloc_ctl::{epoch, stats};
    let _ = epoch::advance();
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok();
    let thread = getrusage(UsageWho::RUSAGE_THREAD).ok();
    let time = |usage: Option<Usage>, pick: fn(&Usage) -> TimeVal| usage.map_or(0, |usage| microseconds(pick(&usage)));
    ProcessFigures {
        resident: resident_bytes(),
        system_memory: system_memory(),
        allocator_allocated: stats::allocated::read().unwrap_or(0) as u64,
        allocator_active: stats::active::read().unwrap_or(0) as u64,
        allocator_resident: stats::resident::read().unwrap_or(0) as u64,
        allocator_muzzy: raw::muzzy_pages() * page_size(),
        cpu_user: time(usage, Usage::user_time),
        cpu_system: time(usage, Usage::system_time),
        cpu_user_thread: time(thread, Usage::user_time),
        cpu_system_thread: time(thread, Usage::system_time),
        process_id: std::process::id(),
    }
}

fn microseconds(time: TimeVal) -> u64 {
    (time.tv_sec() * 1_000_000 + time.tv_usec()) as u64
}

fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|field| field.parse().ok()).unwrap_or(0);
    pages * page_size()
}

fn system_memory() -> u64 {
    let pages = nix::unistd::sysconf(nix::unistd::SysconfVar::_PHYS_PAGES).ok().flatten().unwrap_or(0);
    pages as u64 * page_size()
}

fn page_size() -> u64 {
    nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().unwrap_or(4096) as u64
}
