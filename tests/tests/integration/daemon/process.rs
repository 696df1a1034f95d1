//! A daemon under test: its binary, its directory, and what it is asked.

use crate::process::daemon;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long anything may take on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A directory of its own for a test, removed in the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A new, empty directory.
    pub(crate) fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("reprise-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a directory for a test");
        Scratch(path)
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it.
    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// Writes a file, and returns its path.
    pub(crate) fn write(&self, name: &str, contents: &str) -> String {
        std::fs::write(self.0.join(name), contents).expect("a file of a test");
        self.file(name)
    }

    /// The contents of a file; nothing if it is not there.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap_or_default()
    }

    /// The program under another name.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let link = self.0.join(name);
        if !link.exists() {
            std::os::unix::fs::symlink(daemon(), &link).expect("a link in a test's directory");
        }
        link
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Runs a program that ends by itself, with `input` at its standard input.
pub(crate) fn run(program: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("the program reads");
    child.wait_with_output().expect("the program ends")
}

/// A server that runs in a directory of its own and logs to standard output, that is to `out` there.
pub(crate) struct Server {
    pub(crate) scratch: Scratch,
    pub(crate) port: u16,
    child: Child,
}

impl Server {
    /// Starts `redis-server` with more arguments, and waits until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Server {
        Server::start_in(Scratch::new(), free_port(), arguments)
    }

    /// Starts it in a directory, on a port of 127.0.0.1 unless the arguments say otherwise.
    pub(crate) fn start_in(scratch: Scratch, port: u16, arguments: &[&str]) -> Server {
        let output = std::fs::File::create(scratch.path().join("out")).expect("a file for the output");
        let child = Command::new(scratch.program("redis-server"))
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(scratch.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a second descriptor"))
            .stderr(output)
            .spawn()
            .expect("the server starts");
        let mut server = Server { scratch, port, child };
        server.wait_until_ready();
        server
    }

    /// Waits until it says so, or, where the log leaves that out, until it answers.
    fn wait_until_ready(&mut self) {
        let address = format!("127.0.0.1:{}", self.port);
        wait_until("the server is ready", || {
            let log = self.log();
            let ended = self.child.try_wait().expect("a child's state").is_some();
            assert!(!ended, "ended early:\n{log}");
            log.contains("Ready to accept connections") || ask(&address, &["PING"]).is_ok_and(|reply| reply == "+PONG")
        });
    }

    /// What it has written so far.
    pub(crate) fn log(&self) -> String {
        self.scratch.read("out")
    }

    /// The process's number.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request of words to its port on 127.0.0.1, and returns the first line of the reply.
    pub(crate) fn ask(&self, words: &[&str]) -> String {
        ask(&format!("127.0.0.1:{}", self.port), words).expect("the server answers")
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).expect("the server takes signals");
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child's state") {
                return status;
            }
            assert!(Instant::now() < deadline, "still running:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until something holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a request of words over TCP, and returns the first line of the reply.
pub(crate) fn ask(address: &str, words: &[&str]) -> std::io::Result<String> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    ask_stream(stream, words)
}

/// Sends a request of words over any stream, and returns the first line of the reply.
pub(crate) fn ask_stream(mut stream: impl Read + Write, words: &[&str]) -> std::io::Result<String> {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request += &format!("${}\r\n{word}\r\n", word.len());
    }
    stream.write_all(request.as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
