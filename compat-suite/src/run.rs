//! Runs files of the suite on a server: one process a file, several at a time.

use crate::error::{Error, Result};
use crate::layout;
use crate::normalise::Names;
use crate::outcome::{End, FileOutcome};
use crate::parse;
use crate::ports::{PER_JOB, Ports};
use crate::process::{Ended, supervise};
use crate::sentinel;
use crate::suite::Suite;
use crate::workspace::Workspace;
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// A file to run and its limits.
#[derive(Debug, Clone)]
pub(crate) struct FilePlan {
    pub(crate) name: String,
    /// After this long the file is killed.
    pub(crate) limit: Duration,
    /// After this long without any progress the suite gives it up.
    pub(crate) stall: Duration,
    /// What it is likely to take; long ones start first.
    pub(crate) expected: Duration,
}

/// Everything that the files of a run share.
#[derive(Debug)]
pub(crate) struct Runner<'a> {
    pub(crate) suite: &'a Suite,
    pub(crate) names: &'a Names,
    pub(crate) source: PathBuf,
    pub(crate) server: PathBuf,
    pub(crate) workspace: &'a Workspace,
    /// Where each file's output is kept.
    pub(crate) logs: PathBuf,
    pub(crate) jobs: usize,
    pub(crate) ports: &'a Ports,
    pub(crate) dump_logs: bool,
    pub(crate) interrupted: &'a AtomicBool,
}

impl Runner<'_> {
    /// Runs the files and calls `finished` for each as it ends.
    pub(crate) fn run(
        &self,
        files: &[FilePlan],
        mut finished: impl FnMut(&str, &FileOutcome),
    ) -> Result<BTreeMap<String, FileOutcome>> {
        self.check_that_the_server_starts()?;
        fs::create_dir_all(&self.logs).map_err(Error::file("create", &self.logs))?;
        let mut ordered = files.to_vec();
        ordered.sort_by_key(|file| std::cmp::Reverse(file.expected));
        let queue = Mutex::new(VecDeque::from(ordered));
        let mut outcomes = BTreeMap::new();
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            for job in 0..self.jobs.min(files.len()) {
                let (sender, queue) = (sender.clone(), &queue);
                scope.spawn(move || {
                    while let Some(file) = next(queue) {
                        let outcome = self.run_file(&file, job);
                        let failed = outcome.is_err();
                        if sender.send((file.name, outcome)).is_err() || failed {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            for (name, outcome) in receiver {
                let outcome = outcome.inspect_err(|_| self.interrupted.store(true, Ordering::Relaxed))?;
                finished(&name, &outcome);
                outcomes.insert(name, outcome);
            }
            Ok(outcomes)
        })
    }

    /// Makes a scratch directory ready for the suite.
    pub(crate) fn lay_out(&self, scratch: &Path) -> Result<()> {
        layout::lay_out(self.suite, &self.source, &self.server, scratch)
    }

    /// The files of the suite, as it lists them itself. It does so only beside the binaries that it expects.
    pub(crate) fn list_files(&self) -> Result<Vec<String>> {
        let scratch = self.workspace.path().join("listing");
        self.lay_out(&scratch)?;
        let mut command = Command::new("tclsh");
        command.args(["tests/test_helper.tcl", "--list-tests"]).current_dir(&scratch);
        let output = crate::obtain::checked(&mut command)?;
        fs::remove_dir_all(&scratch).map_err(Error::file("remove", &scratch))?;
        Ok(String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect())
    }

    fn log(&self, file: &str) -> PathBuf {
        self.logs.join(format!("{}.log", file.replace('/', "-")))
    }

    /// What came of a file in an earlier run, unless that was cut off.
    pub(crate) fn earlier(&self, file: &str) -> Option<FileOutcome> {
        let output = fs::read(self.log(file)).ok()?;
        let outcome = self.parse(file, &output);
        (outcome.end != End::Died).then_some(outcome)
    }

    fn parse(&self, file: &str, output: &[u8]) -> FileOutcome {
        let text = String::from_utf8_lossy(output);
        match sentinel::has(file) {
            true => parse::output(file, &sentinel::translated(file, &text), self.names),
            false => parse::output(file, &text, self.names),
        }
    }

    fn run_file(&self, file: &FilePlan, job: usize) -> Result<FileOutcome> {
        let scratch = self.workspace.path().join(format!("{job}-{}", file.name.replace('/', "-")));
        self.lay_out(&scratch)?;
        if sentinel::has(&file.name) {
            sentinel::prepare(&scratch)?;
        }
        let log = self.logs.join(format!("{}.log", file.name.replace('/', "-")));
        let started = Instant::now();
        let mut command = self.command(file, job);
        let ended = supervise(&mut command, &scratch, &log, file.limit, self.interrupted)?;
        if ended == Ended::Interrupted {
            return Err(Error::Interrupted);
        }
        let output = fs::read(&log).map_err(Error::file("read", &log))?;
        let mut outcome = self.parse(&file.name, &output);
        outcome.seconds = started.elapsed().as_secs();
        if ended == Ended::TimedOut {
            outcome.end = End::TimedOut;
        }
        if !self.workspace.keeps() {
            fs::remove_dir_all(&scratch).map_err(Error::file("remove", &scratch))?;
        }
        Ok(outcome)
    }

    /// The suite's own command line. The environment is a fixed one: the suite's output depends on the terminal and the locale.
    fn command(&self, file: &FilePlan, job: usize) -> Command {
        let mut command = Command::new("tclsh");
        command.env_clear().env("TERM", "dumb").env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        for name in ["PATH", "HOME"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let first_port = self.ports.first(job);
        if sentinel::has(&file.name) {
            command.args(sentinel::arguments(&file.name, first_port));
        } else {
            command.args(["tests/test_helper.tcl", "--single", &file.name, "--clients", "1", "--durable"]);
            command.args(["--timeout", &file.stall.as_secs().to_string()]);
            command.args(["--baseport", &first_port.to_string(), "--portcount", &PER_JOB.to_string()]);
            if self.dump_logs {
                command.arg("--dump-logs");
            }
        }
        if self.workspace.keeps() {
            command.arg("--dont-clean");
        }
        command
    }
}

fn next(queue: &Mutex<VecDeque<FilePlan>>) -> Option<FilePlan> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}
