//! Debian's own redis-sentinel watches over two of ours: the primary is killed,
//! the replica takes over, and the old primary comes back as its replica.

use crate::client::{Client, Reply};
use crate::process::{Folder, Server, daemon, free_port};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a failover may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(90);

/// The folder and the log file of the sentinel, which tells what it saw when a
/// wait is in vain.
struct Watch {
    folder: Folder,
    log: PathBuf,
}

impl Watch {
    fn new() -> Watch {
        let folder = Folder::new();
        let log = folder.path().join("log");
        Watch { folder, log }
    }

    fn wait_until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !holds() {
            if begin.elapsed() >= PATIENCE {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                panic!("{what}: not within {PATIENCE:?}; the sentinel's log:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// What INFO replication says of a field.
fn replication(port: u16, field: &str) -> Option<String> {
    let Ok(Reply::Bulk(Some(text))) = Client::connect(port).ok()?.try_ask(&[b"INFO", b"replication"]) else {
        return None;
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}

fn is(port: u16, field: &str, value: &str) -> bool {
    replication(port, field).as_deref() == Some(value)
}

fn primary_of(sentinel: &Server) -> u16 {
    match sentinel.client().line("SENTINEL GET-MASTER-ADDR-BY-NAME mymaster") {
        Reply::Array(parts) => match parts.get(1) {
            Some(Reply::Bulk(Some(port))) => String::from_utf8_lossy(port).parse().unwrap_or(0),
            _ => 0,
        },
        _ => 0,
    }
}

fn bulk(text: &str) -> Reply {
    Reply::Bulk(Some(text.as_bytes().to_vec()))
}

fn fail_over(program: &Path) {
    let sentinel_program = Path::new("/usr/bin/redis-sentinel");
    if !sentinel_program.exists() {
        assert!(std::env::var_os("CI").is_none(), "redis-sentinel is not installed");
        eprintln!("\n*** NOT TESTED: redis-sentinel is not installed ***\n");
        return;
    }
    let (first_folder, second_folder, watch) = (Folder::new(), Folder::new(), Watch::new());
    let (first_port, second_port) = (free_port(), free_port());
    let port_of_first = first_port.to_string();
    let mut first = Server::start_on(first_port, program, &first_folder, &["--repl-diskless-sync-delay", "0"]);
    let follow = ["--replicaof", "127.0.0.1", &port_of_first, "--repl-diskless-sync-delay", "0"];
    let second = Server::start_on(second_port, program, &second_folder, &follow);
    watch.wait_until("the first sync", || is(second_port, "master_link_status", "up"));
    let mut writer = first.client();
    assert_eq!(writer.line("SET key before"), Reply::Line("OK".into()));
    assert_eq!(writer.line("WAIT 1 5000"), Reply::Integer(1));

    // A sentinel takes up broken links, as those to a server that it has promoted, once a second: whoever is down after
    // one second may be held for down before that, and deposed.
    let configuration = watch.folder.path().join("sentinel.conf");
    let text = format!(
        "sentinel monitor mymaster 127.0.0.1 {first_port} 1\nsentinel down-after-milliseconds mymaster 3000\n\
         sentinel failover-timeout mymaster 10000\nlogfile {}\n",
        watch.log.display()
    );
    std::fs::write(&configuration, text).expect("a file");
    let file = configuration.to_string_lossy().into_owned();
    let sentinel = Server::start_sentinel(sentinel_program, &watch.folder, &file);
    watch.wait_until(
        "the sentinel knows the replica",
        || matches!(sentinel.client().line("SENTINEL REPLICAS mymaster"), Reply::Array(replicas) if replicas.len() == 1),
    );

    first.kill();
    watch.wait_until("another primary", || primary_of(&sentinel) == second_port);
    watch.wait_until("the promotion", || is(second_port, "role", "master"));
    assert_eq!(second.client().line("GET key"), bulk("before"));
    assert_eq!(second.client().line("SET key after"), Reply::Line("OK".into()));

    let first = Server::start_on(first_port, program, &first_folder, &[]);
    watch.wait_until("the old primary follows", || is(first_port, "role", "slave"));
    watch.wait_until("its link", || is(first_port, "master_link_status", "up"));
    watch.wait_until("its data", || first.client().line("GET key") == bulk("after"));
    assert_eq!(replication(first_port, "master_port"), Some(second_port.to_string()));
}

#[test]
fn two_of_ours_fail_over() {
    fail_over(daemon());
}
