//! A node of a list: a listpack of some kilobytes, one element that is too long
//! for that, or either of them compressed.

use crate::base::lzf;
use crate::data::entry::Value;
use crate::data::listpack::{self, Listpack, Position};
use crate::data::shared::copy_of;
use crate::data::slab::block_size;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What a list is made of.
#[derive(PartialEq, Eq, Debug)]
pub enum Node {
    /// Several elements.
    Packed(Vec<u8>),
    /// One.
    Plain(Box<[u8]>),
    /// Either, compressed.
    Compressed(Compressed),
}

impl Clone for Node {
    /// One with as much room, so that the account is the same.
    fn clone(&self) -> Self {
        match self {
            Node::Packed(bytes) => Node::Packed(copy_of(bytes)),
            Node::Plain(bytes) => Node::Plain(bytes.clone()),
            Node::Compressed(compressed) => Node::Compressed(compressed.clone()),
        }
    }
}

/// What is shorter is not compressed; bytes.
const COMPRESSED_MIN: usize = 48;
/// Nor is what is longer: it would keep everybody waiting; bytes.
const COMPRESSED_MAX: usize = 256 << 10;
/// Nor what becomes shorter by less; bytes.
const LEAST_SAVING: usize = 8;

/// The contents of a node, compressed.
///
/// ```text
/// length before    4 bytes, little endian
/// elements         4 bytes, little endian; 0 if it is one long element
/// LZF
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compressed(Box<[u8]>);

impl Compressed {
    const HEADER: usize = 8;

    /// `None` if nothing would be gained.
    fn of(contents: Contents<'_>) -> Option<Compressed> {
        let (plain, count) = match contents {
            Contents::Packed(bytes) => (bytes, Listpack::new(bytes).len()),
            Contents::Plain(bytes) => (bytes, 0),
        };
        if !(COMPRESSED_MIN..=COMPRESSED_MAX).contains(&plain.len()) {
            return None;
        }
        let mut bytes = Vec::with_capacity(plain.len());
        bytes.extend_from_slice(&(plain.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(count as u32).to_le_bytes());
        let gained = lzf::compress(plain, &mut bytes) && bytes.len() + LEAST_SAVING <= plain.len();
        gained.then(|| Compressed(bytes.into()))
    }

    /// What was written by [`Compressed::as_bytes`], or `None` if that is damaged.
    pub(super) fn read(bytes: &[u8]) -> Option<Compressed> {
        let (header, lzf) = bytes.split_at_checked(Self::HEADER)?;
        let (length, count) = header.split_at(4);
        let number = |bytes: &[u8]| bytes.try_into().ok().map(u32::from_le_bytes).map(|number| number as usize);
        let (length, count) = (number(length)?, number(count)?);
        if length > COMPRESSED_MAX {
            return None;
        }
        let plain = lzf::decompress(lzf, length)?;
        let sound = count == 0 || listpack::validate(&plain) == Some(count);
        sound.then(|| Compressed(bytes.into()))
    }

    /// All of it.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn number(&self, at: usize) -> usize {
        self.0[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
    }

    /// Bytes before.
    pub fn plain_len(&self) -> usize {
        self.number(0)
    }

    /// Number of elements; 0 if it is one long element.
    fn count(&self) -> usize {
        self.number(4)
    }

    /// True if it is one long element.
    pub fn is_plain(&self) -> bool {
        self.count() == 0
    }

    /// The compressed bytes alone.
    pub fn lzf(&self) -> &[u8] {
        &self.0[Self::HEADER..]
    }

    /// What it was.
    fn expand(&self) -> Vec<u8> {
        lzf::decompress(self.lzf(), self.plain_len())
            .expect("it was compressed here, or looked through when it was read")
    }
}

/// What a node has, expanded.
#[derive(Clone, Copy, Debug)]
pub enum Contents<'a> {
    /// A listpack.
    Packed(&'a [u8]),
    /// One long element.
    Plain(&'a [u8]),
}

impl<'a> Contents<'a> {
    /// The listpack, or the element.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Contents::Packed(bytes) | Contents::Plain(bytes) => bytes,
        }
    }

