//! Fields that expire in files: what is saved, logged and rewritten is what is
//! loaded.

use super::aof::over;
use super::*;

/// All that can be seen of a hash, whatever the order.
fn seen(world: &mut World, key: &str) -> Vec<String> {
    let reply = world.ask(1, &format!("hgetall {key}"));
    let lines: Vec<&str> =
        reply.split("\r\n").skip(1).filter(|line| !line.starts_with('$') && !line.is_empty()).collect();
    let mut seen = Vec::new();
    for pair in lines.chunks(2) {
        let time = world.ask(1, &format!("hpexpiretime {key} fields 1 {}", pair[0]));
        seen.push(format!("{} {} {}", pair[0], pair[1], time.split("\r\n").nth(1).unwrap_or_default()));
    }
    seen.sort_unstable();
    seen
}

const COMMANDS: &str = "hset h a 1 b 2 c 3 d 4 e 5\nhpexpire h 100000 fields 2 a b\nhsetex h px 50000 fields 1 c 9\n\
    hgetex h ex 60 fields 1 d\nhpersist h fields 1 b\nhincrby h a 5\nhsetex h ex 1 fields 1 soon 1\n\
    hsetex gone ex 1 fields 2 x 1 y 2\nhsetex h px 0 fields 1 e 1\nhset plain a 1\ncopy h copied";

fn expected() -> [&'static str; 5] {
    ["a 6 :1700000100000", "b 2 :-1", "c 9 :1700000050000", "d 4 :1700000060000", "soon 1 :1700000001000"]
}

#[test]
fn a_saved_file_has_them() {
    let mut world = World::started("");
    world.ask(1, COMMANDS);
    assert_eq!(seen(&mut world, "h"), expected());
    world.ask(1, "save");
    assert!(world.files["dump.rdb"].starts_with(b"VALKEY080"));
    for (passed_ms, left, keys) in [(0, 5, ":4"), (2000, 4, ":3")] {
        let mut again = World::new("");
        again.now.unix.0 += passed_ms * 1000;
        again.files.insert("dump.rdb".into(), world.files["dump.rdb"].clone());
        again.handle(Input::Start);
        again.settle();
        assert_eq!(again.ask(1, "dbsize"), format!("{keys}\r\n"));
        for key in ["h", "copied"] {
            assert_eq!(seen(&mut again, key), &expected()[..left]);
            assert_eq!(again.ask(1, &format!("hlen {key}")), format!(":{left}\r\n"));
        }
    }
    world.ask(1, "hpersist h fields 4 a c d soon\ndel copied gone\nsave");
    assert!(world.files["dump.rdb"].starts_with(b"REDIS0011"));
}

#[test]
fn what_was_logged_is_loaded() {
    for preamble in ["yes", "no"] {
        let parameters = format!("appendonly yes\naof-use-rdb-preamble {preamble}");
        let mut world = World::started(&parameters);
        world.ask(1, COMMANDS);
        let mut again = over(&parameters, world.files.clone(), world.now);
        assert_eq!(seen(&mut again, "h"), expected());
        let hash = world.engine.data_hash();
        assert_eq!(again.engine.data_hash(), hash);
        world.ask(1, "bgrewriteaof");
        world.pass_ms(100);
        let mut again = over(&parameters, world.files.clone(), world.now);
        assert_eq!(again.engine.data_hash(), hash, "preamble {preamble}");
        assert_eq!(seen(&mut again, "copied"), expected());
        again.pass_ms(3000);
        assert_eq!(again.ask(1, "exists gone\nhlen h"), ":0\r\n:4\r\n");
        let last = over(&parameters, again.files.clone(), again.now);
        assert_eq!(last.engine.data_hash(), again.engine.data_hash());
    }
}

#[test]
fn a_save_in_the_background_has_what_has_expired_meanwhile() {
    let mut world = World::started("databases 1");
    for number in 0..3000 {
        world.ask(1, &format!("hsetex h{number} px 60000 fields 2 a 1 b 2\nhset h{number} stays 1"));
    }
    world.ask(1, "debug set-active-expire 0");
    world.pass_ms(61_000);
    world.ask(1, "debug set-active-expire 1");
    world.send(1, "bgsave");
    for _ in 0..40 {
        world.now.unix.0 += 10_000;
        world.now.monotonic = world.now.monotonic.plus_ms(10);
        world.handle(Input::Deadline);
    }
    world.settle();
    assert!(world.engine.server().persistence.ahead_peak > 0, "some were saved ahead");
    world.replies(1);
    assert_eq!(world.ask(1, "hlen h7\nhlen h2999"), ":1\r\n:1\r\n");
    let mut again = World::new("");
    again.files.insert("dump.rdb".into(), world.files["dump.rdb"].clone());
    again.handle(Input::Start);
    again.settle();
    for number in 0..3000 {
        assert_eq!(again.ask(1, &format!("hlen h{number}")), ":3\r\n", "{number}");
    }
}
