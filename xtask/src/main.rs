//! The workspace's own commands: `cargo xtask <command>`.
//!
//! It has few dependencies on purpose. A fresh clone compiles it before anything else, so it is
//! on screen within seconds and can say what the next minutes are spent on.

#![forbid(unsafe_code)]

mod bench;
mod components;
mod crash;
mod demo;
mod fuzz;
mod host;
mod hostile;
mod lint;
mod polyglot;
mod process;
mod suite;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Build, show and test Kennel.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build every guest of the repository into target/components.
    Components {
        /// Leave out the Python and JavaScript guests (they need tools from PyPI and npm).
        #[arg(long)]
        rust_only: bool,
    },
    /// Run real orders through sandboxed connectors and prove that none is missing.
    Demo {
        /// End with one line of JSON: records_in, records_out, filtered, dead_lettered, missing.
        #[arg(long)]
        json: bool,
    },
    /// Set up and run every test, then print the totals.
    ///
    /// With KENNEL_TEST_IGGY=host:port the broker tests run against that Iggy server too.
    Test,
    /// Check formatting, lints and (if cargo-deny is installed) licences and advisories.
    Lint,
    /// `lint`, then `test`.
    Ci,
    /// Kill the host while it delivers, and count what arrived at the destination.
    Crash {
        /// Arguments of the scenario, for example --sink file --kills 5; --help names them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run every hostile guest beside a healthy connector.
    Hostile {
        /// Arguments of the suite, for example --json or --guest FILE.wasm; --help names them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Throw mutated bytes at every parser that reads from outside, and find one that panics or hangs.
    Fuzz {
        /// How long each parser is tried.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Only tests with this in their name.
        filter: Option<String>,
    },
    /// Build with optimisation and run `kennel bench`; all arguments are passed on.
    Bench {
        /// Arguments of `kennel bench`, for example --json.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let workspace = Workspace::of_this_build();
    let outcome = match Arguments::parse().command {
        Command::Components { rust_only } => components::build(&workspace, rust_only),
        Command::Demo { json } => demo::run(&workspace, json),
        Command::Test => suite::run(&workspace),
        Command::Lint => lint::run(&workspace),
        Command::Ci => lint::run(&workspace).and_then(|()| suite::run(&workspace)),
        Command::Crash { arguments } => crash::run(&workspace, &arguments),
        Command::Hostile { arguments } => hostile::run(&workspace, &arguments),
        Command::Fuzz { seconds, filter } => fuzz::run(&workspace, seconds, filter.as_deref()),
        Command::Bench { arguments } => bench::run(&workspace, &arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
