//! `kennel offsets`: where a sink is, and where it begins next.

mod get;
mod partitions;
mod reset;
mod seek;

use crate::cli::{GlobalArguments, OffsetsArguments, OffsetsCommand};
use crate::exit_code::Failure;
use crate::terminal::Terminal;

pub(crate) async fn run(
    arguments: OffsetsArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    match arguments.command {
        OffsetsCommand::Get(arguments) => get::run(arguments, global, terminal).await,
        OffsetsCommand::Seek(arguments) => seek::run(arguments, global, terminal).await,
        OffsetsCommand::Reset(arguments) => reset::run(arguments, global, terminal).await,
    }
}
