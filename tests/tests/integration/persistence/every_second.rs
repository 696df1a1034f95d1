//! What a process that is killed may lose with `everysec` and `no`.

use crate::process::{Folder, Server};
use std::thread::sleep;
use std::time::Duration;

/// A write that comes alone is with the system before it is answered. Not always:
/// while a sync is under way, or the disk is slow, the append is not waited for.
#[test]
fn a_write_that_comes_alone_is_in_the_file_before_its_reply() {
    for policy in ["everysec", "no"] {
        let folder = Folder::new();
        let server = Server::ours(&folder, &["--appendonly", "yes", "--appendfsync", policy]);
        let mut client = server.client();
        let path = folder.path().join("appendonlydir/appendonly.aof.1.incr.aof");
        let mut there = 0;
        for number in 0..100 {
            sleep(Duration::from_millis(3));
            let before = std::fs::metadata(&path).expect("the increment").len();
            client.line(&format!("SET key {number}"));
            there += u32::from(std::fs::metadata(&path).expect("the increment").len() > before);
        }
        assert!(there >= 80, "{there} of 100 with {policy}");
    }
}
