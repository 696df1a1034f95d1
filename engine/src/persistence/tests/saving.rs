//! SAVE, BGSAVE, LASTSAVE, save points: replies, status, log.

use super::*;
use crate::data::limits::Rules;
use crate::rdb::{Item, Reader};

fn texts(file: &[u8]) -> (i32, BTreeMap<String, String>) {
    let mut reader = Reader::new(true, Rules::default());
    reader.feed(file);
    let (mut number, mut texts) = (0, BTreeMap::new());
    while let Some(item) = reader.next_item().unwrap() {
        match item {
            Item::Header { version } => number = version,
            Item::Aux { key, value } => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                texts.insert(text(key), text(value));
            }
            _ => {}
        }
    }
    (number, texts)
}

#[test]
fn a_file_says_where_it_comes_from() {
    for (parameters, version) in [("", 11), ("rdb-version 10", 10)] {
        let mut world = World::started(parameters);
        assert_eq!(world.ask(1, "set a 1\nsave"), "+OK\r\n+OK\r\n");
        assert_eq!(world.log, ["DB saved on disk"]);
        let (number, texts) = texts(&world.files["dump.rdb"]);
        assert_eq!(number, version);
        assert_eq!(texts["redis-ver"], "7.2.4");
        assert_eq!(texts["redis-bits"], "64");
        assert_eq!(texts["ctime"], "1700000000");
        assert_eq!(texts["aof-base"], "0");
        assert!(texts["used-mem"].parse::<u64>().unwrap() > 0);
        assert_eq!(world.files.len(), 1);
        assert!(world.open.is_empty());
    }
}

#[test]
fn a_save_in_the_foreground_makes_others_wait() {
    let mut world = World::started("");
    world.populate(500);
    world.send(1, "save\nget a");
    world.send(2, "set a 1\nget a");
    world.send(3, "lastsave");
    assert_eq!(world.replies(1) + &world.replies(2) + &world.replies(3), "");
    world.settle();
    assert_eq!(world.replies(2), "+OK\r\n$1\r\n1\r\n");
    assert_eq!(world.replies(3), ":1700000000\r\n");
    assert!(["+OK\r\n$-1\r\n", "+OK\r\n$1\r\n1\r\n"].contains(&world.replies(1).as_str()));
}

#[test]
fn changes_since_the_last_save_are_counted() {
    let mut world = World::started("");
    world.populate(2000);
    world.ask(1, "set a 1\nset b 1\nset c 1");
    world.send(1, "bgsave\nset d 1\nset e 1");
    world.settle();
    assert_eq!(world.engine.keyspace().dirty, 2);
    world.ask(1, "save");
    assert_eq!(world.engine.keyspace().dirty, 0);
    assert_eq!(world.engine.server().persistence.saves, 2);
}

#[test]
fn bgsave_replies() {
    let mut world = World::started("");
    world.populate(2000);
    world.send(1, "bgsave\nbgsave\nbgsave schedule\nsave\nbgsave now");
    let busy = "-ERR Background save already in progress\r\n";
    let expected = format!("+Background saving started\r\n{busy}{busy}{busy}-ERR syntax error\r\n");
    assert_eq!(world.replies(1), expected);
    let status = &world.engine.server().persistence;
    assert_eq!((status.current_seconds(world.now), status.last_seconds), (0, -1));
    world.settle();
    let status = &world.engine.server().persistence;
    assert_eq!((status.current_seconds(world.now), status.last_seconds), (-1, 0));
    let lines =
        ["Background saving started by pid 77", "DB saved on disk", "Background saving terminated with success"];
    assert_eq!(world.log, lines);
}

#[test]
fn bgsave_can_be_cancelled() {
    let mut world = World::started("");
    world.populate(2000);
    assert_eq!(
        world.ask(1, "set a 1\nbgsave\nbgsave cancel"),
        "+OK\r\n+Background saving started\r\n+Background saving cancelled\r\n"
    );
    assert!(world.files.is_empty() && world.open.is_empty());
    assert!(world.engine.server().persistence.last_ok);
    assert_eq!(world.engine.keyspace().dirty, 1);
    assert!(world.ask(1, "bgsave cancel").starts_with("-ERR Background saving is currently not in progress"));
    let before = world.contents();
    assert_eq!(world.ask(1, "bgsave"), "+Background saving started\r\n");
    assert_eq!(loaded(&world.files["dump.rdb"], world.now), before);
}

/// As writes are refused, no save point will be reached.
#[test]
fn a_failed_save_is_tried_again_without_a_save_point() {
    let mut world = World::started("save 3600 100");
    world.broken = |operation| matches!(operation, DiskOperation::Create { .. });
    world.ask(1, "set a 1\nbgsave");
    assert!(world.ask(1, "set a 1").starts_with("-MISCONF"));
    world.pass_ms(7000);
    assert!(world.ask(1, "set a 1").starts_with("-MISCONF"));
    world.broken = |_| false;
    world.pass_ms(7000);
    assert_eq!(world.ask(1, "set a 1"), "+OK\r\n");
}

