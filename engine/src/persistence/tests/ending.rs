//! SHUTDOWN and signals.

use super::*;
use crate::boundary::input::Signal;

const BYE: &str = "Redis is now ready to exit, bye bye...";

#[test]
fn shutdown_saves_as_configured() {
    let cases = [
        ("", "shutdown", false),
        ("", "shutdown save", true),
        ("save 60 1", "shutdown", true),
        ("save 60 1", "shutdown nosave", false),
        ("save 60 1", "shutdown now force", true),
    ];
    for (parameters, command, saves) in cases {
        let mut world = World::started(parameters);
        let replies = world.ask(1, &format!("set a 1\n{command}\nget a"));
        assert_eq!(replies, "+OK\r\n");
        assert_eq!(world.exit, Some(0));
        assert_eq!(world.files.contains_key("dump.rdb"), saves);
        assert_eq!(world.log.first().unwrap(), "User requested shutdown...");
        assert_eq!(world.log.last().unwrap(), BYE);
    }
}

#[test]
fn shutdown_refuses_what_contradicts() {
    let mut world = World::started("");
    for command in ["shutdown save nosave", "shutdown abort now", "shutdown soon"] {
        assert_eq!(world.ask(1, command), "-ERR syntax error\r\n");
    }
    assert_eq!(world.ask(1, "shutdown abort"), "-ERR No shutdown in progress.\r\n");
}

#[test]
fn a_failed_save_prevents_it() {
    let mut world = World::started("save 60 1");
    world.broken = |operation| matches!(operation, DiskOperation::Rename { .. });
    world.handle(Input::Signal(Signal::Interrupt));
    world.settle();
    assert!(world.log.iter().any(|line| line == "Error trying to save the DB, can't exit."));
    assert_eq!(world.ask(1, "shutdown\nset a 1"), "-ERR Errors trying to SHUTDOWN. Check logs.\r\n+OK\r\n");
    assert_eq!(world.exit, None);
    assert!(world.files.is_empty());
    world.send(1, "shutdown force");
    world.settle();
    assert_eq!(world.exit, Some(0));
}

#[test]
fn a_save_in_the_background_is_given_up_first() {
    for command in ["shutdown nosave", "shutdown save"] {
        let mut world = World::started("rdb-key-save-delay 1000000");
        let now = world.now;
        world.engine.set_for_test(0, "a", "1", None, now);
        world.engine.set_for_test(0, "b", "1", None, now);
        world.ask(1, "bgsave");
        assert!(world.files.contains_key("temp-77.rdb"));
        world.send(1, command);
        assert_eq!(world.exit, None);
        world.pass_ms(5000);
        assert_eq!(world.exit, Some(0));
        assert!(!world.files.contains_key("temp-77.rdb"));
        assert_eq!(world.files.contains_key("dump.rdb"), command == "shutdown save");
    }
}

#[test]
fn signals() {
    let mut world = World::started("save 60 1\nshutdown-on-sigterm nosave");
    world.handle(Input::Signal(Signal::Terminate));
    assert_eq!(world.exit, None);
    world.settle();
    assert_eq!(world.exit, Some(0));
    assert_eq!(world.log, ["Received SIGTERM scheduling shutdown...", "User requested shutdown...", BYE]);
    let mut world = World::started("save 60 1");
    world.handle(Input::Signal(Signal::Interrupt));
    world.settle();
    assert!(world.files.contains_key("dump.rdb"));
}

#[test]
fn whoever_insists_is_obeyed() {
    let mut world = World::started("save 60 1\nrdb-key-save-delay 100000");
    let now = world.now;
    for at in 0..20 {
        world.engine.set_for_test(0, &format!("{at}"), "1", None, now);
    }
    world.handle(Input::Signal(Signal::Interrupt));
    world.pass_ms(300);
    assert!(world.files.contains_key("temp-77.rdb"));
    world.handle(Input::Signal(Signal::Interrupt));
    world.settle();
    assert_eq!(world.exit, Some(1));
    assert!(world.files.is_empty());
}

#[test]
fn a_signal_can_be_taken_back() {
    let mut world = World::started("save 60 1");
    world.handle(Input::Signal(Signal::Terminate));
    world.send(1, "shutdown abort");
    assert_eq!(world.replies(1), "+OK\r\n");
    assert_eq!(world.log.last().unwrap(), "Shutdown manually aborted.");
    world.pass_ms(1000);
    assert_eq!(world.exit, None);
    world.ask(1, "debug pause-cron 1");
    world.handle(Input::Signal(Signal::Terminate));
    world.pass_ms(1000);
    assert_eq!(world.ask(1, "shutdown abort\ndebug pause-cron 0"), "+OK\r\n+OK\r\n");
    world.pass_ms(1000);
    assert_eq!(world.exit, None);
}

#[test]
fn nothing_is_saved_over_a_file_that_is_being_loaded() {
    let mut world = World::started("");
    world.populate(3000);
    world.ask(1, "save");
    let file = world.files["dump.rdb"].clone();
    let mut world = World::new("save 60 1");
    world.files.insert("dump.rdb".into(), file.clone());
    world.handle(Input::Start);
    for _ in 0..4 {
        let _ = world.disk_step() || world.timer_step();
    }
    assert!(world.engine.server().loading);
    world.handle(Input::Signal(Signal::Terminate));
    while world.exit.is_none() {
        assert!(world.timer_step() || world.disk_step());
    }
    assert_eq!(world.exit, Some(0));
    assert_eq!(world.files["dump.rdb"], file);
    assert!(world.log.contains(&"Received shutdown signal during loading, scheduling shutdown.".into()));
}

#[test]
fn a_flush_saves_the_empty_data_set() {
    for (parameters, saves) in [("", false), ("save 60 1", true)] {
        let mut world = World::started(parameters);
        world.populate(2000);
        world.ask(1, "set a 1");
        world.send(1, "bgsave");
        for _ in 0..4 {
            let _ = world.timer_step();
        }
        assert_eq!(world.ask(1, "flushall"), "+Background saving started\r\n+OK\r\n");
        assert!(!world.files.contains_key("temp-77.rdb"));
        assert_eq!(world.files.contains_key("dump.rdb"), saves);
        assert_eq!(world.engine.keyspace().dirty == 0, saves);
        if saves {
            assert!(loaded(&world.files["dump.rdb"], world.now).is_empty());
        }
        assert!(world.engine.server().persistence.last_ok);
        assert_eq!(world.ask(2, "set a 1\nbgsave"), "+OK\r\n+Background saving started\r\n");
        assert_eq!(loaded(&world.files["dump.rdb"], world.now).len(), 1);
    }
}

#[test]
fn in_a_transaction() {
    let mut world = World::started("save 60 1");
    world.populate(500);
    let replies = world.ask(1, "multi\nset a 1\nbgsave\nflushall\nset b 1\ndebug reload\nexec\nget b");
    let queued = "+QUEUED\r\n".repeat(5);
    let results = "*5\r\n+OK\r\n+Background saving scheduled\r\n+OK\r\n+OK\r\n-ERR Command not allowed inside a \
                   transaction\r\n";
    assert_eq!(replies, format!("+OK\r\n{queued}{results}$1\r\n1\r\n"));
    assert!(loaded(&world.files["dump.rdb"], world.now).is_empty());
    assert_eq!(world.engine.keyspace().dirty, 1);
    world.pass_ms(200);
    assert_eq!(loaded(&world.files["dump.rdb"], world.now).len(), 1);
}
