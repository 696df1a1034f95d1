//! An entry of the keyspace: a header of 8 bytes, then what its flags say,
//! key and small value, all in one allocation.
//!
//! ```text
//! 0       1            4            6             8
//! +-------+------------+------------+-------------+
//! | flags | access     | key length | value length|   header
//! +-------+------------+------------+-------------+
//! | expiry, milliseconds since 1970, i64          |   if EXPIRY
//! +-----------------------------------------------+
//! | key length, u64                               |   if LONG_KEY
//! +-----------------------------------------------+
//! | key ...               | value ...             |
//! +-----------------------------------------------+
//! ```
//!
//! The value is the bytes of a string or of a small collection (see
//! [`crate::data::shape`]); or an integer of 1, 2, 4 or 8 bytes, two's complement,
//! little endian; or, if EXTERNAL, pointer, length and capacity of a buffer of
//! its own; or the address of a [`Collection`]. `access` is 24 bits that belong
//! to eviction: a clock (LRU) or a decayed counter (LFU).
//!
//! ```text
//! flags:  7         6          5        4                 3                2..0
//!         LONG_KEY  EXTERNAL   EXPIRY   RAW (string)      INTEGER (string) type
//!                                       COLLECTION (else) INTSET (else)
//! ```
//!
//! An [`Entry`] is a plain pointer: it is created from and freed to one
//! [`Slab`], and owned by the table that holds it.
#![allow(unsafe_code)]

pub use crate::data::value::{Content, Large, Storage, StringEncoding, Value};

use crate::data::collection::Collection;
use crate::data::shape::{Packing, Shape, Type};
use crate::data::slab::{SLOT_MAX, Slab, block_size};
use alloc::boxed::Box;
use alloc::vec::Vec;

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

const INTEGER: u8 = 0b0000_1000;
const RAW: u8 = Shape::RAW.bits();
const EXPIRY: u8 = 0b0010_0000;
const EXTERNAL: u8 = 0b0100_0000;
const LONG_KEY: u8 = 0b1000_0000;

const HEADER: usize = 8;
const EXTERNAL_SIZE: usize = 24;
const COLLECTION_SIZE: usize = 8;
/// Longest string that OBJECT ENCODING calls `embstr`.
pub const EMBSTR_MAX: usize = 44;

/// An entry in its allocation, owned by one table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry(NonNull<u8>);

// SAFETY: an entry is memory without ties to a thread; tables own entries.
unsafe impl Send for Entry {}

/// An entry as long as its table stays as it is.
#[derive(Clone, Copy)]
pub struct EntryRef<'a> {
    entry: Entry,
    table: PhantomData<&'a ()>,
}

impl<'a> EntryRef<'a> {
    /// An entry that was taken out of its table, until it is freed.
    pub(crate) fn of(entry: &'a Entry) -> EntryRef<'a> {
        EntryRef::new(*entry)
    }

    /// The entry, for as long as the caller knows it to live.
    #[inline]
    pub(in crate::data) fn new(entry: Entry) -> EntryRef<'a> {
        EntryRef { entry, table: PhantomData }
    }

    /// The key.
    #[inline]
    pub fn key(self) -> &'a [u8] {
        self.entry.key()
    }

    /// The value of a string; of a small collection its bytes, of a large one
    /// nothing.
    #[inline]
    pub fn value(self) -> Value<'a> {
        self.entry.value()
    }

    /// Expiry, milliseconds since 1970.
    #[inline]
    pub fn expire_at_ms(self) -> Option<i64> {
        self.entry.expire_at_ms()
    }

    /// The 24 bits of eviction.
    #[inline]
    pub fn access(self) -> u32 {
        self.entry.access()
    }

    /// Sets the 24 bits of eviction.
    #[inline]
    pub fn set_access(self, access: u32) {
        self.entry.set_access(access);
    }

    /// How OBJECT ENCODING names the string.
    pub fn string_encoding(self) -> StringEncoding {
        self.entry.string_encoding()
    }

    /// What kind of value it has.
    #[inline]
    pub fn shape(self) -> Shape {
        self.entry.shape()
    }

    /// The type of its value.
    #[inline]
    pub fn value_type(self) -> Type {
        self.entry.shape().value_type()
    }

    /// The value, whatever its type.
    #[inline]
    pub fn content(self) -> Content<'a> {
        self.entry.content()
    }

    /// The encoding of the value, by the name that OBJECT ENCODING answers.
    pub fn encoding(self) -> &'static str {
        match self.content() {
            Content::String(_) => match self.string_encoding() {
                StringEncoding::Int => "int",
                StringEncoding::Embstr => "embstr",
                StringEncoding::Raw => "raw",
            },
            Content::Packed(_, Packing::Intset, _) => "intset",
            Content::Packed(_, Packing::Listpack, _) => "listpack",
            Content::Large(Type::List, _) => "quicklist",
            Content::Large(Type::SortedSet, _) => "skiplist",
            Content::Large(Type::Stream, _) => "stream",
            Content::Large(..) => "hashtable",
        }
    }

    /// How it keeps its value.
    pub fn storage(self) -> Storage {
        self.entry.storage()
    }

    /// Bytes that the entry takes in its slab and in a buffer of its own.
    pub fn footprint(self) -> usize {
        self.entry.footprint()
    }
}

