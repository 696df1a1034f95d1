//! Which files of the suite are meant.

/// Files to take and files to leave out, each a name (`unit/type/string`) or a prefix (`unit/type/*`).
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    only: Vec<String>,
    except: Vec<String>,
}

impl Selection {
    /// Without anything in `only`, all files are taken.
    pub(crate) fn new(only: &[String], except: &[String]) -> Self {
        let trimmed =
            |list: &[String]| list.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect();
        Self { only: trimmed(only), except: trimmed(except) }
    }

    /// Whether a file is selected.
    pub(crate) fn takes(&self, file: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| covers(pattern, file));
        (self.only.is_empty() || any(&self.only)) && !any(&self.except)
    }

    /// What to take, as given.
    pub(crate) fn only(&self) -> &[String] {
        &self.only
    }
}

fn covers(pattern: &str, file: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => file.starts_with(prefix),
        None => pattern == file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_prefixes() {
        let selection = Selection::new(&["unit/type/*".into(), "unit/auth".into()], &["unit/type/list".into()]);
        assert!(selection.takes("unit/type/set"));
        assert!(selection.takes("unit/auth"));
        assert!(!selection.takes("unit/type/list"));
        assert!(!selection.takes("unit/authx"));
        assert!(Selection::new(&[], &[]).takes("anything"));
    }
}
