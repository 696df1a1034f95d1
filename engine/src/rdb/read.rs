//! The reader of an RDB file that arrives in pieces of any size.
//!
//! Input is copied into one buffer, and items borrow from it, so that loading costs no allocation per key. An item
//! that is not complete yet is read again from its start once the bytes that stopped it are there: a reader never
//! looks at a long string twice, and holds no more than one item beyond what it was fed last.

use alloc::vec::Vec;

use crate::base::crc64::Crc64;
use crate::data::collection::Body;
use crate::data::limits::Rules;
use crate::data::shape::Type;

use super::building::Building;
use super::cursor::{Cursor, Stop};
use super::decode::{Attributes, Decoder, Parsed, ParsedValue, Text};
use super::error::LoadError;
use super::value::{Eviction, ValueRef};

/// Consumed bytes above which they are hashed: small enough for the first cache.
const HASH_BLOCK_SIZE: usize = 16 << 10;
/// A buffer that grew beyond this for one long item is given back after it.
pub(super) const BUFFER_KEEP_MAX: usize = 1 << 20;

/// What a file is made of, in the order of the file. Borrowed texts live until the next call on the reader.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// Magic and version, always first.
    Header {
        /// The version of the format.
        version: i32,
    },
    /// A named text about the file. Whoever does not know the name ignores it.
    Aux {
        /// Its name.
        key: &'a [u8],
        /// Its text.
        value: &'a [u8],
    },
    /// The entries that follow belong to this database, of which the server may have fewer.
    SelectDb(u64),
    /// How many keys to expect in the selected database. Untrusted: a hint, not a size to allocate.
    ResizeDb {
        /// Keys.
        keys: u64,
        /// Keys with an expiry.
        expires: u64,
    },
    /// How many keys to expect in a slot. Untrusted as well.
    SlotInfo {
        /// The slot.
        slot: u64,
        /// Keys.
        keys: u64,
        /// Keys with an expiry.
        expires: u64,
    },
    /// A slot migration in progress. Its ranges follow, each an item.
    SlotImport {
        /// The job's name.
        job: &'a [u8],
        /// How many [`Item::SlotRange`] follow. Untrusted.
        ranges: u64,
    },
    /// A range of slots that the last [`Item::SlotImport`] moves.
    SlotRange {
        /// The first slot.
        start: u64,
        /// The last slot.
        end: u64,
    },
    /// A key.
    Entry {
        /// The key.
        key: &'a [u8],
        /// Its value.
        value: ValueRef<'a>,
        /// Its expiry in unix milliseconds, possibly past.
        expire_at_ms: Option<i64>,
        /// What eviction knew about it.
        eviction: Option<Eviction>,
    },
    /// Part of a collection was read; the key with all of it comes later.
    Part,
    /// A key whose value is a collection.
    Collection {
        /// The key.
        key: &'a [u8],
        /// Its type.
        value_type: Type,
        /// Its value; `None` if it is an empty one, which no server keeps.
        body: Option<Body>,
        /// As of [`Item::Entry`].
        expire_at_ms: Option<i64>,
        /// As of [`Item::Entry`].
        eviction: Option<Eviction>,
    },
    /// The source text of a function library.
    Function(&'a [u8]),
    /// A module left data here, which is skipped. Servers without that module refuse the file.
    ModuleAux {
        /// Name and encoding version, see [`super::module_name`].
        identity: u64,
        /// Whether it was to be loaded before the keys (1) or after them (2).
        when: u64,
    },
    /// The end.
    End(Checksum),
}

/// What became of the checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// It is right.
    Verified,
    /// The file was saved without.
    Disabled,
    /// It was not looked at, as the caller wished.
    Skipped,
    /// The version has none.
    Absent,
}

/// What was being read, as redis-check-rdb names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The header.
    Start,
    /// An opcode or a type.
    ReadType,
    /// An expiry.
    ReadExpire,
    /// A key.
    ReadKey,
    /// A value.
    ReadObjectValue,
    /// The checksum.
    CheckSum,
    /// A database's number or sizes.
    ReadLength,
    /// A text about the file.
    ReadAux,
    /// A module's data.
    ReadModuleAux,
    /// A function library.
    ReadFunctions,
}