/// What a new entry is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The value; bytes are stored as they are.
    pub value: Value<'a>,
    /// Expiry, milliseconds since 1970.
    pub expire_at_ms: Option<i64>,
    /// 24 bits for eviction.
    pub access: u32,
    /// What kind of value it is.
    pub shape: Shape,
}

impl NewEntry<'_> {
    /// True if a value of so many bytes gets a buffer of its own.
    #[inline]
    pub(crate) fn is_large(&self, value_length: usize) -> bool {
        let prefix = HEADER
            + if self.expire_at_ms.is_some() { 8 } else { 0 }
            + if self.key.len() > u16::MAX as usize { 8 } else { 0 };
        prefix + self.key.len() + value_length > SLOT_MAX && value_length > EXTERNAL_SIZE
    }
}

impl Entry {
    /// Makes an entry.
    pub fn new(slab: &mut Slab, new: &NewEntry<'_>) -> Entry {
        match new.value {
            Value::Integer(number) => {
                Self::with_inline(slab, new, INTEGER, &number.to_le_bytes()[..integer_width(number)])
            }
            Value::Bytes(bytes) if new.is_large(bytes.len()) => Self::with_buffer(slab, new, bytes.to_vec()),
            Value::Bytes(bytes) => Self::with_inline(slab, new, 0, bytes),
        }
    }

    /// Makes an entry that keeps its value in a given way; `None` if that value
    /// can't be kept so.
    pub(crate) fn stored(slab: &mut Slab, new: &NewEntry<'_>, storage: Storage) -> Option<Entry> {
        match (new.value, storage) {
            (Value::Integer(number), Storage::Integer(width @ (1 | 2 | 4 | 8))) if integer_width(number) <= width => {
                Some(Self::with_inline(slab, new, INTEGER, &number.to_le_bytes()[..width]))
            }
            (Value::Bytes(bytes), Storage::Inline) if bytes.len() <= u16::MAX as usize => {
                Some(Self::with_inline(slab, new, 0, bytes))
            }
            (Value::Bytes(bytes), Storage::Buffer(capacity)) if bytes.len() <= capacity => {
                let mut buffer = Vec::new();
                buffer.try_reserve_exact(capacity).ok()?;
                buffer.extend_from_slice(bytes);
                Some(Self::with_buffer(slab, new, buffer))
            }
            _ => None,
        }
    }

    /// Makes an entry whose value is in a buffer of its own, whatever value
    /// `new` has.
    pub(crate) fn with_buffer(slab: &mut Slab, new: &NewEntry<'_>, buffer: Vec<u8>) -> Entry {
        let (entry, at) = Self::frame(slab, new, EXTERNAL, EXTERNAL_SIZE);
        let buffer = ManuallyDrop::new(buffer);
        slab.resize_owned(0, buffer.capacity());
        // SAFETY: the frame has room for the parts.
        unsafe { write_external(at, &buffer) };
        entry
    }

    /// Makes an entry whose value is a collection, whatever value `new` has.
    pub(crate) fn with_collection(slab: &mut Slab, new: &NewEntry<'_>, collection: Box<Collection>) -> Entry {
        slab.add_owned(collection.footprint());
        let (entry, at) = Self::frame(slab, new, 0, COLLECTION_SIZE);
        // SAFETY: the frame has room for the address.
        unsafe { write_collection(at, collection) };
        entry
    }

