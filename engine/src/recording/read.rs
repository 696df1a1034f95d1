//! Reading a recording. Whatever the bytes are, nothing here panics or
//! allocates more than there are bytes.

use super::{MAGIC, Tag, VERSION};
use crate::boundary::ask::{Answer, ProcessFigures};
use crate::boundary::id::{ClientId, DiskToken, LinkId};
use crate::boundary::input::{BufferReport, Connection, DiskDone, DiskError, DiskErrorKind, Input, LinkEvent, Signal};
use crate::boundary::time::{Monotonic, Now, Unix};
use crate::config::Config;
use crate::engine::options::Options;
use crate::resp::request::{Limits, Parser, ProtocolError, RequestBuffer};
use crate::server::HostFacts;
use crate::server::personality::Personality;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// With what a segment begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Beginning {
    /// An engine that is made anew.
    Made,
    /// An engine as the segment's image tells of it.
    Image {
        /// Inputs that came before.
        inputs: u64,
    },
}

/// Reads the records that follow a segment's header.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    beginning: Beginning,
    last: Now,
    elapsed_ns: u64,
    /// Answers of the fine clock that come next.
    elapsed_left: u64,
}

/// One record.
#[derive(Debug)]
pub enum Record {
    /// An input.
    Input(Now, RecordedInput),
    /// What the fine clock answered, nanoseconds.
    Elapsed(u64),
    /// What a question was answered with.
    Answer(Answer),
    /// The lower half of the hash of all effects up to those of the last input.
    Came(u32),
    /// What a replay must have come to.
    Checkpoint {
        /// Hash of all effects so far.
        effects: u64,
        /// Hash of the state.
        state: u64,
    },
    /// A piece of the image.
    Image(Vec<u8>),
    /// The length of all pieces of the image.
    ImageEnd(u64),
}

/// An input that owns what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is the input of its name")]
pub enum RecordedInput {
    Connected { client: ClientId, connection: Connection },
    Requests { client: ClientId, wire: Vec<u8>, count: usize, error: Option<ProtocolError>, report: BufferReport },
    Drained { client: ClientId, report: BufferReport },
    Closed { client: ClientId },
    DiskDone { token: DiskToken },
    DiskOpened { token: DiskToken, size: u64 },
    DiskData { token: DiskToken, bytes: Vec<u8> },
    DiskFailed { token: DiskToken, error: DiskError },
    LinkConnected { link: LinkId, connection: Connection },
    LinkReceived { link: LinkId, bytes: Vec<u8> },
    LinkWritten { link: LinkId, count: u64 },
    LinkClosed { link: LinkId, reason: Option<String> },
    Deadline,
    Signal(Signal),
    Start,
}

/// Why bytes are no recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordingError {
    /// They do not begin as one.
    Magic,
    /// A version that is not known.
    Version(u16),
    /// The configuration is refused, or a name is not known.
    Header,
    /// They end within a record.
    End,
    /// A record that can't be.
    Record,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordingError::Magic => f.write_str("this is no recording"),
            RecordingError::Version(version) => write!(f, "version {version} of the format is not known"),
            RecordingError::Header => f.write_str("the header says what no engine can be made of"),
            RecordingError::End => f.write_str("the recording ends within a record"),
            RecordingError::Record => f.write_str("the recording is damaged"),
        }
    }
}

impl core::error::Error for RecordingError {}

