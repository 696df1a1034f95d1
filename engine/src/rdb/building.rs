//! Reads collections, element by element.
//!
//! What is small is checked as a whole, and made anew where this server's parameters want it otherwise than those of
//! the one that wrote it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::base::number::format_i64;
use crate::data::collection::{Body, Collection};
use crate::data::entry::Value;
use crate::data::fields;
use crate::data::intset;
use crate::data::limits::Rules;
use crate::data::list::{self, List, Node};
use crate::data::listpack;
use crate::data::shape::{Packing, Type};

use super::content::{NODE_PACKED, NODE_PLAIN};
use super::cursor::{Cursor, EncodedString, Stop};
use super::encode::INTEGER_TEXT_SIZE;
use super::error::{Fault, LoadError};
use super::object_type;
use super::stream::StreamBuilding;

/// Elements that one step reads at most.
const STEP_ELEMENTS: u64 = 128;

/// A collection that is not complete yet.
pub(super) struct Building {
    value_type: Type,
    /// Elements that follow.
    left: u64,
    body: Option<Body>,
    rules: Rules,
    /// Its elements are nodes of a list.
    nodes: bool,
    /// It is a stream, which has more than elements.
    stream: Option<Box<StreamBuilding>>,
}

/// How the value behind a byte is read; `None` if it is not.
fn kind_of(byte: u8) -> Option<(Type, Option<Packing>)> {
    Some(match byte {
        object_type::LIST | object_type::LIST_LINKED => (Type::List, None),
        object_type::SET => (Type::Set, None),
        object_type::SET_INTSET => (Type::Set, Some(Packing::Intset)),
        object_type::SET_LISTPACK => (Type::Set, Some(Packing::Listpack)),
        object_type::HASH => (Type::Hash, None),
        object_type::STREAM_1 | object_type::STREAM_2 | object_type::STREAM_3 => (Type::Stream, None),
        object_type::HASH_LISTPACK => (Type::Hash, Some(Packing::Listpack)),
        _ => return None,
    })
}

/// True if a value with this byte before its key can be read.
pub(super) fn is_read(byte: u8) -> bool {
    kind_of(byte).is_some()
}

impl Building {
    /// Begins with what follows a key: all of a small collection, or the length of a large one.
    pub(super) fn begin(byte: u8, cursor: &mut Cursor<'_>, rules: &Rules) -> Result<Building, Stop> {
        let (value_type, packing) = kind_of(byte).ok_or_else(|| cursor.corrupt(LoadError::UnsupportedType(byte)))?;
        let nodes = byte == object_type::LIST;
        let mut building = Building { value_type, left: 0, body: None, rules: *rules, nodes, stream: None };
        match packing {
            None if value_type == Type::Stream => {
                building.stream = Some(Box::new(StreamBuilding::begin(byte, cursor)?));
            }
            None => building.left = cursor.length()?,
            Some(packing) => {
                let body = building.checked(packing, bytes_of(cursor)?);
                building.body = Some(body.ok_or_else(|| cursor.corrupt(LoadError::Damaged(fault_of(byte))))?);
                building.fit();
            }
        }
        Ok(building)
    }

    /// Reads some elements. What is complete before an incomplete one stays read: the cursor says how far that is.
    pub(super) fn step(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        for index in 0..STEP_ELEMENTS {
            if self.is_complete() {
                break;
            }
            let start = cursor.position();
            match self.part(cursor) {
                // What is wrong is told by the next step, as where the input ends there.
                Err(_) if index > 0 => {
                    cursor.return_to(start);
                    break;
                }
                read => read?,
            }
        }
        Ok(())
    }

    fn part(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        match &mut self.stream {
            Some(stream) => stream.step(cursor),
            None => {
                self.element(cursor)?;
                self.left -= 1;
                Ok(())
            }
        }
    }

    /// True if no element is missing.
    pub(super) fn is_complete(&self) -> bool {
        self.stream.as_ref().map_or(self.left == 0, |stream| stream.is_complete())
    }

    /// What was read; `None` if that is an empty collection, which no server keeps, unless it is a stream.
    pub(super) fn finish(mut self) -> (Type, Option<Body>) {
        let value_type = self.value_type;
        if let Some(stream) = self.stream {
            return (value_type, Some(stream.finish().into_body()));
        }
        if let (Type::List, Some(body)) = (value_type, &mut self.body) {
            self.rules.condense(body, true);
        }
        (value_type, self.body.filter(|body| !body.content(value_type).is_empty()))
    }

    fn element(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        if self.nodes {
            return self.node(cursor);
        }
        let mut expanded = (Vec::new(), Vec::new());
        let mut digits = ([0; INTEGER_TEXT_SIZE], [0; INTEGER_TEXT_SIZE]);
        let first = text(cursor.string()?, cursor, &mut digits.0, &mut expanded.0)?;
        let mut second = None;
        if self.value_type == Type::Hash {
            second = Some(text(cursor.string()?, cursor, &mut digits.1, &mut expanded.1)?);
        }
        if self.add(first, second) {
            return Ok(());
        }
        let fault = if second.is_some() { Fault::HashFields } else { Fault::SetMembers };
        Err(cursor.corrupt(LoadError::Damaged(fault)))
    }

