//! Looks around as it is told to, and says what it found: environment, clocks and secrets, seen from inside.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kennel_sdk::prelude::*;
use kennel_sdk::secrets::{Digest, Secret};

/// What to do in each `consume`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    action: Action,
    /// Name of a secret.
    #[serde(default)]
    secret: String,
    /// Iterations of SCRAM.
    #[serde(default)]
    iterations: u32,
    /// Where to send.
    #[serde(default)]
    url: String,
}

/// What to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Action {
    /// Environment variables and arguments.
    Environment,
    /// How far both clocks move within 250 milliseconds of asking, and in which steps.
    Clocks,
    /// A handle.
    Open,
    /// What the operator granted to reveal.
    Reveal,
    /// A login.
    Scram,
    /// A signature.
    Hmac,
    /// The placeholder in a header.
    SendHeader,
    /// The placeholder as a password.
    SendBasic,
    /// The placeholder in the URL.
    SendUrl,
    /// The placeholder in the body and in a header's name.
    SendBody,
    /// All that can be had of a secret to the log, the metrics, the state and a dead letter.
    Spill,
    /// The same into a panic.
    Panic,
}

struct Probe(Config);

#[kennel_sdk::sink(
    name = "probe",
    summary = "looks around as it is told to",
    metrics = ["probed_total"]
)]
impl Sink for Probe {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self(config))
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        let found = self.look()?;
        match self.0.action {
            Action::Spill => {
                log::error!("spilt: {found}"; spilt = found);
                eprintln!("spilt: {found}");
                metrics::add("probed_total", 1);
                state::put("spilt", found.clone())?;
                let mut receipt = Receipt::delivered(batch);
                for message in batch.iter() {
                    receipt.reject(&message, "spilt", found.clone());
                }
                Ok(receipt)
            }
            #[allow(clippy::panic, reason = "that is what it is told to do")]
            Action::Panic => panic!("spilt: {found}"),
            _ => Err(Error::unavailable(found)),
        }
    }
}

impl Probe {
    fn look(&self) -> Result<String, Error> {
        let config = &self.0;
        let secret = || Secret::open(&config.secret);
        Ok(match config.action {
            Action::Environment => {
                let variables: BTreeMap<String, String> = std::env::vars().collect();
                let arguments: Vec<String> = std::env::args().collect();
                serde_json::json!({ "variables": variables, "arguments": arguments }).to_string()
            }
            Action::Clocks => clocks(),
            Action::Open => secret().map(|_| "opened".to_owned())?,
            Action::Reveal => String::from_utf8_lossy(&secret()?.reveal()?).into_owned(),
            Action::Scram => {
                let answer =
                    secret()?.scram(Digest::Sha256, b"salt", config.iterations, b"message")?;
                format!("{:?}", answer.client_proof)
            }
            Action::Hmac => format!("{:?}", secret()?.hmac(Digest::Sha256, b"AWS4", b"data")?),
            Action::SendHeader => {
                let header = format!("Bearer {}", secret()?.placeholder()?);
                sent(self.request().header("authorization", header))
            }
            Action::SendBasic => {
                let pair = format!("user:{}", secret()?.placeholder()?);
                let header = format!("Basic {}", STANDARD.encode(pair));
                sent(self.request().header("authorization", header))
            }
            Action::SendUrl => {
                let url = format!("{}?key={}", config.url, secret()?.placeholder()?);
                sent(http::Request::get(url))
            }
            Action::SendBody => {
                let placeholder = secret()?.placeholder()?;
                let request = http::Request::post(config.url.as_str());
                sent(request.header(format!("x-{placeholder}"), "x").body(placeholder))
            }
            Action::Spill | Action::Panic => {
                let secret = secret()?;
                let digest = secret.hmac(Digest::Sha512, b"", b"data")?;
                let proof = secret.scram(Digest::Sha512, b"salt", 4096, b"message")?;
                let refused = secret.reveal().err();
                let placeholder = secret.placeholder()?;
                format!("{placeholder} {digest:?} {proof:?} {refused:?} {secret:?}")
            }
        })
    }

    fn request(&self) -> http::Request {
        http::Request::get(self.0.url.as_str())
    }
}

fn sent(request: http::Request) -> String {
    match request.send() {
        Ok(response) => format!("status {}", response.status),
        Err(error) => error.to_string(),
    }
}

/// Distinct readings of both clocks in milliseconds, until the monotonic one has moved on or was asked very often.
fn clocks() -> String {
    let begun = Instant::now();
    let (mut walls, mut monotonic) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..3_000_000 {
        let wall = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let passed = begun.elapsed();
        walls.insert(wall.as_millis() as u64);
        monotonic.insert(passed.as_micros() as u64);
        if passed >= Duration::from_millis(250) {
            break;
        }
    }
    let steps = |readings: &BTreeSet<u64>| {
        let moves = readings.iter().zip(readings.iter().skip(1)).map(|(one, next)| next - one);
        moves.min().unwrap_or(0)
    };
    serde_json::json!({
        "wall_ms": walls.first(), "wall_readings": walls.len(), "wall_step_ms": steps(&walls),
        "monotonic_readings": monotonic.len(), "monotonic_step_us": steps(&monotonic),
    })
    .to_string()
}
