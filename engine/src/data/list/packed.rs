//! Lists of both encodings as one thing.

use super::{Fill, List};
use crate::data::collection::{Body, Collection};
use crate::data::entry::{Content, Value};
use crate::data::limits::Rules;
use crate::data::listpack::{self, Listpack};
use crate::data::shape::{Packing, Type};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A list that is read.
#[derive(Clone, Copy, Debug)]
pub enum ListRef<'a> {
    /// One behind the other.
    Listpack(Listpack<'a>),
    /// In nodes.
    List(&'a List),
}

impl<'a> ListRef<'a> {
    /// The list that is a value; `None` if that is something else.
    #[inline]
    pub fn of(content: Content<'a>) -> Option<ListRef<'a>> {
        match content {
            Content::Packed(Type::List, _, bytes) => Some(ListRef::Listpack(Listpack::new(bytes))),
            Content::Large(Type::List, Collection::List(list)) => Some(ListRef::List(list)),
            _ => None,
        }
    }

    /// Number of elements.
    pub fn len(self) -> usize {
        match self {
            ListRef::Listpack(list) => list.len(),
            ListRef::List(list) => list.len(),
        }
    }

    /// True if there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Looks at an element.
    pub fn with<R>(self, index: usize, look: impl FnOnce(Value<'_>) -> R) -> Option<R> {
        match self {
            ListRef::Listpack(list) => list.at(i64::try_from(index).ok()?).map(|at| look(list.get(at))),
            ListRef::List(list) => list.with(index, look),
        }
    }

    /// Visits so many elements from an index on, or as many as there are.
    pub fn visit(self, from: usize, count: usize, mut visit: impl FnMut(Value<'_>)) {
        let mut left = count;
        if left == 0 {
            return;
        }
        self.walk_from(from, |element| {
            visit(element);
            left -= 1;
            left > 0
        });
    }

    fn walk_from(self, from: usize, mut visit: impl FnMut(Value<'_>) -> bool) {
        match self {
            ListRef::Listpack(list) => {
                if let Some(at) = i64::try_from(from).ok().and_then(|from| list.at(from)) {
                    list.iter_from(at).all(visit);
                }
            }
            ListRef::List(list) => list.walk(from, &mut visit),
        }
    }

    /// Visits all elements with their indices, from the beginning or from the end,
    /// until `visit` returns false.
    pub fn walk(self, from_end: bool, mut visit: impl FnMut(usize, Value<'_>) -> bool) {
        let (mut before, mut behind) = (0, self.len());
        let on = |element: Value<'_>| {
            before += 1;
            visit(before - 1, element)
        };
        if !from_end {
            return self.walk_from(0, on);
        }
        let back = |element: Value<'_>| {
            behind -= 1;
            visit(behind, element)
        };
        match self {
            ListRef::Listpack(list) => drop(list.iter().rev().all(back)),
            ListRef::List(list) => list.walk_back(back),
        }
    }

    /// An index that may count from the end, as one from the beginning; before the
    /// beginning or behind the end it is none.
    pub fn index(self, index: i64) -> Option<usize> {
        let length = self.len() as i64;
        let index = if index < 0 { length.checked_add(index)? } else { index };
        (0..length).contains(&index).then_some(index as usize)
    }
}

/// A list without elements.
pub fn empty() -> Body {
    Body::Packed(Packing::Listpack, listpack::empty())
}

impl Rules {
    fn fill(&self) -> Fill {
        Fill(self.limits.list_node)
    }

    /// Prepares a list for more elements, of so many bytes together.
    pub fn expect_elements(&self, body: &mut Body, bytes: usize, count: usize) {
        let Body::Packed(_, packed) = body else { return };
        if self.fill().exceeded(packed.len() + bytes, Listpack::new(packed).len() + count) {
            let list = List::of_packed(core::mem::take(packed), self.limits.list_compress_depth);
            *body = Body::Large(Box::new(Collection::List(list)));
        }
    }

    /// Adds an element at an end; [`Rules::expect_elements`] came before.
    pub fn push(&self, body: &mut Body, front: bool, value: &[u8]) {
        match body {
            Body::Packed(_, bytes) if front => listpack::push_front(bytes, Value::encode(value)),
            Body::Packed(_, bytes) => listpack::push_back(bytes, Value::encode(value)),
            Body::Large(collection) => collection.list_mut().push(front, value, self.fill()),
        }
    }

    /// Makes a listpack of a list that is small again: half as large as it may
    /// be, so that it does not go to and fro, or, if `just_made`, as large.
    pub fn condense(&self, body: &mut Body, just_made: bool) {
        let Body::Large(collection) = body else { return };
        let list = collection.list_mut();
        let (fill, factor) = (self.fill(), if just_made { 1 } else { 2 });
        let Some(bytes) = list.only_packed() else { return };
        if fill.exceeded(bytes.len() * factor, list.len().saturating_mul(factor)) {
            return;
        }
        let mut bytes = bytes.clone();
        bytes.shrink_to_fit();
        *body = Body::Packed(Packing::Listpack, bytes);
    }
}

/// Takes an element off an end.
pub fn pop(body: &mut Body, front: bool) -> Option<Vec<u8>> {
    let (list, last) = (ListRef::of(body.content(Type::List))?, if front { 0 } else { usize::MAX });
    let index = last.min(list.len().checked_sub(1)?);
    let value = list.with(index, |element| element.bytes(&mut [0; 20]).to_vec())?;
    remove(body, index, 1);
    Some(value)
}

/// Removes elements.
fn remove(body: &mut Body, index: usize, count: usize) {
    match body {
        Body::Packed(_, bytes) => {
            if let Some(at) = Listpack::new(bytes).at(index as i64) {
                listpack::remove_range(bytes, at, count);
            }
        }
        Body::Large(collection) => collection.list_mut().remove(index, count),
    }
}

/// Keeps so many elements from an index on, and removes all others.
pub fn trim(body: &mut Body, index: usize, count: usize) {
    remove(body, index + count, usize::MAX);
    remove(body, 0, index);
}

/// Puts another element in the place of one; [`Rules::expect_elements`] came
/// before.
pub fn replace(rules: &Rules, body: &mut Body, index: usize, value: &[u8]) {
    match body {
        Body::Packed(_, bytes) => {
            if let Some(at) = Listpack::new(bytes).at(index as i64) {
                listpack::replace(bytes, at, Value::encode(value));
            }
        }
        Body::Large(collection) => collection.list_mut().replace(index, value, rules.fill()),
    }
}

/// Inserts an element before the one at an index, or at the end;
/// [`Rules::expect_elements`] came before.
pub fn insert(rules: &Rules, body: &mut Body, index: usize, value: &[u8]) {
    match body {
        Body::Packed(_, bytes) => match Listpack::new(bytes).at(index as i64) {
            Some(at) => listpack::insert_before(bytes, at, Value::encode(value)),
            None => listpack::push_back(bytes, Value::encode(value)),
        },
        Body::Large(collection) => collection.list_mut().insert(index, value, rules.fill()),
    }
}

/// Removes elements that are equal to a value, at most so many: from the
/// beginning, or from the end. Returns how many.
pub fn remove_matching(body: &mut Body, value: &[u8], count: usize, from_end: bool) -> usize {
    let Some(list) = ListRef::of(body.content(Type::List)) else { return 0 };
    let needle = Value::encode(value);
    // A long element is not looked at for an integer.
    let is = |element: &Value<'_>| *element == needle || *element == Value::Bytes(value);
    let mut found = Vec::new();
    list.walk(from_end, |index, element| {
        if is(&element) {
            found.push(index);
        }
        found.len() < count
    });
    found.sort_unstable();
    for &index in found.iter().rev() {
        remove(body, index, 1);
    }
    found.len()
}
