//! Configuration from a file, the command line and standard input.

use crate::daemon::process::{Scratch, Server, free_port, run};

#[test]
fn lines_that_are_refused_are_named() {
    let scratch = Scratch::new();
    let program = scratch.program("redis-server");
    let head = "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\n";
    for (text, line, raw, reason) in [
        ("port abc", 1, "port abc", "argument couldn't be parsed into an integer"),
        ("hz 10\nfoo bar\n", 2, "foo bar", "Bad directive or wrong number of arguments"),
        ("\nport \"1\n", 2, "port \"1", "Unbalanced quotes in configuration line"),
        ("dir /not/there", 1, "dir /not/there", "No such file or directory"),
        ("rename-command NOTHING x", 1, "rename-command NOTHING x", "No such command in rename-command"),
        ("rename-command GET set", 1, "rename-command GET set", "Target command name already exists"),
    ] {
        let file = scratch.write("bad.conf", text);
        let output = run(&program, &[&file], "");
        let expected = format!("{head}Reading the configuration file, at line {line}\n>>> '{raw}'\n{reason}\n");
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
        assert_eq!(output.status.code(), Some(1));
    }
    let output = run(&program, &["--port", "--loglevel", "verbose"], "");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(">>> 'port \"--loglevel\" \"verbose\"'\nwrong number of arguments"), "{stderr}");
    let output = run(&program, &["--logfile", "/not/there/log"], "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("Can't open the log file: No such file or directory"));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let scratch = Scratch::new();
    let output = run(&scratch.program("redis-server"), &["/not/there.conf"], "");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("# Fatal error, can't open config file '/not/there.conf': No such file or directory"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn files_include_others_by_pattern_and_the_command_line_has_the_last_word() {
    let scratch = Scratch::new();
    scratch.write("inc-1.conf", "rename-command SET put");
    scratch.write("inc-2.conf", "rename-command GET \"\"\nport 1\n");
    let file = scratch.write("main.conf", &format!("include {}/inc-*.conf\nport 2\n", scratch.path().display()));
    let port = free_port();
    let child = std::process::Command::new(scratch.program("redis-server"))
        .args([&file, "--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(scratch.path())
        .stdout(std::process::Stdio::null())
        .spawn();
    let mut child = child.expect("the server starts");
    let address = format!("127.0.0.1:{port}");
    let ask = |words: &[&str]| crate::daemon::process::ask(&address, words);
    // It listens before it has looked for data.
    crate::daemon::process::wait_until("the server has loaded", || ask(&["ping"]).is_ok_and(|reply| reply == "+PONG"));
    assert_eq!(ask(&["put", "a", "b"]).unwrap(), "+OK");
    assert!(ask(&["set", "a", "b"]).unwrap().starts_with("-ERR unknown command 'set'"));
    assert!(ask(&["get", "a"]).unwrap().starts_with("-ERR unknown command 'get'"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn standard_input_is_read_for_a_hyphen() {
    let scratch = Scratch::new();
    let output = run(&scratch.program("redis-server"), &["-"], "port 0\nhz 10\n");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("Configured to not listen anywhere, exiting."), "{stdout}");
    let output = run(&scratch.program("redis-server"), &["--port", "0", "-"], "hz x\n");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("at line 1\n>>> 'hz x'\n"), "{stderr}");
}

#[test]
fn what_this_version_lacks_is_refused() {
    let scratch = Scratch::new();
    let program = scratch.program("redis-server");
    for arguments in [["--loadmodule", "/x.so"], ["--user", "x on"]] {
        let output = run(&program, &arguments, "");
        assert!(String::from_utf8_lossy(&output.stderr).contains("not available in this version"));
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn the_working_directory_is_the_configured_one() {
    let server = Server::start(&[]);
    let link = std::fs::read_link(format!("/proc/{}/cwd", server.process())).unwrap();
    assert_eq!(link, std::fs::canonicalize(server.scratch.path()).unwrap());
}
