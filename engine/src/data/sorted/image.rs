//! A sorted set in an image: its layout to the byte, so that whoever goes on from
//! it goes on the same.
//!
//! What follows from the rest is not in it: the index's records and all counts.
//! What is read is looked at whole, for nothing here may be found wrong later.

use super::Sorted;
use super::chunked::Chunked;
use super::ground::Ground;
use super::index::{Index, tag_of};
use super::leaf::Leaf;
use super::tree::{Child, Children, Inner, Node};
use crate::base::image::{Damaged, Image, Tape};
use crate::base::sip_hash::SipKey;
use crate::data::slab::block_size;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// No tree is deeper.
const DEPTH_MAX: usize = 16;

impl Sorted {
    /// Writes an image of it.
    pub fn write(&self, tape: &mut Tape<'_>) {
        let SipKey { mut k0, mut k1 } = self.ground.sip();
        // Writing does not fail.
        let _ = tape.each([&mut k0, &mut k1]);
        self.ground.index.write(tape);
        write_rooms(&self.ground.leaves, tape);
        self.ground.leaves.iter().for_each(|leaf| leaf.write(tape));
        write_inner(&self.root, tape);
    }

    /// Reads the image of one.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(tape: &mut Tape<'_>) -> Result<Sorted, Damaged> {
        let (mut k0, mut k1) = (0u64, 0u64);
        tape.each([&mut k0, &mut k1])?;
        let mut ground = Ground::new(SipKey { k0, k1 });
        let (index, rooms) = Index::read(tape)?;
        ground.index = index;
        ground.leaves = read_chunked(tape, |tape| Leaf::read(tape))?;
        ground.leaf_bytes = ground.leaves.iter().map(Leaf::footprint).sum();
        for (number, leaf) in ground.leaves.iter().enumerate() {
            for at in 0..leaf.len() {
                let tag = tag_of(ground.sip().hash(leaf.member(at)));
                if leaf.tag(at) != tag as u8 {
                    return Err(Damaged);
                }
                ground.index.collect(tag, number as u32);
            }
        }
        ground.index.settle(&rooms)?;
        let mut walk = Walk { ground: &ground, seen: vec![false; ground.leaves.len()], last: None, floor: None };
        let root = walk.inner(tape, 0)?;
        if walk.seen.contains(&false) {
            return Err(Damaged);
        }
        ground.inner_bytes = inner_bytes(&root);
        Ok(Sorted { root, ground })
    }
}

fn inner_bytes(inner: &Inner) -> usize {
    let below: usize = match &inner.children {
        Children::Leaves(_) => 0,
        Children::Inners(inners) => inners.iter().map(|inner| inner_bytes(inner)).sum(),
    };
    inner.footprint() + below
}

/// Writes the number of items, and the room that an array has.
pub(super) fn write_rooms<T: Clone>(items: &Chunked<T>, tape: &mut Tape<'_>) {
    let (mut directory, mut first) = items.rooms();
    let _ = tape.each([&mut items.len(), &mut directory, &mut first]);
}

/// Reads what [`write_rooms`] wrote, and the items behind it.
pub(super) fn read_chunked<'a, T: Clone>(
    tape: &mut Tape<'a>,
    mut read: impl FnMut(&mut Tape<'a>) -> Result<T, Damaged>,
) -> Result<Chunked<T>, Damaged> {
    let (mut count, mut directory, mut first) = (0usize, 0usize, 0usize);
    tape.each([&mut count, &mut directory, &mut first])?;
    // An item takes a byte at least.
    if count == 0 || count > tape.rest().len() {
        return Err(Damaged);
    }
    let mut items = Chunked::with_rooms(count, directory, first).ok_or(Damaged)?;
    for _ in 0..count {
        let item = read(tape)?;
        items.push(item);
    }
    Ok(items)
}

/// True if a vector of so many bytes may have so much room: a class more than it
/// needs at most, as it shrinks with some delay.
pub(super) fn is_room_of(room: usize, bytes: usize) -> bool {
    room >= bytes && room <= block_size(block_size(bytes) + 1)
}

