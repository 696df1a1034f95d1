//! What answers the engine's questions, and what the answers and the disk have
//! in common.

use crate::clock::Clock;
use crate::disk::Files;
use engine::base::random::Random;
use engine::boundary::ask::{Answer, Oracle, ProcessFigures, Question};
use engine::boundary::input::{DiskError, DiskErrorKind};
use engine::recording::Writer;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The world as an engine sees it.
#[derive(Debug)]
pub struct Surroundings {
    /// Virtual time.
    pub clock: Clock,
    /// What the disk holds.
    pub files: Files,
    /// What records.
    pub writer: Option<Writer>,
    random: Random,
    fine_ns: u64,
    directory: String,
    /// One question of so many fails, of those that may; 0 for none.
    pub fails_one_in: u64,
}

/// [`Surroundings`], shared by the world and the oracle within the effects.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Mutex<Surroundings>>);

impl Shared {
    /// Surroundings at a time.
    pub fn new(clock: Clock, random: Random, writer: Option<Writer>) -> Shared {
        Shared(Arc::new(Mutex::new(Surroundings {
            clock,
            files: Files::default(),
            writer,
            random,
            fine_ns: 1,
            directory: "/simulated".into(),
            fails_one_in: 0,
        })))
    }

    /// Looks at them.
    pub fn lock(&self) -> MutexGuard<'_, Surroundings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Oracle for Shared {
    fn elapsed_ns(&mut self) -> u64 {
        let mut surroundings = self.lock();
        let surroundings = &mut *surroundings;
        surroundings.fine_ns += 100 + surroundings.random.below(3000);
        if let Some(writer) = &mut surroundings.writer {
            writer.elapsed([surroundings.fine_ns]);
        }
        surroundings.fine_ns
    }

    fn ask(&mut self, question: Question<'_>) -> Answer {
        let mut surroundings = self.lock();
        let answer = surroundings.answer(question);
        if let Some(writer) = &mut surroundings.writer {
            writer.answer(&answer);
        }
        answer
    }
}

impl Surroundings {
    fn answer(&mut self, question: Question<'_>) -> Answer {
        match question {
            Question::Process => Answer::Process(self.figures()),
            Question::Sleep { microseconds } => {
                self.clock.advance(microseconds.min(1_000_000));
                Answer::Done
            }
            Question::ReadFile(path) => match self.files.read(path) {
                Some(bytes) => Answer::Contents(bytes.to_vec()),
                None => failed(DiskErrorKind::NotFound, "No such file or directory"),
            },
            Question::WorkingDirectory => Answer::Path(self.directory.clone()),
            Question::Purge | Question::Crash(_) => Answer::Done,
            _ if self.fails_one_in > 0 && self.random.below(self.fails_one_in) == 0 => {
                failed(DiskErrorKind::Other, "Permission denied")
            }
            Question::ReplaceFile { path, contents } => {
                self.files.write(path, contents);
                Answer::Done
            }
            Question::ChangeDirectory(path) => {
                self.directory = path.to_owned();
                Answer::Done
            }
            Question::Apply { .. } => Answer::Done,
        }
    }

    fn figures(&mut self) -> ProcessFigures {
        let used = 10 << 20;
        ProcessFigures {
            resident: used + self.random.below(1 << 20),
            system_memory: 16 << 30,
            allocator_allocated: used,
            allocator_active: used + 4096,
            allocator_resident: used + 8192,
            allocator_muzzy: 0,
            cpu_user: self.fine_ns / 1000,
            cpu_system: self.fine_ns / 2000,
            cpu_user_thread: self.fine_ns / 1000,
            cpu_system_thread: self.fine_ns / 2000,
            process_id: 4711,
        }
    }
}

fn failed(kind: DiskErrorKind, message: &str) -> Answer {
    Answer::Failed(DiskError { kind, message: message.into() })
}
