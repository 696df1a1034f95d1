//! The state machine of a file: takes one step of it off a cursor, and says what it found as spans of the input.
//!
//! A step that fails changed nothing that matters: the same step can be taken again once more input is there. That is
//! why whatever may repeat without bound (a module's values, slot ranges) is a step of its own and not part of an item.

use alloc::vec::Vec;

use crate::base::number;

use crate::data::limits::Rules;

use super::building::{self, Building};
use super::cursor::{Cursor, EncodedString, Span, Stop};
use super::encode::INTEGER_TEXT_SIZE;
use super::error::LoadError;
use super::read::{BUFFER_KEEP_MAX, Stage};
use super::value::Eviction;
use super::version::{FIRST_CHECKSUM_VERSION, HEADER_SIZE, VALKEY_VERSION, parse_header};
use super::{object_type, opcode};

/// A text, wherever it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    /// In the input.
    Input(Span),
    /// Decoded, in [`Decoder::first`].
    First,
    /// Decoded, in [`Decoder::second`].
    Second,
}

/// The value of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) enum ParsedValue {
    /// A string.
    String(Text),
    /// The decimal text of an integer.
    Integer(i64),
}

/// What one step found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parsed {
    Header {
        version: i32,
    },
    Aux {
        key: Text,
        value: Text,
    },
    SelectDb {
        database: u64,
    },
    ResizeDb {
        keys: u64,
        expires: u64,
    },
    SlotInfo {
        slot: u64,
        keys: u64,
        expires: u64,
    },
    SlotImport {
        job: Text,
        ranges: u64,
    },
    SlotRange {
        start: u64,
        end: u64,
    },
    Entry {
        key: Text,
        value: ParsedValue,
        attributes: Attributes,
    },
    /// A part of a collection.
    Part,
    /// The last of a collection, which [`Decoder::take_built`] gives.
    Collection {
        key: Text,
        attributes: Attributes,
    },
    Function {
        source: Text,
    },
    ModuleAux {
        identity: u64,
        when: u64,
    },
    /// The end of a file that is too old for a checksum.
    EndWithoutChecksum,
    /// The end, and the checksum that stands there.
    Trailer {
        checksum: u64,
    },
}

/// What opcodes say about the key that follows them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attributes {
    pub(super) expire_at_ms: Option<i64>,
    pub(super) eviction: Option<Eviction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    Opcodes,
    Elements,
    ModuleValue,
    SlotRanges { left: u64 },
    Trailer,
    End,
}

/// Where in a file the reading is.
pub(super) struct Decoder {
    state: State,
    version: i32,
    attributes: Attributes,
    rules: Rules,
    /// The collection whose elements are being read.
    building: Option<Building>,
    /// What is being read, for messages.
    pub(super) stage: Stage,
    /// The type of the entry being read.
    pub(super) value_type: Option<u8>,
    /// The key of the entry whose value is being read.
    pub(super) key: Option<Text>,
    /// A decoded key.
    pub(super) first: Vec<u8>,
    /// A decoded value.
    pub(super) second: Vec<u8>,
}

impl Decoder {
    pub(super) fn new(rules: Rules) -> Self {
        Decoder {
            state: State::Header,
            version: 0,
            attributes: Attributes::default(),
            rules,
            building: None,
            stage: Stage::Start,
            value_type: None,
            key: None,
            first: Vec::new(),
            second: Vec::new(),
        }
    }

    pub(super) fn version(&self) -> i32 {
        self.version
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.state == State::End
    }

    /// Whether the next bytes are the checksum, which is not part of what it is made of.
    pub(super) fn is_at_trailer(&self) -> bool {
        self.state == State::Trailer
    }

    /// Notes that `size` bytes left the start of the input.
    pub(super) fn forget(&mut self, size: usize) {
        match &mut self.key {
            Some(Text::Input(span)) => {
                span.start -= size;
                span.end -= size;
            }
            Some(_) => {}
            None => {
                release(&mut self.first);
                release(&mut self.second);
            }
        }
    }

    /// Takes one step; `None` if it found nothing that makes an item.
    #[inline]
    pub(super) fn step(&mut self, cursor: &mut Cursor<'_>) -> Result<Option<Parsed>, Stop> {
        match self.state {
            State::Opcodes => self.step_opcode(cursor),
            State::Header => self.step_header(cursor).map(Some),
            State::Elements => self.step_elements(cursor).map(Some),
            State::ModuleValue => self.step_module_value(cursor).map(|()| None),
            State::SlotRanges { left: 0 } => {
                self.state = State::Opcodes;
                Ok(None)
            }
            State::SlotRanges { left } => {
                let range = Parsed::SlotRange { start: cursor.length()?, end: cursor.length()? };
                self.state = State::SlotRanges { left: left - 1 };
                Ok(Some(range))
            }
            State::Trailer => {
                let checksum = u64::from_le_bytes(cursor.array()?);
                self.state = State::End;
                Ok(Some(Parsed::Trailer { checksum }))
            }
            State::End => Ok(Some(Parsed::EndWithoutChecksum)),
        }
    }

