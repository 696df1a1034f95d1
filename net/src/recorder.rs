//! Records what goes into the engine, in the order in which it is handled, into
//! files: `record DIR`, at the start or by CONFIG SET. A replay does the same
//! again, or names the first input at which it does not.
//!
//! ```text
//! DIR/000000.rec   a segment: header, records
//! DIR/000001.rec   the next: header, image of the engine in pieces, records
//! ```
//!
//! A segment that begins while the server runs has an image of the engine, which
//! is written in slices while inputs go on (`engine::engine::image`). Once it is
//! whole, the segments before it are not needed any more: the oldest go, so that
//! all together stay below `record-max-size`.
//!
//! Under the engine's lock a record is a copy into a buffer; a thread of its own
//! writes the files, and asks for slices of the image when it has nothing to
//! write. So a disk that does not follow delays the image, not the server.

mod direct;
mod ring;

use crate::oracle::System;
use crate::start::threads;
use direct::{Buffer, behind_blocks};
use engine::boundary::ask::{Answer, Oracle, Question};
use engine::boundary::effects::{Effect, Effects};
use engine::boundary::input::Input;
use engine::boundary::time::Now;
use engine::engine::Engine;
use engine::engine::image::{ImageStep, SLICE};
use engine::engine::options::Options;
use engine::recording::{Digest, Writer};
use ring::{END, Piece, Ring, Spares};
use std::fs::{create_dir_all, read_dir};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Bytes that are handed to the thread at once: enough that to wake it, and to have the
/// device fetch them, costs little a byte.
const CHUNK: usize = 512 << 10;
/// Bytes by which a record may exceed that, mostly.
const CHUNK_SLACK: usize = 32 << 10;
/// Bytes that wait for the thread beyond which recording ends: a disk that does
/// not follow must not take the memory.
const WAITING_MAX: u64 = 256 << 20;
/// Which part of `record-max-size` a segment takes, besides its image.
const SEGMENT_SHARE: u64 = 4;

/// Has the engine's lock taken, and [`Recorder::step`] called. False once there
/// is nothing more to be stepped.
pub type Step = Box<dyn Fn() -> bool + Send + Sync>;

/// A recorder, which all who have a part in it share. The lock in it is never
/// waited for: whoever takes it holds the engine's.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    /// True while there is a tape, or one is to be begun or to end.
    on: AtomicBool,
    times: Times,
    state: Mutex<State>,
    /// `record-max-size`; 0 for no limit.
    size_max: Arc<AtomicU64>,
    step: Arc<OnceLock<Step>>,
    /// Processors for the thread.
    processors: Vec<u8>,
}

/// What the fine clock answered since the writer was last told. It is asked for
/// each request, too often for a lock; whoever has a part in this holds the
/// engine's.
struct Times {
    count: AtomicUsize,
    slots: [AtomicU64; 128],
}

impl Default for Times {
    fn default() -> Times {
        Times { count: AtomicUsize::new(0), slots: [const { AtomicU64::new(0) }; 128] }
    }
}

impl Times {
    /// Adds an answer. False if there is no room.
    #[inline]
    fn add(&self, nanoseconds: u64) -> bool {
        let count = self.count.load(Ordering::Relaxed);
        let Some(slot) = self.slots.get(count) else { return false };
        slot.store(nanoseconds, Ordering::Relaxed);
        self.count.store(count + 1, Ordering::Relaxed);
        true
    }

    /// Moves all to the writer, if there is one.
    fn tell(&self, writer: Option<&mut Writer>) {
        let count = self.count.load(Ordering::Relaxed);
        self.count.store(0, Ordering::Relaxed);
        let Some(writer) = writer else { return };
        writer.elapsed(self.slots.iter().take(count).map(|slot| slot.load(Ordering::Relaxed)));
    }
}

#[derive(Default)]
struct State {
    tape: Option<Tape>,
    /// What follows the tape once the input that is handled has ended: nothing, or
    /// another.
    change: Option<Option<Tape>>,
}

