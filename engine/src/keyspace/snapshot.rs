//! A snapshot of all databases without a fork and without a second copy.
//!
//! One walk goes over all segments in slices and gives each entry to a sink.
//! An entry that is about to change or die before the walk reached it is given
//! to the sink first. Each entry's word has a mark: it differs from the
//! keyspace's mark as long as the entry is still owed to the snapshot. So the
//! marks need no clearing: a snapshot begins by turning the keyspace's mark
//! round, and when the walk has ended all entries bear it. Images ([`super::image`])
//! walk likewise, with a mark of their own.
//!
//! The order of the walk is that of prefixes of hashes, which does not depend on
//! the tables' sizes; they grow and shrink meanwhile as they like. Prefixes are
//! taken with their bits reversed, so that whatever part has been walked is
//! spread evenly over all hashes: a table with the same hash key that is filled
//! in this order grows evenly. Databases are saved under the number that they
//! had at the beginning, though SWAPDB moves them and FLUSHDB detaches them.

use crate::boundary::id::DatabaseId;
use crate::data::collection::Collection;
use crate::data::entry::{EntryRef, Large};
use crate::data::held::Held;
use crate::data::parts::Progress as PartProgress;
use crate::data::segment::Marks;
use crate::data::shape::Type;
use crate::keyspace::Keyspace;
use crate::keyspace::database::{Database, Key, Location, Slot};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Bytes of a collection beyond which it is given in parts.
const PARTS_ABOVE: usize = 32 << 10;

/// An entry whose collection is given in parts. The snapshot shares the
/// collection with its owner, who may change it meanwhile, or drop it.
#[derive(Debug)]
pub struct LargeEntry {
    /// The key.
    pub key: Box<[u8]>,
    /// The type.
    pub value_type: Type,
    /// Expiry, milliseconds since 1970.
    pub expire_at_ms: Option<i64>,
    /// What eviction knows of it.
    pub access: u32,
    /// Bytes in memory.
    pub footprint: usize,
    /// The collection.
    pub collection: Collection,
}

impl LargeEntry {
    /// An entry as it is now, if it is so large that it is given in parts.
    fn of(held: &mut Held<'_>) -> Option<LargeEntry> {
        let entry = held.entry();
        let footprint = entry.footprint();
        if !entry.shape().is_collection() || footprint <= PARTS_ABOVE {
            return None;
        }
        let (key, value_type) = (entry.key().into(), entry.value_type());
        let (expire_at_ms, access) = (entry.expire_at_ms(), entry.access());
        let collection = held.share()?;
        Some(LargeEntry { key, value_type, expire_at_ms, access, footprint, collection })
    }

    /// As many parts as a slice may give.
    fn parts_within(&self, slice: Slice) -> usize {
        let each = (self.footprint / self.collection.part_count().max(1)).max(1);
        (slice.bytes / each).clamp(1, slice.entries.max(1))
    }
}

/// Where a snapshot's entries go.
pub trait Sink: Send {
    /// Takes an entry, saved under a database's number.
    fn entry(&mut self, database: DatabaseId, entry: EntryRef<'_>);
    /// Takes the beginning of an entry whose parts follow. Other entries may come
    /// between them, but no other beginning before the end.
    fn begin(&mut self, database: DatabaseId, entry: &LargeEntry);
    /// Takes about so many parts from one on; returns which comes next, `None` if
    /// that was the last.
    fn parts(
        &mut self,
        database: DatabaseId,
        entry: &LargeEntry,
        from: PartProgress,
        count: usize,
    ) -> Option<PartProgress>;
    /// There are no more parts.
    fn end(&mut self, database: DatabaseId, entry: &LargeEntry);
    /// Bytes that wait to be taken.
    fn buffered(&self) -> usize;
    /// What was given to it so far.
    fn given(&self) -> Given;
    /// Takes what waits; with `end`, everything that ends the stream, too.
    fn take(&mut self, end: bool) -> Vec<u8>;
}

/// What a sink was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Given {
    /// Entries.
    pub entries: u64,
    /// Their bytes in memory.
    pub bytes: u64,
}

