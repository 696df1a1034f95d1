//! Layers and purity.

use crate::{code, expect_none, sources, without_tests};

/// The engine's modules, each group may import itself and those before it.
const LAYERS: [&[&str]; 9] = [
    &["base"],
    &["data"],
    &["resp"],
    &["boundary"],
    &["keyspace"],
    &["rdb", "config"],
    &["session", "server", "persistence", "replication", "migration", "info", "command"],
    &["commands"],
    &["engine", "recording"],
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|group| group.contains(&module))
}

/// True for a file that is compiled for tests only.
fn is_test(name: &str) -> bool {
    name.contains("/tests")
        || name.ends_with("tests.rs")
        || name.ends_with("/testing.rs")
        || name.ends_with("test_world.rs")
}

/// The modules of the crate's root that a line names.
fn imports(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
}

#[test]
fn the_engine_imports_downward_only() {
    let mut complaints = Vec::new();
    for (name, text) in sources("engine/src") {
        let Some((module, _)) = name.trim_start_matches("engine/src/").split_once('/') else { continue };
        if is_test(&name) {
            continue;
        }
        let Some(own) = layer(module) else {
            complaints.push(format!("{name}: the module {module} is in no layer"));
            continue;
        };
        for (number, line) in without_tests(&text).lines().enumerate() {
            for import in imports(code(line)) {
                if layer(import).is_some_and(|other| other > own) {
                    complaints.push(format!("{name}:{}: imports {import}", number + 1));
                }
            }
        }
    }
    expect_none(&complaints, "against the order of layers:");
}

#[test]
fn command_families_do_not_import_each_other() {
    let mut complaints = Vec::new();
    for (name, text) in sources("engine/src/commands") {
        let Some((family, _)) = name.trim_start_matches("engine/src/commands/").split_once('/') else { continue };
        for (number, line) in without_tests(&text).lines().enumerate() {
            for rest in code(line).split("crate::commands::").skip(1) {
                let other = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                if other != family {
                    complaints.push(format!("{name}:{}: imports {other}", number + 1));
                }
            }
        }
    }
    expect_none(&complaints, "between families:");
}

#[test]
fn the_engine_is_pure() {
    const FORBIDDEN: [&str; 12] = [
        "std::",
        "extern crate std",
        "SystemTime",
        "Instant::",
        "println!",
        "eprintln!",
        "static mut",
        "thread_local!",
        "getrandom",
        "core::sync::atomic",
        "OnceCell",
        "RandomState",
    ];
    let mut complaints = Vec::new();
    for (name, text) in sources("engine/src").into_iter().chain(sources("engine/lua/src")) {
        for (number, line) in without_tests(&text).lines().enumerate() {
            for word in FORBIDDEN {
                if code(line).contains(word) && !is_test(&name) {
                    complaints.push(format!("{name}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    expect_none(&complaints, "not pure:");
    for root in ["engine/src/lib.rs", "engine/lua/src/lib.rs"] {
        let text = std::fs::read_to_string(crate::root().join(root)).expect("a crate has a root");
        assert!(text.contains("#![no_std]"), "{root}");
    }
}

#[test]
fn members_depend_one_way() {
    for (member, forbidden) in
        [("engine", &["net", "sim", "tokio"][..]), ("engine/lua", &["engine"]), ("net", &["sim"])]
    {
        let manifest = std::fs::read_to_string(crate::root().join(member).join("Cargo.toml")).expect("a manifest");
        for line in manifest.lines() {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            assert!(!forbidden.contains(&name), "{member} depends on {name}");
        }
    }
}
