//! One logical database: tables of entries by slot, and the memory of them.

use crate::base::image::{Damaged, Image, Tape};
use crate::base::sip_hash::SipKey;
use crate::data::collection::Body;
use crate::data::entry::{Entry, EntryRef, Large, NewEntry, Storage, Value};
use crate::data::hash::Hash;
use crate::data::held::Held;
use crate::data::owned::OwnedEntry;
use crate::data::segment::Marks;
use crate::data::slab::Slab;
use crate::data::table::{Place, Table};
use crate::keyspace::field_index::{FieldIndex, first_expiry, first_expiry_of};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Capacity that a database keeps for its next change of a small collection.
const SCRATCH_MAX: usize = 16 * 1024;

/// A hash slot of cluster mode; 0 when there is just one table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Slot(pub u16);

/// A key with its hash and slot, computed once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key<'a> {
    /// The key.
    pub bytes: &'a [u8],
    /// Its hash, the same in all databases.
    pub hash: Hash,
    /// Its slot.
    pub slot: Slot,
}

/// Where an entry stands in a database; good until the database changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Location {
    slot: Slot,
    place: Place,
}

/// Entries by key. A slot without entries costs one pointer.
pub struct Database {
    tables: Box<[Option<Box<Table>>]>,
    slab: Slab,
    sip: SipKey,
    len: usize,
    /// The slots that [`Database::find_due`] has got to.
    sweep: (u16, usize),
    /// Where small collections are changed.
    scratch: Vec<u8>,
    /// The keys with fields that expire: as the entries tell.
    fields: FieldIndex,
    /// Times that expiries of this database were averaged over, milliseconds.
    pub average_ttl_ms: i64,
}

impl core::fmt::Debug for Database {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Database").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Database {
    /// An empty database of so many slots, at least one.
    pub fn new(slots: u16, sip: SipKey) -> Database {
        let tables: Vec<_> = (0..slots.max(1)).map(|_| None).collect();
        Database {
            tables: tables.into(),
            slab: Slab::new(),
            sip,
            len: 0,
            sweep: (0, 0),
            scratch: Vec::new(),
            fields: FieldIndex::default(),
            average_ttl_ms: 0,
        }
    }

    /// Number of keys, those included that have expired but are still there.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there is no key.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of keys that expire.
    pub fn volatile(&self) -> usize {
        self.tables().map(Table::volatile).sum()
    }

    /// Number of keys with fields that expire.
    pub fn keys_with_expiring_fields(&self) -> usize {
        self.fields.len()
    }

    /// The key whose fields expire first, if one expires before a time.
    pub(super) fn first_with_fields_before(&self, before_ms: i64) -> Option<&[u8]> {
        self.fields.first_before(before_ms)
    }

    /// Bytes of entries and tables, as the account has them.
    pub fn bytes(&self) -> usize {
        let entries = self.slab.used_bytes();
        entries + self.overhead_bytes()
    }

    /// Bytes of tables alone.
    pub fn overhead_bytes(&self) -> usize {
        self.tables().map(Table::bytes).sum::<usize>() + self.fields.bytes()
    }

    /// Words of tables moved so far by growth and shrinking.
    pub fn touched(&self) -> u64 {
        self.tables().map(Table::touched).sum()
    }

    /// Segments of all tables.
    pub fn segment_count(&self) -> usize {
        self.tables().map(Table::segment_count).sum()
    }

    fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter_map(Option::as_deref)
    }

    #[inline]
    fn table(&self, slot: Slot) -> Option<&Table> {
        self.tables.get(slot.0 as usize)?.as_deref()
    }

    fn table_mut(&mut self, slot: Slot) -> &mut Table {
        let sip = self.sip;
        self.tables[slot.0 as usize].get_or_insert_with(|| Box::new(Table::new(sip)))
    }

    /// Finds a key, whether or not it has expired.
    #[inline]
    pub fn find(&self, key: &Key<'_>) -> Option<Location> {
        let place = self.table(key.slot)?.find(key.hash, key.bytes)?;
        Some(Location { slot: key.slot, place })
    }

    /// Prefetches the words of a key.
    #[inline]
    pub fn prefetch_words(&self, key: &Key<'_>) {
        if let Some(table) = self.table(key.slot) {
            table.prefetch_words(key.hash);
        }
    }

    /// Prefetches the entry of a key.
    #[inline]
    pub fn prefetch_entry(&self, key: &Key<'_>) {
        if let Some(table) = self.table(key.slot) {
            table.prefetch_entry(key.hash);
        }
    }

    /// The entry at a location.
    ///
    /// # Panics
    /// If the location is of another database.
    #[inline]
    pub fn get(&self, location: Location) -> EntryRef<'_> {
        self.table(location.slot).expect("a location is in a table").get(location.place)
    }

    fn entry(&self, location: Location) -> Entry {
        self.table(location.slot).expect("a location is in a table").entry(location.place)
    }

    /// The marks at a location.
    pub fn marks(&self, location: Location) -> Marks {
        self.table(location.slot).map_or(Marks::default(), |table| table.marks(location.place))
    }

    /// Sets the marks at a location.
    pub fn set_marks(&mut self, location: Location, marks: Marks) {
        self.table_mut(location.slot).set_marks(location.place, marks);
    }

    /// Inserts an entry under a key that is not there.
    pub fn insert(&mut self, key: &Key<'_>, new: &NewEntry<'_>, marks: Marks) -> Location {
        let entry = Entry::new(&mut self.slab, new);
        let place = self.table_mut(key.slot).insert(key.hash, entry, marks);
        self.len += 1;
        Location { slot: key.slot, place }
    }

    /// Puts a new entry of the same key in place of the one at a location.
    /// `new` may not borrow from it. The old entry's large value, if it had
    /// one, is returned to be dropped elsewhere.
    #[inline]
    pub fn replace(&mut self, location: Location, new: &NewEntry<'_>) -> Option<Large> {
        if self.entry(location).overwrite(new) {
            if new.expire_at_ms.is_some() {
                self.table_mut(location.slot).expiry_changed(location.place);
            }
            return None;
        }
        let entry = Entry::new(&mut self.slab, new);
        let old = self.table_mut(location.slot).replace(location.place, entry);
        self.fields.change(new.key, first_expiry(old.content()), None);
        let large = old.take_large(&mut self.slab);
        self.free_slot(old);
        large
    }

    /// Gives the entry at a location another expiry, or none.
    pub fn set_expiry(&mut self, location: Location, expire_at_ms: Option<i64>) {
        let entry = self.entry(location);
        if let (Some(_), Some(new)) = (entry.expire_at_ms(), expire_at_ms) {
            entry.set_expire_at_ms(new);
            self.table_mut(location.slot).expiry_changed(location.place);
            return;
        }
        if entry.expire_at_ms() == expire_at_ms {
            return;
        }
        let moved = entry.with_expiry(&mut self.slab, expire_at_ms);
        let old = self.table_mut(location.slot).replace(location.place, moved);
        self.free_slot(old);
    }

    /// Writes an integer over the integer at a location, if it has room.
    #[inline]
    pub fn overwrite_integer(&mut self, location: Location, number: i64) -> bool {
        self.entry(location).overwrite_integer(number)
    }

    /// Changes the buffer of a large value where it is; false, and nothing
    /// done, if the value at the location has none.
    pub fn edit_large(&mut self, location: Location, edit: impl FnOnce(&mut Vec<u8>)) -> bool {
        self.entry(location).edit_external(&mut self.slab, edit)
    }

    /// Takes the collection at a location out of its entry, has it changed, and
    /// puts it back: where it was, if it still has a place there.
    ///
    /// # Panics
    /// If there is a string.
    pub fn edit<R>(&mut self, location: Location, edit: impl FnOnce(&mut Body) -> R) -> R {
        let entry = self.entry(location);
        assert!(!entry.shape().is_string(), "a string has no body");
        let before = first_expiry(entry.content());
        let mut body = match entry.take_large(&mut self.slab) {
            Some(Large::Collection(collection)) => Body::Large(collection),
            Some(Large::Buffer(buffer)) => Body::Packed(entry.shape().packing(), buffer),
            None => {
                let mut bytes = core::mem::take(&mut self.scratch);
                bytes.clear();
                bytes.extend_from_slice(entry.value().bytes(&mut [0; 20]));
                Body::Packed(entry.shape().packing(), bytes)
            }
        };
        let result = edit(&mut body);
        let after = first_expiry_of(&body, entry.shape().value_type());
        self.fields.change(entry.key(), before, after);
        self.put_back_body(location, entry, body);
        result
    }

    fn put_back_body(&mut self, location: Location, entry: Entry, body: Body) {
        let shape = body.shape(entry.shape().value_type());
        let new = NewEntry {
            key: entry.key(),
            value: Value::Bytes(&[]),
            expire_at_ms: entry.expire_at_ms(),
            access: entry.access(),
            shape,
        };
        let made = match body {
            Body::Large(collection) if entry.shape() == shape => {
                return entry.put_collection(&mut self.slab, collection);
            }
            Body::Large(collection) => Entry::with_collection(&mut self.slab, &new, collection),
            Body::Packed(_, mut bytes) if new.is_large(bytes.len()) => {
                if entry.holds_buffer(shape) {
                    return entry.put_buffer(&mut self.slab, bytes);
                }
                // Not with the room that the scratch buffer happens to have: what a key takes
                // must not depend on what was done to others before.
                bytes.shrink_to_fit();
                Entry::with_buffer(&mut self.slab, &new, bytes)
            }
            Body::Packed(_, bytes) => {
                let new = NewEntry { value: Value::Bytes(&bytes), ..new };
                let made = if entry.overwrite(&new) { None } else { Some(Entry::new(&mut self.slab, &new)) };
                if bytes.capacity() <= SCRATCH_MAX {
                    self.scratch = bytes;
                }
                let Some(made) = made else { return };
                made
            }
        };
        let old = self.table_mut(location.slot).replace(location.place, made);
        self.free_slot(old);
    }

    /// The entry at a location, whose collection is to be shared.
    pub fn hold(&mut self, location: Location) -> Held<'_> {
        self.table_mut(location.slot).hold(location.place)
    }

    /// Removes the entry at a location. Its large value, if it has one, is
    /// returned to be dropped elsewhere.
    pub fn remove(&mut self, location: Location) -> Option<Large> {
        let entry = self.table_mut(location.slot).remove(location.place);
        self.len -= 1;
        self.fields.change(entry.key(), first_expiry(entry.content()), None);
        let large = entry.take_large(&mut self.slab);
        self.free_slot(entry);
        large
    }

    /// Takes the entry at a location out; a large value is not copied.
    pub fn detach(&mut self, location: Location) -> OwnedEntry {
        let entry = self.table_mut(location.slot).remove(location.place);
        self.len -= 1;
        self.fields.change(entry.key(), first_expiry(entry.content()), None);
        let owned = OwnedEntry::take(entry, &mut self.slab);
        self.free_slot(entry);
        owned
    }

    /// Inserts an entry under a key that is not there; a large value is not
    /// copied.
    pub fn attach(&mut self, key: &Key<'_>, owned: OwnedEntry, access: u32, marks: Marks) -> Location {
        let entry = owned.into_entry(&mut self.slab, key.bytes, access);
        self.fields.change(key.bytes, None, first_expiry(entry.content()));
        let place = self.table_mut(key.slot).insert(key.hash, entry, marks);
        self.len += 1;
        Location { slot: key.slot, place }
    }

    fn free_slot(&mut self, entry: Entry) {
        entry.release(&mut self.slab);
    }

    /// Visits entries of one slot from a cursor on; see [`Table::scan`].
    pub fn scan(&self, slot: Slot, cursor: u64, count: usize, visit: impl FnMut(EntryRef<'_>)) -> u64 {
        self.table(slot).map_or(0, |table| table.scan(cursor, count, visit))
    }

    /// Number of slots, empty or not.
    pub fn slot_count(&self) -> u16 {
        self.tables.len() as u16
    }

    /// Bits of the hash that the prefixes of all segments of a slot have at
    /// least.
    pub fn depth_min(&self, slot: Slot) -> u32 {
        self.table(slot).map_or(0, Table::depth_min)
    }

    /// Visits the entries of the segment in which a hash falls whose marks in
    /// `which` are not those in `marks`; see [`Table::walk`].
    pub fn walk(
        &mut self,
        slot: Slot,
        hash: u64,
        marks: Marks,
        which: Marks,
        visit: impl FnMut(Held<'_>) -> bool,
    ) -> Option<Option<u64>> {
        match self.tables[slot.0 as usize].as_deref_mut() {
            Some(table) => table.walk(hash, marks, which, visit),
            None => Some(None),
        }
    }

    /// A location at random; see [`Table::random_place`].
    pub fn random_location(&self, mut random: impl FnMut() -> u64, volatile_only: bool) -> Option<Location> {
        if self.len == 0 {
            return None;
        }
        let slots = self.tables.len();
        let first = if slots == 1 { 0 } else { (random() % slots as u64) as usize };
        for at in 0..slots {
            let slot = Slot(((first + at) % slots) as u16);
            if let Some(place) = self.table(slot).and_then(|table| table.random_place(&mut random, volatile_only)) {
                return Some(Location { slot, place });
            }
        }
        None
    }

    /// Goes on sweeping for expired entries, over at most `segments` segments:
    /// takes out at most `limit` entries that expire by `now_ms`, and hands
    /// each to `expired` before it is freed, and what it owned to `discard`.
    /// Returns the entries taken and whether the sweep came round to the
    /// beginning.
    pub fn sweep_due(
        &mut self,
        now_ms: i64,
        segments: usize,
        limit: usize,
        mut expired: impl FnMut(Held<'_>, Marks),
        mut discard: impl FnMut(Large),
    ) -> (usize, bool) {
        let (mut taken, mut looked) = (0, 0);
        let slots = self.tables.len();
        let next_slot = |slot: u16| if slot as usize + 1 >= slots { 0 } else { slot + 1 };
        while looked < segments && taken < limit {
            let (slot, from) = self.sweep;
            let Some(table) = self.tables[slot as usize].as_deref_mut() else {
                self.sweep = (next_slot(slot), 0);
                looked += 1;
                if self.sweep == (0, 0) {
                    return (taken, true);
                }
                continue;
            };
            let (due, next) = table.find_due(from.min(table.segment_count()), segments - looked, now_ms);
            let walked = if next == 0 { table.segment_count().saturating_sub(from) } else { next - from };
            looked += walked.max(1);
            let mut done = true;
            if let Some(at) = due {
                let (slab, fields) = (&mut self.slab, &mut self.fields);
                let before = taken;
                done = table.take_due(at, now_ms, limit - taken, |entry, marks| {
                    expired(Held::new(entry), marks);
                    fields.change(entry.key(), first_expiry(entry.content()), None);
                    if let Some(large) = entry.take_large(slab) {
                        discard(large);
                    }
                    entry.release(slab);
                    taken += 1;
                });
                self.len -= taken - before;
                if !done {
                    self.sweep = (slot, at);
                }
            }
            if done {
                let end = next == 0;
                self.sweep = if end { (next_slot(slot), 0) } else { (slot, next) };
                if end && self.sweep.0 == 0 {
                    return (taken, true);
                }
            }
        }
        (taken, false)
    }
}

/// All but the entries, which [`Database::put_back`] brings.
impl Image for Database {
    fn blank() -> Database {
        Database::new(1, SipKey { k0: 0, k1: 0 })
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Database { tables, slab: _, sip, len: _, sweep, scratch: _, fields: _, average_ttl_ms } = self;
        tape.each([sweep, average_ttl_ms])?;
        for table in tables {
            let mut layout = table.as_deref().map(Table::layout);
            layout.image(tape)?;
            if tape.reads() {
                let made = |layout| Table::of_layout(*sip, &layout).map(Box::new).ok_or(Damaged);
                *table = layout.map(made).transpose()?;
            }
        }
        Ok(())
    }
}

impl Database {
    /// Hashes with another key; nothing may be in it.
    pub(super) fn set_sip(&mut self, sip: SipKey) {
        *self = Database::new(self.slot_count(), sip);
    }

    /// Puts an entry back whose table has its layout back already; false if it
    /// can't have been there.
    pub(crate) fn put_back(&mut self, key: &Key<'_>, new: &NewEntry<'_>, storage: Storage, marks: Marks) -> bool {
        let Some(table) = self.tables.get_mut(key.slot.0 as usize).and_then(Option::as_deref_mut) else { return false };
        if table.find(key.hash, key.bytes).is_some() {
            return false;
        }
        let Some(entry) = Entry::stored(&mut self.slab, new, storage) else { return false };
        table.put(key.hash, entry, marks);
        self.len += 1;
        true
    }

    /// Likewise, one whose value is a large collection.
    pub(crate) fn put_back_owned(&mut self, key: &Key<'_>, owned: OwnedEntry, access: u32, marks: Marks) -> bool {
        let Some(table) = self.tables.get_mut(key.slot.0 as usize).and_then(Option::as_deref_mut) else { return false };
        if table.find(key.hash, key.bytes).is_some() {
            return false;
        }
        let entry = owned.into_entry(&mut self.slab, key.bytes, access);
        self.fields.change(key.bytes, None, first_expiry(entry.content()));
        table.put(key.hash, entry, marks);
        self.len += 1;
        true
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        for table in self.tables.iter_mut().filter_map(Option::as_deref_mut) {
            table.free_owned();
        }
    }
}
