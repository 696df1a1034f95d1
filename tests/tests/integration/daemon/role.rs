//! Names that the program is started under, and arguments that start no server.

use crate::daemon::process::{Scratch, run};

#[test]
fn a_name_decides_what_the_program_is() {
    let scratch = Scratch::new();
    for (name, version) in [("redis-server", "Redis server v=7.2.4 "), ("valkey-server", "Valkey server v=9.1.2 ")] {
        for option in ["-v", "--version"] {
            let output = run(&scratch.program(name), &[option], "");
            let stdout = String::from_utf8_lossy(&output.stdout);
            assert!(stdout.starts_with(version) && stdout.contains(" malloc=jemalloc-5."), "{stdout}");
            assert_eq!(output.status.code(), Some(0));
        }
    }
    for name in ["redis-sentinel", "valkey-sentinel"] {
        let output = run(&scratch.program(name), &[], "");
        assert!(String::from_utf8_lossy(&output.stderr).contains("not available in this version"), "{name}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn arguments_that_start_no_server() {
    let scratch = Scratch::new();
    let program = scratch.program("redis-server");
    let output = run(&program, &["--help"], "");
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("Usage: "));
    assert_eq!(output.status.code(), Some(1));
    let output = run(&program, &["--test-memory"], "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("amount of memory to test in megabytes"));
    assert_eq!(output.status.code(), Some(1));
    let output = run(&program, &["--test-memory", "1"], "");
    assert!(String::from_utf8_lossy(&output.stdout).contains("Pass 50 of 50: good"));
    assert_eq!(output.status.code(), Some(0));
    let output = run(&program, &["--sentinel"], "");
    assert_eq!(output.status.code(), Some(1));
}
