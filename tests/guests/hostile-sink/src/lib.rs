//! Attacks its host in the way that its configuration names: everything that an author can write in plain Rust. What the
//! bindings do not let an author do is forged from bytes by the suite that runs this component.
//!
//! An attack that tries to reach something says what came of it: see [`report`].

#![forbid(unsafe_code)]

mod computing;
mod files;
mod memory;
mod network;
mod report;

use kennel_sdk::prelude::*;

/// Which attack, and what it needs.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// What to do.
    attack: Attack,
    /// Do it instead of opening, not with the first messages.
    in_open: bool,
    /// `host:port` of the attack.
    address: String,
    /// More `host:port`, all to be tried.
    addresses: Vec<String>,
    /// URL of the attack.
    url: String,
    /// More URLs, all to be tried.
    urls: Vec<String>,
    /// Bytes, milliseconds or things, as the attack says.
    amount: u64,
    /// Name of a secret, or of another connector.
    name: String,
}

/// What to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Attack {
    /// Nothing: takes all messages.
    #[default]
    None,
    /// Compute for ever.
    Loop,
    /// Compute for `amount` milliseconds.
    Compute,
    /// Call itself until the stack ends.
    Recursion,
    /// Wait for ever.
    Sleep,
    /// Wait for `amount` milliseconds.
    Wait,
    /// Ask the host for a fact for ever.
    HostCalls,
    /// Wait for a clock to move, without a pause.
    AwaitClock,
    /// Log for ever.
    LogFlood,
    /// Log `amount` bytes.
    Log,
    /// Write to standard error for ever.
    StderrFlood,
    /// Touch new memory for ever.
    MemoryBomb,
    /// Touch `amount` bytes.
    Memory,
    /// Make handles of the host and keep them, for ever.
    ResourceBomb,
    /// Make `amount` handles and keep them.
    Resources,
    /// Ask for more random bytes than any machine has.
    RandomBomb,
    /// Add HTTP headers to one request that is never sent, for ever.
    HeaderBomb,
    /// Hand `amount` bytes to the host in one call.
    Transfer,
    /// Write state until it is refused.
    StateBomb,
    /// Write `amount` bytes of state.
    State,
    /// Write a value to the state that others look for.
    KeepState,
    /// Look for the state of connector `name`.
    OtherState,
    /// Reach files outside of the granted folder /data.
    PathEscape,
    /// Reach them through links that it makes itself.
    LinkEscape,
    /// Change what is granted for reading at /reading.
    WriteReadOnly,
    /// Read what is granted at /data.
    ReadGranted,
    /// Look for arguments, environment and standard input.
    Environment,
    /// Connect to all `addresses`.
    Connect,
    /// Have `amount` connections to `address`.
    Connections,
    /// Accept connections and datagrams.
    Listen,
    /// Read from `address` until it ends.
    ReadSocket,
    /// Send to `address` for ever.
    SendFlood,
    /// Send `amount` bytes to `address`.
    Send,
    /// Get all `urls`.
    Get,
    /// Get `url`, keeping all of the answer.
    GetAll,
    /// Get `url` and follow where it leads.
    FollowRedirect,
    /// Send headers to `url` that are not a component's to send.
    InjectHeaders,
    /// Open the secret `name` and get at its value.
    Secret,
    /// Fail a message with words of `amount` bytes.
    WordyFailure,
    /// Mark a message that does not exist, then end badly.
    MarkBeyond,
    /// Report metrics that were never described.
    MetricFlood,
    /// Never handle a message.
    HandleNothing,
}

struct Hostile {
    config: Config,
    done: bool,
}

#[kennel_sdk::sink(name = "hostile", summary = "attacks its host as its configuration says")]
impl Sink for Hostile {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        if config.in_open {
            attack(&config)?;
        }
        Ok(Self { config, done: false })
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        let Some(first) = batch.iter().next() else { return Ok(Receipt::delivered(batch)) };
        match self.config.attack {
            Attack::HandleNothing => return Ok(Receipt::partial(0, false)),
            Attack::WordyFailure => {
                let mut receipt = Receipt::delivered(batch);
                let words = "words\n".repeat(self.config.amount as usize / 6);
                receipt.reject(&first, &words, &words);
                return Ok(receipt);
            }
            Attack::MarkBeyond => {
                memory::mark_beyond();
                return Err(Error::broken("not reached"));
            }
            _ => {}
        }
        if !self.done && !self.config.in_open {
            attack(&self.config)?;
            self.done = true;
        }
        Ok(Receipt::delivered(batch))
    }
}

fn attack(config: &Config) -> Result<(), Error> {
    let amount = config.amount;
    let report = match config.attack {
        Attack::None | Attack::HandleNothing | Attack::WordyFailure | Attack::MarkBeyond => {
            return Ok(());
        }
        Attack::Loop => computing::spin(),
        Attack::Compute => computing::compute(amount),
        Attack::Recursion => computing::recurse(),
        Attack::Sleep => computing::sleep(),
        Attack::Wait => computing::wait(amount),
        Attack::HostCalls => computing::call_host(),
        Attack::AwaitClock => computing::await_clock(),
        Attack::LogFlood => computing::flood_log(),
        Attack::Log => computing::log(amount),
        Attack::StderrFlood => computing::flood_stderr(),
        Attack::MemoryBomb => memory::bomb(),
        Attack::Memory => memory::touch(amount),
        Attack::ResourceBomb => memory::handles(u64::MAX),
        Attack::Resources => memory::handles(amount),
        Attack::RandomBomb => memory::random(),
        Attack::HeaderBomb => memory::headers(),
        Attack::Transfer => memory::transfer(amount),
        Attack::MetricFlood => memory::metrics(),
        Attack::StateBomb => memory::state_bomb(),
        Attack::State => memory::state(amount),
        Attack::KeepState => return memory::keep_state(),
        Attack::OtherState => memory::other_state(&config.name),
        Attack::PathEscape => files::escape(),
        Attack::LinkEscape => files::escape_through_links(),
        Attack::WriteReadOnly => files::write_read_only(),
        Attack::ReadGranted => files::read_granted(),
        Attack::Environment => files::environment(),
        Attack::Connect => network::connect(&config.addresses),
        Attack::Connections => network::connections(&config.address, amount),
        Attack::Listen => network::listen(),
        Attack::ReadSocket => network::read(&config.address),
        Attack::SendFlood => network::send(&config.address),
        Attack::Send => network::send_some(&config.address, amount),
        Attack::Get => network::get(&config.urls),
        Attack::GetAll => network::get_all(&config.url),
        Attack::FollowRedirect => network::follow_redirect(&config.url),
        Attack::InjectHeaders => network::inject_headers(&config.url),
        Attack::Secret => network::secret(&config.name, &config.url),
    };
    Err(report.into_error())
}