    #[inline]
    fn with_inline(slab: &mut Slab, new: &NewEntry<'_>, flags: u8, value: &[u8]) -> Entry {
        let (entry, at) = Self::frame(slab, new, flags, value.len());
        // SAFETY: the frame has room for the value.
        unsafe { at.copy_from_nonoverlapping(value.as_ptr(), value.len()) };
        entry
    }

    /// An entry but for its value, and where its `value_length` bytes go.
    #[inline]
    fn frame(slab: &mut Slab, new: &NewEntry<'_>, mut flags: u8, value_length: usize) -> (Entry, *mut u8) {
        flags |= new.shape.bits();
        if new.expire_at_ms.is_some() {
            flags |= EXPIRY;
        }
        if new.key.len() > u16::MAX as usize {
            flags |= LONG_KEY;
        }
        let pointer = slab.allocate(Self::key_offset(flags) + new.key.len() + value_length);
        let key_length = if flags & LONG_KEY != 0 { 0 } else { new.key.len() as u64 };
        let header =
            u64::from(flags) | u64::from(new.access & 0xFF_FFFF) << 8 | key_length << 32 | (value_length as u64) << 48;
        // SAFETY:
        // - the bytes from `pointer` are ours, aligned to 8;
        // - what stands before the key, key and value make up their number.
        unsafe {
            let base = pointer.as_ptr();
            base.cast::<u64>().write(header);
            let mut at = HEADER;
            if let Some(expire_at_ms) = new.expire_at_ms {
                base.add(at).cast::<i64>().write(expire_at_ms);
                at += 8;
            }
            if flags & LONG_KEY != 0 {
                base.add(at).cast::<u64>().write(new.key.len() as u64);
                at += 8;
            }
            base.add(at).copy_from_nonoverlapping(new.key.as_ptr(), new.key.len());
            (Entry(pointer), base.add(at + new.key.len()))
        }
    }

