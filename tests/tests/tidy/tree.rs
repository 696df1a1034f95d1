//! What stands where, and what no file may contain.

use crate::{code, expect_none, root, sources, without_tests};

const MEMBERS: [&str; 7] = ["engine", "net", "sim", "fuzz", "tests", "benches", "compat-suite"];
const FILES: [&str; 4] = ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE-BSD-3"];
/// The only files with unsafe code.
const UNSAFE: [&str; 4] =
    ["engine/src/data/entry.rs", "engine/src/data/slab.rs", "engine/src/data/table.rs", "net/src/raw.rs"];

#[test]
fn the_root_holds_the_members_and_nothing_else() {
    let mut complaints = Vec::new();
    for entry in std::fs::read_dir(root()).expect("the root is readable") {
        let name = entry.expect("the root is readable").file_name().to_string_lossy().into_owned();
        let known = MEMBERS.contains(&&*name) || FILES.contains(&&*name) || name == "target" || name.starts_with('.');
        if !known {
            complaints.push(name);
        }
    }
    expect_none(&complaints, "what is this doing at the root?");
    for name in MEMBERS.iter().chain(&FILES) {
        assert!(root().join(name).exists(), "{name} is missing");
    }
}

#[test]
fn every_source_says_what_it_is_for_and_leaves_nothing_open() {
    let mut complaints = Vec::new();
    for (name, text) in MEMBERS.iter().flat_map(|member| sources(member)) {
        let first = text.lines().find(|line| !line.starts_with("#!["));
        if !first.is_some_and(|line| line.starts_with("//!")) {
            complaints.push(format!("{name}: does not open with //!"));
        }
        for (number, line) in text.lines().enumerate() {
            let open = ["TO", "DO"].concat();
            let broken = ["FIX", "ME"].concat();
            if line.contains(&open) || line.contains(&broken) {
                complaints.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
        let stem = name.rsplit('/').next().unwrap_or(&name).trim_end_matches(".rs");
        if ["utils", "util", "common", "helpers", "helper", "manager", "misc"].contains(&stem) {
            complaints.push(format!("{name}: a name that says nothing"));
        }
    }
    expect_none(&complaints, "left open:");
}

#[test]
fn unsafe_code_is_a_place() {
    let word = ["un", "safe"].concat();
    let mut complaints = Vec::new();
    for (name, text) in MEMBERS.iter().flat_map(|member| sources(member)) {
        if UNSAFE.contains(&&*name) || name.starts_with("tests/tests/tidy") || name.starts_with("tests/no_std") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let line = code(line);
            let used = line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word);
            if used {
                complaints.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    expect_none(&complaints, "outside of the named files:");
}

#[test]
fn every_unsafe_block_has_its_reasons() {
    let mut complaints = Vec::new();
    for name in UNSAFE {
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        let lines: Vec<&str> = without_tests(&text).lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let opens = code(line).contains("unsafe {") || code(line).trim_start().starts_with("unsafe impl");
            let above = lines[..number].iter().rev().take(8);
            let reasons = above.chain([line]).any(|line| line.contains("SAFETY"));
            if opens && !reasons {
                complaints.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    expect_none(&complaints, "no SAFETY above:");
}
