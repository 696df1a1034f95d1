//! Requests made up from the commands' argument grammar: what simulation,
//! fuzzing and the differential tests send. A command that is in the table is
//! covered by itself.
//!
//! Most requests are right, so that they reach a handler's inside; some are
//! wrong on purpose. All chance comes from a [`Source`].

mod pool;

use crate::base::random::Random;
use crate::command::spec::{Argument, ArgumentKind};
use crate::command::table::{CommandId, CommandTable};
use alloc::format;
use alloc::vec::Vec;

/// Where choices come from: a generator, or a fuzzer's bytes.
pub trait Source {
    /// A number from 0 up to but not including `bound`; 0 if `bound` is 0.
    fn below(&mut self, bound: u64) -> u64;
}

impl Source for Random {
    fn below(&mut self, bound: u64) -> u64 {
        Random::below(self, bound)
    }
}

/// What requests are to be like.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many different keys there are.
    pub keys: u64,
    /// Longest value in bytes.
    pub value_max: u64,
    /// Milliseconds since 1970, around which times lie.
    pub now_ms: i64,
    /// One request of so many is spoiled; 0 for none.
    pub wrong_one_in: u64,
    /// Names and values for arguments called `parameter`, as CONFIG has them.
    pub parameters: &'static [(&'static str, &'static [&'static str])],
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { keys: 16, value_max: 200, now_ms: 0, wrong_one_in: 16, parameters: &[] }
    }
}

/// Makes up a request for a command or subcommand.
pub fn request(
    table: &CommandTable,
    id: CommandId,
    settings: &Settings,
    source: &mut (impl Source + ?Sized),
) -> Vec<Vec<u8>> {
    let command = table.command(id);
    let mut maker = Maker { settings, source, out: Vec::new(), count_at: None, parameter: None };
    if let Some(container) = table.container(id) {
        maker.word(table.command(container).name);
    }
    maker.word(command.name);
    maker.sequence(command.arguments);
    let arguments_min = command.arity.unsigned_abs() as usize;
    if command.arguments.is_empty() {
        while maker.out.len() < arguments_min {
            maker.text("");
        }
    }
    if settings.wrong_one_in > 0 && maker.one_in(settings.wrong_one_in) {
        maker.spoil();
    }
    maker.out
}

/// All commands that do something: subcommands instead of their containers.
pub fn runnable(table: &CommandTable) -> Vec<CommandId> {
    let mut all = Vec::new();
    for id in table.commands() {
        let before = all.len();
        all.extend(table.subcommands(id));
        if all.len() == before {
            all.push(id);
        }
    }
    all
}

/// A request as bytes on the wire.
pub fn encode(arguments: &[Vec<u8>], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("*{}\r\n", arguments.len()).as_bytes());
    for argument in arguments {
        out.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
        out.extend_from_slice(argument);
        out.extend_from_slice(b"\r\n");
    }
}

/// A request in the making.
struct Maker<'a, S: Source + ?Sized> {
    settings: &'a Settings,
    source: &'a mut S,
    out: Vec<Vec<u8>>,
    /// Where the number stands of the keys or fields that follow.
    count_at: Option<usize>,
    /// The parameter that was named last, for its value.
    parameter: Option<usize>,
}

