//! One line of the catalogue.

use std::path::PathBuf;
use std::time::Duration;

use end_to_end::Connector;

use crate::forge::Forgery;

/// What attacks.
#[derive(Clone, Debug)]
pub enum Guest {
    /// The Rust guest, told which attack.
    Told(&'static str),
    /// A component of the test guests, with this configuration.
    Built(&'static str, &'static str),
    /// Made from bytes.
    Forged(Forgery),
    /// Somebody's file, and its kind.
    Stranger(PathBuf, &'static str),
}

/// What must become of an attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The instance ends with this code of a fault, and the log names the cause in these words.
    Fault(&'static str, &'static str),
    /// It is cut short without a fault, and the log names the limit in these words.
    Bounded(&'static str, &'static str),
    /// Nothing that was tried is reached; the guest says how often it tried, and goes on unharmed.
    Denied,
    /// What was tried is granted and within all limits: the proof that the same attack, refused
    /// elsewhere, was really made.
    Reached,
    /// It is no fault, and it changes nothing for others.
    Harmless,
    /// Nobody knows what it does; the host and its neighbour must not mind.
    Anything,
}

/// When an attacker begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// With the first message of its own topic, so when the suite wants it.
    WithMessage,
    /// With the host: what happens in `open`, and sources.
    WithHost,
}

/// One attack.
#[derive(Clone)]
pub struct Attack {
    pub name: &'static str,
    /// What it does, for people.
    pub about: &'static str,
    pub guest: Guest,
    pub expected: Expected,
    pub begins: Begins,
    /// It must be over after this.
    pub within: Duration,
    /// Words that the log has to hold beside what is expected: the name of a limit that the guest was told of.
    pub says: Option<&'static str>,
    /// And not before this: for what is slowed down.
    pub not_before: Duration,
    /// It occupies a core or the host's memory: nothing else is tried at the same time.
    alone: bool,
    config: Vec<String>,
    grants: Vec<String>,
    folders: Vec<[&'static str; 3]>,
    limits: Vec<String>,
    delivery: Vec<String>,
}

impl Attack {
    fn new(name: &'static str, about: &'static str, guest: Guest, expected: Expected) -> Self {
        Self {
            name,
            about,
            guest,
            expected,
            begins: Begins::WithMessage,
            within: Duration::from_secs(5),
            says: None,
            not_before: Duration::ZERO,
            alone: false,
            config: Vec::new(),
            grants: Vec::new(),
            folders: Vec::new(),
            limits: Vec::new(),
            delivery: Vec::new(),
        }
    }

    /// By the Rust guest.
    pub fn told(
        name: &'static str,
        about: &'static str,
        what: &'static str,
        expected: Expected,
    ) -> Self {
        Self::new(name, about, Guest::Told(what), expected)
    }

    /// By a forged component.
    pub fn forged(
        name: &'static str,
        about: &'static str,
        forgery: Forgery,
        expected: Expected,
    ) -> Self {
        let is_source = forgery.kind() == "source";
        let attack = Self::new(name, about, Guest::Forged(forgery), expected);
        if is_source { attack.with_host() } else { attack }
    }

    /// By another component of the test guests.
    pub fn built(
        name: &'static str,
        about: &'static str,
        (file, config): (&'static str, &'static str),
        expected: Expected,
    ) -> Self {
        Self::new(name, about, Guest::Built(file, config), expected)
    }

    /// By a file that nobody here has made.
    pub fn stranger(path: PathBuf, kind: &'static str, expected: Expected) -> Self {
        let stranger =
            Self::new("stranger", "whatever it does", Guest::Stranger(path, kind), expected);
        stranger.with_host().limit("memory = \"128MiB\"").limit("cpu_timeout = \"500ms\"")
    }

    /// Begins with the host.
    pub fn with_host(mut self) -> Self {
        self.begins = Begins::WithHost;
        self
    }

    /// Instead of opening.
    pub fn in_open(self) -> Self {
        self.config("in_open = true").with_host()
    }

    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    pub fn says(mut self, words: &'static str) -> Self {
        self.says = Some(words);
        self
    }

