//! The files of a recording: one a segment, the oldest removed when all together
//! are too large.

use super::direct::{Buffer, DirectFile};
use std::collections::VecDeque;
use std::fs::remove_file;
use std::io::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Between two slices of an image: others are to have most of the time.
const PAUSE: Duration = Duration::from_micros(100);

/// How much [`Piece::End`] counts among the bytes that wait.
pub(super) const END: u64 = 1;

/// Buffers kept for use again.
const SPARES_MAX: usize = 4;
/// Bytes of the largest that is kept.
const SPARE_MAX: usize = 1 << 20;

/// Buffers whose bytes are written: memory that has been used is in the cache. Nobody
/// waits for another who has them in his hands.
#[derive(Debug, Default)]
pub(super) struct Spares(Mutex<Vec<Vec<u8>>>);

impl Spares {
    /// An empty buffer with room for so many bytes.
    pub(super) fn get(&self, length: usize) -> Buffer {
        let used = self.0.try_lock().ok().and_then(|mut spares| spares.pop()).unwrap_or_default();
        Buffer::with_room(used, length)
    }

    /// Takes a buffer that is not needed any more.
    fn give(&self, buffer: Buffer) {
        let (memory, _) = buffer.into_memory();
        if memory.capacity() <= SPARE_MAX
            && let Ok(mut spares) = self.0.try_lock()
            && spares.len() < SPARES_MAX
        {
            spares.push(memory);
        }
    }
}

/// What is to be written.
#[derive(Debug)]
pub(super) enum Piece {
    /// Another segment begins.
    Segment,
    /// More of it.
    Bytes(Buffer),
    /// There are slices of its image to be asked for.
    Steps,
    /// Its image is whole with so many of the bytes that follow.
    Whole(u64),
    /// Nothing follows: all that came is to be written.
    End,
}

/// The writing of the files.
pub(super) struct Ring {
    directory: PathBuf,
    queue: Receiver<Piece>,
    waiting: Arc<AtomicU64>,
    spares: Arc<Spares>,
    size_max: Arc<AtomicU64>,
    segments: VecDeque<Segment>,
    file: Option<DirectFile>,
    next: u64,
}

struct Segment {
    path: PathBuf,
    length: u64,
    /// The length from which on it can be replayed without those before it.
    whole_at: Option<u64>,
    /// True if it can.
    whole: bool,
}

impl Ring {
    pub(super) fn new(
        directory: PathBuf,
        queue: Receiver<Piece>,
        waiting: Arc<AtomicU64>,
        spares: Arc<Spares>,
        size_max: Arc<AtomicU64>,
    ) -> Ring {
        Ring { directory, queue, waiting, spares, size_max, segments: VecDeque::new(), file: None, next: 0 }
    }

    /// Writes what comes, until nothing comes any more or writing fails. `step`
    /// has a slice of an image made, and tells whether there are more.
    pub(super) fn write(mut self, step: impl Fn() -> bool) {
        let mut steps = false;
        loop {
            let piece = match self.queue.try_recv() {
                Err(TryRecvError::Empty) if !steps => self.queue.recv().ok(),
                Err(TryRecvError::Empty) => {
                    steps = step();
                    std::thread::sleep(PAUSE);
                    continue;
                }
                piece => piece.ok(),
            };
            let Some(piece) = piece else { break };
            steps |= matches!(piece, Piece::Steps);
            if let Err(error) = self.take(piece) {
                tracing::warn!("The recording ends here: {error}");
                self.file = None;
                self.waiting.store(0, Ordering::Release);
                break;
            }
        }
        if let Err(error) = self.finish() {
            tracing::warn!("The end of the recording is missing: {error}");
        }
        // What an image that nobody wants any more has marked is to be finished.
        drop(self);
        while steps && step() {
            std::thread::sleep(PAUSE);
        }
    }

    fn take(&mut self, piece: Piece) -> Result<(), Error> {
        match piece {
            Piece::Segment => {
                self.finish()?;
                let path = self.directory.join(format!("{:06}.rec", self.next));
                self.file = Some(DirectFile::create(&path)?);
                let whole_at = (self.next == 0).then_some(0);
                self.segments.push_back(Segment { path, length: 0, whole_at, whole: false });
                self.next += 1;
            }
            Piece::Bytes(buffer) => {
                let bytes = buffer.bytes();
                if let (Some(file), Some(segment)) = (&mut self.file, self.segments.back_mut()) {
                    file.add(bytes)?;
                    segment.length += bytes.len() as u64;
                }
                self.waiting.fetch_sub(bytes.len() as u64, Ordering::Release);
                self.spares.give(buffer);
            }
            Piece::Steps => {}
            Piece::Whole(following) => {
                if let Some(segment) = self.segments.back_mut() {
                    segment.whole_at = Some(segment.length + following);
                }
            }
            Piece::End => {
                self.finish()?;
                self.waiting.fetch_sub(END, Ordering::Release);
            }
        }
        self.see_whether_whole();
        self.remove_oldest()
    }

