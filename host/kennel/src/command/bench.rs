//! `kennel bench`: this machine's messages a second, beside the official client doing nothing.

use crate::bench::{BenchOptions, run as measure};
use crate::cli::{BenchArguments, GlobalArguments};
use crate::exit_code::Failure;
use crate::logging;
use crate::terminal::Terminal;

pub(crate) async fn run(
    arguments: BenchArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    logging::start(global, terminal, None)?;
    let options = BenchOptions {
        messages: arguments.messages,
        sizes: arguments.sizes,
        components: arguments.components,
        metering: arguments.metering,
    };
    let report = |row: &crate::bench::Row| {
        terminal.result(row, || {
            let trusted = row
                .metered_ratio
                .map(|ratio| format!("  without metering; with it {:.0} % of this", ratio * 100.0));
            format!(
                "{:<28} {:>6} B  {:>10.0} msg/s  {:.2} of raw{}",
                row.work,
                row.size,
                row.per_second,
                row.ratio,
                trusted.unwrap_or_default(),
            )
        });
    };
    measure(options, report, |text| terminal.progress(text)).await?;
    Ok(())
}
