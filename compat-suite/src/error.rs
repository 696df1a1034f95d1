//! What can go wrong around the tests. A test that fails is an outcome, never an error.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The result of anything here.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// A run that could not be made.
#[derive(Debug)]
pub(crate) enum Error {
    /// A file operation failed.
    File { doing: &'static str, path: PathBuf, source: io::Error },
    /// A program that we need could not be started or failed.
    Program { program: String, why: String },
    /// A program that we need is not on the PATH.
    MissingProgram { program: &'static str, package: &'static str },
    /// No source entry could be derived from the machine's own apt configuration.
    NoAptSources,
    /// The archive offers no version of the package that the suite comes from.
    NoSuchSource { package: &'static str, version: &'static str },
    /// The source package could not be had.
    Unobtainable { archive: &'static str, why: Box<Self> },
    /// The downloaded archive is not the one we know.
    Checksum { path: PathBuf, expected: &'static str, found: String },
    /// A data file of ours is malformed.
    Data { path: PathBuf, line: Option<usize>, why: String },
    /// There is no suite of this name.
    UnknownSuite { name: String, known: Vec<&'static str> },
    /// Nothing is left to run.
    NothingSelected { only: Vec<String> },
    /// The directory does not hold a suite.
    NotASuite { path: PathBuf },
    /// All ranges of ports are taken by other runs.
    NoPorts { jobs: usize },
    /// A signal ended the run.
    Interrupted,
}

impl Error {
    /// Wraps a failed file operation.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { doing, path, source }
    }

    /// The exit code of a run that ends with it. What can't be had is told apart, so that a gate can go on without it.
    pub(crate) fn exit_code(&self) -> u8 {
        if matches!(self, Self::Unobtainable { .. }) { 3 } else { 2 }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { doing, path, source } => write!(f, "cannot {doing} {}: {source}", path.display()),
            Self::Program { program, why } => write!(f, "{program} failed: {why}"),
            Self::MissingProgram { program, package } => {
                write!(f, "{program} is not on the PATH (apt install {package})")
            }
            Self::NoAptSources => write!(
                f,
                "no Debian entry in /etc/apt to derive deb-src from; give an unpacked source tree with --suite-dir"
            ),
            Self::NoSuchSource { package, version } => {
                write!(f, "apt knows no source of {package} {version}*; give an unpacked source tree with --suite-dir")
            }
            Self::Unobtainable { archive, why } => write!(f, "{archive} can't be had: {why}"),
            Self::Checksum { path, expected, found } => {
                write!(f, "{} has SHA-256 {found}, not {expected}", path.display())
            }
            Self::Data { path, line: Some(line), why } => write!(f, "{}:{line}: {why}", path.display()),
            Self::Data { path, line: None, why } => write!(f, "{}: {why}", path.display()),
            Self::UnknownSuite { name, known } => {
                write!(f, "no suite {name}; there is {}", known.join(", "))
            }
            Self::NothingSelected { only } => {
                write!(f, "no file of the suite matches {}", only.join(","))
            }
            Self::NotASuite { path } => {
                write!(f, "{} holds no tests/test_helper.tcl", path.display())
            }
            Self::NoPorts { jobs } => write!(f, "no free range of ports for each of {jobs} jobs"),
            Self::Interrupted => write!(f, "interrupted"),
        }
    }
}

impl std::error::Error for Error {}
