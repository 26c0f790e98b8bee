//! What came of an attack, in words that the suite reads: the connector fails with them.

use std::fmt;

use kennel_sdk::prelude::*;

/// Attempts by how they ended.
#[derive(Debug, Default)]
pub(crate) struct Report {
    reached: Vec<String>,
    denied: Vec<String>,
}

impl Report {
    /// Books one attempt: success means that the attack reached what it aimed at.
    pub(crate) fn attempt<T, E: fmt::Debug>(&mut self, what: &str, outcome: Result<T, E>) {
        match outcome {
            Ok(_) => self.reached.push(what.to_owned()),
            Err(error) => self.denied.push(format!("{what}: {error:?}")),
        }
    }

    /// A report of one attempt.
    pub(crate) fn of<T, E: fmt::Debug>(what: &str, outcome: Result<T, E>) -> Self {
        let mut report = Self::default();
        report.attempt(what, outcome);
        report
    }

    /// An attack that ended though it never should have.
    pub(crate) fn reached(what: &str) -> Self {
        Self::of(what, Ok::<_, ()>(()))
    }

    /// As the error that fails the connector at once.
    pub(crate) fn into_error(self) -> Error {
        let (reached, denied) = (self.reached.len(), self.denied.len());
        let all: Vec<String> = self.reached.into_iter().chain(self.denied).collect();
        Error::invalid_config(format!(
            "attack report: reached {reached}, denied {denied}: {}",
            all.join("; ")
        ))
    }
}
