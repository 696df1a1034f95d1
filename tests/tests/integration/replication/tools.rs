//! redis-cli as a replica: it fetches a file, it shows the stream.

use super::from_redis::{field, text, wait_for, write};
use crate::client::Reply;
use crate::process::{Folder, Server, installed};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

const OPTIONS: [&str; 6] = ["--save", "", "--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0"];

/// Killed in the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_file_that_redis_cli_fetches_can_be_loaded() {
    let Some(program) = installed("redis-cli") else { return };
    let (folder, own_folder) = (Folder::new(), Folder::new());
    let ours = Server::ours(&own_folder, &OPTIONS);
    let mut primary = ours.client();
    primary.line("DEBUG POPULATE 20000 key 100");
    write(&mut primary, 1);
    primary.line("SELECT 5");
    wait_for("an expiry", || primary.line("EXISTS gone") == Reply::Integer(0));
    let file = folder.path().join("dump.rdb");
    let mut command = Command::new(program);
    command.args(["-p", &ours.port.to_string(), "--rdb"]).arg(&file).stdin(Stdio::null());
    let output = command.output().expect("a process");
    assert!(output.status.success(), "{output:?}");
    wait_for("its end", || field(&mut primary, "replication", "connected_slaves") == "0");
    let Some(real) = Server::real("redis-server", &folder, &[]) else { return };
    assert_eq!(text(&mut real.client(), "DEBUG DIGEST"), text(&mut primary, "DEBUG DIGEST"));
}

#[test]
fn redis_cli_shows_the_stream() {
    let Some(program) = installed("redis-cli") else { return };
    let own_folder = Folder::new();
    let ours = Server::ours(&own_folder, &OPTIONS);
    let mut primary = ours.client();
    primary.line("DEBUG POPULATE 2000 key 100");
    let mut command = Command::new(program);
    command.args(["-p", &ours.port.to_string(), "--replica"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut running = Running(command.stderr(Stdio::null()).spawn().expect("a process"));
    wait_for("the replica", || text(&mut primary, "INFO replication").contains("state=online"));
    primary.line("SET shown 1");
    primary.line("MULTI");
    primary.line("SET x 2");
    primary.line("SET last 3");
    primary.line("EXEC");
    let output = BufReader::new(running.0.stdout.take().expect("its output"));
    let mut lines = Vec::new();
    for line in output.lines() {
        let line = line.expect("a line").to_ascii_lowercase();
        let last = line == "\"exec\"";
        lines.extend(Some(line).filter(|line| line.starts_with('"') && line != "\"ping\""));
        if last {
            break;
        }
    }
    // The SELECT before them it takes for the answer to its REPLCONF ACK.
    let shown = ["\"set\",\"shown\",\"1\"", "\"multi\"", "\"set\",\"x\",\"2\"", "\"set\",\"last\",\"3\"", "\"exec\""];
    assert_eq!(lines, shown);
}
