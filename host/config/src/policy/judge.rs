//! Whether the policy permits what a connector's configuration asks for.

use std::fmt::Display;

use super::{Asked, FileRoot, Policy, PolicyKey, Reveal, real_path};
use crate::error::{ConfigError, Problem};
use crate::grant::FileMode;
use crate::source_file::Origin;

impl Policy {
    /// Whether an entry permits it. A range of addresses permits those within it that need a
    /// narrower range to be granted at all only as far as the sandbox would.
    pub fn permits(&self, asked: &Asked<'_>) -> bool {
        match asked {
            Asked::Http(grant) => self.http.iter().any(|entry| entry.covers(grant)),
            Asked::Tcp(grant) => self.tcp.iter().any(|entry| entry.covers(grant)),
            Asked::Files { path, mode } => self.files.iter().any(|root| {
                (root.mode == FileMode::ReadWrite || *mode == FileMode::ReadOnly)
                    && real_path(&root.path).is_ok_and(|root| path.starts_with(root))
            }),
            Asked::Env(name) => self.env.iter().any(|entry| entry.matches(name)),
            Asked::SecretEnv(name) => self.secrets.iter().any(|entry| entry.matches_env(name)),
            Asked::SecretFile(path) => self.secrets.iter().any(|entry| entry.matches_file(path)),
            Asked::Reveal(name) => match &self.reveal {
                Reveal::Nothing => false,
                Reveal::Everything => true,
                Reveal::Names(names) => names.iter().any(|entry| entry.matches(name)),
            },
            Asked::Component(path) => self
                .components
                .iter()
                .any(|folder| real_path(folder).is_ok_and(|folder| path.starts_with(folder))),
            Asked::Registry { registry, repository } => {
                self.registries.iter().any(|entry| entry.matches(registry, repository))
            }
            Asked::Topic { stream, topic } => {
                self.topics.iter().any(|entry| entry.matches(stream, topic))
            }
            Asked::Memory(size) => self.memory.is_some_and(|most| *size <= most),
            Asked::State(size) => self.state.is_some_and(|most| *size <= most),
            Asked::Stdout => self.stdout,
            Asked::Trusted => self.trusted,
        }
    }

    /// The error where it is not permitted.
    pub(crate) fn judge(&self, asked: &Asked<'_>, at: &Origin) -> Option<ConfigError> {
        (!self.permits(asked)).then(|| self.refusal(asked).at(at))
    }

    /// What to say of something that is not permitted.
    pub(crate) fn refusal(&self, asked: &Asked<'_>) -> ConfigError {
        let key = asked.key();
        let (name, permission) = (key.name(), asked.permission());
        let now = match self.places.get(&key) {
            Some(place) => {
                format!("it has `{name} = {}` ({})", self.entries(key), place.brief())
            }
            None => format!("it has no `{name}`, and what it does not name it does not permit"),
        };
        let help =
            format!("[policy] in kennel.toml permits it with `{name} = {permission}`; now {now}");
        ConfigError::new(Problem::NotPermitted { key, asked: asked.to_string() }).help(help)
    }

    /// What the policy says under a key.
    fn entries(&self, key: PolicyKey) -> String {
        match key {
            PolicyKey::Http => list(&self.http),
            PolicyKey::Tcp => list(&self.tcp),
            PolicyKey::Files => joined(self.files.iter().map(written)),
            PolicyKey::Env => list(&self.env),
            PolicyKey::Secrets => list(&self.secrets),
            PolicyKey::Reveal => match &self.reveal {
                Reveal::Nothing => "false".to_owned(),
                Reveal::Everything => "true".to_owned(),
                Reveal::Names(names) => list(names),
            },
            PolicyKey::Components => joined(self.components.iter().map(|it| format!("{it:?}"))),
            PolicyKey::Registries => list(&self.registries),
            PolicyKey::Signers => joined(self.signers.iter().map(|it| format!("{it:?}"))),
            PolicyKey::Topics => list(&self.topics),
            PolicyKey::Memory => self.memory.map(|it| format!("\"{it}\"")).unwrap_or_default(),
            PolicyKey::State => self.state.map(|it| format!("\"{it}\"")).unwrap_or_default(),
            PolicyKey::Stdout => self.stdout.to_string(),
            PolicyKey::Trusted => self.trusted.to_string(),
        }
    }
}

fn list(entries: &[impl Display]) -> String {
    joined(entries.iter().map(|entry| format!("\"{entry}\"")))
}

fn joined(entries: impl Iterator<Item = String>) -> String {
    format!("[{}]", entries.collect::<Vec<_>>().join(", "))
}

fn written(root: &FileRoot) -> String {
    match root.mode {
        FileMode::ReadOnly => format!("{:?}", root.path),
        FileMode::ReadWrite => format!("{{ path = {:?}, mode = \"rw\" }}", root.path),
    }
}
