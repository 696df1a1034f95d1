//! How two replies are compared.

use crate::client::Reply;

/// What has to be the same of two replies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Comparison {
    /// All.
    Exact,
    /// All, but a double may be spelled otherwise.
    Spelling,
    /// The elements, in any order; so many in a row belong together.
    Unordered(usize),
    /// How many elements there are, and what each is: chance chose them.
    Shape,
    /// Whether it is an error.
    Success,
    /// Numbers may differ by so much: time passes.
    Near(i64),
    /// Nothing: versions explain it.
    Nothing,
}

impl Comparison {
    /// True if what is compared so may leave different data behind.
    pub(super) fn may_diverge(self) -> bool {
        matches!(self, Comparison::Shape | Comparison::Success | Comparison::Nothing)
    }
}

/// Compares two replies.
pub(super) fn agree(comparison: Comparison, ours: &Reply, theirs: &Reply) -> bool {
    match comparison {
        Comparison::Exact => ours == theirs,
        Comparison::Spelling => ours == theirs || same_value(ours, theirs),
        Comparison::Unordered(width) => match (ours, theirs) {
            (Reply::Array(ours), Reply::Array(theirs)) => sorted(ours, width) == sorted(theirs, width),
            _ => ours == theirs,
        },
        Comparison::Shape => is_error(ours) == is_error(theirs) && same_shape(ours, theirs),
        Comparison::Success => is_error(ours) == is_error(theirs),
        Comparison::Near(distance) => match (ours, theirs) {
            (Reply::Integer(ours), Reply::Integer(theirs)) if *ours > 0 => ours.abs_diff(*theirs) <= distance as u64,
            _ => ours == theirs,
        },
        Comparison::Nothing => true,
    }
}

pub(super) fn is_error(reply: &Reply) -> bool {
    matches!(reply, Reply::Line(line) if line.starts_with('-'))
}

/// Groups of elements in an order of their own.
fn sorted(elements: &[Reply], width: usize) -> Vec<String> {
    let mut groups: Vec<String> = elements.chunks(width).map(|group| format!("{group:?}")).collect();
    groups.sort();
    groups
}

fn same_shape(ours: &Reply, theirs: &Reply) -> bool {
    match (ours, theirs) {
        (Reply::Array(ours), Reply::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same_shape(ours, theirs))
        }
        (Reply::Bulk(ours), Reply::Bulk(theirs)) => ours.is_some() == theirs.is_some(),
        (Reply::Line(ours), Reply::Line(theirs)) => !is_error_line(ours) || ours == theirs,
        (Reply::Integer(_), Reply::Integer(_)) => true,
        _ => false,
    }
}

/// True if two replies differ in how doubles are spelled, at most.
fn same_value(ours: &Reply, theirs: &Reply) -> bool {
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.trim_start_matches(',').parse::<f64>().ok();
    let same =
        |ours: &[u8], theirs: &[u8]| ours == theirs || number(ours).is_some_and(|own| number(theirs) == Some(own));
    match (ours, theirs) {
        (Reply::Array(ours), Reply::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same_value(ours, theirs))
        }
        (Reply::Bulk(Some(ours)), Reply::Bulk(Some(theirs))) => same(ours, theirs),
        (Reply::Line(ours), Reply::Line(theirs)) => same(ours.as_bytes(), theirs.as_bytes()),
        _ => ours == theirs,
    }
}

/// A reply for readers.
pub(super) fn text(reply: &Reply) -> String {
    match reply {
        Reply::Line(line) => line.clone(),
        Reply::Integer(number) => format!(":{number}"),
        Reply::Bulk(None) => "(nil)".into(),
        Reply::Bulk(Some(bytes)) => format!("\"{}\"", bytes.escape_ascii()),
        Reply::Array(parts) => format!("[{}]", parts.iter().map(text).collect::<Vec<String>>().join(" ")),
    }
}

fn is_error_line(line: &str) -> bool {
    line.starts_with('-')
}
