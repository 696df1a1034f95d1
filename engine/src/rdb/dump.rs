//! The payload of DUMP and RESTORE: a type, a value, and a footer that vouches for both.
//!
//! ```text
//! type  value  version  CRC-64
//! 1            2, le    8, le, over all before it
//! ```

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::base::crc64::Crc64;

use super::cursor::{Cursor, EncodedString, Stop};
use super::encode::{write_integer, write_string};
use super::object_type;
use super::value::ValueRef;
use super::version::{WriteVersion, is_readable};

/// Size of version and checksum, in bytes.
const FOOTER_SIZE: usize = 10;

/// A value out of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DumpValue<'a> {
    /// A string: borrowed unless it was compressed.
    String(Cow<'a, [u8]>),
    /// A string that is the decimal text of this integer.
    Integer(i64),
}

/// Why a payload is not restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DumpError {
    /// Too short, from a version that cannot be read, or damaged: "DUMP payload version or checksum are wrong".
    Footer,
    /// Right checksum, wrong content: "Bad data format".
    Content,
    /// A type that exists but is not decoded yet.
    UnsupportedType(u8),
}

/// The payload of `value`, compressed where that gains if `compression` (`rdbcompression`).
#[must_use]
pub fn serialize(value: ValueRef<'_>, version: WriteVersion, compression: bool) -> Vec<u8> {
    let mut payload = Vec::new();
    payload.push(object_type::STRING);
    match value {
        ValueRef::String(text) => {
            payload.reserve(text.len() + FOOTER_SIZE + 9);
            let mut scratch = Vec::new();
            write_string(&mut payload, text, compression.then_some(&mut scratch));
        }
        ValueRef::Integer(value) => write_integer(&mut payload, value),
    }
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
pub fn parse(payload: &[u8], verify_checksum: bool) -> Result<DumpValue<'_>, DumpError> {
    let (content, version) = verify(payload, verify_checksum)?;
    let mut cursor = Cursor::new(content, 0);
    let byte = cursor.byte().map_err(content_error)?;
    if byte != object_type::STRING {
        return Err(match object_type::lookup(byte, version) {
            Some(_) => DumpError::UnsupportedType(byte),
            None => DumpError::Content,
        });
    }
    Ok(match cursor.string().map_err(content_error)? {
        EncodedString::Plain(span) => DumpValue::String(Cow::Borrowed(cursor.bytes(span))),
        EncodedString::Integer(value) => DumpValue::Integer(value),
        EncodedString::Compressed { data, size } => {
            DumpValue::String(Cow::Owned(cursor.expand(data, size).map_err(content_error)?))
        }
    })
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

fn content_error(_: Stop) -> DumpError {
    DumpError::Content
}

fn checksum_of(bytes: &[u8]) -> u64 {
    let mut checksum = Crc64::new();
    checksum.update(bytes);
    checksum.value()
}
