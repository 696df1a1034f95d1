//! How values stand in a file, by type: which byte announces them, and what follows the key.

use alloc::vec::Vec;

use crate::data::entry::{Content, Value};
use crate::data::set::SetRef;
use crate::data::shape::{Packing, Type};

use super::encode::{write_integer, write_length, write_string};
use super::object_type;
use super::version::WriteVersion;

/// The byte before the key.
pub(super) fn type_byte(content: Content<'_>, version: WriteVersion) -> u8 {
    match content {
        Content::String(_) => object_type::STRING,
        Content::Packed(Type::Set, Packing::Intset, _) => object_type::SET_INTSET,
        Content::Packed(Type::Set, Packing::Listpack, _) if version >= WriteVersion::V11 => object_type::SET_LISTPACK,
        _ => object_type::SET,
    }
}

/// Appends what follows the key. Strings are compressed into `scratch` where that gains, if there is one.
pub(super) fn write_content(
    output: &mut Vec<u8>,
    content: Content<'_>,
    version: WriteVersion,
    mut scratch: Option<&mut Vec<u8>>,
) {
    match content {
        Content::String(Value::Integer(number)) => write_integer(output, number),
        Content::String(Value::Bytes(text)) => write_string(output, text, scratch),
        Content::Packed(_, _, bytes) if type_byte(content, version) != object_type::SET => {
            write_string(output, bytes, scratch);
        }
        _ => {
            let Some(set) = SetRef::of(content) else { return };
            write_length(output, set.len() as u64);
            for member in set.iter() {
                write_member(output, member, scratch.as_deref_mut());
            }
        }
    }
}

fn write_member(output: &mut Vec<u8>, member: Value<'_>, scratch: Option<&mut Vec<u8>>) {
    match member {
        Value::Integer(number) => write_integer(output, number),
        Value::Bytes(text) => write_string(output, text, scratch),
    }
}
