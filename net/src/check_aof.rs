//! redis-check-aof: reports on the files of an AOF on standard output, says by
//! its exit code whether they can be loaded, and cuts off what is damaged or
//! later than wanted.
//!
//! What is right is known to [`engine::persistence::aof`]; here is only what a
//! process does around it: files, the question whether to go on, and the order
//! in which the files of a manifest are checked.

use crate::check_rdb;
use crate::disk::disk_error;
use engine::persistence::aof::check::{Finding, RequestCheck, Subject, parse_number};
use engine::persistence::aof::manifest::{Manifest, ManifestError};
use engine::rdb::Verdict;
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, Error, ErrorKind, Read, Seek, SeekFrom, Write, stdin, stdout};
use std::os::unix::ffi::OsStrExt;

/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;
/// Bytes of a manifest's line that are looked at.
const LINE_MAX: usize = 1024;
/// How an RDB file begins.
const RDB_MAGICS: [&[u8]; 2] = [b"REDIS", b"VALKEY"];
/// Bytes that a file which begins with an RDB file has at least.
const RDB_MIN: usize = 8;

/// Runs the tool with the arguments of the process, the program's name first.
/// Returns the exit code: 0 if the files can be loaded now, 1 if not.
pub fn run(arguments: &[OsString]) -> i32 {
    let program = arguments.first().map_or_else(|| "redis-check-aof".into(), |name| name.to_string_lossy());
    let words: Vec<&[u8]> = arguments.iter().skip(1).map(|argument| argument.as_bytes()).collect();
    let mut tool = Tool {
        name: if program.ends_with("valkey-check-aof") { "valkey-check-aof" } else { "redis-check-aof" },
        fix: false,
        until: 0,
        line: 1,
        input: stdin().lock(),
        output: stdout().lock(),
    };
    let path = match words.as_slice() {
        [b"-v" | b"--version"] => {
            println!("{}", check_rdb::version(&program, "check-aof"));
            return 0;
        }
        [path] => path,
        [b"--fix", path] => {
            tool.fix = true;
            path
        }
        [b"--truncate-to-timestamp", time, path] => {
            let (until, used, fits) = parse_number(time);
            if !fits || used != time.len() {
                println!("Invalid timestamp, aborting...");
                return 1;
            }
            tool.until = until;
            path
        }
        _ => {
            println!("Usage: {program} [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>");
            return 1;
        }
    };
    let outcome = tool.check(path);
    // A report that nobody reads changes nothing.
    drop(tool.output.flush());
    i32::from(outcome.is_err())
}

/// The report says why it does not go on.
struct Stop;

/// A file that passed, maybe not as it was.
enum Passed {
    Valid,
    Empty,
    CutOff,
    CutOffLater,
}

struct Tool<I, O> {
    /// The program's name.
    name: &'static str,
    /// Cut off what is damaged, if the user agrees.
    fix: bool,
    /// Cut off what is later, in unix seconds; 0 for nothing.
    until: i64,
    /// Lines of the files so far.
    line: u64,
    input: I,
    output: O,
}

impl<I: BufRead, O: Write> Tool<I, O> {
    fn say(&mut self, parts: &[&[u8]]) {
        // As above: whoever is not there to read it can't be told either.
        drop(self.output.write_all(&parts.concat()).and_then(|()| self.output.write_all(b"\n")));
    }

    fn stop<T>(&mut self, parts: &[&[u8]]) -> Result<T, Stop> {
        self.say(parts);
        Err(Stop)
    }

    fn check(&mut self, path: &[u8]) -> Result<(), Stop> {
        if is_manifest(&self.read_whole_begin(path)?) {
            return self.check_listed(path);
        }
        let preamble = self.begins_as_rdb(path)?;
        self.say(&[b"Start checking Old-Style AOF"]);
        let passed = self.check_file(path, path, true, preamble)?;
        self.say_passed(&passed, b"AOF", path);
        Ok(())
    }

