//! Going over all elements: at once, by a client's cursor, by a snapshot.
//!
//! A position is a hash: every element whose hash is below it was visited. It
//! stays right however buckets are split and merged meanwhile.

use super::bucket::Bucket;
use super::element::Stored;
use super::{Element, Members, Spot, element_in};

/// How far a walk has come. The default is the beginning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct WalkPosition(u64);

impl WalkPosition {
    /// The position as a number, for images.
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The position that [`WalkPosition::to_bits`] told.
    pub fn from_bits(bits: u64) -> WalkPosition {
        WalkPosition(bits)
    }
}

impl Members {
    /// The bucket that a position is in, where its hashes begin, and where those
    /// of the next one do, `None` behind the last.
    pub(super) fn interval(&self, position: u64) -> (usize, u64, Option<u64>) {
        let index = self.index_of(position);
        match 1u64.checked_shl(64 - self.depth(index)) {
            None => (index, 0, None),
            Some(width) => {
                let start = position & !(width - 1);
                (index, start, start.checked_add(width))
            }
        }
    }

    /// Visits the elements of a bucket that a walk at a position has not visited.
    pub(super) fn visit_bucket(&self, position: u64, visit: &mut impl FnMut(Element<'_>)) -> (usize, Option<u64>) {
        let (index, start, end) = self.interval(position);
        let bucket = self.bucket(index);
        let mut seen = 0;
        for stored in bucket.iter(self.valued) {
            let element = element_in(bucket, stored);
            // A bucket that was merged since was visited in part.
            if position == start || self.hash(element.member) >= position {
                visit(element);
                seen += 1;
            }
        }
        (seen, end)
    }

    fn visit_from(&self, from: u64, count: usize, mut visit: impl FnMut(Element<'_>)) -> Option<u64> {
        let (mut position, mut seen, mut steps) = (from, 0, 0);
        loop {
            let (visited, end) = self.visit_bucket(position, &mut visit);
            seen += visited;
            steps += 1;
            position = end?;
            if seen >= count || steps > count {
                return Some(position);
            }
        }
    }

    /// Visits elements from a cursor on, whole buckets until there were `count`;
    /// returns the next cursor, 0 at the end. Of a table with much empty room it
    /// visits fewer.
    ///
    /// Every element that is in the table from a scan's first call to its last is
    /// visited, and a scan comes to its end however the table changes: its
    /// position never goes back. A cursor that no scan gave out is taken as some
    /// position.
    pub fn scan(&self, cursor: u64, count: usize, visit: impl FnMut(Element<'_>)) -> u64 {
        // Positions between buckets end in zeros; reversed they are small numbers.
        self.visit_from(cursor.reverse_bits(), count, visit).map_or(0, u64::reverse_bits)
    }

    /// Visits elements from a position on, whole buckets until there were
    /// `budget`; returns the next position, `None` at the end. Each element that
    /// is there from the first call to the last is visited once.
    pub fn walk(&self, position: WalkPosition, budget: usize, visit: impl FnMut(Element<'_>)) -> Option<WalkPosition> {
        self.visit_from(position.0, budget, visit).map(WalkPosition)
    }

    /// All elements, in the order of buckets' numbers: what is inserted into
    /// another table in this order fills it evenly.
    pub fn iter(&self) -> Iter<'_> {
        Iter { members: self, spot: Spot { bucket: 0, index: 0 } }
    }
}

/// The elements of a table.
#[derive(Clone)]
pub struct Iter<'a> {
    members: &'a Members,
    spot: Spot,
}

impl core::fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Iter").field("bucket", &self.spot.bucket).field("index", &self.spot.index).finish()
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        while self.spot.bucket < self.members.bucket_count() {
            let bucket: &Bucket = self.members.bucket(self.spot.bucket);
            let stored: Option<Stored<'a>> = bucket.get(self.members.valued, self.spot.index);
            if let Some(stored) = stored {
                self.spot.index += 1;
                return Some(element_in(bucket, stored));
            }
            self.spot = Spot { bucket: self.spot.bucket + 1, index: 0 };
        }
        None
    }
}
