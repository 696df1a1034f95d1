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
        println!("{}", version(&program));
        return 0;
    }
    match check(argument, &mut stdout().lock()) {
        Ok(Verdict::Good) => 0,
        Ok(Verdict::Damaged) | Err(_) => 1,
    }
}

/// The line that tells the version, in the form of the name's product.
fn version(program: &str) -> String {
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    let personality = Personality::from_program_name(&name);
    let version = personality.version;
    if personality.server == "valkey" {
        return format!("valkey-check-rdb v={version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0");
    }
    format!("redis-check-rdb {version}")
}

/// Checks a file; the report goes out as it grows.
fn check(path: &OsString, output: &mut impl Write) -> Result<Verdict, std::io::Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
    let mut report = Vec::new();
    let mut checker = Checker::new(path.as_bytes(), now, &mut report);
    output.write_all(&report)?;
    let mut file = File::open(path)?;
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
    let verdict = checker.finish(&mut report);
    output.write_all(&report)?;
    output.flush()?;
    Ok(verdict)
}
