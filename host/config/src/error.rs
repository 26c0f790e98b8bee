//! Errors that say where, what, and how to correct it.

use std::fmt;
use std::path::PathBuf;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::policy::PolicyKey;
use crate::source_file::{Location, Origin};

/// One thing wrong with the configuration.
#[derive(Debug)]
pub struct ConfigError {
    problem: Box<Problem>,
    location: Option<Box<Location>>,
    help: Option<String>,
    rank: (PathBuf, usize),
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("not valid TOML: {detail}")]
    Syntax {
        /// The parser's words.
        detail: String,
    },
    /// A key that nothing reads.
    #[error("unknown key `{key}` {place}")]
    UnknownKey {
        /// The key as written.
        key: String,
        /// Where it stands, such as `in [iggy]`.
        place: String,
    },
    /// A key that has no default is missing.
    #[error("missing key `{key}` {place}")]
    MissingKey {
        /// The key.
        key: String,
        /// Where it belongs, such as `in [iggy]`.
        place: String,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}, but this is {found}")]
    WrongType {
        /// The key.
        key: String,
        /// The type it has to have, with its article.
        expected: String,
        /// The type it has, with its article.
        found: &'static str,
    },
    /// A value of the right type that makes no sense.
    #[error("`{key}`: {detail}")]
    InvalidValue {
        /// The key.
        key: String,
        /// Why.
        detail: String,
    },
    /// Keys that do not go together.
    #[error("{detail}")]
    Conflict {
        /// Which, and why.
        detail: String,
    },
    /// Something this version cannot do, refused rather than weakened in silence.
    #[error("{what} is not available in this version")]
    NotAvailable {
        /// The feature.
        what: String,
    },
    /// The component's file is missing.
    #[error("component `{component}` not found")]
    ComponentNotFound {
        /// The path as written.
        component: String,
    },
    /// The owner of the host does not let any connector have this.
    #[error("[policy] does not permit {asked}")]
    NotPermitted {
        /// The key of `[policy]` that would permit it.
        key: PolicyKey,
        /// What was asked for, in words.
        asked: String,
    },
    /// The connectors of a URL cannot be had.
    #[error("no connectors from {url}: {detail}")]
    Provider {
        /// The URL, without its query.
        url: String,
        /// Why.
        detail: String,
    },
    /// The component cannot do without something that it is not granted.
    #[error("the component `{component}` asks for {ask}, which is not granted")]
    NotGranted {
        /// Its name for itself.
        component: String,
        /// Capability and target, in words.
        ask: String,
    },
    /// Granted to a component that does not ask for it. A warning.
    #[error("`{capability}` is granted to the component `{component}`, which does not ask for it")]
    NotAsked {
        /// Its name for itself.
        component: String,
        /// What is granted.
        capability: &'static str,
    },
    /// Valid, but a secret is seen by more than have to see it. A warning.
    #[error("{detail}")]
    Exposed {
        /// What is seen, and by whom.
        detail: String,
    },
    /// A component's configuration names a secret that it may not use. A warning: what names mean is up to the component.
    #[error("{detail}")]
    SecretNotGranted {
        /// Which secret.
        detail: String,
    },
    /// The component does not accept its configuration.
    #[error("the component refuses its configuration: {detail}")]
    Refused {
        /// Why.
        detail: String,
    },
}

impl Problem {
    /// A stable code for programs and search engines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "KEN-E0101",
            Self::Syntax { .. } => "KEN-E0102",
            Self::UnknownKey { .. } => "KEN-E0103",
            Self::MissingKey { .. } => "KEN-E0104",
            Self::WrongType { .. } => "KEN-E0105",
            Self::InvalidValue { .. } => "KEN-E0106",
            Self::Conflict { .. } => "KEN-E0107",
            Self::NotAvailable { .. } => "KEN-E0108",
            Self::ComponentNotFound { .. } => "KEN-E0109",
            Self::Refused { .. } => "KEN-E0110",
            Self::Provider { .. } => "KEN-E0111",
            Self::NotGranted { .. } => "ask_not_granted",
            Self::NotPermitted { key, .. } => key.code(),
            Self::NotAsked { .. } => "grant_not_asked",
            Self::Exposed { .. } => "KEN-W0101",
            Self::SecretNotGranted { .. } => "KEN-W0102",
        }
    }
}

