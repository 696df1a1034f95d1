//! The latency monitor: events that took `latency-monitor-threshold`
//! milliseconds or longer, the last ones of each kind.

use crate::base::image::{Damaged, Image, Tape};
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, VecDeque};

/// Samples that are kept of each event.
const SAMPLES_MAX: usize = 160;

/// A slow event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// When, seconds since 1970.
    pub seconds: i64,
    /// How long, milliseconds.
    pub milliseconds: u64,
}

/// The samples of one kind of event, oldest first.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Series {
    /// Never empty once it is known.
    pub samples: VecDeque<Sample>,
    /// The longest since the series began.
    pub longest: u64,
}

/// All events by name.
#[derive(Default, Debug)]
pub struct LatencyMonitor {
    series: BTreeMap<Cow<'static, str>, Series>,
}

impl Image for LatencyMonitor {
    fn blank() -> LatencyMonitor {
        LatencyMonitor::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let LatencyMonitor { series } = self;
        series.image(tape)
    }
}

impl LatencyMonitor {
    /// Notes an event that was slow. Of several in one second the longest
    /// stays.
    pub fn add(&mut self, event: &'static str, sample: Sample) {
        let series = self.series.entry(Cow::Borrowed(event)).or_default();
        series.longest = series.longest.max(sample.milliseconds);
        if let Some(last) = series.samples.back_mut()
            && last.seconds == sample.seconds
        {
            last.milliseconds = last.milliseconds.max(sample.milliseconds);
            return;
        }
        if series.samples.len() == SAMPLES_MAX {
            series.samples.pop_front();
        }
        series.samples.push_back(sample);
    }

    /// One event's samples.
    pub fn get(&self, event: &[u8]) -> Option<&Series> {
        self.series.get(core::str::from_utf8(event).ok()?)
    }

    /// All events, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Series)> {
        self.series.iter().map(|(name, series)| (&**name, series))
    }

    /// Forgets an event; true if it was known.
    pub fn reset(&mut self, event: &[u8]) -> bool {
        core::str::from_utf8(event).is_ok_and(|event| self.series.remove(event).is_some())
    }

    /// Forgets all events; how many there were.
    pub fn reset_all(&mut self) -> usize {
        core::mem::take(&mut self.series).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_keeps_its_longest() {
        let mut monitor = LatencyMonitor::default();
        for (seconds, milliseconds) in [(1, 5), (1, 7), (1, 6), (2, 3)] {
            monitor.add("command", Sample { seconds, milliseconds });
        }
        let series = monitor.get(b"command").expect("it was added");
        let kept: alloc::vec::Vec<_> =
            series.samples.iter().map(|sample| (sample.seconds, sample.milliseconds)).collect();
        assert_eq!((kept, series.longest), (alloc::vec![(1, 7), (2, 3)], 7));
        (0..1000).for_each(|seconds| monitor.add("fork", Sample { seconds, milliseconds: 1 }));
        assert_eq!(monitor.get(b"fork").map(|series| series.samples.len()), Some(SAMPLES_MAX));
        assert!(monitor.reset(b"fork") && !monitor.reset(b"fork"));
        assert_eq!(monitor.reset_all(), 1);
    }
}
