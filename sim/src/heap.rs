//! Events by time. Those of one time come in the order in which they were
//! pushed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// A heap of events, by time in microseconds.
#[derive(Debug)]
pub struct Heap<E> {
    order: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<u64, E>,
    next: u64,
}

impl<E> Default for Heap<E> {
    fn default() -> Heap<E> {
        Heap { order: BinaryHeap::new(), events: BTreeMap::new(), next: 0 }
    }
}

impl<E> Heap<E> {
    /// Adds an event.
    pub fn push(&mut self, at: u64, event: E) {
        self.order.push(Reverse((at, self.next)));
        self.events.insert(self.next, event);
        self.next += 1;
    }

    /// Takes the next event, with its time.
    pub fn pop(&mut self) -> Option<(u64, E)> {
        let Reverse((at, number)) = self.order.pop()?;
        self.events.remove(&number).map(|event| (at, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_by_time_then_by_push() {
        let mut heap = Heap::default();
        for (at, event) in [(5, 'c'), (1, 'a'), (5, 'd'), (2, 'b')] {
            heap.push(at, event);
        }
        let mut all = Vec::new();
        while let Some(popped) = heap.pop() {
            all.push(popped);
        }
        assert_eq!(all, [(1, 'a'), (2, 'b'), (5, 'c'), (5, 'd')]);
    }
}
