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
const RETIRED: [(&[u8], usize); 3] =
    [(b"list-max-ziplist-entries", 1), (b"list-max-ziplist-value", 1), (b"lua-replicate-commands", 1)];

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
        FileError { line: Some((self.line_number, self.raw.clone())), fault }
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
    /// `dir` cannot be entered; for the loader's use, as what the operating system said.
    Directory(String),
    /// A directive of the reference that this version does not know; for the loader's use.
    Unavailable(&'static str),
    /// `replicaof` in cluster mode.
    ReplicaInCluster,
}

impl fmt::Display for FileFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileFault::UnbalancedQuotes => out.write_str("Unbalanced quotes in configuration line"),
            FileFault::BadDirective => out.write_str("Bad directive or wrong number of arguments"),
            FileFault::Value(fault) => fault.fmt(out),
            FileFault::ModuleParameterWithoutValue => out.write_str("Module config specified without value"),
            FileFault::Sentinel => out.write_str("sentinel directive while not in sentinel mode"),
            FileFault::IncludeDepth => out.write_str("Files include each other too deeply"),
            FileFault::Include { path, message } => {
                write!(out, "Fatal error, can't open config file '{}': {message}", String::from_utf8_lossy(path))
            }
            FileFault::NoSuchCommand => out.write_str("No such command in rename-command"),
            FileFault::CommandExists => out.write_str("Target command name already exists"),
            FileFault::User { rule, message } => {
                write!(out, "Error in user declaration '{}': {message}", String::from_utf8_lossy(rule))
            }
            FileFault::LogFile(message) => write!(out, "Can't open the log file: {message}"),
            FileFault::Directory(message) => out.write_str(message),
            FileFault::Unavailable(what) => write!(out, "{what} is not available in this version"),
            FileFault::ReplicaInCluster => out.write_str("replicaof directive not allowed in cluster mode"),
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
    Directives { rest: Some(text), line_number: 0 }
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
                return Some(Err(FileError { line, fault: FileFault::UnbalancedQuotes }));
            };
            if arguments.is_empty() {
                continue;
            }
            let name = arguments.remove(0).to_ascii_lowercase();
            return Some(Ok(Directive { line_number: self.line_number, name, arguments, raw: raw.to_vec() }));
        }
        None
    }
}

