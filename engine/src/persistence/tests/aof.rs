//! The append only file: what is written is loaded, whatever happens in between.

use super::*;
use crate::persistence::aof::State;

const ON: &str = "appendonly yes\nappendfsync always\nauto-aof-rewrite-percentage 0";

/// A server over files that are there.
pub(crate) fn over(parameters: &str, files: BTreeMap<String, Vec<u8>>, now: Now) -> World {
    let mut world = World::new(parameters);
    world.now = now;
    world.durable = files.clone();
    world.synced = files.clone();
    world.files = files;
    world.handle(Input::Start);
    world.settle();
    world
}

fn number(world: &World) -> i64 {
    let value = world.contents().get(&(0, b"n".to_vec())).map(|(value, _)| value.clone());
    value.map_or(0, |value| core::str::from_utf8(&value).unwrap().parse().unwrap())
}

#[test]
fn what_was_written_is_loaded() {
    for policy in ["always", "everysec", "no"] {
        let parameters = format!("appendonly yes\nappendfsync {policy}");
        let mut world = World::started(&parameters);
        let commands =
            "set a 1\nincr a\nselect 3\nset b x px 100000\nmulti\nset c 1\nappend c 2\nexec\ndel c\nappend d e";
        world.ask(1, commands);
        world.ask(1, "bgrewriteaof\nset later 5\nappend d f");
        world.pass_ms(2);
        let expected = world.contents();
        let mut again = over(&parameters, world.files.clone(), world.now);
        assert_eq!(again.contents(), expected, "{policy}");
        assert!(again.ready);
        again.ask(1, "incr a\nbgrewriteaof");
        let expected = again.contents();
        assert_eq!(again.ask(1, "debug loadaof"), "+OK\r\n");
        assert_eq!(again.contents(), expected);
    }
}

#[test]
fn a_client_whose_end_waits_for_a_sync_has_to_wait() {
    let mut world = World::started(ON);
    world.send(1, "set a 1\nget \"unbalanced");
    assert!(!world.is_closed(1));
    // What is no request stays where it is until the connection ends: nobody may be told to go on with it.
    let (bytes, mut buffer) = (b"get \"unbalanced\r\n", RequestBuffer::default());
    Parser::default().parse(bytes, world.engine.limits(ClientId(1)), usize::MAX, &mut buffer);
    let (requests, report) = (buffer.requests(bytes, 0), BufferReport::default());
    let again = world.handle(Input::Requests { client: ClientId(1), requests: &requests, report });
    assert_eq!(again, Progress::Wait(0));
    world.settle();
    assert!(world.is_closed(1));
    assert_eq!(world.replies(1), "+OK\r\n-ERR Protocol error: unbalanced quotes in request\r\n");
}

#[test]
fn what_nobody_waits_for_is_appended_every_millisecond() {
    let mut world = World::started("appendonly yes\nappendfsync everysec");
    let waiting = |world: &World| world.engine.server().persistence.aof.buffered();
    world.ask(1, "set a 1");
    assert_eq!(waiting(&world), 0, "the first goes at once");
    world.ask(1, "set a 2\nset a 3");
    assert_ne!(waiting(&world), 0);
    world.pass_ms(1);
    assert_eq!(waiting(&world), 0);
    world.ask(1, "set a 4");
    assert_ne!(waiting(&world), 0);
    world.ask(1, &format!("set b {}", "x".repeat(50_000)));
    assert_eq!(waiting(&world), 0, "much goes at once");
    world.ask(1, "shutdown");
    let again = over("appendonly yes", world.files.clone(), world.now);
    assert_eq!(again.contents(), world.contents());
}

#[test]
fn a_rewrite_is_over_when_what_it_leaves_is_put_away() {
    let mut world = World::started(ON);
    world.ask(1, "set a 1");
    world.send(1, "bgrewriteaof");
    assert!(world.engine.server().persistence.aof.is_rewriting());
    while world.engine.server().persistence.aof.is_rewriting() {
        assert!(world.disk_step() || world.timer_step());
    }
    let names: Vec<&str> = world.files.keys().filter_map(|path| path.strip_prefix("appendonlydir/")).collect();
    assert_eq!(names, ["appendonly.aof.2.base.rdb", "appendonly.aof.2.incr.aof", "appendonly.aof.manifest"]);
    let (path, _) = world.files.iter().find(|(path, _)| path.ends_with("manifest")).unwrap();
    assert!(!String::from_utf8_lossy(&world.files[path]).contains("type h"));
}

