//! The subcommands.

use crate::args::{Args, Command, ExecutionArgs, ListArgs, ReportArgs, RunArgs, SuiteArgs};
use crate::baseline::{Baseline, ListedFile};
use crate::bless;
use crate::error::{Error, Result};
use crate::expectation::Expectations;
use crate::junit;
use crate::layout::on_path;
use crate::normalise::Names;
use crate::obtain::source_tree;
use crate::outcome::FileOutcome;
use crate::ports::Ports;
use crate::record;
use crate::report::{self, Summary};
use crate::run::{FilePlan, Runner, list_files};
use crate::selection::Selection;
use crate::suite::Suite;
use crate::verdict::{Verdict, judge};
use crate::workspace::Workspace;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Executes the command line. The exit code says whether the gate is open.
pub(crate) fn execute(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Run(args) => run(&args),
        Command::List(args) => list(&args),
        Command::Bless(args) => bless::bless(&args),
        Command::Report(ReportArgs { report }) => {
            let path = report.join(report::FILE);
            print!(
                "{}",
                fs::read_to_string(&path).map_err(Error::file("read", &path))?
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// What `run` and `list` have in common: the suite's files, and what to run of them.
struct Session {
    suite: &'static Suite,
    data: PathBuf,
    names: Names,
    selection: Selection,
    workspace: Workspace,
    source: PathBuf,
    jobs: usize,
    ports: Ports,
    interrupted: Arc<AtomicBool>,
    execution: ExecutionArgs,
}

impl Session {
    fn open(args: &SuiteArgs, execution: &ExecutionArgs) -> Result<Self> {
        let suite = Suite::named(&args.suite)?;
        on_path("tclsh").ok_or(Error::MissingProgram {
            program: "tclsh",
            package: "tcl",
        })?;
        let data = data_dir(args)?;
        let names = Names::load(&data)?;
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&interrupted))
                .map_err(Error::file("watch for", Path::new("signals")))?;
        }
        let workspace = Workspace::create(execution.work_dir.as_deref(), execution.keep)?;
        let source = source_tree(
            suite,
            args.suite_dir.as_deref(),
            args.cache_dir.as_deref(),
            workspace.path(),
        )?;
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

    fn runner(&self, server: &Path, report: &Path) -> Result<Runner<'_>> {
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
    fn plan(&self, name: &str, listed: Option<&ListedFile>) -> FilePlan {
        let (limit, stall, expected) = match listed {
            Some(file) => (
                60 + 3 * file.seconds,
                50 + 2 * file.slowest_seconds,
                file.seconds,
            ),
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

fn run(args: &RunArgs) -> Result<ExitCode> {
    let baseline = Baseline::load(&data_dir(&args.suite)?)?;
    let expectations = Expectations::load(&data_dir(&args.suite)?, &baseline)?;
    let session = Session::open(&args.suite, &args.execution)?;
    let files: Vec<FilePlan> = baseline
        .files
        .iter()
        .filter(|file| session.selection.takes(&file.name))
        .map(|file| session.plan(&file.name, Some(file)))
        .collect();
    if files.is_empty() {
        return Err(Error::NothingSelected {
            only: session.selection.only().to_vec(),
        });
    }
    let outcomes = session
        .runner(&args.server, &args.report)?
        .run(&files, progress(files.len()))?;
    record::save(&outcomes, &args.report)?;

    let peer = match &args.peer {
        Some(peer) => run_peer(
            &session,
            peer,
            &args.report,
            &files,
            &baseline,
            &expectations,
        )?,
        None => BTreeMap::new(),
    };
    let verdicts = judge(&baseline, &expectations, &outcomes, &peer);
    let summary = Summary::new(&verdicts, &expectations);
    report::write(
        &args.report,
        session.suite,
        &verdicts,
        &expectations,
        &summary,
    )?;
    junit::write(&args.report, &verdicts, &expectations)?;
    report::print(&verdicts, &expectations, &summary);
    Ok(
        if verdicts
            .iter()
            .any(|file| file.count(Verdict::is_unexpected) > 0)
        {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        },
    )
}

/// Runs on the peer those files in which a test is listed as superseded.
fn run_peer(
    session: &Session,
    peer: &Path,
    report: &Path,
    files: &[FilePlan],
    baseline: &Baseline,
    expectations: &Expectations,
) -> Result<BTreeMap<String, FileOutcome>> {
    let claims = |file: &ListedFile| {
        let groups = file
            .tests
            .iter()
            .filter_map(|test| expectations.group_of(&file.name, &test.id));
        groups
            .into_iter()
            .any(|group| expectations.needs_peer(group))
    };
    let claimed: Vec<FilePlan> = files
        .iter()
        .filter(|plan| baseline.file(&plan.name).is_some_and(claims))
        .cloned()
        .collect();
    eprintln!(
        "on the peer, for what is listed as superseded: {} files",
        claimed.len()
    );
    session
        .runner(peer, &report.join("peer"))?
        .run(&claimed, progress(claimed.len()))
}

fn list(args: &ListArgs) -> Result<ExitCode> {
    let session = Session::open(&args.suite, &args.execution)?;
    let known = if session.data.join(Baseline::FILE).exists() {
        Baseline::load(&session.data)?
    } else {
        Baseline::default()
    };
    let all = list_files(&session.source)?;
    let files: Vec<FilePlan> = all
        .iter()
        .filter(|name| session.selection.takes(name) && !name.starts_with("unit/moduleapi"))
        .map(|name| session.plan(name, None))
        .collect();
    if files.is_empty() {
        return Err(Error::NothingSelected {
            only: session.selection.only().to_vec(),
        });
    }
    let execute = |server: &Path, name: String| -> Result<_> {
        let report = args.report.join(name);
        let outcomes = session
            .runner(server, &report)?
            .run(&files, progress(files.len()))?;
        record::save(&outcomes, &report)?;
        Ok(outcomes)
    };
    let reference: Vec<_> = (1..=args.runs.max(1))
        .map(|nth| execute(&args.server, format!("reference-{nth}")))
        .collect::<Result<_>>()?;
    let peer: Vec<_> = args
        .peer
        .iter()
        .map(|peer| execute(peer, "peer".to_owned()))
        .collect::<Result<_>>()?;

    let mut baseline = Baseline::default();
    for name in &all {
        let of = |runs: &[BTreeMap<String, FileOutcome>]| -> Vec<FileOutcome> {
            runs.iter()
                .filter_map(|run| run.get(name).cloned())
                .collect()
        };
        let (reference, peer) = (of(&reference), of(&peer));
        if reference.is_empty() {
            baseline.files.extend(known.file(name).cloned());
        } else {
            baseline
                .files
                .push(ListedFile::from_runs(name, &reference, &peer));
        }
    }
    baseline.save(&session.data)?;
    println!(
        "{} tests in {} files",
        baseline
            .files
            .iter()
            .map(|file| file.tests.len())
            .sum::<usize>(),
        baseline.files.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// Prints a line for each file as it ends.
fn progress(total: usize) -> impl FnMut(&str, &FileOutcome) {
    let mut done = 0;
    move |name, outcome| {
        done += 1;
        let of = |wanted| {
            outcome
                .tests
                .iter()
                .filter(|test| test.outcome == wanted)
                .count()
        };
        let (passed, failed) = (
            of(crate::outcome::Outcome::Passed),
            of(crate::outcome::Outcome::Failed),
        );
        let end = outcome.end.word();
        eprintln!(
            "[{done}/{total}] {name}: {passed} passed, {failed} failed, {} s {end}",
            outcome.seconds
        );
    }
}
