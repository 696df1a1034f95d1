//! An engine driven from a recording.

mod imaged;

use crate::node::Node;
use engine::boundary::ask::{Answer, Oracle, Question};
use engine::boundary::input::{DiskError, DiskErrorKind};
use engine::boundary::time::Now;
use engine::recording::{Beginning, Reader, Record, RecordedInput, RecordingError, image_of};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

pub use imaged::{check_image, replay_imaged};

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

#[derive(Clone)]
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
/// order, from the oldest segment on that can be replayed without those before
/// it.
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
        let more = std::fs::read(file)?;
        if !bytes.is_empty() || begins_alone(&more) {
            bytes.extend(more);
        }
    }
    Ok(bytes)
}

/// True for a segment that can be replayed on its own. What can't be read is
/// told later.
fn begins_alone(segment: &[u8]) -> bool {
    match Reader::new(segment).map(|(reader, ..)| reader.beginning()) {
        Ok(Beginning::Image { .. }) => image_of(segment).is_some(),
        _ => true,
    }
}

/// Drives a new engine from a recording, and compares what it does with what
/// was recorded. Stops behind so many inputs, if told: those are counted from
/// the recording's beginning, though its oldest segments may be gone.
///
/// # Errors
/// What is wrong with the recording, or the first input at which the engine did
/// something else.
pub fn replay_until(recording: &[u8], until: Option<u64>) -> Result<(Replayed, Node), String> {
    let answers = Answers::default();
    let mut segment = Segment::begin(recording, None, &answers)?;
    loop {
        let ended = segment.replay(until, &answers)?;
        match segment.reader.next_segment().filter(|_| ended) {
            Some(next) => segment = Segment::begin(next, Some(segment), &answers)?,
            None => {
                let Segment { node, inputs, .. } = segment;
                let replayed = Replayed { inputs, effects: node.effects_hash(), state: node.engine.state_hash() };
                return Ok((replayed, node));
            }
        }
    }
}

/// A segment that is being replayed.
struct Segment<'a> {
    reader: Reader<'a>,
    node: Node,
    /// Inputs that were handled since the recording's beginning.
    inputs: u64,
}

impl<'a> Segment<'a> {
    /// Begins with the engine that the segment before came to, which has to be the
    /// one that the image tells of; or with that one, if there is no other.
    fn begin(bytes: &'a [u8], before: Option<Segment<'_>>, answers: &Answers) -> Result<Segment<'a>, String> {
        let (reader, options, started) = Reader::new(bytes).map_err(told)?;
        let oracle = Box::new(answers.clone());
        let Beginning::Image { inputs } = reader.beginning() else {
            return Ok(Segment { reader, node: Node::new(options, started, oracle), inputs: 0 });
        };
        let restored = image_of(bytes).map(|image| Node::restore(options, started, &image, oracle));
        let restored = restored.transpose().map_err(|damaged| format!("behind input {inputs}: {damaged}"))?;
        let node = match (before, restored) {
            (Some(before), _) if before.inputs != inputs => {
                return Err(format!("inputs {} to {inputs} are missing", before.inputs + 1));
            }
            (Some(before), Some(restored)) if before.node.engine.state_hash() != restored.engine.state_hash() => {
                return Err(format!("behind input {inputs} the image tells of another state"));
            }
            (Some(Segment { mut node, .. }), _) => {
                node.begin_segment();
                node
            }
            (None, Some(restored)) => restored,
            (None, None) => return Err("the recording begins with an image that is not whole".into()),
        };
        Ok(Segment { reader, node, inputs })
    }

    /// Handles the inputs of the segment. True if all were.
    fn replay(&mut self, until: Option<u64>, answers: &Answers) -> Result<bool, String> {
        let mut pending: Option<(Now, RecordedInput)> = None;
        let mut last = None;
        loop {
            let record = match self.reader.next_record() {
                Err(RecordingError::End) => {
                    // Whoever recorded was stopped while writing: what the last input came to is not known.
                    answers.with(|queue| queue.answers.clear());
                    return Ok(true);
                }
                record => record.map_err(told)?,
            };
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
                input.with(|input| drop(self.node.handle(now, input)));
                self.inputs += 1;
                if answers.with(|queue| queue.strayed || !queue.answers.is_empty()) {
                    let inputs = self.inputs;
                    return Err(format!("input {inputs}: other questions were asked than recorded: {input:?}"));
                }
                last = Some(input);
            }
            match record {
                Some(Record::Came(effects)) if effects != self.node.effects_hash() as u32 => {
                    return Err(format!("input {} had other effects than recorded: {last:?}", self.inputs));
                }
                Some(Record::Checkpoint { effects, state }) => check(&self.node, self.inputs, effects, state)?,
                Some(Record::Input(now, input)) if until.is_none_or(|until| self.inputs < until) => {
                    pending = Some((now, input));
                }
                Some(Record::Input(..)) => return Ok(false),
                Some(_) => {}
                None => return Ok(true),
            }
        }
    }
}

fn told(error: RecordingError) -> String {
    error.to_string()
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