impl<S: Source + ?Sized> Maker<'_, S> {
    fn one_in(&mut self, count: u64) -> bool {
        self.source.below(count) == 0
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.source.below(from.len() as u64) as usize]
    }

    fn word(&mut self, word: &str) {
        let case = if self.one_in(8) { str::to_ascii_uppercase } else { str::to_ascii_lowercase };
        self.out.push(case(word).into_bytes());
    }

    /// Arguments in order; optional ones with words of their own in any order.
    fn sequence(&mut self, arguments: &[Argument]) {
        let tail = arguments.iter().rposition(|argument| !argument.optional).map_or(0, |last| last + 1);
        let (head, tail) = arguments.split_at(tail);
        for argument in head {
            self.argument(argument);
        }
        let turn = if self.one_in(3) { self.source.below(tail.len() as u64) as usize } else { 0 };
        for argument in tail[turn..].iter().chain(&tail[..turn]) {
            self.argument(argument);
        }
    }

    fn argument(&mut self, argument: &Argument) {
        if argument.optional && !self.one_in(3) {
            return;
        }
        let times = if argument.multiple { 1 + self.source.below(3) } else { 1 };
        for time in 0..times {
            if let Some(token) = argument.token
                && (time == 0 || argument.multiple_token)
            {
                self.word(token);
            }
            self.value(argument);
        }
        self.settle_count(argument, times);
    }

    /// Corrects a number of things that is told before the things.
    fn settle_count(&mut self, argument: &Argument, times: u64) {
        if argument.multiple
            && let Some(at) = self.count_at.take()
        {
            self.out[at] = format!("{times}").into_bytes();
        }
    }

    fn value(&mut self, argument: &Argument) {
        match argument.kind {
            ArgumentKind::Token => {}
            ArgumentKind::OneOf(choices) => {
                let choice = self.source.below(choices.len() as u64) as usize;
                if let Some(choice) = choices.get(choice) {
                    self.chosen(choice);
                }
            }
            ArgumentKind::Block(parts) => self.sequence(parts),
            ArgumentKind::Key(_) => {
                let key = self.key();
                self.out.push(key);
            }
            ArgumentKind::Integer if argument.name.starts_with("num") => {
                self.count_at = Some(self.out.len());
                self.out.push(b"1".to_vec());
            }
            ArgumentKind::Integer => self.integer(argument.name),
            ArgumentKind::UnixTime => self.unix_time(argument.name),
            ArgumentKind::Double => self.double(argument.name),
            ArgumentKind::Pattern => self.pattern(),
            ArgumentKind::String => self.text(argument.name),
        }
    }

    /// One of several is there once it was chosen, even if marked optional.
    fn chosen(&mut self, argument: &Argument) {
        if let Some(token) = argument.token {
            self.word(token);
        }
        self.value(argument);
    }

    /// Makes a request wrong in one way.
    fn spoil(&mut self) {
        let at = self.source.below(self.out.len() as u64) as usize;
        match self.source.below(6) {
            0 => {
                self.out.pop();
            }
            1 => {
                self.out.remove(at);
            }
            2 => {
                let again = self.out[at].clone();
                self.out.push(again);
            }
            3 => {
                let junk = self.junk();
                self.out[at] = junk;
            }
            4 => {
                let junk = self.junk();
                self.out.push(junk);
            }
            _ => {
                let other = self.source.below(self.out.len() as u64) as usize;
                self.out.swap(at, other);
            }
        }
        if self.out.is_empty() {
            self.out.push(b"nosuchcommand".to_vec());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_made_and_mostly_fits_its_arity() {
        let table = CommandTable::new(crate::commands::COMMANDS);
        let settings = Settings { wrong_one_in: 0, ..Settings::default() };
        let mut random = Random::from_seed(1);
        for id in runnable(&table) {
            let command = table.command(id);
            let in_container = usize::from(table.container(id).is_some());
            let mut fits = 0;
            for _ in 0..50 {
                let request = request(&table, id, &settings, &mut random);
                assert!(request[in_container].eq_ignore_ascii_case(command.name.as_bytes()));
                let (count, arity) = (request.len() as i32, command.arity);
                fits += i32::from(if arity >= 0 { count == arity } else { count >= -arity });
            }
            assert!(fits >= 25, "{} fits its arity {fits} times of 50", table.full_name(id));
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_requests() {
        let table = CommandTable::new(crate::commands::COMMANDS);
        let make = || {
            let mut random = Random::from_seed(7);
            let settings = Settings { wrong_one_in: 2, ..Settings::default() };
            let all = runnable(&table);
            (0..200).map(|at| request(&table, all[at % all.len()], &settings, &mut random)).collect::<Vec<_>>()
        };
        assert_eq!(make(), make());
        assert!(make().iter().all(|request| !request.is_empty()));
    }

    #[test]
    fn encoding() {
        let mut out = Vec::new();
        encode(&[b"GET".to_vec(), b"".to_vec()], &mut out);
        assert_eq!(out, b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n");
    }
}
