//! Elements that expire: a sweep in slices finds those that are due.
//!
//! Every bucket knows its earliest expiry, so a sweep looks at the elements of
//! those buckets only in which one is due. What it learns on the way becomes the
//! table's bound when it comes to the end.

use super::{Element, Members, Spot, WalkPosition};

impl Members {
    /// Number of elements that expire.
    pub fn expiring(&self) -> usize {
        self.expiring
    }

    /// A time before which no element expires, milliseconds since 1970; `None`
    /// if none does. It is exact after a sweep by [`Members::find_due`], unless
    /// elements were removed since.
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

    /// Visits the elements of up to so many buckets, from a position on, that
    /// expire at `now_ms` or before; returns the next position, `None` at the end.
    /// Whoever sweeps removes them between two calls. A sweep begins at the default
    /// position.
    pub fn find_due(
        &mut self,
        now_ms: i64,
        from: WalkPosition,
        budget_buckets: usize,
        mut visit: impl FnMut(Element<'_>),
    ) -> Option<WalkPosition> {
        let mut position = from.to_bits();
        if position == 0 {
            self.swept_ms = i64::MAX;
        } else if position != self.swept_to {
            // Not where the sweep was: what it passes over counts as it did.
            self.swept_ms = self.swept_ms.min(self.earliest_ms);
        }
        for _ in 0..budget_buckets.max(1) {
            let (index, _, end) = self.interval(position);
            let earliest_ms = self.bucket(index).earliest_ms();
            self.swept_ms = self.swept_ms.min(earliest_ms);
            if earliest_ms <= now_ms {
                self.visit_bucket(position, &mut |element: Element<'_>| {
                    if element.expire_at_ms.is_some_and(|at| at <= now_ms) {
                        visit(element);
                    }
                });
            }
            let Some(end) = end else {
                self.earliest_ms = self.swept_ms;
                return None;
            };
            position = end;
        }
        self.swept_to = position;
        Some(WalkPosition::from_bits(position))
    }
}
