//! Streams against maps, their images, and what others sent.

use super::*;
use crate::base::image::Tape;
use crate::base::random::Random;
use crate::data::listpack::Listpack;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

const LIMITS: NodeLimits = NodeLimits { bytes: 4096, entries: 100 };

fn add(stream: &mut Stream, id: StreamId, pairs: &Pairs, limits: NodeLimits) {
    stream.add(id, pairs.iter().map(|(name, value)| (&name[..], &value[..])), limits);
}

fn pairs_of(entry: Entry<'_>) -> (StreamId, Pairs) {
    let text = |value: crate::data::entry::Value<'_>| value.bytes(&mut [0; 20]).to_vec();
    (entry.id, entry.fields.map(|(name, value)| (text(name), text(value))).collect())
}

fn check(stream: &Stream, model: &BTreeMap<StreamId, Pairs>) {
    assert_eq!(stream.len(), model.len() as u64);
    assert_eq!(stream.first_id(), model.keys().next().copied().unwrap_or_default());
    assert_eq!(stream.last_entry_id(), model.keys().last().copied());
    let own = |(id, pairs): (&StreamId, &Pairs)| (*id, pairs.clone());
    assert!(stream.iter().map(pairs_of).eq(model.iter().map(own)));
    assert!(stream.range_back(StreamId::MIN, StreamId::MAX).map(pairs_of).eq(model.iter().rev().map(own)));
    assert_eq!(stream.chunk_bytes, stream.chunks.iter().map(|chunk| chunk.footprint()).sum::<usize>());
    assert_eq!(stream.node_count, stream.nodes().count());
    for chunk in &stream.chunks {
        assert!(!chunk.nodes.is_empty());
        let mut end = 0;
        for (index, span) in chunk.nodes.iter().enumerate() {
            assert_eq!(span.start, end);
            end += span.length;
            assert!(Node::validate(span.id, chunk.node_bytes(index).unwrap()).is_some());
        }
        assert_eq!(chunk.bytes.len(), end as usize);
    }
    let mut tape = Tape::writer();
    stream.write(&mut tape);
    let image = tape.take();
    let again = Stream::read(&mut Tape::reader(&image)).unwrap();
    assert_eq!(format!("{again:?}"), format!("{stream:?}"));
    assert_eq!(again.bytes(), stream.bytes());
}

fn random_pairs(random: &mut Random) -> Pairs {
    let names = [&["a"][..], &["a", "b"], &["temp", "1"], &["b", "a", "c"]][random.below(4) as usize];
    let pair = |name: &&str| {
        let value = match random.below(60) {
            0 => vec![b'x'; random.below(6000) as usize],
            1..30 => format!("{}", random.below(1_000_000)).into_bytes(),
            _ => (0..random.below(20)).map(|_| random.next_u64() as u8).collect(),
        };
        (name.as_bytes().to_vec(), value)
    };
    names.iter().map(pair).collect()
}