    fn step_header(&mut self, cursor: &mut Cursor<'_>) -> Result<Parsed, Stop> {
        let header = cursor.array::<HEADER_SIZE>()?;
        self.version = parse_header(&header).map_err(|error| cursor.corrupt(error))?;
        self.state = State::Opcodes;
        Ok(Parsed::Header { version: self.version })
    }

    #[inline]
    fn step_opcode(&mut self, cursor: &mut Cursor<'_>) -> Result<Option<Parsed>, Stop> {
        self.stage = Stage::ReadType;
        match cursor.byte()? {
            object_type::STRING => self.entry(cursor).map(Some),
            byte @ (opcode::EXPIRE_MILLISECONDS | opcode::EXPIRE_SECONDS | opcode::IDLE | opcode::FREQUENCY) => {
                self.attribute(byte, cursor).map(|()| None)
            }
            opcode::END => Ok(self.end()),
            opcode::SELECT_DB => {
                self.stage = Stage::ReadLength;
                Ok(Some(Parsed::SelectDb { database: cursor.length()? }))
            }
            opcode::RESIZE_DB => {
                self.stage = Stage::ReadLength;
                Ok(Some(Parsed::ResizeDb { keys: cursor.length()?, expires: cursor.length()? }))
            }
            opcode::AUX => {
                self.stage = Stage::ReadAux;
                let key = self.first_text(cursor)?;
                Ok(Some(Parsed::Aux { key, value: self.second_text(cursor)? }))
            }
            opcode::FUNCTION => {
                self.stage = Stage::ReadFunctions;
                Ok(Some(Parsed::Function { source: self.first_text(cursor)? }))
            }
            opcode::FUNCTION_PRE_RELEASE => Err(cursor.corrupt(LoadError::PreReleaseFunction)),
            opcode::MODULE_AUX => self.module_aux(cursor).map(Some),
            byte @ (opcode::SLOT_INFO | opcode::SLOT_IMPORT) if self.version >= VALKEY_VERSION => {
                self.slot(byte, cursor).map(Some)
            }
            byte if building::is_read(byte) && object_type::lookup(byte, self.version).is_some() => {
                self.collection(byte, cursor).map(Some)
            }
            byte => Err(self.other_type(byte, cursor)),
        }
    }

    #[inline]
    fn entry(&mut self, cursor: &mut Cursor<'_>) -> Result<Parsed, Stop> {
        let key = self.key_of(object_type::STRING, cursor)?;
        let value = match cursor.string()? {
            EncodedString::Plain(span) => ParsedValue::String(Text::Input(span)),
            EncodedString::Integer(value) => ParsedValue::Integer(value),
            EncodedString::Compressed { data, size } => {
                self.second = cursor.expand(data, size)?;
                ParsedValue::String(Text::Second)
            }
        };
        self.value_type = None;
        self.key = None;
        Ok(Parsed::Entry { key, value, attributes: core::mem::take(&mut self.attributes) })
    }

