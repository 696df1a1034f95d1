//! INFO as a table: sections of fields, each with the function that reads it.
//!
//! ```text
//! source.rs   what fields read from, with what is summed up once
//! field.rs    Field, Figure, and how a field is written
//! *.rs        one section each, or a few that are small
//! ```
//!
//! A field that exists only under one of the names that the server runs under
//! says so. Where the thing that a field counts does not exist yet, the field
//! is there and says zero. Nothing here costs more than the number of
//! databases, clients and commands.

mod clients;
mod commands;
mod cpu;
mod field;
mod keyspace;
mod memory;
mod others;
mod persistence;
mod replication;
mod server;
mod source;
mod stats;

use alloc::string::String;
use alloc::vec::Vec;
use field::{Body, Field};
pub use source::Source;

/// A section.
pub struct Section {
    /// What INFO's argument calls it.
    name: &'static str,
    /// What stands behind `#`.
    title: &'static str,
    /// In an INFO without arguments.
    default: bool,
    /// Fields with figures of the process.
    asks_process: bool,
    body: Body,
}

const fn fields(name: &'static str, title: &'static str, fields: &'static [Field]) -> Section {
    Section { name, title, default: true, asks_process: false, body: Body::Fields(fields) }
}

const fn lines(name: &'static str, title: &'static str, write: fn(&Source<'_>, &mut String)) -> Section {
    Section { name, title, default: true, asks_process: false, body: Body::Lines(write) }
}

impl Section {
    const fn asking_process(mut self) -> Section {
        self.asks_process = true;
        self
    }

    const fn on_demand(mut self) -> Section {
        self.default = false;
        self
    }
}

/// All sections, in order.
static SECTIONS: &[Section] = &[
    fields("server", "Server", server::FIELDS),
    fields("tls", "TLS", others::TLS).on_demand(),
    fields("clients", "Clients", clients::FIELDS),
    fields("memory", "Memory", memory::FIELDS).asking_process(),
    fields("persistence", "Persistence", persistence::FIELDS),
    fields("stats", "Stats", stats::FIELDS),
    fields("replication", "Replication", replication::FIELDS),
    fields("cpu", "CPU", cpu::FIELDS).asking_process(),
    lines("module_list", "Modules", others::modules),
    lines("commandstats", "Commandstats", commands::commandstats).on_demand(),
    lines("errorstats", "Errorstats", commands::errorstats),
    lines("latencystats", "Latencystats", commands::latencystats).on_demand(),
    fields("cluster", "Cluster", others::CLUSTER),
    fields("scriptingengines", "Scripting Engines", others::SCRIPTING_ENGINES).on_demand(),
    lines("keyspace", "Keyspace", keyspace::lines),
];

/// The sections that INFO's arguments select, in order; the default ones if
/// there are no arguments.
pub fn selected<'a>(arguments: impl Iterator<Item = &'a [u8]>) -> Vec<&'static Section> {
    let (mut wanted, mut any) = (alloc::vec![false; SECTIONS.len()], false);
    let mut want = |test: &dyn Fn(&Section) -> bool| {
        wanted.iter_mut().zip(SECTIONS).for_each(|(wanted, section)| *wanted |= test(section));
    };
    for argument in arguments {
        any = true;
        let is = |name: &str| argument.eq_ignore_ascii_case(name.as_bytes());
        if is("all") || is("everything") {
            want(&|_| true);
        } else if is("default") {
            want(&|section| section.default);
        } else {
            want(&|section| is(section.name) || section.name == "module_list" && is("modules"));
        }
    }
    if !any {
        want(&|section| section.default);
    }
    SECTIONS.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(section, _)| section).collect()
}

/// True if a section needs [`Source::process`] to be filled in.
pub fn asks_process(sections: &[&Section]) -> bool {
    sections.iter().any(|section| section.asks_process)
}

/// INFO's reply: the sections with an empty line between them.
pub fn text(sections: &[&Section], source: &Source<'_>) -> String {
    let mut out = String::new();
    for section in sections {
        let before = out.len();
        if before > 0 {
            out += "\r\n";
        }
        out += "# ";
        out += section.title;
        out += "\r\n";
        match section.body {
            Body::Lines(write) => write(source, &mut out),
            Body::Fields(fields) => {
                let mut any = false;
                for field in fields.iter().filter(|field| field.is_known_to(source)) {
                    any = true;
                    field.write(source, &mut out);
                }
                if !any {
                    out.truncate(before);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    fn titles(arguments: &[&str]) -> Vec<&'static str> {
        selected(arguments.iter().map(|argument| argument.as_bytes())).iter().map(|section| section.title).collect()
    }

    #[test]
    fn arguments_select_sections() {
        assert_eq!(titles(&[]), titles(&["default"]));
        assert_eq!(titles(&["all"]), titles(&["nothing", "everything"]));
        assert_eq!(titles(&["KEYSPACE", "server", "keyspace"]), ["Server", "Keyspace"]);
        assert_eq!(titles(&["default", "commandstats"]).len(), titles(&[]).len() + 1);
        assert_eq!(titles(&["no-such-section"]).len(), 0);
        assert!(!titles(&[]).contains(&"Commandstats"));
    }

    #[test]
    fn no_field_stands_twice() {
        let mut seen = BTreeSet::new();
        for section in SECTIONS {
            if let Body::Fields(fields) = section.body {
                for field in fields {
                    assert!(seen.insert(field.name), "{} twice", field.name);
                }
            }
        }
    }
}
