//! Lists against vectors.

use super::*;
use crate::base::random::Random;
use alloc::{format, vec};

fn check(list: &List, model: &[Vec<u8>]) {
    assert_eq!(list.len(), model.len());
    let mut found = Vec::new();
    list.walk(0, |element| {
        found.push(element.bytes(&mut [0; 20]).to_vec());
        true
    });
    assert_eq!(found, model);
    check_compression(list);
    assert_eq!(list.bytes, list.nodes().map(Node::footprint).sum::<usize>());
    assert_eq!(list.nodes, list.nodes().count());
    assert_eq!(list.len, list.chunks.iter().map(|chunk| chunk.len).sum::<usize>());
    assert!(list.chunks.iter().all(|chunk| chunk.len == chunk.nodes.iter().map(Node::len).sum::<usize>()));
    assert!(list.chunks.iter().all(|chunk| (1..=CHUNK_MAX).contains(&chunk.nodes.len())));
    let mut tape = Tape::writer();
    list.write(&mut tape);
    let image = tape.take();
    let again = List::read(&mut Tape::reader(&image)).unwrap();
    assert_eq!(format!("{again:?}"), format!("{list:?}"));
}

/// Nodes at the ends are as they are; those between them are compressed, if that gains anything.
fn check_compression(list: &List) {
    let depth = list.depth as usize;
    for (number, node) in list.nodes().enumerate() {
        let inner = depth > 0 && number >= depth && list.nodes - number > depth;
        let mut compressed = node.clone();
        compressed.compress();
        assert_eq!(node.is_compressed(), inner && compressed.is_compressed(), "node {number} of {}", list.nodes);
    }
}

#[test]
fn as_a_vector_is() {
    for seed in 0..15 {
        let mut random = Random::from_seed(seed);
        let fill = Fill([-1, 1, 3, 20, -2][seed as usize % 5]);
        let (mut list, mut model) = (List::new([0, 1, 3][seed as usize % 3]), Vec::<Vec<u8>>::new());
        for step in 0..4000u64 {
            let long = random.below(80) == 0;
            let length = if long { 10_000 } else { [3, 30][(step % 2) as usize] };
            let value = match random.below(3) {
                0 => format!("{}", random.below(100_000)).into_bytes(),
                _ => (0..random.below(length)).map(|_| random.next_u64() as u8).collect(),
            };
            let at = random.below(model.len() as u64 + 1) as usize;
            match random.below(10) {
                0..3 => {
                    list.push(true, &value, fill);
                    model.insert(0, value);
                }
                3..6 => {
                    list.push(false, &value, fill);
                    model.push(value);
                }
                6 => {
                    list.insert(at, &value, fill);
                    model.insert(at, value);
                }
                7 if at < model.len() => {
                    list.replace(at, &value, fill);
                    model[at] = value;
                }
                _ => {
                    let count = if step % 100 == 0 { 300 } else { random.below(4) as usize };
                    list.remove(at, count);
                    model.drain(at..(at + count).min(model.len()));
                }
            }
            let index = random.below(model.len() as u64 + 2) as usize;
            let found = list.with(index, |element| element.bytes(&mut [0; 20]).to_vec());
            assert_eq!(found.as_ref(), model.get(index));
            if step % 200 == 0 {
                check(&list, &model);
            }
        }
        check(&list, &model);
        list.remove(0, usize::MAX);
        assert_eq!((list.len(), list.bytes(), list.node_count()), (0, 0, 0));
    }
}

/// What is long and of one kind becomes short between the ends, and is the same.
#[test]
fn what_repeats_is_compressed() {
    let (mut plain, mut list) = (List::new(0), List::new(1));
    for index in 0..20_000u64 {
        for list in [&mut plain, &mut list] {
            list.push(index % 3 == 0, format!("a text that repeats {}", index % 10).as_bytes(), Fill(-2));
        }
    }
    assert_eq!(list.compressed_count(), list.node_count() - 2);
    assert!(list.bytes() * 5 < plain.bytes(), "{} {}", list.bytes(), plain.bytes());
    assert_eq!(list.plain_len(), plain.plain_len());
    let mut model = Vec::new();
    plain.walk(0, |element| {
        model.push(element.bytes(&mut [0; 20]).to_vec());
        true
    });
    check(&list, &model);
    // One long element is compressed as well, unless it would take long.
    for length in [1000, 9000, 100_000, 1_000_000] {
        list.insert(5000, &vec![b'x'; length], Fill(-2));
        model.insert(5000, vec![b'x'; length]);
    }
    check(&list, &model);
    assert!(list.nodes().any(|node| !node.is_compressed() && node.plain_len() == 1_000_000));
}

/// Bytes an element of 16 bytes: the bar is 18.6.
#[test]
fn elements_are_small() {
    let mut list = List::default();
    for index in 0..300_000u64 {
        list.push(false, format!("m{index:015}").as_bytes(), Fill(-2));
    }
    let each = list.bytes() as f64 / list.len() as f64;
    assert!(each < 18.3, "{each}");
}
