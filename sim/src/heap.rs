//! Events by time. Those of one time come in the order in which they were
//! pushed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A heap of events, by time in microseconds.
#[derive(Debug)]
pub struct Heap<E> {
    /// When, the how manieth, and where the event is.
    order: BinaryHeap<Reverse<(u64, u64, usize)>>,
    events: Vec<Option<E>>,
    free: Vec<usize>,
    next: u64,
}

impl<E> Default for Heap<E> {
    fn default() -> Heap<E> {
        Heap { order: BinaryHeap::new(), events: Vec::new(), free: Vec::new(), next: 0 }
    }
}

impl<E> Heap<E> {
    /// Adds an event.
    pub fn push(&mut self, at: u64, event: E) {
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.events.push(None);
                self.events.len() - 1
            }
        };
        self.events[place] = Some(event);
        self.order.push(Reverse((at, self.next, place)));
        self.next += 1;
    }

    /// Takes the next event, with its time.
    pub fn pop(&mut self) -> Option<(u64, E)> {
        let Reverse((at, _, place)) = self.order.pop()?;
        self.free.push(place);
        self.events[place].take().map(|event| (at, event))
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
