//! The 80-bit extended floating-point numbers of x87, in which the reference on x86-64 computes INCRBYFLOAT, HINCRBYFLOAT and blocking
//! timeouts.
//!
//! Their 64 bits of significand show in replies, so doubles would not do. Arithmetic is `rustc_apfloat`'s, rounded half to even on every
//! machine alike; text is read as `strtold` reads it and written as `printf("%.17Lf")` writes it, both exact.
//!
//! ```text
//! bit 79   78 … 64    63 … 0
//! sign     exponent   significand, its leading one included
//! ```
//! The value is significand × 2^(exponent - 16383 - 63); an exponent of 0 counts as 1.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write;
use core::ops::Add;

use rustc_apfloat::ieee::X87DoubleExtended;
use rustc_apfloat::{Float, Round, Status, StatusAnd};

use super::number::hexadecimal;

#[cfg(test)]
mod cases;

/// An extended-precision number; finite, infinite or NaN.
#[derive(Clone, Copy, Debug)]
pub struct LongDouble(X87DoubleExtended);

/// The reference parses in a buffer of this many bytes, the final zero included; longer text is refused.
const PARSE_BUFFER_LENGTH: usize = 5 * 1024;

/// Bits of the significand.
const PRECISION: u32 = 64;

/// The lowest bit of a subnormal number, and of the smallest normal ones, is worth 2 to the power of this.
const LOWEST_EXPONENT: i64 = 1 - 16383 - 63;

/// Digits behind the point in [`LongDouble::format_human`].
const DECIMALS: usize = 17;

/// Ten to the power of [`DECIMALS`].
const DECIMAL_SCALE: u64 = 10u64.pow(DECIMALS as u32);

impl LongDouble {
    /// Reads a number as the reference's `string2ld` does, in the C locale: decimal or hexadecimal (`0x1p3`), `inf` and `infinity` in
    /// any case, with an optional sign.
    ///
    /// `None` when the text is empty, longer than 5119 bytes, begins or ends with a space, is not consumed whole, is NaN, or is a finite
    /// number that becomes infinity or, not being zero, zero.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() >= PARSE_BUFFER_LENGTH {
            return None;
        }
        let (negative, unsigned) = match text {
            [b'-', unsigned @ ..] => (true, unsigned),
            [b'+', unsigned @ ..] => (false, unsigned),
            unsigned => (false, unsigned),
        };
        let magnitude = match unsigned {
            [b'0', b'x' | b'X', digits @ ..] => parse_hexadecimal(digits),
            [b'0'..=b'9' | b'.', ..] => parse_decimal(unsigned),
            word if is_infinity(word) => Some(X87DoubleExtended::INFINITY),
            _ => None,
        }?;
        Some(Self(if negative { -magnitude } else { magnitude }))
    }

    /// The number equal to `value`; every `i64` has one.
    pub fn from_i64(value: i64) -> Self {
        Self(X87DoubleExtended::from_i128(i128::from(value)).value)
    }

    /// Whether this is no finite number, which no reply may show.
    pub fn is_nan_or_infinite(self) -> bool {
        !self.0.is_finite()
    }

    /// A thousand times this number, rounded up: a timeout in seconds as milliseconds. Numbers below `i64::MIN` become that; `None` for
    /// those above `i64::MAX` and for NaN.
    pub fn to_milliseconds(self) -> Option<i64> {
        let thousand = X87DoubleExtended::from_u128(1000).value;
        let product = (self.0 * thousand).value;
        let StatusAnd { status, value } = product.to_i128_r(64, Round::TowardPositive, &mut false);
        let too_large = status.contains(Status::INVALID_OP) && !product.is_negative();
        (!too_large && !product.is_nan()).then_some(value as i64)
    }

    /// The number in plain decimal with at most 17 digits behind the point, rounded half to even, without trailing zeros: the reply of
    /// INCRBYFLOAT. `0` stands for both zeros; numbers that are not finite are `inf`, `-inf` and `nan`.
    ///
    /// At most 4933 digits and a sign.
    pub fn format_human(self) -> String {
        if self.0.is_nan() {
            return String::from("nan");
        }
        let mut text = String::new();
        if self.0.is_negative() {
            text.push('-');
        }
        if self.0.is_infinite() {
            text.push_str("inf");
            return text;
        }
        let bits = self.0.to_bits();
        let significand = bits as u64;
        let biased = (bits >> 64) as i64 & 0x7fff;
        let exponent = biased.max(1) - 1 + LOWEST_EXPONENT;
        if exponent >= 0 {
            push_integer(&mut text, significand, exponent as u32);
        } else {
            push_fraction(&mut text, significand, exponent.unsigned_abs() as u32);
        }
        if text == "-0" {
            text.remove(0);
        }
        text
    }
}

