//! Starts the server once the way the suite does, before anything runs.
//!
//! The suite waits two minutes for each server that does not come up; over all files that is hours, and says no more than one start does.

use crate::error::{Error, Result};
use crate::run::Runner;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the server may take to say that it is ready.
const LIMIT: Duration = Duration::from_secs(20);
const READY: &str = "Ready to accept";

impl Runner<'_> {
    /// An error with the server's own words unless it comes up with the suite's default configuration.
    pub(crate) fn check_that_the_server_starts(&self) -> Result<()> {
        let scratch = self.workspace.path().join("preflight");
        self.lay_out(&scratch)?;
        let defaults = scratch.join("tests/assets/default.conf");
        let mut config = fs::read_to_string(&defaults).map_err(Error::file("read", &defaults))?;
        config.push_str(&format!("\nport {}\nunixsocket {}\n", self.ports.first(0), scratch.join("socket").display()));
        let path = scratch.join("preflight.conf");
        fs::write(&path, config).map_err(Error::file("write", &path))?;

        let log = scratch.join("log");
        let output = File::create(&log).map_err(Error::file("create", &log))?;
        let errors = output.try_clone().map_err(Error::file("share", &log))?;
        let mut command = Command::new(scratch.join("src").join(self.suite.roles[0]));
        command.arg(&path).current_dir(&scratch).stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
        let failure = |why: String| Error::Program { program: self.server.display().to_string(), why };
        let mut child = command.spawn().map_err(|error| failure(error.to_string()))?;
        let started = Instant::now();
        let mut ended = false;
        while !ended && !is_ready(&log) && started.elapsed() < LIMIT {
            sleep(Duration::from_millis(20));
            ended = matches!(child.try_wait(), Ok(Some(_)));
        }
        let _ = child.kill();
        let _ = child.wait();
        if is_ready(&log) {
            return fs::remove_dir_all(&scratch).map_err(Error::file("remove", &scratch));
        }
        let why = if ended { "it ended" } else { "it did not say so in time" };
        let said = fs::read_to_string(&log).unwrap_or_default();
        Err(failure(format!("never logged {READY:?}: {why}; its output:\n{}", said.trim_end())))
    }
}

fn is_ready(log: &Path) -> bool {
    fs::read(log).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(READY))
}
