//! Sets: three encodings of one thing.
//!
//! ```text
//! intset    integers alone, up to set-max-intset-entries
//! listpack  short members, up to set-max-listpack-entries
//! hashtable any                                            Members
//! ```
//!
//! A set goes from one encoding to one further down, never back.

use crate::base::number::{digits, parse_i64};
use crate::base::random::Random;
use crate::data::collection::{Body, Collection};
use crate::data::entry::{Content, Value};
use crate::data::intset::{self, Intset};
use crate::data::limits::{LISTPACK_BYTES_MAX, Rules};
use crate::data::listpack::{self, Listpack};
use crate::data::members::{self, Members};
use crate::data::shape::{Packing, Type};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A set that is read.
#[derive(Clone, Copy, Debug)]
pub enum SetRef<'a> {
    /// In order, integers.
    Intset(Intset<'a>),
    /// One behind the other.
    Listpack(Listpack<'a>),
    /// By hash.
    Members(&'a Members),
}

impl<'a> SetRef<'a> {
    /// The set that is a value; `None` if that is something else.
    #[inline]
    pub fn of(content: Content<'a>) -> Option<SetRef<'a>> {
        match content {
            Content::Packed(Type::Set, Packing::Intset, bytes) => Some(SetRef::Intset(Intset::new(bytes))),
            Content::Packed(Type::Set, Packing::Listpack, bytes) => Some(SetRef::Listpack(Listpack::new(bytes))),
            Content::Large(Type::Set, Collection::Members(members)) => Some(SetRef::Members(members)),
            _ => None,
        }
    }

    /// The set in a body.
    pub fn of_body(body: &'a Body) -> SetRef<'a> {
        match body {
            Body::Packed(Packing::Intset, bytes) => SetRef::Intset(Intset::new(bytes)),
            Body::Packed(Packing::Listpack, bytes) => SetRef::Listpack(Listpack::new(bytes)),
            Body::Large(collection) => SetRef::Members(collection.members()),
        }
    }

    /// Number of members.
    #[inline]
    pub fn len(self) -> usize {
        match self {
            SetRef::Intset(set) => set.len(),
            SetRef::Listpack(list) => list.len(),
            SetRef::Members(members) => members.len(),
        }
    }

    /// True if there is no member.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// True if it is a member.
    #[inline]
    pub fn contains(self, member: &[u8]) -> bool {
        match self {
            SetRef::Intset(set) => parse_i64(member).is_some_and(|number| set.contains(number)),
            SetRef::Listpack(list) => find(list, Value::encode(member)).is_some(),
            SetRef::Members(members) => members.contains(member),
        }
    }

    /// As [`SetRef::contains`], of what another set's iteration gave.
    pub fn contains_value(self, member: Value<'_>) -> bool {
        match (self, member) {
            (SetRef::Intset(set), Value::Integer(number)) => set.contains(number),
            (SetRef::Listpack(list), Value::Integer(_)) => find(list, member).is_some(),
            _ => self.contains(member.bytes(&mut [0; 20])),
        }
    }

    /// All members. Those of a hashtable come as bytes, integers too.
    pub fn iter(self) -> SetIter<'a> {
        match self {
            SetRef::Intset(set) => SetIter::Intset(set.iter()),
            SetRef::Listpack(list) => SetIter::Listpack(list.iter()),
            SetRef::Members(members) => SetIter::Members(members.iter()),
        }
    }

    /// A member at random, each as likely as any other.
    pub fn random(self, mut random: impl FnMut() -> u64) -> Option<Value<'a>> {
        if self.is_empty() {
            return None;
        }
        let mut below = |count: usize| ((u128::from(random()) * count as u128) >> 64) as usize;
        match self {
            SetRef::Intset(set) => set.get(below(set.len())).map(Value::Integer),
            SetRef::Listpack(list) => list.at(below(list.len()) as i64).map(|at| list.get(at)),
            SetRef::Members(members) => members.random(random).map(|element| Value::Bytes(element.member)),
        }
    }

    /// Different members, so many or all if there are not more; each choice of
    /// them is as likely as any other.
    pub fn sample(self, count: usize, random: &mut Random) -> Vec<Value<'a>> {
        match self {
            SetRef::Members(members) => {
                members.sample(count, random).iter().map(|element| Value::Bytes(element.member)).collect()
            }
            set => random.select(set.iter(), set.len(), count),
        }
    }

    /// The encoding, as OBJECT ENCODING names it.
    pub fn encoding(self) -> &'static str {
        match self {
            SetRef::Intset(_) => "intset",
            SetRef::Listpack(_) => "listpack",
            SetRef::Members(_) => "hashtable",
        }
    }
}

