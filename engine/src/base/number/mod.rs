//! Numbers as text, read and written exactly as the reference does.
//!
//! Integers are strict (one spelling per value), doubles follow C's `strtod` in the C locale, and sizes in bytes take the
//! units of the configuration file. The 80-bit kind lives in [`super::long_double`].

mod byte_size;
mod double;
pub(super) mod hexadecimal;
mod integer;
mod shortest;

pub use byte_size::{format_human_bytes, parse_memory};
pub use double::{DoubleText, format_double, format_double_padded, parse_double};
pub use integer::{digits, format_i64, format_u64, parse_i64, parse_u64, parse_u64_lenient};
