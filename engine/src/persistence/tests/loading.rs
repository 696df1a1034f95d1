//! Loading at the start and by DEBUG RELOAD.

use super::*;
use crate::rdb::{ValueRef, WriteOptions, WriteVersion, Writer};

fn saved(count: usize) -> (Vec<u8>, Contents) {
    let mut world = World::started("");
    world.populate(count);
    world.ask(1, "save");
    (world.files["dump.rdb"].clone(), world.contents())
}

fn start(parameters: &str, file: &[u8]) -> World {
    let mut world = World::new(parameters);
    world.files.insert("dump.rdb".into(), file.to_vec());
    world.handle(Input::Start);
    world
}

#[test]
fn the_data_is_there_when_the_server_is_ready() {
    let (file, before) = saved(5000);
    let mut world = start("", &file);
    world.settle();
    assert_eq!(world.contents(), before);
    assert!(world.ready && world.open.is_empty());
    let count = before.len();
    assert_eq!(
        world.log,
        [
            "Loading RDB produced by version 7.2.4",
            "RDB age 0 seconds",
            world.log[2].as_str(),
            &format!("Done loading RDB, keys loaded: {count}, keys expired: 0."),
            "DB loaded from disk: 0.000 seconds",
            "Ready to accept connections tcp",
        ]
    );
    assert_eq!(world.engine.keyspace().dirty, 0);
}

#[test]
fn commands_meanwhile() {
    let (file, before) = saved(5000);
    let mut world = start("", &file);
    let mut figures = Vec::new();
    loop {
        assert_eq!(world.engine.server().loading, !world.ready);
        if let Some(progress) = world.engine.server().load_progress() {
            figures.push((progress.loaded_bytes, progress.percent()));
            assert_eq!(progress.total_bytes, file.len() as u64);
            assert_eq!(progress.eta_seconds(world.now), 1);
        }
        if world.ready {
            break;
        }
        world.send(1, "get key:1\nlastsave");
        assert_eq!(world.replies(1), "-LOADING Redis is loading the dataset in memory\r\n:1700000000\r\n");
        world.send(1, "debug reload");
        assert_eq!(world.replies(1), "-LOADING Redis is loading the dataset in memory\r\n");
        let _ = world.disk_step() || world.timer_step();
    }
    assert!(figures.len() > 10 && figures.is_sorted());
    assert_eq!(world.contents(), before);
}

#[test]
fn expired_keys_are_left_out() {
    let (file, before) = saved(100);
    let mut world = World::new("");
    world.now.unix.0 += 150_000_000;
    world.files.insert("dump.rdb".into(), file);
    world.handle(Input::Start);
    world.settle();
    let expiring = before.values().filter(|(_, expiry)| expiry.is_some()).count() as u64;
    let status = &world.engine.server().persistence;
    assert_eq!((status.last_expired, status.last_loaded), (expiring, before.len() as u64 - expiring));
    assert_eq!(world.contents().len() as u64, status.last_loaded);
}

#[test]
fn a_file_that_cannot_be_loaded_ends_the_process() {
    let (good, _) = saved(50);
    let fatal = "Fatal error loading the DB, check server logs. Exiting.";
    let short = "Short read or OOM loading DB. Unrecoverable error, aborting now.";
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let cases: [(Vec<u8>, &[&str]); 5] = [
        (b"NOTREDIS0011".to_vec(), &["Wrong signature trying to load DB from file", fatal]),
        (b"REDIS0033xxx".to_vec(), &["Can't handle RDB format version 33", fatal]),
        (Vec::new(), &[short]),
        (good[..good.len() / 2].to_vec(), &[short]),
        (damaged, &["Wrong RDB checksum expected: ", "-> RDB CRC error", "Terminating server"]),
    ];
    for (file, lines) in cases {
        let mut world = start("", &file);
        world.settle();
        assert_eq!(world.exit, Some(1));
        assert!(!world.ready);
        for line in lines {
            assert!(world.log.iter().any(|logged| logged.contains(line)), "{line}: {:?}", world.log);
        }
    }
    let mut world = start("databases 4", &good);
    world.settle();
    assert_eq!(world.exit, Some(1));
    assert!(world.log.last().unwrap().starts_with("FATAL: Data file was created with a Redis server configured"));
    let mut world = World::new("");
    world.broken = |operation| matches!(operation, DiskOperation::Open { path, .. } if path == "dump.rdb");
    world.handle(Input::Start);
    world.settle();
    assert_eq!(world.exit, Some(1));
    let line = "Fatal error: can't open the RDB file dump.rdb for reading: No space left on device";
    assert_eq!(world.log, [line, fatal]);
}

