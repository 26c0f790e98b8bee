//! Takes everything and does nothing with it: what crossing into a component costs by itself.

#![forbid(unsafe_code)]

use kennel_sdk::prelude::*;

struct Noop;

#[kennel_sdk::sink(name = "noop", summary = "takes everything, keeps nothing")]
impl Sink for Noop {
    type Config = NoConfig;

    fn open(_config: NoConfig) -> Result<Self, Error> {
        Ok(Self)
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        Ok(Receipt::delivered(batch))
    }
}
