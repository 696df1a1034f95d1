//! What systemd is told.

use crate::daemon::process::{PATIENCE, Scratch, wait_until};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

#[test]
fn systemd_learns_when_the_server_is_ready_and_when_it_stops() {
    let scratch = Scratch::new();
    let socket = UnixDatagram::bind(scratch.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut child = Command::new(scratch.program("redis-server"))
        .args(["--port", "0", "--save", "", "--supervised", "auto", "--daemonize", "yes", "--unixsocket", "s", "--dir"])
        .arg(scratch.path())
        .env("NOTIFY_SOCKET", scratch.path().join("notify"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut buffer = [0; 256];
    let length = socket.recv(&mut buffer).unwrap();
    assert!(String::from_utf8_lossy(&buffer[..length]).contains("READY=1"));
    // Under supervision it stays in the foreground: this is the process that was started.
    let process = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGTERM).unwrap();
    let length = socket.recv(&mut buffer).unwrap();
    assert!(String::from_utf8_lossy(&buffer[..length]).contains("STOPPING=1"));
    wait_until("the server has ended", || child.try_wait().unwrap().is_some());
}
