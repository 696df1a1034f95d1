//! Names and times in images.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::{ClientId, DatabaseId, DiskToken, FileId, LinkId};
use crate::boundary::input::{Connection, Signal};
use crate::boundary::time::{Monotonic, Now, Unix};
use alloc::string::String;

impl Image for ClientId {
    fn blank() -> ClientId {
        ClientId(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        self.0.image(tape)
    }
}

impl Image for DiskToken {
    fn blank() -> DiskToken {
        DiskToken(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        self.0.image(tape)
    }
}

impl Image for FileId {
    fn blank() -> FileId {
        FileId(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        self.0.image(tape)
    }
}

impl Image for LinkId {
    fn blank() -> LinkId {
        LinkId(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        self.0.image(tape)
    }
}

impl Image for DatabaseId {
    fn blank() -> DatabaseId {
        DatabaseId(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        self.0.image(tape)
    }
}

impl Image for Monotonic {
    fn blank() -> Monotonic {
        Monotonic(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        self.0.image(tape)
    }
}

impl Image for Unix {
    fn blank() -> Unix {
        Unix(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        self.0.image(tape)
    }
}

impl Image for Now {
    fn blank() -> Now {
        Now::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Now { monotonic, unix } = self;
        tape.each([monotonic, unix])
    }
}

impl Image for Connection {
    fn blank() -> Connection {
        Connection { peer: String::new(), local: String::new(), unix_socket: false, loopback: false, descriptor: 0 }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Connection { peer, local, unix_socket, loopback, descriptor } = self;
        tape.each([peer, local, unix_socket, loopback, descriptor])
    }
}

impl Image for Signal {
    fn blank() -> Signal {
        Signal::Terminate
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, [Signal::Terminate, Signal::Interrupt])
    }
}
