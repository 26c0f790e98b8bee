//! What was seen, and what it amounts to.

use std::time::Duration;

use serde::Serialize;

use crate::attack::{Attack, Expected};

/// What a connector showed.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The expected words were there, after this.
    pub after: Option<Duration>,
    /// What the guest says of its attempts: reached and denied.
    pub attempts: Option<(u64, u64)>,
    /// Why the connector failed, or the last that it warned of.
    pub words: String,
    /// The log held the words beside.
    pub said: bool,
    /// It failed.
    pub failed: bool,
    /// Something was harmed meanwhile, in words.
    pub damage: Vec<String>,
}

/// One attack and what became of it.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub name: String,
    pub expected: String,
    pub seen: String,
    pub after: Duration,
    pub contained: bool,
    /// The neighbour's time without the attack by its time with it.
    pub throughput: Option<f64>,
}

impl Verdict {
    /// What `seen` means for `attack`.
    pub(crate) fn of(attack: &Attack, seen: &Seen, throughput: Option<f64>) -> Self {
        let nothing = match attack.expected {
            Expected::Harmless | Expected::Anything => Duration::ZERO,
            _ => attack.within,
        };
        let after = seen.after.unwrap_or(nothing);
        let in_time = (attack.not_before..=attack.within).contains(&after);
        let said = seen.said || attack.says.is_none();
        let as_expected = said
            && match attack.expected {
                Expected::Fault(..) => {
                    seen.after.is_some() && seen.attempts.is_none_or(|(reached, _)| reached == 0)
                }
                Expected::Bounded(..) => seen.after.is_some(),
                Expected::Denied => {
                    seen.attempts.is_some_and(|(reached, denied)| reached == 0 && denied > 0)
                }
                Expected::Reached => {
                    seen.attempts.is_some_and(|(reached, denied)| reached > 0 && denied == 0)
                }
                Expected::Harmless => !seen.failed,
                Expected::Anything => true,
            };
        let mut words = match seen.attempts {
            Some((reached, denied)) => format!("{reached} reached, {denied} denied"),
            None => String::new(),
        };
        if words.is_empty() || !as_expected {
            words = format!("{words} {}", seen.words).trim().to_owned();
        }
        for damage in &seen.damage {
            words = format!("{words}; {damage}");
        }
        Self {
            name: attack.name.to_owned(),
            expected: match &attack.expected {
                Expected::Fault(code, _) | Expected::Bounded(code, _) => (*code).to_owned(),
                Expected::Denied => "denied".to_owned(),
                Expected::Reached => "reached".to_owned(),
                Expected::Harmless => "harmless".to_owned(),
                Expected::Anything => "contained".to_owned(),
            },
            seen: if words.is_empty() { "harmless".to_owned() } else { words },
            after,
            contained: in_time && as_expected && seen.damage.is_empty(),
            throughput,
        }
    }
}

/// All of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub verdicts: Vec<Verdict>,
    /// Messages of the neighbour that are not at its destination.
    pub neighbour_missing: u64,
    /// The neighbour's times without an attack, and beside one, for the same work.
    pub alone: Vec<Duration>,
    pub beside: Vec<Duration>,
    /// Highest resident memory of the host, bytes.
    pub peak: u64,
    /// What went wrong that is no single attack's.
    pub problems: Vec<String>,
}

/// The last line of `--json`.
#[derive(Debug, Serialize)]
struct Totals {
    total: usize,
    contained: usize,
    neighbour_missing: u64,
    neighbour_throughput_ratio: f64,
    host_peak_mib: u64,
}

impl Report {
    /// Adds what another run found.
    pub fn add(&mut self, other: Self) {
        self.verdicts.extend(other.verdicts);
        self.neighbour_missing += other.neighbour_missing;
        self.alone.extend(other.alone);
        self.beside.extend(other.beside);
        self.peak = self.peak.max(other.peak);
        self.problems.extend(other.problems);
    }

