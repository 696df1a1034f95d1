//! Applying the stream: any split of it, a link lost anywhere in it.

use super::*;

const LINES: &str = "SELECT 3\nSET x 1\nPING\nMULTI\nINCR x\nSELECT 4\nSET y 2\nEXEC\nSET z 3\nMULTI\nSELECT 0\nSET a 2\nAPPEND \
                     a 3\nEXEC\nDEL x\nSELECT 9\nSET last 1 PXAT 4000000000000";

#[test]
fn any_split_gives_the_same_state() {
    let bytes = stream(LINES);
    let mut expected = None;
    for size in [1, 2, 5, 31, 100_000] {
        let (mut world, mut primary) = synchronized("", 500);
        primary.say_split(&mut world, &bytes, size);
        assert_eq!(offset(&world), 500 + bytes.len() as u64);
        assert_eq!(expected.get_or_insert_with(|| world.contents()), &world.contents());
        world.pass_ms(1000);
        primary.listen(&mut world);
        assert_eq!(primary.requests().last(), Some(&format!("REPLCONF ACK {}", 500 + bytes.len())));
    }
}

/// A transaction counts as a whole: what came of it is asked for again.
#[test]
fn a_stream_that_is_lost_anywhere_goes_on() {
    let bytes = stream(LINES);
    let (mut world, mut primary) = synchronized("", 500);
    primary.say(&mut world, &bytes);
    let expected = world.contents();
    for cut in 0..bytes.len() {
        let (mut world, mut primary) = synchronized("", 500);
        if cut > 0 {
            primary.say(&mut world, &bytes[..cut]);
        }
        let applied = (offset(&world) - 500) as usize;
        assert!(applied <= cut);
        primary.lose(&mut world);
        let mut again = Primary::accept(&mut world);
        assert_eq!(again.greet(&mut world), format!("PSYNC {ID} {}", 501 + applied));
        again.say(&mut world, "+CONTINUE\r\n");
        again.say(&mut world, &bytes[applied..]);
        assert_eq!(world.contents(), expected, "cut at {cut}");
        assert_eq!(offset(&world), 500 + bytes.len() as u64);
    }
}

#[test]
fn the_history_may_get_another_name() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.lose(&mut world);
    let mut again = Primary::accept(&mut world);
    again.greet(&mut world);
    let new = "e".repeat(40);
    again.say(&mut world, format!("+CONTINUE {new}\r\n"));
    again.say(&mut world, stream("SET b 1"));
    let replication = &world.engine.server().replication;
    assert_eq!((replication.second_id.as_slice(), replication.second_offset), (ID.as_bytes(), 501));
    assert_eq!(id(&world), new);
    assert_eq!(offset(&world), 500 + stream("SET b 1").len() as u64);
}

#[test]
fn getack_is_answered_with_what_came_before_it() {
    let (mut world, mut primary) = synchronized("", 500);
    let before = stream("SELECT 0\nSET a b");
    primary.say(&mut world, [&before[..], &stream("REPLCONF GETACK *")].concat());
    assert_eq!(primary.requests(), [format!("REPLCONF ACK {}", 500 + before.len())]);
    assert_eq!(offset(&world), 500 + (before.len() + stream("REPLCONF GETACK *").len()) as u64);
}

#[test]
fn errors_are_told_and_counted() {
    let (mut world, mut primary) = synchronized("", 500);
    let bytes = stream("NOSUCH a\nSET a\nMULTI\nINCR b\nSET b x\nINCR b\nEXEC\nSET c 1");
    primary.say(&mut world, &bytes);
    assert_eq!(offset(&world), 500 + bytes.len() as u64);
    let told: Vec<_> = world.log.iter().filter(|line| line.starts_with("== CRITICAL ==")).collect();
    assert_eq!(
        told,
        [
            "== CRITICAL == This replica is sending an error to its master: 'ERR unknown command 'NOSUCH'' after \
             processing the command 'nosuch'",
            "== CRITICAL == This replica is sending an error to its master: 'ERR wrong number of arguments for 'SET' \
             command' after processing the command 'set'",
            "== CRITICAL == This replica is sending an error to its master: 'ERR value is not an integer or out of \
             range' after processing the command 'exec'",
        ]
    );
}

