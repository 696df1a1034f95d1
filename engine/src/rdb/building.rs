//! Reads collections, element by element.
//!
//! What is small is checked as a whole, and made anew where this server's parameters want it otherwise than those of
//! the one that wrote it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::base::number::{format_i64, parse_double};
use crate::data::collection::{Body, Collection};
use crate::data::entry::Value;
use crate::data::fields;
use crate::data::intset;
use crate::data::limits::Rules;
use crate::data::list::{self, List, Node};
use crate::data::listpack::{self, Listpack};
use crate::data::shape::{Packing, Type};
use crate::data::sorted::Inserted;

use super::content::{NO_EXPIRY, NODE_PACKED, NODE_PLAIN};
use super::cursor::{Cursor, EncodedString, Stop};
use super::encode::INTEGER_TEXT_SIZE;
use super::error::{Fault, LoadError};
use super::object_type;
use super::stream::StreamBuilding;
use super::ziplist::Ziplist;
use super::zipmap;

/// Elements that one step reads at most.
const STEP_ELEMENTS: u64 = 128;

/// A collection that is not complete yet.
pub(super) struct Building {
    value_type: Type,
    /// Elements that follow.
    left: u64,
    body: Option<Body>,
    rules: Rules,
    /// What its elements are.
    elements: Elements,
    /// It is a stream, which has more than elements.
    stream: Option<Box<StreamBuilding>>,
}

/// What follows the length of a large collection, so many times.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Elements {
    /// An element, or a field and its value.
    Plain,
    /// A field, its value, and when it expires.
    Expiring,
    /// A node of a list.
    Nodes,
    /// Likewise, as a ziplist.
    Ziplists,
    /// A member and its score, a double.
    Scored,
    /// Likewise, the score as text.
    ScoredText,
}

/// How a collection is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Element by element.
    Elements(Elements),
    /// As one string, in a format that we have, too.
    Packed(Packing),
    /// As one string, a ziplist.
    Ziplist,
    /// As one string, a zipmap.
    Zipmap,
    /// A stream.
    Stream,
}

