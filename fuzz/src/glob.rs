//! Patterns match as a plain table over all prefixes says.

use crate::input::Bytes;
use engine::base::glob::matches;

/// The first bytes choose case and where the pattern ends and the text begins.
pub fn run(data: &[u8]) {
    let mut input = Bytes::new(data);
    let ignore_case = input.byte() & 1 != 0;
    let length = usize::from(input.byte());
    let pattern = input.take(length);
    let text = input.take(300);
    let expected = model(pattern, text, ignore_case);
    assert_eq!(matches(pattern, text, ignore_case), expected, "{pattern:?} {text:?} {ignore_case}");
}

/// What one element of a pattern stands for.
enum Element {
    /// Any bytes.
    Star,
    /// One byte, if it is in here.
    One(Box<[bool; 256]>),
}

fn fold(byte: u8, ignore_case: bool) -> u8 {
    if ignore_case { byte.to_ascii_lowercase() } else { byte }
}

fn set(accepts: impl Fn(u8) -> bool) -> Element {
    Element::One(Box::new(std::array::from_fn(|byte| accepts(byte as u8))))
}

/// Splits a pattern into its elements.
fn elements(pattern: &[u8], ignore_case: bool) -> Vec<Element> {
    let mut elements = Vec::new();
    let mut at = 0;
    while at < pattern.len() {
        let byte = pattern[at];
        at += 1;
        elements.push(match byte {
            b'*' => Element::Star,
            b'?' => set(|_| true),
            b'[' => class(pattern, &mut at, ignore_case),
            _ => {
                let literal = if byte == b'\\' && at < pattern.len() {
                    at += 1;
                    pattern[at - 1]
                } else {
                    byte
                };
                set(|byte| fold(byte, ignore_case) == fold(literal, ignore_case))
            }
        });
    }
    elements
}

fn class(pattern: &[u8], at: &mut usize, ignore_case: bool) -> Element {
    let mut members = Box::new([false; 256]);
    let negated = pattern.get(*at) == Some(&b'^');
    *at += usize::from(negated);
    let mut add = |accepts: &dyn Fn(u8) -> bool| {
        for byte in 0..=u8::MAX {
            members[usize::from(byte)] |= accepts(byte);
        }
    };
    while *at < pattern.len() {
        let left = pattern.len() - *at;
        if pattern[*at] == b'\\' && left >= 2 {
            let escaped = pattern[*at + 1];
            add(&|byte| byte == escaped);
            *at += 2;
        } else if pattern[*at] == b']' {
            *at += 1;
            break;
        } else if left >= 3 && pattern[*at + 1] == b'-' {
            let bounds = [pattern[*at], pattern[*at + 2]];
            let low = fold(bounds[0].min(bounds[1]), ignore_case);
            let high = fold(bounds[0].max(bounds[1]), ignore_case);
            add(&|byte| (low..=high).contains(&fold(byte, ignore_case)));
            *at += 3;
        } else {
            let member = pattern[*at];
            add(&|byte| fold(byte, ignore_case) == fold(member, ignore_case));
            *at += 1;
        }
    }
    set(|byte| members[usize::from(byte)] != negated)
}

fn model(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    // reached[n]: the elements so far match the first n bytes.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for element in elements(pattern, ignore_case) {
        let before = reached.clone();
        match element {
            Element::Star => {
                let first = before.iter().position(|reached| *reached).unwrap_or(before.len());
                reached[first..].fill(true);
            }
            Element::One(accepts) => {
                reached[0] = false;
                for (at, byte) in text.iter().enumerate() {
                    reached[at + 1] = before[at] && accepts[usize::from(*byte)];
                }
            }
        }
    }
    reached[text.len()]
}
