//! The check of images: in the middle of a recording the engine is written out
//! and restored, and the restored one has to do what the other does.

use super::{Answered, Answers, told};
use crate::node::Node;
use engine::boundary::time::{Monotonic, Now};
use engine::engine::image::ImageStep;
use engine::engine::options::Options;
use engine::keyspace::snapshot::Slice;
use engine::recording::{Digest, Reader, Record, RecordedInput};

/// Small slices, so that much changes between them.
const SLICE: Slice = Slice { entries: 5, bytes: 10_000 };

/// An input with the answers to what was asked then.
struct Handled {
    now: Now,
    input: RecordedInput,
    answers: Vec<Answered>,
}

/// What an input came to: a hash of its effects, and the next deadline.
type Came = (u64, Option<Monotonic>);

/// An image that grows.
struct Growing {
    image: Vec<u8>,
    options: Options,
    began: Now,
    since: Vec<(Handled, Came)>,
}

/// An engine that is driven by a recording.
struct Driven {
    node: Node,
    answers: Answers,
}

/// How far the check got.
enum Stage {
    /// Behind so many inputs an image is begun.
    From(u64),
    Growing(Box<Growing>),
    Restored(Box<Driven>),
}

/// Takes an image somewhere in a recording of so many inputs, if the server rests
/// then, and compares; see [`replay_imaged`]. True if there was an image.
///
/// # Errors
/// As there.
pub fn check_image(recording: &[u8], inputs: u64) -> Result<bool, String> {
    let from = 1 + recording.len() as u64 % inputs.max(1);
    let found = replay_imaged(recording, from);
    found.map_err(|fault| format!("with an image behind input {from}: {fault}"))
}

/// Replays a segment that begins with a new engine. Behind `from` inputs, or when
/// it next rests, an image is begun that grows while more inputs are handled; an
/// engine restored from it handles these too, and all that follow. False if there
/// was no such image.
///
/// # Errors
/// What is wrong with the recording, or the first input at which the restored
/// engine did something else.
pub fn replay_imaged(recording: &[u8], from: u64) -> Result<bool, String> {
    let (mut reader, options, started) = Reader::new(recording).map_err(told)?;
    let answers = Answers::default();
    let mut original = Driven { node: Node::new(options, started, Box::new(answers.clone())), answers };
    let mut stage = Stage::From(from);
    let mut ahead = None;
    let mut inputs = 0;
    while let Some(handled) = next(&mut reader, &mut ahead)? {
        inputs += 1;
        let came = original.handle(&handled)?;
        stage = match stage {
            Stage::From(from) if inputs >= from => match original.node.engine.begin_image() {
                Some(image) => {
                    let options = original.node.engine.options_for_image();
                    Stage::Growing(Box::new(Growing { image, options, began: handled.now, since: Vec::new() }))
                }
                None => Stage::From(from),
            },
            Stage::From(from) => Stage::From(from),
            Stage::Growing(mut growing) => {
                growing.since.push((handled, came));
                grow(growing, &mut original, inputs)?
            }
            Stage::Restored(mut restored) => {
                restored.compare(&handled, came, inputs)?;
                Stage::Restored(restored)
            }
        };
    }
    while let Stage::Growing(growing) = stage {
        stage = grow(growing, &mut original, inputs)?;
    }
    let Stage::Restored(restored) = stage else { return Ok(false) };
    if restored.node.engine.state_hash() != original.node.engine.state_hash() {
        return Err(format!("behind all {inputs} inputs the restored engine has another state"));
    }
    Ok(true)
}

fn grow(mut growing: Box<Growing>, original: &mut Driven, inputs: u64) -> Result<Stage, String> {
    let (bytes, done) = match original.node.engine.step_image(SLICE) {
        ImageStep::More(bytes) => (bytes, false),
        ImageStep::Done(bytes) => (bytes, true),
        ImageStep::Lost => return Ok(Stage::From(inputs)),
    };
    growing.image.extend(bytes);
    if !done {
        return Ok(Stage::Growing(growing));
    }
    let Growing { image, options, began, since } = *growing;
    let answers = Answers::default();
    let node = Node::restore(options, began, &image, Box::new(answers.clone()))
        .map_err(|damaged| format!("before input {}: {damaged}", inputs - since.len() as u64 + 1))?;
    let mut restored = Box::new(Driven { node, answers });
    let first = inputs - since.len() as u64 + 1;
    for (index, (handled, came)) in since.iter().enumerate() {
        restored.compare(handled, *came, first + index as u64)?;
    }
    if restored.node.engine.state_hash() != original.node.engine.state_hash() {
        return Err(format!("behind input {inputs} the restored engine has another state"));
    }
    Ok(Stage::Restored(restored))
}

impl Driven {
    fn handle(&mut self, handled: &Handled) -> Result<Came, String> {
        self.answers.with(|queue| queue.answers.extend(handled.answers.iter().cloned()));
        let outcome = handled.input.with(|input| self.node.handle(handled.now, input));
        if self.answers.with(|queue| queue.strayed || !queue.answers.is_empty()) {
            return Err(format!("other questions were asked than recorded: {:?}", handled.input));
        }
        let mut digest = Digest::default();
        digest.add(&outcome.effects, &outcome.output, outcome.progress);
        Ok((digest.value(), self.node.engine.next_deadline()))
    }

    fn compare(&mut self, handled: &Handled, came: Came, number: u64) -> Result<(), String> {
        let other = self.handle(handled).map_err(|fault| format!("restored, input {number}: {fault}"))?;
        if other == came {
            return Ok(());
        }
        Err(format!("input {number} came to something else in the restored engine: {:?}", handled.input))
    }
}

/// The next input with its answers. `ahead` is the input that follows.
fn next(reader: &mut Reader<'_>, ahead: &mut Option<(Now, RecordedInput)>) -> Result<Option<Handled>, String> {
    let mut answers = Vec::new();
    loop {
        match reader.next_record().map_err(told)? {
            Some(Record::Elapsed(nanoseconds)) => answers.push(Answered::Elapsed(nanoseconds)),
            Some(Record::Answer(answer)) => answers.push(Answered::Question(answer)),
            Some(Record::Input(now, input)) => {
                if let Some((now, input)) = ahead.replace((now, input)) {
                    return Ok(Some(Handled { now, input, answers }));
                }
            }
            Some(_) => {}
            None => return Ok(ahead.take().map(|(now, input)| Handled { now, input, answers })),
        }
    }
}
