//! Sets against maps of the standard library, and what they promise of memory.

mod sizes;
mod walks;

use super::grow::{FAN_MAX, LEAF_MAX};
use super::index::tag_of;
use super::leaf::INLINE_MAX;
use super::shrink::{FAN_MIN, LEAF_MIN};
use super::*;
use crate::base::image::Tape;
use crate::data::hash::mix;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec;

const SIP: SipKey = SipKey { k0: 3, k1: 4 };

/// A score in the order of sets: both zeros are one.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Score(f64);

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.0.partial_cmp(&other.0).unwrap()
    }
}

/// A generator that is told its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        mix(self.0)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 8) as usize % bound
    }
}

/// The same set twice, once of plain collections.
struct Pair {
    sorted: Sorted,
    scores: BTreeMap<Vec<u8>, f64>,
    order: BTreeSet<(Score, Vec<u8>)>,
}

/// What a walk over a tree gathers.
#[derive(Default)]
struct Seen {
    leaves: BTreeSet<u32>,
    depths: BTreeSet<usize>,
    in_order: Vec<u32>,
    inner_bytes: usize,
}

type Owned = (Vec<u8>, f64);

fn owned((member, score): (&[u8], f64)) -> Owned {
    (member.to_vec(), score)
}

/// True if an element is below (score, text).
fn is_below(element: (&[u8], f64), (score, text): (f64, &[u8])) -> bool {
    element.1 < score || element.1 == score && element.0 < text
}

/// Checks all below a node against the bounds that its parents have.
fn check_node(
    sorted: &Sorted,
    node: &Inner,
    bounds: [Option<(f64, &[u8])>; 2],
    depth: usize,
    seen: &mut Seen,
) -> usize {
    let mut total = 0;
    seen.inner_bytes += node.footprint();
    assert!((1..=FAN_MAX).contains(&node.len()));
    assert_eq!([node.scores.len(), node.texts.len()], [node.len(); 2]);
    for at in 0..node.len() {
        let bound = |at: usize| (node.scores[at], &node.texts[at][..]);
        let lower = if at == 0 { bounds[0] } else { Some(bound(at)) };
        let upper = if at + 1 == node.len() { bounds[1] } else { Some(bound(at + 1)) };
        let count = match &node.children {
            Children::Inners(inners) => {
                assert!(at == 0 || at + 1 == node.len() || inners[at].len() >= FAN_MIN);
                check_node(sorted, &inners[at], [lower, upper], depth + 1, seen)
            }
            Children::Leaves(leaves) => {
                assert!(seen.leaves.insert(leaves[at]));
                seen.in_order.push(leaves[at]);
                seen.depths.insert(depth);
                check_leaf(sorted, leaves[at], [lower, upper])
            }
        };
        assert_eq!(count, node.counts[at]);
        total += count;
    }
    total
}

fn check_leaf(sorted: &Sorted, number: u32, bounds: [Option<(f64, &[u8])>; 2]) -> usize {
    let leaf = sorted.ground.leaf(number);
    for index in 0..leaf.len() {
        let element = leaf.get(index);
        assert!(bounds[0].is_none_or(|bound| !is_below(element, bound)));
        assert!(bounds[1].is_none_or(|bound| is_below(element, bound)));
        assert!(index == 0 || is_below(leaf.get(index - 1), (element.1, element.0)));
        let tag = tag_of(SIP.hash(element.0));
        assert_eq!(leaf.tag(index), tag as u8);
        assert!(sorted.ground.index.leaves(tag).any(|leaf| leaf == number));
    }
    assert!(leaf.weight() <= LEAF_MAX || leaf.len() == 1, "{}", leaf.weight());
    let (used, room) = leaf.fill();
    assert!(used * 3 >= room * 2 || room < 64, "{used} of {room}");
    leaf.len()
}

