//! The family, asked as clients ask, with a world that answers by the book.

use crate::boundary::ask::{Answer, Oracle, ProcessFigures, Question};
use crate::boundary::effects::Effects;
use crate::boundary::id::ClientId;
use crate::boundary::input::{BufferReport, Connection, DiskError, DiskErrorKind, Input};
use crate::boundary::time::{Monotonic, Now, Unix};
use crate::command::spec::Command;
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::options::Options;
use crate::resp::request::{Limits, Parser, RequestBuffer};
use crate::server::HostFacts;
use crate::server::personality::Personality;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Each command takes 20 ms; port 1 can't be listened on; the only file is
/// `/old.conf`, the only directory `/data`.
struct Book {
    elapsed_ns: u64,
}

impl Oracle for Book {
    fn elapsed_ns(&mut self) -> u64 {
        self.elapsed_ns += 20_000_000;
        self.elapsed_ns
    }

    fn ask(&mut self, question: Question<'_>) -> Answer {
        let failed =
            |message: &str| Answer::Failed(DiskError { kind: DiskErrorKind::NotFound, message: message.into() });
        match question {
            Question::Process => Answer::Process(ProcessFigures { resident: 7 << 20, ..Default::default() }),
            Question::ReadFile("/old.conf") => Answer::Contents(b"# mine\nhz 10\n".to_vec()),
            Question::ReplaceFile { path: "/old.conf", contents } => {
                assert!(contents.starts_with(b"# mine\nhz "), "{}", String::from_utf8_lossy(contents));
                Answer::Done
            }
            Question::Apply { parameter: "port", value: "1" } => failed("Permission denied"),
            Question::ChangeDirectory("data") => Answer::Done,
            Question::WorkingDirectory => Answer::Path("/data".into()),
            Question::ReadFile(_) | Question::ReplaceFile { .. } | Question::ChangeDirectory(_) => {
                failed("No such file or directory")
            }
            _ => Answer::Done,
        }
    }
}

struct Client {
    engine: Engine,
    effects: Effects,
}

const NOW: Now = Now { monotonic: Monotonic(1_000_000), unix: Unix(1_700_000_000_000_123) };
const CLIENT: ClientId = ClientId(1);

impl Client {
    fn new(file: &str, personality: Personality) -> Client {
        let mut config = Config::new();
        config.load(file.as_bytes(), &mut |_| Err("no other file".into())).expect("a good file");
        let options = Options {
            seed: 1,
            config,
            config_file: Some("/old.conf".into()),
            executable: "/bin/reprise".into(),
            personality,
            host: HostFacts { allocator: "jemalloc-5.3.1".into(), ..Default::default() },
            renamed_commands: Vec::new(),
        };
        let mut effects = Effects::new(Box::new(Book { elapsed_ns: 0 }));
        let mut engine = Engine::new(options, NOW);
        let connection = Connection {
            peer: "127.0.0.1:9".into(),
            local: "127.0.0.1:6379".into(),
            unix_socket: false,
            loopback: true,
            descriptor: 5,
        };
        engine.handle(NOW, Input::Connected { client: CLIENT, connection }, &mut effects);
        Client { engine, effects }
    }

    /// The reply to an inline request, line ends shown as spaces.
    fn ask(&mut self, request: &str) -> String {
        let line = format!("{request}\r\n");
        let mut buffer = RequestBuffer::default();
        Parser::default().parse(line.as_bytes(), Limits::default(), 1, &mut buffer);
        let requests = buffer.requests(line.as_bytes(), 0);
        self.effects.clear();
        let report = BufferReport::default();
        self.engine.handle(NOW, Input::Requests { client: CLIENT, requests: &requests, report }, &mut self.effects);
        String::from_utf8_lossy(&self.effects.output).replace("\r\n", " ").trim_end().to_string()
    }

    fn expect(&mut self, exchanges: &[(&str, &str)]) {
        for (request, reply) in exchanges {
            assert_eq!(self.ask(request), *reply, "{request}");
        }
    }
}

#[test]
fn parameters_are_set_all_or_none() {
    let mut client = Client::new("enable-protected-configs yes", Personality::REDIS);
    client.expect(&[
        ("config set hz 20", "+OK"),
        ("config get hz", "*2 $2 hz $2 20"),
        ("config set hz", "-ERR wrong number of arguments for 'config|set' command"),
        ("config set hz 1 port", "-ERR syntax error"),
        ("config rewrite", "+OK"),
        (
            "config set tcp-keepalive 7 dir /none hz 30",
            "-ERR CONFIG SET failed (possibly related to argument 'dir') - No such file or directory",
        ),
        (
            "config set port 1",
            "-ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. \
             Check server logs.",
        ),
        ("config get hz port tcp-keepalive", "*6 $2 hz $2 20 $4 port $4 6379 $13 tcp-keepalive $3 300"),
        ("config set dir data", "+OK"),
        ("config get dir", "*2 $3 dir $5 /data"),
        (
            "config set databases 3",
            "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config",
        ),
    ]);
}

#[test]
fn who_is_connected_stays_authenticated() {
    let mut client = Client::new("", Personality::REDIS);
    client.expect(&[("config set requirepass x", "+OK"), ("time", "*2 $10 1700000000 $3 123")]);
    assert!(client.engine.server().password.is_some());
}

