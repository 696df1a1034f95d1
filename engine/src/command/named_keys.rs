//! Keys that no key spec finds, but a word of the grammar: the STORE of SORT may
//! stand anywhere behind the first key, and what BY and GET take may look like it;
//! the KEYS of MIGRATE comes before all of them, but one of them, or what
//! authenticates, may be the same word.

use crate::command::spec::{Argument, ArgumentKind, Command};
use crate::resp::request::Arguments;

/// The index of the argument that is the key of a spec: the last one, if its word
/// stands there more than once.
pub(super) fn named_key(command: &Command, spec: usize, arguments: &Arguments<'_>) -> Option<usize> {
    let before = command.arguments.iter().take_while(|argument| argument.token.is_none());
    let mut index = 1 + before.map(words).sum::<usize>();
    let mut found = None;
    while let Some(word) = arguments.get(index) {
        let is = |argument: &&Argument| argument.token.is_some_and(|token| word.eq_ignore_ascii_case(token.as_bytes()));
        let named = command.arguments.iter().find(is);
        if named.is_some_and(|argument| matches!(argument.kind, ArgumentKind::Key(number) if number == spec)) {
            found = Some(index + 1).filter(|&index| index < arguments.len()).or(found);
        }
        index += named.map_or(1, words);
    }
    found
}

/// How many words an argument takes at least, its own among them.
fn words(argument: &Argument) -> usize {
    let own = match argument.kind {
        ArgumentKind::Token => 0,
        ArgumentKind::OneOf(choices) => choices.iter().map(words).min().unwrap_or(0),
        ArgumentKind::Block(parts) => parts.iter().filter(|part| !part.optional).map(words).sum(),
        _ => 1,
    };
    own + usize::from(argument.token.is_some())
}

/// The keys of MIGRATE: the first, and how many.
pub(super) fn migrated_keys(arguments: &Arguments<'_>) -> (usize, usize) {
    const KEY: usize = 3;
    let mut index = 6;
    while let Some(option) = arguments.get(index).filter(|_| arguments[KEY].is_empty()) {
        index += match option.to_ascii_lowercase().as_slice() {
            b"keys" => return (index + 1, arguments.len() - index - 1),
            b"auth" => 2,
            b"auth2" => 3,
            _ => 1,
        };
    }
    (KEY, 1)
}