/// How the value behind a byte is read; `None` if it is not.
fn kind_of(byte: u8) -> Option<(Type, Form)> {
    Some(match byte {
        object_type::LIST_LINKED => (Type::List, Form::Elements(Elements::Plain)),
        object_type::LIST_ZIPLIST => (Type::List, Form::Ziplist),
        object_type::LIST_ZIPLISTS => (Type::List, Form::Elements(Elements::Ziplists)),
        object_type::LIST => (Type::List, Form::Elements(Elements::Nodes)),
        object_type::SET => (Type::Set, Form::Elements(Elements::Plain)),
        object_type::SET_INTSET => (Type::Set, Form::Packed(Packing::Intset)),
        object_type::SET_LISTPACK => (Type::Set, Form::Packed(Packing::Listpack)),
        object_type::HASH => (Type::Hash, Form::Elements(Elements::Plain)),
        object_type::HASH_ZIPMAP => (Type::Hash, Form::Zipmap),
        object_type::HASH_ZIPLIST => (Type::Hash, Form::Ziplist),
        object_type::HASH_LISTPACK => (Type::Hash, Form::Packed(Packing::Listpack)),
        object_type::HASH_EXPIRING => (Type::Hash, Form::Elements(Elements::Expiring)),
        object_type::SORTED_SET_TEXT => (Type::SortedSet, Form::Elements(Elements::ScoredText)),
        object_type::SORTED_SET => (Type::SortedSet, Form::Elements(Elements::Scored)),
        object_type::SORTED_SET_ZIPLIST => (Type::SortedSet, Form::Ziplist),
        object_type::SORTED_SET_LISTPACK => (Type::SortedSet, Form::Packed(Packing::Listpack)),
        object_type::STREAM_1 | object_type::STREAM_2 | object_type::STREAM_3 => (Type::Stream, Form::Stream),
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
        let (value_type, form) = kind_of(byte).ok_or_else(|| cursor.corrupt(LoadError::UnsupportedType(byte)))?;
        let mut building =
            Building { value_type, left: 0, body: None, rules: *rules, elements: Elements::Plain, stream: None };
        let read = match form {
            Form::Elements(elements) => {
                building.elements = elements;
                building.left = cursor.length()?;
                Ok(())
            }
            Form::Stream => {
                building.stream = Some(Box::new(StreamBuilding::begin(byte, cursor)?));
                Ok(())
            }
            Form::Packed(packing) => building.take_packed(packing, bytes_of(cursor)?, fault_of(byte)),
            Form::Ziplist => building.take_ziplist(&bytes_of(cursor)?),
            Form::Zipmap => building.take_zipmap(&bytes_of(cursor)?),
        };
        read.map_err(|fault| cursor.corrupt(LoadError::Damaged(fault)))?;
        Ok(building)
    }

    /// Takes a small collection in.
    fn take_packed(&mut self, packing: Packing, bytes: Vec<u8>, fault: Fault) -> Result<(), Fault> {
        self.body = Some(self.checked(packing, bytes).ok_or(fault)?);
        self.fit();
        Ok(())
    }

    fn take_ziplist(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.value_type == Type::Hash {
            let list = Ziplist::validate(bytes).ok_or(Fault::HashZiplist)?;
            return self.take_packed(Packing::Listpack, list.to_listpack(), Fault::HashZiplist);
        }
        if self.value_type == Type::SortedSet {
            let list = Ziplist::validate(bytes).ok_or(Fault::SortedSetZiplist)?;
            return self.take_packed(Packing::Listpack, list.to_listpack(), Fault::SortedSetZiplist);
        }
        for value in Ziplist::validate(bytes).ok_or(Fault::ListZiplist)?.iter() {
            self.add(value.bytes(&mut [0; INTEGER_TEXT_SIZE]), None);
        }
        Ok(())
    }

    fn take_zipmap(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        for (field, value) in zipmap::pairs_of(bytes).ok_or(Fault::Zipmap)? {
            if !self.add(field, Some(value)) {
                return Err(Fault::ZipmapFields(field.len()));
            }
        }
        Ok(())
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
        match self.elements {
            Elements::Nodes => return self.node(cursor),
            Elements::Ziplists => return self.ziplist_node(cursor),
            Elements::Scored | Elements::ScoredText => return self.scored(cursor),
            Elements::Plain | Elements::Expiring => {}
        }
        let mut expanded = (Vec::new(), Vec::new());
        let mut digits = ([0; INTEGER_TEXT_SIZE], [0; INTEGER_TEXT_SIZE]);
        let first = text(cursor.string()?, cursor, &mut digits.0, &mut expanded.0)?;
        let mut second = None;
        if self.value_type == Type::Hash {
            second = Some(text(cursor.string()?, cursor, &mut digits.1, &mut expanded.1)?);
        }
        let added = match (self.elements, second) {
            (Elements::Expiring, Some(value)) => {
                let time = i64::from_le_bytes(cursor.array()?);
                if time < NO_EXPIRY {
                    return Err(cursor.corrupt(LoadError::Damaged(Fault::FieldExpiry)));
                }
                self.add_field(first, value, Some(time).filter(|&time| time != NO_EXPIRY))
            }
            _ => self.add(first, second),
        };
        if added {
            return Ok(());
        }
        let fault = if second.is_some() { Fault::HashFields } else { Fault::SetMembers };
        Err(cursor.corrupt(LoadError::Damaged(fault)))
    }

    /// Reads a member with its score.
    fn scored(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let (mut expanded, mut digits) = (Vec::new(), [0; INTEGER_TEXT_SIZE]);
        let member = text(cursor.string()?, cursor, &mut digits, &mut expanded)?;
        let score = match self.elements {
            Elements::Scored => f64::from_le_bytes(cursor.array()?),
            _ => score_of_text(cursor)?,
        };
        if score.is_nan() {
            return Err(cursor.corrupt(LoadError::Damaged(Fault::SortedSetScore)));
        }
        let (rules, expected) = (self.rules, usize::try_from(self.left).unwrap_or(usize::MAX));
        let body = self.body.get_or_insert_with(|| rules.empty_sorted(expected, member.len()));
        match rules.set_score(body, member, score) {
            Inserted::New => Ok(()),
            _ => Err(cursor.corrupt(LoadError::Damaged(Fault::SortedSetMembers))),
        }
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
        self.push_node(node);
        Ok(())
    }

    /// Likewise, as older versions wrote it; one without elements is none.
    fn ziplist_node(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let bytes = bytes_of(cursor)?;
        let Some(list) = Ziplist::validate(&bytes) else {
            return Err(cursor.corrupt(LoadError::Damaged(Fault::NodeZiplist)));
        };
        let mut bytes = list.to_listpack();
        listpack::normalize(&mut bytes);
        bytes.shrink_to_fit();
        self.push_node(Node::Packed(bytes));
        Ok(())
    }

    fn push_node(&mut self, node: Node) {
        let depth = self.rules.limits.list_compress_depth;
        let body = self.body.get_or_insert_with(|| Body::Large(Box::new(Collection::List(List::new(depth)))));
        if let Body::Large(collection) = body {
            collection.list_mut().push_node(node);
        }
    }

    /// Adds a field of a hash that is large whatever it has. False if it was there.
    fn add_field(&mut self, field: &[u8], value: &[u8], expire_at_ms: Option<i64>) -> bool {
        let rules = self.rules;
        let body = self.body.get_or_insert_with(|| {
            let mut body = fields::empty();
            rules.spread(&mut body);
            body
        });
        match body {
            Body::Large(collection) => collection.members_mut().insert(field, value, expire_at_ms),
            Body::Packed(..) => false,
        }
    }

    /// Adds an element. False if it was there.
    fn add(&mut self, element: &[u8], value: Option<&[u8]>) -> bool {
        let (rules, expected) = (self.rules, usize::try_from(self.left).unwrap_or(usize::MAX));
        let value_type = self.value_type;
        let body = self.body.get_or_insert_with(|| match value_type {
            Type::List => list::empty(),
            Type::Hash => fields::empty(),
            Type::SortedSet => rules.empty_sorted(expected, 0),
            _ => rules.empty(element, expected),
        });
        match value {
            None if value_type == Type::List => {
                rules.expect_elements(body, element.len(), 1);
                rules.push(body, false, element);
                true
            }
            None => rules.add(body, element),
            Some(score) if value_type == Type::SortedSet => {
                rules.set_score(body, element, parse_double(score).unwrap_or(0.0)) == Inserted::New
            }
            Some(value) => rules.set_field(body, element, value),
        }
    }

    /// A small collection out of untrusted bytes.
    fn checked(&self, packing: Packing, mut bytes: Vec<u8>) -> Option<Body> {
        match packing {
            Packing::Intset => drop(intset::validate(&bytes).filter(|&count| count > 0)?),
            Packing::Listpack => {
                let count = listpack::validate(&bytes)?;
                let paired = matches!(self.value_type, Type::Hash | Type::SortedSet);
                if paired && !count.is_multiple_of(2) {
                    return None;
                }
                let is_score = |score| {
                    matches!(score, Value::Integer(_))
                        || matches!(score, Value::Bytes(text) if parse_double(text).is_some())
                };
                let mut scores = Listpack::new(&bytes).iter().skip(1).step_by(2);
                if self.value_type == Type::SortedSet && !scores.all(is_score) {
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
            (Type::SortedSet, _) => (limits.sorted_listpack_entries, usize::MAX),
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
        object_type::SORTED_SET_LISTPACK => Fault::SortedSetListpack,
        _ => Fault::HashListpack,
    }
}

/// Reads a score that is written as text, with a length of one byte; three
/// lengths stand for what is no number with digits.
fn score_of_text(cursor: &mut Cursor<'_>) -> Result<f64, Stop> {
    let length = cursor.byte()?;
    match length {
        253 => Ok(f64::NAN),
        254 => Ok(f64::INFINITY),
        255 => Ok(f64::NEG_INFINITY),
        _ => {
            let span = cursor.span(length.into())?;
            Ok(parse_double(cursor.bytes(span)).unwrap_or(f64::NAN))
        }
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
