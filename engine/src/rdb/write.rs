//! The writer of an RDB file, into a buffer that its caller takes away in slices.
//!
//! What is written must be in the order of the format (see [`super`]); the writer holds no opinion on what that is.
//! The checksum is computed over blocks of the buffer while they are warm in the cache, never byte by byte.

use alloc::vec::Vec;
use core::mem;

use crate::base::crc64::Crc64;

use super::content::{type_byte, write_content, write_part};
use super::encode::{write_length, write_string};
use super::opcode;
use super::value::Eviction;
use super::version::WriteVersion;
use crate::data::entry::{Content, Value};
use crate::data::parts::Part;

/// Unhashed bytes above which they are hashed: small enough for the first cache.
const HASH_BLOCK_SIZE: usize = 16 << 10;
/// Bytes of an entry besides its key and value, at most: expiry, eviction, type, two lengths, an integer's text.
const ENTRY_OVERHEAD_MAX: usize = 64;

/// What the configuration leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether a checksum is computed; without, a zero is written and no reader checks (`rdbchecksum`).
    pub checksum: bool,
    /// Whether strings are compressed where that gains (`rdbcompression`).
    pub compression: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions { checksum: true, compression: true }
    }
}

/// Appends the parts of a file to a buffer.
pub struct Writer {
    version: WriteVersion,
    options: WriteOptions,
    output: Vec<u8>,
    hashed: usize,
    checksum: Crc64,
    scratch: Vec<u8>,
    /// The type of the large collection that was begun last.
    large: u8,
}

impl Writer {
    /// A writer with an empty buffer.
    #[must_use]
    pub fn new(version: WriteVersion, options: WriteOptions) -> Self {
        Writer {
            version,
            options,
            output: Vec::new(),
            hashed: 0,
            checksum: Crc64::new(),
            scratch: Vec::new(),
            large: 0,
        }
    }

    /// The bytes that wait in the buffer.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.output.len()
    }

    /// Takes the buffer away; the next part starts a new one.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.hash();
        self.hashed = 0;
        mem::take(&mut self.output)
    }

    /// Gives a buffer back whose bytes were used, to spare an allocation. Does nothing while bytes wait.
    pub fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.output.is_empty() {
            buffer.clear();
            self.output = buffer;
        }
    }

    /// Magic and version.
    pub fn header(&mut self) {
        self.output.extend_from_slice(self.version.header());
    }

    /// A named text about the file.
    pub fn aux(&mut self, key: &[u8], value: &[u8]) {
        self.output.push(opcode::AUX);
        self.string(key);
        self.string(value);
    }

    /// The database of the entries that follow.
    pub fn select_db(&mut self, database: u32) {
        self.output.push(opcode::SELECT_DB);
        write_length(&mut self.output, u64::from(database));
    }

    /// How many keys, and how many of them with an expiry, the selected database holds.
    pub fn resize_db(&mut self, keys: u64, expires: u64) {
        self.output.push(opcode::RESIZE_DB);
        write_length(&mut self.output, keys);
        write_length(&mut self.output, expires);
    }

    /// The source text of a function library.
    pub fn function(&mut self, source: &[u8]) {
        self.output.push(opcode::FUNCTION);
        self.string(source);
    }

    /// A key with its value. `expire_at_ms` is unix time in milliseconds, where -1 is none, as in the format itself.
    pub fn entry<'v>(
        &mut self,
        key: &[u8],
        value: impl Into<Content<'v>>,
        expire_at_ms: Option<i64>,
        eviction: Option<Eviction>,
    ) {
        let value = value.into();
        let value_size = match value {
            Content::String(Value::Bytes(bytes)) | Content::Packed(_, _, bytes) => bytes.len(),
            Content::String(Value::Integer(_)) | Content::Large(..) => 0,
        };
        self.output.reserve(key.len() + value_size + ENTRY_OVERHEAD_MAX);
        self.entry_header(key, type_byte(value, self.version), expire_at_ms, eviction);
        let scratch = self.options.compression.then_some(&mut self.scratch);
        write_content(&mut self.output, value, self.version, scratch);
        self.hash_if_due();
    }

    /// The beginning of an entry of a large collection of so many parts, which follow.
    pub fn begin_large(
        &mut self,
        key: &[u8],
        value: Content<'_>,
        parts: usize,
        expire_at_ms: Option<i64>,
        eviction: Option<Eviction>,
    ) {
        self.large = type_byte(value, self.version);
        self.entry_header(key, self.large, expire_at_ms, eviction);
        write_length(&mut self.output, parts as u64);
    }

    /// A part of a large collection.
    pub fn part(&mut self, part: Part<'_>) {
        let scratch = self.options.compression.then_some(&mut self.scratch);
        write_part(&mut self.output, (self.large, self.version), part, scratch);
        self.hash_if_due();
    }

    /// What another writer wrote.
    pub fn append(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
        self.hash_if_due();
    }

    /// What stands before a value.
    fn entry_header(&mut self, key: &[u8], byte: u8, expire_at_ms: Option<i64>, eviction: Option<Eviction>) {
        if let Some(expire_at_ms) = expire_at_ms.filter(|&time| time != -1) {
            self.output.push(opcode::EXPIRE_MILLISECONDS);
            self.output.extend_from_slice(&expire_at_ms.to_le_bytes());
        }
        match eviction {
            Some(Eviction::Lru { idle_seconds }) => {
                self.output.push(opcode::IDLE);
                write_length(&mut self.output, idle_seconds);
            }
            Some(Eviction::Lfu { frequency }) => self.output.extend_from_slice(&[opcode::FREQUENCY, frequency]),
            None => {}
        }
        self.output.push(byte);
        self.string(key);
    }

    fn hash_if_due(&mut self) {
        if self.output.len() - self.hashed >= HASH_BLOCK_SIZE {
            self.hash();
        }
    }

    /// The end, with the checksum of all that was written. Nothing may follow.
    pub fn finish(&mut self) {
        self.output.push(opcode::END);
        self.hash();
        let checksum = if self.options.checksum { self.checksum.value() } else { 0 };
        self.output.extend_from_slice(&checksum.to_le_bytes());
    }

    fn string(&mut self, text: &[u8]) {
        let scratch = self.options.compression.then_some(&mut self.scratch);
        write_string(&mut self.output, text, scratch);
    }

    fn hash(&mut self) {
        if self.options.checksum {
            self.checksum.update(&self.output[self.hashed..]);
        }
        self.hashed = self.output.len();
    }
}
