//! A map by id whose parts stay small: what is pending in a group, or of a
//! consumer.
//!
//! ```text
//! chunk        ── chunk        ── chunk            each has some hundred at most,
//! id value ...    id value ...    id value ...     none is empty
//! ```
//!
//! Mostly ids come at the end and leave anywhere: a chunk that is full at the
//! end stays full, one that is full elsewhere is halved.

use super::StreamId;
use crate::data::shared::Shared;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Entries that a chunk has at most.
const CHUNK_MAX: usize = 256;

/// Values by id, in the order of ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ordered<V> {
    chunks: VecDeque<Shared<Vec<(StreamId, V)>>>,
    len: usize,
}

impl<V> Default for Ordered<V> {
    fn default() -> Ordered<V> {
        Ordered { chunks: VecDeque::new(), len: 0 }
    }
}

impl<V: Clone> Ordered<V> {
    /// A copy that shares all ids and values.
    pub(super) fn share(&mut self) -> Ordered<V> {
        Ordered { chunks: self.chunks.iter_mut().map(Shared::share).collect(), len: self.len }
    }

    /// Number of ids.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The chunk in which an id is, or belongs.
    fn chunk_of(&self, id: StreamId) -> usize {
        let after = self.chunks.partition_point(|chunk| chunk.first().is_some_and(|(first, _)| *first <= id));
        after.saturating_sub(1)
    }

    fn find(&self, id: StreamId) -> Option<(usize, usize)> {
        let chunk = self.chunk_of(id);
        let index = self.chunks.get(chunk)?.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some((chunk, index))
    }

    /// The value of an id.
    pub fn get(&self, id: StreamId) -> Option<&V> {
        let (chunk, index) = self.find(id)?;
        Some(&self.chunks[chunk][index].1)
    }

    /// Likewise, to be changed.
    pub fn get_mut(&mut self, id: StreamId) -> Option<&mut V> {
        let (chunk, index) = self.find(id)?;
        Some(&mut self.chunks[chunk].own()[index].1)
    }

    /// Gives an id a value. Returns the one that it had.
    pub fn insert(&mut self, id: StreamId, value: V) -> Option<V> {
        let at = self.chunk_of(id);
        let is_last = at + 1 >= self.chunks.len();
        let Some(chunk) = self.chunks.get_mut(at).map(Shared::own) else {
            self.chunks.push_back(Shared::Own(Vec::from([(id, value)])));
            self.len = 1;
            return None;
        };
        let index = match chunk.binary_search_by_key(&id, |(id, _)| *id) {
            Ok(index) => return Some(core::mem::replace(&mut chunk[index].1, value)),
            Err(index) => index,
        };
        self.len += 1;
        if chunk.len() < CHUNK_MAX {
            chunk.insert(index, (id, value));
            return None;
        }
        if is_last && index == chunk.len() {
            self.chunks.push_back(Shared::Own(Vec::from([(id, value)])));
            return None;
        }
        let mut behind = chunk.split_off(CHUNK_MAX / 2);
        chunk.shrink_to_fit();
        match index.checked_sub(CHUNK_MAX / 2) {
            Some(index) if index > 0 => behind.insert(index, (id, value)),
            _ => chunk.insert(index, (id, value)),
        }
        self.chunks.insert(at + 1, Shared::Own(behind));
        None
    }

    /// Takes an id out. Returns its value.
    pub fn remove(&mut self, id: StreamId) -> Option<V> {
        let (at, index) = self.find(id)?;
        let chunk = self.chunks[at].own();
        let (_, value) = chunk.remove(index);
        self.len -= 1;
        if chunk.is_empty() {
            self.chunks.remove(at);
        }
        Some(value)
    }

    /// All ids from one on, with their values.
    pub fn iter_from(&self, id: StreamId) -> impl Iterator<Item = (StreamId, &V)> {
        let chunk = self.chunk_of(id);
        let index = self.chunks.get(chunk).map_or(0, |chunk| chunk.partition_point(|(there, _)| *there < id));
        let all = self.chunks.range(chunk.min(self.chunks.len())..).flat_map(|chunk| chunk.iter());
        all.skip(index).map(|(id, value)| (*id, value))
    }

    /// All ids with their values.
    pub fn iter(&self) -> impl Iterator<Item = (StreamId, &V)> {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).map(|(id, value)| (*id, value))
    }

    /// The first id.
    pub fn first(&self) -> Option<StreamId> {
        self.chunks.front()?.first().map(|(id, _)| *id)
    }

    /// The last id.
    pub fn last(&self) -> Option<StreamId> {
        self.chunks.back()?.last().map(|(id, _)| *id)
    }

    /// Sizes of the chunks: what an image says besides ids and values.
    pub(super) fn chunk_sizes(&self) -> impl Iterator<Item = usize> {
        self.chunks.iter().map(|chunk| chunk.len())
    }

    /// Adds a chunk behind all others; `None` if it does not belong there.
    pub(super) fn push_chunk(&mut self, chunk: Vec<(StreamId, V)>) -> Option<()> {
        let rises = chunk.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let (first, _) = chunk.first()?;
        let follows = self.last().is_none_or(|last| last < *first);
        if !rises || !follows || chunk.len() > CHUNK_MAX {
            return None;
        }
        self.len += chunk.len();
        self.chunks.push_back(Shared::Own(chunk));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;
    use alloc::collections::BTreeMap;

    #[test]
    fn as_a_map_is() {
        for seed in 0..6 {
            let mut random = Random::from_seed(seed);
            let (mut map, mut model) = (Ordered::default(), BTreeMap::new());
            let (range, mut last) = ([50, 5000, 100_000][seed as usize % 3], 0);
            for step in 0..20_000u64 {
                let id = StreamId::new(random.below(range) / 64, random.below(64));
                match random.below(7) {
                    0 | 1 => assert_eq!(map.insert(id, step), model.insert(id, step)),
                    2 => {
                        last += 1;
                        let id = StreamId::new(1 << 40, last);
                        assert_eq!(map.insert(id, step), model.insert(id, step));
                    }
                    3 | 4 => assert_eq!(map.remove(id), model.remove(&id)),
                    5 => {
                        let first = model.keys().next().copied().unwrap_or_default();
                        assert_eq!(map.remove(first), model.remove(&first));
                    }
                    _ => assert_eq!(map.get(id), model.get(&id)),
                }
                if step % 500 == 0 {
                    assert!(map.iter().eq(model.iter().map(|(id, value)| (*id, value))));
                    assert!(map.iter_from(id).eq(model.range(id..).map(|(id, value)| (*id, value))));
                    assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
                    assert_eq!((map.first(), map.last()), (model.keys().next().copied(), model.keys().last().copied()));
                    assert!(map.chunk_sizes().all(|size| (1..=CHUNK_MAX).contains(&size)));
                }
            }
        }
    }
}
