//! Keys go from one server to another, and what can go wrong.

use super::transfer::{Awaited, Transfer};
use super::{Idle, Migration, Migrations};
use crate::base::image::{Image, Tape};
use crate::boundary::id::{ClientId, LinkId};
use crate::boundary::input::{Connection, Input, LinkEvent};
use crate::boundary::time::{Monotonic, Now, Unix};
use crate::persistence::tests::{LinkOrder, World};
use crate::replication::wait::DEMOTED;
use crate::server::deferred::Waiter;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Two servers, and what is between them.
struct Pair {
    here: World,
    there: World,
    /// Connections that are open.
    open: BTreeSet<LinkId>,
    /// Reads that are outstanding.
    reads: BTreeSet<LinkId>,
    /// What has not been read yet.
    replies: BTreeMap<LinkId, Vec<u8>>,
    connections: usize,
    /// Set while nothing is carried.
    cut: bool,
}

const TIMEOUT: &str = "MIGRATE there 7000 k 0 500";

impl Pair {
    fn new() -> Pair {
        Pair {
            here: World::started(""),
            there: World::started(""),
            open: BTreeSet::new(),
            reads: BTreeSet::new(),
            replies: BTreeMap::new(),
            connections: 0,
            cut: false,
        }
    }

    /// Carries what they say to each other until they are silent.
    fn carry(&mut self) {
        self.here.settle();
        while !self.cut && !self.here.links.is_empty() {
            for order in core::mem::take(&mut self.here.links) {
                self.carry_out(order);
            }
            for (link, bytes) in core::mem::take(&mut self.replies) {
                if bytes.is_empty() || !self.reads.remove(&link) {
                    self.replies.insert(link, bytes);
                    continue;
                }
                self.here.handle(Input::Link { link, event: LinkEvent::Received(&bytes) });
            }
            self.here.settle();
        }
    }

    fn carry_out(&mut self, order: LinkOrder) {
        match order {
            LinkOrder::Connect(link, host, port) => {
                assert_eq!((host.as_str(), port), ("there", 7000));
                self.connections += 1;
                self.open.insert(link);
                let connection = Connection {
                    peer: "10.0.0.1:7000".into(),
                    local: "10.0.0.2:50000".into(),
                    unix_socket: false,
                    loopback: false,
                    descriptor: 9,
                };
                self.here.handle(Input::Link { link, event: LinkEvent::Connected { connection } });
            }
            LinkOrder::Send(link, bytes) => {
                assert!(self.open.contains(&link));
                let written = LinkEvent::Written(bytes.len() as u64);
                self.there.send_bytes(link.0, bytes);
                self.there.settle();
                let said = self.there.taken(link.0);
                self.replies.entry(link).or_default().extend_from_slice(&said);
                self.here.handle(Input::Link { link, event: written });
            }
            LinkOrder::Read(link) => assert!(self.reads.insert(link), "one read at a time"),
            LinkOrder::Close(link) => {
                self.open.remove(&link);
                self.reads.remove(&link);
                self.replies.remove(&link);
            }
        }
    }

    /// The other server closes all connections.
    fn close(&mut self) {
        for link in core::mem::take(&mut self.open) {
            self.reads.remove(&link);
            self.replies.remove(&link);
            self.here.handle(Input::Link { link, event: LinkEvent::Closed(None) });
        }
        self.carry();
    }

    /// Asks here.
    fn ask(&mut self, lines: &str) -> String {
        self.here.send(1, lines);
        self.carry();
        self.here.replies(1)
    }

    /// Asks there.
    fn ask_there(&mut self, lines: &str) -> String {
        self.there.ask(1000, lines)
    }
}

#[test]
fn keys_move_with_their_times_and_are_deleted_in_one_unit() {
    let mut pair = Pair::new();
    assert_eq!(pair.ask("MSET a 1 b 2 c 3\nRPUSH l x y\nPEXPIRE b 5000\nCONFIG SET notify-keyspace-events KEA"), {
        "+OK\r\n:2\r\n:1\r\n+OK\r\n"
    });
    pair.here.ask(2, "PSUBSCRIBE __keyevent*");
    assert_eq!(pair.ask("MIGRATE there 7000 \"\" 3 1000 KEYS a none b l"), "+OK\r\n");
    assert_eq!(pair.ask("DBSIZE"), ":1\r\n");
    let told = pair.here.replies(2);
    assert_eq!(told.matches("__keyevent@0__:del").count(), 3, "{told}");
    let there = pair.ask_there("SELECT 3\nGET a\nPTTL b\nLRANGE l 0 -1\nDBSIZE");
    assert_eq!(there, "+OK\r\n$1\r\n1\r\n:5000\r\n*2\r\n$1\r\nx\r\n$1\r\ny\r\n:3\r\n");
    assert_eq!(
        pair.ask("MIGRATE there 7000 a 0 1000\nMIGRATE there 7000 \"\" 0 1000 KEYS a b"),
        "+NOKEY\r\n".repeat(2)
    );
    assert_eq!(pair.connections, 1);
}

