//! Hashes: two encodings of one thing.
//!
//! ```text
//! listpack  field, value, field, value: short ones, up to hash-max-listpack-entries
//! hashtable any, and whatever has fields that expire                               Members
//! ```
//!
//! A hash goes from the one to the other, never back.
//!
//! [`HashRef`] has all fields that have not been removed; which of them a command
//! sees at a time [`Visible`] tells.

mod expiry;
mod visible;

use crate::base::random::Random;
use crate::data::collection::{Body, Collection};
use crate::data::entry::{Content, Value};
use crate::data::limits::{LISTPACK_BYTES_MAX, Rules};
use crate::data::listpack::{self, Listpack};
use crate::data::members::{self, Members, SweepState};
use crate::data::shape::{Packing, Type};
use alloc::boxed::Box;
use alloc::vec::Vec;
pub use expiry::{Expired, Lifetime, Persisted, SetField, drop_due, persist, remove_visible};
pub use visible::Visible;

/// A hash that is read.
#[derive(Clone, Copy, Debug)]
pub enum HashRef<'a> {
    /// One pair behind the other.
    Listpack(Listpack<'a>),
    /// By hash.
    Members(&'a Members),
}

impl<'a> HashRef<'a> {
    /// The hash that is a value; `None` if that is something else.
    #[inline]
    pub fn of(content: Content<'a>) -> Option<HashRef<'a>> {
        match content {
            Content::Packed(Type::Hash, Packing::Listpack, bytes) => Some(HashRef::Listpack(Listpack::new(bytes))),
            Content::Large(Type::Hash, Collection::Members(members)) => Some(HashRef::Members(members)),
            _ => None,
        }
    }

    /// The hash in a hash's body.
    pub fn of_body(body: &'a Body) -> HashRef<'a> {
        match body {
            Body::Packed(_, bytes) => HashRef::Listpack(Listpack::new(bytes)),
            Body::Large(collection) => HashRef::Members(collection.members()),
        }
    }

    /// Number of fields.
    #[inline]
    pub fn len(self) -> usize {
        match self {
            HashRef::Listpack(list) => list.len() / 2,
            HashRef::Members(members) => members.len(),
        }
    }

    /// True if there is no field.
    pub fn is_empty(self) -> bool {
        match self {
            HashRef::Listpack(list) => list.is_empty(),
            HashRef::Members(members) => members.is_empty(),
        }
    }

    /// When a field expires, if it does.
    pub fn expiry_of(self, field: &[u8]) -> Option<i64> {
        if let HashRef::Members(members) = self { members.get(field)?.expire_at_ms } else { None }
    }

    /// True if fields of it expire.
    pub fn expires(self) -> bool {
        matches!(self, HashRef::Members(members) if members.expiring() > 0)
    }

    /// How far the sweep for fields that are due has come, for who compares states.
    pub fn sweep(self) -> Option<SweepState> {
        if let HashRef::Members(members) = self { Some(members.sweep()) } else { None }
    }

    /// Visits the fields that expire, with their values and times.
    pub fn for_each_expiring(self, mut visit: impl FnMut(&'a [u8], &'a [u8], i64)) {
        if let HashRef::Members(members) = self
            && members.expiring() > 0
        {
            let expiring = |element: members::Element<'a>| element.expire_at_ms.map(|at| (element, at));
            members.iter().filter_map(expiring).for_each(|(element, at)| visit(element.member, element.value, at));
        }
    }

    /// The value of a field.
    #[inline]
    pub fn get(self, field: &[u8]) -> Option<Value<'a>> {
        match self {
            HashRef::Listpack(list) => {
                let at = list.find(Value::encode(field), list.first()?, 1)?;
                Some(list.get(list.next(at)?))
            }
            HashRef::Members(members) => members.get(field).map(|element| Value::Bytes(element.value)),
        }
    }

    /// All fields with their values. Those of a hashtable come as bytes, integers
    /// too.
    pub fn iter(self) -> HashIter<'a> {
        match self {
            HashRef::Listpack(list) => HashIter::Listpack(list.iter()),
            HashRef::Members(members) => HashIter::Members(members.iter()),
        }
    }

    /// A field at random with its value, each as likely as any other.
    pub fn random(self, mut random: impl FnMut() -> u64) -> Option<(Value<'a>, Value<'a>)> {
        match self {
            HashRef::Listpack(list) => {
                let index = ((u128::from(random()) * self.len() as u128) >> 64) as i64;
                let at = list.at(index * 2)?;
                Some((list.get(at), list.get(list.next(at)?)))
            }
            HashRef::Members(members) => {
                let element = members.random(random)?;
                Some((Value::Bytes(element.member), Value::Bytes(element.value)))
            }
        }
    }

    /// Different fields with their values, so many or all if there are not more;
    /// each choice of them is as likely as any other.
    pub fn sample(self, count: usize, random: &mut Random) -> Vec<(Value<'a>, Value<'a>)> {
        let pair = |element: &members::Element<'a>| (Value::Bytes(element.member), Value::Bytes(element.value));
        match self {
            HashRef::Members(members) => members.sample(count, random).iter().map(pair).collect(),
            hash => random.select(hash.iter(), hash.len(), count),
        }
    }
}

/// The fields of a hash with their values.
#[derive(Clone, Debug)]
pub enum HashIter<'a> {
    /// Of a listpack.
    Listpack(listpack::Iter<'a>),
    /// Of a hashtable.
    Members(members::Iter<'a>),
}

impl<'a> Iterator for HashIter<'a> {
    type Item = (Value<'a>, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            HashIter::Listpack(iter) => Some((iter.next()?, iter.next()?)),
            HashIter::Members(iter) => {
                iter.next().map(|element| (Value::Bytes(element.member), Value::Bytes(element.value)))
            }
        }
    }
}

/// A hash without fields.
pub fn empty() -> Body {
    Body::Packed(Packing::Listpack, listpack::empty())
}

impl Rules {
    /// Gives a field a value. True if the field is new.
    pub fn set_field(&self, body: &mut Body, field: &[u8], value: &[u8]) -> bool {
        let limits = &self.limits;
        if let Body::Packed(_, bytes) = body {
            let longest = field.len().max(value.len());
            if longest > limits.hash_listpack_value || bytes.len() + field.len() + value.len() > LISTPACK_BYTES_MAX {
                self.spread(body);
            }
        }
        let new = match body {
            Body::Packed(_, bytes) => set_packed(bytes, field, value),
            Body::Large(collection) => collection.members_mut().insert(field, value, None),
        };
        if new && matches!(body, Body::Packed(..)) && HashRef::of_body(body).len() > limits.hash_listpack_entries {
            self.spread(body);
        }
        new
    }

    /// Turns a hash into a hashtable.
    pub fn spread(&self, body: &mut Body) {
        let mut members = Members::new(self.sip, true);
        for (field, value) in HashRef::of_body(body).iter() {
            members.insert(field.bytes(&mut [0; 20]), value.bytes(&mut [0; 20]), None);
        }
        *body = Body::Large(Box::new(Collection::Members(members)));
    }
}

fn set_packed(bytes: &mut Vec<u8>, field: &[u8], value: &[u8]) -> bool {
    let (list, field, value) = (Listpack::new(bytes), Value::encode(field), Value::encode(value));
    let found = list.first().and_then(|first| list.find(field, first, 1)).and_then(|at| list.next(at));
    match found {
        Some(at) => listpack::replace(bytes, at, value),
        None => {
            listpack::push_back(bytes, field);
            listpack::push_back(bytes, value);
        }
    }
    found.is_none()
}

/// Removes a field. True if it was there.
pub fn remove(body: &mut Body, field: &[u8]) -> bool {
    match body {
        Body::Packed(_, bytes) => {
            let list = Listpack::new(bytes);
            let found = list.first().and_then(|first| list.find(Value::encode(field), first, 1));
            if let Some(at) = found {
                listpack::remove_range(bytes, at, 2);
                listpack::recount(bytes);
            }
            found.is_some()
        }
        Body::Large(collection) => collection.members_mut().remove(field),
    }
}
