//! The only file of the driver where `unsafe` is allowed: what the standard library and safe crates do not offer.
//!
//! Each function is as small as it can be, and decides nothing.
#![allow(unsafe_code)]

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::ffi::{c_char, c_int, c_void};
use std::os::fd::{BorrowedFd, RawFd};

/// Tells the allocator what suits one engine behind one lock: a single arena to begin with (each further thread gets its
/// own), and one thread that gives freed pages back. When it does that is set where the allocator is built.
///
/// SAFETY of the name:
/// - jemalloc declares this symbol, weakly, as a pointer to a string that ends with a zero byte, or null.
/// - Nothing else defines it.
#[unsafe(export_name = "_rjem_malloc_conf")]
#[used]
pub static ALLOCATOR_OPTIONS: Option<&'static c_char> = {
    const TEXT: &[u8] = b"narenas:1,max_background_threads:1\0";
    // SAFETY:
    // - The text is static and ends with a zero byte.
    // - `c_char` has size and alignment of a byte, and every bit pattern.
    Some(unsafe { &*TEXT.as_ptr().cast::<c_char>() })
};

/// Lets the calling thread allocate from an arena of its own. False if the allocator refused.
pub fn use_own_arena() -> bool {
    // SAFETY:
    // - `arenas.create` writes the number of the arena, an `unsigned`.
    // - `thread.arena` reads such a number.
    unsafe {
        let arena = tikv_jemalloc_ctl::raw::read::<u32>(b"arenas.create\0");
        arena.and_then(|arena| tikv_jemalloc_ctl::raw::write::<u32>(b"thread.arena\0", arena)).is_ok()
    }
}

/// Lets the allocator give all pages that nobody uses back to the system.
pub fn purge_arenas() {
    // SAFETY:
    // - The name ends with a zero byte; 4096 stands for all arenas.
    // - The operation takes and gives no value, so all pointers may be null.
    unsafe {
        tikv_jemalloc_sys::mallctl(
            c"arena.4096.purge".as_ptr(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            0,
        );
    }
}

/// Pages that the allocator offered to the system and still holds.
pub fn muzzy_pages() -> u64 {
    // SAFETY:
    // - The name ends with a zero byte; 4096 stands for all arenas.
    // - The statistic is a `size_t`.
    unsafe { tikv_jemalloc_ctl::raw::read::<usize>(b"stats.arenas.4096.pmuzzy\0") }.unwrap_or(0) as u64
}

/// Cycles of the processor's time stamp counter; 0 where there is none.
#[inline]
pub fn cycles() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY:
    // - The instruction reads a register; every x86-64 processor has it.
    unsafe {
        core::arch::x86_64::_rdtsc()
    }
    #[cfg(not(target_arch = "x86_64"))]
    0
}

/// The memory that holds the program's arguments and environment, which is what `ps` shows as its title.
///
/// ```text
/// arguments_start            environment_start          end
/// | a r g v 0 \0 a r g v 1 \0 | P A T H = … \0 H O M E … |
/// ```
#[derive(Debug)]
pub struct ArgumentArea {
    start: *mut u8,
    length: usize,
}

// SAFETY:
// - The area belongs to the process, and to nobody but this value since the environment was moved away.
unsafe impl Send for ArgumentArea {}

impl ArgumentArea {
    /// Takes the area, and moves the environment out of it. To be called once, before any other thread is started and after
    /// the arguments were read for the last time.
    pub fn take() -> Option<ArgumentArea> {
        let text = std::fs::read_to_string("/proc/self/stat").ok()?;
        // Fields are counted from 1; the second, the name, may hold anything and ends at the last parenthesis.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<usize>().ok();
        let (start, arguments_end, environment_start, end) = (field(48)?, field(49)?, field(50)?, field(51)?);
        let is_one_area =
            start > 0 && start < arguments_end && arguments_end == environment_start && arguments_end <= end;
        if !is_one_area {
            return None;
        }
        for (name, value) in std::env::vars_os() {
            // SAFETY:
            // - No other thread runs, as the caller promises.
            // - C's `setenv` copies, so that the environment does not lie in the area any more.
            unsafe { std::env::set_var(name, value) };
        }
        Some(ArgumentArea { start: start as *mut u8, length: end - start })
    }

    /// Writes a title, as much of it as there is room for.
    pub fn write(&mut self, title: &[u8]) {
        let length = title.len().min(self.length - 1);
        // SAFETY:
        // - Start and length are what the kernel says, and the area is writable: it is on the stack.
        // - Nobody reads it as Rust memory; C strings that begin in it end at its last byte at the latest.
        unsafe {
            std::ptr::write_bytes(self.start, 0, self.length);
            std::ptr::copy_nonoverlapping(title.as_ptr(), self.start, length);
        }
    }
}

