//! Runs the suite's processes and makes sure that none of them is left behind.
//!
//! The suite runs in a process group of its own, but some of its servers leave it (`daemonize yes`), and a suite that dies leaves its
//! servers running. All of them have their working directory inside the scratch directory of their file, whatever group or
//! session they are in: that is how the rest is found.

use crate::error::{Error, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How a supervised process came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    ByItself,
    TimedOut,
    Interrupted,
}

/// Runs `command` with its output in the file `log`, until it ends, `limit` has passed or `interrupted` is set. In each case no process
/// whose working directory is inside `scratch` survives.
pub(crate) fn supervise(
    command: &mut Command,
    scratch: &Path,
    log: &Path,
    limit: Duration,
    interrupted: &AtomicBool,
) -> Result<Ended> {
    let output = File::create(log).map_err(Error::file("create", log))?;
    let errors = output.try_clone().map_err(Error::file("share", log))?;
    command.current_dir(scratch).stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child =
        command.spawn().map_err(|error| Error::Program { program: program.clone(), why: error.to_string() })?;
    let ended =
        wait(&mut child, limit, interrupted).map_err(|error| Error::Program { program, why: error.to_string() });
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
    sweep(scratch);
    ended
}

fn wait(child: &mut Child, limit: Duration, interrupted: &AtomicBool) -> std::io::Result<Ended> {
    let started = Instant::now();
    loop {
        if child.try_wait()?.is_some() {
            return Ok(Ended::ByItself);
        }
        if interrupted.load(Ordering::Relaxed) {
            return Ok(Ended::Interrupted);
        }
        if started.elapsed() >= limit {
            return Ok(Ended::TimedOut);
        }
        sleep(Duration::from_millis(50));
    }
}

/// Kills whatever has its working directory inside `scratch`, until nothing has.
pub(crate) fn sweep(scratch: &Path) {
    for _ in 0..100 {
        let found = inside(scratch);
        if found.is_empty() {
            return;
        }
        for process in found {
            let _ = kill_process(process, Signal::KILL);
        }
        sleep(Duration::from_millis(20));
    }
}

fn inside(scratch: &Path) -> Vec<Pid> {
    let own = std::process::id();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| u32::try_from(*pid) != Ok(own))
        .filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(scratch)))
        .filter_map(Pid::from_raw)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("reprise-compat-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path.canonicalize().unwrap()
    }

    #[test]
    fn a_process_in_another_session_is_found_and_killed() {
        let scratch = scratch("sweep");
        let mut command = Command::new("sh");
        command.args(["-c", "setsid sleep 60 & sleep 60"]);
        let limit = Duration::from_millis(300);
        let ended = supervise(&mut command, &scratch, &scratch.join("log"), limit, &AtomicBool::new(false)).unwrap();
        assert_eq!(ended, Ended::TimedOut);
        assert!(inside(&scratch).is_empty());
        fs::remove_dir_all(scratch).unwrap();
    }

    #[test]
    fn output_is_kept_and_an_interruption_ends_it() {
        let scratch = scratch("output");
        let log = scratch.join("log");
        let limit = Duration::from_secs(60);
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2"]);
        let ended = supervise(&mut command, &scratch, &log, limit, &AtomicBool::new(false)).unwrap();
        assert_eq!(ended, Ended::ByItself);
        assert_eq!(fs::read_to_string(&log).unwrap(), "one\ntwo\n");
        let ended = supervise(Command::new("sleep").arg("60"), &scratch, &log, limit, &AtomicBool::new(true)).unwrap();
        assert_eq!(ended, Ended::Interrupted);
        fs::remove_dir_all(scratch).unwrap();
    }
}