    /// The entry at an address that [`Entry::address`] told.
    ///
    /// # Safety
    /// The entry is live.
    #[inline]
    pub(crate) unsafe fn from_address(address: u64) -> Entry {
        // SAFETY: a live entry's address is not null.
        Entry(unsafe { NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(address as usize)) })
    }

    /// The address, below 2^48 and a multiple of 8.
    #[inline]
    pub(crate) fn address(self) -> u64 {
        self.0.as_ptr().expose_provenance() as u64
    }

    /// Takes the large value out of an entry that left its table; `None` if
    /// the value is in the entry. [`Entry::release`] follows.
    pub(crate) fn take_large(self, slab: &mut Slab) -> Option<Large> {
        if let Some(collection) = self.take_collection(slab) {
            return Some(Large::Collection(collection));
        }
        self.take_buffer(slab).map(Large::Buffer)
    }

    /// Takes the collection out; the entry is an empty one then, good to be
    /// released, or to be given a collection again by [`Entry::put_collection`].
    fn take_collection(self, slab: &mut Slab) -> Option<Box<Collection>> {
        if !self.shape().is_collection() {
            return None;
        }
        // SAFETY: the collection is this entry's own; the address is cleared, so
        // it is taken once.
        let collection = unsafe {
            let at = self.value_pointer();
            let collection = take_collection(at)?;
            at.cast::<u64>().write_unaligned(0);
            collection
        };
        slab.subtract_owned(collection.footprint());
        Some(collection)
    }

    /// A copy of a large collection that shares all that is large in it; the
    /// caller has the entry in no other hands.
    pub(in crate::data) fn share_collection(self) -> Option<Collection> {
        if !self.shape().is_collection() {
            return None;
        }
        // SAFETY:
        // - the collection is this entry's own, and its address stands there;
        // - nobody else looks at it meanwhile, says the caller;
        // - what is written back is what was taken, as large as before.
        unsafe {
            let at = self.value_pointer();
            let mut collection = take_collection(at)?;
            let shared = collection.share();
            write_collection(at, collection);
            Some(shared)
        }
    }

    /// Puts a collection in an entry whose collection was taken.
    pub(crate) fn put_collection(self, slab: &mut Slab, collection: Box<Collection>) {
        assert!(self.shape().is_collection());
        slab.add_owned(collection.footprint());
        // SAFETY: the shape says that there is room for an address.
        unsafe { write_collection(self.value_pointer(), collection) };
    }

    /// Takes the buffer out of an entry that left its table, or is given it
    /// again by [`Entry::put_buffer`].
    fn take_buffer(self, slab: &mut Slab) -> Option<Vec<u8>> {
        if self.flags() & EXTERNAL == 0 {
            return None;
        }
        // SAFETY: the buffer is this entry's own; the flag is cleared, so it is
        // taken once.
        let buffer = unsafe { self.take_external() };
        self.set_header(self.header() & !u64::from(EXTERNAL));
        slab.resize_owned(buffer.capacity(), 0);
        Some(buffer)
    }

    /// True if there is room for a buffer's parts in an entry of this shape.
    pub(crate) fn holds_buffer(self, shape: Shape) -> bool {
        self.shape() == shape && self.header() >> 48 == EXTERNAL_SIZE as u64
    }

    /// Puts a buffer in an entry that has room for its parts, and none there.
    pub(crate) fn put_buffer(self, slab: &mut Slab, buffer: Vec<u8>) {
        assert!(self.holds_buffer(self.shape()) && self.flags() & EXTERNAL == 0);
        slab.resize_owned(0, buffer.capacity());
        // SAFETY: the length says that there is room for the parts.
        unsafe { write_external(self.value_pointer(), &ManuallyDrop::new(buffer)) };
        self.set_header(self.header() | u64::from(EXTERNAL));
    }

    /// Frees the slot of an entry that left its table and whose large value, if
    /// it had one, was taken or moved.
    pub(crate) fn release(self, slab: &mut Slab) {
        let size = self.size();
        // SAFETY: the size is the one that it was allocated with: the header's
        // lengths count a large value as its parts, taken or not.
        unsafe { slab.free(self.0, size) };
    }

    /// A copy of the entry with another expiry; a large value moves along, and
    /// the old entry is good only to be released.
    pub(crate) fn with_expiry(self, slab: &mut Slab, expire_at_ms: Option<i64>) -> Entry {
        let flags = self.flags();
        let (offset, key_length) = self.key_span();
        let tail = key_length + (self.header() >> 48) as usize + usize::from(flags & LONG_KEY != 0) * 8;
        let old_prefix = offset - usize::from(flags & LONG_KEY != 0) * 8;
        let new_prefix = HEADER + if expire_at_ms.is_some() { 8 } else { 0 };
        let pointer = slab.allocate(new_prefix + tail);
        let expiry_flag = if expire_at_ms.is_some() { EXPIRY } else { 0 };
        let header = self.header() & !u64::from(EXPIRY) | u64::from(expiry_flag);
        // SAFETY:
        // - the new allocation holds the prefix and the tail;
        // - the tail lies within the old one.
        unsafe {
            let base = pointer.as_ptr();
            base.cast::<u64>().write(header);
            if let Some(expire_at_ms) = expire_at_ms {
                base.add(HEADER).cast::<i64>().write(expire_at_ms);
            }
            base.add(new_prefix).copy_from_nonoverlapping(self.0.as_ptr().add(old_prefix), tail);
        }
        Entry(pointer)
    }

    /// Frees what the entry owns besides its slot: for a slab that is dropped
    /// whole. The entry is not used again.
    pub(in crate::data) fn free_owned(self) {
        let size = self.size();
        if self.flags() & EXTERNAL != 0 {
            // SAFETY: the buffer is this entry's own.
            drop(unsafe { self.take_external() });
        }
        if self.shape().is_collection() {
            // SAFETY: the collection is this entry's own.
            drop(unsafe { take_collection(self.value_pointer()) });
        }
        if size > SLOT_MAX {
            // SAFETY: a block of this size came from the global allocator.
            unsafe { alloc::alloc::dealloc(self.0.as_ptr(), core::alloc::Layout::from_size_align_unchecked(size, 8)) };
        }
    }

    #[inline]
    fn header(self) -> u64 {
        // SAFETY: a live entry begins with its header.
        unsafe { self.0.as_ptr().cast::<u64>().read() }
    }

    #[inline]
    fn set_header(self, header: u64) {
        // SAFETY: as above; tables give out entries for change only by `&mut`.
        unsafe { self.0.as_ptr().cast::<u64>().write(header) }
    }

    #[inline]
    fn flags(self) -> u8 {
        self.header() as u8
    }

    #[inline]
    fn key_offset(flags: u8) -> usize {
        HEADER + ((flags & EXPIRY) >> 2) as usize + ((flags & LONG_KEY) >> 4) as usize
    }

    /// Offset and length of the key.
    #[inline]
    fn key_span(self) -> (usize, usize) {
        let header = self.header();
        let flags = header as u8;
        let offset = Self::key_offset(flags);
        if flags & LONG_KEY == 0 {
            return (offset, (header >> 32) as u16 as usize);
        }
        // SAFETY: LONG_KEY says that the length stands before the key.
        (offset, unsafe { self.0.as_ptr().add(offset - 8).cast::<u64>().read() } as usize)
    }

    /// Bytes of the allocation that are in use.
    fn size(self) -> usize {
        let (offset, length) = self.key_span();
        offset + length + (self.header() >> 48) as usize
    }

    /// The key.
    #[inline]
    pub(crate) fn key<'a>(self) -> &'a [u8] {
        let (offset, length) = self.key_span();
        // SAFETY: the key lies within the allocation.
        unsafe { core::slice::from_raw_parts(self.0.as_ptr().add(offset), length) }
    }

    /// The value.
    #[inline]
    pub(crate) fn value<'a>(self) -> Value<'a> {
        let header = self.header();
        let flags = header as u8;
        let (offset, length) = self.key_span();
        // SAFETY: the value stands behind the key, in the form that flags tell.
        unsafe {
            let at = self.0.as_ptr().add(offset + length);
            if flags & EXTERNAL != 0 {
                let (pointer, length, _) = read_external(at);
                return Value::Bytes(core::slice::from_raw_parts(pointer, length));
            }
            let length = (header >> 48) as usize;
            let shape = Shape::of(flags);
            if flags & INTEGER != 0 && shape.is_string() {
                return Value::Integer(read_integer(at, length));
            }
            if shape.is_collection() {
                return Value::Bytes(&[]);
            }
            Value::Bytes(core::slice::from_raw_parts(at, length))
        }
    }

    #[inline]
    pub(crate) fn shape(self) -> Shape {
        Shape::of(self.flags())
    }

    /// The value, whatever its type.
    #[inline]
    pub(crate) fn content<'a>(self) -> Content<'a> {
        let shape = self.shape();
        if shape.is_string() {
            return Content::String(self.value());
        }
        if shape.is_collection() {
            // SAFETY: the shape says that a collection's address stands there;
            // it lives as long as the entry.
            return Content::Large(shape.value_type(), unsafe { read_collection(self.value_pointer()) });
        }
        let Value::Bytes(bytes) = self.value() else { return Content::String(self.value()) };
        Content::Packed(shape.value_type(), shape.packing(), bytes)
    }

    /// Where the value stands.
    #[inline]
    fn value_pointer(self) -> *mut u8 {
        let (offset, length) = self.key_span();
        // SAFETY: the value, whatever its length, stands behind the key.
        unsafe { self.0.as_ptr().add(offset + length) }
    }

    /// Expiry, milliseconds since 1970.
    #[inline]
    pub(crate) fn expire_at_ms(self) -> Option<i64> {
        if self.flags() & EXPIRY == 0 {
            return None;
        }
        // SAFETY: EXPIRY says that it stands behind the header.
        Some(unsafe { self.0.as_ptr().add(HEADER).cast::<i64>().read() })
    }

    /// Overwrites the expiry of an entry that has one.
    ///
    /// # Panics
    /// If it has none.
    pub(crate) fn set_expire_at_ms(self, expire_at_ms: i64) {
        assert!(self.flags() & EXPIRY != 0);
        // SAFETY: EXPIRY says that it stands behind the header.
        unsafe { self.0.as_ptr().add(HEADER).cast::<i64>().write(expire_at_ms) }
    }

    /// The 24 bits of eviction.
    #[inline]
    pub(crate) fn access(self) -> u32 {
        (self.header() >> 8) as u32 & 0xFF_FFFF
    }

    /// Sets the 24 bits of eviction.
    #[inline]
    pub(crate) fn set_access(self, access: u32) {
        let header = self.header() & !(0xFF_FFFF << 8);
        self.set_header(header | u64::from(access & 0xFF_FFFF) << 8);
    }

    /// How OBJECT ENCODING names the string.
    pub(crate) fn string_encoding(self) -> StringEncoding {
        let flags = self.flags();
        if flags & INTEGER != 0 {
            return StringEncoding::Int;
        }
        let Value::Bytes(bytes) = self.value() else { return StringEncoding::Int };
        if flags & RAW != 0 || bytes.len() > EMBSTR_MAX { StringEncoding::Raw } else { StringEncoding::Embstr }
    }

    fn storage(self) -> Storage {
        let (header, flags) = (self.header(), self.flags());
        if self.shape().is_collection() {
            return Storage::Collection;
        }
        if flags & EXTERNAL != 0 {
            let (offset, length) = self.key_span();
            // SAFETY: EXTERNAL says that a buffer's parts stand behind the key.
            let (_, _, capacity) = unsafe { read_external(self.0.as_ptr().add(offset + length)) };
            return Storage::Buffer(capacity);
        }
        if flags & INTEGER != 0 && self.shape().is_string() {
            return Storage::Integer((header >> 48) as usize);
        }
        Storage::Inline
    }

    /// Puts another value, and another expiry, in place of what is there, if the
    /// new entry has the shape and the slot size of the old one. False if not,
    /// and nothing has changed.
    pub(crate) fn overwrite(self, new: &NewEntry<'_>) -> bool {
        let old = self.flags();
        let Value::Bytes(value) = new.value else { return false };
        let (offset, key_length) = self.key_span();
        let before = self.size();
        let after = offset + key_length + value.len();
        let same_prefix = (old & EXPIRY != 0) == new.expire_at_ms.is_some();
        if !same_prefix
            || old & EXTERNAL != 0
            || self.shape().is_collection()
            || after > SLOT_MAX
            || Slab::rounded(before) != Slab::rounded(after)
        {
            return false;
        }
        let flags = old & (EXPIRY | LONG_KEY) | new.shape.bits();
        let key_bits = self.header() & 0xFFFF << 32;
        self.set_header(
            u64::from(flags) | u64::from(new.access & 0xFF_FFFF) << 8 | key_bits | (value.len() as u64) << 48,
        );
        if let Some(expire_at_ms) = new.expire_at_ms {
            self.set_expire_at_ms(expire_at_ms);
        }
        // SAFETY: the slot has room for `after` bytes, and `value` lies elsewhere.
        unsafe { self.0.as_ptr().add(offset + key_length).copy_from_nonoverlapping(value.as_ptr(), value.len()) };
        true
    }

    /// Writes an integer over an integer, if it fits where that stands.
    /// False if not, and nothing has changed.
    pub(crate) fn overwrite_integer(self, number: i64) -> bool {
        let header = self.header();
        let width = (header >> 48) as usize;
        if header as u8 & INTEGER == 0 || !self.shape().is_string() || integer_width(number) > width {
            return false;
        }
        let (offset, length) = self.key_span();
        // SAFETY: `width` bytes behind the key hold the integer.
        unsafe {
            let at = self.0.as_ptr().add(offset + length);
            at.copy_from_nonoverlapping(number.to_le_bytes().as_ptr(), width);
        }
        true
    }

    /// The buffer of an external value, to be changed in place; the account
    /// follows its capacity.
    ///
    /// Returns false, and calls nothing, if the value is not external.
    pub(crate) fn edit_external(self, slab: &mut Slab, edit: impl FnOnce(&mut Vec<u8>)) -> bool {
        if self.flags() & EXTERNAL == 0 {
            return false;
        }
        let (offset, length) = self.key_span();
        // SAFETY: EXTERNAL says that a buffer's parts stand behind the key;
        // they are written back before anyone else can look.
        unsafe {
            let mut buffer = self.take_external();
            let before = buffer.capacity();
            edit(&mut buffer);
            slab.resize_owned(before, buffer.capacity());
            write_external(self.0.as_ptr().add(offset + length), &ManuallyDrop::new(buffer));
        }
        if self.shape().is_string() {
            self.set_header(self.header() | u64::from(RAW));
        }
        true
    }

    fn footprint(self) -> usize {
        let slot = Slab::rounded(self.size());
        if let Content::Large(_, collection) = self.content() {
            return slot + collection.footprint();
        }
        let (offset, length) = self.key_span();
        if self.flags() & EXTERNAL == 0 {
            return slot;
        }
        // SAFETY: EXTERNAL says that a buffer's parts stand behind the key.
        let (_, _, capacity) = unsafe { read_external(self.0.as_ptr().add(offset + length)) };
        slot + block_size(capacity)
    }

    /// Asks the processor to fetch the entry's first bytes.
    #[inline]
    pub(crate) fn prefetch(self) {
        prefetch(self.0.as_ptr());
    }

    /// # Safety
    /// EXTERNAL is set, and the buffer is used through the result only.
    unsafe fn take_external(self) -> Vec<u8> {
        let (offset, length) = self.key_span();
        // SAFETY: the parts are those of a vector that was taken apart.
        unsafe {
            let (pointer, length, capacity) = read_external(self.0.as_ptr().add(offset + length));
            Vec::from_raw_parts(pointer, length, capacity)
        }
    }
}

