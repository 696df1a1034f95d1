//! Which clients and keys go when clients take too much memory.

use crate::engine::test_world::World;
use crate::server::personality::Personality;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

fn redis(parameters: &[(&str, &str)]) -> World {
    World::with(parameters, Personality::REDIS)
}

fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

fn evicted_clients(world: &World) -> u64 {
    world.engine.server().statistics.evicted_clients
}

/// What the accounts come to is what the sessions take.
fn assert_accounted(world: &World) {
    let sessions = &world.engine.server().sessions;
    assert_eq!(sessions.memory(), sessions.iter().map(|session| session.memory()).sum::<u64>());
}

/// Clients that do not read what they ask for.
fn slow_readers(world: &mut World, count: usize, bytes: usize) -> Vec<u64> {
    let asker = world.connect();
    world.ask(asker, &format!("SET large {}", text(bytes)));
    let clients: Vec<u64> = (0..count).map(|_| world.connect()).collect();
    for &client in &clients {
        world.set_stuck(client, true);
        world.send(client, "GET large\r\n");
    }
    clients
}

#[test]
fn replies_that_nobody_reads_cost_keys() {
    let mut world = redis(&[("maxmemory-policy", "volatile-lru")]);
    let client = world.connect();
    for key in 0..20 {
        world.ask(client, &format!("SET key:{key} {} EX 1000", text(100_000)));
    }
    let limit = world.engine.used_memory() + 2_000_000;
    assert_eq!(world.ask(client, &format!("CONFIG SET maxmemory {limit}")), "+OK\r\n");
    slow_readers(&mut world, 30, 100_000);
    world.ask(client, "PING");
    assert_accounted(&world);
    let evicted = world.engine.keyspace().statistics.evicted;
    assert!((9..=13).contains(&evicted), "{evicted} keys");
    assert_eq!(evicted_clients(&world), 0);
}

#[test]
fn the_largest_clients_go_first() {
    let mut world = redis(&[("maxmemory-clients", "2mb")]);
    let small = slow_readers(&mut world, 10, 40_000);
    let large = slow_readers(&mut world, 2, 600_000);
    assert_eq!(evicted_clients(&world), 0);
    let last = world.connect();
    world.ask(last, &format!("SET b {}", text(600_000)));
    world.set_stuck(last, true);
    world.send(last, "GET b\r\n");
    assert_eq!(evicted_clients(&world), 1);
    assert!(world.is_closed(large[0]), "of those of one size, the one that came first");
    assert!(!world.is_closed(large[1]) && !world.is_closed(last));
    assert!(small.iter().all(|&client| !world.is_closed(client)));
    assert!(world.log[0].starts_with(&format!("Evicting client: id={} ", large[0])), "{:?}", world.log);
    assert_accounted(&world);
}

#[test]
fn whoever_asked_not_to_be_evicted_stays_and_does_not_count() {
    let mut world = redis(&[("maxmemory-clients", "1mb")]);
    let spared = world.connect();
    world.ask(spared, &format!("SET a {}", text(700_000)));
    world.ask(spared, "CLIENT NO-EVICT on");
    world.set_stuck(spared, true);
    world.send(spared, "GET a\r\nGET a\r\n");
    assert_eq!(evicted_clients(&world), 0);
    assert_eq!(world.ask(spared, "CLIENT NO-EVICT off"), "", "it is too large as soon as it may be evicted");
    assert!(world.is_closed(spared));
    assert_eq!(evicted_clients(&world), 1);
    assert_accounted(&world);
}

#[test]
fn all_that_a_client_holds_counts() {
    let mut world = redis(&[("maxmemory-clients", "1mb")]);
    let queued = world.connect();
    world.ask(queued, "MULTI");
    let incomplete = world.connect();
    let watching = world.connect();
    let published = world.connect();
    world.ask(published, "SUBSCRIBE news");
    world.set_stuck(published, true);
    let publisher = world.connect();
    let fill = |world: &mut World, client: u64, step: &dyn Fn(&mut World)| {
        let before = evicted_clients(world);
        for _ in 0..12 {
            step(world);
        }
        assert_eq!(evicted_clients(world), before + 1);
        assert!(world.is_closed(client));
        assert_accounted(world);
    };
    fill(&mut world, queued, &|world| {
        world.send(queued, format!("ECHO {}\r\n", text(60_000)).repeat(2));
    });
    fill(&mut world, watching, &|world| {
        let number = world.engine.server().statistics.processed.to_string();
        world.send(watching, format!("WATCH {number}{}\r\n", text(60_000)));
    });
    world.send(incomplete, "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2000000\r\n");
    fill(&mut world, incomplete, &|world| {
        world.send(incomplete, text(100_000));
    });
    fill(&mut world, published, &|world| {
        world.send(publisher, format!("PUBLISH news {}\r\n", text(100_000)));
    });
}

#[test]
fn a_request_that_is_too_long_is_not_run() {
    let mut world = redis(&[("maxmemory-clients", "1mb")]);
    let client = world.connect();
    assert_eq!(world.ask(client, &format!("SET a {}", text(1_000_000))), "+OK\r\n");
    assert_eq!(world.ask(client, &format!("SET a {}", text(1_048_576))), "");
    assert!(world.is_closed(client));
    assert_eq!(evicted_clients(&world), 1);
    let other = world.connect();
    assert_eq!(world.ask(other, "STRLEN a"), ":1000000\r\n");
    assert_accounted(&world);
}

#[test]
fn a_lower_limit_holds_at_once_and_many_go_in_steps() {
    let mut world = redis(&[]);
    let clients = slow_readers(&mut world, 300, 50_000);
    let admin = world.connect();
    world.ask(admin, "CLIENT NO-EVICT on");
    assert_eq!(world.ask(admin, "CONFIG SET maxmemory-clients 1mb"), "+OK\r\n");
    let at_once = evicted_clients(&world);
    assert!(at_once <= 128, "not all within one input: {at_once}");
    world.advance_ms(1000);
    let left = clients.iter().filter(|&&client| !world.is_closed(client)).count();
    assert!((15..=20).contains(&left), "{left} left");
    // In hundredths of maxmemory; without one there is no limit.
    world.ask(admin, "CONFIG SET maxmemory-clients 1%");
    world.advance_ms(1000);
    assert_eq!(clients.iter().filter(|&&client| !world.is_closed(client)).count(), left);
    world.ask(admin, "CONFIG SET maxmemory 20mb");
    world.advance_ms(1000);
    let left = clients.iter().filter(|&&client| !world.is_closed(client)).count();
    assert!((2..=4).contains(&left), "{left} left");
    assert_accounted(&world);
}
