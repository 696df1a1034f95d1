//! `run`: the gate.

use crate::args::RunArgs;
use crate::baseline::{Baseline, ListedFile};
use crate::error::{Error, Result};
use crate::expectation::Expectations;
use crate::junit;
use crate::outcome::FileOutcome;
use crate::record;
use crate::report::{self, Summary};
use crate::run::FilePlan;
use crate::session::{Session, data_dir, progress};
use crate::verdict::judge;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

/// Runs the suite; the exit code says whether everything was as expected.
pub(crate) fn run(args: &RunArgs) -> Result<ExitCode> {
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
        return Err(Error::NothingSelected { only: session.selection.only().to_vec() });
    }
    let outcomes = session.runner(&args.server, &args.report)?.run(&files, progress(files.len()))?;
    record::save(&outcomes, &args.report)?;

    let peer = match &args.peer {
        Some(peer) => run_peer(&session, peer, &args.report, &files, &baseline, &expectations)?,
        None => BTreeMap::new(),
    };
    let verdicts = judge(&baseline, &expectations, &outcomes, &peer);
    let summary = Summary::new(&verdicts, &expectations);
    report::write(&args.report, session.suite, &verdicts, &expectations, &summary)?;
    junit::write(&args.report, &verdicts, &expectations)?;
    report::print(&verdicts, &expectations, &summary);
    Ok(if summary.unexpected > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
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
        let groups = file.tests.iter().filter_map(|test| expectations.group_of(&file.name, &test.id));
        groups.into_iter().any(|group| expectations.needs_peer(group))
    };
    let claimed: Vec<FilePlan> =
        files.iter().filter(|plan| baseline.file(&plan.name).is_some_and(claims)).cloned().collect();
    eprintln!("on the peer, for what is listed as superseded: {} files", claimed.len());
    session.runner(peer, &report.join("peer"))?.run(&claimed, progress(claimed.len()))
}