#[test]
fn as_a_map_is() {
    for seed in 0..12 {
        let mut random = Random::from_seed(seed);
        let entries = [100, 1, 0, 7][seed as usize % 4];
        let limits = NodeLimits { bytes: [4096, 0, 200][seed as usize % 3], entries };
        let (mut stream, mut model) = (Stream::default(), BTreeMap::<StreamId, Pairs>::new());
        let mut id = StreamId::new(5, 5);
        for step in 0..3000 {
            match random.below(12) {
                0..8 => {
                    id = match random.below(4) {
                        0 => {
                            let bits = random.below(40);
                            StreamId::new(id.ms + random.below(1 << bits) + 1, random.next_u64() >> 20)
                        }
                        _ => StreamId::new(id.ms, id.sequence + 1 + random.below(3)),
                    };
                    let pairs = random_pairs(&mut random);
                    add(&mut stream, id, &pairs, limits);
                    model.insert(id, pairs);
                }
                8 | 9 => {
                    let id = match model.keys().nth(random.below(model.len() as u64 + 1) as usize) {
                        Some(id) => *id,
                        None => StreamId::new(random.below(100), random.below(100)),
                    };
                    assert_eq!(stream.contains(id), model.contains_key(&id));
                    assert_eq!(stream.remove(id), model.remove(&id).is_some());
                    assert!(!stream.contains(id) && !stream.remove(id));
                }
                10 if random.below(20) == 0 => trim(&mut stream, &mut model, &mut random),
                _ => {
                    let some = |random: &mut Random| {
                        let at = random.below(model.len() as u64 + 1) as usize;
                        model.keys().nth(at).map_or(StreamId::MAX, |id| id.previous().unwrap_or(*id))
                    };
                    let (start, end) = (some(&mut random), some(&mut random));
                    let expected: Vec<StreamId> =
                        if start > end { vec![] } else { model.range(start..=end).map(|(id, _)| *id).collect() };
                    assert!(stream.range(start, end).map(|entry| entry.id).eq(expected.iter().copied()));
                    let back = stream.range_back(start, end).map(|entry| entry.id);
                    assert!(back.eq(expected.iter().rev().copied()));
                }
            }
            if step % 150 == 0 {
                check(&stream, &model);
            }
        }
        check(&stream, &model);
        stream.trim(&Trim { threshold: Threshold::Id(StreamId::MAX), approximate: false, limit: 0 });
        assert_eq!((stream.len(), stream.bytes(), stream.node_count()), (0, 0, 0));
    }
}

fn trim(stream: &mut Stream, model: &mut BTreeMap<StreamId, Pairs>, random: &mut Random) {
    let at = random.below(model.len() as u64 + 2);
    let id = model.keys().nth(at as usize).copied().unwrap_or(StreamId::MAX);
    let threshold = if random.below(2) == 0 { Threshold::Length(at) } else { Threshold::Id(id) };
    let approximate = random.below(2) == 0;
    let limit = if approximate { random.below(3) * 150 } else { 0 };
    let before = model.len() as u64;
    let removed = stream.trim(&Trim { threshold, approximate, limit });
    let exact = match threshold {
        Threshold::Length(length) => before.saturating_sub(length),
        Threshold::Id(id) => model.range(..id).count() as u64,
    };
    assert!(removed <= exact && (approximate || removed == exact), "{removed} of {exact}");
    assert!(limit == 0 || removed <= limit);
    for _ in 0..removed {
        model.pop_first();
    }
}

/// The bytes of a node are the reference's: 7.0.15 dumped these.
#[test]
fn a_node_is_as_the_reference_makes_it() {
    let mut stream = Stream::default();
    let pairs = |words: &[(&str, &str)]| -> Pairs {
        words.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
    };
    add(&mut stream, StreamId::new(1000, 1), &pairs(&[("temp", "21"), ("hum", "x")]), LIMITS);
    add(&mut stream, StreamId::new(1005, 0), &pairs(&[("temp", "22"), ("hum", "y")]), LIMITS);
    add(&mut stream, StreamId::new(1005, 7), &pairs(&[("other", "-5")]), LIMITS);
    assert!(stream.remove(StreamId::new(1005, 0)));
    let (id, bytes) = stream.nodes().next().unwrap();
    assert_eq!(id, StreamId::new(1000, 1));
    let texts: Vec<String> = Listpack::new(bytes)
        .iter()
        .map(|value| String::from_utf8(value.bytes(&mut [0; 20]).to_vec()).unwrap())
        .collect();
    let master = "2 1 2 temp hum 0";
    let entries = "2 0 0 21 x 5 3 5 -1 22 y 5 0 5 6 1 other -5 6";
    assert_eq!(texts.join(" "), format!("{master} {entries}"));
}

/// Bytes an entry of the memory tool's kind: the bar is 22.
#[test]
fn entries_are_small() {
    let mut stream = Stream::default();
    for index in 0..300_000u64 {
        let id = StreamId::new(1_700_000_000_000 + index / 700, index % 700);
        let pairs = [
            ("temp".into(), format!("{}", index % 100).into_bytes()),
            ("hum".into(), format!("v{index:07}").into_bytes()),
        ];
        add(&mut stream, id, &pairs.into(), LIMITS);
    }
    let each = stream.bytes() as f64 / stream.len() as f64;
    assert!(each < 22.0, "{each}");
}