impl Add for LongDouble {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self((self.0 + other.0).value)
    }
}

fn is_infinity(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity")
}

/// Reads an unsigned decimal number that starts with a digit or a point.
fn parse_decimal(text: &[u8]) -> Option<X87DoubleExtended> {
    // The library takes an exponent without digits; C does not.
    if !matches!(text.last()?, b'0'..=b'9' | b'.') {
        return None;
    }
    if let Some(value) = parse_short_decimal(text) {
        return Some(value);
    }
    let text = core::str::from_utf8(text).ok()?;
    let StatusAnd { status, value } = X87DoubleExtended::from_str_r(text, Round::NearestTiesToEven).ok()?;
    let vanished = value.is_zero() && status != Status::OK;
    (value.is_finite() && !vanished).then_some(value)
}

/// Reads a number of at most 19 digits without exponent, the common case, several times as fast as the general way; `None` for others.
///
/// Digits and scale both fit in 64 bits and are exact, so one division rounds once (Clinger, "How to read floating point numbers
/// accurately", 1990).
fn parse_short_decimal(text: &[u8]) -> Option<X87DoubleExtended> {
    if text.len() > 20 {
        return None;
    }
    let (mut digits, mut digit_count, mut point) = (0u64, 0, None);
    for byte in text {
        match byte {
            b'0'..=b'9' if digit_count < 19 => {
                digits = digits * 10 + u64::from(byte - b'0');
                digit_count += 1;
            }
            b'.' if point.is_none() => point = Some(digit_count),
            _ => return None,
        }
    }
    if digit_count == 0 {
        return None;
    }
    let integer = X87DoubleExtended::from_u128(u128::from(digits)).value;
    match digit_count - point.unwrap_or(digit_count) {
        0 => Some(integer),
        decimals => Some((integer / X87DoubleExtended::from_u128(10u128.pow(decimals)).value).value),
    }
}

/// Reads the digits of an unsigned hexadecimal number behind its `0x`.
fn parse_hexadecimal(digits: &[u8]) -> Option<X87DoubleExtended> {
    let number = hexadecimal::parse(digits)?;
    if number.is_zero() {
        return Some(X87DoubleExtended::ZERO);
    }
    let (significand, exponent) = number.round(PRECISION, LOWEST_EXPONENT);
    let exponent = exponent.clamp(-100_000, 100_000) as i32;
    // Rounding is done: the product is exact unless it overflows.
    let value = X87DoubleExtended::from_u128(u128::from(significand)).value.scalbn(exponent);
    (value.is_finite() && !value.is_zero()).then_some(value)
}

/// Appends `significand` / 2^`shift` with its decimals, for `shift` > 0.
fn push_fraction(text: &mut String, significand: u64, shift: u32) {
    // Below 2^121.
    let scaled = u128::from(significand) * u128::from(DECIMAL_SCALE);
    let rounded = if shift > 121 {
        0
    } else {
        let kept = scaled >> shift;
        let dropped = scaled & ((1 << shift) - 1);
        let half = 1 << (shift - 1);
        kept + u128::from(dropped > half || (dropped == half && kept & 1 == 1))
    };
    let scale = u128::from(DECIMAL_SCALE);
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", (rounded / scale) as u64);
    let decimals = (rounded % scale) as u64;
    if decimals != 0 {
        let _ = write!(text, ".{decimals:0DECIMALS$}");
        text.truncate(text.trim_end_matches('0').len());
    }
}

/// One limb of a decimal big integer holds nine digits.
const LIMB: u64 = 1_000_000_000;

/// Appends `significand` × 2^`shift`, of up to 16,384 bits.
fn push_integer(text: &mut String, significand: u64, shift: u32) {
    let mut limbs = vec![significand % LIMB, significand / LIMB % LIMB, significand / LIMB / LIMB];
    for _ in 0..shift / 32 {
        shift_left(&mut limbs, 32);
    }
    shift_left(&mut limbs, shift % 32);
    while limbs.last() == Some(&0) && limbs.len() > 1 {
        limbs.pop();
    }
    let mut limbs = limbs.iter().rev();
    if let Some(first) = limbs.next() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{first}");
    }
    for limb in limbs {
        let _ = write!(text, "{limb:09}");
    }
}