impl State {
    fn writer(&mut self) -> Option<&mut Writer> {
        self.tape.as_mut().and_then(|tape| tape.writer.as_mut())
    }
}

/// A recording that is being made.
struct Tape {
    /// `None` before the first segment.
    writer: Option<Writer>,
    /// Bytes in the writer's buffer that are not written.
    begin: usize,
    digest: Digest,
    pieces: Sender<Piece>,
    waiting: Arc<AtomicU64>,
    spares: Arc<Spares>,
    /// Inputs so far.
    inputs: u64,
    /// Bytes of the segment so far, without its image.
    segment: u64,
    image: Image,
}

/// The image of the segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Image {
    /// It is whole, or there is none; so many bytes.
    Whole(u64),
    /// Another segment is to begin, with an image, when the server rests.
    Wanted(u64),
    /// So many bytes are there.
    Growing(u64),
}

impl Recorder {
    /// A recorder that does not record.
    pub fn new(size_max: u64, processors: Vec<u8>) -> Recorder {
        Recorder(Arc::new(Shared {
            on: AtomicBool::new(false),
            times: Times::default(),
            state: Mutex::default(),
            size_max: Arc::new(AtomicU64::new(size_max)),
            step: Arc::default(),
            processors,
        }))
    }

    /// Tells how the engine's lock is had.
    pub fn step_by(&self, step: Step) {
        // There is one engine.
        drop(self.0.step.set(step));
    }

