//! Counts the messages of each partition in its state: what it counted shows whether state and
//! deliveries agree after a crash.

#![forbid(unsafe_code)]

use kennel_sdk::prelude::*;

/// What becomes of the messages that are counted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// Every so manyth message is counted and filtered.
    drop_every: Option<u64>,
    /// Panic at a message with this number.
    panic_at: Option<u64>,
}

#[derive(Deserialize)]
struct Numbered {
    sequence: u64,
}

struct Counting(Config);

#[kennel_sdk::transform(
    name = "counting",
    summary = "counts the messages of each partition",
    asks(state = "count", reason = "the number of messages so far")
)]
impl Transform for Counting {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self(config))
    }

    fn apply(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Error> {
        let failed = |error: &dyn std::fmt::Display| Error::broken(error.to_string());
        let saved = state::get("count").map_err(|error| failed(&error))?;
        let saved = saved.and_then(|bytes| String::from_utf8(bytes).ok());
        let mut count: u64 = saved.and_then(|text| text.parse().ok()).unwrap_or(0);
        for message in batch {
            let Ok(Numbered { sequence }) = message.json() else {
                output.fail(&message, Verdict::Reject, "not_numbered", "no sequence");
                continue;
            };
            assert!(self.0.panic_at != Some(sequence), "told to panic at {sequence}");
            count += 1;
            if self.0.drop_every.is_none_or(|every| !u64::is_multiple_of(count, every)) {
                let counted = format!("{{\"sequence\":{sequence},\"count\":{count}}}");
                output.payload(&message, counted.as_bytes());
            }
        }
        state::put("count", count.to_string()).map_err(|error| failed(&error))
    }
}
