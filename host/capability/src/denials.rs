//! What a guest is denied, for its operator.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Targets of one store after which denials are no longer logged.
const MAX_TARGETS: usize = 100;

/// The log of one store's denials: each target once, so that a retrying guest does not fill it.
#[derive(Debug)]
pub(crate) struct Denials {
    connector: String,
    told: Mutex<BTreeSet<String>>,
}

impl Denials {
    pub(crate) fn new(connector: &str) -> Self {
        Self { connector: connector.to_owned(), told: Mutex::default() }
    }

    /// Logs a denial of `target`, with the stable code that `kennel explain` knows and a text that
    /// says what would allow it.
    pub(crate) fn tell(&self, code: &'static str, target: &str, text: impl FnOnce() -> String) {
        if self.is_first(&format!("{code} {target}")) {
            tracing::warn!(code, connector = self.connector, "{}", text());
        }
    }

    fn is_first(&self, denial: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < MAX_TARGETS && told.insert(denial.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_targets_should_tell_each_once_and_not_endlessly_many() {
        let denials = Denials::new("c");
        assert!(denials.is_first("a") && denials.is_first("b"));
        assert!(!denials.is_first("a"));
        let told = (0..1000).filter(|number| denials.is_first(&number.to_string())).count();
        assert_eq!(told, MAX_TARGETS - 2);
    }
}