/// Reads a file that is fed to it.
pub struct Reader {
    decoder: Decoder,
    buffer: Vec<u8>,
    /// The size of the buffer below which there is no use in trying.
    needed: usize,
    /// The end, in the buffer, of the steps taken.
    position: usize,
    /// The end, in the buffer, of what went into the checksum.
    hashed: usize,
    /// Bytes that left the buffer.
    dropped: u64,
    /// Bytes read before the primitive that was incomplete or wrong.
    stopped_at: u64,
    checksum: Option<Crc64>,
    failure: Option<LoadError>,
}

impl Reader {
    /// A reader at the start of a file, which compares the checksum if `verify_checksum` (`rdbchecksum`). Collections
    /// are made by the rules.
    #[must_use]
    pub fn new(verify_checksum: bool, rules: Rules) -> Self {
        Reader {
            decoder: Decoder::new(rules),
            buffer: Vec::new(),
            needed: 0,
            position: 0,
            hashed: 0,
            dropped: 0,
            stopped_at: 0,
            checksum: verify_checksum.then(Crc64::new),
            failure: None,
        }
    }

    /// Appends input. To keep memory small, read all items before feeding more.
    pub fn feed(&mut self, input: &[u8]) {
        self.compact();
        self.buffer.extend_from_slice(input);
    }

