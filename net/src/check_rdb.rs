//! redis-check-rdb: reports on a file on standard output, and says by its exit
//! code whether the file can be loaded.
//!
//! The report is made by [`engine::rdb::Checker`]; here is only what a process
//! does around it.

use engine::rdb::{Checker, Verdict};
use engine::server::personality::Personality;
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read, Write, stdout};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;

/// Runs the tool with the arguments of the process, the program's name first.
/// Returns the exit code: 0 if the file can be loaded, 1 if not.
pub fn run(arguments: &[OsString]) -> i32 {
    let program = arguments.first().map_or_else(|| "redis-check-rdb".into(), |name| name.to_string_lossy());
    let [_, argument] = arguments else {
        eprintln!("Usage: {program} <rdb-file-name>");
        return 1;
    };
    if argument == "-v" || argument == "--version" {
        println!("{}", version(&program, "check-rdb"));
        return 0;
    }
    match check(argument, &mut stdout().lock()) {
        Ok(Verdict::Good) => 0,
        Ok(Verdict::Damaged) | Err(_) => 1,
    }
}

/// The line that tells the version of a tool, in the form of the product that
/// the program is named after.
pub(crate) fn version(program: &str, tool: &str) -> String {
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    let personality = Personality::from_program_name(&name);
    let version = personality.version;
    if personality.server == "valkey" {
        return format!("valkey-{tool} v={version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0");
    }
    format!("redis-{tool} {version}")
}

/// Checks a file; the report goes out as it grows.
fn check(path: &OsString, output: &mut impl Write) -> Result<Verdict, std::io::Error> {
    check_begin(path.as_bytes(), || File::open(path), output).map(|(verdict, _)| verdict)
}

/// Checks the RDB file that a file begins with, and returns its length too.
pub(crate) fn check_begin<F: Read>(
    path: &[u8],
    open: impl FnOnce() -> Result<F, std::io::Error>,
    output: &mut impl Write,
) -> Result<(Verdict, u64), std::io::Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
    let mut report = Vec::new();
    let mut checker = Checker::new(path, now, &mut report);
    output.write_all(&report)?;
    let mut file = open()?;
    let mut buffer = vec![0; CHUNK];
    loop {
        report.clear();
        let more = match file.read(&mut buffer) {
            Ok(count) => count > 0 && checker.feed(&buffer[..count], &mut report),
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            // What cannot be read is as if it were not there.
            Err(_) => false,
        };
        output.write_all(&report)?;
        if !more {
            break;
        }
    }
    report.clear();
    let length = checker.offset();
    let verdict = checker.finish(&mut report);
    output.write_all(&report)?;
    output.flush()?;
    Ok((verdict, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::rdb::{ValueRef, WriteOptions, WriteVersion, Writer};

    fn file(version: WriteVersion) -> Vec<u8> {
        let mut writer = Writer::new(version, WriteOptions::default());
        writer.header();
        writer.aux(b"redis-ver", b"7.2.4");
        writer.select_db(3);
        writer.resize_db(2, 2);
        writer.entry(b"past", ValueRef::String(&[b'a'; 1000]), Some(1000), None);
        writer.entry(b"future", ValueRef::Integer(5), Some(4_000_000_000_000), None);
        writer.finish();
        writer.take()
    }

    /// The report and the exit code of a real tool and of ours on the same
    /// file.
    fn compare(tool: &str, name: &str, contents: &[u8]) {
        let program = Path::new("/usr/bin").join(tool);
        if !program.exists() {
            assert!(std::env::var_os("CI").is_none(), "{tool} is not installed");
            eprintln!("\n*** NOT TESTED: {tool} is not installed ***\n");
            return;
        }
        let path = std::env::temp_dir().join(format!("reprise-check-{}-{tool}-{name}", std::process::id()));
        std::fs::write(&path, contents).expect("a file");
        let real = std::process::Command::new(program).arg(&path).output().expect("the tool");
        let mut report = Vec::new();
        let verdict = check(&path.clone().into_os_string(), &mut report).expect("a report");
        std::fs::remove_file(&path).expect("the file");
        assert_eq!(String::from_utf8_lossy(&report), String::from_utf8_lossy(&real.stdout));
        assert_eq!(real.status.code(), Some(if verdict == Verdict::Good { 0 } else { 1 }));
    }

    #[test]
    fn reports_are_those_of_the_real_tools() {
        for (tool, version) in [("redis-check-rdb", WriteVersion::V10), ("valkey-check-rdb", WriteVersion::V11)] {
            let good = file(version);
            let mut damaged = good.clone();
            damaged[good.len() - 1] ^= 1;
            compare(tool, "good", &good);
            compare(tool, "damaged", &damaged);
            compare(tool, "empty", b"");
        }
        let mut newer = file(WriteVersion::V11);
        newer[5..9].copy_from_slice(b"0099");
        compare("redis-check-rdb", "newer", &newer);
    }

    #[test]
    fn exit_codes() {
        let run = |arguments: &[&str]| run(&arguments.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(run(&["redis-check-rdb"]), 1);
        assert_eq!(run(&["redis-check-rdb", "a", "b"]), 1);
        assert_eq!(run(&["redis-check-rdb", "/nonexistent/dump.rdb"]), 1);
        assert_eq!(run(&["redis-check-rdb", "--version"]), 0);
        assert_eq!(version("/usr/bin/redis-check-rdb", "check-rdb"), "redis-check-rdb 7.2.4");
    }
}
