//! The scratch directory of a run.

use crate::error::{Error, Result};
use crate::process::sweep;
use std::fs;
use std::path::{Path, PathBuf};

const PREFIX: &str = "reprise-compat.";
const KEPT: &str = "kept";

/// A directory of this process, removed with every process in it when it is dropped.
#[derive(Debug)]
pub(crate) struct Workspace {
    path: PathBuf,
    keep: bool,
}

impl Workspace {
    /// Makes the directory inside `base`, and removes those that runs left there which are no more.
    pub(crate) fn create(base: Option<&Path>, keep: bool) -> Result<Self> {
        let base = base.map_or_else(std::env::temp_dir, Path::to_path_buf);
        fs::create_dir_all(&base).map_err(Error::file("create", &base))?;
        let base = fs::canonicalize(&base).map_err(Error::file("find", &base))?;
        remove_abandoned(&base);
        let path = base.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir_all(&path).map_err(Error::file("create", &path))?;
        if keep {
            let marker = path.join(KEPT);
            fs::write(&marker, "").map_err(Error::file("write", &marker))?;
        }
        Ok(Self { path, keep })
    }

    /// Its path, without symbolic links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether scratch directories of files are to stay.
    pub(crate) fn keeps(&self) -> bool {
        self.keep
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        sweep(&self.path);
        if self.keep {
            eprintln!("kept {}", self.path.display());
        } else {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes the directories of runs that were killed; those kept on purpose are marked.
fn remove_abandoned(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse::<u32>().ok()) else {
            continue;
        };
        let path = entry.path();
        if Path::new("/proc").join(pid.to_string()).exists() || path.join(KEPT).exists() {
            continue;
        }
        sweep(&path);
        let _ = fs::remove_dir_all(&path);
    }
}
