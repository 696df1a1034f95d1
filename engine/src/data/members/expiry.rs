//! Elements that expire: a sweep in slices takes out those that are due.
//!
//! Every bucket knows its earliest expiry, so a sweep looks at the elements of
//! those buckets only in which one is due. What it learns on the way becomes the
//! table's bound when it comes to the end.

use super::{Element, Members, Spot};
use alloc::vec::Vec;

/// How far a sweep has come, and what it knows of times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SweepState {
    earliest_ms: i64,
    swept_ms: i64,
    swept_to: u64,
}

impl Members {
    /// How far the sweep has come.
    pub fn sweep(&self) -> SweepState {
        SweepState { earliest_ms: self.earliest_ms, swept_ms: self.swept_ms, swept_to: self.swept_to }
    }

    /// Number of elements that expire.
    pub fn expiring(&self) -> usize {
        self.expiring
    }

    /// A time before which no element expires, milliseconds since 1970; `None`
    /// if none does. It is exact when a sweep by [`Members::take_due`] has come to
    /// its end, until elements are removed.
    pub fn next_expiry(&self) -> Option<i64> {
        (self.expiring > 0).then_some(self.earliest_ms)
    }

    /// Gives a member another expiry, or none. False if there is no such member.
    pub fn set_expiry(&mut self, member: &[u8], expire_at_ms: Option<i64>) -> bool {
        let Some(spot) = self.find(self.hash(member), member) else { return false };
        let valued = self.valued;
        let in_place = |at| self.change(spot.bucket, |bucket| bucket.set_expiry(valued, spot.index, at));
        if !expire_at_ms.is_some_and(in_place) {
            self.rewrite(spot, expire_at_ms);
        }
        self.note_expiry(expire_at_ms);
        self.fit();
        true
    }

    /// Writes an element anew, which then expires and did not, or the other way
    /// round.
    fn rewrite(&mut self, spot: Spot, expire_at_ms: Option<i64>) {
        let Some(before) = self.stored(spot).map(|stored| stored.expire_at_ms) else { return };
        self.expiring = self.expiring + usize::from(expire_at_ms.is_some()) - usize::from(before.is_some());
        let valued = self.valued;
        self.change(spot.bucket, |bucket| bucket.rewrite_expiry(valued, spot.index, expire_at_ms));
    }

    /// Tells the bounds of an expiry that is new.
    pub(super) fn note_expiry(&mut self, expire_at_ms: Option<i64>) {
        let expire_at_ms = expire_at_ms.unwrap_or(i64::MAX);
        self.earliest_ms = self.earliest_ms.min(expire_at_ms);
        self.swept_ms = self.swept_ms.min(expire_at_ms);
    }

    /// Goes on with the sweep for elements that expire at `now_ms` or before, over
    /// at most so many buckets: takes them out, about `limit` at most, and tells
    /// each. Returns how many buckets it came past, and whether that was to the end,
    /// after which it begins anew.
    pub fn take_due(
        &mut self,
        now_ms: i64,
        budget_buckets: usize,
        limit: usize,
        mut taken: impl FnMut(Element<'_>),
    ) -> (usize, bool) {
        let mut count = 0;
        for passed in 1..=budget_buckets.max(1) {
            let position = self.swept_to;
            if position == 0 {
                self.swept_ms = i64::MAX;
            }
            let (index, _, end) = self.interval(position);
            let earliest_ms = self.bucket(index).earliest_ms();
            if earliest_ms > now_ms {
                self.swept_ms = self.swept_ms.min(earliest_ms);
            } else {
                for member in self.due_from(position, now_ms) {
                    if let Some(element) = self.get(&member) {
                        taken(element);
                    }
                    self.remove(&member);
                    count += 1;
                }
            }
            let Some(end) = end else {
                self.earliest_ms = self.swept_ms;
                self.swept_to = 0;
                return (passed, true);
            };
            self.swept_to = end;
            if count >= limit {
                return (passed, false);
            }
        }
        (budget_buckets.max(1), false)
    }

    /// The members in the bucket of a position, from there on, that are due; the
    /// others tell the sweep when they will be.
    fn due_from(&mut self, position: u64, now_ms: i64) -> Vec<Vec<u8>> {
        let (mut due, mut later_ms) = (Vec::new(), self.swept_ms);
        self.visit_bucket(position, &mut |element: Element<'_>| match element.expire_at_ms {
            Some(at) if at <= now_ms => due.push(element.member.to_vec()),
            at => later_ms = later_ms.min(at.unwrap_or(i64::MAX)),
        });
        self.swept_ms = later_ms;
        due
    }
}