fn write_inner(inner: &Inner, tape: &mut Tape<'_>) {
    let mut rooms = inner.rooms();
    let [one, two, three, four] = &mut rooms;
    let mut leaves = matches!(inner.children, Children::Leaves(_));
    let _ = tape.each([&mut inner.len(), one, two, three, four, &mut leaves]);
    for at in 0..inner.len() {
        let _ = inner.scores[at].to_bits().image(tape);
        tape.put_bytes(&inner.texts[at]);
        match &inner.children {
            Children::Leaves(leaves) => drop(u64::from(leaves[at]).image(tape)),
            Children::Inners(inners) => write_inner(&inners[at], tape),
        }
    }
}

/// Reads the nodes of a tree, all of whose leaves must come in order.
struct Walk<'g> {
    ground: &'g Ground,
    /// Which leaves were there.
    seen: Vec<bool>,
    /// The last element so far.
    last: Option<(&'g [u8], f64)>,
    /// The separator behind it, if there was one.
    floor: Option<(f64, Box<[u8]>)>,
}

impl<'g> Walk<'g> {
    fn inner(&mut self, tape: &mut Tape<'_>, depth: usize) -> Result<Inner, Damaged> {
        let (mut count, mut rooms, mut leaves) = (0usize, [0usize; 4], false);
        let [one, two, three, four] = &mut rooms;
        tape.each([&mut count, one, two, three, four, &mut leaves])?;
        let fits = |room: usize| room >= count && room <= Inner::ROOM_MAX;
        if count == 0 || depth > DEPTH_MAX || !rooms.into_iter().all(fits) {
            return Err(Damaged);
        }
        let mut inner = Inner::with_rooms(leaves, rooms);
        for at in 0..count {
            let mut score = 0u64;
            score.image(tape)?;
            let (score, text): (f64, Box<[u8]>) = (f64::from_bits(score), tape.get_bytes()?.into());
            if at > 0 {
                self.separate(score, &text)?;
            }
            let node = if leaves { self.leaf(tape)? } else { Node::Inner(self.inner(tape, depth + 1)?) };
            let count = match &node {
                Node::Leaf(leaf) => self.ground.leaf(*leaf).len(),
                Node::Inner(inner) => inner.total(),
            };
            inner.insert_child(at, Child { count, score, text, node });
        }
        Ok(inner)
    }

    /// What comes before a separator is below it, and what follows is not.
    fn separate(&mut self, score: f64, text: &[u8]) -> Result<(), Damaged> {
        match self.last {
            Some((member, last)) if self.floor.is_none() && is_below((member, last), score, text) => {
                self.floor = Some((score, text.into()));
                Ok(())
            }
            _ => Err(Damaged),
        }
    }

    fn leaf(&mut self, tape: &mut Tape<'_>) -> Result<Node, Damaged> {
        let mut number = 0u64;
        number.image(tape)?;
        let number = u32::try_from(number).map_err(|_| Damaged)?;
        match self.seen.get_mut(number as usize) {
            Some(seen) if !*seen => *seen = true,
            _ => return Err(Damaged),
        }
        let leaf = self.ground.leaf(number);
        if leaf.is_empty() && self.seen.len() > 1 {
            return Err(Damaged);
        }
        for at in 0..leaf.len() {
            let element = leaf.get(at);
            let follows = self.last.is_none_or(|last| is_below(last, element.1, element.0));
            let floored = self.floor.take().is_none_or(|(score, text)| !is_below(element, score, &text));
            if element.1.is_nan() || !follows || !floored {
                return Err(Damaged);
            }
            self.last = Some(element);
        }
        Ok(Node::Leaf(number))
    }
}

/// True if an element comes before another one's place.
fn is_below(element: (&[u8], f64), score: f64, member: &[u8]) -> bool {
    element.1 < score || element.1 == score && element.0 < member
}
