//! `kennel completions`: a completion script for a shell.

use clap::CommandFactory;

use crate::cli::{CommandLine, CompletionsArguments};
use crate::exit_code::Failure;

pub(crate) fn run(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    let mut command = CommandLine::command();
    clap_complete::generate(arguments.shell, &mut command, "kennel", &mut script);
    std::io::Write::write_all(&mut std::io::stdout().lock(), &script).map_err(Failure::running)
}
