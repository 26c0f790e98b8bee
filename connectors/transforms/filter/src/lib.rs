//! Keeps or drops JSON messages by an expression.
//!
//! Only the fields that the expression names are read, and nothing is written: what stays, stays as it is.

#![forbid(unsafe_code)]

mod compare;
mod config;
mod evaluate;
mod expression;
mod lexer;
mod parser;

use kennel_sdk::json::Splitter;
use kennel_sdk::prelude::*;

pub use config::Config;
use evaluate::Record;
use expression::Expression;
pub use parser::{ParseError, parse};

/// The transform, ready to run.
#[derive(Debug)]
pub struct Filter {
    expression: Expression,
    /// What becomes of a message for which the expression holds.
    keeps: bool,
    splitter: Splitter,
}

#[kennel_sdk::transform(
    name = "filter",
    summary = "keeps or drops JSON messages by an expression",
    accepts = ["json"],
    produces = ["json"]
)]
impl Transform for Filter {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        let (expression, keeps) = config.parse().map_err(Error::invalid_config)?;
        Ok(Self { expression, keeps, splitter: Splitter::new() })
    }

    fn apply(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Error> {
        for message in batch {
            let object = if self.expression.reads_fields {
                match self.splitter.object(message.payload()) {
                    Ok(object) => Some(object),
                    Err(malformed) => {
                        output.reject_malformed(&message, malformed);
                        continue;
                    }
                }
            } else {
                None
            };
            if Record::new(object, message).holds(&self.expression.condition) == self.keeps {
                output.keep(&message);
            }
        }
        Ok(())
    }

    fn validate(config: &Config) -> Vec<Problem> {
        config.parse().err().into_iter().collect()
    }
}
