//! A replica that comes back with its append only file goes on from the place at which its data are.

use super::*;
use crate::boundary::input::Signal;
use crate::persistence::tests::aof::over;

const AOF: &str = "appendonly yes\nappendfsync always\nauto-aof-rewrite-percentage 0\n";

/// A replica whose append only file has all up to the offset that it is at.
fn following(parameters: &str) -> (World, Primary) {
    let (mut world, mut primary) = synchronized(&format!("{AOF}{parameters}"), 1000);
    world.pass_ms(100);
    primary.listen(&mut world);
    primary.say(&mut world, stream("SELECT 7\nINCR n\nMULTI\nINCR n\nSET b 2\nEXEC"));
    (world, primary)
}

/// What it asks for when it comes back over these files.
fn asks(world: &World, parameters: &str) -> (String, World) {
    let parameters = format!("replicaof primary 6379\n{AOF}{parameters}");
    let mut again = over(&parameters, world.durable.clone(), world.now);
    let asked = Primary::accept(&mut again).greet(&mut again);
    (asked, again)
}

#[test]
fn after_a_clean_end_it_goes_on_where_it_was() {
    for parameters in ["", "appendfsync everysec\n", "appendfsync no\n", "aof-use-rdb-preamble no\n"] {
        let (mut world, mut primary) = following(parameters);
        // What is no request of its own counts as well, and what is not complete does not.
        primary.say(&mut world, stream("PING\nMULTI\nINCR n"));
        world.handle(Input::Signal(Signal::Terminate));
        world.pass_ms(100);
        assert_eq!(world.exit, Some(0), "{:?}", world.log);
        let (asked, again) = asks(&world, "");
        assert_eq!(asked, format!("PSYNC {ID} {}", offset(&world) + 1), "{parameters}");
        assert_eq!((again.contents(), id(&again).as_str(), offset(&again)), (world.contents(), ID, offset(&world)));
    }
}

#[test]
fn it_goes_on_in_the_database_that_was_selected() {
    let (world, _) = following("");
    let parameters = format!("replicaof primary 6379\n{AOF}");
    let mut again = over(&parameters, world.durable.clone(), world.now);
    let mut primary = Primary::accept(&mut again);
    assert_eq!(primary.greet(&mut again), format!("PSYNC {ID} {}", offset(&world) + 1));
    primary.say(&mut again, format!("+CONTINUE {ID}\r\n"));
    primary.say(&mut again, stream("INCR n"));
    assert_eq!(again.contents()[&(7, b"n".to_vec())].0, b"3");
    // And once more, with what it wrote since.
    let (asked, third) = asks(&again, "");
    assert_eq!(asked, format!("PSYNC {ID} {}", offset(&again) + 1));
    assert_eq!(third.contents(), again.contents());
}

/// After any disk operation power may be lost.
#[test]
fn after_a_loss_of_power_it_asks_for_what_its_data_lack() {
    let (mut world, mut primary) = following("");
    let mut states = alloc::collections::BTreeMap::from([(offset(&world), world.contents())]);
    let mut claims = 0;
    for step in 0..40 {
        let bytes = stream(if step % 4 == 0 { "MULTI\nINCR n\nINCR m\nEXEC" } else { "INCR n" });
        if primary.credit == 1 {
            primary.credit = 0;
            world.handle(Input::Link { link: primary.link, event: LinkEvent::Received(&bytes) });
        }
        let _ = world.timer_step();
        if step % 3 > 0 {
            world.disk_step();
        }
        primary.listen(&mut world);
        states.insert(offset(&world), world.contents());
        let (asked, again) = asks(&world, "");
        if let Some(wanted) = asked.strip_prefix(&format!("PSYNC {ID} ")) {
            let wanted: u64 = wanted.parse().expect("an offset");
            assert_eq!(
                Some(&again.contents()),
                states.get(&(wanted - 1)),
                "step {step}, {wanted}: {:?}",
                states.keys()
            );
            claims += 1;
        } else {
            assert_eq!(asked, "PSYNC ? -1");
        }
    }
    assert!(claims > 20, "{claims}");
}

#[test]
fn what_is_of_another_history_claims_nothing_of_the_old_one() {
    let (mut world, mut primary) = following("");
    primary.lose(&mut world);
    let mut primary = Primary::accept(&mut world);
    let before = offset(&world);
    assert_eq!(primary.greet(&mut world), format!("PSYNC {ID} {}", before + 1));
    let old = world.contents();
    let other = "f".repeat(40);
    let file = file(&[(0, "z", "1", None)]);
    primary.say(&mut world, format!("+FULLRESYNC {other} 50\r\n${}\r\n", file.len()));
    // The new data are there, their file is not: the old one stands with its old claim.
    primary.credit = 0;
    world.handle(Input::Link { link: primary.link, event: LinkEvent::Received(&file) });
    loop {
        let (asked, again) = asks(&world, "");
        if asked == format!("PSYNC {ID} {}", before + 1) {
            assert_eq!(again.contents(), old);
        } else {
            assert!(asked == format!("PSYNC {other} 51") || asked == "PSYNC ? -1", "{asked}");
            assert_eq!(again.contents(), world.contents());
        }
        if !world.disk_step() && !world.timer_step() {
            break;
        }
        primary.listen(&mut world);
    }
    world.pass_ms(2100);
    assert_eq!(asks(&world, "").0, format!("PSYNC {other} 51"));
}

#[test]
fn a_former_primary_asks_for_what_follows_its_own_history() {
    let mut world = World::started(&format!("{AOF}repl-diskless-sync-delay 0\n"));
    world.connect(5, "10.0.0.1:40000", true);
    for line in ["REPLCONF capa eof capa psync2", "REPLCONF version 7.2.4", "PSYNC ? -1"] {
        world.send(5, line);
        world.settle();
        world.taken(5);
    }
    world.ask(1, "select 2\nset a 1\nincr n");
    let (asked, again) = asks(&world, "");
    assert_eq!(asked, format!("PSYNC {} {}", id(&world), offset(&world) + 1));
    assert_eq!(again.contents(), world.contents());
}

#[test]
fn a_database_that_is_not_there_any_more_claims_nothing() {
    let (world, _) = following("");
    let mut files = world.durable.clone();
    for bytes in files.values_mut() {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if text.contains("#REPL") {
            *bytes = text.replace(":7:", ":99:").replace(":7\r\n", ":99\r\n").into_bytes();
        }
    }
    let mut again = over(&format!("replicaof primary 6379\n{AOF}"), files, world.now);
    assert_eq!(Primary::accept(&mut again).greet(&mut again), "PSYNC ? -1");
}

/// It was to take over and lost its power: it may lack what it had when it was chosen.
#[test]
fn what_comes_back_does_not_take_over_before_it_is_in_sync() {
    let (world, _) = following("");
    let (_, mut again) = asks(&world, "");
    let take_over = format!("PSYNC {ID} {} FAILOVER", offset(&world) + 1);
    again.connect(8, "10.0.0.1:40000", true);
    let refused = "-ERR PSYNC FAILOVER can't be sent to a replica that was not in sync since it started.\r\n";
    assert_eq!(again.ask(8, &take_over), refused);
    assert!(again.engine.server().replication.is_replica());
}
