//! Questions that cannot wait for an effect to come back.
//!
//! An answer is recorded like an input. It may reach replies and statistics,
//! never data.

use crate::boundary::input::DiskError;
use alloc::string::String;
use alloc::vec::Vec;

/// A question to the world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Question<'a> {
    /// Figures of the process and its allocator.
    Process,
    /// Stop everything for so many microseconds (DEBUG SLEEP).
    Sleep {
        /// Microseconds.
        microseconds: u64,
    },
    /// The bytes of a file.
    ReadFile(&'a str),
    /// Put a file in place of another, atomically and durably.
    ReplaceFile {
        /// Its path.
        path: &'a str,
        /// Its new contents.
        contents: &'a [u8],
    },
    /// Change the working directory.
    ChangeDirectory(&'a str),
    /// The working directory.
    WorkingDirectory,
    /// Apply a parameter that belongs to the process: the listening ports,
    /// `bind`, `loglevel`, `maxclients` and the like.
    Apply {
        /// The parameter's name.
        parameter: &'a str,
        /// Its new value, in the form of CONFIG GET.
        value: &'a str,
    },
    /// Give freed memory back to the system.
    Purge,
    /// Crash, in the way named (DEBUG SEGFAULT, DEBUG PANIC).
    Crash(Crash),
}

/// Ways to crash on request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Crash {
    /// Access invalid memory.
    Segfault,
    /// Panic.
    Panic,
    /// Abort as a failed assertion does.
    Assert,
}

/// An answer.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// Done.
    Done,
    /// To [`Question::Process`].
    Process(ProcessFigures),
    /// To [`Question::ReadFile`].
    Contents(Vec<u8>),
    /// To [`Question::WorkingDirectory`].
    Path(String),
    /// It failed.
    Failed(DiskError),
}

/// Figures of the process, in bytes and microseconds unless named otherwise.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ProcessFigures {
    /// Resident set size.
    pub resident: u64,
    /// Memory of the machine.
    pub system_memory: u64,
    /// What the allocator's callers hold.
    pub allocator_allocated: u64,
    /// Pages with something in them.
    pub allocator_active: u64,
    /// What the allocator holds resident.
    pub allocator_resident: u64,
    /// What the allocator could give back.
    pub allocator_muzzy: u64,
    /// User CPU time, microseconds.
    pub cpu_user: u64,
    /// System CPU time, microseconds.
    pub cpu_system: u64,
    /// User CPU time of the thread that asks, microseconds.
    pub cpu_user_thread: u64,
    /// System CPU time of the thread that asks, microseconds.
    pub cpu_system_thread: u64,
    /// The process's number.
    pub process_id: u32,
}

/// The side of the driver that answers.
pub trait Oracle {
    /// Nanoseconds on a fine clock, for statistics only. Its zero means nothing.
    fn elapsed_ns(&mut self) -> u64;

    /// Answers a question.
    fn ask(&mut self, question: Question<'_>) -> Answer;
}
