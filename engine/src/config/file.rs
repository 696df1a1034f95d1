//! The configuration file: its lines as directives, and how they are loaded.
//!
//! A line is blank, a comment, or a directive: a name and arguments, quoted as for inline commands. Most directives are
//! parameters. The others are handed to whoever loads the file ([`Loaded`]), because commands, users and modules are known
//! elsewhere; each keeps its line, so that an error found later still names it.
//!
//! Nothing is read here. The caller gives the text and a function that turns the argument of `include` into text; a path with
//! wildcards means all files that match, in order, joined.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::fault::Fault;
use super::parse::parse;
use super::value::Value;
use super::{Config, Id};
use crate::base::argv::split_arguments;

/// How deep files may include files; the reference crashes when a file includes itself.
const INCLUDE_DEPTH_MAX: usize = 64;

/// Directives of former versions that are read over, and how many arguments they have.
const RETIRED: [(&[u8], usize); 3] = [
    (b"list-max-ziplist-entries", 1),
    (b"list-max-ziplist-value", 1),
    (b"lua-replicate-commands", 1),
];

/// One line that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Counted from 1.
    pub line_number: usize,
    /// In lower case.
    pub name: Vec<u8>,
    /// Unquoted.
    pub arguments: Vec<Vec<u8>>,
    /// The line without the white space around it.
    pub raw: Vec<u8>,
}

impl Directive {
    /// An error about this line.
    pub fn error(&self, fault: FileFault) -> FileError {
        FileError {
            line: Some((self.line_number, self.raw.clone())),
            fault,
        }
    }
}

/// Why a file cannot be loaded, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The line's number and text; `None` when the whole is at fault.
    pub line: Option<(usize, Vec<u8>)>,
    /// Why.
    pub fault: FileFault,
}

impl FileError {
    /// What the process prints before it exits; `server` is name and version, as in `Redis 7.2.4`.
    pub fn report(&self, server: &str) -> String {
        let mut report = format!("\n*** FATAL CONFIG FILE ERROR ({server}) ***\n");
        if let Some((number, text)) = &self.line {
            let text = String::from_utf8_lossy(text);
            report += &format!("Reading the configuration file, at line {number}\n>>> '{text}'\n");
        }
        report + &format!("{}\n", self.fault)
    }
}

/// Why a line of the file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// A quote is not closed, or something follows its end.
    UnbalancedQuotes,
    /// Not a directive, or one with other arguments.
    BadDirective,
    /// A parameter refused its value.
    Value(Fault),
    /// A module's parameter without a value.
    ModuleParameterWithoutValue,
    /// Sentinel mode is not ours.
    Sentinel,
    /// Files include each other without end.
    IncludeDepth,
    /// An included file cannot be read.
    Include {
        /// As the file names it.
        path: Vec<u8>,
        /// What the operating system said.
        message: String,
    },
    /// `rename-command` of a command that does not exist; for the loader's use.
    NoSuchCommand,
    /// `rename-command` to a name that is taken; for the loader's use.
    CommandExists,
    /// `user` with a rule that is none; for the loader's use.
    User {
        /// The rule.
        rule: Vec<u8>,
        /// What is wrong with it.
        message: String,
    },
    /// `logfile` cannot be opened; for the loader's use.
    LogFile(String),
    /// `replicaof` in cluster mode.
    ReplicaInCluster,
}

impl fmt::Display for FileFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileFault::UnbalancedQuotes => out.write_str("Unbalanced quotes in configuration line"),
            FileFault::BadDirective => out.write_str("Bad directive or wrong number of arguments"),
            FileFault::Value(fault) => fault.fmt(out),
            FileFault::ModuleParameterWithoutValue => {
                out.write_str("Module config specified without value")
            }
            FileFault::Sentinel => out.write_str("sentinel directive while not in sentinel mode"),
            FileFault::IncludeDepth => out.write_str("Files include each other too deeply"),
            FileFault::Include { path, message } => {
                write!(
                    out,
                    "Fatal error, can't open config file '{}': {message}",
                    String::from_utf8_lossy(path)
                )
            }
            FileFault::NoSuchCommand => out.write_str("No such command in rename-command"),
            FileFault::CommandExists => out.write_str("Target command name already exists"),
            FileFault::User { rule, message } => {
                write!(
                    out,
                    "Error in user declaration '{}': {message}",
                    String::from_utf8_lossy(rule)
                )
            }
            FileFault::LogFile(message) => write!(out, "Can't open the log file: {message}"),
            FileFault::ReplicaInCluster => {
                out.write_str("replicaof directive not allowed in cluster mode")
            }
        }
    }
}