/// Multiplies a big integer, lowest limb first, by 2^`bits`; at most 32.
fn shift_left(limbs: &mut Vec<u64>, bits: u32) {
    let mut carry = 0;
    for limb in limbs.iter_mut() {
        let product = (*limb << bits) + carry;
        *limb = product % LIMB;
        carry = product / LIMB;
    }
    while carry > 0 {
        limbs.push(carry % LIMB);
        carry /= LIMB;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::cases::CASES;
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    fn parse(text: &str) -> Option<LongDouble> {
        LongDouble::parse(text.as_bytes())
    }

    #[test]
    fn reads_and_writes_as_c_does() {
        for (text, bits, written) in CASES {
            let value = parse(text).unwrap();
            assert_eq!(value.0.to_bits(), *bits, "{text}");
            assert_eq!(value.format_human(), *written, "{text}");
        }
    }

    #[test]
    fn refuses_what_string2ld_refuses() {
        for text in [
            "",
            " 1",
            "1 ",
            "+",
            "-",
            ".",
            "e5",
            "1e",
            "1e+",
            "1.2.3",
            "--1",
            "+-1",
            "nan",
            "-nan",
            "nan(1)",
            "infinit",
            "infx",
            "0x",
            "0x.",
            "0x1p",
            "0xg",
            "1\0",
            "1e4933",
            "0x1p16384",
            "1e-4951",
            "0x1p-16446",
            "1e-5000",
            "1e99999999999999999999",
            "0x1p-99999999999999999999",
        ] {
            assert!(parse(text).is_none(), "{text:?}");
        }
        let zeros = "0".repeat(5119);
        assert!(parse(&zeros).is_some());
        assert!(parse(&(zeros + "1")).is_none());
    }

    #[test]
    fn infinities() {
        for (text, written) in [("inf", "inf"), ("+INF", "inf"), ("-Infinity", "-inf")] {
            let value = parse(text).unwrap();
            assert!(value.is_nan_or_infinite());
            assert_eq!(value.format_human(), written);
        }
        let nothing = parse("inf").unwrap() + parse("-inf").unwrap();
        assert!(nothing.is_nan_or_infinite());
        assert_eq!(nothing.format_human(), "nan");
        let largest = parse("0x1.fffffffffffffffep16383").unwrap();
        assert!((largest + largest).is_nan_or_infinite());
    }

    #[test]
    fn sums_round_to_64_bits() {
        for (left, right, sum) in [
            ("0.1", "0.2", "0.3"),
            ("3", "-3", "0"),
            ("10.5", "0.1", "10.6"),
            ("18446744073709551615", "0.5", "18446744073709551616"),
            ("18446744073709551614", "0.5", "18446744073709551614"),
            ("1e20", "1", "100000000000000000000"),
            ("5.0e3", "2.0e2", "5200"),
        ] {
            assert_eq!((parse(left).unwrap() + parse(right).unwrap()).format_human(), sum, "{left} + {right}");
        }
    }

    #[test]
    fn huge_numbers_are_exact() {
        let text = parse("0x1p16383").unwrap().format_human();
        assert_eq!(text.len(), 4932);
        assert!(text.starts_with("594865747678615882542879663314003565381722343548255118736337"));
        // The last digits of 2^16383, by modular exponentiation.
        let last = (0..16383).fold(1u64, |power, _| power * 2 % 1_000_000_000);
        assert!(text.ends_with(&last.to_string()));
    }

    #[test]
    fn milliseconds_round_up() {
        for (text, milliseconds) in [
            ("0", Some(0)),
            ("0.1", Some(100)),
            ("0.0001", Some(1)),
            ("1.0005", Some(1001)),
            ("-0.5", Some(-500)),
            ("-0.0001", Some(0)),
            ("9223372036854775", Some(9_223_372_036_854_775_000)),
            ("9223372036854775.807", Some(i64::MAX)),
            ("9223372036854775.808", None),
            ("inf", None),
            ("-inf", Some(i64::MIN)),
        ] {
            assert_eq!(parse(text).unwrap().to_milliseconds(), milliseconds, "{text}");
        }
    }

    proptest! {
        #[test]
        fn integers_are_exact(value: i64) {
            let text = value.to_string();
            prop_assert_eq!(LongDouble::from_i64(value).format_human(), text.as_str());
            prop_assert_eq!(parse(&text).unwrap().0.to_bits(), LongDouble::from_i64(value).0.to_bits());
        }

        #[test]
        fn the_short_way_agrees_with_the_general(text in "[0-9]{0,19}[.]?[0-9]{0,19}") {
            if let Some(value) = parse_short_decimal(text.as_bytes()) {
                let general = X87DoubleExtended::from_str_r(&text, Round::NearestTiesToEven).unwrap().value;
                prop_assert_eq!(value.to_bits(), general.to_bits());
            }
        }

        #[test]
        fn arbitrary_text_does_not_panic(text: Vec<u8>, number in "[-+]?(0x)?[0-9a-f.]{0,40}([pe][-+]?[0-9]{0,20})?") {
            for text in [text.as_slice(), number.as_bytes()] {
                if let Some(value) = LongDouble::parse(text) {
                    let _ = value.format_human();
                }
            }
        }
    }
}
