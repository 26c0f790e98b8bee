//! Writes the number of every message into a file, and breaks the delivery contract in each mode but two.

#![forbid(unsafe_code)]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use kennel_sdk::prelude::*;

/// The file, in the configured folder.
const FILE: &str = "seen.txt";
/// Of every instance, this message is the one that is treated otherwise.
const CHOSEN: u64 = 7;

/// How to lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// Not at all: what is acknowledged is written.
    #[default]
    Honest,
    /// Not at all: what is held is written by `flush`.
    HonestHolding,
    /// Say that it is durable, and write it with the next call.
    AcknowledgesEarly,
    /// Leave a message out.
    DropsOne,
    /// Write a message twice.
    DoublesOne,
    /// Write a batch from its end to its beginning.
    Reorders,
    /// Hold, and answer `flush` without writing.
    ForgetsHeld,
    /// Panic at what is no JSON, and take its neighbours along.
    PanicsAtNonsense,
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

/// What every payload holds.
#[derive(Deserialize)]
struct Numbered {
    id: u64,
}

struct Lying {
    config: Config,
    /// Numbers that are not written yet, and where they came from.
    waiting: Vec<(Origin, u64)>,
    positions: Vec<Position>,
    taken: u64,
}

#[kennel_sdk::sink(
    name = "lying",
    summary = "lies about what it delivered",
    accepts = ["json"],
    asks(files = "config:/folder", reason = "the numbers are written here")
)]
impl Sink for Lying {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self { config, waiting: Vec::new(), positions: Vec::new(), taken: 0 })
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        if self.config.mode == Mode::AcknowledgesEarly {
            self.write()?;
        }
        let holds = matches!(self.config.mode, Mode::HonestHolding | Mode::ForgetsHeld);
        let mut receipt = Receipt::partial(batch.len(), holds);
        let mut numbers = Vec::with_capacity(batch.len());
        for message in batch.iter() {
            match serde_json::from_slice::<Numbered>(message.payload()) {
                Ok(numbered) => self.take(numbered.id, &mut numbers),
                Err(error) if self.config.mode == Mode::PanicsAtNonsense => {
                    self.panic(&error.to_string());
                }
                Err(error) => receipt.reject(&message, "not_numbered", error),
            }
        }
        if self.config.mode == Mode::Reorders {
            numbers.reverse();
        }
        let numbers = numbers.into_iter().map(|number| (batch.origin().clone(), number));
        self.waiting.extend(numbers);
        if holds {
            self.positions.retain(|position| position.origin != *batch.origin());
            self.positions.push(Position { origin: batch.origin().clone(), next: batch.end() });
        } else if self.config.mode != Mode::AcknowledgesEarly {
            self.write()?;
        }
        Ok(receipt)
    }

    fn flush(&mut self) -> Result<Vec<Position>, Error> {
        if self.config.mode == Mode::ForgetsHeld {
            self.waiting.clear();
        }
        self.write()?;
        Ok(std::mem::take(&mut self.positions))
    }

    fn revoke(&mut self, origin: &Origin, lost: bool) -> Result<(), Error> {
        self.positions.retain(|position| position.origin != *origin);
        if lost {
            self.waiting.retain(|(held, _)| held != origin);
        }
        Ok(())
    }
}

impl Lying {
    fn take(&mut self, number: u64, numbers: &mut Vec<u64>) {
        self.taken += 1;
        match self.config.mode {
            Mode::DropsOne if self.taken == CHOSEN => {}
            Mode::DoublesOne if self.taken == CHOSEN => numbers.extend([number, number]),
            _ => numbers.push(number),
        }
    }

    fn write(&mut self) -> Result<(), Error> {
        let lines = self.waiting.drain(..).map(|(_, number)| format!("{number}\n"));
        let lines: String = lines.collect();
        let path = self.config.folder.join(FILE);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.and_then(|mut file| file.write_all(lines.as_bytes())).map_err(|error| {
            Error::unavailable(format!("cannot write {}: {error}", path.display()))
        })
    }

    #[expect(clippy::panic, reason = "this is what it is told to do")]
    fn panic(&self, detail: &str) {
        panic!("told to panic at nonsense: {detail}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kennel_sdk::testing::{self, BatchBuilder};
    use serde_json::json;

    /// What `mode` writes of ten messages before and after a flush.
    fn written(mode: &str) -> (String, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let config = json!({ "folder": folder.path(), "mode": mode });
        let mut sink: Lying = testing::open_sink(config).expect("opens");
        let messages = (0..10).map(|id| format!("{{\"id\":{id}}}"));
        let batch = BatchBuilder::text(messages).build();
        let _ = sink.consume(&batch).expect("works");
        let read = || std::fs::read_to_string(folder.path().join(FILE)).unwrap_or_default();
        let before = read();
        sink.flush().expect("works");
        (before, read())
    }

    #[test]
    fn given_each_mode_should_lie_as_told() {
        let honest = (0..10).map(|id| format!("{id}\n")).collect::<String>();
        let numbers = |text: &str| text.lines().count();
        assert_eq!(written("honest"), (honest.clone(), honest.clone()));
        assert_eq!(written("honest-holding"), (String::new(), honest.clone()));
        assert_eq!(written("acknowledges-early").0, "");
        assert_eq!(numbers(&written("drops-one").1), 9);
        assert_eq!(numbers(&written("doubles-one").1), 11);
        assert!(written("reorders").1.starts_with("9\n8\n"));
        assert_eq!(written("forgets-held").1, "");
    }
}