    /// The manifest's files, and the manifest.
    fn check_listed(&mut self, path: &[u8]) -> Result<(), Stop> {
        self.say(&[b"Start checking Multi Part AOF"]);
        let text = std::fs::read(OsStr::from_bytes(path)).or_else(|error| self.cannot_open(path, &error))?;
        let manifest = Manifest::parse(&text).or_else(|error| self.manifest_refused(&error))?;
        let folder = directory_of(path);
        let path_of = |name: &str| [folder, b"/", name.as_bytes()].concat();
        if let Some(base) = &manifest.base {
            let path = path_of(&base.name);
            let preamble = self.begins_as_rdb(&path)?;
            let format: &[u8] = if preamble { b"RDB" } else { b"RESP" };
            self.say(&[b"Start to check BASE AOF (", format, b" format)."]);
            let is_last = manifest.increments.is_empty();
            let passed = self.check_file(base.name.as_bytes(), &path, is_last, preamble)?;
            self.say_passed(&passed, b"BASE AOF", base.name.as_bytes());
        }
        if !manifest.increments.is_empty() {
            self.say(&[b"Start to check INCR files."]);
        }
        for (at, increment) in manifest.increments.iter().enumerate() {
            let is_last = at + 1 == manifest.increments.len();
            let passed = self.check_file(increment.name.as_bytes(), &path_of(&increment.name), is_last, false)?;
            self.say_passed(&passed, b"INCR AOF", increment.name.as_bytes());
        }
        self.say(&[b"All AOF files and manifest are valid"]);
        Ok(())
    }

    fn manifest_refused<T>(&mut self, error: &ManifestError) -> Result<T, Stop> {
        for line in error.lines() {
            self.say(&[line.as_bytes()]);
        }
        Err(Stop)
    }

    fn cannot_open<T>(&mut self, path: &[u8], error: &Error) -> Result<T, Stop> {
        self.stop(&[b"Cannot open file ", path, b": ", disk_error(error).message.as_bytes()])
    }

    /// As much of a file as shows whether it is a manifest.
    fn read_whole_begin(&mut self, path: &[u8]) -> Result<Vec<u8>, Stop> {
        let file = File::open(OsStr::from_bytes(path)).or_else(|error| self.cannot_open(path, &error))?;
        let mut begin = Vec::new();
        if file.take(CHUNK as u64).read_to_end(&mut begin).is_err() {
            return self.stop(&[b"Cannot read file: ", path]);
        }
        Ok(begin)
    }

    fn begins_as_rdb(&mut self, path: &[u8]) -> Result<bool, Stop> {
        let file = File::open(OsStr::from_bytes(path)).or_else(|error| self.cannot_open(path, &error))?;
        let mut begin = Vec::new();
        // What can't be read is no RDB file; the check that follows tells more.
        let read = file.take(RDB_MIN as u64).read_to_end(&mut begin);
        Ok(read.is_ok_and(|count| count == RDB_MIN) && RDB_MAGICS.iter().any(|magic| begin.starts_with(magic)))
    }

    fn check_file(&mut self, name: &[u8], path: &[u8], is_last: bool, preamble: bool) -> Result<Passed, Stop> {
        let opened = OpenOptions::new().read(true).write(true).open(OsStr::from_bytes(path));
        let mut file = match opened {
            Ok(file) => file,
            Err(error) => {
                let reason = disk_error(&error).message;
                return self.stop(&[b"Cannot open file ", path, b": ", reason.as_bytes(), b", aborting..."]);
            }
        };
        let Ok(size) = file.metadata().map(|metadata| metadata.len()) else {
            return self.stop(&[b"Cannot stat file: ", name, b", aborting..."]);
        };
        if size == 0 {
            return Ok(Passed::Empty);
        }
        let shown = if self.name == "valkey-check-aof" { path } else { name };
        let begin = if preamble { self.check_preamble(shown, &mut file)? } else { 0 };
        let subject = Subject { name, path, size, is_last, tool: self.name };
        let finding = self.check_requests(subject, &mut file, begin)?;
        match finding {
            Finding::Valid => Ok(Passed::Valid),
            Finding::Refused => Err(Stop),
            Finding::Damaged { valid } if self.fix => self.repair(name, &file, is_last, size, valid),
            Finding::Damaged { .. } => {
                self.stop(&[b"AOF ", name, b" is not valid. Use the --fix option to try fixing it."])
            }
            Finding::Later { offset } if cut_off(&file, offset).is_ok() => Ok(Passed::CutOffLater),
            Finding::Later { .. } => {
                let time = self.until.to_string();
                self.stop(&[b"Failed to truncate AOF ", path, b" to timestamp ", time.as_bytes()])
            }
        }
    }

    /// The RDB file that a file begins with; its length.
    fn check_preamble(&mut self, shown: &[u8], file: &mut File) -> Result<u64, Stop> {
        match check_rdb::check_begin(shown, || Ok(file), &mut self.output) {
            Ok((Verdict::Good, length)) => {
                self.say(&[b"RDB preamble is OK, proceeding with AOF tail..."]);
                Ok(length)
            }
            _ => self.stop(&[b"RDB preamble of AOF file is not sane, aborting."]),
        }
    }