#[test]
fn protected_commands_need_permission() {
    let refused = "command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a \
                   local connection, otherwise you need to set this option in the configuration file, and then \
                   restart the server.";
    let mut client = Client::new("", Personality::REDIS);
    assert_eq!(client.ask("debug help"), format!("-ERR DEBUG {refused}"));
    assert!(
        client.ask("info commandstats").contains("cmdstat_debug:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1")
    );
    for permission in ["yes", "local"] {
        let mut client = Client::new(&format!("enable-debug-command {permission}"), Personality::REDIS);
        assert_eq!(client.ask("debug sleep 0"), "+OK");
    }
}

#[test]
fn slow_commands_are_logged_without_secrets() {
    let mut client = Client::new("slowlog-log-slower-than 20000\nslowlog-max-len 2", Personality::REDIS);
    let long = "x".repeat(130);
    client.ask("time");
    client.ask("config set requirepass secret");
    client.ask(&format!("config get {long}{}", " y".repeat(40)));
    client.expect(&[("slowlog len", ":2")]);
    let log = client.ask("slowlog get");
    let first = format!(
        "*2 *6 :3 :1700000000 :20000 *2 $7 slowlog $3 len $11 127.0.0.1:9 $0  *6 :2 :1700000000 :20000 *32 $6 config $3 get $146 {}... (2 more bytes) $1 y",
        "x".repeat(128)
    );
    assert!(log.starts_with(&first), "{log}");
    assert!(log.contains("$1 y $23 ... (12 more arguments)"), "{log}");
    client.ask("slowlog reset");
    client.ask("config set requirepass secret masterauth other hz 9");
    let log = client.ask("slowlog get 1");
    let arguments = "*8 $6 config $3 set $11 requirepass $10 (redacted) $10 masterauth $10 (redacted) $2 hz $1 9";
    assert!(log.contains(arguments), "{log}");
}

#[test]
fn latencies_are_kept() {
    let mut client = Client::new("latency-monitor-threshold 20", Personality::REDIS);
    client.ask("slowlog len");
    client.expect(&[
        ("latency latest", "*1 *4 $7 command :1700000000 :20 :20"),
        ("latency history command", "*1 *2 :1700000000 :20"),
        ("latency history fork", "*0"),
        ("latency reset fork", ":0"),
        ("latency reset", ":1"),
        ("latency histogram slowlog", "*2 $11 slowlog|len *4 $5 calls :1 $14 histogram_usec *2 :33816 :1"),
    ]);
    assert!(client.ask("info latencystats").contains("latency_percentiles_usec_slowlog|len:p50=20"));
    client.ask("config resetstat");
    assert!(!client.ask("info latencystats").contains("slowlog"));
}

#[test]
fn every_field_of_the_references_is_there() {
    for (personality, missing) in [(Personality::REDIS, "valkey_version"), (Personality::VALKEY, "redis_mode")] {
        let mut client = Client::new("", personality);
        client.ask("set key value");
        let text = client.ask("info everything");
        assert!(!text.contains(missing), "{missing}");
        let names: BTreeSet<&str> =
            text.split(' ').filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
        for name in ["used_memory", "mem_allocator", "rdb_changes_since_last_save", "errorstat_ERR", "db0", "role"] {
            assert_eq!(names.contains(name), name != "errorstat_ERR", "{name}");
        }
        assert!(text.contains("mem_allocator:jemalloc-5.3.1") && text.contains("db0:keys=1,expires=0,avg_ttl=0"));
    }
}

#[test]
fn digests_are_those_of_the_reference() {
    let mut client = Client::new("enable-debug-command yes", Personality::REDIS);
    let zero = "0".repeat(40);
    assert_eq!(client.ask("debug digest"), format!("+{zero}"));
    client.ask("set n 12345");
    client.ask("set foo bar");
    client.expect(&[
        ("debug digest", "+cd5a02343543db03481294f2a80f5609dd27c72b"),
        ("debug digest-value foo", "*1 +68467c70ae30376e7ce005bcc8827f5ba7fd67dc"),
    ]);
    assert_eq!(client.ask("debug digest-value none"), format!("*1 +{zero}"));
}

#[test]
fn no_arguments_take_the_server_down() {
    let mut client = Client::new("enable-debug-command yes\nenable-module-command yes", Personality::REDIS);
    let full_name = |container: &Command, command: &Command| format!("{} {}", container.name, command.name);
    let names = super::COMMANDS.iter().flat_map(|command| {
        core::iter::once(command.name.into()).chain(command.subcommands.iter().map(move |sub| full_name(command, sub)))
    });
    for name in names {
        for arguments in ["", " x", " -1", " x y", " x 1 y 2", " \"\" \"\"", " 1 2 3 4 5 6 7"] {
            let reply = client.ask(&format!("{name}{arguments}"));
            assert!(!reply.is_empty(), "{name}{arguments}");
        }
    }
    for name in
        ["object", "populate", "protocol", "digest-value", "htstats", "sdslen", "stringmatch-len", "help", "reload"]
    {
        for arguments in ["", " x", " -1", " 99999999999999999999", " 1 x 2", " 10 x"] {
            client.ask(&format!("debug {name}{arguments}"));
        }
    }
}