/// All that is kept beside the elements, counted anew.
fn check_account(sorted: &Sorted) {
    let mut seen = Seen::default();
    let total = check_node(sorted, &sorted.root, [None, None], 0, &mut seen);
    let Sorted { root, ground } = sorted;
    assert_eq!(total, sorted.len());
    assert!(seen.depths.len() == 1 && *seen.depths.first().unwrap() < 8);
    assert!(seen.leaves.iter().copied().eq(0..ground.leaves.len() as u32));
    assert_eq!(seen.inner_bytes, ground.inner_bytes);
    assert!(ground.freed.is_empty() && ground.freed.capacity() == 0);
    assert_eq!(ground.leaves.bytes(), ground.leaves.count_bytes());
    assert_eq!(ground.leaf_bytes, ground.leaves.iter().map(leaf::Leaf::footprint).sum());
    ground.index.check();
    assert!(root.len() > 1 || matches!(root.children, Children::Leaves(_)));
    let lengths = sorted.iter().map(|(member, _)| member.len());
    // Shares are uneven by a member.
    let least = LEAF_MIN.min(LEAF_MAX * 3 / 8 - lengths.max().unwrap_or(0).clamp(64, INLINE_MAX) - 11);
    let inside = seen.in_order.len().saturating_sub(1).max(1);
    for &number in &seen.in_order[1..inside] {
        let weight = ground.leaf(number).weight();
        assert!(weight >= least, "{weight} of {least}");
    }
}

/// Nodes from the root to a leaf.
fn depth(sorted: &Sorted) -> usize {
    let (mut node, mut depth) = (&sorted.root, 1);
    while let Children::Inners(inners) = &node.children {
        (node, depth) = (&inners[0], depth + 1);
    }
    depth
}

impl Pair {
    fn new() -> Pair {
        Pair { sorted: Sorted::new(SIP), scores: BTreeMap::new(), order: BTreeSet::new() }
    }

    fn insert(&mut self, member: &[u8], score: f64) {
        let expected = match self.scores.get(member) {
            None => Inserted::New,
            Some(&from) if from == score => Inserted::Same,
            Some(&from) => Inserted::Moved { from },
        };
        assert_eq!(self.sorted.insert(member, score), expected);
        if let Inserted::Moved { from } = expected {
            assert!(self.order.remove(&(Score(from), member.to_vec())));
        }
        if expected != Inserted::Same {
            self.scores.insert(member.to_vec(), score);
            self.order.insert((Score(score), member.to_vec()));
        }
    }

    fn remove(&mut self, member: &[u8]) {
        let score = self.scores.remove(member);
        assert_eq!(self.sorted.remove(member), score);
        if let Some(score) = score {
            self.order.remove(&(Score(score), member.to_vec()));
        }
    }

    fn remove_ranks(&mut self, ranks: Range<usize>) {
        let gone: Vec<_> = self.order.iter().skip(ranks.start).take(ranks.len()).cloned().collect();
        let mut visited = Vec::new();
        let count = self.sorted.remove_ranks(ranks, |member, score| visited.push((Score(score), member.to_vec())));
        assert_eq!(visited, gone);
        assert_eq!(count, gone.len());
        for element in gone {
            self.scores.remove(&element.1);
            self.order.remove(&element);
        }
    }

    fn elements(&self) -> Vec<Owned> {
        self.order.iter().map(|(score, member)| (member.clone(), score.0)).collect()
    }

    fn check(&self) {
        let elements = self.elements();
        assert_eq!(self.sorted.len(), elements.len());
        assert!(self.sorted.iter().map(owned).eq(elements.iter().cloned()));
        assert!(self.sorted.iter().rev().map(owned).eq(elements.iter().rev().cloned()));
        check_account(&self.sorted);
        let copy = self.sorted.clone();
        check_account(&copy);
        assert_eq!(copy.bytes(), self.sorted.bytes());
        if elements.len() > 1000 {
            return;
        }
        let read = Sorted::read(&mut Tape::reader(&image_of(&self.sorted))).expect("an image of a set");
        check_account(&read);
        assert_eq!(read.bytes(), self.sorted.bytes());
        assert!(format!("{read:?}") == format!("{:?}", self.sorted));
    }