/// What one slice of a walk may do at most, but for the entry that exceeds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slice {
    /// Entries.
    pub entries: usize,
    /// Bytes of entries in memory.
    pub bytes: usize,
}

/// How far the walk got in a database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress {
    At(Position),
    Done,
}

/// Entries of lower slots were visited, and in this slot those whose first
/// `depth` bits, reversed, are less than `index`; of those with just these bits
/// the ones below `hash`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Position {
    slot: Slot,
    depth: u32,
    index: u64,
    hash: u64,
}

impl Position {
    fn start(database: &Database, slot: Slot) -> Position {
        Position { slot, depth: database.depth_min(slot), index: 0, hash: 0 }
    }

    /// The number of a hash's prefix in the order of the walk.
    fn index_of(&self, hash: u64) -> u64 {
        hash.reverse_bits() & ((1 << self.depth) - 1)
    }

    /// Behind a segment, behind which `next` is the first hash.
    fn advance(self, next: Option<u64>, database: &Database) -> Progress {
        if let Some(hash) = next.filter(|&next| self.index_of(next) == self.index) {
            return Progress::At(Position { hash, ..self });
        }
        let index = self.index + 1;
        if index < 1 << self.depth {
            return Progress::At(Position { index, hash: index.reverse_bits(), ..self });
        }
        if self.slot.0 + 1 < database.slot_count() {
            return Progress::At(Position::start(database, Slot(self.slot.0 + 1)));
        }
        Progress::Done
    }
}

#[derive(Clone, Copy, Debug)]
struct Walk {
    name: DatabaseId,
    progress: Progress,
}

/// A snapshot in progress.
pub struct Snapshot {
    /// `None` once given up: the walk goes on, to set the marks.
    sink: Option<Box<dyn Sink>>,
    /// The mark that it compares.
    which: Marks,
    walks: Vec<Walk>,
    detached: Vec<(Box<Database>, Walk)>,
    /// Entries that are to be given in parts, each under its database's number.
    large: VecDeque<(DatabaseId, LargeEntry)>,
    /// How far the first of them was given, once that has begun.
    begun: Option<PartProgress>,
}

impl Snapshot {
    /// Gives an entry to the sink before it changes, if it is still owed.
    pub(crate) fn preserve(&mut self, id: DatabaseId, entry: &mut Held<'_>, marks: Marks, current: Marks) {
        let name = self.walks[id.0 as usize].name;
        if marks.differ(current, self.which)
            && let Some(sink) = &mut self.sink
        {
            give(&mut **sink, &mut self.large, self.which, name, entry);
        }
    }

    /// Gives parts of the first entry that is given so. False if there is none.
    fn step_large(&mut self, unshared: &mut Vec<Large>, left: &mut Slice) -> bool {
        let (Some((database, entry)), Some(sink)) = (self.large.front(), &mut self.sink) else { return false };
        let from = self.begun.unwrap_or_else(|| {
            sink.begin(*database, entry);
            PartProgress::default()
        });
        let count = entry.parts_within(*left);
        let each = entry.footprint / entry.collection.part_count().max(1);
        left.entries = left.entries.saturating_sub(count);
        left.bytes = left.bytes.saturating_sub(count.saturating_mul(each).max(1));
        self.begun = sink.parts(*database, entry, from, count);
        if self.begun.is_none() {
            sink.end(*database, entry);
            let (_, entry) = self.large.pop_front().unwrap_or_else(|| unreachable!("it was the first"));
            unshared.push(Large::Collection(Box::new(entry.collection)));
        }
        true
    }
}

/// What a slice of the walk came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SnapshotStep {
    /// There is more.
    More,
    /// All entries have been given to the sink.
    Done,
}

impl Keyspace {
    /// Begins a snapshot. False, and nothing done, if one is still walking.
    pub fn begin_snapshot(&mut self, sink: Box<dyn Sink>) -> bool {
        if self.snapshot.is_some() {
            return false;
        }
        self.snapshot = Some(self.begin_walk(sink, Marks::SNAPSHOT));
        true
    }