    pub fn not_before(mut self, time: Duration) -> Self {
        self.not_before = time;
        self
    }

    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// A line of `[config]`. Names in braces stand for what the ground has: see [`crate::ground`].
    pub fn config(mut self, line: impl Into<String>) -> Self {
        self.config.push(line.into());
        self
    }

    pub fn grant(mut self, line: impl Into<String>) -> Self {
        self.grants.push(line.into());
        self
    }

    /// A folder of the ground, where the guest sees it, and how.
    pub fn folder(mut self, host: &'static str, guest: &'static str, mode: &'static str) -> Self {
        self.folders.push([host, guest, mode]);
        self
    }

    pub fn limit(mut self, line: impl Into<String>) -> Self {
        self.limits.push(line.into());
        self
    }

    pub fn delivery(mut self, line: impl Into<String>) -> Self {
        self.delivery.push(line.into());
        self
    }

    /// `sink`, `source` or `transform`.
    pub fn kind(&self) -> &'static str {
        match &self.guest {
            Guest::Told(_) => "sink",
            Guest::Built(file, _) if file.ends_with("_transform.wasm") => "transform",
            Guest::Built(..) => "sink",
            Guest::Forged(forgery) => forgery.kind(),
            Guest::Stranger(_, kind) => kind,
        }
    }

    /// Whether it is tried by itself, so that what comes of it is its own doing.
    pub fn is_alone(&self) -> bool {
        let aims = |lines: &[String]| lines.iter().any(|line| line.contains("{forbidden"));
        self.alone || aims(&self.config) || !self.folders.is_empty()
    }

    /// Its file, as a configuration names it.
    pub fn component(&self) -> String {
        match &self.guest {
            Guest::Told(_) => "hostile_sink.wasm".to_owned(),
            Guest::Built(file, _) => (*file).to_owned(),
            Guest::Forged(_) => format!("{}.wasm", self.name),
            Guest::Stranger(path, _) => path.display().to_string(),
        }
    }

    /// Its connector's file. `resolve` puts the ground's names in.
    pub fn connector(
        &self,
        target: &end_to_end::Target,
        resolve: impl Fn(&str) -> String,
    ) -> Connector {
        let component = self.component();
        let mut connector = match self.kind() {
            "source" => Connector::source(&component, target),
            "transform" => {
                let config = match &self.guest {
                    Guest::Built(_, config) => config,
                    _ => "",
                };
                Connector::sink("noop_sink.wasm", target).transform(&component, config)
            }
            _ => Connector::sink(&component, target),
        };
        match &self.guest {
            Guest::Told(what) => connector = connector.config(&format!("attack = \"{what}\"")),
            Guest::Built(_, config) if self.kind() == "sink" => {
                connector = connector.config(config)
            }
            _ => {}
        }
        for line in &self.config {
            connector = connector.config(&resolve(line));
        }
        for line in &self.grants {
            connector = connector.grant(&resolve(line));
        }
        for [host, guest, mode] in &self.folders {
            connector = connector.folder(resolve(host).as_ref(), guest, mode);
        }
        // One fault is enough to see; these are small machines.
        connector = connector.delivery("restarts = 0");
        if self.kind() != "source" {
            connector = connector.flush("age = \"20ms\"");
        }
        for line in &self.delivery {
            connector = connector.delivery(line);
        }
        let named = |key: &str| self.limits.iter().any(|line| line.starts_with(key));
        for (key, line) in [
            ("memory", "memory = \"16MiB\""),
            ("cpu_timeout", "cpu_timeout = \"200ms\""),
            ("call_timeout", "call_timeout = \"1s\""),
            // What an operator gives to a stranger.
            ("cpu_share", "cpu_share = 10"),
        ] {
            if !named(key) {
                connector = connector.limit(line);
            }
        }
        for line in &self.limits {
            connector = connector.limit(&resolve(line));
        }
        connector.create(1)
    }
}
