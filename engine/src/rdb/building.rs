//! Reads collections, element by element.

use crate::data::collection::Body;
use crate::data::entry::Value;
use crate::data::intset;
use crate::data::limits::Rules;
use crate::data::listpack;
use crate::data::set::SetRef;
use crate::data::shape::{Packing, Type};
use alloc::vec::Vec;

use super::cursor::{Cursor, EncodedString, Stop};
use super::encode::INTEGER_TEXT_SIZE;
use super::error::{Fault, LoadError};
use super::object_type;
use crate::base::number::format_i64;

/// Elements that one step reads at most.
const STEP_ELEMENTS: u64 = 128;

/// A collection that is not complete yet.
pub(super) struct Building {
    value_type: Type,
    /// Elements that follow.
    left: u64,
    body: Option<Body>,
    rules: Rules,
}

/// True if a value with this byte before its key can be read.
pub(super) fn is_read(byte: u8) -> bool {
    matches!(byte, object_type::SET | object_type::SET_INTSET | object_type::SET_LISTPACK)
}

impl Building {
    /// Begins with what follows a key: all of a small collection, or the length of a large one.
    pub(super) fn begin(byte: u8, cursor: &mut Cursor<'_>, rules: &Rules) -> Result<Building, Stop> {
        let (packing, fault) = match byte {
            object_type::SET_INTSET => (Packing::Intset, Fault::Intset),
            object_type::SET_LISTPACK => (Packing::Listpack, Fault::SetListpack),
            _ => return Ok(Building { value_type: Type::Set, left: cursor.length()?, body: None, rules: *rules }),
        };
        let mut bytes = bytes_of(cursor)?;
        let valid = match packing {
            Packing::Intset => intset::validate(&bytes).is_some_and(|count| count > 0),
            Packing::Listpack => listpack::validate(&bytes).is_some(),
        };
        if valid && packing == Packing::Listpack {
            listpack::normalize(&mut bytes);
        }
        let building =
            Building { value_type: Type::Set, left: 0, body: Some(Body::Packed(packing, bytes)), rules: *rules };
        if !valid || building.has_duplicates() {
            return Err(cursor.corrupt(LoadError::Damaged(fault)));
        }
        Ok(building.within_limits())
    }

    /// Reads some elements. What is complete before an incomplete one stays read: the cursor says how far that is.
    pub(super) fn step(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        for index in 0..self.left.min(STEP_ELEMENTS) {
            let start = cursor.position();
            match self.element(cursor) {
                Err(Stop::Incomplete { .. }) if index > 0 => {
                    cursor.return_to(start);
                    break;
                }
                read => read?,
            }
            self.left -= 1;
        }
        Ok(())
    }

    /// True if no element is missing.
    pub(super) fn is_complete(&self) -> bool {
        self.left == 0
    }

    /// What was read; `None` if that is an empty collection, which no server keeps.
    pub(super) fn finish(self) -> (Type, Option<Body>) {
        let body = self.body.filter(|body| !SetRef::of_body(body).is_empty());
        (self.value_type, body)
    }

    fn element(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let (mut digits, expanded);
        let text = match cursor.string()? {
            EncodedString::Plain(span) => cursor.bytes(span),
            EncodedString::Integer(number) => {
                digits = [0; INTEGER_TEXT_SIZE];
                format_i64(number, &mut digits)
            }
            EncodedString::Compressed { data, size } => {
                expanded = cursor.expand(data, size)?;
                &expanded
            }
        };
        let (rules, expected) = (self.rules, usize::try_from(self.left).unwrap_or(usize::MAX));
        let body = self.body.get_or_insert_with(|| rules.empty(text, expected));
        if rules.add(body, text) { Ok(()) } else { Err(cursor.corrupt(LoadError::Damaged(Fault::SetMembers))) }
    }

    /// Made anew if it is not as small as the parameters want it: those of the server that wrote it may differ.
    fn within_limits(mut self) -> Building {
        let Some(body) = &self.body else { return self };
        let (set, limits) = (SetRef::of_body(body), &self.rules.limits);
        let small = match body {
            Body::Packed(Packing::Intset, _) => set.len() <= limits.set_intset_entries,
            _ => {
                set.len() <= limits.set_listpack_entries
                    && set.iter().all(|member| member.length() <= limits.set_listpack_value)
            }
        };
        if small {
            return self;
        }
        let mut large: Option<Body> = None;
        for member in set.iter() {
            let mut digits = [0; INTEGER_TEXT_SIZE];
            let text = member.bytes(&mut digits);
            self.rules.add(large.get_or_insert_with(|| self.rules.empty(text, set.len())), text);
        }
        self.body = large;
        self
    }

    fn has_duplicates(&self) -> bool {
        let Some(body) = &self.body else { return false };
        let mut members: Vec<Vec<u8>> =
            SetRef::of_body(body).iter().map(|member| member.bytes(&mut [0; INTEGER_TEXT_SIZE]).to_vec()).collect();
        members.sort_unstable();
        members.windows(2).any(|pair| pair[0] == pair[1])
    }
}

/// A string's bytes.
fn bytes_of(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, Stop> {
    Ok(match cursor.string()? {
        EncodedString::Plain(span) => cursor.bytes(span).to_vec(),
        EncodedString::Integer(number) => Value::Integer(number).bytes(&mut [0; INTEGER_TEXT_SIZE]).to_vec(),
        EncodedString::Compressed { data, size } => cursor.expand(data, size)?,
    })
}