#[test]
fn a_connection_is_used_again_and_closed_in_time() {
    let mut pair = Pair::new();
    let count = |pair: &mut Pair| {
        let info = pair.ask("INFO stats");
        info.lines().find_map(|line| line.strip_prefix("migrate_cached_sockets:").map(String::from)).expect("a field")
    };
    for destination in [0, 0, 5, 0] {
        assert_eq!(pair.ask(&format!("SET k v\nMIGRATE there 7000 k {destination} 1000 REPLACE")), "+OK\r\n+OK\r\n");
        assert_eq!(count(&mut pair), "1");
    }
    assert_eq!(pair.connections, 1);
    assert_eq!(pair.ask_there("DBSIZE\nSELECT 5\nDBSIZE"), ":1\r\n+OK\r\n:1\r\n");
    pair.here.pass_ms(9_000);
    assert_eq!(count(&mut pair), "1");
    pair.here.pass_ms(2_000);
    pair.carry();
    assert_eq!((count(&mut pair).as_str(), pair.open.len()), ("0", 0));
    // One that the other server has closed is replaced, and nobody is told.
    assert_eq!(pair.ask("SET k v\nMIGRATE there 7000 k 0 1000 REPLACE\nSET k v"), "+OK\r\n".repeat(3));
    pair.cut = true;
    pair.here.send(1, "MIGRATE there 7000 k 0 1000 REPLACE");
    pair.here.links.clear();
    pair.cut = false;
    pair.close();
    assert_eq!((pair.here.replies(1).as_str(), pair.connections), ("+OK\r\n", 3));
}

#[test]
fn what_the_other_server_refuses_stays() {
    let mut pair = Pair::new();
    pair.ask_there("SET b there\nSET d there");
    pair.ask("MSET a 1 b 2 c 3 d 4");
    assert_eq!(
        pair.ask("MIGRATE there 7000 \"\" 0 1000 KEYS a b c"),
        "-ERR Target instance replied with error: BUSYKEY Target key name already exists.\r\n"
    );
    assert_eq!(pair.ask("KEYS *"), "*2\r\n$1\r\nb\r\n$1\r\nd\r\n");
    assert_eq!(pair.ask("MIGRATE there 7000 b 0 1000 COPY REPLACE\nGET b"), "+OK\r\n$1\r\n2\r\n");
    assert_eq!(pair.ask_there("GET b"), "$1\r\n2\r\n");
    assert_eq!(
        pair.ask("MIGRATE there 7000 b 99 1000 REPLACE\nGET b"),
        "-ERR Target instance replied with error: ERR DB index is out of range\r\n$1\r\n2\r\n"
    );
    pair.ask_there("CONFIG SET requirepass foobar");
    pair.close();
    let error =
        "-ERR Target instance replied with error: WRONGPASS invalid username-password pair or user is disabled.\r\n";
    for wrong in ["AUTH foo", "AUTH2 default foo"] {
        assert_eq!(
            pair.ask(&format!("MIGRATE there 7000 d 0 1000 REPLACE {wrong}\nEXISTS d")),
            format!("{error}:1\r\n")
        );
    }
    assert_eq!(pair.ask("MIGRATE there 7000 d 0 1000 REPLACE AUTH2 default foobar\nEXISTS d"), "+OK\r\n:0\r\n");
    assert_eq!(pair.ask("MIGRATE there 7000 b 0 1000 REPLACE AUTH foobar\nEXISTS b"), "+OK\r\n:0\r\n");
}

#[test]
fn requests_that_make_no_sense() {
    let mut pair = Pair::new();
    let long = "ERR MIGRATE takes as long as another server does, and can't be part of a transaction";
    for (request, error) in [
        ("MIGRATE there 7000 k 0", "ERR wrong number of arguments for 'migrate' command"),
        ("MIGRATE there 7000 k 0 x", "ERR value is not an integer or out of range"),
        ("MIGRATE there 7000 k x 0", "ERR value is not an integer or out of range"),
        ("MIGRATE there 7000 k 0 0 AUTH", "ERR syntax error"),
        ("MIGRATE there 7000 k 0 0 AUTH2 x", "ERR syntax error"),
        ("MIGRATE there 7000 k 0 0 SOMETHING", "ERR syntax error"),
        (
            "MIGRATE there 7000 k 0 0 COPY KEYS a",
            "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
        ),
        ("MIGRATE there port k 0 0", "IOERR error or timeout connecting to the client"),
        ("MIGRATE there 65536 k 0 0", "IOERR error or timeout connecting to the client"),
    ] {
        assert_eq!(pair.ask(&format!("SET k v\n{request}")), format!("+OK\r\n-{error}\r\n"), "{request}");
    }
    assert_eq!(
        pair.ask("MULTI\nMIGRATE there 7000 k 0 0\nMIGRATE there 7000 none 0 0\nEXEC"),
        format!("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n-{long}\r\n+NOKEY\r\n")
    );
    assert_eq!(pair.connections, 0);
}

