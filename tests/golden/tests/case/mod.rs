//! A golden file, and the batches and answers that it describes.

use std::path::Path;
use std::sync::Arc;

use kennel_sandbox::capability::context::Columns;
use kennel_sandbox::{Batch, Format, Origin, Transformed, Verdict};
use serde::Deserialize;
use serde_json::Value;

/// Kind of a text header.
const TEXT: u8 = 2;

#[derive(Deserialize)]
pub(crate) struct Golden {
    origin: Place,
    first_offset: u64,
    first_timestamp: u64,
    first_origin_timestamp: u64,
    pub(crate) cases: Vec<Case>,
    pub(crate) invalid_configs: Vec<InvalidConfig>,
}

#[derive(Deserialize)]
struct Place {
    stream: String,
    topic: String,
    partition: u32,
    epoch: u64,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) config: Value,
    messages: Vec<Message>,
    pub(crate) expect: Vec<Answer>,
}

#[derive(Deserialize)]
pub(crate) struct InvalidConfig {
    pub(crate) name: String,
    pub(crate) config: Value,
}

#[derive(Deserialize)]
struct Message {
    payload: Option<String>,
    payload_hex: Option<String>,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Deserialize)]
struct Header {
    key: String,
    value: String,
}

/// What becomes of one message.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    Payload(String),
    Failed(String),
    /// Neither an output nor a failure names it; no case expects that.
    #[serde(skip)]
    Unmentioned,
}

/// One moment after the other, as the file says.
struct Times {
    timestamp: u64,
    origin_timestamp: u64,
    count: u64,
}

impl Columns for Times {
    fn column(&self, name: &str) -> Option<Vec<u64>> {
        let first = match name {
            "timestamp" => self.timestamp,
            "origin-timestamp" => self.origin_timestamp,
            _ => return None,
        };
        Some((first..first + self.count).collect())
    }
}

impl Golden {
    pub(crate) fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    pub(crate) fn batch(&self, case: &Case) -> (Batch, Arc<dyn Columns>) {
        let (mut data, mut spans) = (Vec::new(), Vec::new());
        for message in &case.messages {
            for part in [message.payload(), message.headers()] {
                spans.push(data.len() as u32);
                data.extend(part);
                spans.push(data.len() as u32);
            }
        }
        let count = case.messages.len() as u64;
        let end = self.first_offset + count;
        let batch = Batch {
            origin: Origin {
                stream: self.origin.stream.as_str().into(),
                topic: self.origin.topic.as_str().into(),
                partition: self.origin.partition,
                epoch: self.origin.epoch,
            },
            begin: self.first_offset,
            end,
            attempt: 0,
            isolate: false,
            format: Format::Json,
            data: data.into(),
            spans: Arc::new(spans),
            offsets: Arc::new((self.first_offset..end).collect()),
            ordinals: Arc::default(),
        };
        let times = Times {
            timestamp: self.first_timestamp,
            origin_timestamp: self.first_origin_timestamp,
            count,
        };
        (batch, Arc::new(times))
    }
}

impl Message {
    fn payload(&self) -> Vec<u8> {
        match (&self.payload, &self.payload_hex) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(digits)) => hex::decode(digits).unwrap(),
            _ => panic!("a message has either payload or payload_hex"),
        }
    }

    fn headers(&self) -> Vec<u8> {
        let mut encoded = Vec::new();
        for text in self.headers.iter().flat_map(|header| [&header.key, &header.value]) {
            encoded.push(TEXT);
            encoded.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
            encoded.extend(text.as_bytes());
        }
        encoded
    }
}

impl Answer {
    /// What became of each message of `batch`. Checks on the way that headers were left alone.
    pub(crate) fn of_each(batch: &Batch, made: &Transformed) -> Vec<Self> {
        let mut answers: Vec<_> = (0..batch.len()).map(|_| Self::Unmentioned).collect();
        for output in 0..made.len() {
            let &[input] = made.inputs(output) else { panic!("one output, one input") };
            assert!(!made.has_headers(output), "headers are kept, not copied");
            let span = &made.messages().spans[output * 4..];
            let payload = if made.has_payload(output) {
                made.messages().data.slice(span[0] as usize..span[1] as usize)
            } else {
                batch.payload(input as usize)
            };
            let text = String::from_utf8(payload.to_vec()).unwrap();
            answers[input as usize] = Self::Payload(text);
        }
        for failure in &made.failed {
            assert_eq!(failure.verdict, Verdict::Reject, "{}", failure.detail);
            answers[failure.index as usize] = Self::Failed(failure.code.clone());
        }
        answers
    }
}
