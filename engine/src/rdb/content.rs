//! How values stand in a file, by type: which byte announces them, and what follows the key.

use alloc::vec::Vec;

use crate::data::entry::{Content, Value};
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
        Content::Packed(Type::Hash, ..) => object_type::HASH_LISTPACK,
        Content::Large(Type::Hash, _) => object_type::HASH,
        Content::Packed(..) | Content::Large(..) => object_type::SET,
    }
}

/// True if a value with this byte before its key is one string.
pub(super) fn is_packed(byte: u8) -> bool {
    matches!(byte, object_type::SET_INTSET | object_type::SET_LISTPACK | object_type::HASH_LISTPACK)
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
        Content::Packed(_, _, bytes) if is_packed(type_byte(content, version)) => write_string(output, bytes, scratch),
        Content::Packed(..) | Content::Large(..) => {
            write_length(output, content.len() as u64);
            content.for_each_element(|element, value| {
                for text in [Some(element), value].into_iter().flatten() {
                    match text {
                        Value::Integer(number) => write_integer(output, number),
                        Value::Bytes(text) => write_string(output, text, scratch.as_deref_mut()),
                    }
                }
            });
        }
    }
}