impl RecordedInput {
    /// Hands the input on in the form that an engine takes.
    pub fn with<T>(&self, take: impl FnOnce(Input<'_>) -> T) -> T {
        match *self {
            RecordedInput::Connected { client, ref connection } => {
                take(Input::Connected { client, connection: connection.clone() })
            }
            RecordedInput::Requests { client, ref wire, count, error, report } => {
                let mut buffer = RequestBuffer::default();
                let limits = Limits { bulk_max: i64::MAX, authenticated: true };
                Parser::default().parse(wire, limits, count, &mut buffer);
                buffer.set_error(error);
                take(Input::Requests { client, requests: &buffer.requests(wire, 0), report })
            }
            RecordedInput::Drained { client, report } => take(Input::Drained { client, report }),
            RecordedInput::Closed { client } => take(Input::Closed { client }),
            RecordedInput::DiskDone { token } => take(Input::Disk { token, result: Ok(DiskDone::Done) }),
            RecordedInput::DiskOpened { token, size } => {
                take(Input::Disk { token, result: Ok(DiskDone::Opened { size }) })
            }
            RecordedInput::DiskData { token, ref bytes } => {
                take(Input::Disk { token, result: Ok(DiskDone::Data(bytes)) })
            }
            RecordedInput::DiskFailed { token, ref error } => take(Input::Disk { token, result: Err(error.clone()) }),
            RecordedInput::LinkConnected { link, ref connection } => {
                take(Input::Link { link, event: LinkEvent::Connected { connection: connection.clone() } })
            }
            RecordedInput::LinkReceived { link, ref bytes } => {
                take(Input::Link { link, event: LinkEvent::Received(bytes) })
            }
            RecordedInput::LinkWritten { link, count } => take(Input::Link { link, event: LinkEvent::Written(count) }),
            RecordedInput::LinkClosed { link, ref reason } => {
                take(Input::Link { link, event: LinkEvent::Closed(reason.as_deref()) })
            }
            RecordedInput::Deadline => take(Input::Deadline),
            RecordedInput::Signal(signal) => take(Input::Signal(signal)),
            RecordedInput::Start => take(Input::Start),
        }
    }
}

/// The image with which a segment begins, if all of it is there. What follows it
/// may be cut off.
pub fn image_of(segment: &[u8]) -> Option<Vec<u8>> {
    let (mut reader, ..) = Reader::new(segment).ok()?;
    let mut image = Vec::new();
    loop {
        match reader.next_record().ok()?? {
            Record::Image(piece) => image.extend_from_slice(&piece),
            Record::ImageEnd(length) => return (length == image.len() as u64).then_some(image),
            _ => {}
        }
    }
}

impl<'a> Reader<'a> {
    /// Reads the header: what to make an engine from, and when it was made.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(bytes: &'a [u8]) -> Result<(Reader<'a>, Options, Now), RecordingError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(RecordingError::Magic)?;
        let mut reader =
            Reader { rest, beginning: Beginning::Made, last: Now::default(), elapsed_ns: 0, elapsed_left: 0 };
        let version = u16::from_le_bytes([reader.byte()?, reader.byte()?]);
        if version != VERSION {
            return Err(RecordingError::Version(version));
        }
        if reader.flag()? {
            reader.beginning = Beginning::Image { inputs: reader.number()? };
        }
        let seed = reader.fixed()?;
        let now = Now { monotonic: Monotonic(reader.fixed()?), unix: Unix(reader.fixed()? as i64) };
        reader.last = now;
        let name = reader.string()?;
        let known = [Personality::REDIS, Personality::VALKEY].into_iter().find(|known| known.server == name);
        let personality = known.ok_or(RecordingError::Header)?;
        let host = HostFacts {
            system: reader.string()?,
            process_id: reader.number()? as u32,
            multiplexing: reader.string()?,
            allocator: reader.string()?,
        };
        // The text leaves out what is at its default, which goes by the name.
        let mut config = Config::at_defaults(personality.is_valkey());
        let text = reader.text()?;
        config.load(&text, &mut |_| Err(String::new())).map_err(|_| RecordingError::Header)?;
        let has_file = reader.flag()?;
        let config_file = Some(reader.string()?).filter(|_| has_file);
        let executable = reader.string()?;
        let mut renamed_commands = Vec::new();
        for _ in 0..reader.number()? {
            renamed_commands.push((reader.text()?, reader.text()?));
        }
        Ok((reader, Options { seed, config, config_file, executable, personality, host, renamed_commands }, now))
    }

