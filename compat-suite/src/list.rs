//! `list`: makes the list of tests by running the suite on the reference and on the peer.

use crate::args::ListArgs;
use crate::baseline::{Baseline, ListedFile};
use crate::error::{Error, Result};
use crate::outcome::FileOutcome;
use crate::record;
use crate::run::FilePlan;
use crate::sentinel;
use crate::session::{Session, progress};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

type Run = BTreeMap<String, FileOutcome>;

/// Runs the suite and saves the list; files that are not selected stay as they are listed.
pub(crate) fn list(args: &ListArgs) -> Result<ExitCode> {
    let session = Session::open(&args.suite, &args.execution)?;
    let listed = session.data.join(Baseline::FILE).exists();
    let known = if listed { Baseline::load(&session.data)? } else { Baseline::default() };
    let mut all = session.runner(&args.server, &args.report)?.list_files()?;
    all.extend(sentinel::list(session.suite, &session.source)?);
    let files: Vec<FilePlan> = all
        .iter()
        .filter(|name| session.selection.takes(name) && !session.suite.leaves_out(name))
        .map(|name| session.plan(name, None))
        .collect();
    if files.is_empty() {
        return Err(Error::NothingSelected { only: session.selection.only().to_vec() });
    }
    let reference: Vec<Run> = (1..=args.runs.max(1))
        .map(|nth| execute(&session, args, &args.server, &format!("reference-{nth}"), &files))
        .collect::<Result<_>>()?;
    // What the reference took bounds what the peer may take: a file that hangs there is not waited for.
    let bounded: Vec<FilePlan> = files
        .iter()
        .map(|file| {
            session.plan(&file.name, Some(&ListedFile::from_runs(&file.name, &of(&reference, &file.name), &[])))
        })
        .collect();
    let second = |server: &Option<_>, name| -> Result<Vec<Run>> {
        server.iter().map(|server: &PathBuf| execute(&session, args, server, name, &bounded)).collect()
    };
    let (peer, further) = (second(&args.peer, "peer")?, second(&args.further, "further")?);

    let mut baseline = Baseline::default();
    for name in all.iter().filter(|name| !session.suite.leaves_out(name)) {
        let (reference, peer, further) = (of(&reference, name), of(&peer, name), of(&further, name));
        if reference.is_empty() {
            baseline.files.extend(known.file(name).cloned());
        } else if session.suite.older_reference {
            baseline.files.push(ListedFile::from_runs_of_an_older_server(name, &reference, &further));
        } else {
            baseline.files.push(ListedFile::from_runs(name, &reference, &peer));
        }
    }
    baseline.save(&session.data)?;
    let tests: usize = baseline.files.iter().map(|file| file.tests.len()).sum();
    println!("{tests} tests in {} files", baseline.files.len());
    Ok(ExitCode::SUCCESS)
}

/// Runs the files once on a server, all or those of which there is no output yet.
fn execute(session: &Session, args: &ListArgs, server: &Path, name: &str, files: &[FilePlan]) -> Result<Run> {
    let report = args.report.join(name);
    let runner = session.runner(server, &report)?;
    let mut outcomes = Run::new();
    if args.reuse {
        let earlier = files.iter().filter_map(|file| Some((file.name.clone(), runner.earlier(&file.name)?)));
        outcomes.extend(earlier);
    }
    let left: Vec<FilePlan> = files.iter().filter(|file| !outcomes.contains_key(&file.name)).cloned().collect();
    if !left.is_empty() {
        outcomes.extend(runner.run(&left, progress(left.len()))?);
    }
    record::save(&outcomes, &report)?;
    Ok(outcomes)
}

fn of(runs: &[Run], file: &str) -> Vec<FileOutcome> {
    runs.iter().filter_map(|run| run.get(file).cloned()).collect()
}
