//! Going over elements: in order, by a client's cursor.

use super::Sorted;
use super::leaf::Columns;
use core::iter::FusedIterator;
use core::ops::Range;

/// Where an iterator is at one of its ends.
#[derive(Clone, Copy, Debug)]
struct End<'a> {
    /// The leaves of one node.
    leaves: &'a [u32],
    /// Which of them it is in.
    at: usize,
    columns: Columns<'a>,
    /// The elements of the leaf before it.
    index: usize,
}

/// Elements in order, from both ends.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    sorted: &'a Sorted,
    ranks: Range<usize>,
    front: Option<End<'a>>,
    back: Option<End<'a>>,
}

impl Sorted {
    /// The elements of some ranks, as many of them as there are.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_> {
        let ranks = ranks.start.min(self.len())..ranks.end.min(self.len());
        Iter { sorted: self, ranks, front: None, back: None }
    }

    /// All elements.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len())
    }

    /// Visits elements from a cursor on, in the order of their hashes, whole
    /// buckets until there were `count`; returns the next cursor, 0 at the end.
    ///
    /// Every element that is there from a scan's first call to its last is visited,
    /// whatever scores it has meanwhile, and a scan comes to its end however the
    /// set changes: its position never goes back. A cursor that no scan gave out
    /// is taken as some position.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8], f64)) -> u64 {
        // Positions between buckets end in zeros; reversed they are small numbers.
        let (mut position, mut seen, mut steps) = ((cursor as u32).reverse_bits(), 0, 0);
        loop {
            let next = self.ground.index.visit(position, |tag, number| {
                let leaf = self.ground.leaf(number);
                for index in leaf.tagged(tag as u8) {
                    let (member, score) = leaf.get(index);
                    if self.ground.tag(member) == tag {
                        visit(member, score);
                        seen += 1;
                    }
                }
            });
            steps += 1;
            match next {
                None => return 0,
                Some(next) if seen >= count || steps > count => return next.reverse_bits().into(),
                Some(next) => position = next,
            }
        }
    }
}

impl<'a> Iter<'a> {
    /// The end of an iterator in one of the leaves of a node.
    fn end(&self, leaves: &'a [u32], at: usize, index: usize) -> End<'a> {
        End { leaves, at, columns: self.sorted.ground.leaf(leaves[at]).columns(), index }
    }

    /// Goes to the leaf in which the first element left is.
    #[cold]
    fn next_leaf(&mut self) -> End<'a> {
        if let Some(End { leaves, at, .. }) = self.front
            && at + 1 < leaves.len()
        {
            return self.end(leaves, at + 1, 0);
        }
        let (leaves, at, index) = self.sorted.root.locate(self.ranks.start);
        self.end(leaves, at, index)
    }

    /// Goes to the leaf in which the last element left is.
    #[cold]
    fn previous_leaf(&mut self) -> End<'a> {
        if let Some(End { leaves, at, .. }) = self.back
            && let Some(at) = at.checked_sub(1)
        {
            return self.end(leaves, at, self.sorted.ground.leaf(leaves[at]).len());
        }
        let (leaves, at, index) = self.sorted.root.locate(self.ranks.end - 1);
        self.end(leaves, at, index + 1)
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.ranks.is_empty() {
            return None;
        }
        if let Some(end) = &mut self.front
            && let Some(element) = end.columns.get(end.index)
        {
            end.index += 1;
            self.ranks.start += 1;
            return Some(element);
        }
        let end = self.next_leaf();
        self.ranks.start += 1;
        let element = end.columns.get(end.index);
        self.front = Some(End { index: end.index + 1, ..end });
        element
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.ranks.len(), Some(self.ranks.len()))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.ranks.is_empty() {
            return None;
        }
        if self.back.is_none_or(|end| end.index == 0) {
            self.back = Some(self.previous_leaf());
        }
        let end = self.back.as_mut()?;
        end.index -= 1;
        self.ranks.end -= 1;
        end.columns.get(end.index)
    }
}

impl ExactSizeIterator for Iter<'_> {}
impl FusedIterator for Iter<'_> {}
