//! The suites we know: where each comes from and the names that it expects to find.

use crate::error::{Error, Result};
use std::path::PathBuf;

/// One version of upstream's suite.
#[derive(Debug)]
pub(crate) struct Suite {
    /// Our name for it, also that of its data directory.
    pub(crate) name: &'static str,
    /// Debian's source package.
    pub(crate) package: &'static str,
    /// What the package's version begins with; Debian's own revision follows.
    pub(crate) version: &'static str,
    /// The Debian release that has it, where that is not the machine's own.
    pub(crate) release: Option<&'static str>,
    /// Upstream's archive within the source package. Debian's patches are not applied.
    pub(crate) archive: &'static str,
    /// SHA-256 of the archive.
    pub(crate) sha256: &'static str,
    /// Names under `src/` that are all our binary, which knows its role by them.
    pub(crate) roles: &'static [&'static str],
    /// Names under `src/` that are the installed client tools.
    pub(crate) tools: &'static [&'static str],
    /// Prefixes of files that are out of scope.
    pub(crate) out_of_scope: &'static [&'static str],
    /// The package that brings the client tools.
    pub(crate) tools_package: &'static str,
    /// Whether the list of tests is made on an older server, for want of the one that the suite belongs to. Tests that it
    /// does not pass are required as well: of the suite's own server it is presumed that it does.
    pub(crate) older_reference: bool,
}

static SUITES: &[Suite] = &[
    Suite {
        name: "redis-7.0.15",
        package: "redis",
        version: "5:7.0.15-",
        release: None,
        archive: "redis_7.0.15.orig.tar.gz",
        sha256: "4b1dc4ee6d622a09fff9c6777191209750fb5e5a725ef78ea012d6eef4c22982",
        roles: &["redis-server", "redis-sentinel", "redis-check-rdb", "redis-check-aof"],
        tools: &["redis-cli", "redis-benchmark"],
        out_of_scope: &["unit/moduleapi/"],
        tools_package: "redis-tools",
        older_reference: false,
    },
    Suite {
        name: "valkey-9.1.2",
        package: "valkey",
        version: "9.1.2-",
        release: Some("unstable"),
        archive: "valkey_9.1.2.orig.tar.gz",
        sha256: "8e8557da7426a51b4e0fb514a65ef6241dc7c85cb408243af389070abf379cec",
        roles: &["valkey-server", "valkey-sentinel", "valkey-check-rdb", "valkey-check-aof"],
        tools: &["valkey-cli", "valkey-benchmark"],
        out_of_scope: &["unit/moduleapi/"],
        tools_package: "valkey-tools",
        older_reference: true,
    },
];

impl Suite {
    /// Finds a suite by name.
    pub(crate) fn named(name: &str) -> Result<&'static Self> {
        SUITES.iter().find(|suite| suite.name == name).ok_or_else(|| Error::UnknownSuite {
            name: name.to_owned(),
            known: SUITES.iter().map(|suite| suite.name).collect(),
        })
    }

    /// Whether a file of the suite is out of scope.
    pub(crate) fn leaves_out(&self, file: &str) -> bool {
        self.out_of_scope.iter().any(|prefix| file.starts_with(prefix))
    }

    /// Where its list of tests and expected failures are kept.
    pub(crate) fn data_dir(&self) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data").join(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_hashes_are_well_formed() {
        for suite in SUITES {
            assert_eq!(Suite::named(suite.name).unwrap().name, suite.name);
            assert_eq!(suite.sha256.len(), 64);
            assert!(suite.archive.starts_with(suite.package));
        }
        assert!(Suite::named("redis-1.0").is_err());
    }
}
