//! The model's data: what is known about keys.

use std::collections::BTreeMap;

/// All databases.
#[derive(Default)]
pub(crate) struct Data {
    databases: BTreeMap<u32, Database>,
}

/// One database.
#[derive(Default)]
pub(crate) struct Database {
    keys: BTreeMap<Vec<u8>, Known>,
    /// True if keys that are not in here may be there all the same.
    unknown: bool,
}

/// What is known about a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    /// Nothing.
    Unknown,
    /// It is not there.
    Absent,
    /// It is a string.
    There(Text),
}

/// A string and its expiry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Text {
    /// The string.
    pub bytes: Vec<u8>,
    /// Milliseconds since 1970.
    pub expire_at_ms: Option<i64>,
}

impl Data {
    pub(crate) fn database(&mut self, number: u32) -> &mut Database {
        self.databases.entry(number).or_default()
    }

    pub(crate) fn clear(&mut self) {
        self.databases.clear();
    }

    pub(crate) fn swap(&mut self, one: u32, other: u32) {
        let (first, second) = (self.databases.remove(&one), self.databases.remove(&other));
        if one == other {
            self.databases.extend(first.map(|database| (one, database)));
            return;
        }
        self.databases.extend(first.map(|database| (other, database)));
        self.databases.extend(second.map(|database| (one, database)));
    }

    pub(crate) fn forget_all(&mut self) {
        // Databases that were never named are unknown, too.
        for number in 0..16 {
            *self.database(number) = Database { keys: BTreeMap::new(), unknown: true };
        }
    }

    pub(crate) fn forget_everywhere(&mut self, key: &[u8]) {
        for number in 0..16 {
            self.database(number).set(key, Known::Unknown);
        }
    }

    pub(crate) fn forget_volatile(&mut self) {
        for known in self.databases.values_mut().flat_map(|database| database.keys.values_mut()) {
            if matches!(known, Known::There(Text { expire_at_ms: Some(_), .. })) {
                *known = Known::Unknown;
            }
        }
    }
}

impl Database {
    /// What is known about a key at a time.
    pub(crate) fn get(&self, key: &[u8], now_ms: i64) -> Known {
        let known = match self.keys.get(key) {
            Some(known) => known.clone(),
            None if self.unknown => return Known::Unknown,
            None => return Known::Absent,
        };
        if let Known::There(Text { expire_at_ms: Some(at), .. }) = known
            && at <= now_ms
        {
            // It may still be there should the clock be set back.
            return Known::Absent;
        }
        known
    }

    pub(crate) fn set(&mut self, key: &[u8], known: Known) {
        if known == Known::Absent && !self.unknown {
            self.keys.remove(key);
        } else {
            self.keys.insert(key.to_vec(), known);
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Database::default();
    }
}
