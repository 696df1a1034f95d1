//! The invariants of the command table.

use crate::expect_none;
use engine::command::spec::{Argument, ArgumentKind, Begin, Categories, Command, Flags, KeyFlags};
use engine::commands::COMMANDS;
use std::collections::BTreeSet;

/// All commands and subcommands with their full names.
fn all() -> Vec<(String, &'static Command)> {
    let mut found = Vec::new();
    for command in COMMANDS.iter().copied().flatten() {
        found.push((command.name.to_owned(), command));
        for subcommand in command.subcommands {
            found.push((format!("{}|{}", command.name, subcommand.name), subcommand));
        }
    }
    found
}

/// The fewest words that a grammar takes.
fn words_min(arguments: &[Argument]) -> i32 {
    arguments.iter().filter(|argument| !argument.optional).map(words_if_given).sum()
}

/// The fewest words of an argument that is not left out; one of several must be
/// chosen, even if each by itself may be missing.
fn words_if_given(argument: &Argument) -> i32 {
    let own = match argument.kind {
        ArgumentKind::Token => 0,
        ArgumentKind::OneOf(choices) => choices.iter().map(words_if_given).min().unwrap_or(0),
        ArgumentKind::Block(parts) => words_min(parts),
        _ => 1,
    };
    own + i32::from(argument.token.is_some())
}

fn key_specs_named(arguments: &[Argument], named: &mut BTreeSet<usize>) {
    for argument in arguments {
        match argument.kind {
            ArgumentKind::Key(spec) => {
                named.insert(spec);
            }
            ArgumentKind::OneOf(parts) | ArgumentKind::Block(parts) => key_specs_named(parts, named),
            _ => {}
        }
    }
}

#[test]
fn names_are_unique_and_lower_case() {
    let mut seen = BTreeSet::new();
    for (name, _) in all() {
        assert_eq!(name, name.to_ascii_lowercase());
        assert!(seen.insert(name.clone()), "{name} stands twice");
    }
}

#[test]
fn entries_are_complete_and_consistent() {
    let mut complaints = Vec::new();
    for (name, command) in all() {
        let mut complain = |what: &str| complaints.push(format!("{name}: {what}"));
        if command.summary.is_empty() || command.complexity.is_empty() || command.since.is_empty() {
            complain("documentation is missing");
        }
        if command.flags.has(Flags::WRITE) && command.flags.has(Flags::READONLY) {
            complain("writes and reads only");
        }
        if command.categories.has(Categories::FAST) == command.categories.has(Categories::SLOW) {
            complain("is neither or both of fast and slow");
        }
        if command.flags.has(Flags::FAST) != command.categories.has(Categories::FAST) {
            complain("flag and category fast differ");
        }
        if command.flags.has(Flags::WRITE) != command.categories.has(Categories::WRITE) {
            complain("flag and category write differ");
        }
        if command.flags.has(Flags::ADMIN) && !command.categories.has(Categories::ADMIN.and(Categories::DANGEROUS)) {
            complain("is for administrators, by its flag only");
        }
        if command.subcommands.iter().any(|subcommand| !subcommand.subcommands.is_empty()) {
            complain("subcommands have subcommands");
        }
    }
    expect_none(&complaints, "in the command table:");
}

/// Commands whose grammar allows less than their arity: a search needs a centre
/// unless it is by a polygon, so that the centre is optional.
const LOOSE: [&str; 2] = ["geosearch", "geosearchstore"];

#[test]
fn arity_and_grammar_agree() {
    let mut complaints = Vec::new();
    for (name, command) in all() {
        if !command.subcommands.is_empty() {
            continue;
        }
        let before = 1 + i32::from(name.contains('|'));
        let least = before + words_min(command.arguments);
        let loose = LOOSE.contains(&name.as_str()) && command.arity.abs() > least;
        if command.arity.abs() != least && !loose {
            complaints.push(format!("{name}: arity {} but the grammar takes at least {least}", command.arity));
        }
    }
    expect_none(&complaints, "arity against grammar:");
}

#[test]
fn keys_of_the_grammar_have_their_specs() {
    let mut complaints = Vec::new();
    for (name, command) in all() {
        let mut named = BTreeSet::new();
        key_specs_named(command.arguments, &mut named);
        let specs: BTreeSet<usize> = (0..command.keys.len()).collect();
        if !named.is_subset(&specs) {
            complaints.push(format!("{name}: the grammar names key specs {named:?}, there are {}", command.keys.len()));
        }
        for spec in command.keys {
            let kinds = [KeyFlags::RW, KeyFlags::RO, KeyFlags::OW, KeyFlags::RM];
            let count = kinds.iter().filter(|&&kind| spec.flags.has(kind)).count();
            if count != 1 && !spec.flags.has(KeyFlags::NOT_KEY) {
                complaints.push(format!("{name}: a key spec has {count} of RW, RO, OW, RM"));
            }
            if matches!(spec.begin, Begin::Index(..=0)) {
                complaints.push(format!("{name}: keys begin at the command's name"));
            }
        }
    }
    expect_none(&complaints, "key specs:");
}
