//! What the operator writes under `[config]`.

use std::collections::BTreeMap;

use kennel_sdk::http::Url;
use kennel_sdk::prelude::*;

/// Configuration of the HTTP sink.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where requests go: absolute, `http` or `https`. It has to be granted under `[grants] http`.
    pub url: String,
    /// How messages become request bodies.
    #[serde(default)]
    pub mode: Mode,
    /// The request method.
    #[serde(default)]
    pub method: Method,
    /// Headers of every request. `${secret:name}` in a value stands for one of `[grants] secrets`, which the host puts there when
    /// it sends the request: `"Bearer ${secret:token}"`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The header `content-type`. Not set: what the mode and the messages' format say.
    #[serde(default)]
    pub content_type: Option<String>,
    /// Status codes that mean success. Empty: 200 to 299.
    #[serde(default)]
    pub success: Vec<u16>,
    /// Longest wait in milliseconds, once for the connection and once for the answer.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// Most messages in one request (`ndjson`, `array`).
    #[serde(default = "default_max_messages")]
    pub max_messages: u32,
    /// Most bytes in one request (`ndjson`, `array`). A longer message goes alone.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: u64,
    /// Requests at a time (`single`), 1 to 64. More than 1 gives up the order among them.
    #[serde(default = "default_concurrency")]
    pub concurrency: u32,
    /// Tell the endpoint where messages come from, in headers that begin with `x-kennel-`.
    #[serde(default)]
    pub metadata: bool,
}

/// How messages become request bodies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Many messages, one a line.
    #[default]
    Ndjson,
    /// Many messages in a JSON array.
    Array,
    /// One message, its payload as it is.
    Single,
}

/// The request method.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Method {
    #[default]
    Post,
    Put,
    Patch,
}

impl Method {
    /// As in the request line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

impl Config {
    /// The value of `content-type` for messages of `format`.
    pub(crate) fn content_type(&self, format: &Format) -> &str {
        if let Some(content_type) = &self.content_type {
            return content_type;
        }
        match (self.mode, format) {
            (Mode::Ndjson, _) => "application/x-ndjson",
            (Mode::Array, _) | (Mode::Single, Format::Json) => "application/json",
            (Mode::Single, Format::Text) => "text/plain; charset=utf-8",
            (Mode::Single, _) => "application/octet-stream",
        }
    }

    /// What JSON Schema cannot say.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Err(error) = Url::parse(&self.url) {
            problems.push(Problem::new("/url", error));
        }
        for (name, value) in &self.headers {
            let path = format!("/headers/{}", name.replace('~', "~0").replace('/', "~1"));
            if let Some(detail) = header_problem(name, value) {
                problems.push(Problem::new(path, detail));
            }
        }
        if self.content_type.as_deref().is_some_and(|value| !is_header_value(value)) {
            problems.push(Problem::new("/content_type", WRONG_VALUE));
        }
        if self.success.iter().any(|status| !(200..500).contains(status)) {
            problems.push(Problem::new("/success", "success codes are between 200 and 499"));
        }
        for (path, zero) in [
            ("/timeout_ms", self.timeout_ms == 0),
            ("/max_messages", self.max_messages == 0),
            ("/max_bytes", self.max_bytes == 0),
        ] {
            if zero {
                problems.push(Problem::new(path, "must be 1 or more"));
            }
        }
        if !(1..=64).contains(&self.concurrency) {
            problems.push(Problem::new("/concurrency", "must be between 1 and 64"));
        }
        problems
    }
}

const WRONG_VALUE: &str = "a header value is printable ASCII without line breaks";

/// Headers that the host or another key of the configuration sets.
const RESERVED: [(&str, &str); 7] = [
    ("connection", "the host decides about connections"),
    ("content-length", "it is counted, not configured"),
    ("content-type", "use the key `content_type`"),
    ("host", "it follows from `url`"),
    ("proxy-connection", "the host decides about connections"),
    ("transfer-encoding", "the host decides how bodies are sent"),
    ("upgrade", "the host decides about connections"),
];

fn header_problem(name: &str, value: &str) -> Option<&'static str> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Some("a header name is letters, digits and `-`");
    }
    if let Some((_, reason)) =
        RESERVED.iter().find(|(reserved, _)| name.eq_ignore_ascii_case(reserved))
    {
        return Some(reason);
    }
    if value.split("${secret:").skip(1).any(|rest| !rest.contains('}')) {
        return Some("`${secret:` needs a name and a closing brace");
    }
    (!is_header_value(value)).then_some(WRONG_VALUE)
}

fn is_header_value(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte))
}

fn default_timeout_ms() -> u64 {
    10_000
}
fn default_max_messages() -> u32 {
    1_000
}
fn default_max_bytes() -> u64 {
    1024 * 1024
}
fn default_concurrency() -> u32 {
    1
}
