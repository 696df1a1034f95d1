//! Servers as child processes, ours and real ones, each on a port and in a
//! directory of its own.

use crate::client::{Client, Reply};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A directory that is removed in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A new one.
    pub(crate) fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("reprise-test-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).expect("a new directory");
        Folder(path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A server; killed in the end.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) port: u16,
}

impl Server {
    /// Starts the daemon in a directory.
    pub(crate) fn ours(folder: &Folder, options: &[&str]) -> Server {
        Server::start(daemon(), folder, options)
    }

    /// Starts a real server, if it is [`installed`].
    pub(crate) fn real(program: &str, folder: &Folder, options: &[&str]) -> Option<Server> {
        let path = installed(program)?;
        let mut all = vec!["--save", "", "--enable-debug-command", "yes"];
        all.extend(options);
        Some(Server::start(&path, folder, &all))
    }

    fn start(program: &Path, folder: &Folder, options: &[&str]) -> Server {
        Server::start_on(free_port(), program, folder, options)
    }

    /// Starts a program on a port: again where it was before.
    pub(crate) fn start_on(port: u16, program: &Path, folder: &Folder, options: &[&str]) -> Server {
        let mut command = Command::new(program);
        command.args(["--port", &port.to_string(), "--dir"]).arg(folder.path()).args(options);
        Server::run(port, command)
    }

    /// Starts a real redis-sentinel from a file, which it will rewrite.
    pub(crate) fn start_sentinel(program: &Path, folder: &Folder, file: &str) -> Server {
        let port = free_port();
        let mut command = Command::new(program);
        command.args([file, "--port", &port.to_string(), "--dir"]).arg(folder.path());
        Server::run(port, command)
    }

    fn run(port: u16, mut command: Command) -> Server {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("a process");
        let mut server = Server { child, port };
        let begin = Instant::now();
        while !server.answers() {
            assert!(server.child.try_wait().expect("a child").is_none(), "{command:?} did not start");
            assert!(begin.elapsed() < PATIENCE, "{command:?} does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn answers(&self) -> bool {
        let pong = Client::connect(self.port).and_then(|mut client| client.try_ask(&[b"PING"]));
        pong.is_ok_and(|reply| reply == Reply::Line("PONG".into()))
    }

    /// A connection to it.
    pub(crate) fn client(&self) -> Client {
        Client::connect(self.port).expect("a connection")
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Waits for its end; the exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.code();
            }
            assert!(begin.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Where a program of others is; `None`, loudly, where it is not installed,
/// unless this is where everything has to be.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = Path::new("/usr/bin").join(program);
    if !path.exists() {
        assert!(std::env::var_os("CI").is_none(), "{program} is not installed");
        eprintln!("\n*** NOT TESTED: {program} is not installed ***\n");
        return None;
    }
    Some(path)
}

/// The daemon beside this test, built if need be.
pub(crate) fn daemon() -> &'static Path {
    static DAEMON: OnceLock<PathBuf> = OnceLock::new();
    DAEMON.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        // Of the whole workspace: what it depends on was built with these features for the tests.
        build.args(["build", "--quiet", "--workspace", "--bin", "reprise"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo").success(), "the daemon does not build");
        let test = std::env::current_exe().expect("a path");
        let folder = test.parent().and_then(Path::parent).expect("the target's folder");
        folder.join("reprise")
    })
}
