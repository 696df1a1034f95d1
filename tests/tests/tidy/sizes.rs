//! Sizes: files of at most 800 lines of code, and a report of what is large.

use crate::{code, expect_none, sources, without_tests};

const FILE_LINES_MAX: usize = 800;
const FILE_LINES_AIM: usize = 400;
const FUNCTION_LINES_AIM: usize = 70;

fn code_lines(text: &str) -> usize {
    without_tests(text).lines().filter(|line| !code(line).trim().is_empty()).count()
}

/// Functions with more lines than aimed at: name and lines. Goes by rustfmt's
/// indentation.
fn long_functions(text: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String, usize)> = None;
    for (number, line) in without_tests(text).lines().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if let Some((name, end, start)) = &open {
            if line == end {
                let lines = number - start + 1;
                if lines > FUNCTION_LINES_AIM {
                    found.push((name.clone(), lines));
                }
                open = None;
            }
        } else if let Some((_, rest)) = code(line).split_once("fn ").filter(|_| line.trim_end().ends_with(['{', '('])) {
            let name = rest.split(['(', '<']).next().unwrap_or_default().to_owned();
            open = Some((name, format!("{indent}}}"), number));
        }
    }
    found
}

#[test]
fn files_stay_small() {
    let mut complaints = Vec::new();
    for folder in ["engine", "net", "sim", "fuzz", "tests", "benches", "compat-suite"] {
        for (name, text) in sources(folder) {
            let lines = code_lines(&text);
            if lines > FILE_LINES_AIM {
                println!("{name}: {lines} lines of code, aimed at {FILE_LINES_AIM}");
            }
            if lines > FILE_LINES_MAX {
                complaints.push(format!("{name}: {lines} lines of code"));
            }
            for (function, lines) in long_functions(&text) {
                println!("{name}: fn {function} has {lines} lines, aimed at {FUNCTION_LINES_AIM}");
            }
        }
    }
    expect_none(&complaints, "to be split by meaning:");
}