    /// Asks about a member and a score, there or not.
    fn ask(&self, member: &[u8], score: f64) {
        let found = self.scores.get(member).copied();
        assert_eq!(self.sorted.score(member).map(f64::to_bits), found.map(f64::to_bits));
        let rank = found.map(|found| self.order.range(..(Score(found), member.to_vec())).count());
        assert_eq!(self.sorted.rank_and_score(member), rank.zip(found));
        let below = self.order.iter().filter(|element| element.0 < Score(score)).count();
        let up_to = self.order.iter().filter(|element| element.0 <= Score(score)).count();
        assert_eq!([self.sorted.count_below(score), self.sorted.count_up_to(score)], [below, up_to]);
        let ranks = self.sorted.ranks_of_scores(Bound::Excluded(score), Bound::Unbounded);
        assert_eq!(ranks, up_to..self.order.len());
        let ranks = self.sorted.ranks_of_scores(Bound::Included(score), Bound::Included(score));
        assert_eq!(ranks, below..up_to);
    }

    /// Compares some elements from both ends.
    fn ask_range(&self, ranks: Range<usize>, random: &mut Random) {
        let mut expected: alloc::collections::VecDeque<_> =
            self.order.iter().skip(ranks.start).take(ranks.len()).collect();
        let mut iter = self.sorted.range(ranks);
        assert_eq!(iter.len(), expected.len());
        while !expected.is_empty() {
            let (found, element) = match random.below(3) {
                0 => (iter.next_back(), expected.pop_back()),
                _ => (iter.next(), expected.pop_front()),
            };
            let element = element.map(|(score, member)| (&member[..], score.0));
            assert_eq!(found, element);
        }
        assert_eq!((iter.next(), iter.next_back()), (None, None));
    }
}

fn image_of(sorted: &Sorted) -> Vec<u8> {
    let mut tape = Tape::writer();
    sorted.write(&mut tape);
    tape.take()
}

/// A member of a few thousand, of many lengths.
fn member(key: usize) -> Vec<u8> {
    let length = if key.is_multiple_of(89) {
        700
    } else if key.is_multiple_of(31) {
        500
    } else {
        key % 50
    };
    let mut member = vec![b'x'; length];
    member.extend_from_slice(format!("{key}").as_bytes());
    if key == 7 { Vec::new() } else { member }
}

fn score(random: &mut Random, kinds: usize) -> f64 {
    match random.below(kinds + 6) {
        0 => f64::INFINITY,
        1 => f64::NEG_INFINITY,
        2 => -0.0,
        3 => 0.0,
        _ if kinds > 1000 => random.next() as i64 as f64 / 1e9,
        kind => kind as f64 - 5.0,
    }
}

fn operate(pair: &mut Pair, random: &mut Random, keys: usize, kinds: usize, removals: usize) {
    let (member, score) = (member(random.below(keys)), score(random, kinds));
    if random.below(10) < removals {
        match random.below(8) {
            0 => {
                let expected = pair.order.pop_first().map(|(score, member)| (member, score.0));
                assert_eq!(pair.sorted.pop_first(), expected);
                expected.inspect(|(member, _)| assert!(pair.scores.remove(member).is_some()));
            }
            1 => {
                let expected = pair.order.pop_last().map(|(score, member)| (member, score.0));
                assert_eq!(pair.sorted.pop_last(), expected);
                expected.inspect(|(member, _)| assert!(pair.scores.remove(member).is_some()));
            }
            _ => pair.remove(&member),
        }
    } else {
        pair.insert(&member, score);
    }
    if random.below(16) == 0 {
        pair.ask(&member, score);
        let (from, count) = (random.below(pair.order.len() + 1), random.below(300));
        pair.ask_range(from..from + count, random);
        if random.below(6) == 0 {
            let count = if random.below(20) == 0 { count * 10 } else { count / 4 };
            pair.remove_ranks(from..from + count);
        }
    }
}