/// The directives of a text, one after the other, so that an error comes when its line does.
#[derive(Debug)]
pub struct Directives<'a> {
    rest: Option<&'a [u8]>,
    line_number: usize,
}

/// The directives of `text`. Collect them for all, or the first error.
pub fn directives(text: &[u8]) -> Directives<'_> {
    Directives {
        rest: Some(text),
        line_number: 0,
    }
}

impl Iterator for Directives<'_> {
    type Item = Result<Directive, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(rest) = self.rest {
            let end = rest.iter().position(|&byte| byte == b'\n');
            let line = &rest[..end.unwrap_or(rest.len())];
            self.rest = end.map(|end| &rest[end + 1..]);
            self.line_number += 1;
            let raw = trim(line);
            if raw.is_empty() || raw[0] == b'#' {
                continue;
            }
            let Some(mut arguments) = split_arguments(raw) else {
                let line = Some((self.line_number, raw.to_vec()));
                return Some(Err(FileError {
                    line,
                    fault: FileFault::UnbalancedQuotes,
                }));
            };
            if arguments.is_empty() {
                continue;
            }
            let name = arguments.remove(0).to_ascii_lowercase();
            return Some(Ok(Directive {
                line_number: self.line_number,
                name,
                arguments,
                raw: raw.to_vec(),
            }));
        }
        None
    }
}

/// `line` without the white space that the file ignores around it.
pub(super) fn trim(line: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !b" \t\r\n".contains(byte);
    let start = line.iter().position(is_text).unwrap_or(line.len());
    let end = line
        .iter()
        .rposition(is_text)
        .map_or(start, |last| last + 1);
    &line[start..end]
}

/// What a file said beside parameters, in its order, for those who know about it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// `rename-command <from> <to>`; an empty `to` removes the command.
    pub rename_commands: Vec<Directive>,
    /// `user <name> <rule>…`
    pub users: Vec<Directive>,
    /// `loadmodule <path> <argument>…`
    pub modules: Vec<Directive>,
    /// `<module>.<parameter> <value>…`
    pub module_parameters: Vec<Directive>,
    /// The number of databases that the file asked for, when cluster mode overruled it; the reference logs a warning.
    pub overruled_databases: Option<i64>,
    /// Whether a `save` line has replaced the default save points.
    save_was_set: bool,
}

/// What turns the argument of `include` into text; the error is what the operating system said.
pub type IncludeReader<'a> = dyn FnMut(&[u8]) -> Result<Vec<u8>, String> + 'a;

/// What becomes of a directive that is no parameter.
type Handler = fn(&mut Loaded, Directive) -> Result<(), FileError>;

/// The directives that the loader hands on: name, least number of arguments, most, handler.
const HANDED_ON: [(&[u8], usize, usize, Handler); 3] = [
    (b"rename-command", 2, 2, |loaded, directive| {
        loaded.rename_commands.push(directive);
        Ok(())
    }),
    (b"user", 1, usize::MAX, |loaded, directive| {
        loaded.users.push(directive);
        Ok(())
    }),
    (b"loadmodule", 1, usize::MAX, |loaded, directive| {
        loaded.modules.push(directive);
        Ok(())
    }),
];

/// Whether a directive that is no parameter has a meaning in a file. CONFIG REWRITE leaves such lines alone.
pub(super) fn is_file_only(name: &[u8]) -> bool {
    let others: [&[u8]; 2] = [b"include", b"sentinel"];
    HANDED_ON.iter().any(|(known, ..)| *known == name) || others.contains(&name)
}

