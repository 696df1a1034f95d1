//! Lays a source tree out beside a binary, the way the suite expects to find it.
//!
//! ```text
//! <scratch>/tests/…             a copy of upstream's tests, with an empty tests/tmp, where servers live
//! <scratch>/src/redis-server    our binary, under each of the names by which it knows its role
//! <scratch>/src/redis-cli       the installed client tools
//! ```
//!
//! Each file of the suite gets a scratch directory of its own, so that nothing is shared between files that run at the same time.

use crate::error::{Error, Result};
use crate::suite::Suite;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Makes `scratch` ready to run the suite from `source` on `server`.
pub(crate) fn lay_out(suite: &Suite, source: &Path, server: &Path, scratch: &Path) -> Result<()> {
    let bin = scratch.join("src");
    fs::create_dir_all(&bin).map_err(Error::file("create", &bin))?;
    copy_tree(&source.join("tests"), &scratch.join("tests"))?;
    for role in suite.roles {
        link(server, &bin.join(role))?;
    }
    for tool in suite.tools {
        let found = on_path(tool).ok_or(Error::MissingProgram { program: tool, package: suite.tools_package })?;
        link(&found, &bin.join(tool))?;
    }
    Ok(())
}

fn link(target: &Path, name: &Path) -> Result<()> {
    symlink(target, name).map_err(Error::file("link", name))
}

/// Copies a directory, all but what an earlier run left in a `tmp`.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(Error::file("create", to))?;
    if from.file_name() == Some(OsStr::new("tmp")) {
        return Ok(());
    }
    for entry in fs::read_dir(from).map_err(Error::file("read", from))? {
        let entry = entry.map_err(Error::file("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(Error::file("look at", &source))?;
        if kind.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(Error::file("copy", &source))?;
        }
    }
    Ok(())
}

/// Finds a program on the PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_copied_without_its_tmp() {
        let root = std::env::temp_dir().join(format!("reprise-compat-layout-{}", std::process::id()));
        let (from, to) = (root.join("from"), root.join("to"));
        for directory in ["a/b", "tmp/server.1"] {
            fs::create_dir_all(from.join(directory)).unwrap();
        }
        fs::write(from.join("a/b/file"), "x").unwrap();
        copy_tree(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("a/b/file")).unwrap(), "x");
        assert_eq!(fs::read_dir(to.join("tmp")).unwrap().count(), 0);
        fs::remove_dir_all(root).unwrap();
    }
}
