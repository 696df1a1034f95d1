//! A save in the background has the data as it was when the save began,
//! whatever happens meanwhile.

use super::*;
use crate::base::random::Random;
use crate::keyspace::Expiry;

/// Changes anything at random.
fn disturb(keyspace: &mut Keyspace, random: &mut Random, count: usize, now: Now) {
    let database = |random: &mut Random| DatabaseId([0, 3, 15, 7][random.below(4) as usize]);
    match random.below(40) {
        0 => drop(keyspace.flush(database(random))),
        1 => keyspace.swap(database(random), database(random)),
        _ => {
            let name = format!("key:{}", random.below(count as u64 * 2));
            let key = keyspace.key(name.as_bytes());
            let id = database(random);
            match (random.below(5), keyspace.locate(id, &key)) {
                (0, Some(_)) => drop(keyspace.delete(id, &key)),
                (1, Some(at)) => keyspace.set_expiry(id, &key, at, Some(now.unix.ms() + 5_000_000)),
                (2, Some(at)) => keyspace.set_expiry(id, &key, at, None),
                (3, Some(at)) => drop(keyspace.edit_large(id, &key, at, |bytes| bytes.push(b'x'))),
                _ => {
                    let value = "new".repeat(random.below(600) as usize);
                    keyspace.set(id, &key, Value::Bytes(value.as_bytes()), Expiry::Keep, false, now);
                }
            }
        }
    }
}

#[test]
fn a_save_has_what_was_there_when_it_began() {
    for seed in 0..12 {
        let mut random = Random::from_seed(seed);
        let mut world = World::started("");
        let count = 3000;
        world.populate(count);
        let before = world.contents();
        world.send(1, "bgsave");
        while world.engine.server().persistence.background_since.is_some() {
            for _ in 0..random.below(60) {
                disturb(world.engine.keyspace_for_test(), &mut random, count, world.now);
            }
            let _ = if random.below(2) == 0 { world.disk_step() } else { world.timer_step() };
        }
        assert!(world.engine.server().persistence.last_ok);
        assert_ne!(world.contents(), before);
        assert_eq!(loaded(&world.files["dump.rdb"], world.now), before, "seed {seed}");
    }
}

#[test]
fn saves_follow_each_other() {
    let mut world = World::started("");
    world.populate(2000);
    let mut random = Random::from_seed(3);
    for _ in 0..5 {
        for _ in 0..500 {
            disturb(world.engine.keyspace_for_test(), &mut random, 2000, world.now);
        }
        let before = world.contents();
        assert_eq!(world.ask(1, "bgsave"), "+Background saving started\r\n");
        assert_eq!(loaded(&world.files["dump.rdb"], world.now), before);
    }
}

#[test]
fn writers_wait_for_a_disk_that_does_not_follow() {
    let mut world = World::started("rdbcompression no");
    let now = world.now;
    let large = "v".repeat(100_000);
    for at in 0..300 {
        world.engine.set_for_test(0, &format!("large:{at}"), &large, None, now);
    }
    world.send(1, "bgsave");
    // The disk does nothing, and a writer overwrites everything.
    while world.timer_step() {}
    let writes: Vec<String> = (0..300).map(|at| format!("set large:{at} 1")).collect();
    world.send(2, &writes.join("\n"));
    while world.timer_step() {}
    let done = world.replies(2).len() / "+OK\r\n".len();
    assert!((20..200).contains(&done), "{done}");
    assert_eq!(world.ask(3, "get nothing"), "$-1\r\n");
    world.settle();
    assert_eq!(done + world.replies(2).len() / "+OK\r\n".len(), 300);
    assert!(world.outstanding_peak < 7 << 20, "{}", world.outstanding_peak);
    let saved = loaded(&world.files["dump.rdb"], world.now);
    assert_eq!(saved.len(), 300);
    assert!(saved.values().all(|(value, _)| value.len() == 100_000));
}

/// What is written meanwhile stands behind the collection, and comes in chunks.
#[test]
fn writers_do_not_wait_for_a_large_collection() {
    let mut world = World::started("rdbcompression no");
    let now = world.now;
    let adds: Vec<String> = (1..20_000).map(|at| format!("xadd stream 0-{at} field value")).collect();
    world.ask(1, &adds.join("\n"));
    let large = "v".repeat(100_000);
    for at in 0..100 {
        world.engine.set_for_test(3, &format!("large:{at}"), &large, None, now);
    }
    let before = world.contents();
    world.send(1, "bgsave\nxadd stream 0-20000 field value");
    // The collection has begun.
    world.timer_step();
    let buffered = |world: &mut World| world.engine.keyspace_for_test().snapshot_sink().unwrap().buffered();
    let at_first = buffered(&mut world);
    let writes: Vec<String> = (0..100).map(|at| format!("set large:{at} 1")).collect();
    world.send(2, &["select 3", &writes.join("\n")].join("\n"));
    assert_eq!(world.replies(2), "+OK\r\n".repeat(101));
    assert_eq!(buffered(&mut world), at_first);
    let mut most = 0;
    while world.engine.server().persistence.background_since.is_some() {
        if let Some(sink) = world.engine.keyspace_for_test().snapshot_sink() {
            most = most.max(sink.buffered());
        }
        assert!(world.timer_step() || world.disk_step());
    }
    assert!(most < 1 << 20, "{most}");
    assert_eq!(loaded(&world.files["dump.rdb"], world.now), before);
}

#[test]
fn large_values_end_a_slice() {
    let mut world = World::started("");
    let now = world.now;
    let text: String = (0..16_000).map(|at| char::from(b'a' + (at * at % 23) as u8)).collect();
    for at in 0..400 {
        world.engine.set_for_test(0, &format!("large:{at}"), &text, None, now);
    }
    let before = world.deadlines;
    world.ask(1, "save");
    assert!(world.deadlines - before >= 400 * 16_000 / (64 << 10), "{}", world.deadlines - before);
    assert_eq!(loaded(&world.files["dump.rdb"], world.now).len(), 400);
}