impl Config {
    /// Loads a file's text, or the whole of file, standard input and command line joined, and checks that the parameters go
    /// together.
    ///
    /// # Errors
    /// The first line that is refused; what the lines before it said has then been stored.
    pub fn load(
        &mut self,
        text: &[u8],
        include: &mut IncludeReader<'_>,
    ) -> Result<Loaded, FileError> {
        let mut loaded = Loaded::default();
        self.load_text(text, include, &mut loaded, 0)?;
        self.reconcile(&mut loaded)?;
        Ok(loaded)
    }

    fn load_text(
        &mut self,
        text: &[u8],
        include: &mut IncludeReader<'_>,
        loaded: &mut Loaded,
        depth: usize,
    ) -> Result<(), FileError> {
        for directive in directives(text) {
            let directive = directive?;
            if directive.name != b"include" || directive.arguments.len() != 1 {
                self.load_directive(directive, loaded)?;
                continue;
            }
            if depth == INCLUDE_DEPTH_MAX {
                return Err(directive.error(FileFault::IncludeDepth));
            }
            let path = &directive.arguments[0];
            let text = include(path).map_err(|message| {
                directive.error(FileFault::Include {
                    path: path.clone(),
                    message,
                })
            })?;
            self.load_text(&text, include, loaded, depth + 1)?;
        }
        Ok(())
    }

    /// Loads one directive other than `include`.
    fn load_directive(
        &mut self,
        directive: Directive,
        loaded: &mut Loaded,
    ) -> Result<(), FileError> {
        if let Some((id, _)) = Id::named(&directive.name) {
            return self
                .load_parameter(id, &directive.arguments, loaded)
                .map_err(|fault| directive.error(FileFault::Value(fault)));
        }
        let count = directive.arguments.len();
        if RETIRED
            .iter()
            .any(|(name, arguments)| *name == directive.name && *arguments == count)
        {
            return Ok(());
        }
        let handed_on = HANDED_ON.iter().find(|(name, least, most, _)| {
            *name == directive.name && (*least..=*most).contains(&count)
        });
        if let Some((.., handler)) = handed_on {
            return handler(loaded, directive);
        }
        if directive.name.contains(&b'.') {
            if count == 0 {
                return Err(directive.error(FileFault::ModuleParameterWithoutValue));
            }
            loaded.module_parameters.push(directive);
            return Ok(());
        }
        let fault = if directive.name == b"sentinel" {
            FileFault::Sentinel
        } else {
            FileFault::BadDirective
        };
        Err(directive.error(fault))
    }

    /// Stores what a line says. A list may also be written as one quoted argument. The first `save` line replaces the default
    /// save points, later ones add to it.
    fn load_parameter(
        &mut self,
        id: Id,
        arguments: &[Vec<u8>],
        loaded: &mut Loaded,
    ) -> Result<(), Fault> {
        let kind = &id.parameter().kind;
        let split;
        let arguments = match arguments {
            [only] if kind.takes_many_arguments() && !only.is_empty() => {
                split = split_arguments(only).unwrap_or_default();
                &split
            }
            arguments => arguments,
        };
        let accumulates = id == Id::Save && core::mem::replace(&mut loaded.save_was_set, true);
        let value = parse(kind, self.value(id), arguments, accumulates)?;
        self.assign(id, value);
        Ok(())
    }

    /// What must hold between parameters once all lines are read.
    fn reconcile(&mut self, loaded: &mut Loaded) -> Result<(), FileError> {
        if !self.boolean(Id::ClusterEnabled) {
            return Ok(());
        }
        if self.primary().is_some() {
            return Err(FileError {
                line: None,
                fault: FileFault::ReplicaInCluster,
            });
        }
        let databases = self.integer(Id::Databases);
        if databases > 1 {
            loaded.overruled_databases = Some(databases);
            self.assign(Id::Databases, Value::Integer(1));
        }
        Ok(())
    }
}
