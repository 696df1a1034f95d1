//! A node of a list: a listpack of some kilobytes, or one element that is too
//! long for that.

use super::{NodeIter, node_iter};
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
}

impl Clone for Node {
    /// One with as much room, so that the account is the same.
    fn clone(&self) -> Self {
        match self {
            Node::Packed(bytes) => Node::Packed(copy_of(bytes)),
            Node::Plain(bytes) => Node::Plain(bytes.clone()),
        }
    }
}

impl Node {
    /// Its elements.
    pub fn iter(&self) -> NodeIter<'_> {
        node_iter(self, 0)
    }

    /// Number of elements.
    #[inline]
    pub(super) fn len(&self) -> usize {
        match self {
            Node::Packed(bytes) => Listpack::new(bytes).len(),
            Node::Plain(_) => 1,
        }
    }

    /// Bytes of its allocation, as the account has them.
    pub(super) fn footprint(&self) -> usize {
        match self {
            Node::Packed(bytes) => block_size(bytes.capacity()),
            Node::Plain(bytes) => block_size(bytes.len()),
        }
    }

    /// Where an element stands; `None` in a plain node, too.
    pub(super) fn position(&self, index: usize) -> Option<Position> {
        match self {
            Node::Packed(bytes) => Listpack::new(bytes).at(index as i64),
            Node::Plain(_) => None,
        }
    }

    /// An element.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<Value<'_>> {
        match self {
            Node::Packed(bytes) => {
                let list = Listpack::new(bytes);
                list.at(index as i64).map(|at| list.get(at))
            }
            Node::Plain(bytes) => (index == 0).then_some(Value::Bytes(bytes)),
        }
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
}
