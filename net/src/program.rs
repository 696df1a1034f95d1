//! Which program this is: by the name that it was started under, and by its first argument.

use crate::start::{self, notice::OWN_VERSION};
use crate::{allocator, check_aof, check_rdb, memory_test};
use engine::server::personality::Personality;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Server,
    CheckRdb,
    CheckAof,
    Sentinel,
}

impl Role {
    fn of_program(name: &str) -> Role {
        let ends = |suffix| name.ends_with(suffix);
        match name {
            _ if ends("-check-rdb") => Role::CheckRdb,
            _ if ends("-check-aof") => Role::CheckAof,
            _ if ends("-sentinel") => Role::Sentinel,
            _ => Role::Server,
        }
    }
}

/// Runs the program, `arguments` with its name first, and returns its exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let program = arguments.first().map_or("", |program| program.to_str().unwrap_or(""));
    let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or("reprise");
    let rest: Vec<&[u8]> = arguments.iter().skip(1).map(|argument| argument.as_bytes()).collect();
    match Role::of_program(name) {
        Role::Server => run_server(program, Personality::from_program_name(name), &rest),
        Role::CheckRdb => check_rdb::run(arguments),
        Role::CheckAof => check_aof::run(arguments),
        Role::Sentinel => not_available(name),
    }
}

fn not_available(what: &str) -> i32 {
    eprintln!("{what} is not available in this version (Reprise {OWN_VERSION}).");
    1
}

fn run_server(program: &str, personality: Personality, arguments: &[&[u8]]) -> i32 {
    match arguments {
        [b"-v" | b"--version", ..] => print_version(personality),
        [b"-h" | b"--help", ..] => print_usage(program),
        [b"--test-memory", megabytes] => {
            let megabytes = std::str::from_utf8(megabytes).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
            memory_test::run(megabytes)
        }
        [b"--test-memory", ..] => {
            eprintln!(
                "Please specify the amount of memory to test in megabytes.\nExample: {program} --test-memory 4096\n"
            );
            1
        }
        [b"--check-system", ..] => not_available("--check-system"),
        _ if start::configuration::asks_for_sentinel(arguments) => not_available("Sentinel mode"),
        _ => start::run(program, personality, arguments),
    }
}

fn print_version(personality: Personality) -> i32 {
    let Personality { title, version, .. } = personality;
    let (malloc, bits) = (allocator::name(), usize::BITS);
    println!("{title} server v={version} sha=00000000:0 malloc={malloc} bits={bits} build=0 reprise={OWN_VERSION}");
    0
}

fn print_usage(program: &str) -> i32 {
    eprintln!(
        "Usage: {program} [FILE] [--PARAMETER VALUE...]... [-]\n\
         \n\
         FILE                  the configuration file; must come first\n\
         --PARAMETER VALUE...  a parameter as in the file, such as --port 7777 or --bind 127.0.0.1 ::1;\n                      \
         the last word counts\n\
         -                     first or last: read more of the configuration from standard input\n\
         \n\
         Instead of starting a server:\n\
         -h, --help            print this\n\
         -v, --version         print the version\n\
         --test-memory MB      test so many megabytes of memory\n"
    );
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_roles() {
        for (name, role) in [
            ("redis-server", Role::Server),
            ("valkey-server", Role::Server),
            ("reprise", Role::Server),
            ("redis-check-rdb", Role::CheckRdb),
            ("valkey-check-aof", Role::CheckAof),
            ("redis-sentinel", Role::Sentinel),
        ] {
            assert_eq!(Role::of_program(name), role, "{name}");
        }
    }
}
