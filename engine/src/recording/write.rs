//! Writing a recording.

use super::{Beginning, MAGIC, Tag, VERSION};
use crate::boundary::ask::{Answer, ProcessFigures};
use crate::boundary::input::{BufferReport, Connection, DiskDone, DiskError, DiskErrorKind, Input, LinkEvent, Signal};
use crate::boundary::time::Now;
use crate::config::{RunningState, rewrite};
use crate::engine::options::Options;
use crate::resp::request::{ProtocolError, Requests};
use alloc::vec::Vec;

/// Writes a recording into memory, from which the caller takes it.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    last: Now,
    elapsed_ns: u64,
}

impl Writer {
    /// Begins with an engine that is about to be made.
    pub fn new(options: &Options, now: Now) -> Writer {
        Writer::begin(options, now, Beginning::Made)
    }

    /// Begins with an engine of which an image will follow. So many inputs came
    /// before.
    pub fn with_image(options: &Options, now: Now, inputs: u64) -> Writer {
        Writer::begin(options, now, Beginning::Image { inputs })
    }

    fn begin(options: &Options, now: Now, beginning: Beginning) -> Writer {
        let mut writer = Writer { out: Vec::new(), last: now, elapsed_ns: 0 };
        writer.out.extend_from_slice(MAGIC);
        writer.out.extend_from_slice(&VERSION.to_le_bytes());
        match beginning {
            Beginning::Made => writer.out.push(0),
            Beginning::Image { inputs } => {
                writer.out.push(1);
                writer.number(inputs);
            }
        }
        writer.fixed(options.seed);
        writer.fixed(now.monotonic.0);
        writer.fixed(now.unix.0 as u64);
        writer.text(options.personality.server.as_bytes());
        writer.text(options.host.system.as_bytes());
        writer.number(options.host.process_id.into());
        writer.text(options.host.multiplexing.as_bytes());
        writer.text(options.host.allocator.as_bytes());
        writer.text(&rewrite(b"", &options.config, RunningState::default()));
        writer.flag(options.config_file.is_some());
        writer.text(options.config_file.as_deref().unwrap_or_default().as_bytes());
        writer.text(options.executable.as_bytes());
        writer.number(options.renamed_commands.len() as u64);
        for (from, to) in &options.renamed_commands {
            writer.text(from);
            writer.text(to);
        }
        writer
    }

    /// Bytes that wait to be taken.
    pub fn buffered(&self) -> usize {
        self.out.len()
    }

