//! Gets upstream's source archive, by Debian source package, and unpacks it into a run's scratch directory.
//!
//! The machine's apt is asked with a scratch configuration: its own Debian entries with `deb` turned into `deb-src`, and all state
//! in a temporary directory, so nothing on the machine changes and no privilege is needed. The archive is kept in a
//! cache and its hash is checked at every use; what runs is always unpacked from the checked archive.

use crate::error::{Error, Result};
use crate::suite::Suite;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Puts the suite's source tree at `target/source`, from `given` or from the archive, and returns its path.
pub(crate) fn source_tree(suite: &Suite, given: Option<&Path>, cache: Option<&Path>, target: &Path) -> Result<PathBuf> {
    let tree = match given {
        Some(directory) => fs::canonicalize(directory).map_err(Error::file("find", directory))?,
        None => {
            let cache = cache.map_or_else(default_cache, Path::to_path_buf);
            let archive = archive(suite, &cache)?;
            unpack(&archive, &target.join("source"))?
        }
    };
    if tree.join("tests/test_helper.tcl").is_file() { Ok(tree) } else { Err(Error::NotASuite { path: tree }) }
}

fn default_cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    base.join("reprise-compat")
}

/// The checked archive in the cache, downloaded when it is not there.
fn archive(suite: &Suite, cache: &Path) -> Result<PathBuf> {
    let path = cache.join(suite.archive);
    if !path.is_file() {
        eprintln!("obtaining {} by Debian source package", suite.archive);
        let downloaded =
            download(suite, cache).map_err(|why| Error::Unobtainable { archive: suite.archive, why: Box::new(why) })?;
        check(&downloaded, suite)?;
        fs::rename(&downloaded, &path).map_err(Error::file("keep", &path))?;
    }
    check(&path, suite)?;
    Ok(path)
}

fn check(path: &Path, suite: &Suite) -> Result<()> {
    let bytes = fs::read(path).map_err(Error::file("read", path))?;
    let mut found = String::with_capacity(64);
    for byte in Sha256::digest(&bytes) {
        let _ = write!(found, "{byte:02x}");
    }
    if found == suite.sha256 {
        Ok(())
    } else {
        Err(Error::Checksum { path: path.to_path_buf(), expected: suite.sha256, found })
    }
}

/// Downloads the source package's archive into a directory of this process under `cache`.
fn download(suite: &Suite, cache: &Path) -> Result<PathBuf> {
    let scratch = cache.join(format!("apt.{}", std::process::id()));
    for directory in ["lists/partial", "cache/archives/partial", "sources", "download"] {
        let path = scratch.join(directory);
        fs::create_dir_all(&path).map_err(Error::file("create", &path))?;
    }
    let result = download_into(suite, &scratch).and_then(|found| {
        let kept = cache.join(format!("{}.{}", suite.archive, std::process::id()));
        fs::rename(&found, &kept).map_err(Error::file("keep", &kept))?;
        Ok(kept)
    });
    let _ = fs::remove_dir_all(&scratch);
    result
}

fn download_into(suite: &Suite, scratch: &Path) -> Result<PathBuf> {
    let entries = deb_src_entries(Path::new("/etc/apt"), suite.release);
    if entries.is_empty() {
        return Err(Error::NoAptSources);
    }
    let sources = scratch.join("sources/reprise.sources");
    fs::write(&sources, entries.join("\n")).map_err(Error::file("write", &sources))?;

    apt(scratch, "apt-get", &["update"])?;
    let shown = apt(scratch, "apt-cache", &["showsrc", suite.package])?;
    let version = newest_version(&String::from_utf8_lossy(&shown.stdout), suite)?;
    let wanted = format!("{}={version}", suite.package);
    apt(scratch, "apt-get", &["source", "--download-only", "--tar-only", &wanted])?;
    Ok(scratch.join("download").join(suite.archive))
}

fn apt(scratch: &Path, program: &str, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(program);
    let option = |name: &str, directory: &str| format!("{name}={}", scratch.join(directory).display());
    for value in [
        option("Dir::State::Lists", "lists"),
        option("Dir::Cache", "cache"),
        option("Dir::Etc::SourceParts", "sources"),
        "Dir::Etc::SourceList=/dev/null".to_owned(),
        "Acquire::Languages=none".to_owned(),
        // The downloading user of apt cannot write to a directory of ours; what arrives is signed and hashed in any case.
        format!("APT::Sandbox::User={}", if rustix::process::geteuid().is_root() { "root" } else { "" }),
    ] {
        command.arg("-o").arg(value);
    }
    command.args(arguments).current_dir(scratch.join("download")).env("LC_ALL", "C.UTF-8");
    checked(&mut command)
}

/// Runs a program to its end; a failure carries the end of what it printed.
pub(crate) fn checked(command: &mut Command) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output =
        command.output().map_err(|error| Error::Program { program: program.clone(), why: error.to_string() })?;
    if output.status.success() {
        return Ok(output);
    }
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let from = text.char_indices().rev().nth(1_000).map_or(0, |(at, _)| at);
    Err(Error::Program { program, why: format!("{}: {}", output.status, &text[from..]) })
}

/// The newest version in `apt-cache showsrc` output that the suite accepts. Stanzas come oldest first or not at all sorted, so the
/// revisions are compared by their numbers; all of them carry the same archive.
fn newest_version(shown: &str, suite: &Suite) -> Result<String> {
    let numbers = |version: &str| -> Vec<u64> {
        version.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
    };
    shown
        .lines()
        .filter_map(|line| line.strip_prefix("Version: "))
        .filter(|version| version.starts_with(suite.version))
        .max_by_key(|version| numbers(version))
        .map(str::to_owned)
        .ok_or(Error::NoSuchSource { package: suite.package, version: suite.version })
}

