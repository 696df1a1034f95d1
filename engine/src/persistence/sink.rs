//! Renders a snapshot as an RDB file.

use crate::boundary::id::DatabaseId;
use crate::boundary::time::Now;
use crate::data::entry::EntryRef;
use crate::keyspace::access::{Access, lru_idle_seconds};
use crate::keyspace::snapshot::{Given, Sink};
use crate::rdb::{Eviction, WriteOptions, WriteVersion, Writer};
use alloc::vec::Vec;

/// Bytes that a buffer begins with: a chunk, and room for the entry that
/// completes it.
const CAPACITY: usize = super::save::CHUNK + (super::save::CHUNK >> 2);
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
    eviction: Option<Access>,
    now: Now,
    sizes: Vec<Option<DatabaseSize>>,
    selected: Option<DatabaseId>,
    given: Given,
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
        FileSink { writer, eviction, now, sizes, selected: None, given: Given::default() }
    }

    /// Entries that were preserved before the walk came to their database stand
    /// among those of another: each change is a selection of its own, the sizes
    /// come with the first.
    fn select(&mut self, database: DatabaseId) {
        if self.selected == Some(database) {
            return;
        }
        self.selected = Some(database);
        self.writer.select_db(database.0);
        if let Some(size) = self.sizes.get_mut(database.0 as usize).and_then(Option::take) {
            self.writer.resize_db(size.keys, size.expires);
        }
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

impl Sink for FileSink {
    fn entry(&mut self, database: DatabaseId, entry: EntryRef<'_>) {
        self.select(database);
        let eviction = self.eviction(entry.access());
        self.writer.entry(entry.key(), entry.content(), entry.expire_at_ms(), eviction);
        self.given.entries += 1;
        self.given.bytes += entry.footprint() as u64;
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
