//! GEOADD.

use super::parse_position;
use crate::base::number::format_u64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::collection::Body;
use crate::data::limits::Rules;
use crate::data::shape::Type;
use crate::data::sorted::Inserted;
use crate::data::sorted_set::SortedRef;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// GEOADD.
pub(super) const GEOADD: Command = Command {
    name: "geoadd",
    group: Group::Geo,
    since: "3.2.0",
    summary: "Adds members with positions to a geospatial index, or gives members other positions.",
    complexity: "O(log(N)) for each member, where N is the size of the set",
    arity: -5,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::GEO.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RW.and(KeyFlags::UPDATE),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("condition", ArgumentKind::OneOf(&[Argument::token("nx", "NX"), Argument::token("xx", "XX")]))
            .optional()
            .since("6.2.0"),
        Argument::token("change", "CH").optional().since("6.2.0"),
        Argument::new(
            "data",
            ArgumentKind::Block(&[
                Argument::new("longitude", ArgumentKind::Double),
                Argument::new("latitude", ArgumentKind::Double),
                Argument::new("member", ArgumentKind::String),
            ]),
        )
        .multiple(),
    ],
    subcommands: &[],
    handler: geoadd,
};

/// What a request wants done with each of its members.
#[derive(Clone, Copy, Default, Debug)]
struct Options {
    /// NX: those that are there stay where they are.
    new_only: bool,
    /// XX: those that are not there stay away.
    known_only: bool,
    /// CH: those that are moved count, too.
    changed: bool,
}

impl Options {
    /// Takes the options that stand before the members; where these begin comes with them.
    fn parse(arguments: &Arguments<'_>) -> (Options, usize) {
        let mut options = Options::default();
        let mut index = 2;
        while let Some(word) = arguments.get(index) {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            let option = if is("nx") {
                &mut options.new_only
            } else if is("xx") {
                &mut options.known_only
            } else if is("ch") {
                &mut options.changed
            } else {
                break;
            };
            *option = true;
            index += 1;
        }
        (options, index)
    }
}

fn geoadd(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let (options, first) = Options::parse(&arguments);
    let words = arguments.len() - first;
    if !words.is_multiple_of(3) || options.new_only && options.known_only {
        return Err(Error::Syntax);
    }
    let mut members = Vec::with_capacity(words / 3);
    for index in (first..arguments.len()).step_by(3) {
        let position = parse_position(&arguments[index], &arguments[index + 1])?;
        members.push((position.score(), arguments.get(index + 2).unwrap_or_default()));
    }
    let Some((_, longest)) = members.first() else { return Err(Error::Syntax) };
    let key = context.key(&arguments, 1);
    let found = context.find_write_of(&key, Type::SortedSet)?;
    let rules = context.rules();
    let (added, moved) = match found {
        Some(location) => context.edit(&key, location, |body| {
            rules.expect_members(body, members.len());
            add_all(body, &rules, options, &members)
        }),
        None if options.known_only => (0, 0),
        None => {
            let mut body = rules.empty_sorted(members.len(), longest.len());
            let counts = add_all(&mut body, &rules, options, &members);
            context.create(&key, Type::SortedSet, body);
            counts
        }
    };
    if added + moved > 0 {
        // No other copy of the data has to reckon where a position lies.
        let scores: Vec<([u8; 20], usize)> = members.iter().map(|(score, _)| decimal(*score)).collect();
        let mut request: Vec<&[u8]> = alloc::vec![b"ZADD", key.bytes];
        request.extend((2..first).map(|index| &arguments[index]));
        for ((digits, length), (_, member)) in scores.iter().zip(&members) {
            request.extend([&digits[..*length], *member]);
        }
        context.changed(&key, Event::sorted_set("zadd"), Record::Request(&request));
        context.counts_as((added + moved) as u64);
    }
    context.reply.integer(added + if options.changed { moved } else { 0 });
    Ok(())
}

/// A number's digits, and how many they are.
fn decimal(number: u64) -> ([u8; 20], usize) {
    let (mut digits, mut buffer) = ([0; 20], [0; 20]);
    let text = format_u64(number, &mut buffer);
    digits[..text.len()].copy_from_slice(text);
    (digits, text.len())
}

/// Gives members their scores; how many were added, and how many moved.
fn add_all(body: &mut Body, rules: &Rules, options: Options, members: &[(u64, &[u8])]) -> (i64, i64) {
    let (mut added, mut moved) = (0, 0);
    for (score, member) in members {
        let is_there = |body: &Body| SortedRef::of_body(body).score(member).is_some();
        if options.new_only && is_there(body) || options.known_only && !is_there(body) {
            continue;
        }
        match rules.set_score(body, member, *score as f64) {
            Inserted::New => added += 1,
            Inserted::Moved { .. } => moved += 1,
            Inserted::Same => {}
        }
    }
    (added, moved)
}