    /// Takes what was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        self.exchange(Vec::new())
    }

    /// Takes what was written since the last time; what follows is written behind
    /// what `next` holds.
    pub fn exchange(&mut self, next: Vec<u8>) -> Vec<u8> {
        core::mem::replace(&mut self.out, next)
    }

    /// An input that is about to be handled.
    pub fn input(&mut self, now: Now, input: &Input<'_>) {
        self.out.push(tag(input) as u8);
        self.signed(now.monotonic.0.wrapping_sub(self.last.monotonic.0) as i64);
        self.signed(now.unix.0.wrapping_sub(self.last.unix.0));
        self.last = now;
        match input {
            Input::Connected { client, connection } => {
                self.number(client.0);
                self.connection(connection);
            }
            Input::Requests { client, requests, report } => {
                self.number(client.0);
                self.requests(requests);
                self.report(*report);
            }
            Input::Drained { client, report } => {
                self.number(client.0);
                self.report(*report);
            }
            Input::Closed { client } => self.number(client.0),
            Input::Disk { token, result } => {
                self.number(token.0);
                self.disk(result);
            }
            Input::Link { link, event } => {
                self.number(link.0);
                self.link(event);
            }
            Input::Deadline | Input::Start => {}
            Input::Signal(Signal::Terminate) => self.out.push(0),
            Input::Signal(Signal::Interrupt) => self.out.push(1),
        }
    }

    /// What the fine clock answered, each time that it was asked.
    pub fn elapsed(&mut self, answers: impl IntoIterator<Item = u64, IntoIter: ExactSizeIterator>) {
        let answers = answers.into_iter();
        if answers.len() == 0 {
            return;
        }
        self.out.push(Tag::Elapsed as u8);
        self.number(answers.len() as u64);
        for nanoseconds in answers {
            let number = zigzag(nanoseconds.wrapping_sub(self.elapsed_ns) as i64);
            self.elapsed_ns = nanoseconds;
            // Mostly: less than eight microseconds.
            if (0x80..0x4000).contains(&number) {
                self.out.extend_from_slice(&[number as u8 | 0x80, (number >> 7) as u8]);
            } else {
                self.number(number);
            }
        }
    }

    /// What a question was answered with.
    pub fn answer(&mut self, answer: &Answer) {
        self.out.push(Tag::Answer as u8);
        match answer {
            Answer::Done => self.out.push(0),
            Answer::Process(figures) => {
                self.out.push(1);
                self.figures(figures);
            }
            Answer::Contents(bytes) => {
                self.out.push(2);
                self.text(bytes);
            }
            Answer::Path(path) => {
                self.out.push(3);
                self.text(path.as_bytes());
            }
            Answer::Failed(error) => {
                self.out.push(4);
                self.error(error);
            }
        }
    }

    /// What the input that was just handled must have come to in a replay: the
    /// hash of all effects so far, of which half is kept.
    #[inline]
    pub fn came(&mut self, effects: u64) {
        self.out.push(Tag::Came as u8);
        self.out.extend_from_slice(&(effects as u32).to_le_bytes());
    }

    /// What a replay must have come to here.
    pub fn checkpoint(&mut self, effects: u64, state: u64) {
        self.out.push(Tag::Checkpoint as u8);
        self.fixed(effects);
        self.fixed(state);
    }

    /// A piece of the image with which the segment begins.
    pub fn image(&mut self, piece: &[u8]) {
        self.out.push(Tag::Image as u8);
        self.text(piece);
    }

    /// The image is whole: so many bytes.
    pub fn image_end(&mut self, length: u64) {
        self.out.push(Tag::ImageEnd as u8);
        self.number(length);
    }

    fn connection(&mut self, connection: &Connection) {
        self.text(connection.peer.as_bytes());
        self.text(connection.local.as_bytes());
        self.flag(connection.unix_socket);
        self.flag(connection.loopback);
        self.signed(connection.descriptor);
    }

    fn requests(&mut self, requests: &Requests<'_>) {
        self.number(requests.len() as u64);
        self.text(requests.wire());
        let (code, byte) = match requests.error() {
            None => (0, 0),
            Some(ProtocolError::InlineTooBig) => (1, 0),
            Some(ProtocolError::UnbalancedQuotes) => (2, 0),
            Some(ProtocolError::CountTooBig) => (3, 0),
            Some(ProtocolError::Count) => (4, 0),
            Some(ProtocolError::UnauthenticatedCount) => (5, 0),
            Some(ProtocolError::BulkCountTooBig) => (6, 0),
            Some(ProtocolError::ExpectedBulk(byte)) => (7, byte),
            Some(ProtocolError::BulkLength) => (8, 0),
            Some(ProtocolError::UnauthenticatedBulk) => (9, 0),
        };
        self.out.extend_from_slice(&[code, byte]);
    }

    fn report(&mut self, report: BufferReport) {
        self.number(report.received);
        self.number(report.written);
        self.number(report.query_buffer);
    }

    fn disk(&mut self, result: &Result<DiskDone<'_>, DiskError>) {
        match result {
            Ok(DiskDone::Done) => self.out.push(0),
            Ok(DiskDone::Opened { size }) => {
                self.out.push(1);
                self.number(*size);
            }
            Ok(DiskDone::Data(bytes)) => {
                self.out.push(2);
                self.text(bytes);
            }
            Err(error) => {
                self.out.push(3);
                self.error(error);
            }
        }
    }

    fn link(&mut self, event: &LinkEvent<'_>) {
        match event {
            LinkEvent::Connected { connection } => {
                self.out.push(0);
                self.connection(connection);
            }
            LinkEvent::Received(bytes) => {
                self.out.push(1);
                self.text(bytes);
            }
            LinkEvent::Written(count) => {
                self.out.push(2);
                self.number(*count);
            }
            LinkEvent::Closed(None) => self.out.push(3),
            LinkEvent::Closed(Some(reason)) => {
                self.out.push(4);
                self.text(reason.as_bytes());
            }
        }
    }

    fn error(&mut self, error: &DiskError) {
        self.out.push(match error.kind {
            DiskErrorKind::NotFound => 0,
            DiskErrorKind::Full => 1,
            DiskErrorKind::Other => 2,
        });
        self.text(error.message.as_bytes());
    }

    fn figures(&mut self, figures: &ProcessFigures) {
        let ProcessFigures {
            resident,
            system_memory,
            allocator_allocated,
            allocator_active,
            allocator_resident,
            allocator_muzzy,
            cpu_user,
            cpu_system,
            cpu_user_thread,
            cpu_system_thread,
            process_id,
        } = *figures;
        for number in [
            resident,
            system_memory,
            allocator_allocated,
            allocator_active,
            allocator_resident,
            allocator_muzzy,
            cpu_user,
            cpu_system,
            cpu_user_thread,
            cpu_system_thread,
            process_id.into(),
        ] {
            self.number(number);
        }
    }

    fn fixed(&mut self, number: u64) {
        self.out.extend_from_slice(&number.to_le_bytes());
    }

    #[inline]
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.out.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }

    #[inline]
    fn signed(&mut self, number: i64) {
        self.number(zigzag(number));
    }

    fn flag(&mut self, flag: bool) {
        self.out.push(u8::from(flag));
    }

    fn text(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }
}

/// A number whose sign is its last bit.
fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

fn tag(input: &Input<'_>) -> Tag {
    match input {
        Input::Connected { .. } => Tag::Connected,
        Input::Requests { .. } => Tag::Requests,
        Input::Drained { .. } => Tag::Drained,
        Input::Closed { .. } => Tag::Closed,
        Input::Disk { .. } => Tag::Disk,
        Input::Link { .. } => Tag::Link,
        Input::Deadline => Tag::Deadline,
        Input::Signal(_) => Tag::Signal,
        Input::Start => Tag::Start,
    }
}