    /// Begins a walk, and turns its mark round.
    pub(super) fn begin_walk(&mut self, sink: Box<dyn Sink>, which: Marks) -> Snapshot {
        let walk = |(id, database): (DatabaseId, &Database)| Walk {
            name: id,
            progress: if database.is_empty() {
                Progress::Done
            } else {
                Progress::At(Position::start(database, Slot(0)))
            },
        };
        let walks = self.databases().map(walk).collect();
        self.marks = self.marks.turned(which);
        Snapshot { sink: Some(sink), which, walks, detached: Vec::new(), large: VecDeque::new(), begun: None }
    }

    /// True while a snapshot walks, given up or not.
    pub fn snapshot_active(&self) -> bool {
        self.snapshot.is_some()
    }

    /// The sink of the snapshot in progress.
    pub fn snapshot_sink(&mut self) -> Option<&mut (dyn Sink + 'static)> {
        self.snapshot.as_mut()?.sink.as_deref_mut()
    }

    /// Gives a snapshot up: its sink gets nothing more. The walk has still to
    /// be stepped to its end.
    pub fn abandon_snapshot(&mut self) {
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.sink = None;
            self.garbage.extend(snapshot.detached.drain(..).map(|(database, _)| database));
            let collection = |(_, entry): (_, LargeEntry)| Large::Collection(Box::new(entry.collection));
            self.unshared.extend(snapshot.large.drain(..).map(collection));
        }
    }

    /// Walks on over a slice. When the walk is done the sink comes back for its
    /// last bytes, unless the snapshot was given up.
    pub fn step_snapshot(&mut self, slice: Slice) -> (SnapshotStep, Option<Box<dyn Sink>>) {
        let Some(snapshot) = self.snapshot.take() else { return (SnapshotStep::Done, None) };
        match self.step_walk(snapshot, slice) {
            Ok(sink) => (SnapshotStep::Done, sink),
            Err(snapshot) => {
                self.snapshot = Some(snapshot);
                (SnapshotStep::More, None)
            }
        }
    }

    /// Goes on with a walk: its sink when it is done, or the walk again.
    pub(super) fn step_walk(
        &mut self,
        mut snapshot: Snapshot,
        slice: Slice,
    ) -> Result<Option<Box<dyn Sink>>, Snapshot> {
        let marks = (self.marks, snapshot.which);
        let mut left = slice;
        while left.entries > 0 && left.bytes > 0 {
            if snapshot.step_large(&mut self.unshared, &mut left) {
                continue;
            }
            let sink = snapshot.sink.as_deref_mut();
            if let Some((database, walk)) = snapshot.detached.last_mut() {
                step(database, walk, sink, &mut snapshot.large, marks, &mut left);
                if walk.progress == Progress::Done
                    && let Some((database, _)) = snapshot.detached.pop()
                {
                    self.garbage.push(database);
                }
                continue;
            }
            let Some(index) = snapshot.walks.iter().position(|walk| walk.progress != Progress::Done) else {
                return Ok(snapshot.sink);
            };
            let (walk, large) = (&mut snapshot.walks[index], &mut snapshot.large);
            step(&mut self.databases[index], walk, sink, large, marks, &mut left);
        }
        Err(snapshot)
    }

    /// Databases that were flushed and that no snapshot needs any more.
    pub fn take_garbage(&mut self) -> Vec<Box<Database>> {
        core::mem::take(&mut self.garbage)
    }

    /// Collections that a snapshot shared and needs no longer: to be dropped where
    /// it delays nobody.
    pub fn take_unshared(&mut self) -> Vec<Large> {
        core::mem::take(&mut self.unshared)
    }

    /// Gives the entry at a location to the snapshot before it changes.
    #[inline]
    pub(crate) fn preserve(&mut self, id: DatabaseId, key: &Key<'_>, location: Location) {
        if self.snapshot.is_some() || self.image.is_some() {
            debug_assert_eq!(self.get(id, location).key(), key.bytes, "the location is of another key");
            self.preserve_owed(id, location, Marks::SNAPSHOT);
            self.preserve_owed(id, location, Marks::IMAGE);
        }
    }

    /// Likewise, to the walk that compares the mark `which`.
    #[cold]
    pub(super) fn preserve_owed(&mut self, id: DatabaseId, location: Location, which: Marks) {
        let walk = if which == Marks::IMAGE { &mut self.image } else { &mut self.snapshot };
        let Some(walk) = walk else { return };
        let database = &mut self.databases[id.0 as usize];
        let marks = database.marks(location);
        walk.preserve(id, &mut database.hold(location), marks, self.marks);
        database.set_marks(location, marks.with(self.marks, which));
    }

    /// A database was flushed: the snapshot takes it if it still needs it.
    pub(crate) fn hand_over(&mut self, id: DatabaseId, old: Box<Database>) -> Option<Box<Database>> {
        self.image_lost_database(id);
        let Some(snapshot) = &mut self.snapshot else { return Some(old) };
        let walk = &mut snapshot.walks[id.0 as usize];
        let before = *walk;
        walk.progress = Progress::Done;
        if before.progress == Progress::Done || snapshot.sink.is_none() {
            return Some(old);
        }
        snapshot.detached.push((old, before));
        None
    }

    /// Two databases changed places.
    pub(crate) fn snapshot_swapped(&mut self, a: DatabaseId, b: DatabaseId) {
        for walk in self.snapshot.iter_mut().chain(&mut self.image) {
            walk.walks.swap(a.0 as usize, b.0 as usize);
        }
    }

    /// A database was flushed: an image that still needs it is given up, for it
    /// must not keep what is to be dropped.
    fn image_lost_database(&mut self, id: DatabaseId) {
        let Some(image) = &mut self.image else { return };
        let walk = &mut image.walks[id.0 as usize];
        if walk.progress != Progress::Done {
            walk.progress = Progress::Done;
            image.sink = None;
        }
    }
}