impl ConfigError {
    pub(crate) fn new(problem: Problem) -> Self {
        Self { problem: Box::new(problem), location: None, help: None, rank: (PathBuf::new(), 0) }
    }

    pub(crate) fn at(mut self, origin: &Origin) -> Self {
        self.location = Some(Box::new(origin.location()));
        self.rank = origin.rank();
        self
    }

    /// As `at`, where a secret may stand by mistake: what follows the `=` of the line is not quoted.
    pub(crate) fn at_masked(self, origin: &Origin) -> Self {
        let mut error = self.at(origin);
        if let Some(location) = &mut error.location {
            location.mask();
        }
        error
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Orders errors as a reader of the files meets them.
    pub(crate) fn rank(&self) -> &(PathBuf, usize) {
        &self.rank
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Where it is. None: not in any file.
    pub fn location(&self) -> Option<&Location> {
        self.location.as_deref()
    }

    /// How to correct it.
    pub fn correction(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// As a compiler prints it: message, place, the line with a caret, help.
impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match *self.problem {
            Problem::Exposed { .. }
            | Problem::NotAsked { .. }
            | Problem::SecretNotGranted { .. } => "warning",
            _ => "error",
        };
        write!(formatter, "{severity}[{}]: {}", self.problem.code(), self.problem)?;
        if let Problem::Unreadable { source, .. } = self.problem.as_ref() {
            write!(formatter, ": {source}")?;
        }
        let mut margin = " ".to_owned();
        match self.location() {
            Some(Location::File(place)) => {
                let number = place.line.to_string();
                margin = " ".repeat(number.len());
                let file = place.file.display();
                write!(formatter, "\n{margin}--> {file}:{number}:{}", place.column)?;
                write!(formatter, "\n{margin} |")?;
                write!(formatter, "\n{number} | {}", place.quoted)?;
                let (indent, carets) = (" ".repeat(place.caret), "^".repeat(place.width));
                write!(formatter, "\n{margin} | {indent}{carets}")?;
            }
            Some(Location::Variable { variable }) => {
                write!(formatter, "\n --> environment variable {variable}")?;
            }
            Some(Location::Url { url, pointer }) => {
                write!(formatter, "\n --> {url}#{pointer}")?;
            }
            None => {}
        }
        match &self.help {
            Some(help) => write!(formatter, "\n{margin} help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.problem.source()
    }
}

/// `{code, message, location, help}`.
impl Serialize for ConfigError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("ConfigError", 4)?;
        fields.serialize_field("code", self.problem.code())?;
        fields.serialize_field("message", &self.problem.to_string())?;
        fields.serialize_field("location", &self.location)?;
        fields.serialize_field("help", &self.help)?;
        fields.end()
    }
}

/// Everything wrong with a configuration, in the order a reader meets it. Never empty.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    pub(crate) fn new(mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by(|left, right| left.rank.cmp(&right.rank));
        // A parser that recovers may stumble twice over one thing.
        errors.dedup_by(|later, earlier| {
            later.rank == earlier.rank && later.problem.to_string() == earlier.problem.to_string()
        });
        Self(errors)
    }

    /// # Errors
    /// When there are any.
    pub fn none_of(errors: Vec<ConfigError>) -> Result<(), Self> {
        match errors.is_empty() {
            true => Ok(()),
            false => Err(Self::new(errors)),
        }
    }

    /// Each error.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// `2 configuration errors`.
    pub fn count_in_words(&self) -> String {
        let count = self.0.len();
        format!("{count} configuration error{}", if count == 1 { "" } else { "s" })
    }

    /// Always false; here for completeness.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a ConfigErrors {
    type Item = &'a ConfigError;
    type IntoIter = std::slice::Iter<'a, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.0 {
            write!(formatter, "{error}\n\n")?;
        }
        formatter.write_str(&self.count_in_words())
    }
}

impl std::error::Error for ConfigErrors {}
