//! Files in memory, and what of them would survive the loss of power.
//!
//! A name and what a file holds are made durable apart from one another: the
//! contents by a sync of the file, the name by a sync of its directory. What was
//! not synced may survive or not: of a file's unsynced bytes some prefix does
//! (file systems write data before they lengthen a file), of unsynced names any.

use engine::base::random::Random;
use std::collections::{BTreeMap, BTreeSet};

/// Files by name. An open file stays what it is when its name goes elsewhere.
#[derive(Default, Debug)]
pub struct Files {
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// Changes of names that no sync of their directory has made durable: the
    /// file that the name is given, `None` where it is removed.
    pending_names: Vec<(String, Option<u64>)>,
    /// Directories, and whether they are durable.
    directories: BTreeMap<String, bool>,
    contents: BTreeMap<u64, Content>,
    next: u64,
    /// Times that a file has lost what its disk had said to be durable.
    broken_promises: u64,
}

/// What a file holds.
#[derive(Default, Debug)]
struct Content {
    bytes: Vec<u8>,
    /// So many of its first bytes are on the disk.
    synced: usize,
    /// So many are by what the disk said.
    promised: usize,
    /// What is on the disk instead, as long as the file's truncation was not
    /// synced.
    before_truncation: Option<Vec<u8>>,
    /// A sync failed: bytes from here on never get to the disk, though later
    /// syncs say so.
    lost_from: Option<usize>,
}

/// The directory of a path.
fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(directory, _)| directory)
}

