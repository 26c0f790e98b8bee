//! Plays the scenarios one after the other and judges each.

use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kennel_sandbox::{INTERFACE_VERSION, Kind};

use crate::lane::Lane;
use crate::memory_state::MemoryState;
use crate::random::Random;
use crate::report::{Counts, Report, ScenarioReport, Seen, Verdict};
use crate::scenario::{Scenario, Stage, Stop};
use crate::source::Baseline;
use crate::topic::Topic;
use crate::{ConformError, Options, Subject, shell, sink, source};

/// Longest a scenario may take; outages of the destination are waited out within it.
const LONGEST: Duration = Duration::from_secs(180);

/// Told how a run goes on.
pub trait Progress {
    /// A scenario begins.
    fn begins(&self, name: &str, number: usize, of: usize);
    /// A scenario has ended.
    fn ended(&self, report: &ScenarioReport);
}

/// Names of all scenarios for this kind of component.
#[must_use]
pub fn names(kind: Kind) -> Vec<&'static str> {
    scenarios(kind).iter().map(|scenario| scenario.name).collect()
}

fn scenarios(kind: Kind) -> &'static [Scenario] {
    match kind {
        Kind::Sink => sink::SCENARIOS,
        Kind::Source => source::SCENARIOS,
        Kind::Transform => &[],
    }
}

/// Plays every scenario, or those that the options name.
///
/// # Errors
/// When nothing can be judged; see [`ConformError`].
pub async fn run(
    subject: &Subject,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Report, ConformError> {
    let kind = subject.component.kind();
    let chosen = choose(kind, &options.only)?;
    let mut suite = Suite::prepare(subject, options).await?;
    let mut reports = Vec::with_capacity(chosen.len());
    for (number, scenario) in chosen.iter().enumerate() {
        progress.begins(scenario.name, number + 1, chosen.len());
        let report = suite.play(scenario).await?;
        progress.ended(&report);
        reports.push(report);
    }
    let about = subject.component.description();
    let failed = reports.iter().any(|report| report.verdict == Verdict::Fail);
    Ok(Report {
        component: about.name.clone(),
        version: about.version.clone(),
        kind,
        digest: format!("sha256:{}", subject.component.digest()),
        interface: INTERFACE_VERSION,
        delivery: about.delivery,
        host: env!("CARGO_PKG_VERSION"),
        seed: options.seed,
        messages: options.messages,
        observed: options.observe.is_some(),
        verdict: if failed { Verdict::Fail } else { Verdict::Pass },
        scenarios: reports,
    })
}

fn choose(kind: Kind, only: &[String]) -> Result<Vec<Scenario>, ConformError> {
    if kind == Kind::Transform {
        return Err(ConformError::Transform);
    }
    let known = scenarios(kind);
    let unknown = only.iter().find(|name| known.iter().all(|scenario| scenario.name != **name));
    if let Some(name) = unknown {
        let known = names(kind).join(", ");
        return Err(ConformError::UnknownScenario { name: name.clone(), known });
    }
    let is_chosen =
        |scenario: &&Scenario| only.is_empty() || only.iter().any(|name| name == scenario.name);
    Ok(known.iter().filter(is_chosen).copied().collect())
}

/// What lasts from one scenario to the next.
struct Suite<'a> {
    subject: &'a Subject,
    options: &'a Options,
    /// Tells the streams of this run from those of earlier ones at the same destination.
    stream: String,
    next_identity: u64,
    baseline: Rc<Baseline>,
    confirmed: bool,
}