    fn check_requests(&mut self, subject: Subject<'_>, file: &mut File, begin: u64) -> Result<Finding, Stop> {
        let name = subject.name;
        let mut check = RequestCheck::new(subject, self.until, begin, self.line);
        let (mut report, mut buffer) = (Vec::new(), vec![0; CHUNK]);
        let mut result = file.seek(SeekFrom::Start(begin)).map(|_| true);
        while let Ok(true) = result {
            result = match file.read(&mut buffer) {
                Ok(count) => Ok(count > 0 && check.feed(&buffer[..count], &mut report)),
                Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
                Err(error) => Err(error),
            };
        }
        if result.is_err() {
            return self.stop(&[b"Failed to read from AOF ", name, b", aborting..."]);
        }
        let finding = check.finish(&mut report);
        self.line = check.line();
        drop(self.output.write_all(&report));
        Ok(finding)
    }

    /// Cuts off what is damaged, if that may be done.
    fn repair(&mut self, name: &[u8], file: &File, is_last: bool, size: u64, valid: u64) -> Result<Passed, Stop> {
        if !is_last {
            return self.stop(&[b"Failed to truncate AOF ", name, b" because it is not the last file"]);
        }
        let numbers = format!(" from {size} bytes, with {} bytes, to {valid} bytes", size - valid);
        self.say(&[b"This will shrink the AOF ", name, numbers.as_bytes()]);
        drop(self.output.write_all(b"Continue? [y/N]: ").and_then(|()| self.output.flush()));
        let mut answer = Vec::new();
        // No answer is a no.
        drop(self.input.read_until(b'\n', &mut answer));
        if !matches!(answer.first(), Some(b'y' | b'Y')) {
            return self.stop(&[b"Aborting..."]);
        }
        match cut_off(file, valid) {
            Ok(()) => Ok(Passed::CutOff),
            Err(_) => self.stop(&[b"Failed to truncate AOF ", name]),
        }
    }

    fn say_passed(&mut self, passed: &Passed, kind: &[u8], name: &[u8]) {
        let time = self.until.to_string();
        match passed {
            Passed::Valid => self.say(&[kind, b" ", name, b" is valid"]),
            Passed::Empty => self.say(&[kind, b" ", name, b" is empty"]),
            Passed::CutOff => self.say(&[b"Successfully truncated AOF ", name]),
            Passed::CutOffLater => {
                self.say(&[b"Successfully truncated AOF ", name, b" to timestamp ", time.as_bytes()]);
            }
        }
    }
}

/// What is cut off must not come back after a power failure.
fn cut_off(file: &File, length: u64) -> Result<(), Error> {
    file.set_len(length)?;
    file.sync_all()
}

/// The first line that is no comment begins with `file`.
fn is_manifest(begin: &[u8]) -> bool {
    let mut rest = begin;
    while rest.first() == Some(&b'#') {
        let end =
            rest.iter().take(LINE_MAX).position(|&byte| byte == b'\n').map_or(rest.len().min(LINE_MAX), |at| at + 1);
        rest = &rest[end..];
    }
    rest.starts_with(b"file")
}

/// Where a file is, as C's dirname says it.
fn directory_of(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&byte| byte == b'/') {
        None => b".",
        Some(0) => b"/",
        Some(at) => {
            let length = path[..at].iter().rposition(|&byte| byte != b'/').map_or(1, |last| last + 1);
            &path[..length]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_told_from_files() {
        assert!(is_manifest(b"#c\nfile a seq 1 type b\n"));
        assert!(!is_manifest(b"#TS:5\r\n*1\r\n$4\r\nPING\r\n"));
        assert!(!is_manifest(b""));
        assert!(is_manifest(&[&[b'#'; LINE_MAX][..], b"file"].concat()));
    }

    #[test]
    fn directories() {
        for (path, directory) in [("a", "."), ("/a", "/"), ("b/a", "b"), ("/c//b//a", "/c//b")] {
            assert_eq!(directory_of(path.as_bytes()), directory.as_bytes(), "{path}");
        }
    }

    #[test]
    fn arguments_and_exit_codes() {
        let run = |arguments: &[&str]| run(&arguments.iter().map(OsString::from).collect::<Vec<_>>());
        for arguments in [&["x"][..], &["x", "--fix", "a", "b"], &["x", "a", "b"], &["x", "/nonexistent/a.aof"]] {
            assert_eq!(run(arguments), 1, "{arguments:?}");
        }
        assert_eq!(run(&["x", "--truncate-to-timestamp", "1x", "a"]), 1);
        assert_eq!(run(&["redis-check-aof", "--version"]), 0);
    }
}