#[test]
fn a_key_twice() {
    let mut writer = Writer::new(WriteVersion::V11, WriteOptions::default());
    writer.header();
    writer.select_db(2);
    writer.entry(b"a", ValueRef::Integer(1), None, None);
    writer.entry(b"a", ValueRef::Integer(2), None, None);
    writer.finish();
    let mut world = start("", &writer.take());
    world.settle();
    assert_eq!(world.exit, Some(1));
    assert_eq!(world.log, ["RDB has duplicated key 'a' in DB 2"]);
}

#[test]
fn a_delayed_load_takes_its_time() {
    let (file, before) = saved(100);
    let mut world = start("key-load-delay 10000", &file);
    world.pass_ms(500);
    let loaded = world.engine.server().persistence.last_loaded;
    assert!((30..=60).contains(&loaded), "{loaded}");
    world.pass_ms(800);
    assert_eq!(world.contents().len(), before.len());
}

#[test]
fn reload() {
    let mut world = World::started("");
    world.populate(3000);
    let before = world.contents();
    world.ask(2, "get key:0");
    world.send(1, "debug reload\nget nothing");
    world.send(2, "get nothing");
    assert_eq!(world.replies(2), "");
    world.settle();
    assert_eq!(world.replies(1), "+OK\r\n$-1\r\n");
    assert_eq!(world.replies(2), "$-1\r\n");
    assert_eq!(world.contents(), before);
    assert_eq!(world.log.last().unwrap(), "DB reloaded by DEBUG RELOAD");
    assert!(world.open.is_empty());
    assert!(!world.engine.server().exclusive && !world.engine.server().loading);
}

#[test]
fn reload_options() {
    let mut world = World::started("");
    assert_eq!(world.ask(1, "set a 1\nset b 1\nsave"), "+OK\r\n".repeat(3));
    assert_eq!(world.ask(1, "set a 2\nset c 2\ndebug reload nosave noflush merge"), "+OK\r\n".repeat(3));
    assert_eq!(world.ask(1, "get a\nget b\nget c"), "$1\r\n1\r\n$1\r\n1\r\n$1\r\n2\r\n");
    assert_eq!(world.ask(1, "debug reload nosave"), "+OK\r\n");
    assert_eq!(world.ask(1, "get a\nget b\nget c"), "$1\r\n1\r\n$1\r\n1\r\n$-1\r\n");
    assert_eq!(world.ask(1, "debug reload noflush"), "-ERR Error trying to load the RDB dump\r\n");
    assert!(world.ask(1, "debug reload now").starts_with("-ERR DEBUG RELOAD only supports"));
    world.broken = |operation| matches!(operation, DiskOperation::Sync { .. });
    assert_eq!(world.ask(1, "debug reload"), "-ERR\r\n");
    world.broken = |_| false;
    world.files.clear();
    assert_eq!(world.ask(1, "debug reload nosave"), "-ERR Error trying to load the RDB dump\r\n");
    assert_eq!(world.ask(1, "set a 1"), "+OK\r\n");
}

#[test]
fn a_table_that_is_filled_in_the_order_of_a_file_grows_evenly() {
    let mut world = World::started("");
    let now = world.now;
    for at in 0..60_000 {
        world.engine.set_for_test(0, &format!("key:{at}"), "1", None, now);
    }
    let touched = |world: &World| world.engine.keyspace().database(DatabaseId(0)).touched();
    let at_random = touched(&world);
    // The hash key stays, so the file has the keys in the order of their hashes.
    world.ask(1, "debug reload");
    assert!(touched(&world) < at_random * 3 / 2, "{} words after {at_random}", touched(&world));
}
