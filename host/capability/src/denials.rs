//! Which denials are worth a line in the log.

use std::collections::BTreeSet;

/// Targets of one store after which denials are no longer logged.
const MAX_TARGETS: usize = 100;

/// Denied targets already logged, so that a retrying guest does not fill the log.
#[derive(Debug, Default)]
pub(crate) struct Denials {
    targets: BTreeSet<String>,
}

impl Denials {
    /// Whether `target` is denied for the first time.
    pub(crate) fn is_first(&mut self, target: &str) -> bool {
        self.targets.len() < MAX_TARGETS && self.targets.insert(target.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_targets_should_tell_each_once_and_not_endlessly_many() {
        let mut denials = Denials::default();
        assert!(denials.is_first("a") && denials.is_first("b"));
        assert!(!denials.is_first("a"));
        let told = (0..1000).filter(|number| denials.is_first(&number.to_string())).count();
        assert_eq!(told, MAX_TARGETS - 2);
    }
}
