//! Glob patterns as KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL know them.
//!
//! | pattern | matches |
//! | --- | --- |
//! | `*` | any bytes, also none |
//! | `?` | any one byte |
//! | `[abc]`, `[a-z]`, `[^a-z]` | one byte of, or not of, a class; bounds in either order |
//! | `\x` | `x` itself, also inside a class |
//! | other | itself |
//!
//! The reference's corner cases are kept: a class without its `]` ends with the pattern, a lone `\` at the end stands for itself, an
//! escaped byte in a class is compared with its case even when case is ignored, and the empty text matches only the empty pattern.
//!
//! Every element but `*` takes exactly one byte, so only the last `*` met ever needs to be tried further on: what the earlier ones
//! took can stay as short as it is. The cost is at most pattern length × text length, without recursion.

/// Whether the whole `text` matches the whole `pattern`; `ignore_case` folds ASCII letters.
pub fn matches(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (mut at_pattern, mut at_text) = (0, 0);
    // After the last `*` met: what follows it in the pattern, and where in the text that is tried next.
    let mut retry: Option<(usize, usize)> = None;
    while at_text < text.len() {
        if pattern.get(at_pattern) == Some(&b'*') {
            at_pattern += 1;
            if at_pattern == pattern.len() {
                return true;
            }
            retry = Some((at_pattern, at_text + 1));
            continue;
        }
        match match_element(&pattern[at_pattern..], text[at_text], ignore_case) {
            Some(length) => {
                at_pattern += length;
                at_text += 1;
            }
            None => match retry {
                Some((after_star, next_text)) => {
                    (at_pattern, at_text) = (after_star, next_text);
                    retry = Some((after_star, next_text + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at_pattern..].iter().all(|byte| *byte == b'*')
}

/// Matches one byte against the pattern's first element, which is not a `*`, and returns that element's length in bytes.
#[inline]
fn match_element(pattern: &[u8], byte: u8, ignore_case: bool) -> Option<usize> {
    let (literal, length) = match *pattern {
        [] => return None,
        [b'?', ..] => return Some(1),
        [b'[', ref class @ ..] => {
            let (found, length) = match_class(class, byte, ignore_case);
            return found.then_some(1 + length);
        }
        [b'\\', escaped, ..] => (escaped, 2),
        [literal, ..] => (literal, 1),
    };
    (fold(literal, ignore_case) == fold(byte, ignore_case)).then_some(length)
}

/// Matches one byte against a class whose `[` is already consumed; returns the verdict and the class's length with its `]`, if there is
/// one.
fn match_class(class: &[u8], byte: u8, ignore_case: bool) -> (bool, usize) {
    let negated = class.first() == Some(&b'^');
    let folded = fold(byte, ignore_case);
    let mut at = usize::from(negated);
    let mut found = false;
    loop {
        match class[at..] {
            [] => break,
            [b'\\', escaped, ..] => {
                found |= escaped == byte;
                at += 2;
            }
            [b']', ..] => {
                at += 1;
                break;
            }
            [start, b'-', end, ..] => {
                let (low, high) = (fold(start.min(end), ignore_case), fold(start.max(end), ignore_case));
                found |= (low..=high).contains(&folded);
                at += 3;
            }
            [member, ..] => {
                found |= fold(member, ignore_case) == folded;
                at += 1;
            }
        }
    }
    (found != negated, at)
}

#[inline]
fn fold(byte: u8, ignore_case: bool) -> u8 {
    if ignore_case { byte.to_ascii_lowercase() } else { byte }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    /// Pattern, texts that match, texts that do not. Checked with KEYS on redis-server 7.0.15.
    const CASES: &[(&str, &[&str], &[&str])] = &[
        ("", &[""], &["a"]),
        ("*", &["a", "abc"], &[""]),
        ("**", &["a"], &[""]),
        ("?", &["a", "*"], &["", "ab"]),
        ("a*", &["a", "ab"], &["", "ba"]),
        ("a**", &["a", "abc"], &["b"]),
        ("*a", &["a", "ba", "aa", "aba"], &["ab"]),
        ("h*llo", &["hllo", "heeeello", "hllollo"], &["hell", "ello"]),
        ("h?llo", &["hello", "hxllo"], &["hllo"]),
        ("h[ae]llo", &["hello", "hallo"], &["hillo"]),
        ("h[^e]llo", &["hallo", "hbllo", "h^llo"], &["hello"]),
        ("h[a-b]llo", &["hallo", "hbllo"], &["hcllo", "h-llo"]),
        ("[b-a]", &["a", "b"], &["c"]),
        ("[a-]", &["a", "]", "^"], &["-", "b"]),
        ("[a-", &["a", "-"], &["b"]),
        ("[-a]", &["a", "-"], &["b"]),
        ("[a", &["a"], &["b", "ab"]),
        ("[", &[], &["[", "a"]),
        ("[^", &["a", "^"], &[""]),
        ("[^b", &["a"], &["b"]),
        ("[]a]", &[], &["a", "]", "a]"]),
        ("[a-]x]", &["x", "^"], &["-", "b", "y"]),
        ("[\\a]", &["a"], &["\\"]),
        ("[\\]]", &["]"], &["\\"]),
        ("[a\\-z]", &["a", "-", "z"], &["b"]),
        ("[\\", &["\\"], &["a"]),
        ("[^]x", &["ax"], &["x"]),
        ("*[a", &["a", "ba"], &["ab"]),
        ("a\\", &["a\\"], &["a"]),
        ("\\", &["\\"], &["a"]),
        ("\\*", &["*"], &["a", "\\*"]),
        ("\\a", &["a"], &["\\a"]),
        ("*\\?*", &["what?", "?", "a?b"], &["what"]),
        ("a*b*c", &["abc", "aXbYc", "abcbc"], &["ab", "acb"]),
        ("*ab", &["aab", "abab"], &["aba"]),
    ];

    #[test]
    fn table() {
        for (pattern, accepted, refused) in CASES {
            for text in *accepted {
                assert!(matches(pattern.as_bytes(), text.as_bytes(), false), "{pattern:?} should match {text:?}");
            }
            for text in *refused {
                assert!(!matches(pattern.as_bytes(), text.as_bytes(), false), "{pattern:?} should not match {text:?}");
            }
        }
    }

    #[test]
    fn case_can_be_ignored() {
        assert!(matches(b"MaxMem*", b"maxmemory", true));
        assert!(!matches(b"MaxMem*", b"maxmemory", false));
        assert!(matches(b"[A-C]\\X", b"bx", true));
        assert!(!matches(b"[\\A]", b"a", true));
        assert!(!matches("É".as_bytes(), "é".as_bytes(), true));
    }

    #[test]
    fn pathological_pattern_is_quick() {
        let text = vec![b'a'; 4000];
        let pattern = "a*".repeat(200) + "b";
        assert!(!matches(pattern.as_bytes(), &text, false));
    }

    /// Matching by definition: try every length for every star.
    fn matches_naively(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => (0..=text.len()).any(|taken| matches_naively(rest, &text[taken..])),
            _ => text.first().is_some_and(|byte| {
                match_element(pattern, *byte, false)
                    .is_some_and(|length| matches_naively(&pattern[length..], &text[1..]))
            }),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?\\[\\]\\\\^-]{0,10}", text in "[ab\\]-]{1,8}") {
            prop_assert_eq!(matches(pattern.as_bytes(), text.as_bytes(), false), matches_naively(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn any_bytes_do_not_panic(pattern: Vec<u8>, text: Vec<u8>, ignore_case: bool) {
            let _ = matches(&pattern, &text, ignore_case);
        }
    }
}
