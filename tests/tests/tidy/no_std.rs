//! The engine and the place of Lua link into a program without std.

use crate::root;
use std::process::Command;

/// A workspace of its own beside the build's other output: a program without
/// std can't be a member, whose tests need it.
const MANIFEST: &str = r#"
[package]
name = "no_std"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
engine = { path = "ROOT/engine" }
lua = { path = "ROOT/engine/lua" }

[profile.dev]
panic = "abort"

[[bin]]
name = "no_std"
path = "ROOT/tests/no_std/main.rs"
test = false
"#;

#[test]
fn engine_and_lua_link_without_std() {
    let folder = root().join("target").join("no_std");
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    let manifest = MANIFEST.replace("ROOT", &root().to_string_lossy());
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("the target folder is writable");
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("there is a lock file");
    // A target, named, though it is the host's: else build scripts would be linked without std, too.
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--target", &host()])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("RUSTFLAGS", "-C panic=abort -C link-arg=-nostartfiles -C link-arg=-lc")
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The host's target triple.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc tells its host").to_owned()
}
