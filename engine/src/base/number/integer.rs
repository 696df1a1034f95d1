//! 64-bit integers and their one decimal spelling.

/// The two-digit spellings of 0 to 99, back to back.
const DIGIT_PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut value = 0;
    while value < 100 {
        pairs[value * 2] = b'0' + (value / 10) as u8;
        pairs[value * 2 + 1] = b'0' + (value % 10) as u8;
        value += 1;
    }
    pairs
};

/// Reads a signed integer in its only accepted spelling: no spaces, no `+`, no leading zeros, no `-0`.
///
/// `None` for any other text and for values outside `i64`. A value therefore survives being read and written back byte for byte,
/// which is what lets a string be stored as an integer.
#[inline]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', magnitude @ ..] => {
            if magnitude.first() == Some(&b'0') {
                return None;
            }
            let magnitude = parse_u64(magnitude)?;
            if magnitude > i64::MIN.unsigned_abs() {
                return None;
            }
            Some((magnitude as i64).wrapping_neg())
        }
        _ => i64::try_from(parse_u64(text)?).ok(),
    }
}

/// Reads an unsigned integer in its only accepted spelling; `None` for any other text and for values above `u64::MAX`.
#[inline]
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    let (&first, rest) = text.split_first()?;
    if first == b'0' {
        return rest.is_empty().then_some(0);
    }
    // Nineteen digits always fit; only a twentieth can overflow.
    if text.len() > 20 {
        return None;
    }
    let (plain, last) = text.split_at(text.len().min(19));
    let (eights, tail) = plain.as_chunks::<8>();
    let mut value = 0;
    for eight in eights {
        value = value * 100_000_000 + eight_digits(*eight)?;
    }
    for &byte in tail {
        value = value * 10 + u64::from(digit(byte)?);
    }
    match last.first() {
        None => Some(value),
        Some(&byte) => value.checked_mul(10)?.checked_add(u64::from(digit(byte)?)),
    }
}

/// The value of eight decimal digits, all at once; `None` if one of the bytes is no digit.
#[inline]
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    const EVERY_BYTE: u64 = 0x0101_0101_0101_0101;
    let text = u64::from_le_bytes(text);
    // A digit's upper half is 3, and still is after adding six.
    const UPPER_HALVES: u64 = 0xf0 * EVERY_BYTE;
    let after_adding = text.wrapping_add(6 * EVERY_BYTE);
    if (text & UPPER_HALVES) | ((after_adding & UPPER_HALVES) >> 4) != 0x33 * EVERY_BYTE {
        return None;
    }
    // Neighbours are joined thrice: digits to pairs, pairs to fours, fours to the whole. The first byte is the highest digit.
    let digits = text & (0x0f * EVERY_BYTE);
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

/// Reads an unsigned integer as C's `strtoull` does where the reference falls back on it (the parts of a stream ID): leading
/// white space, one sign and leading zeros are accepted, and a minus sign wraps round.
///
/// A negative number in strict spelling is refused, as the reference refuses it before it falls back: `-7` is `None`, but ` -7`
/// is `u64::MAX - 6`. `None` as well for text that is not consumed whole and for magnitudes above `u64::MAX`.
pub fn parse_u64_lenient(text: &[u8]) -> Option<u64> {
    if let Some(value) = parse_u64(text) {
        return Some(value);
    }
    if parse_i64(text).is_some() {
        return None;
    }
    let start = text.iter().position(|byte| !is_c_space(*byte))?;
    let (negative, magnitude) = match &text[start..] {
        [b'-', magnitude @ ..] => (true, magnitude),
        [b'+', magnitude @ ..] => (false, magnitude),
        magnitude => (false, magnitude),
    };
    if magnitude.is_empty() {
        return None;
    }
    let mut value = 0u64;
    for &byte in magnitude {
        value = value.checked_mul(10)?.checked_add(u64::from(digit(byte)?))?;
    }
    Some(if negative { value.wrapping_neg() } else { value })
}

/// White space as C's `isspace` knows it in the C locale.
fn is_c_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[inline]
fn digit(byte: u8) -> Option<u8> {
    let value = byte.wrapping_sub(b'0');
    (value < 10).then_some(value)
}

/// Writes `value` in decimal at the end of `buffer` and returns the written part.
#[inline]
pub fn format_i64(value: i64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut start = write_backwards(value.unsigned_abs(), buffer);
    if value < 0 {
        // The longest magnitude of an i64 has 19 digits, so there is room for the sign.
        start -= 1;
        buffer[start] = b'-';
    }
    &buffer[start..]
}

/// Writes `value` in decimal at the end of `buffer` and returns the written part.
#[inline]
pub fn format_u64(value: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let start = write_backwards(value, buffer);
    &buffer[start..]
}

