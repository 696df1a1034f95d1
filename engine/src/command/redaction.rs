//! Which arguments are secrets: they appear in no log and are shown to no
//! other client.

use crate::command::spec::Command;
use crate::config::Id;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// The indices of the secret arguments of a request.
pub fn secrets(container: Option<&Command>, command: &Command, arguments: &Arguments<'_>) -> Vec<usize> {
    let count = arguments.len();
    let container = container.map_or("", |container| container.name);
    match (container, command.name) {
        ("", "auth") | ("acl", "setuser" | "deluser" | "getuser") => {
            (if container.is_empty() { 1 } else { 2 }..count).collect()
        }
        ("", "hello") => after(arguments, b"auth", 2),
        ("", "migrate") => [after(arguments, b"auth", 1), after(arguments, b"auth2", 2)].concat(),
        ("config", "set") => {
            let sensitive =
                |&name: &usize| Id::named(&arguments[name]).is_some_and(|(id, _)| id.parameter().flags.sensitive);
            (2..count).step_by(2).filter(sensitive).map(|name| name + 1).filter(|&value| value < count).collect()
        }
        _ => Vec::new(),
    }
}

/// The indices of so many arguments behind a word.
fn after(arguments: &Arguments<'_>, word: &[u8], length: usize) -> Vec<usize> {
    match arguments.iter().skip(1).position(|argument| argument.eq_ignore_ascii_case(word)) {
        Some(at) => (at + 2..arguments.len()).take(length).collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::table::CommandTable;
    use crate::resp::request::OwnedArguments;

    #[test]
    fn secrets_are_found() {
        let table = CommandTable::new(crate::commands::COMMANDS);
        for (request, secret) in [
            ("config set maxmemory 1 requirepass x port 3", &[5][..]),
            ("config set masterauth x masteruser y", &[3, 5]),
            ("config set requirepass", &[]),
            ("config get requirepass", &[]),
        ] {
            let owned: OwnedArguments = request.split(' ').map(str::as_bytes).collect();
            let arguments = owned.as_arguments();
            let container = table.find(&arguments[0]).expect("a command");
            let command = table.find_subcommand(container, &arguments[1]).expect("a subcommand");
            assert_eq!(
                secrets(Some(table.command(container)), table.command(command), &arguments),
                secret,
                "{request}"
            );
        }
    }
}
