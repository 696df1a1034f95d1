//! The processors that a thread may run on.

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

/// Keeps the calling thread, and threads it starts, to the processors of a list such as `0-3,8` or `0-7:2`. A list that does
/// not read as one is ignored with a warning.
pub fn keep_to(list: &[u8]) {
    if list.is_empty() {
        return;
    }
    let list = String::from_utf8_lossy(list);
    let Some(processors) = parse(&list) else {
        tracing::warn!("Not a list of processors: '{list}'");
        return;
    };
    let mut set = CpuSet::new();
    for processor in processors {
        // Processors beyond what a set can hold do not exist here.
        let _ = set.set(processor);
    }
    if let Err(errno) = sched_setaffinity(Pid::from_raw(0), &set) {
        tracing::warn!("Could not keep a thread to processors {list}: {}", errno.desc());
    }
}

/// Comma-separated numbers and ranges, a range with an optional stride behind a colon.
fn parse(list: &str) -> Option<Vec<usize>> {
    let mut processors = Vec::new();
    for part in list.split(',') {
        let (range, stride) = part.split_once(':').map_or((part, Some(1)), |(range, stride)| (range, number(stride)));
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(range)?, number(range)?),
        };
        let stride = stride.filter(|&stride| stride > 0)?;
        processors.extend((first.min(last)..=first.max(last)).step_by(stride));
    }
    Some(processors)
}

/// No machine has more processors than this.
const NUMBER_MAX: usize = 1 << 16;

fn number(text: &str) -> Option<usize> {
    text.trim().parse().ok().filter(|&number| number < NUMBER_MAX)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lists() {
        assert_eq!(parse("0,2,3"), Some(vec![0, 2, 3]));
        assert_eq!(parse("0-3"), Some(vec![0, 1, 2, 3]));
        assert_eq!(parse("1-7:2,9"), Some(vec![1, 3, 5, 7, 9]));
        for bad in ["a", "1-", "1:0", ",", "1-99999999999"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