/// Fills `buffer` from its end, two digits at a time, and returns where the number starts.
#[inline]
fn write_backwards(mut value: u64, buffer: &mut [u8; 20]) -> usize {
    let mut start = buffer.len();
    while value >= 100 {
        let pair = (value % 100) as usize * 2;
        value /= 100;
        start -= 2;
        buffer[start..start + 2].copy_from_slice(&DIGIT_PAIRS[pair..pair + 2]);
    }
    if value >= 10 {
        let pair = value as usize * 2;
        start -= 2;
        buffer[start..start + 2].copy_from_slice(&DIGIT_PAIRS[pair..pair + 2]);
    } else {
        start -= 1;
        buffer[start] = b'0' + value as u8;
    }
    start
}

/// The number of bytes that [`format_i64`] writes for `value`, its sign included: 1 to 20.
#[inline]
pub fn digits(value: i64) -> usize {
    let magnitude = value.unsigned_abs();
    let count = magnitude.checked_ilog10().unwrap_or(0) as usize + 1;
    count + usize::from(value < 0)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn accepts_only_the_canonical_spelling() {
        for text in ["", "-", "+1", " 1", "1 ", "01", "-0", "-01", "00", "1a", "0x1", "1.0", "--1", "/", ":"] {
            assert_eq!(parse_i64(text.as_bytes()), None, "{text:?}");
        }
        for (text, value) in [("0", 0), ("-1", -1), ("10", 10), ("999999999999999999", 999_999_999_999_999_999)] {
            assert_eq!(parse_i64(text.as_bytes()), Some(value));
        }
    }

    #[test]
    fn checks_ranges() {
        assert_eq!(parse_i64(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(parse_i64(b"9223372036854775808"), None);
        assert_eq!(parse_i64(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_i64(b"-9223372036854775809"), None);
        assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(parse_u64(b"18446744073709551616"), None);
        assert_eq!(parse_u64(b"99999999999999999999"), None);
        assert_eq!(parse_u64(b"100000000000000000000"), None);
        assert_eq!(parse_u64(b"-1"), None);
    }

    #[test]
    fn lenient_reading_follows_strtoull() {
        for (text, value) in
            [("007", 7), ("+8", 8), (" 9", 9), ("\t\r0", 0), (" -7", u64::MAX - 6), ("-0", 0), ("-007", u64::MAX - 6)]
        {
            assert_eq!(parse_u64_lenient(text.as_bytes()), Some(value), "{text:?}");
        }
        for text in ["", " ", "+", "-", "-7", "7 ", "+-7", "18446744073709551616", "1e3"] {
            assert_eq!(parse_u64_lenient(text.as_bytes()), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn formats_and_counts_as_core_does(value: i64, shift in 0u32..64) {
            let value = value >> shift;
            let mut buffer = [0; 20];
            let text = format_i64(value, &mut buffer);
            let expected = value.to_string();
            prop_assert_eq!(text, expected.as_bytes());
            prop_assert_eq!(digits(value), text.len());
            prop_assert_eq!(parse_i64(text), Some(value));
            let unsigned = value as u64;
            let text = format_u64(unsigned, &mut buffer);
            let expected = unsigned.to_string();
            prop_assert_eq!(text, expected.as_bytes());
            prop_assert_eq!(parse_u64(text), Some(unsigned));
        }

        #[test]
        fn any_bytes_are_read_as_core_reads_them(text: [u8; 8], digits in "[0-9:/]{8}") {
            for text in [text, *digits.as_bytes().first_chunk().unwrap()] {
                let all_digits = text.iter().all(u8::is_ascii_digit);
                let expected = core::str::from_utf8(&text).ok().filter(|_| all_digits).and_then(|text| text.parse().ok());
                prop_assert_eq!(eight_digits(text), expected);
            }
        }

        #[test]
        fn what_is_read_is_written_back(text in "-?[0-9]{0,21}") {
            let mut buffer = [0; 20];
            match parse_i64(text.as_bytes()) {
                Some(value) => prop_assert_eq!(format_i64(value, &mut buffer), text.as_bytes()),
                None => prop_assert!(text.parse::<i64>().map_or(true, |value| value.to_string() != text)),
            }
        }
    }

    #[test]
    fn extremes() {
        let mut buffer = [0; 20];
        assert_eq!(format_i64(i64::MIN, &mut buffer), b"-9223372036854775808");
        assert_eq!(format_u64(u64::MAX, &mut buffer), b"18446744073709551615");
        assert_eq!((digits(0), digits(9), digits(10), digits(-1), digits(i64::MIN)), (1, 1, 2, 2, 20));
    }
}
