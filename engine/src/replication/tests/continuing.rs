//! Partial synchronization: from where a replica can go on.

use super::*;

fn refused(world: &mut World, client: u64, id: &str, offset: i64, line: &str) {
    let refused = |world: &mut World| field(world, "stats", "sync_partial_err").parse::<u64>().unwrap();
    let (before, full) = (refused(world), field(world, "stats", "sync_full").parse::<u64>().unwrap());
    let bytes = psync(world, client, id, offset);
    assert!(bytes.starts_with(b"+FULLRESYNC "), "{offset}");
    assert!(world.log.iter().any(|logged| logged == line), "{line}\n{:#?}", world.log);
    assert_eq!(refused(world), before + 1);
    assert_eq!(field(world, "stats", "sync_full"), (full + 1).to_string());
}

#[test]
fn every_offset_that_the_backlog_holds_can_be_gone_on_from() {
    let mut world = World::started(QUIET);
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    let start = replica.offset;
    world.ask(1, "set a 1\nmulti\nset b 1\nselect 5\nset c 1\nexec");
    let stream = replica.stream(&mut world);
    replica.lose(&mut world);
    let own = id(&world);
    for have in 0..=stream.len() {
        let wanted = start as i64 + have as i64 + 1;
        let client = 100 + have as u64;
        let bytes = psync(&mut world, client, &own.to_ascii_uppercase(), wanted);
        let answer = format!("+CONTINUE {own}\r\n");
        assert_eq!(bytes, [answer.as_bytes(), &stream[have..]].concat());
        let line = format!(
            "Partial resynchronization request from 10.0.0.1:7000 accepted. Sending {} bytes of backlog starting from \
             offset {wanted}.",
            stream.len() - have
        );
        assert!(world.log.contains(&line), "{line}");
    }
    assert_eq!(field(&mut world, "stats", "sync_partial_ok"), (stream.len() + 1).to_string());
    assert_eq!(field(&mut world, "stats", "sync_full"), "1");
    // Who does not know of second ids is told no id.
    world.connect(8, "10.0.0.1:40001", true);
    assert_eq!(world.ask(8, &format!("PSYNC {own} {}", offset(&world) + 1)), "+CONTINUE\r\n");
}

#[test]
fn offsets_beyond_the_backlog_are_refused() {
    let mut world = World::started(QUIET);
    let replica = Replica::synchronized(&mut world, 7, 7000);
    world.ask(1, "set a 1");
    replica.lose(&mut world);
    let own = id(&world);
    let first: i64 = field(&mut world, "replication", "repl_backlog_first_byte_offset").parse().unwrap();
    let lacking = |wanted: i64| {
        format!(
            "Unable to partial resync with replica 10.0.0.1:7000 for lack of backlog (Replica request was: {wanted})."
        )
    };
    let end = offset(&world) as i64 + 1;
    for (index, wanted) in [first - 1, 0, -1, i64::MIN].into_iter().enumerate() {
        refused(&mut world, 100 + index as u64, &own, wanted, &lacking(wanted));
    }
    let ahead = "Warning: replica 10.0.0.1:7000 tried to PSYNC with an offset that is greater than the master \
                 replication offset.";
    assert!(!world.log.iter().any(|line| line == ahead));
    for (index, wanted) in [end + 1, i64::MAX].into_iter().enumerate() {
        refused(&mut world, 200 + index as u64, &own, wanted, &lacking(wanted));
        assert!(world.log.iter().any(|line| line == ahead));
    }
}

#[test]
fn another_history_is_not_gone_on_with() {
    let mut world = World::started(QUIET);
    Replica::synchronized(&mut world, 7, 7000);
    let (own, none, other) = (id(&world), "0".repeat(40), "1".repeat(40));
    let line = format!(
        "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '{other}', my replication \
         IDs are '{own}' and '{none}')"
    );
    refused(&mut world, 8, &other, 1, &line);
    // The name of no history is none that could be gone on with.
    let bytes = psync(&mut world, 9, &none, -1);
    assert!(bytes.starts_with(b"+FULLRESYNC "));
}

#[test]
fn the_second_history_is_gone_on_with_up_to_its_end() {
    let mut world = World::started(QUIET);
    let mut replica = Replica::synchronized(&mut world, 7, 7000);
    let start = replica.offset;
    world.ask(1, "set a 1");
    let stream = replica.stream(&mut world);
    let old = id(&world);
    world.ask(1, "replicaof elsewhere 1\nreplicaof no one");
    assert!(world.is_closed(7), "it has to learn the new id");
    assert_eq!(field(&mut world, "replication", "master_replid2"), old);
    let second = field(&mut world, "replication", "second_repl_offset").parse::<i64>().unwrap();
    assert_eq!(second, offset(&world) as i64 + 1);
    world.ask(1, "set b 1");
    let own = id(&world);
    assert_ne!(own, old);
    let mut all = None;
    for have in 0..=stream.len() {
        let bytes = psync(&mut world, 100 + have as u64, &old, start as i64 + have as i64 + 1);
        let rest = bytes.strip_prefix(format!("+CONTINUE {own}\r\n").as_bytes()).expect("it goes on").to_vec();
        let all = all.get_or_insert_with(|| rest.clone());
        assert_eq!(all[have..], rest);
        assert_eq!(rest[stream.len() - have..], all[stream.len()..]);
    }
    assert_eq!(words(&all.unwrap()), "SELECT 0\nset a 1\nSELECT 0\nset b 1");
    let line = format!(
        "Partial resynchronization not accepted: Requested offset for second ID was {}, but I can reply up to {second}",
        second + 1
    );
    refused(&mut world, 9, &old, second + 1, &line);
}

#[test]
fn a_stream_that_nobody_needs_is_given_up() {
    let mut world = World::started(&format!("{QUIET}repl-backlog-ttl 5\n"));
    let replica = Replica::synchronized(&mut world, 7, 7000);
    let old = id(&world);
    replica.lose(&mut world);
    world.pass_ms(5000);
    assert_eq!(field(&mut world, "replication", "repl_backlog_active"), "1");
    world.pass_ms(2000);
    assert_eq!(field(&mut world, "replication", "repl_backlog_active"), "0");
    let line = "Replication backlog freed after 5 seconds without connected replicas.";
    assert!(world.log.iter().any(|logged| logged == line));
    assert_ne!(id(&world), old, "what is written from here on is not told of");
    assert!(psync(&mut world, 8, &old, 1).starts_with(b"+FULLRESYNC "));
}