#[test]
fn the_keys_are_told_apart_from_what_looks_like_their_word() {
    let mut pair = Pair::new();
    for (request, keys) in [
        ("h 1 k 0 0 COPY", "*1\r\n$1\r\nk\r\n"),
        ("h 1 \"\" 0 0 KEYS a b", "*2\r\n$1\r\na\r\n$1\r\nb\r\n"),
        ("h 1 \"\" 0 0 AUTH keys REPLACE KEYS keys a", "*2\r\n$4\r\nkeys\r\n$1\r\na\r\n"),
        ("h 1 \"\" 0 0 AUTH2 keys keys KEYS a", "*1\r\n$1\r\na\r\n"),
    ] {
        assert_eq!(pair.ask(&format!("COMMAND GETKEYS MIGRATE {request}")), keys, "{request}");
    }
}

#[test]
fn nobody_waits_but_who_would_change_a_key_on_its_way() {
    let mut pair = Pair::new();
    pair.ask("MSET k v other v\nRPUSH source x");
    pair.cut = true;
    assert_eq!(pair.ask(TIMEOUT), "");
    assert_eq!(pair.here.ask(2, "GET k\nSET other w\nMULTI\nSET k 1\nSET other 2\nEXEC"), {
        "$1\r\nv\r\n+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n"
    });
    for (client, request) in [(3, "APPEND k w"), (4, "FLUSHALL"), (5, "COPY other k DB 1"), (6, TIMEOUT)] {
        assert_eq!(pair.here.ask(client, request), "", "{request}");
    }
    assert_eq!(pair.here.ask(7, "GET k\nGET other"), "$1\r\nv\r\n$1\r\nw\r\n");
    pair.cut = false;
    pair.carry();
    assert_eq!(pair.here.replies(1), "+OK\r\n");
    assert_eq!(pair.here.replies(2), "*2\r\n+OK\r\n+OK\r\n");
    assert_eq!(pair.here.replies(3), ":2\r\n");
    assert_eq!(pair.here.replies(4), "+OK\r\n");
    assert_eq!(pair.here.replies(5), ":0\r\n");
    assert_eq!(pair.here.replies(6), "+NOKEY\r\n");
    // Who waits for another key is not served with one on its way.
    pair.ask("RPUSH k x");
    pair.here.send(2, "BLMOVE elsewhere k LEFT LEFT 0");
    pair.cut = true;
    pair.ask(TIMEOUT.replace("k 0", "k 9").as_str());
    assert_eq!(pair.here.ask(3, "RPUSH elsewhere y\nLLEN elsewhere"), ":1\r\n:1\r\n");
    assert_eq!(pair.here.replies(2), "");
    pair.cut = false;
    pair.carry();
    pair.here.pass_ms(10);
    assert_eq!((pair.here.replies(1).as_str(), pair.here.replies(2).as_str()), ("+OK\r\n", "$1\r\ny\r\n"));
    assert_eq!(pair.ask("LRANGE k 0 -1\nEXISTS elsewhere"), "*1\r\n$1\r\ny\r\n:0\r\n");
}

#[test]
fn a_server_that_takes_too_long_is_given_up() {
    let mut pair = Pair::new();
    pair.ask("SET k v");
    pair.cut = true;
    assert_eq!(pair.ask(TIMEOUT), "");
    pair.here.pass_ms(600);
    assert_eq!(pair.here.replies(1), "-IOERR error or timeout connecting to the client\r\n");
    pair.here.links.clear();
    pair.cut = false;
    // The other server takes the request, and does not answer.
    pair.ask("SET k v");
    pair.here.send(1, TIMEOUT);
    pair.here.settle();
    for order in core::mem::take(&mut pair.here.links) {
        pair.carry_out(order);
    }
    pair.replies.clear();
    for order in core::mem::take(&mut pair.here.links) {
        let LinkOrder::Send(link, bytes) = order else { continue };
        pair.here.handle(Input::Link { link, event: LinkEvent::Written(bytes.len() as u64) });
    }
    pair.here.pass_ms(400);
    assert_eq!(pair.here.replies(1), "");
    pair.here.pass_ms(200);
    assert_eq!(pair.here.replies(1), "-IOERR error or timeout reading to target instance\r\n");
    assert_eq!(pair.ask("EXISTS k\nSET k w"), ":1\r\n+OK\r\n");
    pair.carry();
    assert_eq!(pair.open.len(), 0);
}

