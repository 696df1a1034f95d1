//! Doubles as text: what `strtod` reads, what the reference writes.
//!
//! Both digits and layout (when to write an exponent, how many zeros to pad) are those of the fpconv library, which Redis 7.2 and Valkey
//! print scores and RESP3 doubles with.

use core::fmt;
use core::ops::Deref;

use super::hexadecimal;
use super::integer::format_i64;
use super::shortest::Decimal;

/// Reads a double as the reference's `string2d` does, in the C locale: decimal or hexadecimal (`0x1p3`), `inf` and `infinity` in any
/// case, with an optional sign.
///
/// `None` when the text is empty, begins or ends with a space, is not consumed whole, is NaN, or is a finite number that becomes
/// infinity or, not being zero, zero.
#[inline]
pub fn parse_double(text: &[u8]) -> Option<f64> {
    let unsigned = match text {
        [b'-' | b'+', unsigned @ ..] => unsigned,
        unsigned => unsigned,
    };
    if let [b'0', b'x' | b'X', digits @ ..] = unsigned {
        let magnitude = parse_hexadecimal(digits)?;
        return Some(if text[0] == b'-' { -magnitude } else { magnitude });
    }
    let value: f64 = core::str::from_utf8(text).ok()?.parse().ok()?;
    if value.is_nan() || (value.is_infinite() && unsigned[0].is_ascii_digit() | (unsigned[0] == b'.')) {
        return None;
    }
    if value == 0.0 && !is_decimal_zero(unsigned) {
        return None;
    }
    Some(value)
}

/// Whether valid decimal text has no digit but 0 before its exponent.
fn is_decimal_zero(unsigned: &[u8]) -> bool {
    let mantissa = unsigned.iter().take_while(|byte| !matches!(byte, b'e' | b'E'));
    mantissa.into_iter().all(|byte| matches!(byte, b'0' | b'.'))
}

/// The lowest bit of a subnormal double is worth 2 to the power of this.
const LOWEST_EXPONENT: i64 = -1074;

fn parse_hexadecimal(digits: &[u8]) -> Option<f64> {
    let number = hexadecimal::parse(digits)?;
    if number.is_zero() {
        return Some(0.0);
    }
    let (significand, exponent) = number.round(f64::MANTISSA_DIGITS, LOWEST_EXPONENT);
    let exponent = exponent.clamp(-10_000, 10_000) as i32;
    // Rounding is done: the product is exact unless it overflows.
    let value = libm::scalbn(significand as f64, exponent);
    (value.is_finite() && value != 0.0).then_some(value)
}

/// The longest text is a sign and the 17 digits of an integer with seven zeros behind them, or 17 digits with point and exponent.
const LONGEST_TEXT: usize = 26;

/// A formatted double, kept on the stack. Dereferences to its bytes.
#[derive(Clone, Copy)]
pub struct DoubleText {
    bytes: [u8; LONGEST_TEXT],
    length: u8,
}

impl DoubleText {
    const EMPTY: Self = Self { bytes: [0; LONGEST_TEXT], length: 0 };

    /// The text as bytes, all of them ASCII.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The text as a string.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.bytes[usize::from(self.length)] = byte;
        self.length += 1;
    }

    #[inline]
    fn extend(&mut self, bytes: &[u8]) {
        let start = usize::from(self.length);
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len() as u8;
    }

    fn pad_with_zeros(&mut self, count: usize) {
        for _ in 0..count {
            self.push(b'0');
        }
    }
}

