//! A source: counts from 1 to a limit.
//!
//! Replace `poll` by reading from your system.

#![forbid(unsafe_code)]

use kennel_sdk::prelude::*;

/// Configuration: the `[config]` table of the connector's file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The last number.
    last: u64,
}

/// Where to go on. It is saved with the messages that it follows, so that a restart loses and repeats nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cursor {
    next: u64,
}

/// The source, connected.
#[derive(Debug)]
pub struct Connector {
    last: u64,
    next: u64,
}

#[kennel_sdk::source(name = "{{name}}", summary = "counts", produces = ["json"])]
impl Source for Connector {
    type Config = Config;
    type Cursor = Cursor;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self { last: config.last, next: 1 })
    }

    fn start(&mut self, cursor: Option<Cursor>) -> Result<(), Error> {
        self.next = cursor.map_or(1, |cursor| cursor.next);
        Ok(())
    }

    fn poll(&mut self, limit: &Limit, records: &mut Records) -> Result<Polled<Cursor>, Error> {
        while self.next <= self.last && !records.is_full(limit) {
            records.push(format!("{{\"number\":{}}}", self.next).as_bytes());
            self.next += 1;
        }
        let cursor = Cursor { next: self.next };
        if self.next > self.last {
            return Ok(Polled::finished(cursor));
        }
        Ok(Polled::more(cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kennel_sdk::testing;
    use serde_json::json;

    #[test]
    fn given_a_saved_cursor_should_go_on_behind_it() {
        let mut source: Connector = testing::open_source(json!({ "last": 5 })).expect("opens");
        source.start(None).expect("starts");
        let reading = testing::poll(&mut source, 3).expect("polls");
        assert_eq!(reading.texts(), [r#"{"number":1}"#, r#"{"number":2}"#, r#"{"number":3}"#]);
        assert_eq!(reading.progress, Progress::More);

        let mut restarted: Connector = testing::open_source(json!({ "last": 5 })).expect("opens");
        restarted.start(Some(reading.cursor)).expect("starts");
        let reading = testing::poll(&mut restarted, 3).expect("polls");
        assert_eq!(reading.texts(), [r#"{"number":4}"#, r#"{"number":5}"#]);
        assert_eq!(reading.progress, Progress::Finished);
    }
}
