//! How values stand in a file, by type: which byte announces them, and what follows the key.

use alloc::vec::Vec;

use crate::data::collection::Collection;
use crate::data::entry::{Content, Value};
use crate::data::fields::HashRef;
use crate::data::list::Node;
use crate::data::parts::{Part, Progress};
use crate::data::shape::{Packing, Type};

use super::encode::{write_integer, write_length, write_lzf, write_string};
use super::object_type;
use super::stream::write_stream_end;
use super::version::WriteVersion;

/// The time of a field that does not expire.
pub(super) const NO_EXPIRY: i64 = -1;
/// A node of a list that is one element.
pub(super) const NODE_PLAIN: u64 = 1;
/// A node of a list that is a listpack.
pub(super) const NODE_PACKED: u64 = 2;

/// The byte before the key.
pub(super) fn type_byte(content: Content<'_>, version: WriteVersion) -> u8 {
    match content {
        Content::String(_) => object_type::STRING,
        Content::Packed(Type::Set, Packing::Intset, _) => object_type::SET_INTSET,
        Content::Packed(Type::Set, Packing::Listpack, _) if version >= WriteVersion::V11 => object_type::SET_LISTPACK,
        Content::Packed(Type::List, ..) | Content::Large(Type::List, _) => object_type::LIST,
        Content::Packed(Type::Hash, ..) => object_type::HASH_LISTPACK,
        Content::Large(Type::Hash, Collection::Members(members))
            if members.expiring() > 0 && version >= WriteVersion::V80 =>
        {
            object_type::HASH_EXPIRING
        }
        Content::Large(Type::Hash, _) => object_type::HASH,
        Content::Packed(Type::SortedSet, ..) => object_type::SORTED_SET_LISTPACK,
        Content::Large(Type::SortedSet, _) => object_type::SORTED_SET,
        Content::Large(Type::Stream, _) if version >= WriteVersion::V11 => object_type::STREAM_3,
        Content::Large(Type::Stream, _) => object_type::STREAM_2,
        Content::Packed(..) | Content::Large(..) => object_type::SET,
    }
}

/// The version that a value needs on its own, if it may be a later one than that.
pub(super) fn version_for(content: Content<'_>, version: WriteVersion) -> WriteVersion {
    let expires = HashRef::of(content).is_some_and(HashRef::expires);
    if expires { version.max(WriteVersion::V80) } else { version }
}

/// True if a value with this byte before its key is one string.
pub(super) fn is_packed(byte: u8) -> bool {
    matches!(
        byte,
        object_type::SET_INTSET
            | object_type::SET_LISTPACK
            | object_type::HASH_LISTPACK
            | object_type::SORTED_SET_LISTPACK
    )
}

/// Appends a part of a large collection, before which the number of all parts stands; `byte` stands before the key.
pub(super) fn write_part(
    output: &mut Vec<u8>,
    (byte, version): (u8, WriteVersion),
    part: Part<'_>,
    mut scratch: Option<&mut Vec<u8>>,
) {
    match part {
        Part::Member(member) => write_string(output, member, scratch),
        Part::Field(field, value, expire_at_ms) => {
            write_string(output, field, scratch.as_deref_mut());
            write_string(output, value, scratch);
            if byte == object_type::HASH_EXPIRING {
                output.extend_from_slice(&expire_at_ms.unwrap_or(NO_EXPIRY).to_le_bytes());
            }
        }
        Part::Scored(member, score) => {
            write_string(output, member, scratch);
            output.extend_from_slice(&score.to_le_bytes());
        }
        Part::Node(node) => {
            write_length(output, if node.is_listpack() { NODE_PACKED } else { NODE_PLAIN });
            match node {
                Node::Compressed(compressed) if scratch.is_some() => {
                    write_lzf(output, compressed.lzf(), compressed.plain_len());
                }
                node => write_string(output, node.contents(&mut Vec::new()).bytes(), scratch),
            }
        }
        Part::StreamNode(id, bytes) => {
            write_string(output, &id.to_bytes(), None);
            write_string(output, bytes, scratch);
        }
        Part::StreamEnd(stream) => write_stream_end(output, stream, version, scratch),
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
        Content::Packed(_, _, bytes) if is_packed(type_byte(content, version)) => write_string(output, bytes, scratch),
        Content::Packed(Type::List, _, bytes) => {
            write_length(output, 1);
            write_length(output, NODE_PACKED);
            write_string(output, bytes, scratch);
        }
        Content::Large(_, collection) => {
            let byte = type_byte(content, version);
            write_length(output, collection.part_count() as u64);
            collection.visit_parts(Progress::default(), usize::MAX, |part| {
                write_part(output, (byte, version), part, scratch.as_deref_mut());
            });
        }
        Content::Packed(..) => {
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