/// Lets each disk operation of a rewrite fail in turn, or be carried out and yet
/// fail: no change is lost, and none is loaded twice, then or after a rewrite that
/// succeeds.
#[test]
fn a_rewrite_that_fails_anywhere_leaves_each_change_once() {
    let [mut failed, mut late] = [0; 2];
    for case in 0..160 {
        // With a slow disk the walk is over before the next increment is there.
        let (failing, slow_disk, carried_out) = (case / 4, case & 1 != 0, case & 2 != 0);
        let mut world = World::started("appendonly yes\nappendfsync everysec\nauto-aof-rewrite-percentage 0");
        world.ask(1, "incr n");
        world.pass_ms(2000);
        world.send(1, "bgrewriteaof\nincr n");
        let (mut left, mut removal) = (failing, false);
        for _ in 0..200 {
            if slow_disk || world.disk.is_empty() {
                world.timer_step();
            }
            let rename = matches!(world.disk.front(), Some((_, DiskOperation::Rename { .. })));
            let remove = matches!(world.disk.front(), Some((_, DiskOperation::Remove { .. })));
            if left == 0 && world.disk_fails_late(carried_out) {
                failed += 1;
                late += usize::from(rename && carried_out);
                removal = remove;
                break;
            }
            left -= usize::from(left > 0 && world.disk_step());
        }
        let check = |world: &World| {
            let again = over(ON, world.files.clone(), world.now);
            let (log, names) = (&world.log, world.files.keys());
            assert_eq!(number(world), number(&again), "operation {failing} {carried_out}: {log:#?} {names:#?}");
        };
        world.send(1, "incr n");
        world.pass_ms(2);
        if world.engine.server().persistence.aof.refusal().is_none() {
            check(&world);
        }
        world.pass_ms(3000);
        world.ask(1, "incr n");
        world.pass_ms(3000);
        check(&world);
        world.ask(1, "bgrewriteaof\nincr n");
        world.pass_ms(3000);
        check(&world);
        let kept = world.files.keys().filter(|path| path.starts_with("appendonlydir/")).count();
        assert!(
            kept == 3 || removal && !carried_out,
            "operation {failing} {carried_out}: {:#?} {:#?}",
            world.log,
            world.files.keys()
        );
    }
    assert!(failed > 100 && late > 4, "{failed} {late}");
}

/// What counts is how it was begun.
#[test]
fn a_base_has_the_name_of_its_form() {
    let mut world = World::started("appendonly yes\nappendfsync always\naof-use-rdb-preamble no");
    world.send(1, "set a 1\nbgrewriteaof\nconfig set aof-use-rdb-preamble yes");
    world.pass_ms(1000);
    assert!(world.files["appendonlydir/appendonly.aof.2.base.aof"].starts_with(b"*"), "{:?}", world.files.keys());
    world.send(1, "bgrewriteaof\nconfig set aof-use-rdb-preamble no");
    world.pass_ms(1000);
    assert!(world.files["appendonlydir/appendonly.aof.3.base.rdb"].starts_with(b"REDIS"), "{:?}", world.files.keys());
}

#[test]
fn a_reply_waits_for_the_disk() {
    let mut world = World::started(ON);
    world.send(1, "set a 1");
    assert_eq!(world.replies(1), "");
    world.send(2, "get a");
    assert_eq!(world.replies(2), "", "what was read could be taken back");
    assert!(!world.disk_step(), "whoever comes in the same turn goes along");
    assert!(world.timer_step());
    world.disk_step();
    assert_eq!(world.replies(1) + &world.replies(2), "");
    world.send(1, "set a 2");
    world.disk_step();
    assert_eq!((world.replies(1), world.replies(2)), ("+OK\r\n".into(), "$1\r\n1\r\n".into()));
    world.ask(1, "config set appendfsync everysec");
    world.settle();
    world.send(1, "get a");
    assert_eq!(world.replies(1), "$1\r\n2\r\n");
}

