//! A primary that comes back with its append only file: replicas go on from the place in the history at which its data
//! are, if they have no more than it has.

use super::*;
use crate::boundary::effects::DiskOperation;
use crate::persistence::tests::Contents;
use crate::persistence::tests::aof::over;
use alloc::collections::BTreeMap;

const AOF: &str = "appendonly yes\nappendfsync always\nauto-aof-rewrite-percentage 0\nrepl-diskless-sync-delay 0\n\
                   repl-ping-replica-period 3600\n";

/// The history and the offset that a primary continues; none if it begins anew.
fn continued(world: &World) -> Option<(String, u64)> {
    let replication = &world.engine.server().replication;
    let id = String::from_utf8_lossy(&replication.second_id).into_owned();
    (replication.second_offset >= 0).then(|| (id, replication.second_offset as u64 - 1))
}

/// A primary with a replica that has all.
fn primary(parameters: &str) -> (World, Replica) {
    let mut world = World::started(&format!("{AOF}{parameters}"));
    let mut replica = Replica::synchronized(&mut world, 5, 7000);
    world.ask(1, "set a 1\nselect 3\nincr n\nmulti\nincr n\nappend b x\nexec");
    replica.acknowledge_all(&mut world);
    (world, replica)
}

#[test]
fn after_a_clean_end_replicas_go_on() {
    for parameters in ["", "appendfsync everysec\n", "appendfsync no\n", "aof-use-rdb-preamble no\n"] {
        let (mut world, replica) = primary(parameters);
        world.send(1, "publish x y\nincr n\nshutdown now");
        world.settle();
        assert_eq!(world.exit, Some(0));
        let mut again = over(AOF, world.durable.clone(), world.now);
        assert_eq!(again.contents(), world.contents());
        assert_eq!(continued(&again), Some((replica.id.clone(), offset(&world))), "{parameters}");
        assert_ne!(id(&again), replica.id);
        let all = psync(&mut again, 8, &replica.id, offset(&world) as i64 + 1);
        assert_eq!(String::from_utf8_lossy(&all), format!("+CONTINUE {}\r\n", id(&again)));
        again.ask(1, "INCR n");
        assert_eq!(words(&again.taken(8)), "SELECT 0\nINCR n");
        // What it lacks is not there any more; what it has beyond is of no history.
        for wanted in [offset(&world) as i64, offset(&world) as i64 + 2] {
            let client = 9 + wanted as u64;
            assert!(psync(&mut again, client, &replica.id, wanted).starts_with(b"+FULLRESYNC"), "{wanted}");
        }
    }
}

#[test]
fn no_ping_comes_behind_what_is_written_last() {
    let (mut world, _) = primary("repl-ping-replica-period 1\n");
    world.send(1, "incr n\nshutdown now");
    let before = offset(&world);
    world.pass_ms(3000);
    assert_eq!((world.exit, offset(&world)), (Some(0), before));
    assert_eq!(continued(&over(AOF, world.durable.clone(), world.now)).map(|(_, offset)| offset), Some(before));
}

/// The data at each offset.
fn run(parameters: &str, lines: &[&str]) -> (World, String, BTreeMap<u64, Contents>) {
    let (mut world, replica) = primary(parameters);
    let mut states = BTreeMap::from([(offset(&world), world.contents())]);
    for line in lines {
        world.ask(1, line);
        world.pass_ms(2);
        states.insert(offset(&world), world.contents());
    }
    (world, replica.id, states)
}

const LINES: &[&str] = &[
    "incr n",
    "multi\nincr n\nincr m\nexec",
    "wait 1 1",
    "append b yyyyyyyyyyyyyyyyyyy",
    "publish x y",
    "select 0\nset c 1 px 100000000",
    "multi\nset d 1\nset e 1\nexec",
    "get a",
    "del a",
];

/// Wherever the file is cut off: what is claimed is true.
#[test]
fn a_place_is_that_of_the_data_wherever_the_file_ends() {
    for parameters in ["", "aof-timestamp-enabled yes\n", "appendfsync everysec\n"] {
        let (world, id, states) = run(parameters, LINES);
        let path = "appendonlydir/appendonly.aof.1.incr.aof";
        let whole = world.files[path].clone();
        let mut claims = 0;
        for length in 0..=whole.len() {
            let mut files = world.files.clone();
            files.insert(path.into(), whole[..length].to_vec());
            let again = over(AOF, files.clone(), world.now);
            assert_eq!(again.exit, None, "{length}: {:?}", again.log);
            if let Some((of, offset)) = continued(&again) {
                assert_eq!(of, id);
                let expected = states.get(&offset).or_else(|| states.range(..offset).next_back().map(|(_, it)| it));
                assert_eq!(Some(&again.contents()), expected, "at {length} of {}", whole.len());
                claims += 1;
            }
            // What is appended behind the cut can be loaded.
            let mut again = again;
            again.ask(1, "set later 1");
            let third = over(AOF, again.files.clone(), again.now);
            assert_eq!(third.contents(), again.contents(), "at {length}: {:?}", third.log);
        }
        assert!(claims > 100, "{claims}");
    }
}