    /// Begins to record an engine that is about to be made, into a directory
    /// that holds no recording yet.
    ///
    /// # Errors
    /// If the directory can't be made, or holds a recording.
    pub fn start(&self, options: &Options, now: Now, directory: &Path) -> Result<(), Error> {
        let mut tape = self.tape(directory)?;
        tape.begin_segment(Writer::new(options, now));
        tape.image = Image::Whole(0);
        self.state().tape = Some(tape);
        self.0.on.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// `record` was set: ends the recording with the input that is handled, and
    /// begins another behind it, if a directory is named.
    ///
    /// # Errors
    /// As [`Recorder::start`].
    pub fn set_directory(&self, directory: &str) -> Result<(), Error> {
        let next = if directory.is_empty() { None } else { Some(self.tape(Path::new(directory))?) };
        self.state().change = Some(next);
        self.0.on.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// `record-max-size` was set.
    pub fn set_size_max(&self, bytes: u64) {
        self.0.size_max.store(bytes, Ordering::Relaxed);
    }

    /// A recording that has not begun, and the thread that writes it.
    fn tape(&self, directory: &Path) -> Result<Tape, Error> {
        create_dir_all(directory)?;
        if read_dir(directory)?.flatten().any(|entry| entry.path().extension().is_some_and(|it| it == "rec")) {
            return Err(Error::new(ErrorKind::AlreadyExists, "the directory holds a recording already"));
        }
        // The process may change its own.
        let directory: PathBuf = directory.canonicalize()?;
        let (pieces, queue) = channel();
        let waiting = Arc::new(AtomicU64::new(0));
        let spares = Arc::new(Spares::default());
        let ring = Ring::new(directory, queue, Arc::clone(&waiting), Arc::clone(&spares), Arc::clone(&self.0.size_max));
        let step = Arc::clone(&self.0.step);
        threads::start_background("record", self.0.processors.clone(), move || {
            ring.write(|| step.get().is_some_and(|step| step()));
        });
        let (digest, image) = (Digest::default(), Image::Wanted(0));
        Ok(Tape { writer: None, begin: 0, digest, pieces, waiting, spares, inputs: 0, segment: 0, image })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if there is anything to be told.
    #[inline]
    fn is_on(&self) -> bool {
        self.0.on.load(Ordering::Relaxed)
    }

    /// An input is about to be handled.
    #[inline]
    pub fn input(&self, now: Now, input: &Input<'_>) {
        if self.is_on() {
            self.write(|writer| writer.input(now, input));
        }
    }

    /// The fine clock was asked.
    #[inline]
    fn elapsed(&self, nanoseconds: u64) {
        if !self.0.times.add(nanoseconds) {
            self.write(|writer| writer.elapsed([nanoseconds]));
        }
    }

    #[inline]
    fn write(&self, write: impl FnOnce(&mut Writer)) {
        let mut state = self.state();
        let mut writer = state.writer();
        self.0.times.tell(writer.as_deref_mut());
        if let Some(writer) = writer {
            write(writer);
        }
    }

    /// It was handled, and this came of it.
    #[inline]
    pub fn handled(&self, now: Now, effects: &Effects, engine: &mut Engine) {
        if self.is_on() {
            self.note(now, effects, engine);
        }
    }

    fn note(&self, now: Now, effects: &Effects, engine: &mut Engine) {
        let mut state = self.state();
        let state = &mut *state;
        self.0.times.tell(state.writer());
        let mut keeps = state.tape.as_mut().is_none_or(|tape| tape.handled(effects, engine));
        if let Some(next) = state.change.take() {
            if let Some(tape) = &mut state.tape {
                tape.hand_over_all();
                engine.abandon_image();
            }
            state.tape = next;
            keeps = state.tape.is_some();
        }
        if let Some(tape) = state.tape.as_mut().filter(|_| keeps) {
            keeps = tape.go_on(now, engine, self.0.size_max.load(Ordering::Relaxed));
        }
        if !keeps {
            state.tape = None;
            engine.abandon_image();
        }
        self.0.on.store(state.tape.is_some(), Ordering::Relaxed);
    }

    /// Goes on with an image, between inputs. False if there is none any more.
    pub fn step(&self, engine: &mut Engine) -> bool {
        let step = engine.step_image(SLICE);
        let mut state = self.state();
        if let Some(tape) = state.tape.as_mut().filter(|tape| matches!(tape.image, Image::Growing(_))) {
            tape.image_step(&step);
        }
        matches!(step, ImageStep::More(_))
    }
}

impl Tape {
    /// An input was handled. False if recording ends.
    #[inline]
    fn handled(&mut self, effects: &Effects, engine: &Engine) -> bool {
        let Some(writer) = &mut self.writer else { return true };
        self.inputs += 1;
        self.digest.add(&effects.orders.list, &effects.output, effects.progress);
        writer.came(self.digest.value());
        let ends = effects.orders.list.iter().any(|effect| matches!(effect, Effect::Exit { .. }));
        if ends {
            writer.checkpoint(self.digest.value(), engine.state_hash());
            self.hand_over_all();
            self.wait_until_written();
        }
        !ends
    }

    /// Hands over what has gathered, and begins the next segment if it is time.
    /// False if recording ends.
    #[inline]
    fn go_on(&mut self, now: Now, engine: &mut Engine, size_max: u64) -> bool {
        let buffered = self.buffered();
        let segment = self.segment + buffered as u64;
        if buffered >= CHUNK && !self.hand_over() {
            return false;
        }
        match self.image {
            Image::Whole(image) if size_max > 0 && segment > (size_max / SEGMENT_SHARE).max(image) => {
                self.image = Image::Wanted(image);
            }
            Image::Wanted(_) => self.begin_image(now, engine),
            _ => {}
        }
        true
    }

    #[cold]
    fn begin_image(&mut self, now: Now, engine: &mut Engine) {
        let Some(head) = engine.begin_image() else { return };
        self.hand_over_all();
        self.begin_segment(Writer::with_image(&engine.options_for_image(), now, self.inputs));
        self.image = Image::Growing(0);
        self.image_step(&ImageStep::More(head));
        self.hand_over();
        // Whoever writes is gone if this fails, and that is noticed soon.
        drop(self.pieces.send(Piece::Steps));
    }

    fn image_step(&mut self, step: &ImageStep) {
        let (Image::Growing(length), Some(writer)) = (&mut self.image, &mut self.writer) else { return };
        match step {
            ImageStep::More(bytes) | ImageStep::Done(bytes) => {
                *length += bytes.len() as u64;
                if !bytes.is_empty() {
                    writer.image(bytes);
                }
            }
            // The next segment tries again.
            ImageStep::Lost => self.image = Image::Wanted(0),
        }
        if let (ImageStep::Done(_), Image::Growing(length)) = (step, self.image) {
            writer.image_end(length);
            self.hand_over();
            drop(self.pieces.send(Piece::Whole(self.buffered() as u64)));
            self.segment = 0;
            self.image = Image::Whole(length);
        } else if self.buffered() >= CHUNK {
            self.hand_over();
        }
    }

    /// Bytes that are to be handed over.
    fn buffered(&self) -> usize {
        self.writer.as_ref().map_or(0, |writer| writer.buffered() - self.begin)
    }

    fn begin_segment(&mut self, mut writer: Writer) {
        let head = writer.take();
        self.go_on_behind(&mut writer, &head);
        self.writer = Some(writer);
        self.digest = Digest::default();
        self.segment = 0;
        drop(self.pieces.send(Piece::Segment));
    }

    /// Gives a writer whose bytes were taken another buffer, with those of `head`.
    fn go_on_behind(&mut self, writer: &mut Writer, head: &[u8]) {
        let mut buffer = self.spares.get(head.len() + CHUNK + CHUNK_SLACK);
        buffer.add(head);
        let (memory, begin) = buffer.into_memory();
        writer.exchange(memory);
        self.begin = begin;
    }

    /// Hands over what has gathered, in whole blocks. False if whoever writes does not
    /// follow, or is gone.
    #[cold]
    fn hand_over(&mut self) -> bool {
        self.hand_over_but(behind_blocks(self.buffered()))
    }

    /// Hands over what has gathered, as nothing follows.
    fn hand_over_all(&mut self) {
        self.hand_over_but(0);
    }

    fn hand_over_but(&mut self, kept: usize) -> bool {
        let Some(mut writer) = self.writer.take() else { return true };
        let (mut memory, begin) = (writer.take(), self.begin);
        let end = memory.len() - kept;
        self.go_on_behind(&mut writer, &memory[end..]);
        self.writer = Some(writer);
        memory.truncate(end);
        let buffer = Buffer::from_memory(memory, begin);
        let length = buffer.bytes().len() as u64;
        self.segment += length;
        let waiting = self.waiting.fetch_add(length, Ordering::Relaxed) + length;
        let taken = self.pieces.send(Piece::Bytes(buffer)).is_ok();
        let follows = waiting <= WAITING_MAX && taken;
        if !follows {
            tracing::warn!("The disk does not follow: the recording ends here.");
        }
        follows
    }

    /// The process is about to end.
    fn wait_until_written(&self) {
        self.waiting.fetch_add(END, Ordering::Relaxed);
        drop(self.pieces.send(Piece::End));
        // The thread has the other reference.
        while self.waiting.load(Ordering::Acquire) > 0 && Arc::strong_count(&self.waiting) > 1 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

/// The real world, whose answers are recorded.
pub struct RecordedOracle {
    system: System,
    recorder: Recorder,
}

impl RecordedOracle {
    /// Records what `system` answers.
    pub fn new(system: System, recorder: Recorder) -> RecordedOracle {
        RecordedOracle { system, recorder }
    }
}

impl Oracle for RecordedOracle {
    #[inline]
    fn elapsed_ns(&mut self) -> u64 {
        let nanoseconds = self.system.elapsed_ns();
        if self.recorder.is_on() {
            self.recorder.elapsed(nanoseconds);
        }
        nanoseconds
    }

    fn ask(&mut self, question: Question<'_>) -> Answer {
        let answer = self.system.ask(question);
        if self.recorder.is_on() {
            self.recorder.write(|writer| writer.answer(&answer));
        }
        answer
    }
}