impl Snapshot {
    /// The sink, unless the walk was given up.
    pub(super) fn sink(&mut self) -> Option<&mut (dyn Sink + 'static)> {
        self.sink.as_deref_mut()
    }

    /// Gives the walk up: it goes on, to set the marks.
    pub(super) fn abandon(&mut self) {
        self.sink = None;
    }
}

/// Walks over one segment, or on over the rest of one as far as `left` goes, and
/// takes what it did off `left`.
fn step(
    database: &mut Database,
    walk: &mut Walk,
    mut sink: Option<&mut (dyn Sink + 'static)>,
    large: &mut VecDeque<(DatabaseId, LargeEntry)>,
    (marks, which): (Marks, Marks),
    left: &mut Slice,
) {
    let Progress::At(position) = walk.progress else { return };
    // A segment costs something even if nothing in it is owed.
    left.entries = left.entries.saturating_sub(1);
    let ended = database.walk(position.slot, position.hash, marks, which, |mut entry| {
        left.entries = left.entries.saturating_sub(1);
        let Some(sink) = &mut sink else { return left.entries > 0 };
        let bytes = give(*sink, large, which, walk.name, &mut entry);
        left.bytes = left.bytes.saturating_sub(bytes);
        left.entries > 0 && left.bytes > 0 && large.is_empty()
    });
    if let Some(next) = ended {
        walk.progress = position.advance(next, database);
    }
}

/// Gives an entry to the sink, or puts it with those that are given in parts;
/// returns its bytes if it was given. An image takes all of them whole.
fn give(
    sink: &mut (dyn Sink + 'static),
    large: &mut VecDeque<(DatabaseId, LargeEntry)>,
    which: Marks,
    name: DatabaseId,
    entry: &mut Held<'_>,
) -> usize {
    if which == Marks::SNAPSHOT
        && let Some(shared) = LargeEntry::of(entry)
    {
        large.push_back((name, shared));
        return 0;
    }
    sink.entry(name, entry.entry());
    entry.entry().footprint()
}