impl Files {
    /// What a file holds.
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        self.contents.get(self.names.get(path)?).map(|content| &content.bytes[..])
    }

    /// Puts a file in place, durably.
    pub fn write(&mut self, path: &str, contents: &[u8]) {
        self.next += 1;
        let number = self.next;
        let (synced, promised) = (contents.len(), contents.len());
        let content = Content { bytes: contents.to_vec(), synced, promised, ..Content::default() };
        self.contents.insert(number, content);
        self.names.insert(path.to_owned(), number);
        self.pending_names.retain(|(name, _)| name != path);
        self.durable_names.insert(path.to_owned(), number);
    }

    /// Names of all files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Bytes in all files that have a name.
    pub fn size(&self) -> u64 {
        self.names.values().filter_map(|number| self.contents.get(number)).map(|it| it.bytes.len() as u64).sum()
    }

    pub(super) fn number(&self, path: &str) -> Option<u64> {
        self.names.get(path).copied()
    }

    pub(super) fn length(&self, number: u64) -> Option<usize> {
        self.contents.get(&number).map(|content| content.bytes.len())
    }

    pub(super) fn bytes(&self, number: u64) -> Option<&[u8]> {
        self.contents.get(&number).map(|content| &content.bytes[..])
    }

    /// A new file under a name, which another loses. `None` if there is no such
    /// directory.
    pub(super) fn create(&mut self, path: &str) -> Option<u64> {
        self.remove(path);
        let directory = directory_of(path);
        if directory != "." && !self.directories.contains_key(directory) {
            return None;
        }
        self.next += 1;
        self.contents.insert(self.next, Content::default());
        self.set_name(path, Some(self.next));
        Some(self.next)
    }

    fn set_name(&mut self, path: &str, number: Option<u64>) {
        match number {
            Some(number) => self.names.insert(path.to_owned(), number),
            None => self.names.remove(path),
        };
        self.pending_names.push((path.to_owned(), number));
    }

    pub(super) fn append(&mut self, number: u64, bytes: &[u8]) {
        if let Some(content) = self.contents.get_mut(&number) {
            content.bytes.extend_from_slice(bytes);
        }
    }

    pub(super) fn truncate(&mut self, number: u64, length: usize) {
        let Some(content) = self.contents.get_mut(&number) else { return };
        if length < content.synced {
            let on_disk = content.bytes[..content.synced].to_vec();
            content.before_truncation.get_or_insert(on_disk);
            content.synced = length;
        }
        content.bytes.truncate(length);
        content.promised = content.promised.min(length);
        content.lost_from = content.lost_from.filter(|from| *from < length);
    }

    pub(super) fn sync(&mut self, number: u64) {
        if let Some(content) = self.contents.get_mut(&number) {
            content.synced = content.bytes.len();
            content.promised = content.synced;
            content.before_truncation = None;
        }
    }

    /// A sync does nothing and says that it has.
    pub(super) fn pretend_sync(&mut self, number: u64) {
        if let Some(content) = self.contents.get_mut(&number) {
            content.promised = content.bytes.len();
        }
    }

    /// True if a file has ever lost what its disk had said to be durable: what was
    /// written behind it may be there all the same, in another file.
    pub fn has_broken_promises(&self) -> bool {
        self.broken_promises > 0
    }

    /// A sync fails: what it was for is taken for written from now on, and is
    /// not.
    pub(super) fn fail_sync(&mut self, number: u64) {
        if let Some(content) = self.contents.get_mut(&number)
            && content.synced < content.bytes.len()
        {
            content.lost_from.get_or_insert(content.synced);
        }
    }

    /// Renames a file and makes the directory durable. False if there is no such
    /// file.
    pub(super) fn rename(&mut self, from: &str, to: &str) -> bool {
        let renamed = self.rename_only(from, to);
        if renamed && !cfg!(feature = "planted_rename_without_sync") {
            self.sync_directory(directory_of(to));
        }
        renamed
    }

    /// Renames a file. False if there is no such file.
    pub(super) fn rename_only(&mut self, from: &str, to: &str) -> bool {
        let Some(number) = self.number(from) else { return false };
        self.set_name(from, None);
        self.set_name(to, Some(number));
        true
    }

    pub(super) fn remove(&mut self, path: &str) -> bool {
        let known = self.names.contains_key(path);
        if known {
            self.set_name(path, None);
        }
        known
    }

    pub(super) fn create_directory(&mut self, path: &str) {
        self.directories.entry(path.to_owned()).or_insert(false);
    }

    pub(super) fn sync_directory(&mut self, path: &str) {
        let path = if path.is_empty() { "." } else { path };
        if path == "." {
            self.directories.values_mut().for_each(|durable| *durable = true);
        }
        let pending = std::mem::take(&mut self.pending_names);
        for (name, number) in pending {
            if directory_of(&name) != path {
                self.pending_names.push((name, number));
                continue;
            }
            match number {
                Some(number) => self.durable_names.insert(name, number),
                None => self.durable_names.remove(&name),
            };
        }
    }

    /// The power is lost: what was not synced survives in part or not at all.
    pub fn lose_power(&mut self, random: &mut Random) {
        let surviving = random.below(4);
        let kept = random.below(self.pending_names.len() as u64 + 1) as usize;
        for (index, (name, number)) in std::mem::take(&mut self.pending_names).into_iter().enumerate() {
            let survives = match surviving {
                0 => false,
                1 => true,
                2 => index < kept,
                _ => random.below(2) == 0,
            };
            if survives {
                match number {
                    Some(number) => self.durable_names.insert(name, number),
                    None => self.durable_names.remove(&name),
                };
            }
        }
        for (directory, durable) in std::mem::take(&mut self.directories) {
            if durable || random.below(2) == 0 {
                self.directories.insert(directory, true);
            }
        }
        let directories = &self.directories;
        self.durable_names.retain(|name, _| {
            let directory = directory_of(name);
            directory == "." || directory.starts_with('/') || directories.contains_key(directory)
        });
        self.names.clone_from(&self.durable_names);
        for content in self.contents.values_mut() {
            content.lose_power(random);
            self.broken_promises += u64::from(content.bytes.len() < content.promised);
            content.promised = content.bytes.len();
        }
        self.forget_unnamed();
    }

    /// Forgets files without a name: nobody has them open any more.
    pub fn forget_unnamed(&mut self) {
        let numbers: BTreeSet<u64> = self.names.values().chain(self.durable_names.values()).copied().collect();
        let pending: BTreeSet<u64> = self.pending_names.iter().filter_map(|(_, number)| *number).collect();
        self.contents.retain(|number, _| numbers.contains(number) || pending.contains(number));
    }
}

