//! Runs every hostile guest beside a healthy connector, and measures what it costs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use hostile_guests::{Attack, Options, Report, Trial, catalogue, loading, stranger};

/// Messages of one measured period of the neighbour.
const WORK: u64 = 60_000;
/// What the neighbour has to keep of its throughput.
const RATIO: f64 = 0.9;
/// What the host may have resident at most. MiB.
const PEAK: u64 = 1024;

/// Run hostile guests beside a healthy connector in one host.
///
/// Example: `cargo xtask hostile --json`
#[derive(Parser)]
#[command(name = "cargo xtask hostile", bin_name = "cargo xtask hostile")]
struct Arguments {
    /// Only attacks whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// A component that is not in the catalogue, with nothing granted.
    #[arg(long, value_name = "FILE.wasm", conflicts_with = "only")]
    guest: Option<PathBuf>,
    /// Name all attacks and run none.
    #[arg(long)]
    list: bool,
    /// End with one line of JSON: total, contained, neighbour_missing, neighbour_throughput_ratio, host_peak_mib.
    #[arg(long)]
    json: bool,
    /// Messages of the neighbour in each measured period.
    #[arg(long, default_value_t = WORK)]
    messages: u64,
}

#[expect(clippy::print_stdout, reason = "the report is this program's output")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        for (part, attacks) in catalogue::parts() {
            println!("{part}");
            for attack in attacks {
                println!("  {:<28} {}", attack.name, attack.about);
            }
        }
        println!("loading");
        loading::NAMES.iter().for_each(|name| println!("  {name}"));
        return ExitCode::SUCCESS;
    }
    let options = Options { measured: Some(arguments.messages), told: true };
    let report = match &arguments.guest {
        Some(path) => stranger::run(path, options),
        None => run(arguments.only.as_deref(), options),
    };
    eprintln!("{}", report.table());
    if arguments.json {
        println!("{}", report.line());
    }
    if report.verdicts.is_empty() {
        eprintln!("no attack has such a name; --list names them");
        return ExitCode::FAILURE;
    }
    match report.is_good(RATIO, PEAK << 20) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn run(only: Option<&str>, options: Options) -> Report {
    let chosen = |name: &str| only.is_none_or(|only| name.contains(only));
    let attacks: Vec<Attack> =
        catalogue::all().into_iter().filter(|attack| chosen(attack.name)).collect();
    let mut report = Report::default();
    if !attacks.is_empty() {
        report.add(Trial::start(attacks, options).run());
    }
    report.add(loading::run(&chosen, options.told));
    report
}
