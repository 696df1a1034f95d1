//! A stream in an image: its layout to the byte.

use super::chunk::{Chunk, Span};
use super::group::{Consumer, ConsumerNumber, Group, Pending, consumer_bytes};
use super::node::Node;
use super::ordered::Ordered;
use super::{Stream, StreamId};
use crate::base::image::{Damaged, Image, Tape};
use crate::data::listpack;
use crate::data::shared::Shared;
use alloc::boxed::Box;
use alloc::vec::Vec;

impl Stream {
    /// Writes an image of it.
    pub fn write(&self, tape: &mut Tape<'_>) {
        let (mut last_id, mut max_deleted_id, mut added) = (self.last_id, self.max_deleted_id, self.entries_added);
        // Nothing fails that is written.
        let _ = tape.each([&mut last_id, &mut max_deleted_id, &mut added, &mut self.chunks.len()]);
        for chunk in &self.chunks {
            let _ = tape.each([&mut chunk.bytes.capacity(), &mut chunk.nodes.len()]);
            for span in &chunk.nodes {
                let _ = tape.each([&mut { span.id }, &mut { span.length }]);
            }
            tape.put_bytes(&chunk.bytes);
        }
        let _ = self.groups.len().image(tape);
        for (name, group) in &self.groups {
            tape.put_bytes(name);
            write_group(group, tape);
        }
    }

    /// Reads the image of one.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(tape: &mut Tape<'_>) -> Result<Stream, Damaged> {
        let mut stream = Stream::default();
        let (mut last_id, mut chunks, mut groups) = (StreamId::MIN, 0usize, 0usize);
        tape.each([&mut last_id, &mut stream.max_deleted_id, &mut stream.entries_added, &mut chunks])?;
        for _ in 0..chunks {
            let chunk = stream.read_chunk(tape)?;
            stream.chunk_bytes += chunk.footprint();
            stream.node_count += chunk.nodes.len();
            stream.chunks.push_back(Shared::Own(chunk));
        }
        if stream.last_id > last_id {
            return Err(Damaged);
        }
        stream.last_id = last_id;
        stream.find_first();
        groups.image(tape)?;
        for _ in 0..groups {
            let name = tape.get_bytes()?;
            let group = read_group(tape)?;
            if !stream.add_group(name, group) {
                return Err(Damaged);
            }
        }
        Ok(stream)
    }

    fn read_chunk(&mut self, tape: &mut Tape<'_>) -> Result<Chunk, Damaged> {
        let (mut capacity, mut count) = (0usize, 0usize);
        tape.each([&mut capacity, &mut count])?;
        let (mut nodes, mut end) = (Vec::new(), 0u32);
        for _ in 0..count {
            let (mut id, mut length) = (StreamId::MIN, 0u32);
            tape.each([&mut id, &mut length])?;
            nodes.push(Span { id, start: end, length });
            end = end.checked_add(length).ok_or(Damaged)?;
        }
        let contents = tape.get_bytes()?;
        if count == 0 || contents.len() != end as usize || capacity < contents.len() {
            return Err(Damaged);
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(capacity).map_err(|_| Damaged)?;
        bytes.extend_from_slice(contents);
        let chunk = Chunk { bytes, nodes };
        for (index, span) in chunk.nodes.iter().enumerate() {
            let bytes = chunk.node_bytes(index).ok_or(Damaged)?;
            listpack::validate(bytes).ok_or(Damaged)?;
            let last = Node::validate(span.id, bytes).ok_or(Damaged)?;
            let live = chunk.node(index).map_or(0, |node| node.live);
            let is_first = index == 0 && self.chunks.is_empty();
            if !is_first && span.id <= self.last_id {
                return Err(Damaged);
            }
            self.last_id = last;
            self.len += live;
        }
        Ok(chunk)
    }
}

fn write_group(group: &Group, tape: &mut Tape<'_>) {
    let Group { last_id, entries_read, pending, consumers, by_name: _, next, consumer_bytes: _ } = group;
    let _ = tape.each([&mut { *last_id }, &mut { *entries_read }, &mut next.0.clone(), &mut consumers.len()]);
    for (number, Consumer { name, seen_ms, active_ms, pending }) in consumers {
        tape.put_bytes(name);
        let _ = tape.each([&mut number.0.clone(), &mut { *seen_ms }, &mut { *active_ms }]);
        write_ordered(pending, tape);
    }
    write_ordered(pending, tape);
}

fn read_group(tape: &mut Tape<'_>) -> Result<Group, Damaged> {
    let (mut group, mut count) = (Group::default(), 0usize);
    tape.each([&mut group.last_id, &mut group.entries_read, &mut group.next.0, &mut count])?;
    let mut owned = 0;
    for _ in 0..count {
        let name: Box<[u8]> = tape.get_bytes()?.into();
        let (mut number, mut seen_ms, mut active_ms) = (0u64, 0i64, None);
        tape.each([&mut number, &mut seen_ms, &mut active_ms])?;
        let number = ConsumerNumber(number);
        let pending = read_ordered(tape)?;
        owned += pending.len();
        let consumer = Consumer { name: name.clone(), seen_ms, active_ms, pending };
        group.consumer_bytes += consumer_bytes(&consumer);
        let twice = group.consumers.insert(number, consumer).is_some() | group.by_name.insert(name, number).is_some();
        if twice || number >= group.next {
            return Err(Damaged);
        }
    }
    group.pending = read_ordered(tape)?;
    let is_owned = |(id, pending): (StreamId, &Pending)| {
        group.consumers.get(&pending.consumer).is_some_and(|consumer| consumer.pending.get(id).is_some())
    };
    if owned == group.pending.len() && group.pending.iter().all(is_owned) { Ok(group) } else { Err(Damaged) }
}

fn write_ordered<V: Image + Clone>(ordered: &Ordered<V>, tape: &mut Tape<'_>) {
    let mut sizes: Vec<usize> = ordered.chunk_sizes().collect();
    let _ = sizes.image(tape);
    for (mut id, value) in ordered.iter() {
        let _ = tape.each([&mut id, &mut value.clone()]);
    }
}

fn read_ordered<V: Image + Clone>(tape: &mut Tape<'_>) -> Result<Ordered<V>, Damaged> {
    let (mut ordered, mut sizes) = (Ordered::default(), Vec::<usize>::new());
    sizes.image(tape)?;
    for size in sizes {
        let mut chunk = Vec::new();
        for _ in 0..size {
            let (mut id, mut value) = (StreamId::MIN, V::blank());
            tape.each([&mut id, &mut value])?;
            chunk.push((id, value));
        }
        ordered.push_chunk(chunk).ok_or(Damaged)?;
    }
    Ok(ordered)
}

impl Image for Pending {
    fn blank() -> Pending {
        Pending { delivered_ms: 0, deliveries: 0, consumer: ConsumerNumber::NOBODY }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Pending { delivered_ms, deliveries, consumer } = self;
        tape.each([delivered_ms, deliveries, &mut consumer.0])
    }
}

/// What has no value.
impl Image for () {
    fn blank() {}

    fn image(&mut self, _tape: &mut Tape<'_>) -> Result<(), Damaged> {
        Ok(())
    }
}
