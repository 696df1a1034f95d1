//! What the subcommands that run the suite have in common: its files, and how they are run.

use crate::args::{ExecutionArgs, SuiteArgs};
use crate::baseline::ListedFile;
use crate::error::{Error, Result};
use crate::layout::on_path;
use crate::normalise::Names;
use crate::obtain::source_tree;
use crate::outcome::{FileOutcome, Outcome};
use crate::ports::Ports;
use crate::run::{FilePlan, Runner};
use crate::selection::Selection;
use crate::suite::Suite;
use crate::workspace::Workspace;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A suite that has been obtained, and what to run of it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) suite: &'static Suite,
    pub(crate) data: PathBuf,
    names: Names,
    pub(crate) selection: Selection,
    workspace: Workspace,
    pub(crate) source: PathBuf,
    jobs: usize,
    ports: Ports,
    interrupted: Arc<AtomicBool>,
    execution: ExecutionArgs,
}

impl Session {
    /// Obtains the suite and takes what a run of it needs.
    pub(crate) fn open(args: &SuiteArgs, execution: &ExecutionArgs) -> Result<Self> {
        let suite = Suite::named(&args.suite)?;
        on_path("tclsh").ok_or(Error::MissingProgram { program: "tclsh", package: "tcl" })?;
        let data = data_dir(args)?;
        let names = Names::load(&data)?;
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&interrupted))
                .map_err(Error::file("watch for", Path::new("signals")))?;
        }
        let workspace = Workspace::create(execution.work_dir.as_deref(), execution.keep)?;
        let source = source_tree(suite, args.suite_dir.as_deref(), args.cache_dir.as_deref(), workspace.path())?;
        let selection = Selection::new(&args.only, &args.except);
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let jobs = execution.jobs.unwrap_or_else(processors).max(1);
        let ports = Ports::reserve(jobs, execution.base_port)?;
        Ok(Self {
            suite,
            data,
            names,
            selection,
            workspace,
            source,
            jobs,
            ports,
            interrupted,
            execution: execution.clone(),
        })
    }

    /// Runs files on this server, with the output below `report`.
    pub(crate) fn runner(&self, server: &Path, report: &Path) -> Result<Runner<'_>> {
        Ok(Runner {
            suite: self.suite,
            names: &self.names,
            source: self.source.clone(),
            server: std::path::absolute(server)
                .and_then(|path| fs::metadata(&path).map(|_| path))
                .map_err(Error::file("find the server", server))?,
            workspace: &self.workspace,
            logs: report.join("logs"),
            jobs: self.jobs,
            ports: &self.ports,
            dump_logs: self.execution.dump_logs,
            interrupted: &self.interrupted,
        })
    }

    /// The limits of a file, from what it took on the reference where that is known.
    pub(crate) fn plan(&self, name: &str, listed: Option<&ListedFile>) -> FilePlan {
        let (limit, stall, expected) = match listed {
            Some(file) => (60 + 3 * file.seconds, 50 + 2 * file.slowest_seconds, file.seconds),
            None => (1_200, 600, 60),
        };
        FilePlan {
            name: name.to_owned(),
            limit: Duration::from_secs(self.execution.file_timeout.unwrap_or(limit)),
            stall: Duration::from_secs(self.execution.stall_timeout.unwrap_or(stall)),
            expected: Duration::from_secs(expected),
        }
    }
}

/// Where a suite's data is kept.
pub(crate) fn data_dir(args: &SuiteArgs) -> Result<PathBuf> {
    let suite = Suite::named(&args.suite)?;
    Ok(args.data_dir.clone().unwrap_or_else(|| suite.data_dir()))
}

/// Prints a line for each file as it ends.
pub(crate) fn progress(total: usize) -> impl FnMut(&str, &FileOutcome) {
    let mut done = 0;
    move |name, outcome| {
        done += 1;
        let of = |wanted| outcome.tests.iter().filter(|test| test.outcome == wanted).count();
        let (passed, failed) = (of(Outcome::Passed), of(Outcome::Failed));
        let end = outcome.end.word();
        eprintln!("[{done}/{total}] {name}: {passed} passed, {failed} failed, {} s {end}", outcome.seconds);
    }
}
