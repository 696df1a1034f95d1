//! What kind of value an entry has: its type, and how a small one is packed.
//!
//! A small collection is one run of bytes in a format that files know, too: a
//! listpack, or an intset. A large one is a [`super::collection::Collection`].

use crate::base::image::{Damaged, Image, Tape};

/// The types of values, by their numbers in files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Type {
    /// A string.
    String = 0,
    /// A list.
    List = 1,
    /// A set.
    Set = 2,
    /// A sorted set.
    SortedSet = 3,
    /// A hash.
    Hash = 4,
    /// A stream.
    Stream = 6,
}

impl Type {
    /// All types, in the order of their numbers.
    pub const ALL: [Type; 6] = [Type::String, Type::List, Type::Set, Type::SortedSet, Type::Hash, Type::Stream];

    /// Its name, as TYPE answers it.
    pub fn name(self) -> &'static str {
        match self {
            Type::String => "string",
            Type::List => "list",
            Type::Set => "set",
            Type::SortedSet => "zset",
            Type::Hash => "hash",
            Type::Stream => "stream",
        }
    }
}

impl Image for Type {
    fn blank() -> Type {
        Type::String
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, Type::ALL)
    }
}

/// How a small collection is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Packing {
    /// A [`super::listpack`].
    Listpack,
    /// An [`super::intset`].
    Intset,
}

/// What kind of value an entry has, in the bits of its flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape(u8);

const TYPE: u8 = 0b0000_0111;
const INTSET: u8 = 0b0000_1000;
const RAW_OR_COLLECTION: u8 = 0b0001_0000;

impl Shape {
    /// A string.
    pub const STRING: Shape = Shape(0);
    /// A string whose encoding is `raw` whatever its length.
    pub const RAW: Shape = Shape(RAW_OR_COLLECTION);

    /// A string, `raw` or not.
    #[inline]
    pub const fn string(raw: bool) -> Shape {
        if raw { Shape::RAW } else { Shape::STRING }
    }

    /// A small collection.
    ///
    /// # Panics
    /// If it is to be a string.
    pub const fn packed(value_type: Type, packing: Packing) -> Shape {
        assert!(!matches!(value_type, Type::String));
        let packing = if matches!(packing, Packing::Intset) { INTSET } else { 0 };
        Shape(value_type as u8 | packing)
    }

    /// A large collection.
    ///
    /// # Panics
    /// If it is to be a string.
    pub const fn collection(value_type: Type) -> Shape {
        assert!(!matches!(value_type, Type::String));
        Shape(value_type as u8 | RAW_OR_COLLECTION)
    }

    /// The shape that flags tell; other flags do not count.
    #[inline]
    pub(in crate::data) const fn of(flags: u8) -> Shape {
        let shape = Shape(flags & (TYPE | INTSET | RAW_OR_COLLECTION));
        // Of a string that bit tells of an integer.
        if shape.is_string() { Shape(shape.0 & !INTSET) } else { shape }
    }

    /// As flags of an entry.
    #[inline]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The shape of such bits; `None` if none has them.
    pub fn from_bits(bits: u8) -> Option<Shape> {
        let known = Type::ALL.iter().any(|&value_type| value_type as u8 == bits & TYPE);
        let string = bits & TYPE == 0 && bits & INTSET == 0;
        let other = bits & TYPE != 0 && bits & (INTSET | RAW_OR_COLLECTION) != INTSET | RAW_OR_COLLECTION;
        (known && bits & !(TYPE | INTSET | RAW_OR_COLLECTION) == 0 && (string || other)).then_some(Shape(bits))
    }

    /// The type.
    #[inline]
    pub const fn value_type(self) -> Type {
        match self.0 & TYPE {
            1 => Type::List,
            2 => Type::Set,
            3 => Type::SortedSet,
            4 => Type::Hash,
            6 => Type::Stream,
            _ => Type::String,
        }
    }

    /// How it is packed, if it is a small collection.
    #[inline]
    pub const fn packing(self) -> Packing {
        if self.0 & INTSET != 0 { Packing::Intset } else { Packing::Listpack }
    }

    /// True of a string.
    #[inline]
    pub const fn is_string(self) -> bool {
        self.0 & TYPE == 0
    }

    /// True of a string that is `raw` whatever its length.
    #[inline]
    pub const fn is_raw(self) -> bool {
        self.is_string() && self.0 & RAW_OR_COLLECTION != 0
    }

    /// True of a large collection.
    #[inline]
    pub const fn is_collection(self) -> bool {
        !self.is_string() && self.0 & RAW_OR_COLLECTION != 0
    }
}