#[test]
fn what_is_no_stream_needs_a_full_synchronization() {
    let (mut world, mut primary) = synchronized("", 500);
    primary.say(&mut world, "*1\r\n$x\r\n");
    assert!(primary.closed);
    assert_eq!(Primary::accept(&mut world).greet(&mut world), "PSYNC ? -1");
}

#[test]
fn a_silent_primary_is_given_up() {
    let (mut world, mut primary) = synchronized("repl-timeout 5\n", 500);
    for _ in 0..3 {
        world.pass_ms(4000);
        primary.listen(&mut world);
        primary.say(&mut world, stream("PING"));
    }
    world.pass_ms(7000);
    primary.listen(&mut world);
    assert!(primary.closed);
    assert!(world.log.iter().any(|line| line == "MASTER timeout: no data nor ping received..."));
    let mut again = Primary::accept(&mut world);
    assert_eq!(again.greet(&mut world), format!("PSYNC {ID} {}", 501 + 3 * stream("PING").len()));
}

#[test]
fn a_pause_holds_the_stream() {
    let (mut world, mut primary) = synchronized("", 500);
    world.ask(1, "client pause 1000 write");
    primary.say(&mut world, stream("SELECT 0\nSET b 1"));
    assert_eq!(world.contents().len(), 1);
    assert_eq!(offset(&world), 500 + stream("SELECT 0").len() as u64);
    world.pass_ms(1001);
    assert_eq!(world.contents().len(), 2);
    world.ask(1, "client pause 1000");
    primary.listen(&mut world);
    primary.say(&mut world, stream("PING\nSET c 1"));
    assert_eq!(world.contents().len(), 2);
    world.pass_ms(1001);
    assert_eq!(world.contents().len(), 3);
}

#[test]
fn long_streams_are_run_in_slices() {
    let (mut world, mut primary) = synchronized("", 500);
    let lines: Vec<String> = (0..3000).map(|at| format!("SET key:{at} {at}")).collect();
    let bytes = stream(&lines.join("\n"));
    primary.credit = 0;
    world.handle(Input::Link { link: primary.link, event: LinkEvent::Received(&bytes) });
    let mut slices = 1;
    while world.timer_step() {
        slices += 1;
    }
    assert!(slices > 8, "{slices}");
    primary.listen(&mut world);
    assert_eq!(offset(&world), 500 + bytes.len() as u64);
}

/// What the primary publishes reaches our own subscribers; the link itself is
/// nobody who could be told anything.
#[test]
fn messages_in_the_stream_are_for_our_subscribers() {
    let (mut world, mut primary) = synchronized("", 500);
    world.ask(1, "subscribe news");
    let bytes = stream("PUBLISH news a\nMULTI\nPUBLISH news b\nSET x 1\nEXEC\nSUBSCRIBE news\nPUBLISH news c");
    primary.say(&mut world, &bytes);
    let message = |text: &str| format!("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\n{text}\r\n");
    assert_eq!(world.replies(1), message("a") + &message("b") + &message("c"));
    assert_eq!(offset(&world), 500 + bytes.len() as u64);
    assert!(world.log.last().is_some_and(|line| line.contains("isn't allowed for a DENY BLOCKING client")));
    assert_eq!(world.ask(2, "pubsub numsub news"), "*2\r\n$4\r\nnews\r\n:1\r\n");
}

#[test]
fn what_is_synced_is_told_where_there_is_an_aof() {
    let (mut world, mut primary) = replica("appendonly yes\nappendfsync always\n");
    primary.greet(&mut world);
    let file = file(&[(0, "a", "1", None)]);
    primary.say(&mut world, format!("+FULLRESYNC {ID} 500\r\n${}\r\n", file.len()));
    primary.say(&mut world, &file);
    for _ in 0..20 {
        world.pass_ms(100);
    }
    primary.listen(&mut world);
    assert_eq!(primary.requests().last().unwrap(), "REPLCONF ACK 500 FACK 500");
    primary.say(&mut world, stream("SELECT 0\nSET b 1"));
    let written = offset(&world);
    primary.say(&mut world, stream("REPLCONF GETACK *"));
    assert_eq!(primary.requests().last().unwrap(), &format!("REPLCONF ACK {written} FACK {written}"));
}
