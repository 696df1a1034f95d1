//! The form of all HELP subcommands.

use crate::command::context::Context;
use alloc::format;

impl Context<'_> {
    /// Replies to a container's HELP with these lines: a subcommand with its
    /// arguments, then, indented by four, what it does.
    pub fn help(&mut self, container: &str, lines: &[&str]) {
        self.reply.array(lines.len() + 3);
        self.reply.simple(&format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
        for line in lines {
            self.reply.simple(line);
        }
        self.reply.simple("HELP");
        self.reply.simple("    List the subcommands.");
    }
}
