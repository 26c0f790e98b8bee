//! Sends a batch, request by request, until it is done or something other than a message stops it.

use std::ops::Range;
use std::time::Duration;

use kennel_sdk::http::{Request, send_all};
use kennel_sdk::prelude::*;

use crate::answer::{Outcome, Refusal};
use crate::config::{Config, Mode};
use crate::encode::Pieces;
use crate::origin_headers;
use crate::suspect::Suspect;

/// How far a batch came.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    /// Messages `0..handled` are delivered or refused.
    pub(crate) handled: usize,
    /// Refused messages by index, ascending.
    pub(crate) refused: Vec<(usize, Refusal)>,
    /// What stopped it before the end.
    pub(crate) stopped: Option<Error>,
    /// Requests sent.
    pub(crate) requests: u64,
}

/// Sends all of `batch`. `suspect` is what earlier calls have learnt.
pub(crate) fn deliver(config: &Config, batch: &Batch, suspect: &mut Option<Suspect>) -> Delivery {
    let mut delivery = match config.mode {
        Mode::Single => deliver_singly(config, batch),
        Mode::Ndjson | Mode::Array => deliver_together(config, batch, suspect),
    };
    let handled = delivery.handled;
    delivery.refused.retain(|(index, _)| *index < handled);
    delivery.refused.sort_by_key(|(index, _)| *index);
    delivery
}

/// Many messages a request. Where the endpoint refuses many, halves are sent by themselves until the guilty message is
/// alone: n messages with one bad among them cost about 2 log n requests more, and only the bad one is refused.
fn deliver_together(config: &Config, batch: &Batch, suspect: &mut Option<Suspect>) -> Delivery {
    let mut pieces = Pieces::encode(batch, config.mode);
    let mut delivery = Delivery::default();
    let mut left = pieces.requests(config.max_messages, config.max_bytes);
    if let Some(suspect) = suspect {
        left = suspect.cut(batch, left);
    }
    left.reverse();
    while let Some(messages) = left.pop() {
        if pieces.sendable(&messages) == 0 {
            delivery.handled = messages.end;
            continue;
        }
        let body = pieces.body(&messages);
        let request = request(config, batch, &messages).body(body);
        delivery.requests += 1;
        match Outcome::of(request.send(), config) {
            Outcome::Accepted => delivery.handled = messages.end,
            Outcome::Refused(refusal) if pieces.sendable(&messages) == 1 => {
                let guilty = messages
                    .clone()
                    .find(|index| pieces.refused.iter().all(|(refused, _)| refused != index));
                delivery.refused.extend(guilty.map(|index| (index, refusal)));
                delivery.handled = messages.end;
            }
            Outcome::Refused(_) => {
                *suspect = Suspect::new(batch, &messages);
                let middle = messages.start + messages.len() / 2;
                left.push(middle..messages.end);
                left.push(messages.start..middle);
            }
            Outcome::Stopped(error) => {
                delivery.stopped = Some(error);
                break;
            }
        }
    }
    delivery.refused.append(&mut pieces.refused);
    delivery
}

/// One message a request, up to `concurrency` at a time. The next ones are sent only when all of these are settled, so
/// that with a concurrency of 1 no message overtakes another.
fn deliver_singly(config: &Config, batch: &Batch) -> Delivery {
    let window = config.concurrency.max(1) as usize;
    let mut delivery = Delivery::default();
    while delivery.handled < batch.len() && delivery.stopped.is_none() {
        let first = delivery.handled;
        let end = batch.len().min(first + window);
        let requests: Vec<Request> = (first..end)
            .filter_map(|index| batch.get(index).map(|message| (index, message.payload())))
            .map(|(index, payload)| request(config, batch, &(index..index + 1)).body(payload))
            .collect();
        delivery.requests += requests.len() as u64;
        for (index, answer) in (first..end).zip(send_all(requests, window)) {
            match Outcome::of(answer, config) {
                Outcome::Accepted => {}
                Outcome::Refused(refusal) => delivery.refused.push((index, refusal)),
                Outcome::Stopped(error) => {
                    // Those after it that did get through will be sent again.
                    delivery.stopped = Some(error);
                    break;
                }
            }
            delivery.handled = index + 1;
        }
    }
    delivery
}

/// A request without body for `messages`.
fn request(config: &Config, batch: &Batch, messages: &Range<usize>) -> Request {
    let mut request = Request::new(config.method.as_str(), config.url.as_str())
        .timeout(Duration::from_millis(config.timeout_ms))
        .header("content-type", config.content_type(batch.format()));
    for (name, value) in &config.headers {
        request = request.header(name, value);
    }
    if config.metadata {
        request = origin_headers::add(request, batch, messages);
    }
    request
}

#[cfg(test)]
#[path = "deliver_tests.rs"]
mod tests;
