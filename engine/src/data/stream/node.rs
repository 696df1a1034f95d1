//! A node: some entries in one listpack, as files carry it.
//!
//! ```text
//! master   count  deleted  number of fields  field ...  0
//! entry    flags  ms  sequence                     value ...          length     the master's fields
//! entry    flags  ms  sequence  number of fields  field value ...    length     fields of its own
//! ```
//!
//! The id of a node is that of the first entry it ever had; an entry's two parts
//! are what it is further than that. The length counts the elements before it:
//! by it entries are walked backwards. An entry that is deleted keeps its place;
//! a node without others is none.

use super::StreamId;
use crate::data::entry::Value;
use crate::data::listpack::{self, Listpack, Position};
use core::iter::{FusedIterator, once};

const DELETED: i64 = 1;
const SAME_FIELDS: i64 = 2;
/// Elements of an entry besides its fields and their number: flags, two parts.
const FIXED: usize = 3;

/// A node that is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    id: StreamId,
    list: Listpack<'a>,
    /// Entries that are not deleted.
    pub(super) live: u64,
    /// Entries that are.
    pub(super) deleted: u64,
    field_count: usize,
    first_field: Position,
    first_entry: Option<Position>,
}

/// An entry that is read.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Its id.
    pub id: StreamId,
    /// True if it is deleted.
    pub deleted: bool,
    /// Its fields with their values.
    pub fields: Fields<'a>,
    at: Position,
}

/// The fields of an entry, with their values.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    /// Those of the master, if they are the entry's.
    names: Option<listpack::Iter<'a>>,
    rest: listpack::Iter<'a>,
    left: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Value<'a>, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = match &mut self.names {
            Some(names) => names.next()?,
            None => self.rest.next()?,
        };
        Some((name, self.rest.next()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Fields<'_> {}

#[inline]
fn integer(list: Listpack<'_>, position: Position) -> Option<i64> {
    match list.get(position) {
        Value::Integer(number) => Some(number),
        Value::Bytes(_) => None,
    }
}

#[inline]
fn count(list: Listpack<'_>, position: Position) -> Option<usize> {
    usize::try_from(integer(list, position)?).ok()
}

#[inline]
fn skip(list: Listpack<'_>, position: Position, count: usize) -> Option<Position> {
    (0..count).try_fold(position, |position, _| list.next(position))
}

impl<'a> Node<'a> {
    /// The node of this id in these bytes; `None` if it is none.
    pub(super) fn open(id: StreamId, bytes: &'a [u8]) -> Option<Node<'a>> {
        let list = Listpack::new(bytes);
        let live_at = list.first()?;
        let deleted_at = list.next(live_at)?;
        let fields_at = list.next(deleted_at)?;
        let field_count = count(list, fields_at)?;
        let first_field = list.next(fields_at)?;
        let end = skip(list, first_field, field_count)?;
        Some(Node {
            id,
            list,
            live: count(list, live_at)? as u64,
            deleted: count(list, deleted_at)? as u64,
            field_count,
            first_field,
            first_entry: list.next(end),
        })
    }

    /// Looks at bytes that somebody sent, of which it is known that they are a
    /// listpack whose integers are written as ours. Returns the greatest id.
    pub(super) fn validate(id: StreamId, bytes: &[u8]) -> Option<StreamId> {
        let node = Node::open(id, bytes)?;
        let end = skip(node.list, node.first_field, node.field_count)?;
        if integer(node.list, end) != Some(0) {
            return None;
        }
        let (mut live, mut deleted, mut last) = (0, 0, None);
        let mut at = node.first_entry;
        while let Some(position) = at {
            let (entry, next) = node.entry(position)?;
            let first_or_greater = last.map_or(entry.id >= id, |last| entry.id > last);
            if !first_or_greater || !node.is_sound(position, &entry) {
                return None;
            }
            *if entry.deleted { &mut deleted } else { &mut live } += 1;
            last = Some(entry.id);
            at = next;
        }
        (live == node.live && deleted == node.deleted).then_some(last.unwrap_or(id))
    }

    /// True if the flags of an entry are known, and its length is right.
    fn is_sound(&self, position: Position, entry: &Entry<'_>) -> bool {
        let flags = integer(self.list, position).unwrap_or(-1);
        let own = entry.fields.names.is_none();
        let length = FIXED + entry.fields.len() * (1 + usize::from(own)) + usize::from(own);
        let stated = skip(self.list, position, length).and_then(|at| count(self.list, at));
        (0..=DELETED | SAME_FIELDS).contains(&flags) && stated == Some(length)
    }

    /// The entry at a position, and where the next one is.
    fn entry(&self, at: Position) -> Option<(Entry<'a>, Option<Position>)> {
        let list = self.list;
        let flags = integer(list, at)?;
        let ms_at = list.next(at)?;
        let sequence_at = list.next(ms_at)?;
        let id = StreamId {
            ms: self.id.ms.wrapping_add_signed(integer(list, ms_at)?),
            sequence: self.id.sequence.wrapping_add_signed(integer(list, sequence_at)?),
        };
        let mut start = list.next(sequence_at)?;
        let (mut names, mut left) = (Some(list.iter_from(self.first_field)), self.field_count);
        let mut elements = left;
        if flags & SAME_FIELDS == 0 {
            (names, left) = (None, count(list, start)?);
            elements = left.checked_mul(2)?;
            start = list.next(start)?;
        }
        let length_at = skip(list, start, elements)?;
        let fields = Fields { names, rest: list.iter_from(start), left };
        Some((Entry { id, deleted: flags & DELETED != 0, fields, at }, list.next(length_at)))
    }

    /// The entries, deleted or not.
    pub(super) fn entries(self) -> Entries<'a> {
        Entries { node: self, front: self.first_entry, back: None }
    }

    /// The greatest id, that of a deleted entry, too.
    pub(super) fn last_id(self) -> StreamId {
        self.entries().next_back().map_or(self.id, |entry| entry.id)
    }

    /// True if these are the fields of its first entry.
    pub(super) fn has_fields<'f>(&self, mut names: impl ExactSizeIterator<Item = &'f [u8]>) -> bool {
        let mut own = self.list.iter_from(self.first_field).take(self.field_count);
        names.len() == self.field_count && own.all(|own| names.next().is_some_and(|name| Value::encode(name) == own))
    }

    /// What stands where an entry begins once it is deleted.
    pub(super) fn mark(&self, entry: &Entry<'_>) -> Option<(Position, i64)> {
        Some((entry.at, integer(self.list, entry.at)? | DELETED))
    }

    /// What the master says once so many more entries are deleted: the second may
    /// move what is behind it.
    pub(super) fn counts_without(&self, gone: u64) -> Option<[(Position, i64); 2]> {
        let live_at = self.list.first()?;
        let deleted_at = self.list.next(live_at)?;
        Some([(deleted_at, (self.deleted + gone) as i64), (live_at, (self.live - gone) as i64)])
    }

    /// What changes in the listpack by one more entry.
    pub(super) fn addition(&self) -> Option<(Position, i64)> {
        Some((self.list.first()?, self.live as i64 + 1))
    }

    /// What a further entry's parts are relative to.
    pub(super) fn id(&self) -> StreamId {
        self.id
    }
}

/// The entries of a node, but for those that are deleted.
pub fn entries_of(id: StreamId, bytes: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let entries = Node::open(id, bytes).map(Node::entries);
    entries.into_iter().flatten().filter(|entry| !entry.deleted)
}

/// The entries of a node.
#[derive(Clone, Debug)]
pub(super) struct Entries<'a> {
    node: Node<'a>,
    front: Option<Position>,
    /// Where the entry before which it ends begins; at the end of the node if
    /// there is none.
    back: Option<Position>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        let (entry, next) = self.node.entry(self.front.filter(|front| Some(*front) != self.back)?)?;
        self.front = next;
        Some(entry)
    }
}

