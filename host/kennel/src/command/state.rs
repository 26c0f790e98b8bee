//! `kennel state`: what a connector keeps on this host.

mod document;
mod export;
mod get;
mod import;
mod list;
mod reset;

use crate::cli::{GlobalArguments, StateArguments, StateCommand};
use crate::exit_code::Failure;
use crate::terminal::Terminal;

pub(crate) async fn run(
    arguments: StateArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    match arguments.command {
        StateCommand::List(arguments) => list::run(&arguments, global, terminal).await,
        StateCommand::Get(arguments) => get::run(&arguments, global, terminal).await,
        StateCommand::Export(arguments) => export::run(&arguments, global, terminal).await,
        StateCommand::Import(arguments) => import::run(&arguments, global, terminal).await,
        StateCommand::Reset(arguments) => reset::run(&arguments, global, terminal).await,
    }
}
