//! An engine driven from a recording.

use crate::node::Node;
use engine::boundary::ask::{Answer, Oracle, Question};
use engine::boundary::input::{DiskError, DiskErrorKind};
use engine::boundary::time::Now;
use engine::recording::{Reader, Record, RecordedInput, RecordingError};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What a replay came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replayed {
    /// Inputs that were handled.
    pub inputs: u64,
    /// Hash of all effects.
    pub effects: u64,
    /// Hash of the state at the end.
    pub state: u64,
}

/// Answers as they were recorded.
#[derive(Clone, Default)]
struct Answers(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    answers: VecDeque<Answered>,
    /// Set when a question was not the one that was recorded.
    strayed: bool,
}

enum Answered {
    Elapsed(u64),
    Question(Answer),
}

impl Answers {
    fn with<T>(&self, look: impl FnOnce(&mut Queue) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Oracle for Answers {
    fn elapsed_ns(&mut self) -> u64 {
        self.with(|queue| match queue.answers.pop_front() {
            Some(Answered::Elapsed(nanoseconds)) => nanoseconds,
            _ => {
                queue.strayed = true;
                0
            }
        })
    }

    fn ask(&mut self, _question: Question<'_>) -> Answer {
        self.with(|queue| match queue.answers.pop_front() {
            Some(Answered::Question(answer)) => answer,
            _ => {
                queue.strayed = true;
                Answer::Failed(DiskError { kind: DiskErrorKind::Other, message: "not recorded".into() })
            }
        })
    }
}

/// Drives a new engine from a recording, and compares it with the checkpoints.
///
/// # Errors
/// What is wrong with the recording, or where the engine did something else.
pub fn replay(recording: &[u8]) -> Result<Replayed, String> {
    let told = |error: RecordingError| error.to_string();
    let (mut reader, options, started) = Reader::new(recording).map_err(told)?;
    let answers = Answers::default();
    let mut node = Node::new(options, started, Box::new(answers.clone()));
    let mut inputs = 0;
    let mut pending: Option<(Now, RecordedInput)> = None;
    loop {
        let record = reader.next_record().map_err(told)?;
        match record {
            Some(Record::Elapsed(nanoseconds)) => {
                answers.with(|queue| queue.answers.push_back(Answered::Elapsed(nanoseconds)));
                continue;
            }
            Some(Record::Answer(answer)) => {
                answers.with(|queue| queue.answers.push_back(Answered::Question(answer)));
                continue;
            }
            _ => {}
        }
        if let Some((now, input)) = pending.take() {
            input.with(|input| drop(node.handle(now, input)));
            inputs += 1;
            if answers.with(|queue| queue.strayed || !queue.answers.is_empty()) {
                return Err(format!("input {inputs}: other questions were asked than recorded: {input:?}"));
            }
        }
        match record {
            Some(Record::Input(now, input)) => pending = Some((now, input)),
            Some(Record::Checkpoint { effects, state }) => check(&node, inputs, effects, state)?,
            _ => return Ok(Replayed { inputs, effects: node.effects_hash(), state: node.engine.state_hash() }),
        }
    }
}

fn check(node: &Node, inputs: u64, effects: u64, state: u64) -> Result<(), String> {
    if node.effects_hash() != effects {
        return Err(format!("effects differ at the checkpoint after input {inputs}"));
    }
    if node.engine.state_hash() != state {
        return Err(format!("the state differs at the checkpoint after input {inputs}, effects do not"));
    }
    Ok(())
}
