//! Command lines as text: splitting an inline command or a configuration line into arguments, and quoting bytes so that they split back.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// Splits a line into arguments, as inline commands and the configuration file do.
///
/// Arguments are separated by white space. Between double quotes `\xHH`, `\n`, `\r`, `\t`, `\b`, `\a` are the bytes they name and `\`
/// makes any other byte itself; between single quotes only `\'` is special. A quote may open in the middle of an argument, but must be closed
/// and then be followed by white space or the end. Like the reference's C strings, a line ends at its first zero byte.
///
/// `None` when quotes are unbalanced; an empty list for a blank line.
pub fn split_arguments(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let end = line.iter().position(|byte| *byte == 0).unwrap_or(line.len());
    let mut rest = &line[..end];
    let mut arguments = Vec::new();
    loop {
        while let [byte, tail @ ..] = rest
            && is_space(*byte)
        {
            rest = tail;
        }
        if rest.is_empty() {
            return Some(arguments);
        }
        let mut argument = Vec::new();
        rest = take_argument(rest, &mut argument)?;
        arguments.push(argument);
    }
}

/// White space as C's `isspace` knows it in the C locale.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Reads one argument from a text that does not start with a space and returns what follows it.
fn take_argument<'a>(mut rest: &'a [u8], argument: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        match rest {
            // Vertical tab and form feed separate arguments only before them, not after: so does the reference.
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Some(rest),
            [b'"', quoted @ ..] => return end_of_quotes(take_double_quoted(quoted, argument)?),
            [b'\'', quoted @ ..] => return end_of_quotes(take_single_quoted(quoted, argument)?),
            [byte, tail @ ..] => {
                argument.push(*byte);
                rest = tail;
            }
        }
    }
}

/// Nothing but white space or the end may follow a closing quote.
fn end_of_quotes(rest: &[u8]) -> Option<&[u8]> {
    rest.first().is_none_or(|byte| is_space(*byte)).then_some(rest)
}

/// Reads to the closing `"` and returns what follows it.
fn take_double_quoted<'a>(mut rest: &'a [u8], argument: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'"', tail @ ..] => return Some(tail),
            [b'\\', b'x', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                argument.push(hex_digit(*high) << 4 | hex_digit(*low));
                tail
            }
            [b'\\', escaped, tail @ ..] => {
                argument.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                tail
            }
            [byte, tail @ ..] => {
                argument.push(*byte);
                tail
            }
        }
    }
}

/// The value of a hexadecimal digit.
fn hex_digit(digit: u8) -> u8 {
    (digit as char).to_digit(16).unwrap_or(0) as u8
}

/// Reads to the closing `'` and returns what follows it.
fn take_single_quoted<'a>(mut rest: &'a [u8], argument: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'\'', tail @ ..] => return Some(tail),
            [b'\\', b'\'', tail @ ..] => {
                argument.push(b'\'');
                tail
            }
            [byte, tail @ ..] => {
                argument.push(*byte);
                tail
            }
        }
    }
}

/// `bytes` between double quotes, everything but printable ASCII escaped, so that [`split_arguments`] reads it back.
pub fn quote(bytes: &[u8]) -> String {
    let mut quoted = String::with_capacity(bytes.len() + 2);
    quoted.push('"');
    for byte in bytes {
        match byte {
            b'\\' | b'"' => quoted.extend(['\\', char::from(*byte)]),
            b'\n' => quoted.push_str("\\n"),
            b'\r' => quoted.push_str("\\r"),
            b'\t' => quoted.push_str("\\t"),
            7 => quoted.push_str("\\a"),
            8 => quoted.push_str("\\b"),
            b' '..=b'~' => quoted.push(char::from(*byte)),
            // Writing to a string cannot fail.
            other => _ = write!(quoted, "\\x{other:02x}"),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::vec;

    #[test]
    fn splits() {
        for (line, expected) in [
            (&b""[..], &[][..]),
            (b" \t\r\n", &[]),
            (b"set  foo\tbar\r\n", &[&b"set"[..], b"foo", b"bar"]),
            (br#""a b" 'c d' "" ''"#, &[b"a b", b"c d", b"", b""]),
            (br#""\x00\xfF\n\r\t\b\a\q\"\\""#, &[b"\x00\xff\n\r\t\x08\x07q\"\\"]),
            (br#""\xg1\x1""#, &[b"xg1x1"]),
            (br#"'\n\'\x41'"#, &[b"\\n'\\x41"]),
            (br#"foo"bar" x"#, &[b"foobar", b"x"]),
            (br"a\nb \'", &[]),
            (b"a\x0bb\x0c c", &[b"a\x0bb\x0c", b"c"]),
            (b"\"a\"\x0bb", &[b"a", b"b"]),
            (b"a\0b c", &[b"a"]),
        ] {
            let expected =
                (!line.starts_with(br"a\nb")).then(|| expected.iter().map(|part| part.to_vec()).collect::<Vec<_>>());
            assert_eq!(split_arguments(line), expected, "{line:?}");
        }
    }

    #[test]
    fn refuses_unbalanced_quotes() {
        for line in [r#"""#, "'", r#""a"#, "'a", r#""a"b"#, "'a'b", r#""a\""#, r"'a\'", r#""a"'b'"#, r#"a ""#, r#""\"#]
        {
            assert_eq!(split_arguments(line.as_bytes()), None, "{line:?}");
        }
        assert_eq!(split_arguments(b"\"a\0\""), None);
    }

    #[test]
    fn quotes() {
        assert_eq!(quote(b""), r#""""#);
        assert_eq!(quote(b"a\"\\\n\r\t\x07\x08\x00\x7f\xff~ '"), r#""a\"\\\n\r\t\a\b\x00\x7f\xff~ '""#);
    }

    proptest! {
        #[test]
        fn quoting_reads_back(bytes: Vec<u8>) {
            prop_assert_eq!(split_arguments(quote(&bytes).as_bytes()), Some(vec![bytes]));
        }

        #[test]
        fn any_line_is_split_or_refused(line in "[a \"'\\\\x0\t\u{b}\u{0}]{0,20}") {
            let _ = split_arguments(line.as_bytes());
        }
    }
}
