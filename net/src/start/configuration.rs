//! The configuration as the command line, a file and standard input give it.

use crate::listener::socket::system_text;
use engine::base::argv::split_arguments;
use engine::command::table::CommandTable;
use engine::commands::COMMANDS;
use engine::config::{CommandLine, Config, Directive, FileError, FileFault, Id, Loaded, Value, directives};
use engine::server::personality::Personality;
use glob::{MatchOptions, glob_with};
use std::ffi::OsStr;
use std::io::{Error, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What the process was configured to be.
#[derive(Debug)]
pub struct Configuration {
    /// The parameters.
    pub config: Config,
    /// The file they came from, absolute.
    pub file: Option<PathBuf>,
    /// `rename-command`: from, to.
    pub renamed_commands: Vec<Renaming>,
    /// The number of databases that was asked for, when cluster mode overruled it.
    pub overruled_databases: Option<i64>,
}

/// From, to.
type Renaming = (Vec<u8>, Vec<u8>);

/// Why there is no configuration.
#[derive(Debug)]
pub enum ConfigurationError {
    /// A file that the command line names cannot be read.
    Unreadable(PathBuf, Error),
    /// A line is refused.
    Refused(FileError),
}

impl From<FileError> for ConfigurationError {
    fn from(error: FileError) -> ConfigurationError {
        ConfigurationError::Refused(error)
    }
}

/// Reads everything that the arguments speak of, and goes to the working directory that it names.
///
/// Of what they do not, the defaults are those of the server by whose name this one was started.
///
/// # Errors
/// The first thing that is wrong; the process is then not to be started.
pub fn load(arguments: &[&[u8]], personality: Personality) -> Result<Configuration, ConfigurationError> {
    let line = CommandLine::parse(arguments);
    let file = line.file.map(|path| PathBuf::from(OsStr::from_bytes(path)));
    let contents = match &file {
        Some(path) => read(path).map_err(|(path, error)| ConfigurationError::Unreadable(path, error))?,
        None => Vec::new(),
    };
    let mut standard_input = Vec::new();
    if line.reads_standard_input {
        // What cannot be read is not there.
        drop(std::io::stdin().lock().read_to_end(&mut standard_input));
    }
    let file = file.map(|path| std::path::absolute(&path).unwrap_or(path));
    let text = line.text(&contents, &standard_input);
    let mut config = Config::at_defaults(personality.is_valkey());
    let loaded = config
        .load(&text, &mut |path| read(Path::new(OsStr::from_bytes(path))).map_err(|(_, error)| system_text(&error)))?;
    refuse_what_is_missing(&loaded)?;
    let renamed_commands = renamed_commands(&loaded.rename_commands)?;
    enter_directory(&mut config, &text)?;
    Ok(Configuration { config, file, renamed_commands, overruled_databases: loaded.overruled_databases })
}

/// The contents of a file, or of all files that a pattern matches, in order, each with an end of line behind it. The error
/// names the file.
fn read(path: &Path) -> Result<Vec<u8>, (PathBuf, Error)> {
    let is_pattern = path.as_os_str().as_bytes().iter().any(|byte| b"*?[".contains(byte));
    if !is_pattern {
        return read_one(path);
    }
    let pattern = path.to_string_lossy();
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
    let Ok(matches) = glob_with(&pattern, options) else { return read_one(path) };
    let mut contents = Vec::new();
    for path in matches.flatten() {
        contents.extend(read_one(&path)?);
    }
    Ok(contents)
}

fn read_one(path: &Path) -> Result<Vec<u8>, (PathBuf, Error)> {
    let mut contents = std::fs::read(path).map_err(|error| (path.to_owned(), error))?;
    if contents.last().is_some_and(|&last| last != b'\n') {
        contents.push(b'\n');
    }
    Ok(contents)
}

fn refuse_what_is_missing(loaded: &Loaded) -> Result<(), FileError> {
    let refuse = |directive: Option<&Directive>, what| match directive {
        Some(directive) => Err(directive.error(FileFault::Unavailable(what))),
        None => Ok(()),
    };
    refuse(loaded.users.first(), "A user in the configuration file")?;
    refuse(loaded.modules.first(), "Loading modules")?;
    refuse(loaded.module_parameters.first(), "Loading modules")
}

/// Checks each renaming after those before it.
fn renamed_commands(lines: &[Directive]) -> Result<Vec<Renaming>, FileError> {
    let mut commands = CommandTable::new(COMMANDS);
    let mut renamed = Vec::new();
    for line in lines {
        let [from, to] = &line.arguments[..] else { return Err(line.error(FileFault::BadDirective)) };
        if commands.find(from).is_none() {
            return Err(line.error(FileFault::NoSuchCommand));
        }
        if !commands.rename(from, to) {
            return Err(line.error(FileFault::CommandExists));
        }
        renamed.push((from.clone(), to.clone()));
    }
    Ok(renamed)
}

/// Goes to the directory of `dir`, and stores where that is.
fn enter_directory(config: &mut Config, text: &[u8]) -> Result<(), FileError> {
    let directory = config.text(Id::Dir);
    if !directory.is_empty()
        && let Err(error) = std::env::set_current_dir(OsStr::from_bytes(directory))
    {
        let fault = FileFault::Directory(system_text(&error));
        return Err(match line_of(text, directory) {
            Some(line) => line.error(fault),
            None => FileError { line: None, fault },
        });
    }
    if let Ok(path) = std::env::current_dir() {
        config.assign(Id::Dir, Value::Text(Some(path.into_os_string().into_encoded_bytes())));
    }
    Ok(())
}

/// The last line that names the directory; none when an included file does.
fn line_of(text: &[u8], directory: &[u8]) -> Option<Directive> {
    directives(text).flatten().filter(|line| line.name == b"dir" && line.arguments == [directory]).last()
}

/// Whether the arguments ask for Sentinel.
pub fn asks_for_sentinel(arguments: &[&[u8]]) -> bool {
    arguments
        .iter()
        .filter_map(|argument| split_arguments(argument))
        .any(|words| words.first().is_some_and(|word| word.eq_ignore_ascii_case(b"--sentinel")))
}
