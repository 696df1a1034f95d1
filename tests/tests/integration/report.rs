//! The picture of a run, in a real browser.

use crate::process::Folder;
use sim::cluster::draw::draw_plan;
use sim::cluster::picture::highlight;
use sim::cluster::shrink::shrink;
use sim::cluster::{Keep, run};
use sim::trace::{Kind, Trace, TraceEvent, page};
use std::path::Path;
use std::process::Command;

/// A short run that ends badly.
fn trace() -> Trace {
    let mut trace = Trace {
        title: "seed 42 </script>".into(),
        reproduction: "cargo run --release -p sim -- --seed 42".into(),
        failure: Some("two primaries in one epoch\nnode 0 and node 1".into()),
        smallest: ["seed 42", "power lost"].map(String::from).to_vec(),
        lanes: ["primary", "replica", "clients"].map(String::from).to_vec(),
        events: Vec::new(),
    };
    for number in 0..200 {
        let (at_us, amount) = (number * 10_000, number * number);
        let command = TraceEvent::new(at_us, 2, Kind::Command, format!("SET key:{number} <b>"));
        let message = TraceEvent::new(at_us, 0, Kind::Message, format!("stream {number}"));
        trace.events.push(TraceEvent { peer: Some(0), until_us: Some(at_us + 900), ..command });
        trace.events.push(TraceEvent { peer: Some(1), until_us: Some(at_us + 2500), ..message });
        trace.events.push(TraceEvent { amount: Some(amount), ..TraceEvent::new(at_us, 0, Kind::Offset, "offset") });
    }
    let sync = TraceEvent::new(500_000, 0, Kind::Sync, "sync");
    trace.events.push(TraceEvent { until_us: Some(620_000), ..sync });
    let crash = TraceEvent::new(1_000_000, 0, Kind::Crash, "power lost");
    trace.events.push(TraceEvent { minimal: true, detail: "what was not synced is gone".into(), ..crash });
    trace.events.push(TraceEvent::new(1_990_000, 1, Kind::Verdict, "two primaries in one epoch"));
    trace.events.sort_by_key(|event| event.at_us);
    trace
}

/// What the page has become once its script has run, opened at an address.
fn opened(page: &Path, address: &str) -> Option<String> {
    let browser = Path::new("/usr/bin/chromium");
    if !browser.exists() {
        assert!(std::env::var_os("CI").is_none(), "chromium is not installed");
        eprintln!("\n*** NOT TESTED: chromium is not installed ***\n");
        return None;
    }
    let profile = Folder::new();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--virtual-time-budget=2000", "--window-size=1400,700"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--dump-dom", &format!("file://{}#{address}", page.display())])
        .output()
        .expect("a browser");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_page_shows_a_run() {
    let folder = Folder::new();
    let path = folder.path().join("run.html");
    std::fs::write(&path, page::render(&trace())).expect("a page");
    let Some(whole) = opened(&path, "") else { return };
    assert!(whole.contains("data-ready=\"true\""), "the script did not come to its end: {whole}");
    assert!(whole.contains("603 of 603 events") && whole.contains("data-bars=\"\""));
    assert!(whole.contains("data-listed=\"1\"") && whole.contains("<button>power lost</button>"));
    assert!(whole.contains("seed 42 &lt;/script&gt;</h1>"));
    assert!(whole.contains("class=\"bad\">two primaries in one epoch</span>"));
    let zoomed = opened(&path, "from=990000&to=1010000").unwrap_or_default();
    assert!(zoomed.contains("data-shown=\"10\""), "{zoomed}");
    let filtered = opened(&path, "find=power&event=304").unwrap_or_default();
    assert!(filtered.contains("data-shown=\"1\"") && filtered.contains("power lost</h2>"), "{filtered}");
    assert!(filtered.contains("what was not synced is gone</pre>"));
    assert!(filtered.contains("Part of the smallest plan that fails"));
    let minimal = opened(&path, "minimal=1").unwrap_or_default();
    assert!(minimal.contains("data-shown=\"1\""));
    let kinds = opened(&path, "kinds=offset,verdict").unwrap_or_default();
    assert!(kinds.contains("data-shown=\"201\""));
}

#[test]
fn what_is_too_much_to_be_told_apart_is_drawn_as_bars() {
    let folder = Folder::new();
    let path = folder.path().join("run.html");
    let mut trace = Trace { lanes: ["one", "other"].map(String::from).to_vec(), ..Trace::default() };
    for number in 0..50_000 {
        let message = TraceEvent::new(number * 1000, 0, Kind::Message, format!("message {number}"));
        trace.events.push(TraceEvent { peer: Some(1), until_us: Some(number * 1000 + 300), ..message });
    }
    std::fs::write(&path, page::render(&trace)).expect("a page");
    let Some(whole) = opened(&path, "") else { return };
    assert!(whole.contains("data-bars=\"message\"") && whole.contains("data-shown=\"50000\""), "{whole:.3000}");
    let zoomed = opened(&path, "from=1000000&to=1099999").unwrap_or_default();
    assert!(zoomed.contains("data-bars=\"\"") && zoomed.contains("data-shown=\"100\""), "{zoomed:.3000}");
}

#[test]
fn a_seed_that_fails_is_drawn_with_its_smallest_plan() {
    let keep = Keep { mutant: "recovery:refuses".parse().ok(), ..Keep::default() };
    let failing = (0..50).map(draw_plan).find_map(|plan| Some((run(&plan, keep).fault?, plan)));
    let (fault, plan) = failing.expect("a seed in which a node comes back");
    let (smallest, _) = shrink(&plan, &fault, keep.mutant, 60);
    let mut trace = run(&plan, Keep { trace: true, ..keep }).trace.expect("a trace");
    highlight(&mut trace, &smallest);
    let kinds = [Kind::Message, Kind::Connection, Kind::Sync, Kind::Offset, Kind::Fault, Kind::Verdict];
    for kind in kinds {
        assert!(trace.events.iter().any(|event| event.kind == kind), "nothing of {kind:?}");
    }
    let marked = trace.events.iter().filter(|event| event.minimal).count();
    assert!((1..=1 + smallest.steps.len()).contains(&marked), "{marked} of {smallest}");
    let folder = Folder::new();
    let path = folder.path().join("run.html");
    std::fs::write(&path, page::render(&trace)).expect("a page");
    let Some(whole) = opened(&path, "") else { return };
    assert!(whole.contains("data-ready=\"true\"") && whole.contains(&format!("data-listed=\"{}\"", marked - 1)));
    let minimal = opened(&path, "minimal=1").unwrap_or_default();
    assert!(minimal.contains(&format!("data-shown=\"{marked}\"")));
}