impl<'a> Suite<'a> {
    /// Looks whether there is anything to judge, before the first scenario does.
    async fn prepare(subject: &'a Subject, options: &'a Options) -> Result<Self, ConformError> {
        if let Some(reset) = &options.reset {
            shell::run(reset).await?;
        }
        let is_source = subject.component.kind() == Kind::Source;
        let baseline = match is_source {
            true => Baseline::read(subject, options.messages).await?,
            false => {
                Self::look_at_sink(subject, options).await?;
                Baseline::default()
            }
        };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            subject,
            options,
            stream: format!("conform-{:x}", since.as_millis()),
            next_identity: options.first,
            baseline: Rc::new(baseline),
            confirmed: false,
        })
    }

    async fn look_at_sink(subject: &Subject, options: &Options) -> Result<(), ConformError> {
        match Lane::open(subject, &MemoryState::default()).await {
            Ok(lane) => lane.kill(),
            Err(Stop::Broken(error)) => return Err(error),
            Err(Stop::Failed(detail) | Stop::Skipped(detail)) => {
                return Err(ConformError::Unopened(detail));
            }
            Err(Stop::Answered(_, error)) => return Err(ConformError::Unopened(error.to_string())),
        }
        let Some(command) = &options.observe else { return Ok(()) };
        let found = shell::observe(command).await?;
        match found.into_iter().find(|identity| *identity >= options.first) {
            Some(identity) => Err(ConformError::Occupied { identity }),
            None => Ok(()),
        }
    }

    async fn play(&mut self, scenario: &Scenario) -> Result<ScenarioReport, ConformError> {
        let began = Instant::now();
        if let Some(reset) = &self.options.reset {
            shell::run(reset).await?;
        }
        let (subject, options) = (self.subject, self.options);
        // A stream of its own for every scenario: a destination that keeps its position keeps it by
        // stream and topic.
        let names = (&*self.stream, scenario.name);
        let format = subject.format.clone();
        let template = options.template.clone();
        let mut stage = Stage {
            subject,
            options,
            random: Random::new(options.seed ^ hash(scenario.name)),
            state: MemoryState::default(),
            topic: Topic::new(names, template, format, self.next_identity),
            baseline: Rc::clone(&self.baseline),
            confirmed: self.confirmed && options.reset.is_none(),
            seen: Seen::Boundary,
            counts: Counts::default(),
            notes: Vec::new(),
        };
        let played = tokio::time::timeout(LONGEST, (scenario.play)(&mut stage)).await;
        let played = played.unwrap_or_else(|_elapsed| {
            Err(Stop::Failed(format!("it did not end within {LONGEST:?}")))
        });
        self.next_identity = stage.topic.next_identity();
        self.confirmed |= stage.confirmed;
        let (verdict, reason) = match played {
            Ok(()) => (Verdict::Pass, None),
            Err(Stop::Failed(detail)) => (Verdict::Fail, Some(detail)),
            Err(Stop::Answered(export, error)) => {
                (Verdict::Fail, Some(format!("{export} answered: {error}")))
            }
            Err(Stop::Skipped(detail)) => (Verdict::Skipped, Some(detail)),
            Err(Stop::Broken(error)) => return Err(error),
        };
        let mut counts = std::mem::take(&mut stage.counts);
        let mut reasons: Vec<String> = reason.into_iter().collect();
        let mut verdict = verdict;
        if verdict != Verdict::Skipped {
            reasons.extend(look(&mut stage, &mut counts).await?);
            if verdict == Verdict::Pass && !reasons.is_empty() {
                verdict = Verdict::Fail;
            }
            reasons.append(&mut stage.notes);
        }
        Ok(ScenarioReport {
            name: scenario.name,
            proves: scenario.proves,
            rules: scenario.rules,
            verdict,
            seen: stage.seen,
            counts,
            detail: reasons.join("; "),
            milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// Counts, and looks at the destination; what is wrong there.
async fn look(stage: &mut Stage<'_>, counts: &mut Counts) -> Result<Vec<String>, ConformError> {
    if stage.subject.component.kind() == Kind::Source {
        stage.count_records(counts);
        return Ok(Vec::new());
    }
    stage.topic.count(counts);
    let mut wrong = Vec::new();
    if let (rejected, Some(reason)) = stage.topic.sound_rejected() {
        let rejected = messages(rejected);
        wrong.push(format!(
            "{rejected} of the template rejected ({reason}); --template says what fits the component"
        ));
    }
    let Some(command) = &stage.options.observe else { return Ok(wrong) };
    let observed = shell::observe(command).await?;
    stage.seen = Seen::Destination;
    let exactly_once = stage.subject.is_exactly_once();
    stage.topic.compare(&observed, exactly_once, stage.options.in_order, counts);
    if counts.missing > 0 {
        wrong.push(format!("{} missing at the destination", messages(counts.missing)));
    }
    if counts.doubled > 0 {
        let why = match exactly_once {
            true => "though the component says that each message is there once",
            false => "though nothing was handed over again",
        };
        wrong.push(format!("copies too many at the destination: {}, {why}", counts.doubled));
    }
    if let Some(late) = counts.out_of_order.filter(|late| *late > 0) {
        wrong.push(format!("{} behind a later one of the same partition", messages(late)));
    }
    Ok(wrong)
}

/// `1 message`, `2 messages`.
fn messages(count: u64) -> String {
    format!("{count} message{}", if count == 1 { "" } else { "s" })
}

/// FNV-1a: the same name gives the same number in every build.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn given_all_scenarios_should_have_names_of_their_own_and_rules() {
        for kind in [Kind::Sink, Kind::Source] {
            let names = names(kind);
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
            assert!(scenarios(kind).iter().all(|it| !it.rules.is_empty() && !it.proves.is_empty()));
        }
    }

    #[test]
    fn given_an_unknown_name_should_list_the_known_ones() {
        let error = choose(Kind::Sink, &["plain".to_owned()]).err().unwrap().to_string();
        assert!(error.contains("plain-delivery"), "{error}");
        assert!(matches!(choose(Kind::Transform, &[]), Err(ConformError::Transform)));
    }
}