#[test]
fn as_collections_are() {
    for seed in 0..12u64 {
        let mut random = Random(seed << 32);
        let mut pair = Pair::new();
        let keys = [60, 800, 5000][seed as usize % 3];
        let kinds = [1, 8, 2000, 100_000][seed as usize % 4];
        for step in 0..8000 {
            operate(&mut pair, &mut random, keys, kinds, [1, 8, 3, 9][step / 2000]);
            if step % 400 == 0 {
                pair.check();
            }
        }
        pair.check();
        let members: Vec<_> = pair.scores.keys().cloned().collect();
        members.iter().for_each(|member| pair.remove(member));
        pair.check();
        assert!(pair.sorted.bytes() < 1024, "{}", pair.sorted.bytes());
    }
}

/// Deep trees, for members are so long that few are in a leaf.
#[test]
fn many_ranks_are_removed_at_once() {
    for seed in 0..8u64 {
        let mut random = Random(seed << 40);
        let mut pair = Pair::new();
        let is_long = seed < 4;
        for key in 0..20_000u64 {
            let score = [mix(key) as f64, key as f64, -(key as f64), 1.0][seed as usize % 4];
            let member = if is_long { format!("{key:0400}") } else { format!("{key:020}") };
            pair.insert(member.as_bytes(), score);
        }
        check_account(&pair.sorted);
        assert!(depth(&pair.sorted) >= if is_long { 3 } else { 2 });
        while !pair.order.is_empty() {
            let from = random.below(pair.order.len());
            let most = if random.below(3) == 0 { 9000 } else { 600 };
            pair.remove_ranks(from..from + random.below(most));
            check_account(&pair.sorted);
            if is_long {
                (0..20).for_each(|_| operate(&mut pair, &mut random, 3000, 1, 5));
            }
            if pair.order.len() < 60 {
                pair.remove_ranks(0..60);
            }
        }
        assert!(pair.sorted.bytes() < 1024);
    }
}

/// Leaves that are left alone in a node with a few elements are joined when their
/// node is.
#[test]
fn what_is_left_alone_is_joined() {
    for size in 2..9 {
        for ends_node in [true, false] {
            let mut pair = Pair::new();
            (0..12_000u64).for_each(|key| pair.insert(format!("{key:020}").as_bytes(), mix(key) as f64));
            for node in 1..pair.sorted.root.len().saturating_sub(1) {
                let Some(&count) = pair.sorted.root.counts.get(node) else { break };
                let start: usize = pair.sorted.root.counts[..node].iter().sum();
                let end = start + count;
                pair.remove_ranks(if ends_node { start..end - size } else { start + size..end });
                check_account(&pair.sorted);
            }
            pair.check();
        }
    }
}

#[test]
fn members_are_bounds_where_scores_are_equal() {
    let mut random = Random(1);
    let mut pair = Pair::new();
    for _ in 0..3000 {
        let member: Vec<u8> = (0..random.below(4)).map(|_| random.below(7) as u8).collect();
        pair.insert(&member, 5.0);
    }
    let members: Vec<_> = pair.scores.keys().cloned().collect();
    for _ in 0..3000 {
        let mut bound = || -> Vec<u8> { (0..random.below(5)).map(|_| random.below(7) as u8).collect() };
        let (from, to) = (bound(), bound());
        let below = |bound: &Vec<u8>| members.iter().filter(|member| *member < bound).count();
        let up_to = |bound: &Vec<u8>| members.iter().filter(|member| *member <= bound).count();
        let ranks = pair.sorted.ranks_of_members(Bound::Included(&from), Bound::Included(&to));
        assert_eq!(ranks, below(&from)..up_to(&to).max(below(&from)));
        let ranks = pair.sorted.ranks_of_members(Bound::Excluded(&from), Bound::Excluded(&to));
        assert_eq!(ranks, up_to(&from)..below(&to).max(up_to(&from)));
    }
    assert_eq!(pair.sorted.ranks_of_members(Bound::Unbounded, Bound::Unbounded), 0..members.len());
}

