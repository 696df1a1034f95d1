//! The report of a crash: in the log, from a panic or a signal, before the process ends.
//!
//! What is certain comes first. Reading the program's symbols allocates, and may fail when the allocator is what crashed;
//! then the addresses before it remain.

use crate::raw::{self, CrashSignal};
use engine::server::personality::Personality;
use nix::unistd::write;
use std::os::fd::RawFd;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Instant;

static ENABLED: AtomicBool = AtomicBool::new(true);
/// Set by the first report: a panic ends in a signal.
static REPORTED: AtomicBool = AtomicBool::new(false);
static DESCRIPTOR: AtomicI32 = AtomicI32::new(1);
static PROCESS: OnceLock<Process> = OnceLock::new();

/// What the report says of the process.
struct Process {
    personality: Personality,
    started: Instant,
    executable: String,
}

/// Reports crashes from now on.
pub fn report_crashes(personality: Personality, executable: String) {
    let process = Process { personality, started: Instant::now(), executable };
    if PROCESS.set(process).is_ok() {
        std::panic::set_hook(Box::new(report_panic));
        raw::on_crash(report_signal);
        raw::prepare_crash_stack();
    }
}

/// `crash-log-enabled`.
pub fn set_enabled(enabled: bool) {
    ENABLED.store(enabled, Ordering::Relaxed);
}

/// The report goes to this descriptor.
pub fn write_to(descriptor: RawFd) {
    DESCRIPTOR.store(descriptor, Ordering::Relaxed);
}

fn report_panic(panic: &PanicHookInfo<'_>) {
    // Whoever runs the program in a terminal or under a supervisor sees it there too.
    eprintln!("{panic}");
    if let Some(report) = Report::begin() {
        report.line("------");
        report.line(&format!("ASSERTION FAILED: {panic}"));
        report.stack_and_end();
    }
    // Whatever the profile: nobody goes on with what was being changed.
    std::process::abort();
}

fn report_signal(signal: CrashSignal) {
    let Some(report) = Report::begin() else { return };
    let CrashSignal { number, code, address, sender } = signal;
    let title = PROCESS.get().map_or("Reprise", |process| process.personality.title);
    let version = PROCESS.get().map_or("", |process| process.personality.version);
    report.line(&format!("{title} {version} crashed by signal: {number}, si_code: {code}"));
    match sender {
        Some((process, user)) => report.line(&format!("Killed by PID: {process}, UID: {user}")),
        None => report.line(&format!("Accessing address: {address:#x}")),
    }
    report.stack_and_end();
}

/// Writes lines, if this is the first report and reports are wanted.
struct Report(RawFd);

impl Report {
    fn begin() -> Option<Report> {
        if !ENABLED.load(Ordering::Relaxed) || REPORTED.swap(true, Ordering::SeqCst) {
            return None;
        }
        let report = Report(DESCRIPTOR.load(Ordering::Relaxed));
        report.write("\n\n");
        report.line("=== REDIS BUG REPORT START: copy everything down to its end ===");
        Some(report)
    }

    fn write(&self, text: &str) {
        let descriptor = raw::borrow_descriptor(self.0);
        let mut rest = text.as_bytes();
        while let Ok(count @ 1..) = write(descriptor, rest) {
            rest = &rest[count..];
        }
    }

    fn line(&self, text: &str) {
        self.write(&format!("{}:# {text}\n", std::process::id()));
    }

    fn stack_and_end(&self) {
        self.write("\n------ STACK TRACE ------\nAddresses:\n");
        raw::write_addresses(self.0);
        self.write("\nSymbols:\n");
        self.write(&std::backtrace::Backtrace::force_capture().to_string());
        self.write("\n------ STACK TRACE DONE ------\n");
        self.write("\n------ INFO OUTPUT ------\n");
        if let Some(Process { personality, started, executable }) = PROCESS.get() {
            let Personality { server, version, .. } = personality;
            let own = crate::start::notice::OWN_VERSION;
            let (process, uptime) = (std::process::id(), started.elapsed().as_secs());
            self.write(&format!(
                "server:{server}\nversion:{version}\nreprise_version:{own}\nprocess_id:{process}\n\
                 uptime_in_seconds:{uptime}\nexecutable:{executable}\nallocator:{}\n",
                crate::allocator::name()
            ));
        }
        self.write("\n=== REDIS BUG REPORT END ===\n\n");
    }
}