    /// Reads a node of a list.
    fn node(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let container = cursor.length()?;
        let mut bytes = bytes_of(cursor)?;
        let node = match container {
            NODE_PLAIN if !bytes.is_empty() => Node::Plain(bytes.into()),
            NODE_PACKED if listpack::validate(&bytes).is_some() => {
                listpack::normalize(&mut bytes);
                bytes.shrink_to_fit();
                Node::Packed(bytes)
            }
            NODE_PACKED => return Err(cursor.corrupt(LoadError::Damaged(Fault::ListNode))),
            _ => return Err(cursor.corrupt(LoadError::Damaged(Fault::ListContainer))),
        };
        let body = self.body.get_or_insert_with(|| Body::Large(Box::new(Collection::List(List::default()))));
        if let Body::Large(collection) = body {
            collection.list_mut().push_node(node);
        }
        Ok(())
    }

    /// Adds an element. False if it was there.
    fn add(&mut self, element: &[u8], value: Option<&[u8]>) -> bool {
        let (rules, expected) = (self.rules, usize::try_from(self.left).unwrap_or(usize::MAX));
        let value_type = self.value_type;
        let body = self.body.get_or_insert_with(|| match value_type {
            Type::List => list::empty(),
            Type::Hash => fields::empty(),
            _ => rules.empty(element, expected),
        });
        match value {
            None if value_type == Type::List => {
                rules.expect_elements(body, element.len(), 1);
                rules.push(body, false, element);
                true
            }
            None => rules.add(body, element),
            Some(value) => rules.set_field(body, element, value),
        }
    }

    /// A small collection out of untrusted bytes.
    fn checked(&self, packing: Packing, mut bytes: Vec<u8>) -> Option<Body> {
        match packing {
            Packing::Intset => drop(intset::validate(&bytes).filter(|&count| count > 0)?),
            Packing::Listpack => {
                let count = listpack::validate(&bytes)?;
                if self.value_type == Type::Hash && !count.is_multiple_of(2) {
                    return None;
                }
                listpack::normalize(&mut bytes);
            }
        }
        let body = Body::Packed(packing, bytes);
        let mut names: Vec<Vec<u8>> = Vec::new();
        body.content(self.value_type).for_each_element(|name, _| names.push(name.bytes(&mut [0; 20]).to_vec()));
        names.sort_unstable();
        names.windows(2).all(|pair| pair[0] != pair[1]).then_some(body)
    }

    /// Makes a small collection anew if it is not as small as the parameters want it.
    fn fit(&mut self) {
        let Some(body) = &self.body else { return };
        let (content, limits) = (body.content(self.value_type), &self.rules.limits);
        let (entries, longest) = match (self.value_type, body) {
            (_, Body::Packed(Packing::Intset, _)) => (limits.set_intset_entries, usize::MAX),
            (Type::Hash, _) => (limits.hash_listpack_entries, limits.hash_listpack_value),
            _ => (limits.set_listpack_entries, limits.set_listpack_value),
        };
        let mut fits = content.len() <= entries;
        let fitting = |text: Value<'_>| text.length() <= longest;
        content.for_each_element(|element, value| fits &= fitting(element) && value.is_none_or(fitting));
        if fits {
            return;
        }
        let mut anew = Building { body: None, left: content.len() as u64, stream: None, ..*self };
        content.for_each_element(|element, value| {
            let (mut first, mut second) = ([0; INTEGER_TEXT_SIZE], [0; INTEGER_TEXT_SIZE]);
            anew.add(element.bytes(&mut first), value.as_ref().map(|value| value.bytes(&mut second)));
        });
        self.body = anew.body;
    }
}

fn fault_of(byte: u8) -> Fault {
    match byte {
        object_type::SET_INTSET => Fault::Intset,
        object_type::SET_LISTPACK => Fault::SetListpack,
        _ => Fault::HashListpack,
    }
}

/// The bytes of a string that was read.
fn text<'t>(
    string: EncodedString,
    cursor: &Cursor<'t>,
    digits: &'t mut [u8; INTEGER_TEXT_SIZE],
    expanded: &'t mut Vec<u8>,
) -> Result<&'t [u8], Stop> {
    Ok(match string {
        EncodedString::Plain(span) => cursor.bytes(span),
        EncodedString::Integer(number) => format_i64(number, digits),
        EncodedString::Compressed { data, size } => {
            *expanded = cursor.expand(data, size)?;
            expanded
        }
    })
}

/// A string's bytes.
pub(super) fn bytes_of(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, Stop> {
    let string = cursor.string()?;
    let (mut digits, mut expanded) = ([0; INTEGER_TEXT_SIZE], Vec::new());
    Ok(text(string, cursor, &mut digits, &mut expanded)?.to_vec())
}
