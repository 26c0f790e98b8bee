//! `kill -9` at every named boundary, with real processes; judged at the destination.

use crate::support::crash::{Guarantee, Kills, Plan, Report, SinkKind};

const MESSAGES: u64 = 20_000;

/// Every place between a poll and the stored offset at which a process may die.
const POINTS: [(&str, [u32; 2]); 5] = [
    ("after_poll", [2, 9]),
    ("after_consume", [1, 8]),
    ("before_state", [2, 4]),
    ("before_offset", [2, 3]),
    ("after_offset", [1, 3]),
];
/// Those of a sink that holds.
const FLUSH_POINTS: [(&str, [u32; 2]); 2] = [("before_flush", [1, 3]), ("after_flush", [1, 3])];

fn run(sink: SinkKind, guarantee: Guarantee, (point, passes): (&'static str, [u32; 2])) -> Report {
    let kills = Kills::At { point, passes: passes.to_vec() };
    let report = Plan { sink, guarantee, messages: MESSAGES, kills }.run();
    eprintln!("{sink:?} {guarantee:?} {point}: {report:?}");
    report.judge(guarantee).unwrap_or_else(|broken| panic!("{point}: {broken}: {report:?}"));
    assert_eq!(report.kills, 2);
    assert_eq!(report.dead_lettered, 0);
    report
}

#[test]
fn given_kill_9_at_every_boundary_the_http_sink_should_lose_nothing() {
    for point in POINTS {
        let report = run(SinkKind::Http, Guarantee::AtLeastOnce, point);
        // A kill that repeated nothing did not hit what it was meant for.
        let repeats = matches!(point.0, "after_consume" | "before_state" | "before_offset");
        assert!(!repeats || report.doubled > 0, "{}: nothing was sent again", point.0);
    }
}

#[test]
fn given_kill_9_at_every_boundary_the_file_sink_should_deliver_exactly_once() {
    for point in POINTS.into_iter().chain(FLUSH_POINTS) {
        run(SinkKind::File, Guarantee::ExactlyOnce, point);
    }
}

#[test]
fn given_kills_at_any_time_the_file_sink_should_deliver_exactly_once() {
    let plan = Plan {
        sink: SinkKind::File,
        guarantee: Guarantee::ExactlyOnce,
        messages: 200_000,
        kills: Kills::Spread(4),
    };
    let report = plan.run();
    report.judge(plan.guarantee).unwrap_or_else(|broken| panic!("{broken}: {report:?}"));
}
