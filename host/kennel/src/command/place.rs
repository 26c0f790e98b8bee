//! What the commands about registries and signatures have in common.

use std::fmt::Write as _;

use anyhow::anyhow;
use kennel_config::{ComponentSource, Digest, Environment, HostConfig, OciReference};
use kennel_registry::{AdmissionError, Admitted, KeyError, RegistryError, SignError};
use kennel_sandbox::{Component, Engine, INTERFACE_VERSION};
use serde_json::{Map, Value, json};

use crate::cli::{GlobalArguments, HostArguments};
use crate::exit_code::Failure;
use crate::logging;
use crate::terminal::Terminal;
use crate::wiring::{self, Components, ComponentsError};

/// The host whose cache, registries and policy count.
pub(super) struct Host {
    pub(super) config: HostConfig,
    pub(super) components: Components,
}

impl Host {
    /// Reads kennel.toml alone: a connector's file may be what the command is to complete. `reference` is
    /// what the person has named.
    pub(super) fn load(
        arguments: &HostArguments,
        reference: Option<&OciReference>,
        (global, terminal): (&GlobalArguments, &Terminal),
    ) -> Result<Self, Failure> {
        let environment = Environment::of_process();
        let config = kennel_config::read_host(&arguments.config, &environment)?.into_host()?;
        logging::start(global, terminal, Some(&config.logging))?;
        let components = Components::new(&config, reference.map(OciReference::registry))?;
        Ok(Self { config, components })
    }

    /// Refuses registries that the policy does not name.
    pub(super) fn check_registry(&self, reference: &OciReference) -> Result<(), Failure> {
        if self.components.permits(reference) {
            return Ok(());
        }
        let (registry, name) = (reference.registry(), reference.name());
        Err(Failure::component(anyhow!(
            "the policy does not permit components from {registry}/{name}; [policy] in kennel.toml \
             permits it with `registries = [\"{registry}/{name}\"]`"
        )))
    }

    /// Compiles what was admitted and has it describe itself. The code is kept for `kennel run`.
    pub(super) async fn compile(
        &self,
        source: &ComponentSource,
        admitted: Admitted,
    ) -> Result<Component, Failure> {
        let cache = self.config.components.cache.clone();
        let engine = Engine::new(Some(cache)).map_err(Failure::running)?;
        wiring::compile(&engine, source, admitted).await.map_err(Failure::component)
    }
}

impl From<ComponentsError> for Failure {
    fn from(error: ComponentsError) -> Self {
        Self::usage(error)
    }
}

impl From<AdmissionError> for Failure {
    fn from(error: AdmissionError) -> Self {
        match error {
            AdmissionError::Registry(error) => error.into(),
            AdmissionError::KeyFile { .. } | AdmissionError::Key { .. } => Self::usage(error),
            _ => Self::component(error),
        }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        match error {
            _ if error.is_refusal() => Self::component(error),
            RegistryError::Credentials(_) | RegistryError::OtherDigest { .. } => Self::usage(error),
            _ => Self::running(error),
        }
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Registry(error) => error.into(),
            SignError::Key(error) => error.into(),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Random => Self::running(error),
            _ => Self::usage(error),
        }
    }
}

/// What every one of these commands says of a component.
pub(super) fn facts(component: &Component) -> Map<String, Value> {
    let about = component.description();
    let facts = json!({
        "kind": component.kind(),
        "name": about.name,
        "version": about.version,
        "interface": INTERFACE_VERSION,
        "digest": format!("sha256:{}", component.digest()),
        "bytes": component.size(),
    });
    match facts {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}

/// The same on one line.
pub(super) fn line(component: &Component) -> String {
    let about = component.description();
    format!(
        "{} {} {}  kennel:connector@{INTERFACE_VERSION}  {} KiB",
        component.kind(),
        about.name,
        about.version,
        component.size().div_ceil(1024)
    )
}

/// The line of a connector's file that pins a component.
pub(super) fn pin(reference: &OciReference, digest: &Digest) -> String {
    format!("component = \"{}\"", reference.pin(*digest))
}

/// Lines of a name and a value.
pub(super) fn table(rows: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "{name:<11} {value}");
    }
    text.truncate(text.trim_end().len());
    text
}
