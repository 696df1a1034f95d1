//! An engine driven from a recording.

use crate::node::Node;
use engine::boundary::ask::{Answer, Oracle, Question};
use engine::boundary::input::{DiskError, DiskErrorKind};
use engine::boundary::time::Now;
use engine::recording::{Reader, Record, RecordedInput, RecordingError};
use std::collections::VecDeque;
use std::path::Path;
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

/// The bytes of a recording: of a file, or of all files of a directory in their
/// order.
///
/// # Errors
/// If they can't be read.
pub fn read_recording(path: &Path) -> Result<Vec<u8>, std::io::Error> {
    if !path.is_dir() {
        return std::fs::read(path);
    }
    let entries = std::fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rec"));
    files.sort();
    let mut bytes = Vec::new();
    for file in files {
        bytes.extend(std::fs::read(file)?);
    }
    Ok(bytes)
}

/// Drives a new engine from a recording, and compares what it does with what
/// was recorded. Stops behind so many inputs, if told.
///
/// # Errors
/// What is wrong with the recording, or the first input at which the engine did
/// something else.
pub fn replay_until(recording: &[u8], until: Option<u64>) -> Result<(Replayed, Node), String> {
    let told = |error: RecordingError| error.to_string();
    let (mut reader, options, started) = Reader::new(recording).map_err(told)?;
    let answers = Answers::default();
    let mut node = Node::new(options, started, Box::new(answers.clone()));
    let mut inputs = 0;
    let mut pending: Option<(Now, RecordedInput)> = None;
    let mut last = None;
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
            last = Some(input);
        }
        match record {
            Some(Record::Came(effects)) if effects != node.effects_hash() as u32 => {
                return Err(format!("input {inputs} had other effects than recorded: {last:?}"));
            }
            Some(Record::Checkpoint { effects, state }) => check(&node, inputs, effects, state)?,
            Some(Record::Input(now, input)) if until.is_none_or(|until| inputs < until) => pending = Some((now, input)),
            Some(Record::Came(_)) => {}
            _ => {
                let replayed = Replayed { inputs, effects: node.effects_hash(), state: node.engine.state_hash() };
                return Ok((replayed, node));
            }
        }
    }
}

/// As [`replay_until`], to the recording's end.
///
/// # Errors
/// As there.
pub fn replay(recording: &[u8]) -> Result<Replayed, String> {
    replay_until(recording, None).map(|(replayed, _)| replayed)
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
