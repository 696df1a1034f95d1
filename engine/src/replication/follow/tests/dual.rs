//! Full synchronization over two connections, the replica's side.

use super::*;
use crate::boundary::effects::DiskOperation;

const DUAL: &str = "dual-channel-replication-enabled yes\n";
const MODES: [&str; 4] = ["disabled", "on-empty-db", "swapdb", "flush-before-load"];

/// Both ends of the primary: the stream's, and the snapshot's when it was told of it.
fn parted(parameters: &str) -> (World, Primary, Primary) {
    let (mut world, mut main) = replica(&format!("{DUAL}{parameters}"));
    assert_eq!(main.requests(), ["PING"]);
    main.say(&mut world, "+PONG\r\n");
    let said = main.requests();
    assert!(said.contains(&"REPLCONF capa eof capa psync2 capa dual-channel".to_string()), "{said:?}");
    main.say(&mut world, "+OK\r\n".repeat(said.len()));
    assert_eq!(main.requests(), ["PSYNC ? -1"]);
    main.say(&mut world, "+DUALCHANNELSYNC\r\n");
    let snapshot = open_second(&mut world);
    main.listen(&mut world);
    (world, main, snapshot)
}

/// The second connection, up to the question for the snapshot.
fn open_second(world: &mut World) -> Primary {
    let mut snapshot = second(world);
    let said = snapshot.requests();
    assert_eq!(said, ["REPLCONF capa eof rdb-only 1 rdb-channel 1 listening-port 6379 version 7.2.4"]);
    snapshot.say(world, "+OK\r\n");
    assert_eq!(snapshot.requests(), ["SYNC"]);
    snapshot
}

/// As [`Primary::accept`], while others have things to say.
fn second(world: &mut World) -> Primary {
    world.settle();
    let at = world.links.iter().position(|order| matches!(order, LinkOrder::Connect(..))).expect("a connection");
    let LinkOrder::Connect(link, ..) = world.links.remove(at) else { unreachable!() };
    let mut primary = Primary { link, credit: 0, heard: Vec::new(), closed: false };
    let connection = Connection {
        peer: "10.0.0.1:6379".into(),
        local: "10.0.0.2:50001".into(),
        unix_socket: false,
        loopback: false,
        descriptor: 10,
    };
    primary.event(world, LinkEvent::Connected { connection });
    primary
}

fn endoff(offset: u64) -> String {
    format!("$ENDOFF:{offset} {ID} 0 77\r\n")
}

/// The snapshot with its frame.
fn framed(file: &[u8]) -> Vec<u8> {
    [format!("$EOF:{MARK}\r\n").as_bytes(), file, MARK.as_bytes()].concat()
}

/// The main connection is told of its snapshot and asks for what follows.
fn ask(world: &mut World, main: &mut Primary, offset: u64) {
    main.listen(world);
    assert_eq!(main.requests(), ["REPLCONF set-rdb-client-id 77"]);
    main.say(world, "+OK\r\n");
    assert_eq!(main.requests(), [format!("PSYNC {ID} {}", offset + 1)]);
}

#[test]
fn the_stream_is_kept_while_the_snapshot_comes() {
    for mode in MODES {
        for size in [1, 7, 1000] {
            let (mut world, mut main, mut snapshot) = parted(&format!("repl-diskless-load {mode}\n"));
            snapshot.say(&mut world, "\n\n");
            snapshot.say_split(&mut world, endoff(100).as_bytes(), size);
            ask(&mut world, &mut main, 100);
            main.say(&mut world, format!("\n+CONTINUE {ID}\r\n"));
            let first = stream("SELECT 3\nINCR n\nMULTI\nINCR n\nSET b 2");
            main.say_split(&mut world, &first, size);
            let kept = world.engine.server().replication.follow.kept_figures().0;
            assert!(kept >= first.len() as u64);
            snapshot.say_split(&mut world, &framed(&file(&[(0, "a", "1", None)])), size);
            main.listen(&mut world);
            assert!(world.engine.server().replication.follow.is_connected(), "{mode}: {:?}", world.log);
            assert!(world.log.iter().any(|line| line == "Successfully streamed replication data into memory"));
            // The transaction is open.
            let run = stream("SELECT 3\nINCR n").len() as u64;
            assert_eq!((id(&world).as_str(), offset(&world)), (ID, 100 + run));
            assert!(main.requests().contains(&format!("REPLCONF ACK {}", 100 + run)));
            main.say_split(&mut world, &stream("EXEC\nINCR n"), size);
            assert_eq!(offset(&world), 100 + first.len() as u64 + stream("EXEC\nINCR n").len() as u64);
            let contents = world.contents();
            assert_eq!(contents[&(3, b"n".to_vec())].0, b"3", "{mode}");
            assert_eq!(contents.len(), 3);
            snapshot.closed = false;
            assert_eq!(world.engine.server().replication.follow.kept_figures().0, 0);
        }
    }
}

