//! FIELDS, a number, and so many fields or pairs: what commands on fields that
//! expire end with.

use crate::base::number::parse_i64;
use crate::command::error::Error;
use crate::resp::request::Arguments;

/// The number is wrong, or there is none.
pub(super) const WRONG_COUNT: Error =
    Error::Text("ERR numfields should be greater than 0 and match the provided number of fields");

/// Where the word FIELDS stands, of the arguments from `first` on, with at least
/// one behind it.
///
/// # Errors
/// [`WRONG_COUNT`] if it does not.
pub(super) fn find_word(arguments: &Arguments<'_>, first: usize) -> Result<usize, Error> {
    let last = arguments.len().saturating_sub(1);
    (first..last).find(|&index| is_word(arguments, index)).ok_or(WRONG_COUNT)
}

fn is_word(arguments: &Arguments<'_>, index: usize) -> bool {
    arguments[index].eq_ignore_ascii_case(b"fields")
}

/// The fields behind the word FIELDS at an index, each of so many arguments.
///
/// # Errors
/// [`Error::NotInteger`]; `wrong` if there are not as many as the number says.
pub(super) fn counted<'a>(
    arguments: &Arguments<'a>,
    word: usize,
    each: usize,
    wrong: Error,
) -> Result<Arguments<'a>, Error> {
    let count = parse_i64(&arguments[word + 1]).ok_or(Error::NotInteger)?;
    let fields = arguments.from(word + 2);
    let wanted = usize::try_from(count).ok().and_then(|count| count.checked_mul(each));
    if count != 0 && wanted == Some(fields.len()) { Ok(fields) } else { Err(wrong) }
}

/// The fields of a request in which nothing stands before the word FIELDS.
///
/// # Errors
/// [`Error::Syntax`] if that word is not there, and those of [`counted`].
pub(super) fn plain<'a>(arguments: &Arguments<'a>, wrong: Error) -> Result<Arguments<'a>, Error> {
    if is_word(arguments, 2) { counted(arguments, 2, 1, wrong) } else { Err(Error::Syntax) }
}
