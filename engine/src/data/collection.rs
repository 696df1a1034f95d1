//! Values that are no strings, outside of their entries.

use crate::base::image::{Damaged, Tape};
use crate::data::entry::Content;
use crate::data::list::List;
use crate::data::members::Members;
use crate::data::shape::{Packing, Shape, Type};
use crate::data::slab::block_size;
use crate::data::sorted::Sorted;
use crate::data::stream::Stream;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A large collection: what it is made of takes long to drop, and is dropped
/// whole on another thread.
#[derive(Clone, Debug)]
pub enum Collection {
    /// A set, or a hash.
    Members(Members),
    /// A list.
    List(List),
    /// A sorted set.
    Sorted(Sorted),
    /// A stream.
    Stream(Stream),
}

impl Collection {
    /// Bytes that it takes, as the account has them.
    pub fn footprint(&self) -> usize {
        let own = block_size(size_of::<Collection>());
        match self {
            Collection::Members(members) => own + members.bytes(),
            Collection::List(list) => own + list.bytes(),
            Collection::Sorted(sorted) => own + sorted.bytes(),
            Collection::Stream(stream) => own + stream.bytes(),
        }
    }
}

impl Collection {
    /// The table of a set or a hash.
    ///
    /// # Panics
    /// If it is something else: whoever asks has looked at the type.
    #[inline]
    pub fn members(&self) -> &Members {
        match self {
            Collection::Members(members) => members,
            _ => panic!("this is neither a set nor a hash"),
        }
    }

    /// Likewise, to be changed.
    ///
    /// # Panics
    /// Likewise.
    #[inline]
    pub fn members_mut(&mut self) -> &mut Members {
        match self {
            Collection::Members(members) => members,
            _ => panic!("this is neither a set nor a hash"),
        }
    }

    /// The nodes of a list, to be changed.
    ///
    /// # Panics
    /// If it is something else: whoever asks has looked at the type.
    #[inline]
    pub fn list_mut(&mut self) -> &mut List {
        match self {
            Collection::List(list) => list,
            _ => panic!("this is no list"),
        }
    }

    /// The tree of a sorted set.
    ///
    /// # Panics
    /// If it is something else: whoever asks has looked at the type.
    #[inline]
    pub fn sorted(&self) -> &Sorted {
        match self {
            Collection::Sorted(sorted) => sorted,
            _ => panic!("this is no sorted set"),
        }
    }

    /// Likewise, to be changed.
    ///
    /// # Panics
    /// Likewise.
    #[inline]
    pub fn sorted_mut(&mut self) -> &mut Sorted {
        match self {
            Collection::Sorted(sorted) => sorted,
            _ => panic!("this is no sorted set"),
        }
    }

    /// A stream, to be changed.
    ///
    /// # Panics
    /// If it is something else: whoever asks has looked at the type.
    #[inline]
    pub fn stream_mut(&mut self) -> &mut Stream {
        match self {
            Collection::Stream(stream) => stream,
            _ => panic!("this is no stream"),
        }
    }

    /// Writes an image of it.
    pub fn write(&self, tape: &mut Tape<'_>) {
        match self {
            Collection::Members(members) => members.write(tape),
            Collection::List(list) => list.write(tape),
            Collection::Sorted(sorted) => sorted.write(tape),
            Collection::Stream(stream) => stream.write(tape),
        }
    }

    /// Reads the image of one of this type.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(tape: &mut Tape<'_>, value_type: Type) -> Result<Collection, Damaged> {
        match value_type {
            Type::List => List::read(tape).map(Collection::List),
            Type::Set => Members::read(tape, false).map(Collection::Members),
            Type::Hash => Members::read(tape, true).map(Collection::Members),
            Type::SortedSet => Sorted::read(tape).map(Collection::Sorted),
            Type::Stream => Stream::read(tape).map(Collection::Stream),
            _ => Err(Damaged),
        }
    }
}

/// A collection that was taken out of its entry to be changed, or one that gets
/// an entry.
#[derive(Clone, Debug)]
pub enum Body {
    /// A small one.
    Packed(Packing, Vec<u8>),
    /// A large one.
    Large(Box<Collection>),
}

impl Body {
    /// As the value of a type.
    pub fn content(&self, value_type: Type) -> Content<'_> {
        match self {
            Body::Packed(packing, bytes) => Content::Packed(value_type, *packing, bytes),
            Body::Large(collection) => Content::Large(value_type, collection),
        }
    }

    /// What kind of value it is as one of this type.
    pub fn shape(&self, value_type: Type) -> Shape {
        match self {
            Body::Packed(packing, _) => Shape::packed(value_type, *packing),
            Body::Large(_) => Shape::collection(value_type),
        }
    }
}
