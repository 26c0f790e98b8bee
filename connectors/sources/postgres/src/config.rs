//! What the operator writes under `[config]`.

use kennel_postgres::{ConnectionConfig, TableName};
use kennel_sdk::prelude::*;

/// Configuration of the PostgreSQL source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How to reach the server.
    pub connection: ConnectionConfig,
    /// How to read.
    pub mode: Mode,
    /// The table (`increasing`, `delete`, `mark`).
    #[serde(default)]
    pub table: Option<TableName>,
    /// Columns to read, instead of all (`increasing`, `delete`, `mark`).
    #[serde(default)]
    pub columns: Vec<String>,
    /// Columns that tell rows apart, instead of the primary key (`increasing`, `delete`, `mark`; `query` has no key without).
    #[serde(default)]
    pub key: Vec<String>,
    /// Condition in SQL that rows have to meet (`increasing`, `delete`, `mark`): `status = 'paid'`.
    #[serde(default)]
    pub filter: Option<String>,
    /// The column whose values only grow (`increasing`, `query`).
    #[serde(default)]
    pub column: Option<String>,
    /// Where to begin at the very first start: behind this value of `column`, in PostgreSQL's text form (`increasing`; `query`
    /// needs it).
    #[serde(default)]
    pub start_after: Option<String>,
    /// Rows younger than this are left for later, in milliseconds: for transactions that commit late. Only where `column` is
    /// a `timestamptz` of the server's clock (`increasing`).
    #[serde(default)]
    pub settle_ms: u64,
    /// A SELECT with `$1`, the last value of `column` (`query`).
    #[serde(default)]
    pub query: Option<String>,
    /// Assignments in SQL that mark a row as read (`mark`): `processed_at = now()`.
    #[serde(default)]
    pub set: Option<String>,
    /// Logical replication (`cdc`).
    #[serde(default)]
    pub cdc: Option<CdcConfig>,
}

/// How to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Rows of a table by a column whose values only grow.
    Increasing,
    /// Rows of a query of your own.
    Query,
    /// Rows of a table, which are deleted once they are in Iggy.
    Delete,
    /// Rows of a table, which are marked once they are in Iggy.
    Mark,
    /// Every change, from the server's log.
    Cdc,
}

/// Logical replication.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CdcConfig {
    /// Name of the publication: which tables, and which of their changes.
    pub publication: String,
    /// Name of the replication slot, which belongs to this connector alone.
    pub slot: String,
    /// Tables that a missing publication is created with. Empty: the publication has to exist.
    #[serde(default)]
    pub tables: Vec<TableName>,
    /// Create the slot at the very first start. If false it has to exist, and `snapshot` has to be false.
    #[serde(default = "yes")]
    pub create_slot: bool,
    /// Begin with the rows that are there, then go on with the changes made since. If false: changes only.
    #[serde(default = "yes")]
    pub snapshot: bool,
}

/// Longest name of a slot: PostgreSQL's 63, with room for the number that the name of its forerunner ends with.
const LONGEST_SLOT: usize = 52;

fn yes() -> bool {
    true
}

impl Config {
    /// What JSON Schema cannot say.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.connection.problems("/connection");
        self.require(&mut problems);
        let mode = self.mode;
        let tabled = matches!(mode, Mode::Increasing | Mode::Delete | Mode::Mark);
        let column = matches!(mode, Mode::Increasing | Mode::Query);
        // A key that does nothing would be believed to do something.
        for (key, set, used) in [
            ("table", self.table.is_some(), tabled),
            ("columns", !self.columns.is_empty(), tabled),
            ("key", !self.key.is_empty(), tabled || mode == Mode::Query),
            ("filter", self.filter.is_some(), tabled),
            ("column", self.column.is_some(), column),
            ("start_after", self.start_after.is_some(), column),
            ("settle_ms", self.settle_ms != 0, mode == Mode::Increasing),
            ("query", self.query.is_some(), mode == Mode::Query),
            ("set", self.set.is_some(), mode == Mode::Mark),
            ("cdc", self.cdc.is_some(), mode == Mode::Cdc),
        ] {
            if set && !used {
                problems.push(Problem::new(format!("/{key}"), "means nothing in this mode"));
            }
        }
        if let Some(cdc) = &self.cdc {
            cdc.problems(&mut problems);
        }
        problems
    }

    fn require(&self, problems: &mut Vec<Problem>) {
        let needed: &[(&str, bool)] = match self.mode {
            Mode::Increasing => {
                &[("table", self.table.is_some()), ("column", self.column.is_some())]
            }
            Mode::Query => &[
                ("query", self.query.is_some()),
                ("column", self.column.is_some()),
                ("start_after", self.start_after.is_some()),
            ],
            Mode::Delete => &[("table", self.table.is_some())],
            Mode::Mark => &[
                ("table", self.table.is_some()),
                ("set", self.set.is_some()),
                ("filter", self.filter.is_some()),
            ],
            Mode::Cdc => &[("cdc", self.cdc.is_some())],
        };
        for (key, _) in needed.iter().filter(|(_, present)| !present) {
            problems.push(Problem::new(format!("/{key}"), "needed in this mode"));
        }
    }
}

impl CdcConfig {
    fn problems(&self, problems: &mut Vec<Problem>) {
        if self.publication.is_empty() || self.publication.contains('\0') {
            problems.push(Problem::new("/cdc/publication", "must not be empty"));
        }
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=LONGEST_SLOT).contains(&self.slot.len()) || !self.slot.bytes().all(letters) {
            let detail = format!("1 to {LONGEST_SLOT} of the characters a-z, 0-9 and _");
            problems.push(Problem::new("/cdc/slot", detail));
        }
        if self.snapshot && !self.create_slot {
            let detail = "rows and changes only fit each other at the moment a slot is made: \
                          allow `create_slot`, or do without";
            problems.push(Problem::new("/cdc/snapshot", detail));
        }
    }
}
