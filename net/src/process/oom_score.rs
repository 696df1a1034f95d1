//! How likely the kernel is to end this process when memory runs out.

use engine::config::OomScoreAdjustment;

const FILE: &str = "/proc/self/oom_score_adj";
const SCORE_MAX: i32 = 1000;

/// Sets the score, and remembers what it was at start.
#[derive(Debug, Default)]
pub struct OomScore {
    at_start: Option<i32>,
    changed: bool,
}

impl OomScore {
    /// Applies a score of the configuration, which the adjustment says to count from zero or from the score at start, or not
    /// at all, and then the score at start comes back.
    ///
    /// # Errors
    /// The text for whoever asked.
    pub fn apply(&mut self, adjustment: OomScoreAdjustment, score: i32) -> Result<(), String> {
        let at_start = *self.at_start.get_or_insert_with(|| {
            std::fs::read_to_string(FILE).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
        });
        let score = match adjustment {
            OomScoreAdjustment::No if !self.changed => return Ok(()),
            OomScoreAdjustment::No => at_start,
            OomScoreAdjustment::Relative => at_start + score,
            OomScoreAdjustment::Absolute => score,
        };
        std::fs::write(FILE, score.clamp(-SCORE_MAX, SCORE_MAX).to_string()).map_err(|error| {
            tracing::warn!("Unable to write oom_score_adj: {}", crate::listener::socket::system_text(&error));
            "Failed to apply new oom_score_adj configuration, check server logs.".to_owned()
        })?;
        self.changed = true;
        Ok(())
    }
}