    /// Writes what the last file still keeps to itself.
    fn finish(&mut self) -> Result<(), Error> {
        self.file.as_mut().map_or(Ok(()), DirectFile::finish)?;
        self.see_whether_whole();
        Ok(())
    }

    /// Looks whether the last segment has all that a replay needs.
    fn see_whether_whole(&mut self) {
        if let (Some(file), Some(segment)) = (&self.file, self.segments.back_mut()) {
            segment.whole = segment.whole_at.is_some_and(|length| length <= file.written());
        }
    }

    /// Removes segments as long as all are too large and there is a later one with
    /// which a replay can begin.
    fn remove_oldest(&mut self) -> Result<(), Error> {
        let size_max = self.size_max.load(Ordering::Relaxed);
        if size_max == 0 {
            return Ok(());
        }
        while self.segments.iter().map(|segment| segment.length).sum::<u64>() > size_max {
            let Some(next) = self.segments.iter().skip(1).position(|segment| segment.whole) else { break };
            for segment in self.segments.drain(..=next) {
                remove_file(segment.path)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn buffers_come_back_empty_unless_they_are_large_or_many() {
        let spares = Spares::default();
        let (mut memory, begin) = spares.get(100).into_memory();
        memory.resize(memory.capacity(), 1);
        let (place, capacity) = (memory.as_ptr(), memory.capacity());
        assert!(capacity - begin >= 100);
        spares.give(Buffer::from_memory(memory, begin));
        let again = spares.get(10);
        assert_eq!(again.bytes(), []);
        let (memory, _) = again.into_memory();
        assert_eq!((memory.as_ptr(), memory.capacity()), (place, capacity));
        spares.give(Buffer::with_room(Vec::new(), SPARE_MAX + 1));
        assert!(spares.get(10).into_memory().0.capacity() < SPARE_MAX);
        (0..10).for_each(|_| spares.give(Buffer::default()));
        assert_eq!(spares.0.lock().expect("not poisoned").len(), SPARES_MAX);
    }

    fn names(directory: &std::path::Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).expect("a directory").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_oldest_segments_go_when_a_later_one_is_whole() {
        let directory = std::env::temp_dir().join(format!("reprise-ring-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).expect("a directory");
        let (_sender, queue) = channel();
        let size_max = Arc::new(AtomicU64::new(100));
        let mut ring = Ring::new(directory.clone(), queue, Arc::new(AtomicU64::new(1000)), Arc::default(), size_max);
        let mut take = |piece| {
            ring.take(piece).expect("it is written");
            names(&directory).len()
        };
        assert_eq!(take(Piece::Segment), 1);
        assert_eq!(take(Piece::Bytes(Buffer::from_memory(vec![0; 90], 0))), 1);
        assert_eq!(take(Piece::Segment), 2);
        // Too much, but the second has not all of its image.
        assert_eq!(take(Piece::Bytes(Buffer::from_memory(vec![0; 60], 0))), 2);
        // Another was begun in its place.
        assert_eq!(take(Piece::Segment), 3);
        assert_eq!(take(Piece::Bytes(Buffer::from_memory(vec![0; 20], 0))), 3);
        // What would be needed of it is not in the file yet.
        assert_eq!(take(Piece::Whole(0)), 3);
        assert_eq!(take(Piece::End), 1);
        assert_eq!(names(&directory), ["000002.rec"]);
        assert_eq!(take(Piece::Bytes(Buffer::from_memory(vec![0; 90], 0))), 1);
        // One that is whole when it ends, and not before.
        assert_eq!(take(Piece::Segment), 2);
        assert_eq!(take(Piece::Bytes(Buffer::from_memory(vec![0; 20], 0))), 2);
        assert_eq!(take(Piece::Whole(0)), 2);
        assert_eq!(take(Piece::Segment), 2);
        assert_eq!(names(&directory), ["000003.rec", "000004.rec"]);
        drop(std::fs::remove_dir_all(&directory));
    }
}