/// Power may be lost after any disk operation of a rewrite.
#[test]
fn a_place_is_that_of_the_data_amid_a_rewrite() {
    for rdb in ["yes", "no"] {
        let (mut claims, mut stop) = (0, 0);
        loop {
            let (mut world, replica) = primary(&format!("aof-use-rdb-preamble {rdb}\n"));
            let mut states = BTreeMap::from([(offset(&world), world.contents())]);
            world.send(2, "bgrewriteaof");
            let mut steps = 0;
            while steps < stop {
                world.send(1, if steps % 3 == 0 { "incr n" } else { "get n" });
                states.insert(offset(&world), world.contents());
                if !world.disk_step() && !world.timer_step() {
                    break;
                }
                steps += 1;
            }
            let again = over(AOF, world.durable.clone(), world.now);
            if let Some((of, offset)) = continued(&again) {
                assert_eq!(of, replica.id);
                assert_eq!(Some(&again.contents()), states.get(&offset), "after {stop} steps: {:?}", states.keys());
                claims += 1;
            }
            if steps < stop || stop > 60 {
                break;
            }
            stop += 1;
        }
        assert!(claims > 20, "{claims} of {stop}");
    }
}

#[test]
fn the_offset_is_written_down_when_the_file_rests() {
    let (mut world, replica) = primary("");
    world.ask(1, "publish x y");
    let length = |world: &World| world.files["appendonlydir/appendonly.aof.1.incr.aof"].len();
    let before = length(&world);
    world.pass_ms(2100);
    let after = length(&world);
    assert_eq!(after - before, format!("#REPL:{}:3\r\n", offset(&world)).len(), "without the id, which is known");
    world.pass_ms(5000);
    assert_eq!(length(&world), after, "nothing is new");
    let again = over(AOF, world.durable.clone(), world.now);
    assert_eq!(continued(&again), Some((replica.id, offset(&world))));
}

#[test]
fn what_another_server_appends_ends_the_claim() {
    let (world, replica) = primary("");
    let path = "appendonlydir/appendonly.aof.1.incr.aof";
    let select: &[u8] = b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n";
    let foreign = format!("*1\r\n$5\r\nMULTI\r\n#REPL:5:0:{}\r\n*1\r\n$4\r\nEXEC\r\n", replica.id);
    for (tail, claims) in [(&b""[..], true), (b"#TS:1\r\n", true), (select, false), (foreign.as_bytes(), false)] {
        let mut files = world.files.clone();
        files.get_mut(path).expect("a file").extend_from_slice(tail);
        let again = over(AOF, files, world.now);
        assert_eq!(continued(&again).is_some(), claims, "{}", tail.escape_ascii());
    }
}

#[test]
fn without_a_stream_nothing_is_claimed() {
    let mut world = World::started(AOF);
    world.ask(1, "set a 1\nshutdown");
    assert!(!world.files.values().any(|bytes| bytes.windows(5).any(|window| window == b"#REPL")));
    assert_eq!(continued(&over(AOF, world.files.clone(), world.now)), None);
    let (mut world, _) = primary("repl-backlog-ttl 1\n");
    world.handle(crate::boundary::input::Input::Closed { client: crate::boundary::id::ClientId(5) });
    world.pass_ms(5000);
    world.ask(1, "set a 2\nshutdown");
    assert_eq!(continued(&over(AOF, world.files.clone(), world.now)), None);
}

/// A disk that fails to append has the annotations again with what it is given again.
#[test]
fn an_append_that_is_tried_again_claims_the_same() {
    let (mut world, replica) = primary("appendfsync everysec\n");
    world.broken = |operation| matches!(operation, DiskOperation::Append { .. });
    world.ask(1, "incr n");
    world.pass_ms(1500);
    world.broken = |_| false;
    world.pass_ms(3000);
    let again = over(AOF, world.files.clone(), world.now);
    assert_eq!(continued(&again), Some((replica.id, offset(&world))));
    assert_eq!(again.contents(), world.contents());
}
