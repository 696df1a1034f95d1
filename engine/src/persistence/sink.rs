//! Renders a snapshot as an RDB file.

use crate::boundary::id::DatabaseId;
use crate::boundary::time::Now;
use crate::data::entry::{Content, EntryRef};
use crate::data::parts::Progress;
use crate::keyspace::access::{Access, lru_idle_seconds};
use crate::keyspace::snapshot::{Given, LargeEntry, Sink};
use crate::persistence::save::CHUNK;
use crate::rdb::{Eviction, WriteOptions, WriteVersion, Writer};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Bytes that a buffer begins with: a chunk, and room for the entry that
/// completes it.
const CAPACITY: usize = CHUNK + (CHUNK >> 2);
/// Half the range of the LRU clock: an access that is "older" was made after
/// the snapshot began.
const IDLE_MAX: u64 = 1 << 23;
/// Likewise for the minutes of LFU.
const MINUTES_MAX: u32 = 0x7FFF;

/// What a file says about a database before its entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DatabaseSize {
    /// Keys.
    pub keys: u64,
    /// Keys that expire.
    pub expires: u64,
}

/// How a file is to be written.
#[derive(Clone, Debug)]
pub struct FileOptions {
    /// The version of the format.
    pub version: WriteVersion,
    /// Compression and checksum.
    pub write: WriteOptions,
    /// What eviction knows about keys, if its policy makes it worth saving.
    pub eviction: Option<Access>,
    /// When the snapshot began.
    pub now: Now,
}

/// A file in the making.
pub struct FileSink {
    writer: Writer,
    /// Entries that came between the parts of another: they follow when it has
    /// ended.
    aside: Option<Aside>,
    options: FileOptions,
    eviction: Option<Access>,
    now: Now,
    sizes: Vec<Option<DatabaseSize>>,
    selected: Option<DatabaseId>,
    given: Given,
}

/// Entries on their way into a file, behind the large one that is being written.
/// No writer waits for that to end: what comes meanwhile costs memory.
struct Aside {
    /// The last of them.
    writer: Writer,
    /// Those before.
    chunks: VecDeque<Vec<u8>>,
    selected: Option<DatabaseId>,
    /// All parts of the large one are written.
    follows: bool,
}

impl FileSink {
    /// Begins a file with texts about it. `sizes` are those of all databases.
    pub fn new<'t>(
        options: &FileOptions,
        texts: impl Iterator<Item = (&'t [u8], &'t [u8])>,
        sizes: Vec<Option<DatabaseSize>>,
    ) -> FileSink {
        let mut writer = Writer::new(options.version, options.write);
        writer.recycle(Vec::with_capacity(CAPACITY));
        writer.header();
        for (key, value) in texts {
            writer.aux(key, value);
        }
        let FileOptions { eviction, now, .. } = *options;
        let given = Given::default();
        FileSink { writer, aside: None, options: options.clone(), eviction, now, sizes, selected: None, given }
    }

    fn eviction(&self, bits: u32) -> Option<Eviction> {
        match self.eviction? {
            Access::Lru => {
                let idle_seconds = lru_idle_seconds(self.now, bits);
                Some(Eviction::Lru { idle_seconds: if idle_seconds < IDLE_MAX { idle_seconds } else { 0 } })
            }
            access @ Access::Lfu { .. } => {
                let minutes = (self.now.unix.seconds() / 60) as u32;
                let later = minutes.wrapping_sub(bits >> 8) & 0xFFFF > MINUTES_MAX;
                let frequency = if later { bits as u8 } else { access.counter(bits, self.now) };
                Some(Eviction::Lfu { frequency })
            }
        }
    }
}

impl Aside {
    fn put_full_chunk(&mut self) {
        if self.writer.buffered() >= CHUNK {
            self.chunks.push_back(self.writer.take());
            self.writer.recycle(Vec::with_capacity(CAPACITY));
        }
    }
}

/// Entries that were preserved before the walk came to their database stand
/// among those of another: each change is a selection of its own, the sizes
/// come with the first.
fn select(
    writer: &mut Writer,
    selected: &mut Option<DatabaseId>,
    sizes: &mut [Option<DatabaseSize>],
    database: DatabaseId,
) {
    if *selected == Some(database) {
        return;
    }
    *selected = Some(database);
    writer.select_db(database.0);
    if let Some(size) = sizes.get_mut(database.0 as usize).and_then(Option::take) {
        writer.resize_db(size.keys, size.expires);
    }
}

impl Sink for FileSink {
    fn entry(&mut self, database: DatabaseId, entry: EntryRef<'_>) {
        let eviction = self.eviction(entry.access());
        let (writer, selected) = match &mut self.aside {
            Some(aside) => (&mut aside.writer, &mut aside.selected),
            None => (&mut self.writer, &mut self.selected),
        };
        select(writer, selected, &mut self.sizes, database);
        writer.entry(entry.key(), entry.content(), entry.expire_at_ms(), eviction);
        if let Some(aside) = &mut self.aside {
            aside.put_full_chunk();
        }
        self.given.entries += 1;
        self.given.bytes += entry.footprint() as u64;
    }

    fn begin(&mut self, database: DatabaseId, entry: &LargeEntry) {
        select(&mut self.writer, &mut self.selected, &mut self.sizes, database);
        let eviction = self.eviction(entry.access);
        let content = Content::Large(entry.value_type, &entry.collection);
        self.writer.begin_large(&entry.key, content, entry.collection.part_count(), entry.expire_at_ms, eviction);
        let write = WriteOptions { checksum: false, ..self.options.write };
        let writer = Writer::new(self.options.version, write);
        self.aside = Some(Aside { writer, chunks: VecDeque::new(), selected: Some(database), follows: false });
    }

    fn parts(&mut self, _database: DatabaseId, entry: &LargeEntry, from: Progress, count: usize) -> Option<Progress> {
        let Some(aside) = &mut self.aside else { return None };
        if aside.follows {
            if let Some(chunk) = aside.chunks.pop_front() {
                self.writer.append(&chunk);
            }
        } else if let Some(next) = entry.collection.visit_parts(from, count, |part| self.writer.part(part)) {
            return Some(next);
        } else {
            aside.follows = true;
        }
        (!aside.chunks.is_empty()).then_some(from)
    }

    fn end(&mut self, _database: DatabaseId, entry: &LargeEntry) {
        self.given.entries += 1;
        self.given.bytes += entry.footprint as u64;
        if let Some(mut aside) = self.aside.take() {
            self.writer.append(&aside.writer.take());
            self.selected = aside.selected;
        }
    }

    fn buffered(&self) -> usize {
        self.writer.buffered()
    }

    fn given(&self) -> Given {
        self.given
    }

    fn take(&mut self, end: bool) -> Vec<u8> {
        if end {
            self.writer.finish();
            return self.writer.take();
        }
        let bytes = self.writer.take();
        self.writer.recycle(Vec::with_capacity(CAPACITY));
        bytes
    }
}