/// Nodes with any byte changed are refused, or are read without a panic.
#[test]
fn damaged_nodes() {
    let mut stream = Stream::default();
    let mut random = Random::from_seed(3);
    for index in 0..20 {
        add(&mut stream, StreamId::new(10 + index, 3), &random_pairs(&mut random), LIMITS);
    }
    stream.remove(StreamId::new(13, 3));
    let nodes: Vec<(StreamId, Vec<u8>)> = stream.nodes().map(|(id, bytes)| (id, bytes.to_vec())).collect();
    for (id, bytes) in nodes.iter().filter(|(_, bytes)| bytes.len() < 1000) {
        for (at, bit) in (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            let mut loaded = Stream::default();
            if loaded.load_node(*id, damaged).is_err() {
                continue;
            }
            loaded.load_ids(StreamId::MIN, None);
            assert_eq!(loaded.iter().count() as u64, loaded.len());
            assert_eq!(loaded.range_back(StreamId::MIN, StreamId::MAX).count() as u64, loaded.len());
            let next = loaded.last_id().next().unwrap();
            add(&mut loaded, next, &random_pairs(&mut random), LIMITS);
            loaded.trim(&Trim { threshold: Threshold::Length(1), approximate: false, limit: 0 });
            assert_eq!(loaded.iter().map(|entry| entry.id).collect::<Vec<_>>(), [next]);
        }
    }
}

#[test]
fn groups() {
    let mut group = Group::new(StreamId::MIN, None);
    let empty = group.bytes();
    let (alice, is_new) = group.find_or_add(b"alice", 5);
    assert!(is_new);
    let (bob, _) = group.find_or_add(b"bob", 5);
    assert_eq!(group.find_or_add(b"alice", 9), (alice, false));
    let pending = |consumer| Pending { delivered_ms: 7, deliveries: 1, consumer };
    for sequence in 1..=300 {
        group.assign(StreamId::new(1, sequence), pending(if sequence % 2 == 0 { alice } else { bob }));
    }
    group.assign(StreamId::new(1, 2), pending(bob));
    assert!(group.release(StreamId::new(1, 3)) && !group.release(StreamId::new(1, 3)));
    let counts: Vec<usize> = group.consumers().map(|consumer| consumer.pending().len()).collect();
    assert_eq!((counts, group.pending().len()), (vec![149, 150], 299));
    let mut stream = Stream::default();
    assert!(stream.add_group(b"g", group.clone()) && !stream.add_group(b"g", group.clone()));
    check(&stream, &BTreeMap::new());
    assert_eq!(stream.change_group(b"g", |group, _| group.remove_consumer(b"alice")), Some(Some(149)));
    assert_eq!(stream.change_group(b"g", |group, _| group.remove_consumer(b"alice")), Some(None));
    check(&stream, &BTreeMap::new());
    assert_eq!(stream.change_group(b"g", |group, _| group.remove_consumer(b"bob")), Some(Some(150)));
    let left = stream.change_group(b"g", |group, _| (group.pending().len(), group.bytes()));
    assert_eq!(left, Some((0, empty)));
    assert!(stream.remove_group(b"g") && !stream.remove_group(b"g"));
    assert_eq!(stream.bytes(), 0);
}

#[test]
fn nodes_of_a_radix_tree() {
    let mut stream = Stream::default();
    assert_eq!(stream.radix_nodes(), 1);
    let limits = NodeLimits { bytes: 0, entries: 1 };
    let pairs = vec![(b"a".to_vec(), b"b".to_vec())];
    // Counted by 7.0.15.
    for (id, nodes) in [((1, 1), 2), ((1, 2), 4), ((1, 3), 5), ((2, 1), 9), ((300, 5), 12), ((300, 261), 16)] {
        add(&mut stream, StreamId::new(id.0, id.1), &pairs, limits);
        assert_eq!(stream.radix_nodes(), nodes, "{id:?}");
    }
}
