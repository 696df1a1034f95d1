//! The command line.

use clap::{Args as Arguments, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Runs upstream's TCL suite against a server binary and compares each test with what is expected of it.
#[derive(Debug, Parser)]
#[command(name = "compat-suite")]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the suite and gate on the result: exit 1 when a test that should pass fails, or one that is listed as failing passes.
    Run(RunArgs),
    /// Run the suite on the reference (and the peer) and write the list of tests.
    List(ListArgs),
    /// Rewrite the expected failures from the last run: drop those that pass, and with --grow add those that fail.
    Bless(BlessArgs),
    /// Print the report of the last run.
    Report(ReportArgs),
}

/// Which suite, where its data lives, and how it is run.
#[derive(Debug, Arguments)]
pub(crate) struct SuiteArgs {
    /// The suite, by name and version.
    #[arg(long, default_value = "redis-7.0.15")]
    pub(crate) suite: String,

    /// An unpacked source tree to take the suite from, instead of the Debian source package. It is not checked.
    #[arg(long, value_name = "DIR")]
    pub(crate) suite_dir: Option<PathBuf>,

    /// Where the downloaded source package is kept [default: $XDG_CACHE_HOME/reprise-compat].
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,

    /// The list of tests and the expected failures [default: this crate's data/<suite>].
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Files of the suite, comma separated: a name (unit/type/string) or a prefix (unit/type/*).
    #[arg(long, value_delimiter = ',', value_name = "FILES")]
    pub(crate) only: Vec<String>,

    /// Files to leave out, in the same form.
    #[arg(long, value_delimiter = ',', value_name = "FILES")]
    pub(crate) except: Vec<String>,
}

/// How files are executed.
#[derive(Debug, Clone, Arguments)]
pub(crate) struct ExecutionArgs {
    /// Files run at the same time [default: the number of processors].
    #[arg(long)]
    pub(crate) jobs: Option<usize>,

    /// Seconds that a file may take [default: 60 plus three times what the reference took].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) file_timeout: Option<u64>,

    /// Seconds without any progress after which the suite gives a file up [default: 50 plus twice the slowest test on the reference].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) stall_timeout: Option<u64>,

    /// Take ports from here on [default: the first that no other run holds].
    #[arg(long)]
    pub(crate) base_port: Option<u16>,

    /// Where scratch directories are made; a short path, as servers put a Unix socket in it [default: the system's temporary directory].
    #[arg(long, value_name = "DIR")]
    pub(crate) work_dir: Option<PathBuf>,

    /// Keep the scratch directories, with every server's files and log.
    #[arg(long)]
    pub(crate) keep: bool,

    /// Put the servers' logs into the file's output when a test fails.
    #[arg(long)]
    pub(crate) dump_logs: bool,
}

#[derive(Debug, Arguments)]
pub(crate) struct RunArgs {
    /// The server under test.
    #[arg(long, value_name = "BINARY")]
    pub(crate) server: PathBuf,

    /// A peer to verify in this run that what is listed as superseded fails there too; without it the recorded outcome counts.
    #[arg(long, value_name = "BINARY")]
    pub(crate) peer: Option<PathBuf>,

    /// Where the table, the readable report, the JUnit file and each file's output go.
    #[arg(long, value_name = "DIR", default_value = "target/compat-suite")]
    pub(crate) report: PathBuf,

    #[command(flatten)]
    pub(crate) suite: SuiteArgs,

    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
}

#[derive(Debug, Arguments)]
pub(crate) struct ListArgs {
    /// The reference: its passes are what is required. For a suite of a server that can't be had, an older one.
    #[arg(long, value_name = "BINARY", default_value = "/usr/bin/redis-server")]
    pub(crate) server: PathBuf,

    /// The peer, whose outcome is recorded beside the reference's.
    #[arg(long, value_name = "BINARY")]
    pub(crate) peer: Option<PathBuf>,

    /// For a suite that runs on an older server as the reference: a further server, for the names of tests that the reference does not reach.
    #[arg(long, value_name = "BINARY", conflicts_with = "peer")]
    pub(crate) further: Option<PathBuf>,

    /// How often the reference runs; a test whose outcome varies is recorded as flaky.
    #[arg(long, default_value_t = 2)]
    pub(crate) runs: usize,

    /// Go by the output that is already there, and run only what has none.
    #[arg(long)]
    pub(crate) reuse: bool,

    /// Where each run's outcomes and output go.
    #[arg(long, value_name = "DIR", default_value = "target/compat-suite/list")]
    pub(crate) report: PathBuf,

    #[command(flatten)]
    pub(crate) suite: SuiteArgs,

    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PermanentArg {
    /// Only tests that the peer fails too.
    Superseded,
    /// Only with --instead.
    Mechanism,
}

#[derive(Debug, Arguments)]
pub(crate) struct BlessArgs {
    /// Report directories of the runs to go by; a test counts as passing when it passed in all of them.
    #[arg(long, value_name = "DIR", default_value = "target/compat-suite")]
    pub(crate) report: Vec<PathBuf>,

    /// Add failing tests that are not listed yet, under --reason. For the founding commit of a list only.
    #[arg(long, requires = "reason")]
    pub(crate) grow: bool,

    /// Why the added tests fail.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    /// What removes the added entries: "issue N: …".
    #[arg(long, value_name = "TEXT", conflicts_with = "permanent")]
    pub(crate) until: Option<String>,

    /// The added entries stay.
    #[arg(long, value_enum)]
    pub(crate) permanent: Option<PermanentArg>,

    /// With --permanent mechanism: our own test of the same property.
    #[arg(long, value_name = "TEXT")]
    pub(crate) instead: Option<String>,

    /// Accept either outcome for the added tests, and say why.
    #[arg(long, value_name = "TEXT")]
    pub(crate) flaky: Option<String>,

    /// Add only tests whose name contains this.
    #[arg(long, value_name = "TEXT")]
    pub(crate) matching: Option<String>,

    #[command(flatten)]
    pub(crate) suite: SuiteArgs,
}

#[derive(Debug, Arguments)]
pub(crate) struct ReportArgs {
    /// The report directory of the run.
    #[arg(long, value_name = "DIR", default_value = "target/compat-suite")]
    pub(crate) report: PathBuf,
}
