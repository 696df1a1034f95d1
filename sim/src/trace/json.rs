//! JSON, as far as the page needs it, safe within a script element.

use std::fmt::Write;

/// Appends a string.
pub(super) fn string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // Or else "</script>" would end the element.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Appends an array whose parts `write` appends.
pub(super) fn array<T>(parts: impl IntoIterator<Item = T>, out: &mut String, mut write: impl FnMut(T, &mut String)) {
    out.push('[');
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(part, out);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings_stay_within_their_script() {
        let mut out = String::new();
        super::string("a\"\\\n</script>\u{2028}é", &mut out);
        assert_eq!(out, r#""a\"\\\u000a\u003c/script\u003e\u2028é""#);
    }

    #[test]
    fn arrays_have_commas_between() {
        let mut out = String::new();
        super::array([1, 2, 3], &mut out, |part, out| out.push_str(&part.to_string()));
        assert_eq!(out, "[1,2,3]");
    }
}
