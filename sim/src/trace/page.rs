//! A trace as one HTML page that needs nothing else.

use super::json::{array, string};
use super::{Kind, Trace, TraceEvent};
use std::fmt::Write;

/// The page around the data.
const PAGE: &str = include_str!("page.html");
/// Where the data go.
const PLACE: &str = "__TRACE__";

/// The page of a trace.
pub fn render(trace: &Trace) -> String {
    PAGE.replacen(PLACE, &data(trace), 1)
}

/// An object of the title, the smallest plan, the lanes, the kinds, and the events as arrays: time,
/// end or 0, lane, peer or -1, kind, title, detail, amount or -1, minimal.
fn data(trace: &Trace) -> String {
    let mut out = String::from("{\"title\":");
    string(&trace.title, &mut out);
    out.push_str(",\"reproduction\":");
    string(&trace.reproduction, &mut out);
    out.push_str(",\"failure\":");
    match &trace.failure {
        Some(failure) => string(failure, &mut out),
        None => out.push_str("null"),
    }
    out.push_str(",\"smallest\":");
    array(&trace.smallest, &mut out, |line, out| string(line, out));
    out.push_str(",\"lanes\":");
    array(&trace.lanes, &mut out, |lane, out| string(lane, out));
    out.push_str(",\"kinds\":");
    array(Kind::ALL, &mut out, |kind, out| string(kind.name(), out));
    out.push_str(",\"events\":");
    array(&trace.events, &mut out, event);
    out.push('}');
    out
}

fn event(event: &TraceEvent, out: &mut String) {
    let peer = event.peer.map_or(-1, |peer| peer as i64);
    let amount = event.amount.map_or(-1, |amount| amount as i64);
    let (until, kind) = (event.until_us.unwrap_or(0), event.kind as usize);
    let _ = write!(out, "[{},{until},{},{peer},{kind},", event.at_us, event.lane);
    string(&event.title, out);
    out.push(',');
    string(&event.detail, out);
    let _ = write!(out, ",{amount},{}]", u8::from(event.minimal));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_in_the_page() {
        let mut trace = Trace { title: "seed 1".into(), lanes: vec!["a".into(), "b".into()], ..Trace::default() };
        trace.events.push(TraceEvent {
            peer: Some(1),
            until_us: Some(9),
            ..TraceEvent::new(5, 0, Kind::Message, "SET")
        });
        trace.events.push(TraceEvent { amount: Some(7), minimal: true, ..TraceEvent::new(6, 1, Kind::Offset, "") });
        let page = render(&trace);
        assert!(page.contains(r#"[[5,9,0,1,0,"SET","",-1,0],[6,0,1,-1,6,"","",7,1]]"#), "{}", data(&trace));
        assert!(!page.contains(PLACE));
    }
}
