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
    };
    let report = |row: &crate::bench::Row| {
        terminal.result(row, || {
            format!(
                "{:<28} {:>6} B  {:>10.0} msg/s  {:.2} of raw",
                row.work, row.size, row.per_second, row.ratio
            )
        });
    };
    measure(options, report, |text| terminal.progress(text)).await?;
    Ok(())
}
