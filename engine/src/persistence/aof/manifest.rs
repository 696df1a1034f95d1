//! The list of the files that together are the AOF.
//!
//! ```text
//! file appendonly.aof.2.base.rdb seq 2 type b      the data as of the last rewrite
//! file appendonly.aof.1.incr.aof seq 1 type h      history: of no use any more
//! file appendonly.aof.2.incr.aof seq 2 type i      changes since, in order; the last one grows
//! ```

use crate::base::argv::{quote, split_arguments};
use crate::base::number::parse_i64;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

/// Bytes that a line may have, its end included.
const LINE_MAX: usize = 1024;

/// One file of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its name within the directory.
    pub name: String,
    /// Its number among those of its type.
    pub sequence: i64,
}

/// The list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Manifest {
    /// The base, if there is one.
    pub base: Option<Listed>,
    /// Files to be removed.
    pub history: Vec<Listed>,
    /// Increments, oldest first.
    pub increments: Vec<Listed>,
    /// The last base's number.
    pub base_sequence: i64,
    /// The last increment's number.
    pub increment_sequence: i64,
}

/// What is wrong with a list. `line` is the line that was read, with its
/// number, where the reference shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ManifestError {
    /// The line and its number.
    pub line: Option<(usize, String)>,
    /// What is wrong, in the reference's words.
    pub text: &'static str,
}

impl ManifestError {
    /// The lines that tell of it in the log.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = alloc::vec![String::from("\n*** FATAL AOF MANIFEST FILE ERROR ***\n")];
        if let Some((number, line)) = &self.line {
            lines.push(alloc::format!("Reading the manifest file, at line {number}\n"));
            lines.push(alloc::format!(">>> '{line}'\n"));
        }
        lines.push(alloc::format!("{}\n", self.text));
        lines
    }
}

const INVALID: &str = "Invalid AOF manifest file format";

impl Manifest {
    /// Reads a list.
    ///
    /// # Errors
    /// If it is not one.
    pub fn parse(text: &[u8]) -> Result<Manifest, ManifestError> {
        let fail = |line, text| Err(ManifestError { line, text });
        if text.is_empty() {
            return fail(None, "Found an empty AOF manifest");
        }
        let mut manifest = Manifest::default();
        let mut rest = text;
        let mut number = 0;
        while !rest.is_empty() {
            number += 1;
            let end = rest.iter().take(LINE_MAX).position(|&byte| byte == b'\n').map(|at| at + 1);
            let (line, after) = rest.split_at(end.unwrap_or(rest.len().min(LINE_MAX)));
            rest = after;
            if line.first() == Some(&b'#') {
                continue;
            }
            if end.is_none() {
                return fail(None, "The AOF manifest file contains too long line");
            }
            let line = trimmed(line);
            let result = if line.is_empty() { Err(INVALID) } else { manifest.read_line(line) };
            if let Err(text) = result {
                return fail(Some((number, String::from_utf8_lossy(line).into_owned())), text);
            }
        }
        Ok(manifest)
    }

    fn read_line(&mut self, line: &[u8]) -> Result<(), &'static str> {
        let words = split_arguments(line).filter(|words| words.len() >= 6 && words.len().is_multiple_of(2));
        let words = words.ok_or(INVALID)?;
        let (mut name, mut sequence, mut kind) = (None, 0, 0);
        for pair in words.chunks_exact(2) {
            match pair[0].to_ascii_lowercase().as_slice() {
                b"file" => {
                    if !is_base_name(&pair[1]) {
                        return Err("File can't be a path, just a filename");
                    }
                    name = Some(String::from_utf8_lossy(&pair[1]).into_owned());
                }
                b"seq" => sequence = parse_i64(&pair[1]).unwrap_or(0),
                b"type" => kind = pair[1].first().copied().unwrap_or(0),
                _ => {}
            }
        }
        let Some(name) = name.filter(|_| sequence != 0 && kind != 0) else { return Err(INVALID) };
        let listed = Listed { name, sequence };
        match kind {
            b'b' if self.base.is_some() => return Err("Found duplicate base file information"),
            b'b' => {
                self.base_sequence = sequence;
                self.base = Some(listed);
            }
            b'h' => self.history.push(listed),
            b'i' if sequence <= self.increment_sequence => return Err("Found a non-monotonic sequence number"),
            b'i' => {
                self.increment_sequence = sequence;
                self.increments.push(listed);
            }
            _ => return Err("Unknown AOF file type"),
        }
        Ok(())
    }

    /// The list as text.
    pub fn format(&self) -> Vec<u8> {
        let mut text = String::new();
        let mut line = |listed: &Listed, kind: char| {
            let bytes = listed.name.as_bytes();
            let name = if needs_quotes(bytes) { quote(bytes) } else { listed.name.clone() };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "file {name} seq {} type {kind}", listed.sequence);
        };
        self.base.iter().for_each(|listed| line(listed, 'b'));
        self.history.iter().for_each(|listed| line(listed, 'h'));
        self.increments.iter().for_each(|listed| line(listed, 'i'));
        text.into_bytes()
    }

    /// True if no data is listed.
    pub fn is_empty(&self) -> bool {
        self.base.is_none() && self.increments.is_empty()
    }

    /// The files that hold the data, in the order in which they are loaded.
    pub fn data_files(&self) -> impl Iterator<Item = &Listed> {
        self.base.iter().chain(&self.increments)
    }

    /// Lists a new base; the one before is history.
    pub fn add_base(&mut self, file_name: &str, rdb: bool) -> &Listed {
        if let Some(before) = self.base.take() {
            self.history.insert(0, before);
        }
        self.base_sequence += 1;
        let suffix = if rdb { "rdb" } else { "aof" };
        let name = alloc::format!("{file_name}.{}.base.{suffix}", self.base_sequence);
        self.base.insert(Listed { name, sequence: self.base_sequence })
    }

    /// Lists a new increment behind the others.
    pub fn add_increment(&mut self, file_name: &str) -> String {
        self.increment_sequence += 1;
        let name = alloc::format!("{file_name}.{}.incr.aof", self.increment_sequence);
        self.increments.push(Listed { name: name.clone(), sequence: self.increment_sequence });
        name
    }

    /// Puts files of another list to history, and does not use numbers again that
    /// it has used.
    pub fn take_for_history(&mut self, other: &Manifest, base: &str, increment: Option<&str>) {
        self.base_sequence = self.base_sequence.max(other.base_sequence);
        self.increment_sequence = self.increment_sequence.max(other.increment_sequence);
        let named = |listed: &&Listed| listed.name == base || Some(listed.name.as_str()) == increment;
        self.history.extend(other.data_files().filter(named).cloned());
    }

    /// All increments but the last `kept` are history: a rewrite has made them
    /// superfluous.
    pub fn retire_increments(&mut self, kept: usize) {
        let count = self.increments.len().saturating_sub(kept);
        for listed in self.increments.drain(..count).rev() {
            self.history.insert(0, listed);
        }
    }
}