#[test]
fn who_becomes_a_replica_deletes_nothing() {
    let mut pair = Pair::new();
    pair.ask("SET k v");
    pair.cut = true;
    pair.here.send(1, TIMEOUT);
    pair.here.send(2, "SET k w");
    assert_eq!(pair.here.ask(3, "REPLICAOF nowhere 1"), "+OK\r\n");
    assert_eq!(pair.here.replies(1), format!("-{DEMOTED}\r\n"));
    assert!(pair.here.replies(2).starts_with("-READONLY"));
    assert_eq!(pair.here.ask(3, "GET k"), "$1\r\nv\r\n");
}

#[test]
fn keys_that_are_many_or_large_go_in_pieces() {
    let mut pair = Pair::new();
    let value = "x1y2z3".repeat(10_000);
    let keys: Vec<String> = (0..40).map(|number| format!("key:{number}")).collect();
    pair.ask("CONFIG SET rdbcompression no");
    for key in &keys {
        assert_eq!(pair.ask(&format!("SET {key} {value}")), "+OK\r\n");
    }
    pair.cut = true;
    pair.here.send(1, &format!("MIGRATE there 7000 \"\" 0 1000 KEYS {}", keys.join(" ")));
    pair.here.settle();
    // Once the connection is made it gets no more than it takes.
    let LinkOrder::Connect(..) = &pair.here.links[0] else { panic!("it connects") };
    let connect = pair.here.links.remove(0);
    pair.carry_out(connect);
    let sent = |world: &World| {
        let lengths =
            world.links.iter().map(|order| if let LinkOrder::Send(_, bytes) = order { bytes.len() } else { 0 });
        lengths.sum::<usize>()
    };
    assert!((256 * 1024..400 * 1024).contains(&sent(&pair.here)), "{}", sent(&pair.here));
    pair.cut = false;
    pair.carry();
    assert_eq!(pair.here.replies(1), "+OK\r\n");
    assert_eq!((pair.ask("DBSIZE").as_str(), pair.ask_there("DBSIZE").as_str()), (":0\r\n", ":40\r\n"));
}

#[test]
fn what_arrived_is_deleted_once_writes_may_go_on() {
    let mut pair = Pair::new();
    pair.ask("SET k v");
    assert_eq!(pair.here.ask(2, "CLIENT PAUSE 300 WRITE"), "+OK\r\n");
    pair.here.pass_ms(10);
    pair.here.pass_ms(300);
    pair.cut = true;
    pair.here.send(1, TIMEOUT);
    assert_eq!(pair.here.ask(2, "CLIENT PAUSE 300 WRITE"), "+OK\r\n");
    pair.cut = false;
    pair.carry();
    assert_eq!(pair.here.replies(1), "");
    assert_eq!(pair.here.ask(2, "GET k"), "$1\r\nv\r\n");
    pair.here.pass_ms(400);
    assert_eq!(pair.here.replies(1), "+OK\r\n");
    assert_eq!(pair.ask("EXISTS k"), ":0\r\n");
}

#[test]
fn an_image_has_what_is_under_way() {
    let now = Now { monotonic: Monotonic(7), unix: Unix(8) };
    let waiter = Waiter { client: ClientId(3), muted: true };
    let migration = Migration { host: "h".into(), port: Some(9), keys: [b"a".to_vec()].into(), ..Migration::default() };
    let idle = Idle { host: "i".into(), port: 1, link: LinkId(5), selected: Some(-2), since: Monotonic(4) };
    let mut migrations = Migrations { closing: [LinkId(6)].into(), due: true, ..Migrations::default() };
    migrations.hold(&migration);
    let mut transfer = Transfer::new(waiter, migration, Ok(idle.clone()), now);
    transfer.awaited = [Awaited::Greeting, Awaited::Key(0), Awaited::Key(1)].into();
    assert_eq!(transfer.receive(b"+OK\r\n-ERR no\r\n+O"), Ok(()));
    transfer.result = Some(transfer.outcome());
    migrations.transfers.push(transfer);
    migrations.keep_idle(idle);
    let mut tape = Tape::writer();
    migrations.image(&mut tape).unwrap();
    let bytes = tape.take();
    let mut restored = Migrations::blank();
    restored.image(&mut Tape::reader(&bytes)).unwrap();
    assert_eq!(format!("{restored:?}"), format!("{migrations:?}"));
}
