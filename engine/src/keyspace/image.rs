//! The data as an image: what [`crate::engine::image`] is about, as far as it
//! concerns the keyspace.
//!
//! An image is begun by writing, at once, what each table is like besides its
//! entries; a walk then gives all entries as they were at that moment. What a
//! table's words are like follows from both: see [`crate::data::segment`]. The
//! walk is not part of the state, nobody can tell whether there is one. Whatever
//! it stands in the way of makes it fail instead.
//!
//! ```text
//! entry:  what it is and how it is kept u64   database   access   expiry   key   value
//! ```

use crate::base::image::{Damaged, Image, Tape};
use crate::base::random::Random;
use crate::boundary::id::DatabaseId;
use crate::data::collection::{Body, Collection};
use crate::data::entry::{Content, EntryRef, NewEntry, Storage, Value};
use crate::data::limits::Limits;
use crate::data::owned::OwnedEntry;
use crate::data::parts::Progress;
use crate::data::segment::Marks;
use crate::data::shape::Shape;
use crate::data::table::Layout;
use crate::keyspace::access::Access;
use crate::keyspace::database::Key;
use crate::keyspace::snapshot::{Given, LargeEntry, Sink, Slice};
use crate::keyspace::{Keyspace, KeyspaceStatistics};
use alloc::boxed::Box;
use alloc::vec::Vec;

const INTEGER: u64 = 0;
const INLINE: u64 = 1;
const BUFFER: u64 = 2;
const COLLECTION: u64 = 3;
const STORAGES: u64 = 3;
const EXPIRES: u64 = 4;
/// The bits of the shape stand from here on.
const SHAPE: u32 = 8;

/// What a slice of an image came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ImageStep {
    /// More of it, not yet all.
    More(Vec<u8>),
    /// The rest of it.
    Done(Vec<u8>),
    /// There will be none: the data were replaced meanwhile.
    Lost,
}

/// Writes entries.
struct EntrySink {
    tape: Tape<'static>,
    given: Given,
}

impl Sink for EntrySink {
    fn entry(&mut self, database: DatabaseId, entry: EntryRef<'_>) {
        self.given.entries += 1;
        self.given.bytes += entry.footprint() as u64;
        write_entry(&mut self.tape, database, entry);
    }

    // An image has all entries whole.
    fn begin(&mut self, _database: DatabaseId, _entry: &LargeEntry) {}

    fn parts(
        &mut self,
        _database: DatabaseId,
        _entry: &LargeEntry,
        _from: Progress,
        _count: usize,
    ) -> Option<Progress> {
        None
    }

    fn end(&mut self, _database: DatabaseId, _entry: &LargeEntry) {}

    fn buffered(&self) -> usize {
        self.tape.written()
    }

    fn given(&self) -> Given {
        self.given
    }

    fn take(&mut self, _end: bool) -> Vec<u8> {
        self.tape.take()
    }
}

fn write_entry(tape: &mut Tape<'_>, database: DatabaseId, entry: EntryRef<'_>) {
    let (storage, mut detail) = match entry.storage() {
        Storage::Integer(width) => (INTEGER, width as u64),
        Storage::Inline => (INLINE, 0),
        Storage::Buffer(capacity) => (BUFFER, capacity as u64),
        Storage::Collection => (COLLECTION, 0),
    };
    let shape = u64::from(entry.shape().bits()) << SHAPE;
    let expires = if entry.expire_at_ms().is_some() { EXPIRES } else { 0 };
    // Nothing fails that is written.
    let _ = tape.each([&mut (storage | expires | shape), &mut { database.0 }, &mut entry.access()]);
    if let Some(mut at) = entry.expire_at_ms() {
        let _ = at.image(tape);
    }
    tape.put_bytes(entry.key());
    if storage != INLINE && storage != COLLECTION {
        let _ = tape.number(&mut detail);
    }
    match entry.content() {
        Content::String(Value::Integer(mut number)) => drop(number.image(tape)),
        Content::String(Value::Bytes(bytes)) | Content::Packed(_, _, bytes) => tape.put_bytes(bytes),
        Content::Large(_, collection) => collection.write(tape),
    }
}

impl Keyspace {
    /// Begins the walk of an image. False, and nothing done, while another image
    /// walks, given up or not.
    pub fn begin_image(&mut self) -> bool {
        if self.image.is_some() {
            return false;
        }
        let sink = EntrySink { tape: Tape::writer(), given: Given::default() };
        self.image = Some(self.begin_walk(Box::new(sink), Marks::IMAGE));
        true
    }

    /// True while an image walks, given up or not.
    pub fn image_walks(&self) -> bool {
        self.image.is_some()
    }

    /// Gives an image up. The walk has still to be stepped to its end.
    pub fn abandon_image(&mut self) {
        if let Some(image) = &mut self.image {
            image.abandon();
        }
    }

    /// Walks on over a slice.
    pub fn step_image(&mut self, slice: Slice) -> ImageStep {
        let Some(image) = self.image.take() else { return ImageStep::Lost };
        match self.step_walk(image, slice) {
            Ok(Some(mut sink)) => ImageStep::Done(sink.take(true)),
            Ok(None) => ImageStep::Lost,
            Err(mut image) => {
                let bytes = image.sink().map(|sink| sink.take(false)).unwrap_or_default();
                self.image = Some(image);
                ImageStep::More(bytes)
            }
        }
    }