impl Deref for DoubleText {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for DoubleText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

/// Doubles of at most this magnitude (2^62) that are integers are written as such.
const LARGEST_PLAIN_INTEGER: f64 = 4_611_686_018_427_387_904.0;

/// Writes a double in a short form that reads back equal: `3`, `3.1`, `-0`, `1e-7`, `1e+20`, `inf`, `-inf`, `nan`.
pub fn format_double(value: f64) -> DoubleText {
    let mut text = DoubleText::EMPTY;
    if value.is_nan() {
        text.extend(b"nan");
    } else if value.is_infinite() {
        text.extend(if value < 0.0 { b"-inf" } else { b"inf" });
    } else if value == 0.0 {
        text.extend(if value.is_sign_negative() { b"-0" } else { b"0" });
    } else if value.abs() <= LARGEST_PLAIN_INTEGER && value as i64 as f64 == value {
        text.extend(format_i64(value as i64, &mut [0; 20]));
    } else {
        if value < 0.0 {
            text.push(b'-');
        }
        Decimal::of(value.abs()).lay_out(&mut text);
    }
    text
}

/// Digits that tell any two doubles apart.
const DIGITS_MAX: usize = 17;

/// Writes a double as C's `%.17g` does: with all digits that it takes to tell any two apart, whether or not these two need them.
pub fn format_double_padded(value: f64) -> DoubleText {
    let mut text = DoubleText::EMPTY;
    if value == 0.0 || !value.is_finite() {
        return format_double(value);
    }
    let mut digits = Digits { bytes: [0; DIGITS_MAX + 8], length: 0 };
    // Seventeen digits, `e`, and an exponent of three digits with its sign: it fits.
    let _ = fmt::write(&mut digits, format_args!("{:.*e}", DIGITS_MAX - 1, value.abs()));
    let (mantissa, exponent) = digits.split();
    let power = core::str::from_utf8(exponent).ok().and_then(|exponent| exponent.parse::<i32>().ok()).unwrap_or(0);
    let mut all = [b'0'; DIGITS_MAX];
    all.iter_mut().zip(mantissa.iter().filter(|byte| byte.is_ascii_digit())).for_each(|(to, from)| *to = *from);
    let significant = all.iter().rposition(|digit| *digit != b'0').map_or(1, |last| last + 1);
    if value < 0.0 {
        text.push(b'-');
    }
    text.lay_out_as_c(&all[..significant], power);
    text
}

/// A number in the making, in scientific notation.
struct Digits {
    bytes: [u8; DIGITS_MAX + 8],
    length: usize,
}

impl Digits {
    /// What stands before and behind the `e`.
    fn split(&self) -> (&[u8], &[u8]) {
        let text = &self.bytes[..self.length];
        let at = text.iter().position(|byte| *byte == b'e').unwrap_or(text.len());
        (&text[..at], text.get(at + 1..).unwrap_or(&[]))
    }
}

impl fmt::Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl DoubleText {
    /// Appends digits without zeros at their end, of which the first has this power of ten, as `%g` does: with an exponent of two
    /// digits at least if the power is below -4 or beyond the digits.
    fn lay_out_as_c(&mut self, digits: &[u8], power: i32) {
        if (-4..0).contains(&power) {
            self.extend(b"0.");
            self.pad_with_zeros((-1 - power) as usize);
            self.extend(digits);
        } else if (0..DIGITS_MAX as i32).contains(&power) {
            let whole = power as usize + 1;
            let (before, behind) = digits.split_at(whole.min(digits.len()));
            self.extend(before);
            self.pad_with_zeros(whole - before.len());
            if !behind.is_empty() {
                self.push(b'.');
                self.extend(behind);
            }
        } else {
            self.push(digits[0]);
            if digits.len() > 1 {
                self.push(b'.');
                self.extend(&digits[1..]);
            }
            self.extend(if power < 0 { b"e-" } else { b"e+" });
            let exponent = power.unsigned_abs();
            if exponent < 10 {
                self.push(b'0');
            }
            self.extend(format_i64(i64::from(exponent), &mut [0; 20]));
        }
    }
}

impl Decimal {
    /// Appends the digits in fpconv's layout.
    ///
    /// With k the power of ten of the last digit: an integer when 0 ≤ k ≤ 7; a plain fraction when
    /// k > -7, or the first digit's power is -3 to 3; otherwise an exponent with a sign and no padding.
    fn lay_out(&self, text: &mut DoubleText) {
        let digits = self.digits();
        let (first_power, last_power) = (self.first_power(), self.last_power);
        if (0..=7).contains(&last_power) {
            text.extend(digits);
            text.pad_with_zeros(last_power as usize);
        } else if last_power < 0 && (last_power > -7 || first_power.abs() < 4) {
            if first_power < 0 {
                text.extend(b"0.");
                text.pad_with_zeros((-1 - first_power) as usize);
                text.extend(digits);
            } else {
                let (whole, fraction) = digits.split_at(first_power as usize + 1);
                text.extend(whole);
                text.push(b'.');
                text.extend(fraction);
            }
        } else {
            text.push(digits[0]);
            if let [_, fraction @ ..] = digits
                && !fraction.is_empty()
            {
                text.push(b'.');
                text.extend(fraction);
            }
            text.push(b'e');
            text.push(if first_power < 0 { b'-' } else { b'+' });
            text.extend(format_i64(i64::from(first_power.abs()), &mut [0; 20]));
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;

    fn formatted(value: f64) -> std::string::String {
        format_double(value).as_str().into()
    }

    /// Each pair was answered by `ZSCORE` of valkey-server 8.0.1.
    #[test]
    fn layout_is_the_references() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (3.0, "3"),
            (3.1, "3.1"),
            (-0.1, "-0.1"),
            (1e20, "1e+20"),
            (-1e22, "-1e+22"),
            (1e100, "1e+100"),
            (1.5e300, "1.5e+300"),
            (12345.6789012, "1.23456789012e+4"),
            (0.00012345678, "1.2345678e-4"),
            (0.12345678, "0.12345678"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (4_611_686_018_427_387_904.0, "4611686018427387904"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (1.2345678901234567e19, "12345678901234567000"),
            (1e-320, "1e-320"),
            (5e-324, "5e-324"),
            // Not the closest digits, and not the shortest: so the reference prints them.
            (f64::from_bits(0x4313_2df9_8f18_5ef9), "1349643607087038.2"),
            (f64::from_bits(0x41ff_03f2_5066_b580), "8.3256373824193115e+9"),
            (f64::from_bits(0xa5e0_0000_0000_0000), "-2.9545531576914355e-126"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
            (-f64::NAN, "nan"),
        ] {
            assert_eq!(formatted(value), text);
        }
    }

    /// Each pair was printed by C's `printf` with `%.17g`.
    #[test]
    fn padded_as_c_pads() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (3.0, "3"),
            (0.1, "0.10000000000000001"),
            (-2.5, "-2.5"),
            (1e17, "1e+17"),
            (1e16, "10000000000000000"),
            (0.0001, "0.0001"),
            (0.00001, "1.0000000000000001e-05"),
            (123_456.789, "123456.789"),
            (1e100, "1e+100"),
            (5e-324, "4.9406564584124654e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(format_double_padded(value).as_str(), text);
        }
    }

    /// Each case was tried with `ZADD` on redis-server 7.0.15 and valkey-server 8.0.1.
    #[test]
    fn reads_what_strtod_reads() {
        for (text, value) in [
            ("0x1p3", 8.0),
            ("0x.8", 0.5),
            ("-0x1.", -1.0),
            ("0x1e", 30.0),
            ("0X1P-1074", 5e-324),
            ("0x1.8p-1075", 5e-324),
            ("0x0p99999999999999999999", 0.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("+.5e1", 5.0),
            ("1e-320", 1e-320),
            ("0e5000000000000000000000", 0.0),
            ("+inf", f64::INFINITY),
            ("-INFINITY", f64::NEG_INFINITY),
            ("0x1.fffffffffffffp1023", f64::MAX),
        ] {
            assert_eq!(parse_double(text.as_bytes()), Some(value), "{text:?}");
        }
        for text in [
            "",
            "+",
            ".",
            "0x",
            "0x.",
            "nan",
            "-nan",
            "infin",
            "1e",
            "1e+",
            " 1",
            "1 ",
            "1e400",
            "-1e400",
            ".1e500",
            "1e-400",
            "0x1p-1075",
            "0x1p",
            "0x1p1024",
            "0x1.fffffffffffff8p1023",
            "1e5000000000000000000",
            "0x1p5000000000000000000000",
            "1,5",
            "1_0",
            "1\0",
            "\u{661}",
            "0x-1",
            "--1",
            "+-1",
        ] {
            assert_eq!(parse_double(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(parse_double(b"\xff"), None);
        assert!(parse_double(b"-0").unwrap().is_sign_negative());
        assert!(parse_double(b"-0x0").unwrap().is_sign_negative());
    }

    proptest! {
        #[test]
        fn reads_back_what_it_writes(bits: u64, integer: i64, shift in 0u32..64) {
            for value in [f64::from_bits(bits), (integer >> shift) as f64, (integer >> shift) as f64 / 100.0] {
                if !value.is_nan() {
                    let read = parse_double(&format_double(value)).unwrap();
                    prop_assert_eq!(read.to_bits(), value.to_bits());
                }
            }
        }

        #[test]
        fn arbitrary_bytes_do_not_panic(text: std::vec::Vec<u8>, digits in "[-+]?(0x)?[0-9a-f.]{0,40}([pe][-+]?[0-9]{0,20})?") {
            let _ = parse_double(&text);
            let _ = parse_double(digits.as_bytes());
        }
    }
}
