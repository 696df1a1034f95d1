//! Listpacks against vectors of strings, against bytes of real servers, and
//! against damage.

use super::*;
use crate::base::random::Random;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

fn text(value: Value<'_>) -> Vec<u8> {
    value.bytes(&mut [0; 20]).to_vec()
}

fn texts(bytes: &[u8]) -> Vec<Vec<u8>> {
    Listpack::new(bytes).iter().map(text).collect()
}

fn of<T: AsRef<[u8]>>(elements: &[T]) -> Vec<u8> {
    let mut bytes = empty();
    for element in elements {
        push_back(&mut bytes, Value::encode(element.as_ref()));
    }
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn element(random: &mut Random) -> Vec<u8> {
    match random.below(6) {
        0 => format!("{}", random.below(200)).into_bytes(),
        1 => format!("{}", (random.next_u64() as i64) >> random.below(64)).into_bytes(),
        2 => vec![b'x'; [62, 63, 64, 65, 125, 126, 127, 128, 4095, 4096][random.below(10) as usize]],
        3 => b"007".to_vec(),
        _ => (0..random.below(12)).map(|_| random.next_u64() as u8).collect(),
    }
}

#[test]
fn as_a_vector_is() {
    for seed in 0..30 {
        let mut random = Random::from_seed(seed);
        let (mut bytes, mut model) = (empty(), Vec::<Vec<u8>>::new());
        for _ in 0..300 {
            change(&mut bytes, &mut model, &mut random);
            assert_eq!(Listpack::new(&bytes).len(), model.len());
            assert_eq!(Listpack::new(&bytes).is_empty(), model.is_empty());
            assert_eq!(validate(&bytes), Some(model.len()));
        }
        compare(&bytes, &model);
        assert_eq!(bytes, of(&model), "the way there shows");
        assert!(!normalize(&mut bytes));
    }
}

fn change(bytes: &mut Vec<u8>, model: &mut Vec<Vec<u8>>, random: &mut Random) {
    let new = element(random);
    let value = Value::encode(&new);
    if model.is_empty() || random.below(4) == 0 {
        if random.below(2) == 0 {
            push_front(bytes, value);
            return model.insert(0, new);
        }
        push_back(bytes, value);
        return model.push(new);
    }
    let index = random.below(model.len() as u64) as usize;
    let signed = if random.below(2) == 0 { index as i64 } else { index as i64 - model.len() as i64 };
    let position = Listpack::new(bytes).at(signed).unwrap();
    match random.below(7) {
        0 => {
            insert_before(bytes, position, value);
            model.insert(index, new);
        }
        1 => {
            insert_after(bytes, position, value);
            model.insert(index + 1, new);
        }
        2 | 3 => {
            replace(bytes, position, value);
            model[index] = new;
        }
        4 => {
            remove(bytes, position);
            model.remove(index);
            let behind = Listpack::new(bytes).position(position.at()).map(|at| text(Listpack::new(bytes).get(at)));
            assert_eq!(behind.as_ref(), model.get(index));
        }
        5 => {
            let count = random.below(4) as usize;
            let removed = remove_range(bytes, position, count);
            assert_eq!(removed, model.drain(index..(index + count).min(model.len())).count());
        }
        _ => {
            let tail = split_off(bytes, position);
            assert_eq!((texts(bytes), texts(&tail)), (model[..index].to_vec(), model[index..].to_vec()));
            assert!(validate(bytes).is_some() && validate(&tail).is_some());
            merge(bytes, &tail);
        }
    }
}

fn compare(bytes: &[u8], model: &[Vec<u8>]) {
    let list = Listpack::new(bytes);
    assert_eq!(texts(bytes), model);
    assert!(list.iter().rev().map(text).eq(model.iter().rev().cloned()));
    for beyond in [model.len() as i64, -(model.len() as i64) - 1, i64::MAX, i64::MIN] {
        assert_eq!(list.at(beyond), None);
    }
    let Some(first) = list.first() else { return };
    for (index, element) in model.iter().enumerate() {
        let (position, from_end) = (list.at(index as i64), list.at(index as i64 - model.len() as i64));
        assert_eq!((position, list.get(position.unwrap())), (from_end, Value::encode(element)));
        assert!(list.iter_from(position.unwrap()).map(text).eq(model[index..].iter().cloned()));
        for skip in 0..3 {
            let expected = model.iter().step_by(skip + 1).position(|other| other == element);
            let found = list.find(Value::encode(element), first, skip);
            assert_eq!(found, expected.and_then(|at| list.at((at * (skip + 1)) as i64)), "{index} {skip}");
        }
    }
    assert_eq!(list.find(Value::Bytes(b"not there"), first, 0), None);
    assert_eq!(list.find(Value::Integer(i64::MAX - 1), first, 0), None);
    let size: usize = model.iter().map(|element| element_size(Value::encode(element))).sum();
    assert_eq!(list.byte_len(), HEADER + 1 + size);
}

#[test]
fn iterators_meet() {
    let bytes = of(&["a", "1", "b", "2", "c"]);
    let mut iter = Listpack::new(&bytes).iter();
    assert_eq!((iter.next(), iter.next_back()), (Some(Value::Bytes(b"a")), Some(Value::Bytes(b"c"))));
    assert_eq!((iter.next_back(), iter.next()), (Some(Value::Integer(2)), Some(Value::Integer(1))));
    assert_eq!((iter.next_back(), iter.next_back(), iter.next()), (Some(Value::Bytes(b"b")), None, None));
}

/// What `DUMP` has between type and footer for hashes of these fields and
/// values, of redis-server 7.0.15 and valkey-server 8.0.1 alike.
#[test]
fn the_format_is_the_references() {
    let encodings = ["a", "1", "-1", "4095", "-4096", "4096", "-32769", "8388608", "9000000000", "bc"];
    let expected = "320000000a008161020101dfff02cfff02d00002f1001003f2ff7fff04f30000800005f4001a711802000000098262\
                    6303ff";
    assert_eq!(hex(&of(&encodings)), expected);
    let limits = [
        "0",
        "127",
        "128",
        "-0",
        "007",
        "",
        "-4097",
        "32767",
        "32768",
        "-32768",
        "8388607",
        "-8388608",
        "-8388609",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "+1",
        "1.0",
        " 1",
        "1e3",
    ];
    let expected = "95000000180000017f01c08002822d300383303037048001f1ffef03f1ff7f03f200800004f1008003f2ffff7f04f2\
                    00008004f3ffff7fff05f3ffffff7f05f4000000800000000009f30000008005f4ffffff7fffffffff09f4ffffffff\
                    ffffff7f09f4000000000000008009933932323333373230333638353437373538303814822b310383312e30048220\
                    31038331653304ff";
    assert_eq!(hex(&of(&limits)), expected);
    let set = "0f00000003008161020501dfff02ff";
    assert_eq!(hex(&of(&["a", "5", "-1"])), set, "a set, of valkey-server only");
}

/// As above, for the field `f` and a value of so many `x`: the first and the
/// last twelve bytes, where encodings and backward lengths become longer.
#[test]
fn long_strings_are_the_references() {
    let cases = [
        (63, "4b0000000200816602bf7878", "7878787878787878787840ff"),
        (64, "4d0000000200816602e04078", "7878787878787878787842ff"),
        (125, "8a0000000200816602e07d78", "787878787878787878787fff"),
        (126, "8c0000000200816602e07e78", "7878787878787878780180ff"),
        (127, "8d0000000200816602e07f78", "7878787878787878780181ff"),
        (4095, "0d1000000200816602efff78", "7878787878787878782081ff"),
        (4096, "111000000200816602f00010", "7878787878787878782085ff"),
        (16376, "094000000200816602f0f83f", "7878787878787878787ffdff"),
        (16377, "0a4000000200816602f0f93f", "7878787878787878787ffeff"),
        (16378, "0c4000000200816602f0fa3f", "787878787878787800ffffff"),
        (16379, "0d4000000200816602f0fb3f", "7878787878787878018080ff"),
        (2097144, "0a0020000200816602f0f8ff", "78787878787878787ffffdff"),
        (2097145, "0b0020000200816602f0f9ff", "78787878787878787ffffeff"),
        (2097146, "0d0020000200816602f0faff", "7878787878787800ffffffff"),
        (2097147, "0e0020000200816602f0fbff", "7878787878787801808080ff"),
    ];
    for (length, head, tail) in cases {
        let mut bytes = of(&[&b"f"[..], &vec![b'x'; length]]);
        assert_eq!((&*hex(&bytes[..12]), &*hex(&bytes[bytes.len() - 12..])), (head, tail), "{length}");
        assert_eq!(validate(&bytes), Some(2));
        let last = Listpack::new(&bytes).last().unwrap();
        assert_eq!(Listpack::new(&bytes).get(last), Value::Bytes(&vec![b'x'; length]));
        let first = Listpack::new(&bytes).previous(last).unwrap();
        assert_eq!((first, Listpack::new(&bytes).next(last)), (Position::of(HEADER), None));
        remove(&mut bytes, last);
        assert_eq!(bytes, of(&["f"]));
    }
}

/// Both servers: 65534 elements are counted, 65536 are not, and HDEL of two
/// fields, which asks for the hash's size behind each, makes it 65532 again.
#[test]
fn more_than_can_be_counted() {
    let mut bytes = empty();
    for index in 0..65_534 {
        push_back(&mut bytes, Value::Integer(index));
    }
    assert_eq!(hex(&bytes[4..6]), "feff");
    merge(&mut bytes, &of(&["zz", "1"]));
    assert_eq!((&*hex(&bytes[4..6]), Listpack::new(&bytes).len(), validate(&bytes)), ("ffff", 65_536, Some(65_536)));
    for left in [65_534, 65_532] {
        let at = Listpack::new(&bytes).at(2).unwrap();
        assert_eq!(remove_range(&mut bytes, at, 2), 2);
        assert_eq!((Listpack::new(&bytes).len(), recount(&mut bytes)), (left, left));
    }
    assert_eq!(hex(&bytes[4..6]), "fcff");
}

#[test]
fn what_was_not_counted_is_as_good() {
    let mut bytes = empty();
    for index in 0..70_000 {
        push_back(&mut bytes, Value::Integer(index));
    }
    let list = Listpack::new(&bytes);
    for index in [0, 1, 40_000, 69_990, 69_999] {
        assert_eq!(list.at(index).map(|at| list.get(at)), Some(Value::Integer(index)));
        assert_eq!(list.at(index - 70_000).map(|at| list.get(at)), Some(Value::Integer(index)));
    }
    assert_eq!((list.at(70_000), list.at(-70_001)), (None, None));
    let at = list.at(65_000).unwrap();
    let mut tail = split_off(&mut bytes, at);
    assert_eq!((validate(&bytes), validate(&tail)), (Some(65_000), Some(5000)));
    assert_eq!((hex(&bytes[4..6]), hex(&tail[4..6])), (hex(&65_000u16.to_le_bytes()), hex(&5000u16.to_le_bytes())));
    tail[4..6].fill(0xFF);
    assert_eq!(validate(&tail), Some(5000));
    merge(&mut tail, &of(&["x"]));
    assert_eq!(hex(&tail[4..6]), hex(&5001u16.to_le_bytes()));
}

#[test]
fn what_others_wrote_is_normalized() {
    for (element, expected) in [
        (&[0x81, b'7', 2][..], "7"),
        (&[0xC0, 7, 2], "7"),
        (&[0xDF, 0xFF, 2], "-1"),
        (&[0xF1, 7, 0, 3], "7"),
        (&[0xF2, 7, 0, 0, 4], "7"),
        (&[0xF4, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 9], "-1"),
        (&[0xE0, 1, b'x', 3], "x"),
        (&[0xF0, 1, 0, 0, 0, b'x', 6], "x"),
        (&[0xF0, 0, 0, 0, 0, 5], ""),
    ] {
        let mut bytes = [&[0, 0, 0, 0, 1, 0][..], element, &[END]].concat();
        bytes[0] = bytes.len() as u8;
        assert_eq!((validate(&bytes), texts(&bytes)), (Some(1), vec![expected.as_bytes().to_vec()]));
        let shortest = of(&[expected]);
        assert_eq!(normalize(&mut bytes), element != &shortest[HEADER..shortest.len() - 1]);
        assert_eq!(bytes, shortest);
    }
}

/// Everything that can be done to a listpack, at all its positions: nothing
/// panics, and if it was a valid one, it stays so.
fn exercise(bytes: &[u8], valid: bool) {
    let list = Listpack::new(bytes);
    let elements: Vec<Value<'_>> = list.iter().collect();
    let _ = (list.len(), list.at(3), list.at(-3), list.at(i64::MAX), list.at(i64::MIN), list.iter().rev().count());
    for needle in [Value::Bytes(b"x"), Value::Integer(-7), Value::Bytes(b"longer than eight")] {
        let _ = list.find(needle, Position::of(HEADER), 0).map(|at| (list.next(at), list.previous(at), list.get(at)));
        let _ = list.find(needle, Position::of(HEADER), 2);
    }
    if !valid {
        return;
    }
    assert!(list.iter().rev().eq(elements.iter().rev().copied()));
    let mut again = bytes.to_vec();
    normalize(&mut again);
    assert_eq!(validate(&again), Some(elements.len()));
    let mut position = list.first();
    while let Some(at) = position {
        assert!(list.find(list.get(at), at, 0) == Some(at));
        let edits: [fn(&mut Vec<u8>, Position); 6] = [
            remove,
            |bytes, at| insert_before(bytes, at, Value::Integer(1 << 40)),
            |bytes, at| insert_after(bytes, at, Value::Bytes(&[b'y'; 200])),
            |bytes, at| replace(bytes, at, Value::Bytes(b"")),
            |bytes, at| _ = remove_range(bytes, at, usize::MAX),
            |bytes, at| assert!(validate(&split_off(bytes, at)).is_some()),
        ];
        for edit in edits {
            let mut edited = bytes.to_vec();
            edit(&mut edited, at);
            assert!(validate(&edited).is_some());
        }
        position = list.next(at);
    }
}

#[test]
fn damage_is_noticed_or_harmless() {
    let good = of(&["field", "12345", "value of more than sixty-three bytes, so that its length takes two", "-7", "x"]);
    for length in 0..good.len() {
        assert_eq!(validate(&good[..length]), None);
        exercise(&good[..length], false);
    }
    let mut random = Random::from_seed(1);
    for at in 0..good.len() {
        for byte in 0..=255 {
            let mut bad = good.clone();
            bad[at] = byte;
            exercise(&bad, validate(&bad).is_some());
            let second = random.below(bad.len() as u64) as usize;
            bad[second] = random.next_u64() as u8;
            exercise(&bad, validate(&bad).is_some());
        }
    }
}

/// Bytes at random of which each is likely to begin, or to end, an element.
#[test]
fn noise_is_noticed_or_harmless() {
    let (mut random, mut valid) = (Random::from_seed(2), 0);
    for _ in 0..200_000 {
        let mut bytes = vec![0, 0, 0, 0, 0xFF, 0xFF];
        let likely = [0, 1, 2, 2, 3, 4, 5, 0x80, 0x81, 0x82, 0xC0, 0xE0, 0xF0, 0xF1, 0xF2, 0xF3, 0xF4, 0xFF];
        bytes.extend((0..random.below(12)).map(|_| likely[random.below(likely.len() as u64) as usize]));
        bytes.push(END);
        bytes[0] = bytes.len() as u8;
        let is_valid = validate(&bytes).is_some();
        exercise(&bytes, is_valid);
        valid += usize::from(is_valid);
    }
    assert!(valid > 10_000, "{valid} of 200000 were valid");
}