#[test]
fn a_failed_save_refuses_writes_until_one_succeeds() {
    let mut world = World::started("save 3600 100");
    world.ask(1, "set a 1");
    let failures: [(fn(&DiskOperation) -> bool, &str); 4] = [
        (
            |operation| matches!(operation, DiskOperation::Create { .. }),
            "Failed opening the temp RDB file temp-77.rdb (in server root dir /data) for saving: No space left on device",
        ),
        (
            |operation| matches!(operation, DiskOperation::Append { .. }),
            "Write error while saving DB to the disk(rdbSaveRio): No space left on device",
        ),
        (
            |operation| matches!(operation, DiskOperation::Sync { .. }),
            "Write error while saving DB to the disk(fsync): No space left on device",
        ),
        (
            |operation| matches!(operation, DiskOperation::Rename { .. }),
            "Error moving temp DB file temp-77.rdb on the final destination dump.rdb (in server root dir /data): \
             No space left on device",
        ),
    ];
    for (broken, line) in failures {
        world.broken = broken;
        world.log.clear();
        assert_eq!(world.ask(1, "save"), "-ERR\r\n");
        assert_eq!(world.log, [line]);
        assert_eq!(world.ask(1, "set a 1"), "+OK\r\n");
        assert_eq!(world.ask(1, "bgsave"), "+Background saving started\r\n");
        assert_eq!(world.log[2..], [line, "Background saving error"]);
        assert!(world.ask(1, "set a 1").starts_with("-MISCONF Redis is configured to save RDB snapshots"));
        assert_eq!(world.ask(1, "get a"), "$1\r\n1\r\n");
        assert!(world.files.is_empty() && world.open.is_empty(), "{:?}", world.files.keys());
        world.broken = |_| false;
        assert_eq!(world.ask(1, "bgsave"), "+Background saving started\r\n");
        assert_eq!(world.ask(1, "set a 1"), "+OK\r\n");
        world.files.clear();
    }
}

#[test]
fn save_points_are_reached() {
    let mut world = World::started("save 10 2");
    world.ask(1, "set a 1\nset b 1");
    world.pass_ms(10_000);
    assert!(world.files.is_empty());
    world.pass_ms(1_200);
    assert_eq!(world.log[0], "2 changes in 10 seconds. Saving...");
    assert_eq!(loaded(&world.files["dump.rdb"], world.now).len(), 2);
    assert_eq!(world.engine.server().persistence.last_save, 1_700_000_011);
    world.files.clear();
    world.pass_ms(60_000);
    assert!(world.files.is_empty());
    // After a failure it is tried again every five seconds, not at once.
    world.broken = |operation| matches!(operation, DiskOperation::Sync { .. });
    world.log.clear();
    world.ask(1, "set a 1\nset b 1");
    world.pass_ms(20_000);
    let tries = world.log.iter().filter(|line| line.contains("Saving...")).count();
    assert!((3..=4).contains(&tries), "{tries}");
}

#[test]
fn a_delayed_save_takes_its_time() {
    let mut world = World::started("rdb-key-save-delay 100000");
    let now = world.now;
    for at in 0..20 {
        world.engine.set_for_test(0, &format!("{at}"), "1", None, now);
    }
    world.send(1, "bgsave");
    world.pass_ms(1000);
    let status = &world.engine.server().persistence;
    assert!((9..=11).contains(&status.keys_processed), "{}", status.keys_processed);
    assert_eq!(status.keys_total, 20);
    assert!(world.files.contains_key("temp-77.rdb"));
    world.pass_ms(1200);
    assert_eq!(loaded(&world.files["dump.rdb"], world.now).len(), 20);
    // What is set holds for a save that is under way.
    world.ask(1, "config set rdb-key-save-delay 100000000");
    world.ask(1, "bgsave");
    world.pass_ms(5000);
    assert!(world.engine.server().persistence.background_since.is_some());
    world.ask(1, "config set rdb-key-save-delay 0");
    world.pass_ms(200);
    assert!(world.engine.server().persistence.background_since.is_none());
}

#[test]
fn what_eviction_knows_is_saved_where_it_counts() {
    for (policy, frequency, idle) in [("noeviction", 5, 0), ("allkeys-lru", 5, 40), ("volatile-lfu", 4, 0)] {
        let mut world = World::started(&format!("maxmemory-policy {policy}"));
        world.ask(1, "set a 1");
        world.now.unix.0 += 40_000_000;
        world.ask(1, "save");
        let mut reader = Reader::new(true, Rules::default());
        reader.feed(&world.files["dump.rdb"]);
        let mut eviction = None;
        while let Some(item) = reader.next_item().unwrap() {
            if let Item::Entry { eviction: known, .. } = item {
                eviction = known;
            }
        }
        use crate::rdb::Eviction;
        let expected = match policy {
            "noeviction" => None,
            "allkeys-lru" => Some(Eviction::Lru { idle_seconds: idle }),
            _ => Some(Eviction::Lfu { frequency }),
        };
        assert_eq!(eviction, expected);
    }
}
