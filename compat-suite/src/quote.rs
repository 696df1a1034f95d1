//! Text inside the formats that we write by hand, because their layout is for people.

use std::fmt::Write as _;

/// A TOML basic string.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Text or an attribute's value in XML 1.0; what XML cannot hold becomes U+FFFD.
pub(crate) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{FFFE}' | '\u{FFFF}' => escaped.push('\u{FFFD}'),
            control if control < ' ' => escaped.push('\u{FFFD}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_reads_back_what_was_quoted() {
        let text = "a \"b\" \\c \u{1}\u{7f}é#";
        let value: toml::Table = toml::from_str(&format!("x = {}", quoted(text))).unwrap();
        assert_eq!(value["x"].as_str(), Some(text));
    }

    #[test]
    fn xml_is_escaped() {
        assert_eq!(xml("<a b=\"&\">\u{0}\n"), "&lt;a b=&quot;&amp;&quot;&gt;\u{FFFD}&#10;");
    }
}
