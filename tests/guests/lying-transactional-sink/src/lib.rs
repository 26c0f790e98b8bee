//! Says that it is transactional: the position of a partition follows from its lines, which one write puts into one file. In
//! each mode but one it is not.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use kennel_sdk::prelude::*;

/// The file, in the configured folder. A line holds stream, topic, partition, epoch, offset and payload.
const FILE: &str = "rows.txt";

/// How to lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// Not at all.
    #[default]
    Honest,
    /// Answer no position to `assign`.
    ForgetsPosition,
    /// Write though another instance has written meanwhile.
    Unfenced,
    /// Answer `flush` with positions, and write nothing.
    PositionWithoutRows,
}

/// Where to write, and how to lie.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Folder as the component sees it.
    folder: PathBuf,
    #[serde(default)]
    mode: Mode,
}

/// What is held of a partition.
#[derive(Default)]
struct Held {
    /// Where the destination was when the partition was assigned or last flushed.
    position: Option<u64>,
    next: u64,
    lines: String,
}

struct Lying {
    config: Config,
    held: BTreeMap<Origin, Held>,
}

#[kennel_sdk::sink(
    name = "lying-transactional",
    summary = "lies about its transactions",
    accepts = ["json"],
    delivery = "transactional",
    asks(files = "config:/folder", reason = "the rows are written here")
)]
impl Sink for Lying {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self { config, held: BTreeMap::new() })
    }

    fn assign(&mut self, origin: &Origin, _saved: Option<u64>) -> Result<Option<u64>, Error> {
        let position = self.position(origin)?;
        self.held.insert(origin.clone(), Held { position, ..Held::default() });
        Ok(position.filter(|_| self.config.mode != Mode::ForgetsPosition))
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        let mut receipt = Receipt::held(batch);
        let held = self.held.entry(batch.origin().clone()).or_default();
        for message in batch.iter() {
            match std::str::from_utf8(message.payload()) {
                Ok(text) if text.starts_with('{') && !text.contains('\n') => {
                    // Writing into a string cannot fail.
                    let _written = writeln!(held.lines, "{} {text}", row(batch, &message));
                }
                _ => receipt.reject(&message, "not_a_row", "a row is one line of JSON"),
            }
        }
        held.next = batch.end();
        Ok(receipt)
    }

    fn flush(&mut self) -> Result<Vec<Position>, Error> {
        let mut positions = Vec::new();
        for (origin, mut held) in std::mem::take(&mut self.held) {
            let found = self.position(&origin)?;
            let is_ours = found == held.position || held.lines.is_empty();
            if !is_ours && !matches!(self.config.mode, Mode::Unfenced | Mode::ForgetsPosition) {
                return Err(Error::fenced(format!("the rows end at {found:?}")));
            }
            if self.config.mode != Mode::PositionWithoutRows {
                self.write(&held.lines)?;
            }
            held.lines.clear();
            held.position = self.position(&origin)?;
            if held.next > 0 {
                positions.push(Position { origin: origin.clone(), next: held.next });
            }
            self.held.insert(origin, held);
        }
        Ok(positions)
    }

    fn revoke(&mut self, origin: &Origin, _lost: bool) -> Result<(), Error> {
        self.held.remove(origin);
        Ok(())
    }
}

fn prefix(origin: &Origin) -> String {
    let Origin { stream, topic, partition, epoch } = origin;
    format!("{stream} {topic} {partition} {epoch}")
}

fn row(batch: &Batch, message: &Message<'_>) -> String {
    format!("{} {}", prefix(batch.origin()), message.offset())
}

impl Lying {
    /// One past the last offset that has a row.
    fn position(&self, origin: &Origin) -> Result<Option<u64>, Error> {
        let rows = match std::fs::read_to_string(self.config.folder.join(FILE)) {
            Ok(rows) => rows,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::unavailable(error)),
        };
        let prefix = format!("{} ", prefix(origin));
        let ours = rows.lines().filter_map(|line| line.strip_prefix(&prefix));
        let offsets = ours.filter_map(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        Ok(offsets.max().map(|offset| offset + 1))
    }

    fn write(&self, lines: &str) -> Result<(), Error> {
        let file = OpenOptions::new().create(true).append(true).open(self.config.folder.join(FILE));
        file.and_then(|mut file| file.write_all(lines.as_bytes()))
            .map_err(|error| Error::unavailable(format!("cannot write rows: {error}")))
    }
}