    fn collection(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Result<Parsed, Stop> {
        let key = self.key_of(byte, cursor)?;
        let building = Building::begin(byte, cursor, &self.rules)?;
        let complete = building.is_complete();
        self.building = Some(building);
        if complete {
            return Ok(self.complete(key));
        }
        // What the key is read from is dropped before the last element comes.
        if let Text::Input(span) = key {
            self.first.clear();
            self.first.extend_from_slice(cursor.bytes(span));
            self.key = Some(Text::First);
        }
        self.state = State::Elements;
        Ok(Parsed::Part)
    }

    fn step_elements(&mut self, cursor: &mut Cursor<'_>) -> Result<Parsed, Stop> {
        let Some(building) = &mut self.building else { return Ok(Parsed::Part) };
        building.step(cursor)?;
        if !building.is_complete() {
            return Ok(Parsed::Part);
        }
        self.state = State::Opcodes;
        Ok(self.complete(Text::First))
    }

    fn complete(&mut self, key: Text) -> Parsed {
        self.value_type = None;
        self.key = None;
        Parsed::Collection { key, attributes: core::mem::take(&mut self.attributes) }
    }

    /// The collection of the last [`Parsed::Collection`].
    pub(super) fn take_built(&mut self) -> Option<Building> {
        self.building.take()
    }

    /// Reads the key that follows the type `byte`, and goes on to the value.
    #[inline]
    fn key_of(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Result<Text, Stop> {
        self.value_type = Some(byte);
        self.stage = Stage::ReadKey;
        let key = self.first_text(cursor)?;
        self.stage = Stage::ReadObjectValue;
        self.key = Some(key);
        Ok(key)
    }

    /// Why an entry of a type other than string cannot be read.
    #[cold]
    fn other_type(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Stop {
        if object_type::lookup(byte, self.version).is_none() {
            return cursor.corrupt(LoadError::UnknownType(byte));
        }
        match self.key_of(byte, cursor) {
            Ok(_) => cursor.corrupt(LoadError::UnsupportedType(byte)),
            Err(stop) => stop,
        }
    }

    fn attribute(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        match byte {
            opcode::IDLE => {
                let idle_seconds = cursor.length()?;
                self.attributes.eviction = Some(Eviction::Lru { idle_seconds });
            }
            opcode::FREQUENCY => {
                let frequency = cursor.byte()?;
                self.attributes.eviction = Some(Eviction::Lfu { frequency });
            }
            _ => {
                self.stage = Stage::ReadExpire;
                let expire_at_ms = if byte == opcode::EXPIRE_SECONDS {
                    i64::from(i32::from_le_bytes(cursor.array()?)) * 1000
                } else {
                    i64::from_le_bytes(cursor.array()?)
                };
                // The references' own sign for "no expiry".
                self.attributes.expire_at_ms = Some(expire_at_ms).filter(|&time| time != -1);
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Option<Parsed> {
        if self.version < FIRST_CHECKSUM_VERSION {
            self.state = State::End;
            return Some(Parsed::EndWithoutChecksum);
        }
        self.state = State::Trailer;
        self.stage = Stage::CheckSum;
        None
    }

    fn module_aux(&mut self, cursor: &mut Cursor<'_>) -> Result<Parsed, Stop> {
        self.stage = Stage::ReadModuleAux;
        let identity = cursor.length()?;
        let when_marker = cursor.length()?;
        let when = cursor.length()?;
        if when_marker != opcode::MODULE_UNSIGNED {
            return Err(cursor.corrupt(LoadError::BadModuleWhen));
        }
        self.state = State::ModuleValue;
        Ok(Parsed::ModuleAux { identity, when })
    }

    /// Skips one part of a module's value. As the references do, a marker without meaning is skipped.
    fn step_module_value(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        match cursor.length()? {
            opcode::MODULE_END => self.state = State::Opcodes,
            opcode::MODULE_SIGNED | opcode::MODULE_UNSIGNED => drop(cursor.integer()?),
            opcode::MODULE_FLOAT => drop(cursor.span(4)?),
            opcode::MODULE_DOUBLE => drop(cursor.span(8)?),
            opcode::MODULE_STRING => drop(cursor.string()?),
            _ => {}
        }
        Ok(())
    }

    fn slot(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Result<Parsed, Stop> {
        if byte == opcode::SLOT_INFO {
            let slot = cursor.length()?;
            return Ok(Parsed::SlotInfo { slot, keys: cursor.length()?, expires: cursor.length()? });
        }
        let job = self.first_text(cursor)?;
        let ranges = cursor.length()?;
        self.state = State::SlotRanges { left: ranges };
        Ok(Parsed::SlotImport { job, ranges })
    }

    #[inline]
    fn first_text(&mut self, cursor: &mut Cursor<'_>) -> Result<Text, Stop> {
        Ok(match cursor.string()? {
            EncodedString::Plain(span) => Text::Input(span),
            encoded => {
                decode_text(encoded, cursor, &mut self.first)?;
                Text::First
            }
        })
    }

    fn second_text(&mut self, cursor: &mut Cursor<'_>) -> Result<Text, Stop> {
        Ok(match cursor.string()? {
            EncodedString::Plain(span) => Text::Input(span),
            encoded => {
                decode_text(encoded, cursor, &mut self.second)?;
                Text::Second
            }
        })
    }
}

/// Gives back what a long text left.
fn release(buffer: &mut Vec<u8>) {
    if buffer.capacity() > BUFFER_KEEP_MAX {
        *buffer = Vec::new();
    }
}

fn decode_text(encoded: EncodedString, cursor: &Cursor<'_>, text: &mut Vec<u8>) -> Result<(), Stop> {
    match encoded {
        EncodedString::Plain(span) => {
            text.clear();
            text.extend_from_slice(cursor.bytes(span));
        }
        EncodedString::Integer(value) => {
            text.clear();
            text.extend_from_slice(number::format_i64(value, &mut [0; INTEGER_TEXT_SIZE]));
        }
        EncodedString::Compressed { data, size } => *text = cursor.expand(data, size)?,
    }
    Ok(())
}
