//! The greeting, and full synchronizations in all their forms.

use super::*;

#[test]
fn the_greeting_tells_who_the_replica_is() {
    let (mut world, mut primary) = replica(
        "port 7000\nreplica-announce-ip 1.2.3.4\nreplica-announce-port 99\nmasteruser who\nmasterauth secret\n",
    );
    assert_eq!(primary.requests(), ["PING"]);
    primary.say(&mut world, "-NOAUTH Authentication required.\r\n");
    assert_eq!(
        primary.requests(),
        [
            "AUTH who secret",
            "REPLCONF listening-port 99",
            "REPLCONF ip-address 1.2.3.4",
            "REPLCONF capa eof capa psync2",
            "REPLCONF version 7.2.4"
        ]
    );
    primary.say(&mut world, "+OK\r\n-ERR a\r\n+OK\r\n");
    primary.say(&mut world, "-ERR b\r\n-ERR");
    assert!(primary.requests().is_empty());
    primary.say(&mut world, " c\r\n");
    assert_eq!(primary.requests(), ["PSYNC ? -1"]);
    let remarks: Vec<_> = world.log.iter().filter(|line| line.starts_with("(Non critical)")).collect();
    assert_eq!(
        remarks,
        [
            "(Non critical) Master does not understand REPLCONF listening-port: -ERR a",
            "(Non critical) Master does not understand REPLCONF capa: -ERR b",
            "(Non critical) Master does not understand REPLCONF VERSION: -ERR c",
        ]
    );
}

#[test]
fn a_greeting_that_fails_is_tried_again() {
    for answers in [
        &["-DENIED go away\r\n"][..],
        &["+PONG\r\n", "-WRONGPASS no\r\n"],
        &["+PONG\r\n", "+OK\r\n+OK\r\n+OK\r\n+OK\r\n", "-NOMASTERLINK x\r\n"],
        &["+PONG\r\n", "+OK\r\n+OK\r\n+OK\r\n+OK\r\n", "-LOADING x\r\n"],
    ] {
        let (mut world, mut primary) = replica("masterauth secret\n");
        for answer in answers {
            primary.say(&mut world, answer);
        }
        assert!(primary.closed, "{answers:?}");
        world.pass_ms(1001);
        let mut again = Primary::accept(&mut world);
        assert_eq!(again.greet(&mut world), "PSYNC ? -1");
    }
}

#[test]
fn a_primary_that_does_not_answer_is_given_up() {
    let (mut world, mut primary) = replica("repl-timeout 5\n");
    primary.greet(&mut world);
    world.pass_ms(4000);
    primary.say(&mut world, "\n");
    world.pass_ms(4000);
    primary.listen(&mut world);
    assert!(!primary.closed);
    world.pass_ms(3000);
    primary.listen(&mut world);
    assert!(primary.closed);
    assert!(world.log.iter().any(|line| line == "Timeout connecting to the MASTER..."));
    Primary::accept(&mut world);
}

/// Every mode, every framing, any split: the same data, position and selected
/// database.
#[test]
fn any_split_of_a_file_gives_the_same_data() {
    let far = 4_000_000_000_000;
    let past = 1_000;
    let entries = [(0, "a", "1", None), (0, "gone", "x", Some(past)), (7, "b", "two", Some(far)), (7, "c", "", None)];
    let file = file(&entries);
    let mut expected = None;
    for mode in ["disabled", "on-empty-db", "swapdb", "flush-before-load"] {
        for framing in [format!("${}\r\n", file.len()), format!("$EOF:{MARK}\r\n")] {
            for size in [1, 3, 17, 1000] {
                let (mut world, mut primary) = replica(&format!("repl-diskless-load {mode}\n"));
                assert_eq!(primary.greet(&mut world), "PSYNC ? -1");
                let mut bytes = format!("\n\n+FULLRESYNC {ID} 1000\r\n\n{framing}").into_bytes();
                bytes.extend_from_slice(&file);
                if framing.starts_with("$EOF") {
                    bytes.extend_from_slice(MARK.as_bytes());
                }
                primary.say_split(&mut world, &bytes, size);
                assert!(world.engine.server().replication.follow.is_connected(), "{mode} {framing}: {:?}", world.log);
                assert_eq!(primary.requests(), ["REPLCONF ACK 1000"]);
                primary.say_split(&mut world, &stream("SET d 4"), size);
                assert_eq!((id(&world).as_str(), offset(&world)), (ID, 1000 + stream("SET d 4").len() as u64));
                let contents = world.contents();
                assert_eq!(contents.len(), 5, "keys that expired are the primary's to delete");
                assert!(contents.contains_key(&(2, b"d".to_vec())), "repl-stream-db");
                assert_eq!(expected.get_or_insert_with(|| contents.clone()), &contents);
            }
        }
    }
}

