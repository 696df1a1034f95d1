//! The subcommands.

use crate::args::{Args, Command, ReportArgs};
use crate::bless::bless;
use crate::error::{Error, Result};
use crate::gate::run;
use crate::list::list;
use crate::report;
use std::fs;
use std::process::ExitCode;

/// Executes the command line.
pub(crate) fn execute(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Run(args) => run(&args),
        Command::List(args) => list(&args),
        Command::Bless(args) => bless(&args),
        Command::Report(args) => print_report(&args),
    }
}

fn print_report(args: &ReportArgs) -> Result<ExitCode> {
    let path = args.report.join(report::FILE);
    print!("{}", fs::read_to_string(&path).map_err(Error::file("read", &path))?);
    Ok(ExitCode::SUCCESS)
}