    pub fn contained(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.contained).count()
    }

    /// Median time alone by median time beside attacks; 1 where nothing was measured.
    pub fn ratio(&self) -> f64 {
        match (median(&self.alone), median(&self.beside)) {
            (Some(alone), Some(beside)) => alone.as_secs_f64() / beside.as_secs_f64(),
            _ => 1.0,
        }
    }

    /// All work by all time: unlike the median it shows the few attacks that cost most.
    pub fn overall(&self) -> f64 {
        let sum = |times: &[Duration]| times.iter().sum::<Duration>().as_secs_f64();
        if self.beside.is_empty() { 1.0 } else { sum(&self.alone) / sum(&self.beside) }
    }

    /// One line of JSON.
    pub fn line(&self) -> String {
        let totals = Totals {
            total: self.verdicts.len(),
            contained: self.contained(),
            neighbour_missing: self.neighbour_missing,
            neighbour_throughput_ratio: (self.overall() * 1000.0).round() / 1000.0,
            host_peak_mib: self.peak.div_ceil(1 << 20),
        };
        serde_json::to_string(&totals).unwrap()
    }

    /// A line per attack, then the totals.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{:<28} {:<20} {:>9} {:>10}  {}\n",
            "attack", "expected", "seconds", "neighbour", "seen"
        );
        for verdict in &self.verdicts {
            let throughput = verdict.throughput.map(|ratio| format!("{:.0} %", ratio * 100.0));
            let mark = if verdict.contained { "" } else { "NOT CONTAINED: " };
            let seen: String = verdict.seen.chars().take(400).collect();
            text.push_str(&format!(
                "{:<28} {:<20} {:>9.2} {:>10}  {mark}{}\n",
                verdict.name,
                verdict.expected,
                verdict.after.as_secs_f64(),
                throughput.unwrap_or_default(),
                seen.replace('\n', " "),
            ));
        }
        for problem in &self.problems {
            text.push_str(&format!("PROBLEM: {problem}\n"));
        }
        text.push_str(&format!(
            "{} of {} contained; the neighbour lost {} messages and kept {:.1} % of its throughput by the \
             median ({:.0} ms alone, {:.0} ms beside), {:.1} % over all periods; the host's peak was {} MiB",
            self.contained(),
            self.verdicts.len(),
            self.neighbour_missing,
            self.ratio() * 100.0,
            millis(&self.alone),
            millis(&self.beside),
            self.overall() * 100.0,
            self.peak.div_ceil(1 << 20),
        ));
        text
    }

    /// Whether all is as promised; `ratio` where the throughput was measured.
    pub fn is_good(&self, ratio: f64, peak: u64) -> bool {
        self.contained() == self.verdicts.len()
            && self.problems.is_empty()
            && self.neighbour_missing == 0
            && self.overall() > ratio
            && self.peak <= peak
    }
}

fn millis(times: &[Duration]) -> f64 {
    median(times).unwrap_or_default().as_secs_f64() * 1000.0
}

fn median(times: &[Duration]) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(attempts: Option<(u64, u64)>) -> bool {
        let attack = Attack::told("a", "", "none", Expected::Denied);
        let after = Some(Duration::from_millis(1));
        Verdict::of(&attack, &Seen { attempts, after, ..Seen::default() }, None).contained
    }

    #[test]
    fn given_a_report_of_attempts_should_count_as_denied_only_if_there_were_some_and_none_succeeded()
     {
        assert!(denied(Some((0, 3))));
        assert!(!denied(Some((1, 3))));
        assert!(!denied(Some((0, 0))));
        assert!(!denied(None));
    }

    #[test]
    fn given_damage_or_too_much_time_should_not_count_as_contained() {
        let attack = Attack::told("a", "", "none", Expected::Fault("trap", "trapped"));
        let seen = Seen { after: Some(Duration::from_millis(1)), ..Seen::default() };
        assert!(Verdict::of(&attack, &seen, None).contained);
        let late = Seen { after: Some(Duration::from_secs(60)), ..seen.clone() };
        assert!(!Verdict::of(&attack, &late, None).contained);
        let harmed = Seen { damage: vec!["a file was changed".to_owned()], ..seen.clone() };
        assert!(!Verdict::of(&attack, &harmed, None).contained);
        let never = Seen { after: None, ..seen };
        assert!(!Verdict::of(&attack, &never, None).contained);
    }
}
