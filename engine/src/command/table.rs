//! The table of all commands, and how a name finds its entry.

use crate::base::image::{Damaged, Image, Tape};
use crate::command::spec::Command;
use alloc::vec;
use alloc::vec::Vec;

/// A command's or subcommand's number in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CommandId(pub u16);

const EMPTY: u16 = u16::MAX;

/// All commands by number and by name.
pub struct CommandTable {
    /// Containers' subcommands stand behind all commands.
    entries: Vec<Entry>,
    /// Open addressing over the hash of names, a power of two of slots.
    slots: Vec<u16>,
}

struct Entry {
    command: &'static Command,
    /// The container, if this is a subcommand.
    container: Option<CommandId>,
    /// The name by which clients call it, `None` if it was renamed away.
    name: Option<Vec<u8>>,
    /// The first of its subcommands; they follow one another.
    first_subcommand: u16,
}

impl CommandTable {
    /// The table of these families.
    pub fn new(families: &'static [&'static [Command]]) -> CommandTable {
        let mut entries: Vec<Entry> = Vec::new();
        for command in families.iter().copied().flatten() {
            let name = Some(command.name.as_bytes().to_vec());
            entries.push(Entry { command, container: None, name, first_subcommand: 0 });
        }
        for index in 0..entries.len() {
            entries[index].first_subcommand = entries.len() as u16;
            for command in entries[index].command.subcommands {
                let name = Some(command.name.as_bytes().to_vec());
                entries.push(Entry { command, container: Some(CommandId(index as u16)), name, first_subcommand: 0 });
            }
        }
        let mut table = CommandTable { entries, slots: Vec::new() };
        table.index();
        table
    }

    fn index(&mut self) {
        let commands = self.entries.iter().filter(|entry| entry.container.is_none()).count();
        let mut slots = vec![EMPTY; (commands * 4).next_power_of_two()];
        for (id, entry) in self.entries.iter().enumerate().filter(|(_, entry)| entry.container.is_none()) {
            let Some(name) = &entry.name else { continue };
            let mut at = hash(name) as usize & (slots.len() - 1);
            while slots[at] != EMPTY {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = id as u16;
        }
        self.slots = slots;
    }

    /// Number of commands and subcommands.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry of a number.
    #[inline]
    pub fn command(&self, id: CommandId) -> &'static Command {
        self.entries[id.0 as usize].command
    }

    /// The container of a subcommand.
    pub fn container(&self, id: CommandId) -> Option<CommandId> {
        self.entries[id.0 as usize].container
    }

    /// All commands that have a name, without subcommands.
    pub fn commands(&self) -> impl Iterator<Item = CommandId> {
        let named = |entry: &Entry| entry.container.is_none() && entry.name.is_some();
        self.entries.iter().enumerate().filter(move |(_, entry)| named(entry)).map(|(id, _)| CommandId(id as u16))
    }

    /// A command's subcommands.
    pub fn subcommands(&self, id: CommandId) -> impl Iterator<Item = CommandId> + use<> {
        let entry = &self.entries[id.0 as usize];
        (entry.first_subcommand..).take(entry.command.subcommands.len()).map(CommandId)
    }

    /// Finds a command by name, in any case.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<CommandId> {
        let mut at = hash(name) as usize & (self.slots.len() - 1);
        loop {
            let id = self.slots[at];
            if id == EMPTY {
                return None;
            }
            if self.entries[id as usize].name.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(name)) {
                return Some(CommandId(id));
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Finds a container's subcommand by name, in any case.
    pub fn find_subcommand(&self, container: CommandId, name: &[u8]) -> Option<CommandId> {
        self.subcommands(container).find(|&id| self.command(id).name.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Finds a command by its full name, `config|get`.
    pub fn find_full_name(&self, full_name: &[u8]) -> Option<CommandId> {
        let mut parts = full_name.split(|&byte| byte == b'|');
        let id = self.find(parts.next()?)?;
        match (parts.next(), parts.next()) {
            (None, _) => Some(id),
            (Some(subcommand), None) => self.find_subcommand(id, subcommand),
            _ => None,
        }
    }

    /// The full name, as INFO commandstats and COMMAND have it: `config|get`.
    pub fn full_name(&self, id: CommandId) -> alloc::string::String {
        match self.container(id) {
            Some(container) => alloc::format!("{}|{}", self.command(container).name, self.command(id).name),
            None => self.command(id).name.into(),
        }
    }

    /// Gives a command another name, or none if `to` is empty
    /// (`rename-command`). False if there is no such command or the name is
    /// taken.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> bool {
        let Some(id) = self.find(from) else { return false };
        if !to.is_empty() && self.find(to).is_some() {
            return false;
        }
        self.entries[id.0 as usize].name = (!to.is_empty()).then(|| to.to_ascii_lowercase());
        self.index();
        true
    }
}

impl Image for CommandId {
    fn blank() -> CommandId {
        CommandId(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        self.0.image(tape)
    }
}

/// What commands are called. Numbers are those of the table that is there.
impl Image for CommandTable {
    fn blank() -> CommandTable {
        CommandTable::new(&[])
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut count = self.entries.len();
        count.image(tape)?;
        if count != self.entries.len() {
            return Err(Damaged);
        }
        for Entry { command, container: _, name, first_subcommand: _ } in &mut self.entries {
            let mut is_own = name.as_deref() == Some(command.name.as_bytes());
            is_own.image(tape)?;
            if !is_own {
                name.image(tape)?;
            }
        }
        if tape.reads() {
            self.index();
        }
        Ok(())
    }
}

/// A cheap hash of a name in any case: the names are ours, so nobody can make
/// them collide.
#[inline]
fn hash(name: &[u8]) -> u32 {
    let lower = |byte: u8| u32::from(byte | 0x20);
    let (first, last) = match name {
        [] => (0, 0),
        [a] => (lower(*a), 0),
        [a, b] => (lower(*a), lower(*b)),
        [a, b, .., y, z] => (lower(*a) << 8 | lower(*b), lower(*y) << 8 | lower(*z)),
        [a, .., z] => (lower(*a), lower(*z)),
    };
    let middle = name.get(name.len() / 2).map_or(0, |&byte| lower(byte));
    let mixed =
        (first | last << 16).wrapping_mul(0x9E37_79B1) ^ (middle << 8 | name.len() as u32).wrapping_mul(0x85EB_CA6B);
    mixed ^ mixed >> 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_entry() {
        let mut table = CommandTable::new(crate::commands::COMMANDS);
        for id in table.commands() {
            let name = table.command(id).name;
            assert_eq!(table.find(name.as_bytes()), Some(id), "{name}");
            assert_eq!(table.find(name.to_ascii_uppercase().as_bytes()), Some(id), "{name}");
            for subcommand in table.subcommands(id) {
                assert_eq!(table.container(subcommand), Some(id));
                assert_eq!(table.find_subcommand(id, table.command(subcommand).name.as_bytes()), Some(subcommand));
            }
        }
        assert_eq!(table.find(b"nosuchcommand"), None);
        assert_eq!(table.find(b""), None);
        assert!(table.rename(b"get", b"fetch"));
        assert_eq!(table.find(b"get"), None);
        assert!(table.find(b"FETCH").is_some());
        assert!(table.rename(b"fetch", b""));
        assert_eq!(table.find(b"fetch"), None);
    }
}