/// Asks the processor to fetch the line at `pointer`; harmless for any address.
#[inline]
pub fn prefetch(pointer: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing as far as the program can tell.
    unsafe {
        core::arch::x86_64::_mm_prefetch(pointer.cast(), core::arch::x86_64::_MM_HINT_T0);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = pointer;
}

/// Bytes that an integer takes: 1, 2, 4 or 8.
fn integer_width(number: i64) -> usize {
    if i64::from(number as i8) == number {
        1
    } else if i64::from(number as i16) == number {
        2
    } else if i64::from(number as i32) == number {
        4
    } else {
        8
    }
}

/// # Safety
/// `width` bytes are readable at `at`, and `width` is 1, 2, 4 or 8.
#[inline]
unsafe fn read_integer(at: *const u8, width: usize) -> i64 {
    // SAFETY: the caller's.
    unsafe {
        match width {
            1 => i64::from(at.cast::<i8>().read()),
            2 => i64::from(at.cast::<i16>().read_unaligned()),
            4 => i64::from(at.cast::<i32>().read_unaligned()),
            _ => at.cast::<i64>().read_unaligned(),
        }
    }
}

/// # Safety
/// `COLLECTION_SIZE` bytes are writable at `at`.
unsafe fn write_collection(at: *mut u8, collection: Box<Collection>) {
    let address = Box::into_raw(collection).expose_provenance();
    // SAFETY: the caller's.
    unsafe { at.cast::<usize>().write_unaligned(address) }
}

/// # Safety
/// `write_collection` wrote at `at`, and the collection was not taken since.
#[inline]
unsafe fn read_collection<'a>(at: *const u8) -> &'a Collection {
    // SAFETY: the caller's; the address is that of a box.
    unsafe { &*core::ptr::with_exposed_provenance::<Collection>(at.cast::<usize>().read_unaligned()) }
}

/// `None` if it was taken before.
///
/// # Safety
/// `write_collection` wrote at `at`, or zero stands there; nobody uses the
/// collection but through the result.
unsafe fn take_collection(at: *mut u8) -> Option<Box<Collection>> {
    // SAFETY: the caller's; the address is that of a box.
    unsafe {
        let pointer = core::ptr::with_exposed_provenance_mut::<Collection>(at.cast::<usize>().read_unaligned());
        if pointer.is_null() { None } else { Some(Box::from_raw(pointer)) }
    }
}

/// # Safety
/// `EXTERNAL_SIZE` bytes are writable at `at`.
unsafe fn write_external(at: *mut u8, buffer: &ManuallyDrop<Vec<u8>>) {
    let parts = [buffer.as_ptr().expose_provenance(), buffer.len(), buffer.capacity()];
    // SAFETY: the caller's.
    unsafe { at.cast::<[usize; 3]>().write_unaligned(parts) }
}

/// # Safety
/// `write_external` wrote at `at`.
unsafe fn read_external(at: *const u8) -> (*mut u8, usize, usize) {
    // SAFETY: the caller's.
    let [pointer, length, capacity] = unsafe { at.cast::<[usize; 3]>().read_unaligned() };
    (core::ptr::with_exposed_provenance_mut(pointer), length, capacity)
}

#[cfg(test)]
mod tests;