/// `line` without the white space that the file ignores around it.
pub(super) fn trim(line: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !b" \t\r\n".contains(byte);
    let start = line.iter().position(is_text).unwrap_or(line.len());
    let end = line.iter().rposition(is_text).map_or(start, |last| last + 1);
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
    pub fn load(&mut self, text: &[u8], include: &mut IncludeReader<'_>) -> Result<Loaded, FileError> {
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
            let text =
                include(path).map_err(|message| directive.error(FileFault::Include { path: path.clone(), message }))?;
            self.load_text(&text, include, loaded, depth + 1)?;
        }
        Ok(())
    }

    /// Loads one directive other than `include`.
    fn load_directive(&mut self, directive: Directive, loaded: &mut Loaded) -> Result<(), FileError> {
        if let Some((id, _)) = Id::named(&directive.name) {
            return self
                .load_parameter(id, &directive.arguments, loaded)
                .map_err(|fault| directive.error(FileFault::Value(fault)));
        }
        let count = directive.arguments.len();
        if RETIRED.iter().any(|(name, arguments)| *name == directive.name && *arguments == count) {
            return Ok(());
        }
        let handed_on = HANDED_ON
            .iter()
            .find(|(name, least, most, _)| *name == directive.name && (*least..=*most).contains(&count));
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
        let fault = if directive.name == b"sentinel" { FileFault::Sentinel } else { FileFault::BadDirective };
        Err(directive.error(fault))
    }

    /// Stores what a line says. A list may also be written as one quoted argument. The first `save` line replaces the default
    /// save points, later ones add to it.
    fn load_parameter(&mut self, id: Id, arguments: &[Vec<u8>], loaded: &mut Loaded) -> Result<(), Fault> {
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
            return Err(FileError { line: None, fault: FileFault::ReplicaInCluster });
        }
        let databases = self.integer(Id::Databases);
        if databases > 1 {
            loaded.overruled_databases = Some(databases);
            self.assign(Id::Databases, Value::Integer(1));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::super::SavePoint;
    use super::*;

    fn load(text: &str) -> Result<(Config, Loaded), FileError> {
        let mut config = Config::new();
        let loaded = config.load(text.as_bytes(), &mut |_| Err("No such file or directory".into()))?;
        Ok((config, loaded))
    }

    /// Text, number of the line at fault, that line, and the reason, all as the reference prints them.
    #[rustfmt::skip]
    const REFUSED: &[(&str, usize, &str, &str)] = &[
        ("port abc", 1, "port abc", "argument couldn't be parsed into an integer"),
        ("# c\n\n  port \"1\n", 3, "port \"1", "Unbalanced quotes in configuration line"),
        ("foo", 1, "foo", "Bad directive or wrong number of arguments"),
        ("port", 1, "port", "wrong number of arguments"),
        ("port 1 2", 1, "port 1 2", "wrong number of arguments"),
        ("include", 1, "include", "Bad directive or wrong number of arguments"),
        ("sentinel monitor x", 1, "sentinel monitor x", "sentinel directive while not in sentinel mode"),
        ("a.b", 1, "a.b", "Module config specified without value"),
        ("save 1", 1, "save 1", "Invalid save parameters"),
        ("maxmemory 1x", 1, "maxmemory 1x", "argument must be a memory value"),
        ("tls-auth-clients 1", 1, "tls-auth-clients 1", "argument(s) must be one of the following: no, yes, optional"),
        ("list-max-ziplist-entries 1 2", 1, "list-max-ziplist-entries 1 2", "Bad directive or wrong number of arguments"),
        ("replicaof a 99999", 1, "replicaof a 99999", "Invalid master port"),
        ("unixsocketperm 999", 1, "unixsocketperm 999", "argument couldn't be parsed as an octal number"),
        ("unixsocketperm 1777", 1, "unixsocketperm 1777", "argument must be between 0 and 777 inclusive"),
        ("port x\nport \"", 1, "port x", "argument couldn't be parsed into an integer"),
    ];

    #[test]
    fn errors_read_as_the_reference_words_them() {
        for (text, number, line, reason) in REFUSED {
            let report = load(text).unwrap_err().report("Redis 7.2.4");
            let expected = format!(
                "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\nReading the configuration file, at line {number}\n>>> '{line}'\n{reason}\n"
            );
            assert_eq!(report, expected);
        }
        let report = load("cluster-enabled yes\nreplicaof a 1").unwrap_err().report("Redis 7.2.4");
        assert_eq!(
            report,
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\nreplicaof directive not allowed in cluster mode\n"
        );
    }

    #[test]
    fn save_lines_add_up_after_the_first() {
        let points = |text| load(text).unwrap().0.save_points().to_vec();
        let point = |seconds, changes| SavePoint { seconds, changes };
        assert_eq!(points(""), Config::new().save_points());
        assert_eq!(points("save 900 1\nsave \"60 5 30 6\""), [point(900, 1), point(60, 5), point(30, 6)]);
        assert_eq!(points("save 900 1\nsave \"\"\nsave 10 2"), [point(10, 2)]);
        assert_eq!(points("save \"\""), []);
    }

    #[test]
    fn what_is_no_parameter_is_handed_on_in_order() {
        let text = "user a on\nrename-command GET \"\"\nUser b off\r\nloadmodule /m.so x\nm.level 1 2\nlist-max-ziplist-value 3";
        let (_, loaded) = load(text).unwrap();
        let names: Vec<_> = loaded.users.iter().map(|directive| directive.arguments[0].clone()).collect();
        assert_eq!(names, [b"a", b"b"]);
        assert_eq!(loaded.rename_commands[0].arguments, [b"GET".to_vec(), Vec::new()]);
        assert_eq!(loaded.rename_commands[0].line_number, 2);
        assert_eq!(loaded.modules[0].arguments, [b"/m.so".to_vec(), b"x".to_vec()]);
        assert_eq!(loaded.module_parameters[0].name, b"m.level");
        let error = loaded.rename_commands[0].error(FileFault::NoSuchCommand).report("Redis 7.2.4");
        assert!(error.ends_with("at line 2\n>>> 'rename-command GET \"\"'\nNo such command in rename-command\n"));
    }

    #[test]
    fn an_included_file_is_read_where_it_is_named() {
        let mut config = Config::new();
        let mut asked = vec![];
        let text = b"port 1\ninclude a/*.conf\nhz 30";
        config
            .load(text, &mut |path| {
                asked.push(path.to_vec());
                Ok(b"port 2\nhz 20\nsave 60 1".to_vec())
            })
            .unwrap();
        assert_eq!(asked, [b"a/*.conf"]);
        assert_eq!((config.integer(Id::Port), config.integer(Id::Hz), config.save_points().len()), (2, 30, 1));
        let error = config.load(b"include a", &mut |_| Ok(b"include a".to_vec())).unwrap_err();
        assert_eq!(error.fault, FileFault::IncludeDepth);
        let error = load("\ninclude /none").unwrap_err();
        assert_eq!(error.line, Some((2, b"include /none".to_vec())));
    }

    #[test]
    fn cluster_mode_has_its_own_number_of_databases() {
        let (config, loaded) = load("cluster-enabled yes").unwrap();
        assert_eq!(
            (loaded.overruled_databases, config.integer(Id::Databases), config.database_count()),
            (Some(16), 1, 1)
        );
        assert_eq!(load("cluster-enabled yes\ncluster-databases 4").unwrap().0.database_count(), 4);
        assert_eq!(load("databases 7").unwrap().0.database_count(), 7);
    }

    #[test]
    fn the_command_line_has_the_last_word() {
        let line = super::super::CommandLine::parse(&[
            b"x.conf",
            b"--port",
            b"3",
            b"--save",
            b"60 1 30 2",
            b"--bind",
            b"a",
            b"b",
        ]);
        let (config, _) = load(core::str::from_utf8(&line.text(b"port 1\nsave 1 1", b"")).unwrap()).unwrap();
        assert_eq!(config.integer(Id::Port), 3);
        assert_eq!(config.format(Id::Save), b"1 1 60 1 30 2");
        assert_eq!(config.binds(), [b"a", b"b"]);
        let line = super::super::CommandLine::parse(&[b"--port", b"abc"]);
        let error = load(core::str::from_utf8(&line.text(b"", b"")).unwrap()).unwrap_err();
        assert_eq!(error.line, Some((2, b"port \"abc\"".to_vec())));
    }
}
