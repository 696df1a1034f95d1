//! Keys on their way, in an image.

use super::transfer::{Awaited, Transfer};
use super::{Idle, Migration, Migrations};
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::LinkId;
use crate::boundary::time::{Monotonic, Now};
use crate::server::deferred::Waiter;
use alloc::string::String;

impl Image for Migrations {
    fn blank() -> Migrations {
        Migrations::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Migrations { transfers, idle, held, closing, due } = self;
        tape.each([transfers, idle, held, closing, due])
    }
}

impl Image for Idle {
    fn blank() -> Idle {
        Idle { host: String::new(), port: 0, link: LinkId(0), selected: None, since: Monotonic(0) }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Idle { host, port, link, selected, since } = self;
        tape.each([host, port, link, selected, since])
    }
}

impl Image for Migration {
    fn blank() -> Migration {
        Migration::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Migration { host, port, destination, timeout_ms, copy, replace, credentials, database, keys } = self;
        tape.each([host, port, destination, timeout_ms, copy, replace, credentials, database, keys])
    }
}

impl Image for Awaited {
    fn blank() -> Awaited {
        Awaited::Greeting
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, [Awaited::Greeting, Awaited::Key(0)])?;
        match self {
            Awaited::Greeting => Ok(()),
            Awaited::Key(index) => index.image(tape),
        }
    }
}

impl Image for Transfer {
    fn blank() -> Transfer {
        Transfer::new(Waiter::blank(), Migration::default(), Err(LinkId::blank()), Now::blank())
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Transfer {
            waiter,
            migration,
            link,
            connected,
            selected,
            greeted,
            next,
            unsent,
            awaited,
            buffer,
            answered,
            again,
            misplaced,
            arrived,
            refusal,
            until,
            broken,
            result,
        } = self;
        tape.each([waiter, migration, link, connected, selected, greeted, next, unsent, awaited, buffer])?;
        tape.each([answered, again, misplaced, arrived, refusal, until, broken, result])
    }
}
