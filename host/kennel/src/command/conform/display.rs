//! What a person sees of a run: the scenario in hand, then a table.

use std::fmt::Write as _;
use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use kennel_config::ComponentSource;
use kennel_conform::{Report, ScenarioReport, Seen, Verdict};
use kennel_sandbox::Kind;

use crate::terminal::{Terminal, transfer};
use crate::wiring;

/// A line that says what is going on; only on a terminal.
pub(super) struct Display {
    bar: ProgressBar,
}

impl Display {
    pub(super) fn new(terminal: &Terminal) -> Self {
        let bar = if terminal.json() { ProgressBar::hidden() } else { ProgressBar::new(0) };
        if let Ok(style) = ProgressStyle::with_template("{spinner} [{pos}/{len}] {msg} ({elapsed})")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl wiring::Progress for Display {
    fn loading(&self, source: &ComponentSource, _number: usize, _of: usize) {
        self.bar.set_message(format!("loading {source}"));
    }
}

impl kennel_registry::Progress for Display {
    fn transferred(&self, done: u64, total: Option<u64>) {
        self.bar.set_message(transfer(done, total));
    }
}

impl kennel_conform::Progress for Display {
    fn begins(&self, name: &str, number: usize, of: usize) {
        self.bar.set_length(of as u64);
        self.bar.set_position(number as u64);
        self.bar.set_message(name.to_owned());
    }

    fn ended(&self, report: &ScenarioReport) {
        tracing::debug!("{}: {} {}", report.name, report.verdict.word(), report.detail);
    }
}

/// Every scenario in a line, then the reasons of those that did not pass.
pub(super) fn table(report: &Report) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    let columns = [
        "scenario",
        "verdict",
        "seen at the",
        "sent",
        "missing",
        "doubled",
        "repeated",
        "rejected",
    ];
    table.set_header(columns.iter().enumerate().map(|(number, name)| {
        let cell = Cell::new(name);
        if number < 3 { cell } else { cell.set_alignment(CellAlignment::Right) }
    }));
    for scenario in &report.scenarios {
        let counts = &scenario.counts;
        let is_judged = scenario.verdict != Verdict::Skipped;
        let seen = match scenario.seen {
            _ if !is_judged => "",
            Seen::Boundary => "boundary",
            Seen::Destination => "destination",
            Seen::Topic => "topic",
        };
        let texts = [scenario.name, scenario.verdict.word(), seen];
        let numbers =
            [counts.sent, counts.missing, counts.doubled, counts.repeated, counts.rejected];
        let numbers =
            numbers.map(|number| if is_judged { number.to_string() } else { String::new() });
        let texts = texts.into_iter().map(Cell::new);
        let numbers = numbers.map(|text| Cell::new(text).set_alignment(CellAlignment::Right));
        table.add_row(texts.chain(numbers));
    }
    let mut text = format!("{table}\n");
    for verdict in [Verdict::Skipped, Verdict::Fail] {
        for scenario in report.scenarios.iter().filter(|it| it.verdict == verdict) {
            // Writing into a string cannot fail.
            let _written =
                write!(text, "\n{} {}: {}", verdict.word(), scenario.name, scenario.detail);
            if verdict == Verdict::Fail {
                let rules = scenario.rules.join(", ");
                let _written = write!(text, "\n     not proven ({rules}): {}", scenario.proves);
            }
        }
    }
    let _written = write!(text, "\n\n{}", summary(report));
    text
}

fn summary(report: &Report) -> String {
    let delivery = serde_json::to_value(report.delivery).unwrap_or_default();
    // A source is seen whole where its records cross.
    let is_seen = report.observed || report.kind == Kind::Source;
    let seen = if is_seen { "" } else { ", seen at the boundary only" };
    format!(
        "{} {} ({}, {}): {} passed, {} failed, {} skipped{seen}; seed {}",
        report.component,
        report.version,
        report.kind,
        delivery.as_str().unwrap_or_default(),
        report.count(Verdict::Pass),
        report.count(Verdict::Fail),
        report.count(Verdict::Skipped),
        report.seed,
    )
}
