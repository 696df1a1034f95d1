//! NX, XX, GT and LT: the conditions on which EXPIRE and HEXPIRE, and their like,
//! give something another time.

use crate::command::error::Error;
use alloc::format;
use alloc::string::String;

/// The conditions of a request. XX goes with GT and LT.
#[derive(Clone, Copy, Default, Debug)]
pub struct ExpiryCondition {
    if_none: bool,
    if_any: bool,
    if_greater: bool,
    if_less: bool,
}

impl ExpiryCondition {
    /// Parses arguments.
    ///
    /// # Errors
    /// If there is something else, or what does not go together.
    pub fn parse<'a>(words: impl Iterator<Item = &'a [u8]>) -> Result<ExpiryCondition, Error> {
        let mut condition = ExpiryCondition::default();
        for option in words {
            let flag = match option.to_ascii_lowercase().as_slice() {
                b"nx" => &mut condition.if_none,
                b"xx" => &mut condition.if_any,
                b"gt" => &mut condition.if_greater,
                b"lt" => &mut condition.if_less,
                _ => {
                    let option = String::from_utf8_lossy(option);
                    return Err(Error::Formatted(format!("ERR Unsupported option {option}")));
                }
            };
            *flag = true;
        }
        if condition.if_none && (condition.if_any || condition.if_greater || condition.if_less) {
            return Err(Error::Text("ERR NX and XX, GT or LT options at the same time are not compatible"));
        }
        if condition.if_greater && condition.if_less {
            return Err(Error::Text("ERR GT and LT options at the same time are not compatible"));
        }
        Ok(condition)
    }

    /// Whether `new` may take the place of `old`, both milliseconds since 1970. No
    /// expiry is later than any.
    pub fn allows(self, old: Option<i64>, new: i64) -> bool {
        match old {
            Some(old) => !self.if_none && (!self.if_greater || new > old) && (!self.if_less || new < old),
            None => !self.if_any && !self.if_greater,
        }
    }
}
