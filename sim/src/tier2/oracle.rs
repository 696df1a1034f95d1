//! What answers a simulated process's questions. Answers are recorded.

use super::life::Life;
use super::place::Place;
use engine::boundary::ask::{Answer, Oracle, ProcessFigures, Question};
use engine::boundary::input::{DiskError, DiskErrorKind};
use std::sync::Arc;

/// The longest that DEBUG SLEEP stops a process, microseconds.
const SLEEP_MAX: u64 = 1_000_000;

/// The world as a process's engine sees it.
pub struct SimulatedSystem {
    /// The process.
    pub life: Arc<Life>,
    /// Where it runs.
    pub place: Arc<Place>,
}

impl Oracle for SimulatedSystem {
    fn elapsed_ns(&mut self) -> u64 {
        let passed = 100 + self.life.random().below(3000);
        self.life.watch().elapsed_ns(passed)
    }

    fn ask(&mut self, question: Question<'_>) -> Answer {
        let answer = self.answer(question);
        self.life.watch().answered(&answer);
        answer
    }
}

impl SimulatedSystem {
    fn answer(&self, question: Question<'_>) -> Answer {
        match question {
            Question::Process => Answer::Process(figures()),
            Question::Sleep { microseconds } => {
                // Nobody else may run meanwhile, so the node's clock goes ahead.
                let mut clock = self.life.clock();
                let passed = microseconds.min(SLEEP_MAX);
                clock.monotonic += passed;
                clock.epoch += passed as i64;
                Answer::Done
            }
            Question::ReadFile(path) => match self.place.storage().read(path) {
                Some(bytes) => Answer::Contents(bytes),
                None => {
                    let message = "No such file or directory".into();
                    Answer::Failed(DiskError { kind: DiskErrorKind::NotFound, message })
                }
            },
            Question::ReplaceFile { path, contents } => {
                self.place.storage().replace(path, contents);
                Answer::Done
            }
            Question::WorkingDirectory => Answer::Path("/simulated".into()),
            Question::ChangeDirectory(_) | Question::Apply { .. } | Question::Purge | Question::Crash(_) => {
                Answer::Done
            }
        }
    }
}

fn figures() -> ProcessFigures {
    let used = 10 << 20;
    ProcessFigures {
        resident: used,
        system_memory: 16 << 30,
        allocator_allocated: used,
        allocator_active: used + 4096,
        allocator_resident: used + 8192,
        process_id: 4711,
        ..ProcessFigures::default()
    }
}