/// On a slow disk those who were told, and mostly ask again, go with those who
/// wait.
#[test]
fn a_commit_waits_for_who_comes_back_at_once() {
    let mut world = World::started(ON);
    let later = |world: &mut World, microseconds: u64| {
        let Now { monotonic, unix } = world.now;
        world.now = Now { monotonic: Monotonic(monotonic.0 + microseconds), unix: Unix(unix.0 + microseconds as i64) };
    };
    let commits = |world: &mut World, microseconds| {
        while world.timer_step() {}
        assert!(world.disk_step(), "it appends");
        later(world, microseconds);
        assert!(world.disk_step(), "and syncs");
    };
    let waits = |world: &mut World| {
        while world.timer_step() {}
        assert!(!world.disk_step());
    };
    for (sync, wait) in [(4000, 1000), (1999, 0), (2000, 500), (60_000, 5000)] {
        world.send(1, "set a 1");
        while world.timer_step() {}
        world.send(2, "set b 1");
        commits(&mut world, sync);
        assert_eq!((world.replies(1), world.replies(2)), ("+OK\r\n".into(), String::new()));
        if wait > 0 {
            later(&mut world, wait - 1);
            waits(&mut world);
            // Both are there.
            world.send(1, "set a 2");
        }
        while world.timer_step() {}
        world.send(3, "set c 1");
        commits(&mut world, sync);
        assert_eq!((world.replies(2), world.replies(3)), ("+OK\r\n".into(), String::new()));
        // Nobody comes back.
        if wait > 0 {
            later(&mut world, wait - 1);
            waits(&mut world);
            later(&mut world, 1);
        }
        commits(&mut world, sync);
        assert_eq!(world.replies(3), "+OK\r\n");
        waits(&mut world);
        world.replies(1);
    }
}

#[test]
fn a_message_waits_for_what_it_tells_of() {
    let mut world = World::started(&format!("{ON}\nnotify-keyspace-events KA"));
    world.ask(2, "psubscribe __key*__:a");
    world.ask(3, "psubscribe __key*__:a");
    world.send(1, "set a 1\npublish other x");
    assert_eq!(world.replies(1) + &world.replies(2) + &world.replies(3), "");
    assert!(world.timer_step());
    world.disk_step();
    world.disk_step();
    let event = "*4\r\n$8\r\npmessage\r\n$10\r\n__key*__:a\r\n$16\r\n__keyspace@0__:a\r\n$3\r\nset\r\n";
    assert_eq!((world.replies(2), world.replies(3)), (event.into(), event.into()));
    assert_eq!(world.replies(1), "+OK\r\n:0\r\n");
    world.send(1, "publish __keyspace@0__:a set");
    assert_eq!((world.replies(2), world.replies(3)), (event.into(), event.into()), "it tells of nothing new");
}

/// Stops after each disk operation in turn: nothing that was acknowledged is
/// lost, and nothing is there that was never written.
#[test]
fn a_loss_of_power_takes_nothing_back() {
    for rdb in ["yes", "no"] {
        let parameters = format!("{ON}\naof-use-rdb-preamble {rdb}");
        let mut stop = 1;
        loop {
            let mut world = World::started(&parameters);
            world.ask(1, "set filler 1\nincr n");
            let (mut steps, mut sent, mut acknowledged) = (0, 1, 1);
            world.send(2, "bgrewriteaof");
            while steps < stop && sent < 60 {
                if sent < 40 || !world.disk.is_empty() {
                    world.send(1, "incr n");
                    sent += 1;
                }
                if world.disk_step() {
                    steps += 1;
                } else if !world.timer_step() {
                    break;
                }
                acknowledged += world.replies(1).matches("\r\n").count();
            }
            let again = over(&parameters, world.durable.clone(), world.now);
            assert_eq!(again.exit, None, "after {stop} operations: {:?}", again.log);
            let found = number(&again);
            assert!((acknowledged as i64..=sent).contains(&found), "{stop}: {acknowledged} <= {found} <= {sent}");
            if steps < stop {
                break;
            }
            stop += 1;
        }
        assert!(stop > 20);
    }
}

#[test]
fn a_tail_that_is_not_whole_is_cut_off() {
    let mut world = World::started(ON);
    world.ask(1, "set a 1\nset b 2");
    let name = "appendonlydir/appendonly.aof.1.incr.aof";
    let whole = world.files[name].len();
    let tails: [&[u8]; 2] = [b"*2\r\n$4\r\nINCR\r\n$1\r\na", b"*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n"];
    for tail in tails {
        let mut files = world.files.clone();
        files.get_mut(name).unwrap().extend_from_slice(tail);
        let again = over(ON, files.clone(), world.now);
        assert_eq!(again.contents(), world.contents());
        assert_eq!(again.files[name].len(), whole);
        let refused = over(&format!("{ON}\naof-load-truncated no"), files, world.now);
        assert_eq!(refused.exit, Some(1));
        assert!(refused.log.iter().any(|line| line.starts_with("Unexpected end of file")), "{:?}", refused.log);
    }
    let mut files = world.files.clone();
    files.get_mut(name).unwrap().extend_from_slice(b"!!!\r\n");
    assert_eq!(over(ON, files, world.now).exit, Some(1));
}