impl Content {
    fn lose_power(&mut self, random: &mut Random) {
        let truncation_lost = random.below(2) == 0;
        if let Some(before) = self.before_truncation.take().filter(|_| truncation_lost) {
            self.bytes = before;
        } else {
            let unsynced = (self.bytes.len() - self.synced) as u64;
            let survived = match random.below(4) {
                0 => 0,
                1 => unsynced,
                2 => random.below(unsynced + 1),
                _ => random.below(unsynced + 1) / 512 * 512,
            };
            self.bytes.truncate(self.synced + survived as usize);
            if let Some(lost) = self.lost_from {
                self.bytes.truncate(lost);
            }
        }
        self.lost_from = None;
        self.synced = self.bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_power_losses(prepare: impl Fn(&mut Files)) -> BTreeSet<Option<Vec<u8>>> {
        (0..200)
            .map(|seed| {
                let mut files = Files::default();
                prepare(&mut files);
                files.lose_power(&mut Random::from_seed(seed));
                files.read("a").map(<[u8]>::to_vec)
            })
            .collect()
    }

    #[test]
    fn a_synced_file_without_a_synced_name_may_be_gone() {
        let outcomes = after_power_losses(|files| {
            let number = files.create("a").unwrap();
            files.append(number, b"xy");
            files.sync(number);
        });
        assert_eq!(outcomes, [None, Some(b"xy".to_vec())].into());
    }

    #[test]
    fn unsynced_bytes_survive_as_a_prefix() {
        let outcomes = after_power_losses(|files| {
            let number = files.create("a").unwrap();
            files.append(number, b"x");
            files.sync(number);
            files.sync_directory(".");
            files.append(number, b"yz");
        });
        let expected = [&b"x"[..], b"xy", b"xyz"].map(|bytes| Some(bytes.to_vec()));
        assert_eq!(outcomes, expected.into());
    }

    #[test]
    fn what_a_failed_sync_was_for_is_lost_whatever_later_syncs_say() {
        let outcomes = after_power_losses(|files| {
            let number = files.create("a").unwrap();
            files.append(number, b"x");
            files.sync(number);
            files.sync_directory(".");
            files.append(number, b"y");
            files.fail_sync(number);
            files.append(number, b"z");
            files.sync(number);
        });
        assert_eq!(outcomes, [Some(b"x".to_vec())].into());
    }

    #[test]
    fn a_rename_is_durable_with_what_it_replaced() {
        let outcomes = after_power_losses(|files| {
            files.write("a", b"old");
            let number = files.create("b").unwrap();
            files.append(number, b"new");
            files.sync(number);
            files.rename("b", "a");
        });
        assert_eq!(outcomes, [Some(b"new".to_vec())].into());
    }

    #[test]
    fn a_file_that_has_come_back_under_its_old_name_is_not_emptied_there() {
        let outcomes = after_power_losses(|files| {
            files.create_directory("d");
            let number = files.create("d/temp").unwrap();
            files.append(number, b"data");
            files.sync(number);
            files.sync_directory("d");
            files.sync_directory(".");
            files.rename("d/temp", "a");
            files.lose_power(&mut Random::from_seed(1));
            files.create("d/temp").unwrap();
        });
        assert_eq!(outcomes, [Some(b"data".to_vec())].into());
    }

    #[test]
    fn a_truncation_may_be_undone_until_it_is_synced() {
        let outcomes = after_power_losses(|files| {
            files.write("a", b"long");
            let number = files.number("a").unwrap();
            files.truncate(number, 1);
        });
        assert_eq!(outcomes, [Some(b"l".to_vec()), Some(b"long".to_vec())].into());
    }
}