/// A signal that ends the process.
#[derive(Clone, Copy, Debug)]
pub struct CrashSignal {
    /// Its number.
    pub number: i32,
    /// The kernel's code of its cause.
    pub code: i32,
    /// The address that was accessed, for a memory fault.
    pub address: usize,
    /// Who sent it, when somebody did.
    pub sender: Option<(i32, u32)>,
}

/// The signals that end a process that went wrong.
const CRASH_SIGNALS: [Signal; 5] = [Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGFPE, Signal::SIGILL, Signal::SIGABRT];

/// What is called when one arrives.
pub type CrashHandler = fn(CrashSignal);

static CRASH_HANDLER: std::sync::OnceLock<CrashHandler> = std::sync::OnceLock::new();

/// A report that takes longer than this is stuck.
const REPORT_SECONDS_MAX: u32 = 20;

/// Lets `handler` report the signals of a crash; then each does what it does by default.
pub fn on_crash(handler: CrashHandler) {
    if CRASH_HANDLER.set(handler).is_err() {
        return;
    }
    let flags = SaFlags::SA_SIGINFO | SaFlags::SA_ONSTACK | SaFlags::SA_RESETHAND | SaFlags::SA_NODEFER;
    let action = SigAction::new(SigHandler::SigAction(crash_signal), flags, SigSet::empty());
    for signal in CRASH_SIGNALS {
        // SAFETY:
        // - The handler has the signature that SA_SIGINFO asks for.
        // - What it does is not all safe in a signal handler: it is entered once, for a process that is lost anyway, and a
        //   second fault within it ends the process at once (SA_RESETHAND), as does the alarm that it sets.
        let _ = unsafe { sigaction(signal, &action) };
    }
}

extern "C" fn crash_signal(number: c_int, information: *mut libc::siginfo_t, _context: *mut c_void) {
    // SAFETY:
    // - The kernel passes a valid pointer to a handler with SA_SIGINFO.
    // - Which fields of the union hold is told by the number and the code.
    let signal = unsafe {
        let code = (*information).si_code;
        let is_memory_fault = code > 0 && (number == libc::SIGSEGV || number == libc::SIGBUS);
        CrashSignal {
            number,
            code,
            address: if is_memory_fault { (*information).si_addr() as usize } else { 0 },
            sender: (code <= 0).then(|| ((*information).si_pid(), (*information).si_uid())),
        }
    };
    // SAFETY:
    // - Whoever is stuck from here on is ended by this alarm, with its default action.
    unsafe {
        libc::signal(libc::SIGALRM, libc::SIG_DFL);
        libc::alarm(REPORT_SECONDS_MAX);
    }
    if let Some(handler) = CRASH_HANDLER.get() {
        handler(signal);
    }
    // SAFETY:
    // - The default action is back, so this does not return.
    unsafe {
        libc::raise(number);
    }
}

/// Bytes of the stack on which a thread's crash is reported.
const CRASH_STACK_SIZE: usize = 256 * 1024;

/// Gives the calling thread a stack of its own for reporting a crash, so that it can be reported when the ordinary one has
/// overflown. It lives as long as the process.
pub fn prepare_crash_stack() {
    let stack: &'static mut [u8] = vec![0; CRASH_STACK_SIZE].leak();
    let description = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: CRASH_STACK_SIZE };
    // SAFETY:
    // - The memory is never freed, and nothing else uses it.
    unsafe {
        libc::sigaltstack(&raw const description, std::ptr::null_mut());
    }
}

/// Writes the addresses of the callers to a descriptor, without allocating.
#[cfg(target_env = "gnu")]
pub fn write_addresses(descriptor: RawFd) {
    const DEPTH_MAX: usize = 64;
    let mut addresses = [std::ptr::null_mut(); DEPTH_MAX];
    // SAFETY:
    // - The array has room for as many as is said.
    // - The descriptor may be any number.
    unsafe {
        let count = libc::backtrace(addresses.as_mut_ptr(), DEPTH_MAX as c_int);
        libc::backtrace_symbols_fd(addresses.as_ptr(), count, descriptor);
    }
}

/// Other C libraries cannot do it.
#[cfg(not(target_env = "gnu"))]
pub fn write_addresses(_descriptor: RawFd) {}

/// A descriptor of the process, to be written to while it lasts.
pub fn borrow_descriptor(descriptor: RawFd) -> BorrowedFd<'static> {
    // SAFETY:
    // - It is not -1.
    // - It is that of standard output, or of a log file, which is replaced but by logging; a write to another file or none
    //   is what may happen at worst.
    unsafe { BorrowedFd::borrow_raw(descriptor.max(0)) }
}