    /// An element.
    #[inline]
    fn get(self, index: usize) -> Option<Value<'a>> {
        match self {
            Contents::Packed(bytes) => {
                let list = Listpack::new(bytes);
                list.at(index as i64).map(|at| list.get(at))
            }
            Contents::Plain(bytes) => (index == 0).then_some(Value::Bytes(bytes)),
        }
    }

    /// Visits elements from an index on, until `visit` returns false, and then returns
    /// that.
    pub(super) fn walk(self, from: usize, mut visit: impl FnMut(Value<'_>) -> bool) -> bool {
        match self {
            Contents::Packed(bytes) => {
                let list = Listpack::new(bytes);
                list.at(from as i64).is_none_or(|at| list.iter_from(at).all(visit))
            }
            Contents::Plain(bytes) => from > 0 || visit(Value::Bytes(bytes)),
        }
    }

    /// Likewise all of them, from the last to the first.
    pub(super) fn walk_back(self, mut visit: impl FnMut(Value<'_>) -> bool) -> bool {
        match self {
            Contents::Packed(bytes) => Listpack::new(bytes).iter().rev().all(visit),
            Contents::Plain(bytes) => visit(Value::Bytes(bytes)),
        }
    }
}

impl Node {
    /// What it has; what is compressed is expanded into `expanded`.
    #[inline]
    pub fn contents<'a>(&'a self, expanded: &'a mut Vec<u8>) -> Contents<'a> {
        match self {
            Node::Packed(bytes) => Contents::Packed(bytes),
            Node::Plain(bytes) => Contents::Plain(bytes),
            Node::Compressed(compressed) => {
                *expanded = compressed.expand();
                if compressed.is_plain() { Contents::Plain(expanded) } else { Contents::Packed(expanded) }
            }
        }
    }

    /// Visits its elements.
    pub fn for_each(&self, mut visit: impl FnMut(Value<'_>)) {
        self.contents(&mut Vec::new()).walk(0, |element| {
            visit(element);
            true
        });
    }

    /// Number of elements.
    #[inline]
    pub(super) fn len(&self) -> usize {
        match self {
            Node::Packed(bytes) => Listpack::new(bytes).len(),
            Node::Plain(_) => 1,
            Node::Compressed(compressed) => compressed.count().max(1),
        }
    }

    /// Bytes of its allocation, as the account has them.
    pub(super) fn footprint(&self) -> usize {
        match self {
            Node::Packed(bytes) => block_size(bytes.capacity()),
            Node::Plain(bytes) => block_size(bytes.len()),
            Node::Compressed(compressed) => block_size(compressed.0.len()),
        }
    }

    /// Bytes of its elements with their encoding, were it not compressed.
    pub(super) fn plain_len(&self) -> usize {
        match self {
            Node::Packed(bytes) => bytes.len(),
            Node::Plain(bytes) => bytes.len(),
            Node::Compressed(compressed) => compressed.plain_len(),
        }
    }

    /// Where an element stands; `None` in a plain node, and in a compressed one.
    pub(super) fn position(&self, index: usize) -> Option<Position> {
        match self {
            Node::Packed(bytes) => Listpack::new(bytes).at(index as i64),
            Node::Plain(_) | Node::Compressed(_) => None,
        }
    }

    /// Looks at an element.
    #[inline]
    pub(super) fn with<R>(&self, index: usize, look: impl FnOnce(Value<'_>) -> R) -> Option<R> {
        self.contents(&mut Vec::new()).get(index).map(look)
    }

    /// A node of one element; plain if it is longer than `packed_max` bytes.
    pub(super) fn of(value: &[u8], packed_max: usize) -> Node {
        if value.len() > packed_max {
            return Node::Plain(value.into());
        }
        let mut bytes = listpack::empty();
        listpack::push_back(&mut bytes, Value::encode(value));
        Node::Packed(bytes)
    }

    /// Gives back what it will not grow into.
    pub(super) fn settle(&mut self) {
        if let Node::Packed(bytes) = self {
            bytes.shrink_to_fit();
        }
    }

    /// True if it is a listpack, compressed or not.
    #[inline]
    pub fn is_listpack(&self) -> bool {
        match self {
            Node::Packed(_) => true,
            Node::Plain(_) => false,
            Node::Compressed(compressed) => !compressed.is_plain(),
        }
    }

    /// True if it is compressed.
    #[inline]
    pub(super) fn is_compressed(&self) -> bool {
        matches!(self, Node::Compressed(_))
    }

    /// Compresses it if that gains anything.
    pub(super) fn compress(&mut self) {
        let compressed = match self {
            Node::Packed(bytes) => Compressed::of(Contents::Packed(bytes)),
            Node::Plain(bytes) => Compressed::of(Contents::Plain(bytes)),
            Node::Compressed(_) => None,
        };
        if let Some(compressed) = compressed {
            *self = Node::Compressed(compressed);
        }
    }

    /// Makes it one that is not compressed.
    #[inline]
    pub(super) fn expand(&mut self) {
        if let Node::Compressed(compressed) = self {
            let bytes = compressed.expand();
            *self = if compressed.is_plain() { Node::Plain(bytes.into()) } else { Node::Packed(bytes) };
        }
    }
}