/// The members of a set.
#[derive(Clone, Debug)]
pub enum SetIter<'a> {
    /// Of an intset.
    Intset(intset::Iter<'a>),
    /// Of a listpack.
    Listpack(listpack::Iter<'a>),
    /// Of a hashtable.
    Members(members::Iter<'a>),
}

impl<'a> Iterator for SetIter<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        match self {
            SetIter::Intset(iter) => iter.next().map(Value::Integer),
            SetIter::Listpack(iter) => iter.next(),
            SetIter::Members(iter) => iter.next().map(|element| Value::Bytes(element.member)),
        }
    }
}

fn find(list: Listpack<'_>, member: Value<'_>) -> Option<listpack::Position> {
    list.find(member, list.first()?, 0)
}

impl Rules {
    /// An empty set in the encoding that is right for so many members, of which
    /// this is the first.
    pub fn empty(&self, first: &[u8], expected: usize) -> Body {
        if parse_i64(first).is_some() && expected <= self.limits.set_intset_entries {
            return Body::Packed(Packing::Intset, intset::empty());
        }
        if expected <= self.limits.set_listpack_entries {
            return Body::Packed(Packing::Listpack, listpack::empty());
        }
        self.large()
    }

    /// Prepares a set for so many more members.
    pub fn expect(&self, body: &mut Body, more: usize) {
        let beyond = match body {
            Body::Packed(Packing::Intset, _) => more > self.limits.set_intset_entries,
            Body::Packed(Packing::Listpack, _) => more > self.limits.set_listpack_entries,
            Body::Large(_) => false,
        };
        if beyond {
            self.enlarge(body);
        }
    }

    /// Adds a member. True if it is new.
    pub fn add(&self, body: &mut Body, member: &[u8]) -> bool {
        match body {
            Body::Packed(Packing::Intset, bytes) => match parse_i64(member) {
                Some(number) => self.add_integer(body, number),
                None => {
                    let set = Intset::new(bytes);
                    let longest = [set.min(), set.max()].into_iter().flatten().map(digits).max().unwrap_or(0);
                    if set.len() < self.limits.set_listpack_entries
                        && member.len() <= self.limits.set_listpack_value
                        && longest <= self.limits.set_listpack_value
                    {
                        repack(body);
                    } else {
                        self.enlarge(body);
                    }
                    self.add(body, member)
                }
            },
            Body::Packed(Packing::Listpack, bytes) => {
                let (list, value) = (Listpack::new(bytes), Value::encode(member));
                if find(list, value).is_some() {
                    return false;
                }
                if list.len() < self.limits.set_listpack_entries
                    && member.len() <= self.limits.set_listpack_value
                    && bytes.len() + member.len() < LISTPACK_BYTES_MAX
                {
                    listpack::push_back(bytes, value);
                    return true;
                }
                self.enlarge(body);
                self.add(body, member)
            }
            Body::Large(collection) => collection.members_mut().insert(member, &[], None),
        }
    }

    fn add_integer(&self, body: &mut Body, number: i64) -> bool {
        let Body::Packed(Packing::Intset, bytes) = body else { return false };
        if !intset::insert(bytes, number) {
            return false;
        }
        if Intset::new(bytes).len() > self.limits.set_intset_entries {
            self.enlarge(body);
        }
        true
    }

    fn large(&self) -> Body {
        Body::Large(Box::new(Collection::Members(Members::new(self.sip, false))))
    }

    /// Turns a set into a hashtable.
    fn enlarge(&self, body: &mut Body) {
        let mut members = Members::new(self.sip, false);
        for member in SetRef::of_body(body).iter() {
            members.insert(member.bytes(&mut [0; 20]), &[], None);
        }
        *body = Body::Large(Box::new(Collection::Members(members)));
    }
}

/// An empty set, which becomes what its members make of it.
pub fn empty() -> Body {
    Body::Packed(Packing::Intset, intset::empty())
}

/// Turns an intset into a listpack.
fn repack(body: &mut Body) {
    let mut bytes = listpack::empty();
    for member in SetRef::of_body(body).iter() {
        listpack::push_back(&mut bytes, member);
    }
    *body = Body::Packed(Packing::Listpack, bytes);
}

/// Removes a member. True if it was there.
pub fn remove(body: &mut Body, member: &[u8]) -> bool {
    match body {
        Body::Packed(Packing::Intset, bytes) => parse_i64(member).is_some_and(|number| intset::remove(bytes, number)),
        Body::Packed(Packing::Listpack, bytes) => {
            let Some(at) = find(Listpack::new(bytes), Value::encode(member)) else { return false };
            listpack::remove(bytes, at);
            true
        }
        Body::Large(collection) => collection.members_mut().remove(member),
    }
}

/// Removes a member at random, each as likely as any other, and returns it.
pub fn pop(body: &mut Body, random: &mut Random) -> Option<Vec<u8>> {
    if let Body::Large(collection) = body {
        return collection.members_mut().take_random(|| random.next_u64()).map(|(member, _)| member);
    }
    let member = SetRef::of_body(body).random(|| random.next_u64())?.bytes(&mut [0; 20]).to_vec();
    remove(body, &member);
    Some(member)
}
