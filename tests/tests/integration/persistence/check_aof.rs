//! The daemon under the names of the tools that check an AOF: what it says and
//! does is what they say and do.

use crate::process::{Folder, daemon};
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a run comes to: the report, the exit code, and the files afterwards.
#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    report: String,
    exit: Option<i32>,
    files: Vec<String>,
}

type Files<'a> = [(&'a str, &'a [u8])];

fn run(program: &Path, name: &str, files: &Files<'_>, arguments: &[&str], answer: &str) -> Outcome {
    let folder = Folder::new();
    for (name, contents) in files {
        fs::write(folder.path().join(name), contents).expect("a file");
    }
    let mut command = Command::new(program);
    command.arg0(name).args(arguments).current_dir(folder.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("a process");
    // A tool that does not ask may be gone before the answer comes.
    drop(child.stdin.take().expect("a pipe").write_all(answer.as_bytes()));
    let output = child.wait_with_output().expect("an end");
    Outcome {
        report: without_leftovers(&text(&output.stdout)),
        exit: output.status.code(),
        files: files.iter().map(|(name, _)| text(&fs::read(folder.path().join(name)).expect("a file"))).collect(),
    }
}

/// Each byte as a character.
fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// Where a line ends too early the tools show its terminator, and what their
/// buffer has behind that by chance.
fn without_leftovers(report: &str) -> String {
    let line = |line: &str| match line.split_once(", got: 00") {
        Some((before, _)) if before.contains("Expected \\r\\n") => format!("{before}, got: 00..\n"),
        _ => line.to_owned(),
    };
    report.split_inclusive('\n').map(line).collect()
}

/// Runs both products' tools, and ours under both names, on the same files;
/// returns what ours did.
fn compare(files: &Files<'_>, arguments: &[&str], answer: &str) -> Outcome {
    let mut last = None;
    for tool in ["redis-check-aof", "valkey-check-aof"] {
        let ours = run(daemon(), tool, files, arguments, answer);
        let program = Path::new("/usr/bin").join(tool);
        if program.exists() {
            let theirs = run(&program, tool, files, arguments, answer);
            assert_eq!(ours, theirs, "{tool} {arguments:?}");
        } else {
            assert!(std::env::var_os("CI").is_none(), "{tool} is not installed");
            eprintln!("\n*** NOT TESTED: {tool} is not installed ***\n");
        }
        last = Some(ours);
    }
    last.expect("an outcome")
}

const WHOLE: &[u8] = b"#TS:100\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n\
    #TS:200\r\n*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n*1\r\n$4\r\nEXEC\r\n#TS:300\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n";

/// An RDB file without a checksum.
const PREAMBLE: &[u8] = b"REDIS0010\xfe\x00\x00\x01k\x01v\xff\0\0\0\0\0\0\0\0";

const MANIFEST: &[u8] = b"file base seq 1 type b\nfile incr.1 seq 1 type i\nfile incr.2 seq 2 type i\n";

#[test]
fn a_cut_anywhere() {
    for length in (0..WHOLE.len()).step_by(3).chain([WHOLE.len()]) {
        let files: &Files<'_> = &[("a.aof", &WHOLE[..length])];
        let outcome = compare(files, &["a.aof"], "");
        assert_eq!(outcome.files[0].len(), length);
        let fixed = compare(files, &["--fix", "a.aof"], "y\n");
        assert_eq!(fixed.exit, Some(0), "{length}");
        if outcome.exit == Some(1) {
            assert!(fixed.report.ends_with("Successfully truncated AOF a.aof\n"), "{length}: {}", fixed.report);
            assert!(fixed.files[0].len() < length);
        }
    }
}

#[test]
fn damage_of_every_kind() {
    let damaged: [&[u8]; 16] = [
        b"",
        b"\n",
        b"hello",
        b"*1\r\n$4\r\nPING\r\nx",
        b"*1\r\n$4\r\nPING\r\n*1\n$4\r\nPING\r\n",
        b"*2\r\n$4\r\nPING\r\n:1\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$99999\r\nPING\r\n",
        b"*1\r\n$4\r\nPINGxx",
        b"*1\r\n$4\r\nPING\xff\x01",
        b"*x\r\n*1\r\n$4\r\nPING\r\n",
        b"*-1\r\n* 1\r\n$+4\r\nPING\r\n*0001x\r\n",
        b"*1\r\n$5\r\nmulti\r\n*1\r\n$5\r\nMULTI\r\n",
        b"*1\r\n$4\r\nexec\r\n*1\r\n$4\r\nPING\r\n",
        b"*1\r\n$4\r\nPING\r\n#a note that has no end",
        b"*1\r\n$9\r\nmulti\0more\r\n*1\r\n$5\r\nexec\0\r\n",
    ];
    for contents in damaged {
        for answer in ["y\n", "Yes", "n\n", ""] {
            compare(&[("a.aof", contents)], &["--fix", "a.aof"], answer);
        }
        compare(&[("a.aof", contents)], &["./a.aof"], "");
    }
    let long = [b"#".repeat(1500), WHOLE.to_vec()].concat();
    compare(&[("a.aof", &long)], &["a.aof"], "");
    let long = [&b"*"[..], &b"0".repeat(200), WHOLE].concat();
    compare(&[("a.aof", &long)], &["a.aof"], "");
}

#[test]
fn a_preamble_comes_first() {
    let whole = [PREAMBLE, WHOLE].concat();
    let outcome = compare(&[("a.aof", &whole)], &["a.aof"], "");
    assert!(outcome.report.contains("RDB preamble is OK"), "{}", outcome.report);
    for length in [PREAMBLE.len() - 9, PREAMBLE.len(), PREAMBLE.len() + 30, whole.len() - 1] {
        let files: &Files<'_> = &[("a.aof", &whole[..length]), ("base", &whole[..length]), ("m", MANIFEST)];
        compare(files, &["a.aof"], "");
        compare(files, &["--fix", "a.aof"], "y\n");
        compare(files, &["m"], "");
    }
}

#[test]
fn what_is_later_is_cut_off() {
    for time in ["0", "50", "100", "150", "200", "250", "300", "1000", "-1", "x", "99999999999999999999"] {
        compare(&[("a.aof", WHOLE)], &["--truncate-to-timestamp", time, "a.aof"], "");
        let files: &Files<'_> = &[("base", PREAMBLE), ("incr.1", WHOLE), ("incr.2", WHOLE), ("m", MANIFEST)];
        compare(files, &["--truncate-to-timestamp", time, "m"], "");
        let files: &Files<'_> = &[("base", b""), ("incr.1", &WHOLE[..9]), ("incr.2", WHOLE), ("m", MANIFEST)];
        compare(files, &["--truncate-to-timestamp", time, "m"], "");
    }
    let bad = b"*1\r\n$4\r\nPING\r\n#TS:x\r\n";
    compare(&[("a.aof", bad)], &["--truncate-to-timestamp", "5", "a.aof"], "");
}

#[test]
fn all_files_of_a_manifest() {
    let cut = &WHOLE[..WHOLE.len() - 3];
    for (base, first, second) in [
        (PREAMBLE, WHOLE, WHOLE),
        (WHOLE, WHOLE, cut),
        (PREAMBLE, cut, WHOLE),
        (cut, WHOLE, WHOLE),
        (b"", b"", b""),
        (PREAMBLE, b"x", cut),
    ] {
        let files: &Files<'_> = &[("base", base), ("incr.1", first), ("incr.2", second), ("m", MANIFEST)];
        compare(files, &["m"], "");
        compare(files, &["--fix", "m"], "y\n");
        compare(files, &["--fix", "./m"], "n\n");
    }
    compare(&[("base", PREAMBLE), ("m", b"#note\nfile base seq 1 type b\n")], &["m"], "");
    let outcome = compare(&[("base", PREAMBLE), ("m", MANIFEST)], &["m"], "");
    assert_eq!(outcome.exit, Some(1), "{}", outcome.report);
}

#[test]
fn a_manifest_that_is_none() {
    // The tools' lines are lines of a log, with a process id and a time.
    let outcome = run(daemon(), "redis-check-aof", &[("m", b"file a seq 1 type x\n")], &["m"], "");
    assert_eq!(outcome.exit, Some(1));
    for line in ["Start checking Multi Part AOF", "*** FATAL AOF MANIFEST FILE ERROR ***", "Unknown AOF file type"] {
        assert!(outcome.report.contains(line), "{}", outcome.report);
    }
}

#[test]
fn what_is_asked_wrongly() {
    for arguments in [&[][..], &["nothing.aof"], &["--fix", "."], &["a", "b"], &["--fix", "a", "b"], &["."]] {
        compare(&[], arguments, "");
    }
}