    /// True if an image can begin: there is nothing of which it would not tell.
    pub(crate) fn rests(&self) -> bool {
        self.snapshot.is_none() && self.image.is_none() && self.garbage.is_empty() && self.unshared.is_empty()
    }

    /// Puts the entries back that are left on a tape.
    ///
    /// # Errors
    /// If there are other things.
    pub(crate) fn read_entries(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        while !tape.is_at_end() {
            self.read_entry(tape)?;
        }
        Ok(())
    }

    /// An entry whose value is a large collection.
    fn read_collection(
        &mut self,
        tape: &mut Tape<'_>,
        database: usize,
        key: &Key<'_>,
        new: &NewEntry<'_>,
    ) -> Result<(), Damaged> {
        let collection = Collection::read(tape, new.shape.value_type())?;
        let body = Body::Large(Box::new(collection));
        let owned = OwnedEntry::collection(new.shape.value_type(), body, new.expire_at_ms);
        let marks = self.marks;
        let database = self.databases.get_mut(database).ok_or(Damaged)?;
        if database.put_back_owned(key, owned, new.access, marks) { Ok(()) } else { Err(Damaged) }
    }

    fn read_entry(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let (mut kind, mut database, mut access, mut expiry) = (0u64, 0u32, 0u32, None);
        tape.each([&mut kind, &mut database, &mut access])?;
        if kind & EXPIRES != 0 {
            expiry.insert(0i64).image(tape)?;
        }
        let key = self.key(tape.get_bytes()?);
        let (mut detail, mut number) = (0, 0i64);
        let shape = u8::try_from(kind >> SHAPE).ok().and_then(Shape::from_bits).ok_or(Damaged)?;
        if kind & STORAGES == COLLECTION {
            if !shape.is_collection() {
                return Err(Damaged);
            }
            let new = NewEntry { key: key.bytes, value: Value::Bytes(&[]), expire_at_ms: expiry, access, shape };
            return self.read_collection(tape, database as usize, &key, &new);
        }
        if shape.is_collection() {
            return Err(Damaged);
        }
        if kind & STORAGES != INLINE {
            tape.number(&mut detail)?;
        }
        let detail = usize::try_from(detail).map_err(|_| Damaged)?;
        let (storage, value) = match kind & STORAGES {
            INTEGER => {
                number.image(tape)?;
                (Storage::Integer(detail), Value::Integer(number))
            }
            INLINE => (Storage::Inline, Value::Bytes(tape.get_bytes()?)),
            BUFFER => (Storage::Buffer(detail), Value::Bytes(tape.get_bytes()?)),
            _ => return Err(Damaged),
        };
        let new = NewEntry { key: key.bytes, value, expire_at_ms: expiry, access, shape };
        let marks = self.marks;
        let database = self.databases.get_mut(database as usize).ok_or(Damaged)?;
        if database.put_back(&key, &new, storage, marks) { Ok(()) } else { Err(Damaged) }
    }
}

/// All but the entries.
impl Image for Keyspace {
    fn blank() -> Keyspace {
        Keyspace::new(1, false, Random::from_seed(0))
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Keyspace {
            databases,
            sip,
            cluster,
            access,
            limits,
            statistics,
            dirty,
            random,
            pool,
            marks: _,
            snapshot: _,
            image: _,
            garbage: _,
            unshared: _,
        } = self;
        tape.each([cluster, &mut sip.k0, &mut sip.k1, access, limits, statistics, dirty, random, pool])?;
        let mut count = databases.len();
        count.image(tape)?;
        if count != databases.len() {
            return Err(Damaged);
        }
        for database in databases {
            if tape.reads() {
                database.set_sip(*sip);
            }
            database.image(tape)?;
        }
        Ok(())
    }
}

impl Image for Access {
    fn blank() -> Access {
        Access::Lru
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, [Access::Lru, Access::Lfu { log_factor: 0, decay_minutes: 0 }])?;
        match self {
            Access::Lru => Ok(()),
            Access::Lfu { log_factor, decay_minutes } => tape.each([log_factor, decay_minutes]),
        }
    }
}

impl Image for Limits {
    fn blank() -> Limits {
        Limits::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Limits {
            set_intset_entries,
            set_listpack_entries,
            set_listpack_value,
            hash_listpack_entries,
            hash_listpack_value,
            sorted_listpack_entries,
            sorted_listpack_value,
            list_node,
            list_compress_depth,
            stream_node,
        } = self;
        tape.each([set_intset_entries, set_listpack_entries, set_listpack_value])?;
        tape.each([hash_listpack_entries, hash_listpack_value])?;
        tape.each([sorted_listpack_entries, sorted_listpack_value])?;
        tape.each([list_node, list_compress_depth, &mut stream_node.bytes, &mut stream_node.entries])
    }
}

impl Image for KeyspaceStatistics {
    fn blank() -> KeyspaceStatistics {
        KeyspaceStatistics::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let KeyspaceStatistics { hits, misses, expired, expired_fields, evicted, expire_budget_reached } = self;
        tape.each([hits, misses, expired, expired_fields, evicted, expire_budget_reached])
    }
}

impl Image for Random {
    fn blank() -> Random {
        Random::from_seed(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut state = self.state();
        state.image(tape)?;
        *self = Random::from_state(state);
        Ok(())
    }
}

impl Image for Layout {
    fn blank() -> Layout {
        Layout::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Layout { level, split, touched, segments } = self;
        tape.each([level, split, touched, segments])
    }
}
