//! Records what goes into the engine, in the order in which it is handled, into
//! files: `--record DIR`. A replay does the same again, or names the first input
//! at which it does not.
//!
//! ```text
//! DIR/000000.rec   header, records
//! DIR/000001.rec   more records: the files are one recording
//! ```
//!
//! Under the engine's lock a record is a copy into a buffer; a thread of its own
//! writes the files.

use crate::oracle::System;
use engine::boundary::ask::{Answer, Oracle, Question};
use engine::boundary::effects::{Effect, Effects};
use engine::boundary::input::Input;
use engine::boundary::time::Now;
use engine::engine::Engine;
use engine::engine::options::Options;
use engine::recording::{Digest, Writer};
use std::fs::{File, create_dir_all, read_dir};
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that are handed to the thread at once.
const CHUNK: usize = 1 << 20;
/// Bytes after which a file ends.
const FILE_MAX: u64 = 64 << 20;
/// Bytes that wait for the thread beyond which recording ends: a disk that does
/// not follow must not take the memory.
const WAITING_MAX: u64 = 256 << 20;

/// A recorder, which all who have a part in it share. The lock in it is never
/// waited for: whoever takes it holds the engine's.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Mutex<Tape>>);

#[derive(Debug)]
struct Tape {
    writer: Writer,
    digest: Digest,
    /// `None` once recording has ended.
    chunks: Option<Sender<Vec<u8>>>,
    waiting: Arc<AtomicU64>,
}

impl Recorder {
    /// Begins to record an engine that is about to be made, into a directory
    /// that holds no recording yet. The returned work is for a thread.
    ///
    /// # Errors
    /// If the directory can't be made, or holds a recording.
    pub fn start(options: &Options, now: Now, directory: &Path) -> Result<(Recorder, Recording), Error> {
        create_dir_all(directory)?;
        if read_dir(directory)?.flatten().any(|entry| entry.path().extension().is_some_and(|it| it == "rec")) {
            return Err(Error::new(ErrorKind::AlreadyExists, "the directory holds a recording already"));
        }
        let (chunks, queue) = channel();
        let waiting = Arc::new(AtomicU64::new(0));
        let recording = Recording { directory: directory.to_owned(), queue, waiting: Arc::clone(&waiting) };
        let writer = Writer::new(options, now);
        let tape = Tape { writer, digest: Digest::default(), chunks: Some(chunks), waiting };
        Ok((Recorder(Arc::new(Mutex::new(tape))), recording))
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An input is about to be handled.
    #[inline]
    pub fn input(&self, now: Now, input: &Input<'_>) {
        self.tape().writer.input(now, input);
    }

    /// It was handled, and this came of it.
    #[inline]
    pub fn handled(&self, effects: &Effects, engine: &Engine) {
        let mut tape = self.tape();
        let tape = &mut *tape;
        tape.digest.add(&effects.orders.list, &effects.output, effects.progress);
        tape.writer.came(tape.digest.value());
        let ends = effects.orders.list.iter().any(|effect| matches!(effect, Effect::Exit { .. }));
        if ends {
            tape.writer.checkpoint(tape.digest.value(), engine.state_hash());
        }
        if ends || tape.writer.buffered() >= CHUNK {
            tape.hand_over();
        }
        if ends {
            tape.end();
        }
    }
}

impl Tape {
    #[cold]
    fn hand_over(&mut self) {
        let bytes = self.writer.take();
        let Some(chunks) = &self.chunks else { return };
        let length = bytes.len() as u64;
        let waiting = self.waiting.fetch_add(length, Ordering::Relaxed) + length;
        let taken = chunks.send(bytes).is_ok();
        if waiting > WAITING_MAX || !taken {
            tracing::warn!("The disk does not follow: the recording ends here.");
            self.chunks = None;
        }
    }

    /// Waits until all is written: the process is about to end.
    fn end(&mut self) {
        self.chunks = None;
        while self.waiting.load(Ordering::Acquire) > 0 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

/// The writing of the files.
#[derive(Debug)]
pub struct Recording {
    directory: PathBuf,
    queue: Receiver<Vec<u8>>,
    waiting: Arc<AtomicU64>,
}

impl Recording {
    /// Writes what comes, until nothing comes any more or writing fails.
    pub fn write(self) {
        if let Err(error) = self.write_files() {
            tracing::warn!("The recording ends here: {error}");
            self.waiting.store(0, Ordering::Release);
        }
    }

    fn write_files(&self) -> Result<(), Error> {
        let mut file: Option<File> = None;
        let (mut number, mut length) = (0, 0);
        for chunk in &self.queue {
            if length >= FILE_MAX {
                (file, length) = (None, 0);
                number += 1;
            }
            let file = match &mut file {
                Some(file) => file,
                None => file.insert(File::create_new(self.directory.join(format!("{number:06}.rec")))?),
            };
            file.write_all(&chunk)?;
            length += chunk.len() as u64;
            self.waiting.fetch_sub(chunk.len() as u64, Ordering::Release);
        }
        Ok(())
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
        self.recorder.tape().writer.elapsed(nanoseconds);
        nanoseconds
    }

    fn ask(&mut self, question: Question<'_>) -> Answer {
        let answer = self.system.ask(question);
        self.recorder.tape().writer.answer(&answer);
        answer
    }
}
