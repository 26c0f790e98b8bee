//! Sends messages to an HTTP endpoint.
#![forbid(unsafe_code)]

mod answer;
mod config;
mod deliver;
mod encode;
mod origin_headers;
mod suspect;

use kennel_sdk::prelude::*;

pub use config::{Config, Method, Mode};
use suspect::Suspect;

const REQUESTS: &str = "requests_total";

/// The sink.
pub struct Http {
    config: Config,
    suspect: Option<Suspect>,
}

#[kennel_sdk::sink(
    name = "http",
    summary = "posts messages to an HTTP endpoint: as lines, as a JSON array, or one by one",
    delivery = "at-least-once",
    metrics = ["requests_total"],
    asks(http = "config:/url", reason = "messages are sent there")
)]
impl Sink for Http {
    type Config = Config;

    fn open(mut config: Config) -> Result<Self, Error> {
        if let Some(problem) = config.problems().first() {
            return Err(Error::invalid_config(problem));
        }
        for value in config.headers.values_mut() {
            *value = secrets::fill(value)?;
        }
        Ok(Self { config, suspect: None })
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        let delivery = deliver::deliver(&self.config, batch, &mut self.suspect);
        metrics::add(REQUESTS, delivery.requests);
        match delivery.stopped {
            // Nothing is done yet: say why, so that the host waits as long as it should.
            Some(error) if delivery.handled == 0 => return Err(error),
            // The rest comes again at once and meets the same obstacle then.
            Some(error) => {
                log::debug!("stopped within a batch: {error}"; handled = delivery.handled)
            }
            None => {}
        }
        let mut receipt = Receipt::partial(delivery.handled, false);
        for (index, refusal) in delivery.refused {
            if let Some(message) = batch.get(index) {
                receipt.reject(&message, &refusal.code, refusal.detail);
            }
        }
        Ok(receipt)
    }

    fn validate(config: &Config) -> Vec<Problem> {
        config.problems()
    }
}

#[cfg(test)]
mod tests;