/// The list already names the next increment when the disk fails while it takes its
/// place: what follows goes to the one before, and may break off there.
#[test]
fn a_tail_before_an_empty_increment_is_cut_off() {
    let mut world = World::started(ON);
    world.ask(1, "set a 1\nset b 2");
    let mut files = world.files.clone();
    let [manifest, first, second] =
        ["manifest", "1.incr.aof", "2.incr.aof"].map(|name| format!("appendonlydir/appendonly.aof.{name}"));
    files.get_mut(&manifest).unwrap().extend_from_slice(b"file appendonly.aof.2.incr.aof seq 2 type i\n");
    files.get_mut(&first).unwrap().extend_from_slice(b"*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n");
    files.insert(second.clone(), Vec::new());
    let again = over(ON, files.clone(), world.now);
    assert_eq!(again.contents(), world.contents(), "{:#?}", again.log);
    assert_eq!(again.files[&first].len(), world.files[&first].len());
    files.insert(second, b"*2\r\n$4\r\nINCR\r\n$1\r\na\r\n".to_vec());
    let refused = over(ON, files, world.now);
    assert_eq!(refused.exit, Some(1), "there is more behind it");
    // A base is whole when it is listed: what is missing there was there.
    let base = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n*2\r\n$4\r\nINCR".to_vec();
    let files = BTreeMap::from([
        (manifest, b"file base.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n".to_vec()),
        ("appendonlydir/base.aof".to_string(), base),
        (first, Vec::new()),
    ]);
    assert_eq!(over(ON, files, world.now).exit, Some(1), "a base is never cut off before an increment");
}

#[test]
fn an_old_file_becomes_a_base() {
    let old = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n".to_vec();
    let files = BTreeMap::from([("appendonly.aof".to_string(), old)]);
    let mut world = World::new(ON);
    world.files = files;
    world.handle(Input::Start);
    world.settle();
    assert_eq!(world.contents().len(), 1);
    assert!(world.files.contains_key("appendonlydir/appendonly.aof"));
    let manifest = String::from_utf8(world.files["appendonlydir/appendonly.aof.manifest"].clone()).unwrap();
    assert_eq!(manifest, "file appendonly.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n");
}

#[test]
fn a_disk_that_fails_refuses_writes_until_it_succeeds() {
    let mut world = World::started("appendonly yes\nappendfsync everysec");
    world.broken = |operation| matches!(operation, DiskOperation::Append { .. });
    assert_eq!(world.ask(1, "incr n"), ":1\r\n");
    let refused = world.ask(1, "incr n");
    assert!(refused.starts_with("-MISCONF Errors writing to the AOF file: No space"), "{refused}");
    world.broken = |_| false;
    world.pass_ms(2500);
    assert_eq!(world.ask(1, "incr n"), ":2\r\n");
    assert_eq!(number(&over("appendonly yes", world.files.clone(), world.now)), 2);
    let mut world = World::started(ON);
    world.broken = |operation| matches!(operation, DiskOperation::Sync { .. });
    assert_eq!(world.ask(1, "incr n"), "");
    assert_eq!(world.exit, Some(1));
}

/// Lets any two disk operations of switching on fail: it is on in the end, or off
/// if it is switched off meanwhile.
#[test]
fn it_is_switched_on_whatever_fails_first() {
    for case in 0..12 * 12 * 2 {
        let (first, second, switched_off) = (case / 2 % 12, case / 24, case % 2 == 1);
        let mut world = World::started("appendfsync everysec\nauto-aof-rewrite-percentage 0\nsave 3600 1\nhz 1");
        world.ask(1, "incr n");
        world.send(1, "config set appendonly yes\nincr n");
        let mut fails = [first, first + 1 + second].into_iter().peekable();
        for operation in 0..30 {
            let failed = fails.next_if_eq(&operation).is_some() && world.disk_fails();
            let _ = failed || world.disk_step();
            world.timer_step();
            world.send(2, "incr n");
        }
        if switched_off {
            world.ask(1, "config set appendonly no");
        }
        // Beyond the time for which rewrites that failed rest.
        world.pass_ms(200_000);
        world.taken(1);
        assert_eq!(world.ask(1, "set a 1"), "+OK\r\n", "{first} {second}: {:#?}", world.log);
        assert_eq!(world.ask(1, "bgsave"), "+Background saving started\r\n", "{first} {second}: {:#?}", world.log);
        let state = &world.engine.server().persistence.aof.state;
        assert_eq!(*state, if switched_off { State::Off } else { State::On }, "{first} {second}: {:#?}", world.log);
        if !switched_off {
            world.pass_ms(3000);
            assert_eq!(number(&over(ON, world.durable.clone(), world.now)), number(&world), "{first} {second}");
        }
    }
}

