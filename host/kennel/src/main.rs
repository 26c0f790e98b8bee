//! `kennel`: runs connectors for Apache Iggy as sandboxed WebAssembly components.

#![forbid(unsafe_code)]

mod bench;
mod cli;
mod command;
mod exit_code;
mod logging;
mod run;
mod stop;
mod terminal;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Command, CommandLine};
use crate::exit_code::Failure;
use crate::terminal::Terminal;

fn main() -> ExitCode {
    // A usage error prints its help and ends the process with code 2 in here.
    let CommandLine { global, command } = CommandLine::parse();
    let terminal = Terminal::new(&global);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(Failure::running).and_then(|runtime| {
        runtime.block_on(async {
            match command {
                Command::Run(arguments) => command::run::run(arguments, &global, &terminal).await,
                Command::Check(arguments) => command::check::run(arguments, &terminal).await,
                Command::Inspect(arguments) => command::inspect::run(arguments, &terminal).await,
                Command::Diff(arguments) => command::diff::run(arguments, &terminal).await,
                Command::Explain(arguments) => command::explain::run(&arguments, &terminal),
                Command::Pull(arguments) => command::pull::run(arguments, &global, &terminal).await,
                Command::Push(arguments) => command::push::run(arguments, &global, &terminal).await,
                Command::Sign(arguments) => command::sign::run(arguments, &global, &terminal).await,
                Command::Verify(arguments) => {
                    command::verify::run(arguments, &global, &terminal).await
                }
                Command::Dlq(arguments) => command::dlq::run(arguments, &global, &terminal).await,
                Command::State(arguments) => {
                    command::state::run(arguments, &global, &terminal).await
                }
                Command::Offsets(arguments) => {
                    command::offsets::run(arguments, &global, &terminal).await
                }
                Command::New(arguments) => command::new::run(&arguments, &terminal),
                Command::Build(arguments) => command::build::run(arguments, &terminal).await,
                Command::Iggy(arguments) => command::iggy::run(arguments, &global, &terminal).await,
                Command::Bench(arguments) => {
                    command::bench::run(arguments, &global, &terminal).await
                }
                Command::Conform(arguments) => {
                    command::conform::run(arguments, &global, &terminal).await
                }
                Command::Completions(arguments) => command::completions::run(&arguments),
            }
        })
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal.failure(&failure);
            failure.code().into()
        }
    }
}
