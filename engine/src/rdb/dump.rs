//! The payload of DUMP and RESTORE: a type, a value, and a footer that vouches for both.
//!
//! ```text
//! type  value  version  CRC-64
//! 1            2, le    8, le, over all before it
//! ```

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::base::crc64::Crc64;
use crate::data::collection::Body;
use crate::data::entry::{Content, Value};
use crate::data::limits::Rules;
use crate::data::shape::Type;

use super::building::{self, Building};
use super::content::{type_byte, version_for, write_content};
use super::cursor::{Cursor, EncodedString, Stop};
use super::error::LoadError;
use super::object_type;
use super::version::{WriteVersion, is_readable};

/// Size of version and checksum, in bytes.
const FOOTER_SIZE: usize = 10;

/// A value out of a payload.
#[derive(Clone, Debug)]
pub enum DumpValue<'a> {
    /// A string: borrowed unless it was compressed.
    String(Cow<'a, [u8]>),
    /// A string that is the decimal text of this integer.
    Integer(i64),
    /// A collection, which is not empty.
    Collection(Type, Body),
}

/// Why a payload is not restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DumpError {
    /// Too short, from a version that cannot be read, or damaged: "DUMP payload version or checksum are wrong".
    Footer,
    /// Right checksum, wrong content: "Bad data format".
    Content(LoadError),
    /// A collection of nothing, likewise.
    Empty,
}

/// The payload of `value`, in a later version if that alone can hold it, compressed where that gains if `compression` (`rdbcompression`).
#[must_use]
pub fn serialize<'v>(value: impl Into<Content<'v>>, version: WriteVersion, compression: bool) -> Vec<u8> {
    let value = value.into();
    let version = version_for(value, version);
    let mut payload = Vec::new();
    payload.push(type_byte(value, version));
    if let Content::String(Value::Bytes(bytes)) | Content::Packed(_, _, bytes) = value {
        payload.reserve(bytes.len() + FOOTER_SIZE + 9);
    }
    let mut scratch = Vec::new();
    write_content(&mut payload, value, version, compression.then_some(&mut scratch));
    payload.extend_from_slice(&u16::from(version.number()).to_le_bytes());
    let checksum = checksum_of(&payload);
    payload.extend_from_slice(&checksum.to_le_bytes());
    payload
}

/// The value in `payload`, whose checksum must be right if `verify_checksum`.
///
/// As in the reference, bytes between value and footer are ignored.
///
/// # Errors
/// See [`DumpError`].
pub fn parse<'p>(payload: &'p [u8], verify_checksum: bool, rules: &Rules) -> Result<DumpValue<'p>, DumpError> {
    let (content, version) = verify(payload, verify_checksum)?;
    let mut cursor = Cursor::new(content, 0);
    let byte = cursor.byte().map_err(content_error)?;
    if building::is_read(byte) {
        return parse_collection(byte, &mut cursor, rules);
    }
    if byte != object_type::STRING {
        return Err(DumpError::Content(match object_type::lookup(byte, version) {
            Some(_) => LoadError::UnsupportedType(byte),
            None => LoadError::UnknownType(byte),
        }));
    }
    Ok(match cursor.string().map_err(content_error)? {
        EncodedString::Plain(span) => DumpValue::String(Cow::Borrowed(cursor.bytes(span))),
        EncodedString::Integer(value) => DumpValue::Integer(value),
        EncodedString::Compressed { data, size } => {
            DumpValue::String(Cow::Owned(cursor.expand(data, size).map_err(content_error)?))
        }
    })
}

fn parse_collection<'p>(byte: u8, cursor: &mut Cursor<'_>, rules: &Rules) -> Result<DumpValue<'p>, DumpError> {
    let mut building = Building::begin(byte, cursor, rules).map_err(content_error)?;
    while !building.is_complete() {
        building.step(cursor).map_err(content_error)?;
    }
    let (value_type, body) = building.finish();
    body.map(|body| DumpValue::Collection(value_type, body)).ok_or(DumpError::Empty)
}

/// Splits `payload` into content and version, if its footer is right. A zero version passes, as in the reference.
fn verify(payload: &[u8], verify_checksum: bool) -> Result<(&[u8], i32), DumpError> {
    let (rest, checksum) = payload.split_last_chunk::<8>().ok_or(DumpError::Footer)?;
    let (content, version) = rest.split_last_chunk::<2>().ok_or(DumpError::Footer)?;
    let version = i32::from(u16::from_le_bytes(*version));
    if version != 0 && !is_readable(version) {
        return Err(DumpError::Footer);
    }
    if verify_checksum && u64::from_le_bytes(*checksum) != checksum_of(rest) {
        return Err(DumpError::Footer);
    }
    Ok((content, version))
}

fn content_error(stop: Stop) -> DumpError {
    DumpError::Content(match stop {
        Stop::Incomplete { .. } => LoadError::UnexpectedEnd,
        Stop::Corrupt { error, .. } => error,
    })
}

fn checksum_of(bytes: &[u8]) -> u64 {
    let mut checksum = Crc64::new();
    checksum.update(bytes);
    checksum.value()
}
