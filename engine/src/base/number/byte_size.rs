//! Sizes in bytes: the units of the configuration file, and the short form of INFO.

use alloc::format;
use alloc::string::String;

/// Reads a size in bytes with an optional unit: `b`, `k` (1000), `kb` (1024), `m`, `mb`, `g`, `gb`, in any case.
///
/// No digits at all count as zero, as in the reference (`""` and `"mb"` are 0). `None` for a sign, a space, another unit, and for
/// sizes above `u64::MAX`, which the reference clamps or wraps.
pub fn parse_memory(text: &str) -> Option<u64> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    const UNITS: [(&str, u64); 8] = [
        ("", 1),
        ("b", 1),
        ("k", 1000),
        ("kb", 1 << 10),
        ("m", 1_000_000),
        ("mb", 1 << 20),
        ("g", 1_000_000_000),
        ("gb", 1 << 30),
    ];
    let (_, multiplier) = UNITS.iter().find(|(name, _)| unit.eq_ignore_ascii_case(name))?;
    let mut value = 0u64;
    for byte in number.bytes() {
        value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
    }
    value.checked_mul(*multiplier)
}

/// A size in bytes as INFO's `*_human` fields show it: `512B`, `1.02M`; binary units up to P, two decimals.
pub fn format_human_bytes(bytes: u64) -> String {
    const UNITS: [(u32, char); 5] = [(10, 'K'), (20, 'M'), (30, 'G'), (40, 'T'), (50, 'P')];
    let unit = UNITS.iter().find(|(shift, _)| (1 << *shift..1u64 << (shift + 10)).contains(&bytes));
    match unit {
        Some((shift, letter)) => format!("{:.2}{letter}", bytes as f64 / (1u64 << shift) as f64),
        None => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("100", 100),
            ("100B", 100),
            ("1k", 1000),
            ("1Kb", 1024),
            ("2m", 2_000_000),
            ("2MB", 2 << 20),
            ("3g", 3_000_000_000),
            ("3gB", 3 << 30),
            ("007kb", 7168),
            ("", 0),
            ("mb", 0),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse_memory(text), Some(bytes), "{text:?}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in
            ["-1", "+1", " 1", "1 kb", "1tb", "0x10", "1.5gb", "18446744073709551616", "18446744073709551615kb", "1e"]
        {
            assert_eq!(parse_memory(text), None, "{text:?}");
        }
    }

    #[test]
    fn human_form() {
        for (bytes, text) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.00K"),
            (1152, "1.12K"), // 1.125 exactly: C rounds halves to even
            (1_048_575, "1024.00K"),
            (1_069_547, "1.02M"),
            (1 << 30, "1.00G"),
            (3 << 39, "1.50T"),
            (1 << 50, "1.00P"),
            (1 << 60, "1152921504606846976B"),
        ] {
            assert_eq!(format_human_bytes(bytes), text);
        }
    }
}
