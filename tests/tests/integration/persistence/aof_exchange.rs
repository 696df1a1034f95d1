//! The directory of an AOF goes from server to server.

use crate::client::{Client, Reply};
use crate::process::{Folder, Server};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a rewrite may take.
const PATIENCE: Duration = Duration::from_secs(30);

const OURS: [&str; 10] = [
    "--appendonly",
    "yes",
    "--rdb-version",
    "10",
    "--save",
    "",
    "--aof-timestamp-enabled",
    "yes",
    "--auto-aof-rewrite-percentage",
    "0",
];

const REAL: [&str; 6] = ["--appendonly", "yes", "--aof-timestamp-enabled", "yes", "--auto-aof-rewrite-percentage", "0"];

/// Keys by database, with values and the unix times in milliseconds at which
/// they expire.
type Contents = BTreeMap<(u32, Vec<u8>), (Vec<u8>, i64)>;

fn bulk(reply: Reply) -> Vec<u8> {
    let Reply::Bulk(Some(bytes)) = reply else { panic!("{reply:?}") };
    bytes
}

fn contents(client: &mut Client) -> Contents {
    let mut contents = Contents::new();
    for database in 0..16 {
        assert_eq!(client.line(&format!("SELECT {database}")), Reply::Line("OK".into()));
        let mut cursor = b"0".to_vec();
        loop {
            let Reply::Array(mut reply) = client.ask(&[b"SCAN", &cursor, b"COUNT", b"500"]) else { panic!("SCAN") };
            let Some(Reply::Array(keys)) = reply.pop() else { panic!("keys") };
            cursor = bulk(reply.pop().expect("a cursor"));
            for key in keys.into_iter().map(bulk) {
                let value = bulk(client.ask(&[b"GET", &key]));
                let Reply::Integer(expiry) = client.ask(&[b"PEXPIRETIME", &key]) else { panic!("PEXPIRETIME") };
                contents.insert((database, key), (value, expiry));
            }
            if cursor == b"0" {
                break;
            }
        }
    }
    contents
}

fn digest(client: &mut Client) -> Reply {
    client.line("DEBUG DIGEST")
}

/// Changes of every kind that an increment has; `round` makes them different.
fn change(client: &mut Client, round: usize) {
    let binary: Vec<u8> = (0..=255).cycle().take(3000 + round).collect();
    client.line("SELECT 0");
    for at in 0..200 {
        client.line(&format!("SET key:{at} {round}.{at}"));
    }
    client.ask(&[b"SET", format!("binary:{round}").as_bytes(), &binary]);
    client.ask(&[b"SET", &binary, b""]);
    for line in [
        "INCRBY counter 7",
        "APPEND text more",
        "SETRANGE text 10 x",
        "SET soon x PX 1",
        "SET later x EX 100000",
        "EXPIRE key:1 50000",
        "PEXPIREAT key:2 4000000000000",
        "PERSIST key:1",
        "DEL key:3 key:4",
        "UNLINK key:5",
        "GETEX key:6 EX 90000",
        "SELECT 3",
        "MSET a 1 b 2",
        "MULTI",
        "INCR a",
        "SELECT 9",
        "SET within multi",
        "EXEC",
        "INCR count",
        "MOVE within 10",
        "SWAPDB 3 4",
        "SELECT 11",
        "SET x 1",
        "RENAME x y",
        "COPY y z DB 12",
        "SELECT 13",
        "SET gone 1",
        "FLUSHDB",
        "GETDEL nothing",
    ] {
        client.line(line);
    }
    std::thread::sleep(Duration::from_millis(5));
    client.line("SELECT 0");
    // It expires, of which the journal is told.
    assert_eq!(client.line("GET soon"), Reply::Bulk(None));
}

fn rewrite(client: &mut Client) {
    assert!(matches!(client.line("BGREWRITEAOF"), Reply::Line(line) if line.starts_with("Background")));
    let begin = Instant::now();
    loop {
        let info = String::from_utf8(bulk(client.line("INFO persistence"))).expect("text");
        if info.contains("aof_rewrite_in_progress:0") && info.contains("aof_rewrite_scheduled:0") {
            assert!(info.contains("aof_last_bgrewrite_status:ok"), "{info}");
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{info}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn end(mut server: Server, mut client: Client) {
    assert!(client.try_ask(&[b"SHUTDOWN"]).is_err());
    assert_eq!(server.wait(), Some(0));
}

/// Servers take turns on one directory. Each has to find what the one before
/// left, changes it, and rewrites it in every second turn.
fn take_turns(servers: &[fn(&Folder) -> Option<Server>]) {
    let folder = Folder::new();
    let mut expected = None;
    for (round, start) in servers.iter().enumerate() {
        let Some(server) = start(&folder) else { return };
        let mut client = server.client();
        if let Some((before, before_digest)) = &expected {
            let found = contents(&mut client);
            assert!(&found == before, "round {round}: {} keys of {}", found.len(), before.len());
            assert_eq!(&digest(&mut client), before_digest, "round {round}");
        }
        change(&mut client, 2 * round);
        if round % 2 == 1 {
            rewrite(&mut client);
            change(&mut client, 2 * round + 1);
        }
        expected = Some((contents(&mut client), digest(&mut client)));
        end(server, client);
    }
}

fn ours(folder: &Folder) -> Option<Server> {
    Some(Server::ours(folder, &[&OURS[..], &["--enable-debug-command", "yes"]].concat()))
}

fn ours_without_preamble(folder: &Folder) -> Option<Server> {
    let more = ["--enable-debug-command", "yes", "--aof-use-rdb-preamble", "no"];
    Some(Server::ours(folder, &[&OURS[..], &more].concat()))
}

fn redis(folder: &Folder) -> Option<Server> {
    Server::real("redis-server", folder, &REAL)
}

fn redis_without_preamble(folder: &Folder) -> Option<Server> {
    Server::real("redis-server", folder, &[&REAL[..], &["--aof-use-rdb-preamble", "no"]].concat())
}

#[test]
fn redis_loads_ours() {
    take_turns(&[ours, redis]);
    take_turns(&[ours, ours, redis]);
    take_turns(&[ours_without_preamble, ours_without_preamble, redis]);
}

#[test]
fn ours_loads_that_of_redis() {
    take_turns(&[redis, ours]);
    take_turns(&[redis, redis, ours]);
    take_turns(&[redis_without_preamble, redis_without_preamble, ours]);
}

#[test]
fn they_alternate() {
    take_turns(&[ours, redis, ours, ours_without_preamble, redis, redis_without_preamble, ours, redis, redis, ours]);
}
