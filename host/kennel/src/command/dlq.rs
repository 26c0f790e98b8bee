//! `kennel dlq`: the messages that a connector could not deliver.

mod list;
mod mailbox;
mod pages;
mod purge;
mod replay;
mod resend;
mod show;
mod spilled;

use crate::cli::{DlqArguments, DlqCommand, GlobalArguments};
use crate::exit_code::Failure;
use crate::terminal::Terminal;

pub(crate) async fn run(
    arguments: DlqArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    match arguments.command {
        DlqCommand::List(arguments) => list::run(arguments, global, terminal).await,
        DlqCommand::Show(arguments) => show::run(arguments, global, terminal).await,
        DlqCommand::Replay(arguments) => replay::run(arguments, global, terminal).await,
        DlqCommand::Purge(arguments) => purge::run(arguments, global, terminal).await,
    }
}