#[test]
fn a_file_that_breaks_off_or_is_wrong_is_asked_for_again() {
    let file = file(&[(0, "b", "2", None), (0, "c", "3", None)]);
    let mut wrong = file.clone();
    let middle = wrong.len() / 2;
    wrong[middle] ^= 0x55;
    for mode in ["disabled", "on-empty-db", "swapdb", "flush-before-load"] {
        for (bytes, lost) in [(&file[..file.len() - 3], true), (&wrong[..], false)] {
            let (mut world, mut primary) = replica(&format!("repl-diskless-load {mode}\n"));
            world.engine.set_for_test(0, "old", "x", None, world.now);
            primary.greet(&mut world);
            primary.say(&mut world, format!("+FULLRESYNC {ID} 1000\r\n${}\r\n", file.len()));
            primary.say(&mut world, bytes);
            if lost {
                primary.lose(&mut world);
            }
            assert!(primary.closed, "{mode} {lost}: {:?}", world.log);
            // A part never shows; old data stay until it is sure that new ones come.
            let keeps = mode == "swapdb" || mode != "flush-before-load" && lost || mode == "on-empty-db" && lost;
            assert_eq!(world.contents().len(), usize::from(keeps), "{mode} {lost}");
            assert!(!world.engine.server().loading);
            world.pass_ms(1001);
            let mut again = Primary::accept(&mut world);
            assert_eq!(again.greet(&mut world), "PSYNC ? -1");
            again.say(&mut world, format!("+FULLRESYNC {ID} 1000\r\n${}\r\n", file.len()));
            again.say(&mut world, &file);
            assert_eq!(world.contents().len(), 2);
        }
    }
}

#[test]
fn old_data_are_served_while_a_later_state_of_them_comes() {
    for same in [true, false] {
        let (mut world, mut primary) = synchronized("repl-diskless-load swapdb\n", 10);
        primary.lose(&mut world);
        let mut primary = Primary::accept(&mut world);
        assert_eq!(primary.greet(&mut world), format!("PSYNC {ID} 11"));
        let other = "f".repeat(40);
        let file = file(&[(0, "b", "2", None)]);
        primary.say(&mut world, format!("+FULLRESYNC {} 99\r\n$EOF:{MARK}\r\n", if same { ID } else { &other }));
        primary.say(&mut world, &file[..file.len() - 10]);
        let reply = world.ask(5, "get a");
        let info = world.ask(5, "info persistence");
        if same {
            assert_eq!(reply, "$1\r\n1\r\n");
            assert!(info.contains("loading:0\r\nasync_loading:1\r\n"));
            assert!(world.ask(5, "debug reload").starts_with("-LOADING"));
        } else {
            assert!(reply.starts_with("-LOADING"));
            assert!(info.contains("loading:1\r\nasync_loading:0\r\n"));
        }
        primary.say(&mut world, &file[file.len() - 10..]);
        primary.say(&mut world, MARK);
        assert_eq!(world.ask(5, "get a\nget b"), "$-1\r\n$1\r\n2\r\n");
        assert_eq!(offset(&world), 99);
    }
}

#[test]
fn a_full_disk_ends_the_synchronization() {
    let (mut world, mut primary) = replica("");
    world.engine.set_for_test(0, "old", "x", None, world.now);
    primary.greet(&mut world);
    world.broken = |operation| matches!(operation, crate::boundary::effects::DiskOperation::Append { .. });
    primary.say(&mut world, format!("+FULLRESYNC {ID} 1000\r\n$100\r\n123"));
    assert!(primary.closed);
    assert!(world.files.is_empty());
    assert_eq!(world.contents().len(), 1);
}

#[test]
fn without_psync_there_is_sync() {
    let (mut world, mut primary) = replica("");
    primary.greet(&mut world);
    primary.say(&mut world, "-ERR unknown command\r\n");
    assert_eq!(primary.requests(), ["SYNC"]);
    let file = file(&[(0, "a", "1", None)]);
    primary.say(&mut world, format!("${}\r\n", file.len()));
    primary.say(&mut world, &file);
    primary.say(&mut world, stream("SELECT 0\nSET b 2"));
    assert_eq!(world.contents().len(), 2);
    world.pass_ms(3000);
    primary.listen(&mut world);
    assert!(primary.requests().is_empty(), "there is no offset to tell");
    primary.lose(&mut world);
    assert_eq!(Primary::accept(&mut world).greet(&mut world), "PSYNC ? -1");
}

#[test]
fn libraries_that_would_be_lost_fail_the_synchronization() {
    let mut writer = Writer::new(WriteVersion::V11, WriteOptions::default());
    writer.header();
    writer.function(b"#!lua name=x\n");
    writer.finish();
    let file = writer.take();
    let (mut world, mut primary) = replica("");
    primary.greet(&mut world);
    primary.say(&mut world, format!("+FULLRESYNC {ID} 1000\r\n${}\r\n", file.len()));
    primary.say(&mut world, &file);
    assert!(primary.closed);
    assert!(world.log.iter().any(|line| line == "Failed loading library, functions are not supported"));
}
