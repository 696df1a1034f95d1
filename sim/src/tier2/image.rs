//! What each save must have saved, and whether that is what is loaded.
//!
//! An image is taken when a save begins. It is what a file may hold from the
//! moment the file is to be renamed, and what it must hold once that is done.
//! Where the moment of the beginning is not known exactly, within a batch that
//! went on, the image is unknown, and any contents are as good.

use crate::report::Report;
use engine::boundary::effects::{DiskOperation, Effect, Effects};
use engine::boundary::id::DiskToken;
use engine::boundary::input::Input;
use engine::boundary::time::Now;
use engine::data::entry::Value;
use engine::engine::Engine;
use engine::keyspace::Keyspace;
use engine::keyspace::database::Slot;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Commands that may begin a save.
const BEGINNERS: [&[u8]; 6] = [b"save", b"bgsave", b"shutdown", b"debug", b"flushall", b"exec"];

/// Data at a moment: by database and key, the value and when it expires.
type Image = BTreeMap<(u32, Vec<u8>), (Vec<u8>, Option<i64>)>;

/// What is known of a file's contents.
type Candidate = Option<Arc<Image>>;

/// What files hold. One that is not named holds nothing.
#[derive(Clone, Default)]
pub struct Images {
    /// What each file may hold.
    files: BTreeMap<String, Vec<Candidate>>,
    /// What the save under way saves, by the file that it writes.
    written: BTreeMap<String, Candidate>,
    /// Renames under way.
    renames: BTreeMap<DiskToken, (String, Candidate)>,
    /// The file that is being loaded.
    loading: Option<String>,
    was_loading: bool,
    /// The latest time at which a key may have been found to have expired.
    latest_ms: i64,
    done: Option<(DiskToken, bool)>,
    checked: u64,
    begun: u64,
}

/// The data of an engine.
pub fn image(keyspace: &Keyspace) -> BTreeMap<(u32, Vec<u8>), (Vec<u8>, Option<i64>)> {
    let mut image = Image::new();
    for (id, database) in keyspace.databases() {
        for slot in (0..database.slot_count()).map(Slot) {
            database.scan(slot, 0, usize::MAX, |entry| {
                let value = match entry.value() {
                    Value::Integer(number) => number.to_string().into_bytes(),
                    Value::Bytes(bytes) => bytes.to_vec(),
                };
                image.insert((id.0, entry.key().to_vec()), (value, entry.expire_at_ms()));
            });
        }
    }
    image
}

impl Images {
    /// For a process that begins with the files of an earlier one.
    pub fn inherited(&self) -> Images {
        let mut files = self.files.clone();
        for (path, candidate) in self.renames.values() {
            files.entry(path.clone()).or_insert_with(empty).push(candidate.clone());
        }
        Images { files, ..Images::default() }
    }

    pub(super) fn before(&mut self, engine: &Engine, now: Now, input: &Input<'_>) {
        self.was_loading = engine.server().loading;
        // A clock that is set back does not bring back what was not loaded.
        self.latest_ms = if self.was_loading { self.latest_ms.max(now.unix.ms()) } else { now.unix.ms() };
        self.done = match input {
            Input::Disk { token, result } => Some((*token, result.is_ok())),
            _ => None,
        };
    }

    pub(super) fn after(&mut self, engine: &Engine, effects: &Effects, batch: &[Vec<Vec<u8>>]) -> Result<(), String> {
        if let Some((token, ok)) = self.done.take()
            && let Some((path, candidate)) = self.renames.remove(&token)
        {
            let file = self.files.entry(path).or_insert_with(empty);
            if ok {
                file.clear();
            }
            file.push(candidate);
        }
        for effect in &effects.orders.list {
            let Effect::Disk { token, operation } = effect else { continue };
            match operation {
                DiskOperation::Create { path, .. } => {
                    let exact = begins_last(batch) && is_save(path);
                    self.begun += 1;
                    self.written.insert(path.clone(), exact.then(|| Arc::new(image(engine.keyspace()))));
                }
                DiskOperation::Rename { from, to } => {
                    let candidate = self.written.remove(from).flatten();
                    self.renames.insert(*token, (to.clone(), candidate));
                }
                DiskOperation::Open { path, .. } => self.loading = Some(path.clone()),
                _ => {}
            }
        }
        if self.was_loading && !engine.server().loading {
            return self.loaded(engine);
        }
        Ok(())
    }

    fn loaded(&mut self, engine: &Engine) -> Result<(), String> {
        let Some(path) = self.loading.take() else { return Ok(()) };
        // What a replica is sent, or an append only file says, nobody knows here.
        let server = engine.server();
        if server.memory_limited || server.replication.is_replica() || path.contains("appendonly") {
            return Ok(());
        }
        let loaded = image(engine.keyspace());
        let candidates = self.files.get(&path).cloned().unwrap_or_else(empty);
        if candidates.iter().any(Option::is_none) {
            return Ok(());
        }
        self.checked += 1;
        if candidates.iter().flatten().any(|saved| same(saved, &loaded, self.latest_ms)) {
            return Ok(());
        }
        let sizes: Vec<usize> = candidates.iter().flatten().map(|saved| saved.len()).collect();
        Err(format!("{path} was loaded with {} keys, which are not those that were saved ({sizes:?})", loaded.len()))
    }

    pub(super) fn count(&self, report: &mut Report) {
        report.add("saves begun", self.begun);
        report.add("loads compared with what was saved", self.checked);
    }
}

/// Whether a save that began in this batch has all of it, and nothing came after.
fn begins_last(batch: &[Vec<Vec<u8>>]) -> bool {
    let may_begin = |request: &Vec<Vec<u8>>| {
        request.first().is_some_and(|name| BEGINNERS.contains(&&name.to_ascii_lowercase()[..]))
    };
    match batch.iter().position(may_begin) {
        // An EXEC may go on after its BGSAVE.
        Some(first) => first + 1 == batch.len() && !batch[first][0].eq_ignore_ascii_case(b"exec"),
        None => batch.is_empty(),
    }
}

/// Whether a temporary file is that of a save, not one that a primary sends.
fn is_save(path: &str) -> bool {
    path.matches('.').count() == 1
}

fn empty() -> Vec<Candidate> {
    vec![Some(Arc::default())]
}

/// Whether what was loaded is what was saved, but for what has expired.
fn same(saved: &Image, loaded: &Image, now_ms: i64) -> bool {
    let expired = |at: &Option<i64>| at.is_some_and(|at| at <= now_ms);
    loaded.iter().all(|(key, value)| saved.get(key) == Some(value))
        && saved.iter().all(|(key, value)| expired(&value.1) || loaded.contains_key(key))
}