/// Without white space at its ends.
fn trimmed(line: &[u8]) -> &[u8] {
    line.trim_ascii()
}

/// True if a name does not lead into another directory.
fn is_base_name(name: &[u8]) -> bool {
    !name.contains(&b'/') && !name.contains(&b'\\')
}

/// True if a name would not be read back as it is.
fn needs_quotes(name: &[u8]) -> bool {
    name.is_empty() || name.iter().any(|byte| !matches!(byte, b'!'..=b'~') || matches!(byte, b'\\' | b'"' | b'\''))
}

/// The name of the list's file.
pub fn manifest_name(file_name: &str) -> String {
    file_name.to_string() + ".manifest"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error(text: &str) -> &'static str {
        Manifest::parse(text.as_bytes()).expect_err("an error").text
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(error(""), "Found an empty AOF manifest");
        assert_eq!(error("file a seq 1 type b\n\nfile b seq 1 type i\n"), INVALID);
        assert_eq!(error("filx a seq 1 type b\n"), INVALID);
        assert_eq!(error("file a type b\n"), INVALID);
        assert_eq!(error("file a seq 1 type b more\n"), INVALID);
        assert_eq!(error("file a seq 0 type b\n"), INVALID);
        assert_eq!(error("file \"a seq 1 type b\n"), INVALID);
        assert_eq!(error("file a seq 1 type x\n"), "Unknown AOF file type");
        assert_eq!(error("file a/b seq 1 type b\n"), "File can't be a path, just a filename");
        assert_eq!(error("file a seq 1 type b\nfile b seq 2 type b\n"), "Found duplicate base file information");
        assert_eq!(error("file a seq 2 type i\nfile b seq 1 type i\n"), "Found a non-monotonic sequence number");
        assert_eq!(error("file a seq 1 type b"), "The AOF manifest file contains too long line");
        let long = alloc::format!("file {} seq 1 type b\n", "a".repeat(LINE_MAX));
        assert_eq!(error(&long), "The AOF manifest file contains too long line");
        let lines = Manifest::parse(b"#c\nfile a seq 1 type x\n").expect_err("an error").lines();
        assert_eq!(lines[1], "Reading the manifest file, at line 2\n");
        assert_eq!(lines[2], ">>> 'file a seq 1 type x'\n");
    }

    #[test]
    fn rewrites_make_history() {
        let mut manifest = Manifest::default();
        manifest.add_base("a", true);
        for _ in 0..3 {
            manifest.add_increment("a");
        }
        manifest.add_base("a", false);
        manifest.retire_increments(1);
        let text = "file a.2.base.aof seq 2 type b\nfile a.1.incr.aof seq 1 type h\nfile a.2.incr.aof seq 2 type h\n\
                    file a.1.base.rdb seq 1 type h\nfile a.3.incr.aof seq 3 type i\n";
        assert_eq!(String::from_utf8(manifest.format()).expect("text"), text);
        assert_eq!(Manifest::parse(text.as_bytes()), Ok(manifest));
    }

    proptest! {
        #[test]
        fn any_name_is_read_back(name in "[^/\\\\\0]{1,20}", sequence in 1..i64::MAX) {
            let listed = Listed { name, sequence };
            let manifest = Manifest {
                base: Some(listed.clone()),
                history: alloc::vec![listed.clone()],
                increments: alloc::vec![listed],
                base_sequence: sequence,
                increment_sequence: sequence,
            };
            prop_assert_eq!(Manifest::parse(&manifest.format()), Ok(manifest));
        }

        #[test]
        fn nothing_panics(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Manifest::parse(&text);
        }
    }
}