/// A first rewrite that fails takes its increment with it, and so the errors of
/// that: until the next attempt there is nothing to write to.
#[test]
fn an_error_goes_with_the_file_that_it_was_about() {
    let mut world = World::started("appendfsync everysec\nauto-aof-rewrite-percentage 0");
    world.broken = |operation| match operation {
        DiskOperation::Append { bytes, .. } => bytes.starts_with(b"*"),
        operation => matches!(operation, DiskOperation::Rename { .. }),
    };
    world.send(1, "config set appendonly yes");
    while !world.log.iter().any(|line| line.contains("Creating AOF incr file")) {
        assert!(world.disk_step() || world.timer_step(), "{:#?}", world.log);
    }
    world.send(1, "incr n");
    world.pass_ms(2);
    assert!(world.log.iter().any(|line| line.starts_with("Error writing to the AOF file")), "{:#?}", world.log);
    world.pass_ms(5000);
    assert_eq!(world.ask(1, "incr n").lines().last(), Some(":2"), "{:#?}", world.log);
}

/// SHUTDOWN syncs whatever the policy is; if it fails the server goes on.
#[test]
fn a_failed_sync_is_tried_again_where_none_is_due() {
    let mut world = World::started("appendonly yes\nappendfsync no\nsave 60 1");
    world.broken = |operation| matches!(operation, DiskOperation::Sync { .. });
    assert_eq!(world.ask(1, "incr n"), ":1\r\n");
    assert!(world.ask(1, "shutdown").starts_with("-ERR Errors trying to SHUTDOWN"));
    let refused = world.ask(1, "incr n");
    assert!(refused.starts_with("-MISCONF Errors writing to the AOF file"), "{refused}");
    world.broken = |_| false;
    world.pass_ms(2500);
    assert_eq!(world.ask(1, "incr n"), ":2\r\n");
}

#[test]
fn it_is_switched_on_and_off() {
    let mut world = World::started("auto-aof-rewrite-percentage 0");
    world.ask(1, "incr n");
    assert_eq!(world.ask(1, "config set appendonly yes\nincr n"), "+OK\r\n:2\r\n");
    assert_eq!(number(&over(ON, world.files.clone(), world.now)), 2);
    world.ask(1, "config set appendonly no\nincr n\nconfig set appendonly yes\nincr n");
    world.pass_ms(1000);
    assert_eq!(number(&over(ON, world.durable.clone(), world.now)), 4);
    world.send(1, "incr n\nshutdown");
    world.settle();
    assert_eq!(world.exit, Some(0));
    assert_eq!(number(&over(ON, world.durable.clone(), world.now)), 5);
}

/// The rewrite that was under way is not the one that switches on: it began
/// while nothing was written down.
#[test]
fn it_is_switched_on_during_a_rewrite() {
    for steps in 0..40 {
        let mut world = World::started(ON);
        world.ask(1, "config set appendonly no");
        world.send(1, "bgrewriteaof");
        for _ in 0..steps {
            let _ = world.disk_step() || world.timer_step();
        }
        world.send(1, "config set appendonly yes");
        for _ in 0..7 {
            let _ = world.disk_step() || world.timer_step();
        }
        world.send(1, "incr n");
        world.pass_ms(3000);
        world.ask(1, "incr n");
        let log = &world.log;
        assert_eq!(
            number(&over(ON, world.files.clone(), world.now)),
            2,
            "after {steps} operations: {log:#?} {:#?}",
            world.files.keys()
        );
    }
}

/// A rewrite that was given up has left a file, which a slow disk takes its time
/// to remove: the next one waits for that, but it has begun.
#[test]
fn a_rewrite_begins_while_what_one_left_is_removed() {
    let mut world = World::started("appendonly yes\nappendfsync no");
    world.ask(1, "set n 1\nconfig set rdb-key-save-delay 10000000");
    world.send(1, "bgrewriteaof");
    world.disk_step();
    world.replies(1);
    world.send(1, "config set appendonly no\nconfig set rdb-key-save-delay 0\nset n 2\nbgrewriteaof");
    let replies = world.replies(1);
    assert!(replies.ends_with("+Background append only file rewriting started\r\n"), "{replies}");
    assert!(world.engine.server().persistence.aof.is_rewriting());
    world.settle();
    assert!(!world.engine.server().persistence.aof.is_rewriting());
    assert_eq!(number(&over(ON, world.durable.clone(), world.now)), 2);
}