#[test]
fn the_snapshot_may_be_loaded_before_the_stream_is_granted() {
    for mode in MODES {
        // How far the main connection came until then.
        for progress in 0..3 {
            let (mut world, mut main, mut snapshot) = parted(&format!("repl-diskless-load {mode}\n"));
            snapshot.say(&mut world, endoff(100));
            main.listen(&mut world);
            assert_eq!(main.requests(), ["REPLCONF set-rdb-client-id 77"]);
            if progress == 1 {
                main.say(&mut world, "+OK\r\n");
            }
            if progress == 2 {
                main.say(&mut world, "+OK\r\n+CON");
            }
            snapshot.say(&mut world, framed(&file(&[(0, "a", "1", None)])));
            assert_eq!((id(&world).as_str(), offset(&world)), (ID, 100), "{mode} {progress}");
            main.listen(&mut world);
            if progress == 0 {
                main.say(&mut world, "+OK\r\n");
            }
            assert_eq!(main.requests(), [format!("PSYNC {ID} 101")], "{mode} {progress}");
            let rest = if progress == 2 { "TINUE" } else { "+CONTINUE" };
            let other = "e".repeat(40);
            main.say(&mut world, [format!("{rest} {other}\r\n").as_bytes(), &stream("SELECT 0\nINCR n")].concat());
            assert!(world.engine.server().replication.follow.is_connected(), "{mode} {progress}: {:?}", world.log);
            assert_eq!(id(&world), other);
            assert_eq!(world.contents().len(), 2);
        }
    }
}

#[test]
fn a_history_that_was_renamed_meanwhile_has_its_new_name() {
    let (mut world, mut main, mut snapshot) = parted("repl-diskless-load swapdb\n");
    snapshot.say(&mut world, endoff(100));
    ask(&mut world, &mut main, 100);
    let other = "e".repeat(40);
    main.say(&mut world, format!("+CONTINUE {other}\r\n"));
    snapshot.say(&mut world, framed(&file(&[(0, "a", "1", None)])));
    main.listen(&mut world);
    let replication = &world.engine.server().replication;
    assert_eq!(String::from_utf8_lossy(&replication.id), other);
    assert_eq!((String::from_utf8_lossy(&replication.second_id).as_ref(), replication.second_offset), (ID, 101));
}

#[test]
fn no_more_is_kept_than_the_limit_of_a_replica() {
    let limit = "client-output-buffer-limit replica 64kb 0 0\nrepl-diskless-load swapdb\n";
    let (mut world, mut main, mut snapshot) = parted(limit);
    snapshot.say(&mut world, endoff(100));
    ask(&mut world, &mut main, 100);
    main.say(&mut world, format!("+CONTINUE {ID}\r\n"));
    let mut sent = stream("SELECT 0");
    main.say(&mut world, &sent);
    while main.credit == 1 {
        let piece = stream(&format!("APPEND a {}", "x".repeat(5000)));
        main.say(&mut world, &piece);
        sent.extend_from_slice(&piece);
        assert!(sent.len() < 200_000);
    }
    assert!(world.log.iter().any(|line| line == "Replication buffer limit reached (65536 bytes), stopping buffering."));
    snapshot.say(&mut world, framed(&file(&[(0, "b", "1", None)])));
    main.listen(&mut world);
    assert_eq!(main.credit, 1, "it reads again");
    main.say(&mut world, stream("APPEND a y"));
    assert_eq!(offset(&world), 100 + (sent.len() + stream("APPEND a y").len()) as u64);
    let value = &world.contents()[&(0, b"a".to_vec())].0;
    assert!(value.ends_with(b"xy") && value.len() % 5000 == 1);
    let info = world.ask(5, "info replication");
    assert!(!info.contains("replicas_repl_buffer"), "only under Valkey's name");
}

/// Whatever is lost when: all begins anew, and old data stay where they may.
#[test]
fn what_breaks_off_is_asked_for_again() {
    for mode in MODES {
        for (lost_main, when) in [(true, 0), (false, 0), (true, 1), (false, 1), (true, 2), (false, 2), (true, 3)] {
            let (mut world, mut main, mut snapshot) = parted(&format!("repl-diskless-load {mode}\n"));
            let file = file(&[(0, "a", "1", None), (0, "b", "1", None)]);
            if when > 0 {
                snapshot.say(&mut world, endoff(100));
                ask(&mut world, &mut main, 100);
            }
            if when > 1 {
                main.say(&mut world, format!("+CONTINUE {ID}\r\n"));
                snapshot.say(&mut world, &framed(&file)[..file.len()]);
                main.listen(&mut world);
            }
            match (lost_main, when) {
                (true, 3) => main.say(&mut world, "*x\r\n"),
                (true, _) => main.lose(&mut world),
                (false, _) => snapshot.lose(&mut world),
            }
            if (lost_main, when) == (true, 3) {
                // What came is a part of the stream, if a senseless one.
                snapshot.say(&mut world, &framed(&file)[file.len()..]);
            }
            main.listen(&mut world);
            snapshot.listen(&mut world);
            world.pass_ms(1001);
            let mut again = second(&mut world);
            let asked = again.greet(&mut world);
            assert_eq!(asked, "PSYNC ? -1", "{mode} {lost_main} {when}: {:?}", world.log);
            assert_eq!(world.engine.server().replication.follow.kept_figures().0, 0);
            assert!(world.files.is_empty() || when == 3, "{mode} {when}: {:?}", world.files.keys());
        }
    }
}