    /// With what the segment begins.
    pub fn beginning(&self) -> Beginning {
        self.beginning
    }

    /// The segment that follows this one, once all of this one was read.
    pub fn next_segment(&self) -> Option<&'a [u8]> {
        self.rest.starts_with(MAGIC).then_some(self.rest)
    }

    /// The next record; `None` at the end of the segment.
    ///
    /// # Errors
    /// What is wrong with the recording.
    pub fn next_record(&mut self) -> Result<Option<Record>, RecordingError> {
        if let Some(left) = self.elapsed_left.checked_sub(1) {
            self.elapsed_left = left;
            self.elapsed_ns = self.elapsed_ns.wrapping_add(self.signed()? as u64);
            return Ok(Some(Record::Elapsed(self.elapsed_ns)));
        }
        let Some(&byte) = self.rest.first().filter(|_| !self.rest.starts_with(MAGIC)) else { return Ok(None) };
        self.rest = &self.rest[1..];
        let tag = Tag::ALL.into_iter().find(|&tag| tag as u8 == byte).ok_or(RecordingError::Record)?;
        Ok(Some(match tag {
            Tag::Elapsed => {
                self.elapsed_left = self.number()?;
                if self.elapsed_left == 0 {
                    return Err(RecordingError::Record);
                }
                return self.next_record();
            }
            Tag::Answer => Record::Answer(self.answer()?),
            Tag::Came => {
                let bytes = [self.byte()?, self.byte()?, self.byte()?, self.byte()?];
                Record::Came(u32::from_le_bytes(bytes))
            }
            Tag::Checkpoint => Record::Checkpoint { effects: self.fixed()?, state: self.fixed()? },
            Tag::Image => Record::Image(self.text()?),
            Tag::ImageEnd => Record::ImageEnd(self.number()?),
            _ => {
                let monotonic = self.last.monotonic.0.wrapping_add(self.signed()? as u64);
                let unix = self.last.unix.0.wrapping_add(self.signed()?);
                self.last = Now { monotonic: Monotonic(monotonic), unix: Unix(unix) };
                Record::Input(self.last, self.input(tag)?)
            }
        }))
    }

    fn input(&mut self, tag: Tag) -> Result<RecordedInput, RecordingError> {
        Ok(match tag {
            Tag::Connected => {
                let client = self.client()?;
                RecordedInput::Connected { client, connection: self.connection()? }
            }
            Tag::Requests => {
                let client = self.client()?;
                let count = self.number()? as usize;
                let wire = self.text()?;
                let error = self.protocol_error()?;
                RecordedInput::Requests { client, wire, count, error, report: self.report()? }
            }
            Tag::Drained => RecordedInput::Drained { client: self.client()?, report: self.report()? },
            Tag::Closed => RecordedInput::Closed { client: self.client()? },
            Tag::Disk => self.disk()?,
            Tag::Link => self.link()?,
            Tag::Signal => RecordedInput::Signal(match self.byte()? {
                0 => Signal::Terminate,
                1 => Signal::Interrupt,
                _ => return Err(RecordingError::Record),
            }),
            Tag::Start => RecordedInput::Start,
            _ => RecordedInput::Deadline,
        })
    }

    fn disk(&mut self) -> Result<RecordedInput, RecordingError> {
        let token = DiskToken(self.number()?);
        Ok(match self.byte()? {
            0 => RecordedInput::DiskDone { token },
            1 => RecordedInput::DiskOpened { token, size: self.number()? },
            2 => RecordedInput::DiskData { token, bytes: self.text()? },
            3 => RecordedInput::DiskFailed { token, error: self.error()? },
            _ => return Err(RecordingError::Record),
        })
    }

    fn link(&mut self) -> Result<RecordedInput, RecordingError> {
        let link = LinkId(self.number()?);
        Ok(match self.byte()? {
            0 => RecordedInput::LinkConnected { link, connection: self.connection()? },
            1 => RecordedInput::LinkReceived { link, bytes: self.text()? },
            2 => RecordedInput::LinkWritten { link, count: self.number()? },
            3 => RecordedInput::LinkClosed { link, reason: None },
            4 => RecordedInput::LinkClosed { link, reason: Some(self.string()?) },
            _ => return Err(RecordingError::Record),
        })
    }

    fn connection(&mut self) -> Result<Connection, RecordingError> {
        Ok(Connection {
            peer: self.string()?,
            local: self.string()?,
            unix_socket: self.flag()?,
            loopback: self.flag()?,
            descriptor: self.signed()?,
        })
    }

    fn protocol_error(&mut self) -> Result<Option<ProtocolError>, RecordingError> {
        let (code, byte) = (self.byte()?, self.byte()?);
        Ok(Some(match code {
            0 => return Ok(None),
            1 => ProtocolError::InlineTooBig,
            2 => ProtocolError::UnbalancedQuotes,
            3 => ProtocolError::CountTooBig,
            4 => ProtocolError::Count,
            5 => ProtocolError::UnauthenticatedCount,
            6 => ProtocolError::BulkCountTooBig,
            7 => ProtocolError::ExpectedBulk(byte),
            8 => ProtocolError::BulkLength,
            9 => ProtocolError::UnauthenticatedBulk,
            _ => return Err(RecordingError::Record),
        }))
    }

    fn report(&mut self) -> Result<BufferReport, RecordingError> {
        Ok(BufferReport { received: self.number()?, written: self.number()?, query_buffer: self.number()? })
    }

    fn answer(&mut self) -> Result<Answer, RecordingError> {
        Ok(match self.byte()? {
            0 => Answer::Done,
            1 => Answer::Process(self.figures()?),
            2 => Answer::Contents(self.text()?),
            3 => Answer::Path(self.string()?),
            4 => Answer::Failed(self.error()?),
            _ => return Err(RecordingError::Record),
        })
    }

    fn error(&mut self) -> Result<DiskError, RecordingError> {
        let kind = match self.byte()? {
            0 => DiskErrorKind::NotFound,
            1 => DiskErrorKind::Full,
            2 => DiskErrorKind::Other,
            _ => return Err(RecordingError::Record),
        };
        Ok(DiskError { kind, message: self.string()? })
    }

    fn figures(&mut self) -> Result<ProcessFigures, RecordingError> {
        Ok(ProcessFigures {
            resident: self.number()?,
            system_memory: self.number()?,
            allocator_allocated: self.number()?,
            allocator_active: self.number()?,
            allocator_resident: self.number()?,
            allocator_muzzy: self.number()?,
            cpu_user: self.number()?,
            cpu_system: self.number()?,
            cpu_user_thread: self.number()?,
            cpu_system_thread: self.number()?,
            process_id: self.number()? as u32,
        })
    }

    fn client(&mut self) -> Result<ClientId, RecordingError> {
        self.number().map(ClientId)
    }

    fn byte(&mut self) -> Result<u8, RecordingError> {
        let (&first, rest) = self.rest.split_first().ok_or(RecordingError::End)?;
        self.rest = rest;
        Ok(first)
    }

    fn flag(&mut self) -> Result<bool, RecordingError> {
        self.byte().map(|byte| byte != 0)
    }

    fn fixed(&mut self) -> Result<u64, RecordingError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(RecordingError::End)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    fn number(&mut self) -> Result<u64, RecordingError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(RecordingError::Record)
    }

    fn signed(&mut self) -> Result<i64, RecordingError> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn text(&mut self) -> Result<Vec<u8>, RecordingError> {
        let length = usize::try_from(self.number()?).map_err(|_| RecordingError::End)?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or(RecordingError::End)?;
        self.rest = rest;
        Ok(text.to_vec())
    }

    fn string(&mut self) -> Result<String, RecordingError> {
        String::from_utf8(self.text()?).map_err(|_| RecordingError::Record)
    }
}
