//! Runs one crash scenario: a real broker, a real host that is killed while it delivers, and a count at
//! the destination.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use end_to_end::crash::{Guarantee, Kills, Plan, SinkKind};

/// Kill the host while it delivers, and count what arrived.
///
/// Example: `cargo xtask crash --sink file --guarantee exactly-once --messages 100000 --kills 5 --json`
#[derive(Parser)]
#[command(name = "cargo xtask crash", bin_name = "cargo xtask crash")]
struct Arguments {
    /// Where the messages go.
    #[arg(long, value_enum)]
    sink: SinkKind,
    /// What the sink has to keep.
    #[arg(long, value_enum, default_value = "at-least-once")]
    guarantee: Guarantee,
    /// Messages in the topic before the first run.
    #[arg(long, default_value_t = 100_000)]
    messages: u64,
    /// Kills, spread over the run.
    #[arg(long, default_value_t = 5)]
    kills: u32,
    /// Kill it again and again after so many milliseconds instead.
    #[arg(long, value_name = "MILLISECONDS", conflicts_with = "kills")]
    every: Option<u64>,
    /// End with one line of JSON: sent, delivered, unique, missing, doubled, dead_lettered, kills.
    #[arg(long)]
    json: bool,
}

#[expect(clippy::print_stdout, reason = "the report is this program's output")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let kills = match arguments.every {
        Some(millis) => Kills::Every(Duration::from_millis(millis)),
        None => Kills::Spread(arguments.kills),
    };
    let Arguments { sink, guarantee, messages, json, .. } = arguments;
    let report = Plan { sink, guarantee, messages, kills }.run();
    match (json, serde_json::to_string(&report)) {
        (true, Ok(line)) => println!("{line}"),
        _ => println!(
            "sent {}, delivered {}, unique {}, missing {}, doubled {}, dead-lettered {}, kills {}",
            report.sent,
            report.delivered,
            report.unique,
            report.missing,
            report.doubled,
            report.dead_lettered,
            report.kills
        ),
    }
    match report.judge(guarantee) {
        Ok(()) => ExitCode::SUCCESS,
        Err(broken) => {
            eprintln!("the contract is broken: {broken}");
            ExitCode::FAILURE
        }
    }
}