    /// The next item; `None` if it needs more input, or after [`Item::End`].
    ///
    /// # Errors
    /// What is wrong with the file; from then on always the same.
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, LoadError> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        if self.is_finished() {
            return Ok(None);
        }
        if self.buffer.len() < self.needed {
            self.hash_incomplete();
            return Ok(None);
        }
        let Some(parsed) = self.take_steps()? else {
            return Ok(None);
        };
        self.present(parsed).map(Some)
    }

    /// Whether [`Item::End`] was reached.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.failure.is_none() && self.decoder.is_at_end()
    }

    /// To be asked when there is no more input.
    ///
    /// # Errors
    /// [`LoadError::UnexpectedEnd`] if the file is not finished, or what was wrong before.
    pub fn finish(&self) -> Result<(), LoadError> {
        match self.failure {
            Some(error) => Err(error),
            None if self.is_finished() => Ok(()),
            None => Err(LoadError::UnexpectedEnd),
        }
    }

    /// Input that no item was made of: after [`Item::End`], what follows the file, as in an append-only file.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.position..]
    }

    /// The version of the file, zero before [`Item::Header`].
    #[must_use]
    pub fn version(&self) -> i32 {
        self.decoder.version()
    }

    /// Bytes of the file up to the end of the last item.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.dropped + self.position as u64
    }

    /// After `None` or an error: bytes up to the length, number or text that was incomplete, or the end of the wrong one.
    #[must_use]
    pub fn stopped_at(&self) -> u64 {
        self.stopped_at
    }

    /// What is being read.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.decoder.stage
    }

    /// The type byte of the entry being read, if one is.
    #[must_use]
    pub fn value_type(&self) -> Option<u8> {
        self.decoder.value_type
    }

    /// After `None` or an error: the key whose value is being read, if one is.
    #[must_use]
    pub fn current_key(&self) -> Option<&[u8]> {
        self.decoder.key.map(|key| self.text(key))
    }

    /// Takes steps up to one that makes an item, or `None` at the end of the input.
    #[inline]
    fn take_steps(&mut self) -> Result<Option<Parsed>, LoadError> {
        loop {
            let mut cursor = Cursor::new(&self.buffer, self.position);
            let step = self.decoder.step(&mut cursor);
            let end = cursor.position();
            match step {
                Ok(Some(Parsed::Trailer { checksum })) => {
                    self.hash(self.position);
                    self.position = end;
                    return Ok(Some(Parsed::Trailer { checksum }));
                }
                Ok(parsed) => {
                    self.position = end;
                    if self.position >= self.hashed + HASH_BLOCK_SIZE {
                        self.hash(self.position);
                    }
                    if parsed.is_some() {
                        return Ok(parsed);
                    }
                }
                Err(stop) => return self.stop(stop),
            }
        }
    }

    #[cold]
    fn stop(&mut self, stop: Stop) -> Result<Option<Parsed>, LoadError> {
        match stop {
            Stop::Incomplete { at, needed } => {
                self.stopped_at = self.dropped + at as u64;
                self.needed = needed;
                self.hash_incomplete();
                Ok(None)
            }
            Stop::Corrupt { at, error } => {
                self.stopped_at = self.dropped + at as u64;
                self.failure = Some(error);
                Err(error)
            }
        }
    }

    fn present(&mut self, parsed: Parsed) -> Result<Item<'_>, LoadError> {
        Ok(match parsed {
            Parsed::Entry { key, value, attributes } => Item::Entry {
                key: self.text(key),
                value: match value {
                    ParsedValue::String(text) => ValueRef::String(self.text(text)),
                    ParsedValue::Integer(value) => ValueRef::Integer(value),
                },
                expire_at_ms: attributes.expire_at_ms,
                eviction: attributes.eviction,
            },
            Parsed::Part => Item::Part,
            Parsed::Collection { key, attributes: Attributes { expire_at_ms, eviction } } => {
                let (value_type, body) = self.decoder.take_built().map_or((Type::Set, None), Building::finish);
                Item::Collection { key: self.text(key), value_type, body, expire_at_ms, eviction }
            }
            Parsed::Header { version } => Item::Header { version },
            Parsed::Aux { key, value } => Item::Aux { key: self.text(key), value: self.text(value) },
            Parsed::SelectDb { database } => Item::SelectDb(database),
            Parsed::ResizeDb { keys, expires } => Item::ResizeDb { keys, expires },
            Parsed::SlotInfo { slot, keys, expires } => Item::SlotInfo { slot, keys, expires },
            Parsed::SlotImport { job, ranges } => Item::SlotImport { job: self.text(job), ranges },
            Parsed::SlotRange { start, end } => Item::SlotRange { start, end },
            Parsed::Function { source } => Item::Function(self.text(source)),
            Parsed::ModuleAux { identity, when } => Item::ModuleAux { identity, when },
            Parsed::EndWithoutChecksum => Item::End(Checksum::Absent),
            Parsed::Trailer { checksum } => Item::End(self.compare(checksum)?),
        })
    }

    fn compare(&mut self, found: u64) -> Result<Checksum, LoadError> {
        let Some(expected) = self.checksum.as_ref().map(Crc64::value) else {
            return Ok(Checksum::Skipped);
        };
        if found == 0 {
            Ok(Checksum::Disabled)
        } else if found == expected {
            Ok(Checksum::Verified)
        } else {
            let error = LoadError::ChecksumMismatch { expected, found };
            self.stopped_at = self.offset();
            self.failure = Some(error);
            Err(error)
        }
    }

    fn text(&self, text: Text) -> &[u8] {
        match text {
            Text::Input(span) => &self.buffer[span.start..span.end],
            Text::First => &self.decoder.first,
            Text::Second => &self.decoder.second,
        }
    }

    /// Hashes the part of an item that is there, so that a long one does not cost a long time when it completes.
    fn hash_incomplete(&mut self) {
        if !self.decoder.is_at_trailer() {
            self.hash(self.buffer.len());
        }
    }

    /// Hashes the buffer up to `end`, which is before the checksum.
    fn hash(&mut self, end: usize) {
        if end <= self.hashed {
            return;
        }
        if let Some(checksum) = &mut self.checksum {
            checksum.update(&self.buffer[self.hashed..end]);
        }
        self.hashed = end;
    }

    /// Drops what was read from the buffer.
    fn compact(&mut self) {
        if self.position == 0 {
            return;
        }
        if !self.decoder.is_at_end() {
            self.hash(self.position);
        }
        let left = self.buffer.len() - self.position;
        self.buffer.copy_within(self.position.., 0);
        self.buffer.truncate(left);
        if self.buffer.capacity() > BUFFER_KEEP_MAX && left < BUFFER_KEEP_MAX {
            self.buffer.shrink_to(BUFFER_KEEP_MAX);
        }
        self.dropped += self.position as u64;
        self.hashed = self.hashed.saturating_sub(self.position);
        self.needed = self.needed.saturating_sub(self.position);
        self.decoder.forget(self.position);
        self.position = 0;
    }
}