#[test]
fn a_primary_that_does_not_know_its_snapshot_any_more_is_asked_anew() {
    let (mut world, mut main, mut snapshot) = parted("repl-diskless-load swapdb\n");
    snapshot.say(&mut world, endoff(100));
    main.listen(&mut world);
    assert_eq!(main.requests(), ["REPLCONF set-rdb-client-id 77"]);
    main.say(&mut world, "-ERR Unrecognized RDB client id 77\r\n");
    snapshot.listen(&mut world);
    assert!(main.closed && snapshot.closed);
    assert!(world.log.iter().any(|line| line == "Aborting dual channel sync"));
    assert_eq!(second(&mut world).greet(&mut world), "PSYNC ? -1");
}

#[test]
fn a_place_that_makes_no_sense_ends_it() {
    for line in ["$EOF:1234\r\n", "-ERR no\r\n", "$ENDOFF:1 short 0 1\r\n", "+FULLRESYNC x 1\r\n"] {
        let (mut world, mut main, mut snapshot) = parted("");
        snapshot.say(&mut world, line);
        main.listen(&mut world);
        assert!(main.closed && snapshot.closed, "{line}");
        world.pass_ms(1001);
        assert_eq!(second(&mut world).greet(&mut world), "PSYNC ? -1");
    }
}

#[test]
fn a_primary_that_is_silent_is_given_up() {
    let (mut world, mut main, mut snapshot) = parted("repl-timeout 5\nrepl-diskless-load swapdb\n");
    snapshot.say(&mut world, endoff(100));
    main.listen(&mut world);
    for _ in 0..8 {
        world.pass_ms(1000);
        snapshot.say(&mut world, "\n");
    }
    main.listen(&mut world);
    assert!(main.closed, "{:?}", world.log);
}

#[test]
fn becoming_a_primary_ends_it() {
    let (mut world, mut main, mut snapshot) = parted("");
    snapshot.say(&mut world, endoff(100));
    ask(&mut world, &mut main, 100);
    main.say(&mut world, format!("+CONTINUE {ID}\r\n"));
    world.ask(5, "replicaof no one");
    main.listen(&mut world);
    snapshot.listen(&mut world);
    assert!(main.closed && snapshot.closed);
    assert_eq!(world.ask(5, "set a 1"), "+OK\r\n");
}

#[test]
fn a_disk_that_fails_ends_it() {
    let (mut world, mut main, mut snapshot) = parted("");
    snapshot.say(&mut world, endoff(100));
    ask(&mut world, &mut main, 100);
    world.broken = |operation| matches!(operation, DiskOperation::Append { .. });
    snapshot.say(&mut world, framed(&file(&[(0, "a", "1", None)])));
    main.listen(&mut world);
    assert!(main.closed && snapshot.closed);
    assert!(world.files.is_empty());
}

/// The primary closes the snapshot's connection behind the last byte, and the loader is slower than that.
#[test]
fn the_end_of_the_connection_is_not_that_of_the_load() {
    for complete in [true, false] {
        let (mut world, mut main, mut snapshot) = parted("repl-diskless-load swapdb\n");
        snapshot.say(&mut world, endoff(100));
        ask(&mut world, &mut main, 100);
        main.say(&mut world, format!("+CONTINUE {ID}\r\n"));
        let names: Vec<String> = (0..2000).map(|number| format!("key:{number}")).collect();
        let entries: Vec<_> = names.iter().map(|name| (0, name.as_str(), "1", None)).collect();
        let bytes = framed(&file(&entries));
        let bytes = if complete { &bytes[..] } else { &bytes[..bytes.len() - 1] };
        world.handle(Input::Link { link: snapshot.link, event: LinkEvent::Received(bytes) });
        world.handle(Input::Link { link: snapshot.link, event: LinkEvent::Closed(None) });
        world.settle();
        assert_eq!(world.engine.server().replication.follow.is_connected(), complete, "{:?}", world.log);
        assert_eq!(world.contents().len(), if complete { 2000 } else { 0 });
        main.listen(&mut world);
        assert_eq!(main.closed, !complete);
    }
}