/// Members that share long beginnings, so that separators are long.
#[test]
fn long_members() {
    let mut pair = Pair::new();
    let mut random = Random(2);
    for step in 0..4000 {
        let mut member = vec![9; [3, 510, 3000, 20_000][random.below(4)]];
        member.extend_from_slice(&(random.below(200) as u32).to_be_bytes());
        let score = random.below(2) as f64;
        if random.below(3) == 0 {
            pair.remove(&member)
        } else {
            pair.insert(&member, score)
        }
        if step % 100 == 0 {
            pair.check();
            let from = random.below(pair.order.len() + 1);
            pair.remove_ranks(from..from + random.below(20));
        }
    }
    pair.check();
}

#[test]
fn zeros_are_equal_and_kept_as_they_came() {
    let mut sorted = Sorted::new(SIP);
    assert_eq!(sorted.insert(b"b", -0.0), Inserted::New);
    assert_eq!(sorted.insert(b"a", 0.0), Inserted::New);
    assert_eq!(sorted.insert(b"b", 0.0), Inserted::Same);
    assert!(sorted.score(b"b").unwrap().is_sign_negative());
    assert_eq!(sorted.rank(b"b"), Some(1));
    assert_eq!([sorted.count_below(0.0), sorted.count_up_to(-0.0)], [0, 2]);
}

/// Bytes that are not those of an image are refused, or are those of another set.
#[test]
fn damaged_images_are_refused() {
    let mut random = Random(5);
    let mut pair = Pair::new();
    (0..700).for_each(|_| operate(&mut pair, &mut random, 900, 8, 2));
    let image = image_of(&pair.sorted);
    let mut refused = 0;
    for _ in 0..4000 {
        let mut damaged = image.clone();
        for _ in 0..1 + random.below(2) {
            let at = random.below(damaged.len());
            damaged[at] = random.next() as u8;
        }
        if random.below(4) == 0 {
            damaged.truncate(random.below(damaged.len()));
        }
        match Sorted::read(&mut Tape::reader(&damaged)) {
            Err(_) => refused += 1,
            Ok(mut read) => {
                check_account_of(&read);
                read.insert(b"another", 3.0);
                while read.pop_first().is_some() {}
            }
        }
    }
    assert!(refused > 3000, "{refused}");
}

/// What a set that was read can be relied on.
fn check_account_of(sorted: &Sorted) {
    let mut seen = Seen::default();
    assert_eq!(check_node(sorted, &sorted.root, [None, None], 0, &mut seen), sorted.len());
    sorted.ground.index.check();
}

#[test]
fn an_empty_set() {
    let mut sorted = Sorted::new(SIP);
    assert!(sorted.is_empty() && sorted.first().is_none() && sorted.last().is_none());
    assert_eq!((sorted.pop_first(), sorted.pop_last(), sorted.remove(b"")), (None, None, None));
    assert_eq!((sorted.rank(b"x"), sorted.score(b""), sorted.at(0)), (None, None, None));
    assert_eq!([sorted.count_below(1.0), sorted.count_up_to(f64::INFINITY), sorted.count_up_to_member(b"a")], [0; 3]);
    assert_eq!(sorted.remove_ranks(0..9, |_, _| unreachable!()), 0);
    assert_eq!(sorted.range(3..9).count(), 0);
    assert_eq!(sorted.scan(0, 10, |_, _| unreachable!()), 0);
}

#[test]
fn same_operations_same_layout() {
    let run = || {
        let (mut pair, mut random) = (Pair::new(), Random(77));
        (0..6000).for_each(|_| operate(&mut pair, &mut random, 900, 2000, 3));
        format!("{:?}", pair.sorted)
    };
    assert!(run() == run());
}