impl DoubleEndedIterator for Entries<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let front = self.front.filter(|front| Some(*front) != self.back)?;
        let list = self.node.list;
        let mut at = match self.back {
            Some(back) => list.previous(back)?,
            None => list.last()?,
        };
        for _ in 0..count(list, at)? {
            at = list.previous(at)?;
        }
        let (entry, _) = self.node.entry(at.max(front))?;
        self.back = Some(entry.at);
        Some(entry)
    }
}

impl FusedIterator for Entries<'_> {}

/// Elements of the master of a new node.
pub(super) fn master<'f>(
    names: impl ExactSizeIterator<Item = &'f [u8]> + Clone,
) -> impl Iterator<Item = Value<'f>> + Clone {
    let head = [1, 0, names.len() as i64].map(Value::Integer);
    head.into_iter().chain(names.map(Value::encode)).chain(once(Value::Integer(0)))
}

/// Elements of an entry in a node of some id.
pub(super) fn entry<'f>(
    id: StreamId,
    node: StreamId,
    same_fields: bool,
    pairs: impl ExactSizeIterator<Item = (&'f [u8], &'f [u8])> + Clone,
) -> impl Iterator<Item = Value<'f>> + Clone {
    let flags = if same_fields { SAME_FIELDS } else { 0 };
    let (ms, sequence) = (id.ms.wrapping_sub(node.ms), id.sequence.wrapping_sub(node.sequence));
    let count = pairs.len();
    let own = (!same_fields).then_some(count as i64);
    let length = if same_fields { FIXED + count } else { FIXED + 1 + 2 * count };
    [flags, ms.cast_signed(), sequence.cast_signed()]
        .into_iter()
        .chain(own)
        .map(Value::Integer)
        .chain(pairs.flat_map(move |(name, value)| {
            (!same_fields).then(|| Value::encode(name)).into_iter().chain(once(Value::encode(value)))
        }))
        .chain(once(Value::Integer(length as i64)))
}
