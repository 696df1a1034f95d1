//! CONFIG GET: names and patterns in, names and values out.

use alloc::vec::Vec;

use super::table::names;
use super::{Config, Id};
use crate::base::glob;

impl Config {
    /// The names that match any of `patterns`, each once, with their values, in the order of the patterns and then of the
    /// table.
    ///
    /// A pattern without `*`, `?` or `[` is a name, found even when it is hidden and answered in the letter case it was asked
    /// in. An alias is a name of its own.
    pub fn get(&self, patterns: &[&[u8]]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found: Vec<(&'static str, Vec<u8>, Id)> = Vec::new();
        for &pattern in patterns {
            if pattern.iter().any(|byte| b"[*?".contains(byte)) {
                for (id, name) in names() {
                    let visible = !id.parameter().flags.hidden && glob::matches(pattern, name.as_bytes(), true);
                    if visible && !found.iter().any(|(known, ..)| *known == name) {
                        found.push((name, name.into(), id));
                    }
                }
            } else if let Some((id, name)) = Id::named(pattern)
                && !found.iter().any(|(known, ..)| *known == name)
            {
                found.push((name, pattern.to_vec(), id));
            }
        }
        found.into_iter().map(|(_, spelled, id)| (spelled, self.format(id))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_of(patterns: &[&str]) -> Vec<alloc::string::String> {
        let patterns: Vec<&[u8]> = patterns.iter().map(|pattern| pattern.as_bytes()).collect();
        let entries = Config::new().get(&patterns);
        entries.into_iter().map(|(name, _)| alloc::string::String::from_utf8(name).unwrap()).collect()
    }

    #[test]
    fn aliases_are_names_of_their_own() {
        let mut found = names_of(&["*slave-p*"]);
        found.sort();
        assert_eq!(found, ["repl-ping-slave-period", "slave-priority"]);
        assert_eq!(
            names_of(&["SLOWLOG-MAX-*", "commandlog-slow*"]),
            ["slowlog-max-len", "commandlog-slow-execution-max-len"]
        );
    }

    #[test]
    fn a_name_is_answered_once_and_as_it_was_asked() {
        assert_eq!(names_of(&["PoRt", "port"]), ["PoRt"]);
        assert_eq!(names_of(&["p?rt", "PORT"]), ["port"]);
        assert_eq!(names_of(&["port", "p?rt"]), ["port"]);
        assert_eq!(names_of(&["no-such-parameter", ""]), [""; 0]);
    }

    #[test]
    fn a_hidden_parameter_answers_to_its_name_only() {
        assert_eq!(names_of(&["key-load-delay"]), ["key-load-delay"]);
        assert_eq!(names_of(&["key-load-dela*"]), [""; 0]);
    }
}
