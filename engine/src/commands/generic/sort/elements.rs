//! The elements that are sorted, their weights, and the order that follows.

use super::pattern::Pattern;
use super::request::Request;
use crate::base::number::parse_double;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::data::entry::{Content, Value};
use crate::data::list::ListRef;
use crate::data::set::SetRef;
use crate::data::sorted_set::SortedRef;
use alloc::vec::Vec;
use core::cmp::Ordering;

const NOT_DOUBLE: Error = Error::Text("ERR One or more scores can't be converted into double");

/// Texts, one behind the other.
#[derive(Debug, Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, value: Value<'_>) {
        self.bytes.extend_from_slice(value.bytes(&mut [0; 20]));
        self.ends.push(self.bytes.len());
    }

    fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[index]]
    }
}

/// How elements come to stand in an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Arrangement {
    /// They are sorted by their weights.
    #[default]
    Sorted,
    /// They are sorted as texts, whatever else was asked for.
    ByThemselves,
    /// They stay as they stand.
    Given,
    /// Likewise, from the last to the first.
    Reversed,
}

/// The elements of a key, copied.
#[derive(Debug, Default)]
pub(super) struct Elements {
    texts: Texts,
    arrangement: Arrangement,
    /// They have no order of their own, and nothing may depend on how they come.
    from_set: bool,
}

impl Elements {
    /// The elements of a value, only those that are asked for where they are not
    /// sorted; `None` if it is not of a type that has some.
    pub(super) fn of(content: Content<'_>, request: &Request<'_>) -> Option<Elements> {
        let set = SetRef::of(content);
        let arrangement = match set {
            _ if !request.unsorted => Arrangement::Sorted,
            // What is stored must be the same wherever the command is repeated.
            Some(_) if request.destination.is_some() => Arrangement::ByThemselves,
            None if request.descending => Arrangement::Reversed,
            _ => Arrangement::Given,
        };
        let length = content.len();
        let asked = request.range(length);
        let part = match arrangement {
            Arrangement::Sorted | Arrangement::ByThemselves => 0..length,
            Arrangement::Given => asked,
            Arrangement::Reversed => length - asked.end..length - asked.start,
        };
        let mut texts = Texts::default();
        if let Some(list) = ListRef::of(content) {
            list.visit(part.start, part.len(), |element| texts.push(element));
        } else if let Some(sorted) = SortedRef::of(content) {
            sorted.range(part).for_each(|(member, _)| texts.push(member));
        } else {
            set?.iter().skip(part.start).take(part.len()).for_each(|member| texts.push(member));
        }
        Some(Elements { texts, arrangement, from_set: set.is_some() })
    }

    /// An element.
    pub(super) fn get(&self, index: usize) -> &[u8] {
        self.texts.get(index)
    }

    /// The indices of the elements that are asked for, in order.
    ///
    /// # Errors
    /// If weights are to be numbers and one is none.
    pub(super) fn order(&self, context: &mut Context<'_>, request: &Request<'_>) -> Result<Vec<usize>, Error> {
        let mut order: Vec<usize> = (0..self.texts.ends.len()).collect();
        match self.arrangement {
            Arrangement::Given => return Ok(order),
            Arrangement::Reversed => {
                order.reverse();
                return Ok(order);
            }
            Arrangement::Sorted | Arrangement::ByThemselves => {}
        }
        let weights = self.weights(context, request)?;
        // Those that are equal stay in the order that they have.
        let compare = |a: &usize, b: &usize| {
            let ordering = self.compare(&weights, *a, *b);
            if request.descending { ordering.reverse() } else { ordering }.then(a.cmp(b))
        };
        let asked = request.range(order.len());
        if asked.end < order.len() {
            order.select_nth_unstable_by(asked.end, compare);
            order.truncate(asked.end);
        }
        order.sort_unstable_by(compare);
        order.drain(..asked.start);
        Ok(order)
    }

    fn compare(&self, weights: &Weights, a: usize, b: usize) -> Ordering {
        let themselves = || self.get(a).cmp(self.get(b));
        match weights {
            Weights::None => themselves(),
            Weights::Numbers(numbers) => {
                numbers[a].partial_cmp(&numbers[b]).unwrap_or(Ordering::Equal).then_with(themselves)
            }
            Weights::Texts { texts, present } => {
                let weight = |index: usize| present[index].then(|| texts.get(index));
                let ordering = weight(a).cmp(&weight(b));
                if self.from_set { ordering.then_with(themselves) } else { ordering }
            }
        }
    }

    fn weights(&self, context: &mut Context<'_>, request: &Request<'_>) -> Result<Weights, Error> {
        let elements = 0..self.texts.ends.len();
        match &request.by {
            _ if self.arrangement == Arrangement::ByThemselves => Ok(Weights::None),
            None if request.alpha => Ok(Weights::None),
            Some(pattern) if request.alpha => {
                let (mut texts, mut present) = (Texts::default(), Vec::with_capacity(elements.len()));
                for index in elements {
                    weigh(context, pattern, self.get(index), |weight| {
                        present.push(weight.is_some());
                        texts.push(weight.unwrap_or(Value::Bytes(b"")));
                    });
                }
                Ok(Weights::Texts { texts, present })
            }
            by => {
                let pattern = by.as_ref().unwrap_or(&Pattern::Element);
                let mut numbers = Vec::with_capacity(elements.len());
                // Keys are looked up even if a number is none before them.
                for index in elements {
                    weigh(context, pattern, self.get(index), |weight| {
                        numbers.push(weight.map_or(Some(0.0), number));
                    });
                }
                numbers.into_iter().collect::<Option<Vec<f64>>>().map(Weights::Numbers).ok_or(NOT_DOUBLE)
            }
        }
    }
}

/// Visits what an element is compared by.
fn weigh(context: &mut Context<'_>, pattern: &Pattern<'_>, element: &[u8], visit: impl FnOnce(Option<Value<'_>>)) {
    let found = pattern.find(context, element);
    let hidden_before_ms = context.fields_hidden_before_ms();
    visit(pattern.value((context.keyspace, context.session.database), hidden_before_ms, found, element));
}

/// What elements are compared by.
#[derive(Debug)]
enum Weights {
    /// Themselves as texts.
    None,
    /// Numbers; those that are equal by themselves.
    Numbers(Vec<f64>),
    /// Texts, of which one that is not there is the least.
    Texts { texts: Texts, present: Vec<bool> },
}

/// Reads a number as C's `strtod` does from a C string: spaces may come first,
/// nothing at all is 0, and what stands behind a zero byte is not there. None is
/// what is out of the range of numbers that have all their digits.
fn number(weight: Value<'_>) -> Option<f64> {
    let text = match weight {
        Value::Integer(number) => return Some(number as f64),
        Value::Bytes(text) => text,
    };
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Some(0.0);
    }
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|byte| !is_space(byte))?;
    let number = parse_double(&text[start..])?;
    let is_hexadecimal = text[start..].contains(&b'x') || text[start..].contains(&b'X');
    (!number.is_subnormal() || is_hexadecimal).then_some(number)
}
