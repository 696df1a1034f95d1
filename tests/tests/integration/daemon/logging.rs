//! The log, the files that others look for, and the title.

use crate::daemon::process::{Scratch, Server, free_port, run, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Whether a line is `<pid>:<role> 01 Jan 2026 00:00:00.000 <level> text`.
fn is_log_line(line: &str) -> bool {
    let shape = |text: &str, pattern: &str| {
        text.len() == pattern.len()
            && text.chars().zip(pattern.chars()).all(|(found, wanted)| match wanted {
                '0' => found.is_ascii_digit(),
                'A' => found.is_ascii_alphabetic(),
                _ => found == wanted,
            })
    };
    let words: Vec<&str> = line.splitn(7, ' ').collect();
    let [process, day, month, year, time, level, _text] = words[..] else { return false };
    let Some((process, role)) = process.split_once(':') else { return false };
    process.parse::<u32>().is_ok()
        && ["M", "S", "C", "X"].contains(&role)
        && shape(day, "00")
        && shape(month, "AAA")
        && shape(year, "0000")
        && shape(time, "00:00:00.000")
        && [".", "-", "*", "#"].contains(&level)
}

#[test]
fn lines_have_the_form_that_tools_read() {
    let server = Server::start(&["--loglevel", "debug"]);
    let log = server.log();
    for line in log.lines() {
        assert!(is_log_line(line), "{line}");
    }
    for text in
        ["is starting", "version=7.2.4", "Configuration loaded", "Running mode=standalone, port=", "Server initialized"]
    {
        assert!(log.contains(text), "{text} in\n{log}");
    }
}

#[test]
fn the_picture_tells_the_process() {
    let server = Server::start(&["--always-show-logo", "yes"]);
    let log = server.log();
    assert!(log.contains(&format!("     PID: {}\n", server.process())), "{log}");
    assert!(log.contains(&format!("     Port: {}\n", server.port)), "{log}");
}

#[test]
fn a_level_leaves_out_what_is_below() {
    let scratch = Scratch::new();
    let output = run(&scratch.program("redis-server"), &["--port", "0", "--loglevel", "warning"], "");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    assert!(stdout.contains(" # Configured to not listen anywhere"));
}

/// Starts a server in the background, with its log in `log` and its number in `pid`, and returns that number.
fn start_in_background(scratch: &Scratch, arguments: &[&str]) -> Pid {
    let (log, pid_file) = (scratch.file("log"), scratch.file("pid"));
    let port = free_port().to_string();
    let directory = scratch.path().display().to_string();
    let own = [
        "--daemonize",
        "yes",
        "--port",
        &port,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        &directory,
        "--logfile",
        &log,
        "--pidfile",
        &pid_file,
    ];
    let output = run(&scratch.program("redis-server"), &[&own, arguments].concat(), "");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
    wait_until("the log says that it is ready", || scratch.read("log").contains("Ready to accept connections"));
    Pid::from_raw(scratch.read("pid").trim().parse().expect("a number in the pid file"))
}

#[test]
fn in_the_background_it_writes_its_number_and_removes_it() {
    let scratch = Scratch::new();
    let process = start_in_background(&scratch, &[]);
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = status.rsplit_once(')').unwrap().1.split_ascii_whitespace().collect();
    assert_eq!(fields[3], process.to_string(), "the leader of its session");
    kill(process, Signal::SIGTERM).unwrap();
    wait_until("the server has ended", || kill(process, None).is_err());
    assert!(!scratch.path().join("pid").exists());
    assert!(scratch.read("log").contains("Removing the pid file."));
}

#[test]
fn a_log_that_was_rotated_is_opened_anew() {
    let scratch = Scratch::new();
    let process = start_in_background(&scratch, &[]);
    std::fs::rename(scratch.file("log"), scratch.file("log.1")).unwrap();
    kill(process, Signal::SIGTERM).unwrap();
    wait_until("the server has ended", || kill(process, None).is_err());
    assert!(scratch.read("log").contains("Removing the pid file."));
    assert!(!scratch.read("log.1").contains("Removing the pid file."));
}

#[test]
fn a_pid_file_that_cannot_be_written_is_a_warning() {
    let server = Server::start(&["--pidfile", "/not/there/pid"]);
    assert!(server.log().contains("# Failed to write PID file: No such file or directory"));
    assert_eq!(server.ask(&["PING"]), "+PONG");
}

#[test]
fn the_title_is_what_the_template_says() {
    let template = "{title} at {listen-addr} on {port}{server-mode}, a title that is longer than the arguments were";
    let server = Server::start(&["--proc-title-template", template]);
    let title = std::fs::read(format!("/proc/{}/cmdline", server.process())).unwrap();
    let title = String::from_utf8_lossy(&title).trim_end_matches('\0').to_owned();
    let program = server.scratch.path().join("redis-server").display().to_string();
    let port = server.port;
    let expected = format!("{program} at 127.0.0.1:{port} on {port}, a title that is longer than the arguments were");
    assert_eq!(title, expected);
}