/// All Debian entries of an apt configuration directory as deb822 stanzas of type `deb-src`, component `main`; with `release` the
/// entries of the main archive, each of that release.
fn deb_src_entries(etc_apt: &Path, release: Option<&str>) -> Vec<String> {
    let mut files = vec![etc_apt.join("sources.list")];
    let mut parts: Vec<PathBuf> = fs::read_dir(etc_apt.join("sources.list.d"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    parts.sort();
    files.extend(parts);
    let mut entries = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("sources") => entries.extend(text.split("\n\n").filter_map(from_stanza)),
            Some("list") => entries.extend(text.lines().filter_map(from_line)),
            _ => {}
        }
    }
    let mut stanzas: Vec<String> = entries.into_iter().filter_map(|entry| entry.stanza(release)).collect();
    // Entries of several releases of one archive have become the same.
    stanzas.sort();
    stanzas.dedup();
    stanzas
}

/// An entry for an archive of Debian's.
#[derive(Debug)]
struct Entry {
    uris: String,
    suites: String,
    signed_by: Option<String>,
}

impl Entry {
    /// The entry, unless it is of some other archive than Debian's own or lacks `main`.
    fn new(uris: &str, suites: &str, components: &str, signed_by: Option<&str>) -> Option<Self> {
        let debian = last_segments(uris).all(|last| last.starts_with("debian"));
        let main = components.split_whitespace().any(|component| component == "main");
        (debian && main).then(|| Self {
            uris: uris.to_owned(),
            suites: suites.to_owned(),
            signed_by: signed_by.map(str::to_owned),
        })
    }

    /// As a stanza of type `deb-src`. Another release than its own is there in the main archive only.
    fn stanza(&self, release: Option<&str>) -> Option<String> {
        if release.is_some() && !last_segments(&self.uris).all(|last| last == "debian") {
            return None;
        }
        let (uris, suites) = (&self.uris, release.unwrap_or(&self.suites));
        let mut stanza = format!("Types: deb-src\nURIs: {uris}\nSuites: {suites}\nComponents: main\n");
        if let Some(key) = &self.signed_by {
            let _ = writeln!(stanza, "Signed-By: {key}");
        }
        Some(stanza)
    }
}

fn last_segments(uris: &str) -> impl Iterator<Item = &str> {
    uris.split_whitespace().map(|uri| uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
}

fn from_stanza(stanza: &str) -> Option<Entry> {
    let field = |name: &str| {
        stanza.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    if field("Enabled").is_some_and(|value| value.eq_ignore_ascii_case("no")) {
        return None;
    }
    field("Types")?;
    Entry::new(field("URIs")?, field("Suites")?, field("Components")?, field("Signed-By"))
}

fn from_line(line: &str) -> Option<Entry> {
    let rest = line.trim().strip_prefix("deb ")?.trim();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => ("", rest),
    };
    let signed_by = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
    let mut words = rest.split_whitespace();
    let (uri, suite) = (words.next()?, words.next()?);
    Entry::new(uri, suite, &words.collect::<Vec<_>>().join(" "), signed_by)
}

/// Unpacks the archive into `target`, without its top directory.
fn unpack(archive: &Path, target: &Path) -> Result<PathBuf> {
    fs::create_dir_all(target).map_err(Error::file("create", target))?;
    let mut tar = Command::new("tar");
    tar.arg("--extract").arg("--strip-components=1").arg("--file").arg(archive).arg("--directory").arg(target);
    checked(&mut tar)?;
    Ok(target.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza_becomes_deb_src() {
        let stanza = "Types: deb\n# a comment\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main contrib\nSigned-By: /k.gpg";
        assert_eq!(
            from_stanza(stanza).unwrap().stanza(None).unwrap(),
            "Types: deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /k.gpg\n"
        );
    }

    #[test]
    fn a_line_becomes_deb_src() {
        assert_eq!(
            from_line("deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian-security bookworm-security main")
                .unwrap()
                .stanza(None)
                .unwrap(),
            "Types: deb-src\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\nComponents: main\nSigned-By: /k.gpg\n"
        );
        assert!(from_line("# deb http://mirror.example/debian bookworm main").is_none());
        assert!(from_line("deb-src http://mirror.example/debian bookworm main").is_none());
    }

    #[test]
    fn another_release_replaces_that_of_the_main_archive() {
        let entry = |line: &str| from_line(line).unwrap().stanza(Some("unstable"));
        assert_eq!(
            entry("deb http://mirror.example/debian/ bookworm main").unwrap(),
            "Types: deb-src\nURIs: http://mirror.example/debian/\nSuites: unstable\nComponents: main\n"
        );
        assert!(entry("deb http://mirror.example/debian-security bookworm-security main").is_none());
    }

    #[test]
    fn other_archives_are_left_out() {
        assert!(
            from_stanza("Types: deb\nURIs: https://deb.example.com/node_20.x\nSuites: nodistro\nComponents: main")
                .is_none()
        );
        assert!(
            from_stanza("Types: deb\nURIs: http://mirror.example/debian\nSuites: x\nComponents: contrib").is_none()
        );
        assert!(
            from_stanza("Enabled: no\nTypes: deb\nURIs: http://mirror.example/debian\nSuites: x\nComponents: main")
                .is_none()
        );
    }

    #[test]
    fn the_newest_revision_is_taken_by_number() {
        let suite = Suite::named("redis-7.0.15").unwrap();
        let shown = "Version: 5:7.0.15-1~deb12u7\nVersion: 5:7.0.15-1~deb12u10\nVersion: 5:8.0.0-2\n";
        assert_eq!(newest_version(shown, suite).unwrap(), "5:7.0.15-1~deb12u10");
        assert!(newest_version("Version: 5:8.0.0-2\n", suite).is_err());
    }
}
