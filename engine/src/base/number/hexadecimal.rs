//! Hexadecimal floating-point text (`0x1.8p3`), which C's `strtod` and `strtold` read and Rust's parser does not.

/// A non-negative number `mantissa` × 2^`exponent`, before rounding to a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::base) struct Unrounded {
    /// At most 124 bits of digits; the lowest bit is set also when a dropped digit was not zero, so that rounding stays exact.
    mantissa: u128,
    exponent: i64,
}

/// Beyond any format's range, yet far from overflowing `i64` when digits shift it.
const EXPONENT_LIMIT: i64 = 1 << 48;

/// Mantissas at or above this take no further digit.
const MANTISSA_FULL: u128 = 1 << 120;

/// Reads what follows the `0x` of an unsigned hexadecimal number: digits with an optional point, then an optional `p` with a decimal
/// exponent. `None` unless there is a digit and the whole text is consumed.
pub(in crate::base) fn parse(text: &[u8]) -> Option<Unrounded> {
    let mut number = Unrounded { mantissa: 0, exponent: 0 };
    let (mut digit_count, mut after_point) = (0usize, false);
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        match (byte, (*byte as char).to_digit(16)) {
            (_, Some(digit)) => {
                digit_count += 1;
                number.push(digit, after_point);
            }
            (b'.', _) if !after_point => after_point = true,
            (b'p' | b'P', _) if digit_count > 0 => {
                number.exponent += parse_exponent(tail)?;
                return Some(number);
            }
            _ => return None,
        }
        rest = tail;
    }
    (digit_count > 0).then_some(number)
}

/// A decimal exponent with an optional sign, clamped to ±[`EXPONENT_LIMIT`].
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (sign, magnitude) = match text {
        [b'-', magnitude @ ..] => (-1, magnitude),
        [b'+', magnitude @ ..] => (1, magnitude),
        magnitude => (1, magnitude),
    };
    if magnitude.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for byte in magnitude {
        let digit = (*byte as char).to_digit(10)?;
        value = (value * 10 + i64::from(digit)).min(EXPONENT_LIMIT);
    }
    Some(sign * value)
}

impl Unrounded {
    fn push(&mut self, digit: u32, after_point: bool) {
        if self.mantissa < MANTISSA_FULL {
            self.mantissa = self.mantissa << 4 | u128::from(digit);
            self.exponent -= if after_point { 4 } else { 0 };
        } else {
            self.mantissa |= u128::from(digit != 0);
            self.exponent += if after_point { 0 } else { 4 };
        }
    }

    /// Whether the number is exactly zero, which no rounding makes an underflow.
    pub(in crate::base) fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    /// Rounds half to even to `precision` bits (at most 64), the last of which is worth no less than 2^`lowest_exponent`.
    ///
    /// The result is the significand and the exponent of its lowest bit; a significand of 0 means that the number vanished.
    pub(in crate::base) fn round(&self, precision: u32, lowest_exponent: i64) -> (u64, i64) {
        let width = i64::from(u128::BITS - self.mantissa.leading_zeros());
        let drop = (width - i64::from(precision)).max(lowest_exponent - self.exponent);
        if drop <= 0 || self.mantissa == 0 {
            return (self.mantissa as u64, self.exponent);
        }
        if drop > i64::from(u128::BITS) - 4 {
            // More than the mantissa is wide, plus one: below half of the last place.
            return (0, 0);
        }
        let kept = self.mantissa >> drop;
        let dropped = self.mantissa & ((1 << drop) - 1);
        let half = 1u128 << (drop - 1);
        let round_up = dropped > half || (dropped == half && kept & 1 == 1);
        let rounded = kept + u128::from(round_up);
        if rounded >> precision == 0 {
            (rounded as u64, self.exponent + drop)
        } else {
            ((rounded >> 1) as u64, self.exponent + drop + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_digits_point_and_exponent() {
        for (text, expected) in [
            ("1", (1, 0)),
            ("1.", (1, 0)),
            (".8", (8, -4)),
            ("1.8p3", (0x18, -1)),
            ("fFp-2", (255, -2)),
            ("0p99999999999999999999", (0, EXPONENT_LIMIT)),
        ] {
            let (mantissa, exponent) = expected;
            assert_eq!(parse(text.as_bytes()), Some(Unrounded { mantissa, exponent }), "{text}");
        }
        for text in ["", ".", "p1", "1p", "1p+", "1.1.1", "g", "1pa", "1 ", "0x1", ".p1"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn keeps_a_trace_of_dropped_digits() {
        let digits = "1000000000000000000000000000000000000001";
        let number = parse(digits.as_bytes()).unwrap();
        assert_eq!(number.mantissa & 1, 1);
        assert_eq!(number.round(64, -100_000), (1 << 63, 156 - 63));
    }

    #[test]
    fn rounds_half_to_even() {
        let round = |mantissa: u128| Unrounded { mantissa, exponent: 0 }.round(4, -1000);
        assert_eq!(round(0b1_0000), (0b1000, 1));
        assert_eq!(round(0b1_0001), (0b1000, 1));
        assert_eq!(round(0b1_0011), (0b1010, 1));
        assert_eq!(round(0b1_1111), (0b1000, 2));
        assert_eq!(Unrounded { mantissa: 1, exponent: -5 }.round(4, -4), (0, -4));
        assert_eq!(Unrounded { mantissa: 3, exponent: -5 }.round(4, -4), (2, -4));
    }
}
