//! The command line as more lines of the configuration file: `--port 7000 --save 60 1` says `port "7000"` and
//! `save "60" "1"`, after what the file and standard input said, so that the last word counts.

use alloc::vec::Vec;

use crate::base::argv::{quote, split_arguments};

/// What the arguments of the process say, without the name of the program.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CommandLine<'a> {
    /// The configuration file.
    pub file: Option<&'a [u8]>,
    /// A lone `-`, first or last: more lines come from standard input.
    pub reads_standard_input: bool,
    /// The options as lines.
    pub options: Vec<u8>,
}

impl<'a> CommandLine<'a> {
    /// Reads the arguments. `--version`, `--help` and what else does not start a server are the caller's to look for first.
    pub fn parse(arguments: &[&'a [u8]]) -> CommandLine<'a> {
        let file = arguments.first().copied().filter(|first| !first.starts_with(b"-"));
        let mut rest = &arguments[usize::from(file.is_some())..];
        let mut reads_standard_input = false;
        if file.is_none()
            && let [b"-", others @ ..] = rest
        {
            reads_standard_input = true;
            rest = others;
        }
        if let [others @ .., b"-"] = rest {
            reads_standard_input = true;
            rest = others;
        }
        CommandLine { file, reads_standard_input, options: argv_to_text(rest) }
    }

    /// The whole text to load, given what the file and standard input hold.
    pub fn text(&self, file: &[u8], standard_input: &[u8]) -> Vec<u8> {
        let separator: &[u8] = if self.options.is_empty() { b"" } else { b"\n" };
        [file, standard_input, separator, &self.options].concat()
    }
}

/// Options as lines of the file.
///
/// An argument that begins with `--` is an option's name unless the option before it still lacks a value: `--requirepass --x`
/// sets the password `--x`. A name may hold its values, as in `"--port 7000"`. `--save` needs no value: without one it
/// switches snapshots off.
pub fn argv_to_text(arguments: &[&[u8]]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut lacks_value = false;
    for (index, argument) in arguments.iter().enumerate() {
        let Some(name) = argument.strip_prefix(b"--").filter(|_| !lacks_value) else {
            text.extend_from_slice(quote(argument).as_bytes());
            text.push(b' ');
            lacks_value = false;
            continue;
        };
        if !text.is_empty() {
            text.push(b'\n');
        }
        text.extend_from_slice(name);
        text.push(b' ');
        let is_name_alone = split_arguments(argument).is_some_and(|words| words.len() == 1);
        let value_follows = arguments.get(index + 1).is_some_and(|next| !next.starts_with(b"--"));
        let is_empty_save = argument.eq_ignore_ascii_case(b"--save") && !value_follows;
        let is_sentinel = argument.eq_ignore_ascii_case(b"--sentinel") && !value_follows;
        if is_empty_save {
            text.extend_from_slice(b"\"\"");
        }
        lacks_value = is_name_alone && !is_empty_save && !is_sentinel;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(arguments: &[&str]) -> alloc::string::String {
        let arguments: Vec<&[u8]> = arguments.iter().map(|argument| argument.as_bytes()).collect();
        alloc::string::String::from_utf8(argv_to_text(&arguments)).unwrap()
    }

    #[test]
    fn options_become_lines() {
        assert_eq!(text_of(&["--port", "7000", "--bind", "a", "b"]), "port \"7000\" \nbind \"a\" \"b\" ");
        assert_eq!(
            text_of(&["--port 7000", "--save", "3600", "1", "--save", "60 10"]),
            "port 7000 \nsave \"3600\" \"1\" \nsave \"60 10\" "
        );
    }

    #[test]
    fn a_value_may_begin_with_hyphens() {
        assert_eq!(text_of(&["--requirepass", "--secret", "--port", "1"]), "requirepass \"--secret\" \nport \"1\" ");
    }

    #[test]
    fn save_without_a_value_is_empty() {
        assert_eq!(text_of(&["--save", "--port", "1"]), "save \"\"\nport \"1\" ");
        assert_eq!(text_of(&["--save"]), "save \"\"");
        assert_eq!(text_of(&["--save", ""]), "save \"\" ");
    }

    #[test]
    fn file_and_standard_input_come_before_the_options() {
        let line = CommandLine::parse(&[b"a.conf", b"--port", b"1", b"-"]);
        assert_eq!((line.file, line.reads_standard_input), (Some(&b"a.conf"[..]), true));
        assert_eq!(line.text(b"hz 10\n", b"hz 11"), b"hz 10\nhz 11\nport \"1\" ");
        let line = CommandLine::parse(&[b"-", b"--port", b"1"]);
        assert_eq!((line.file, line.reads_standard_input), (None, true));
        assert_eq!(CommandLine::parse(&[]), CommandLine::default());
    }
}
