//! The limits of all instances that may run at the same time, against what the host may use.

use crate::connector::{ConnectorConfig, Direction};
use crate::error::{ConfigError, Problem};
use crate::host::HostConfig;
use crate::reader::Errors;
use crate::size::ByteSize;
use crate::source_file::Origin;

/// Refuses connectors that may use more than `runtime.memory_budget` together; `place` is where that is
/// written.
pub(crate) fn check(
    host: &HostConfig,
    place: &Origin,
    connectors: &[(ConnectorConfig, Origin)],
    errors: &Errors,
) {
    let Some(budget) = host.runtime.memory_budget else { return };
    let enabled = connectors.iter().map(|(connector, _)| connector).filter(|it| it.enabled);
    let mut shares: Vec<_> = enabled.map(Share::of).collect();
    let needed = shares.iter().fold(0_u64, |sum, share| sum.saturating_add(share.bytes()));
    if needed <= budget.as_u64() {
        return;
    }
    shares.sort_by_key(|share| std::cmp::Reverse(share.bytes()));
    let shares: Vec<_> = shares.iter().map(Share::in_words).collect();
    let detail = format!(
        "the memory limits of all instances add up to {}, more than `memory_budget = \"{budget}\"`: {}",
        ByteSize::bytes(needed),
        shares.join("; "),
    );
    let help = "raise the budget, or lower `memory` in [limits] or `parallelism`";
    errors.push(ConfigError::new(Problem::Conflict { detail }).at(place).help(help));
}

/// What one connector may use.
struct Share<'a> {
    connector: &'a ConnectorConfig,
    lanes: u64,
    /// Of one lane: its connector's instance and one of each transform.
    memory: u64,
}

impl<'a> Share<'a> {
    fn of(connector: &'a ConnectorConfig) -> Self {
        let transforms = connector.transforms.iter().map(|transform| transform.limits.memory);
        let memory = transforms.fold(connector.limits.memory.as_u64(), |sum, memory| {
            sum.saturating_add(memory.as_u64())
        });
        Self { connector, lanes: lanes(&connector.direction), memory }
    }

    fn bytes(&self) -> u64 {
        self.lanes.saturating_mul(self.memory)
    }

    fn in_words(&self) -> String {
        let transforms = self.connector.transforms.len();
        format!(
            "`{}` {} ({} lane{} of {}{})",
            self.connector.key,
            ByteSize::bytes(self.bytes()),
            self.lanes,
            if self.lanes == 1 { "" } else { "s" },
            ByteSize::bytes(self.memory),
            match transforms {
                0 => String::new(),
                1 => " with its transform".to_owned(),
                _ => format!(" with its {transforms} transforms"),
            },
        )
    }
}

/// How many instances of a connector may run at the same time.
fn lanes(direction: &Direction) -> u64 {
    match direction {
        Direction::Sink(streams) => streams
            .iter()
            .map(|stream| stream.topics.len() as u64 * u64::from(stream.parallelism))
            .sum(),
        Direction::Source(_) => 1,
    }
}
