//! Components of a configuration, compiled once each, and what is wrong with how they are configured.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kennel_config::{
    ComponentSource, ConfigError, Configuration, ConnectorConfig, Guarantee, GuestConfig,
    HostConfig, check_against_schema,
};
use kennel_registry::{AdmissionError, Admitted};
use kennel_sandbox::{Component, Delivery, Engine, EngineError, Kind, LoadError, StartError};

use super::accepted::Accepted;
use super::asks::lacking;
use super::components::{Components, ComponentsError};
use crate::exit_code::Failure;

/// Told about each component, so that a person sees why a first start takes long.
pub(crate) trait Progress: kennel_registry::Progress {
    /// A component is about to be read and, if it is not cached, pulled and compiled.
    fn loading(&self, source: &ComponentSource, number: usize, of: usize);
}

/// An enabled connector with its components.
pub(crate) struct Loaded {
    pub(crate) config: ConnectorConfig,
    pub(crate) component: Component,
    /// One per transform of the configuration, in its order.
    pub(crate) transforms: Vec<Component>,
}

impl Loaded {
    /// Whether a component of it runs without metering.
    pub(crate) fn is_trusted(&self) -> bool {
        let transforms = &self.config.transforms;
        self.config.limits.trusted || transforms.iter().any(|transform| transform.limits.trusted)
    }
}

/// Why a connector has no components.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadFailure {
    #[error("connector {connector}")]
    Component {
        connector: String,
        #[source]
        source: LoadError,
    },
    #[error("connector {connector}")]
    Admission {
        connector: String,
        #[source]
        source: AdmissionError,
    },
    #[error(transparent)]
    Components(#[from] ComponentsError),
    #[error(
        "connector {connector}: {component:?} is a {found}, but a {expected} is needed here; \
         correct `component` in {file:?}"
    )]
    Kind { connector: String, component: String, file: PathBuf, found: Kind, expected: Kind },
    #[error("connector {connector}")]
    Engine {
        connector: String,
        #[source]
        source: EngineError,
    },
}

impl From<LoadFailure> for Failure {
    fn from(failure: LoadFailure) -> Self {
        match &failure {
            LoadFailure::Admission { source, .. } if !source.is_refusal() => Self::running(failure),
            LoadFailure::Components(_) => Self::usage(failure),
            _ => Self::component(failure),
        }
    }
}

/// Loads every component of the enabled connectors.
pub(crate) async fn load(
    engine: &Engine,
    configuration: &Configuration,
    progress: &dyn Progress,
) -> Result<Vec<Loaded>, LoadFailure> {
    let enabled: Vec<_> =
        configuration.connectors.iter().filter(|connector| connector.enabled).collect();
    let components = Components::new(&configuration.host, None)?;
    let load = async |engine: &Engine, connector: &ConnectorConfig, source: &ComponentSource| {
        let connector = || connector.key.to_string();
        let admitted = components
            .read(source, progress)
            .await
            .map_err(|source| LoadFailure::Admission { connector: connector(), source })?;
        compile(engine, source, admitted)
            .await
            .map_err(|source| LoadFailure::Component { connector: connector(), source })
    };
    // A component that is trusted by one connector and not by another is compiled twice.
    let mut distinct = BTreeSet::new();
    for connector in &enabled {
        distinct.extend(parts(connector).map(|part| (part.source, part.trusted)));
    }
    let mut known: BTreeMap<(ComponentSource, bool), Component> = BTreeMap::new();
    let mut loaded = Vec::with_capacity(enabled.len());
    for connector in enabled {
        let mut components = Vec::new();
        for Part { source, trusted, expected } in parts(connector) {
            let component = match known.get(&(source.clone(), trusted)) {
                Some(component) => component.clone(),
                None => {
                    progress.loading(source, known.len() + 1, distinct.len());
                    let engine = match trusted {
                        false => engine.clone(),
                        true => engine.trusted().map_err(|source| LoadFailure::Engine {
                            connector: connector.key.to_string(),
                            source,
                        })?,
                    };
                    let component = load(&engine, connector, source).await?;
                    known.insert((source.clone(), trusted), component.clone());
                    component
                }
            };
            if component.kind() != expected {
                return Err(LoadFailure::Kind {
                    connector: connector.key.to_string(),
                    component: source.to_string(),
                    file: connector.file.clone(),
                    found: component.kind(),
                    expected,
                });
            }
            components.push(component);
        }
        if let Some(component) = components.pop() {
            loaded.push(Loaded { config: connector.clone(), component, transforms: components });
        }
    }
    Ok(loaded)
}

/// Compiles just the bytes that were admitted.
pub(crate) async fn compile(
    engine: &Engine,
    source: &ComponentSource,
    admitted: Admitted,
) -> Result<Component, LoadError> {
    let name = source.to_string();
    let component = Component::from_bytes(engine, Path::new(&name), admitted.bytes).await?;
    let signer = admitted.signer.map(|signer| signer.to_string());
    Ok(component.signed_by(signer.as_deref()))
}

/// One component of a connector.
struct Part<'a> {
    source: &'a ComponentSource,
    trusted: bool,
    expected: Kind,
}

/// Its transforms in their order, then the connector's own component.
fn parts(connector: &ConnectorConfig) -> impl Iterator<Item = Part<'_>> {
    let transforms = connector.transforms.iter().map(|transform| Part {
        source: &transform.component,
        trusted: transform.limits.trusted,
        expected: Kind::Transform,
    });
    let own = Part {
        source: &connector.component,
        trusted: connector.limits.trusted,
        expected: match connector.direction {
            kennel_config::Direction::Sink(_) => Kind::Sink,
            kennel_config::Direction::Source(_) => Kind::Source,
        },
    };
    transforms.chain([own])
}

/// What the components' schemas and their own checks find wrong, each at its line.
///
/// With it: what they ask for and are not granted.
pub(crate) async fn problems(
    loaded: &[Loaded],
    host: &HostConfig,
) -> Result<Vec<ConfigError>, StartError> {
    let accepted = Accepted::read(&host.state.path);
    let mut errors = Vec::new();
    for connector in loaded {
        errors.extend(guarantee_problem(connector));
        errors.extend(lacking(connector, host.policy.as_ref(), &accepted));
        check(&connector.component, &connector.config.config, &mut errors).await?;
        for (component, transform) in connector.transforms.iter().zip(&connector.config.transforms)
        {
            check(component, &transform.config, &mut errors).await?;
        }
    }
    Ok(errors)
}

/// D8: a guarantee that a connector cannot keep is refused, not weakened in silence.
fn guarantee_problem(connector: &Loaded) -> Option<ConfigError> {
    let description = connector.component.description();
    let delivery = &connector.config.delivery;
    let can = description.delivery != Delivery::AtLeastOnce;
    (delivery.guarantee == Guarantee::ExactlyOnce && !can).then(|| {
        delivery.refuse_guarantee(format!(
            "the component `{}` describes its delivery as at-least-once: it can neither keep its position \
             in one transaction with the messages nor recognise a message that it has",
            description.name
        ))
    })
}

async fn check(
    component: &Component,
    config: &GuestConfig,
    errors: &mut Vec<ConfigError>,
) -> Result<(), StartError> {
    let found = check_against_schema(config, &component.description().config_schema);
    // A configuration of the wrong shape would only be refused a second time in other words.
    if found.is_empty() {
        for problem in component.validate(&config.value().to_string()).await? {
            errors.push(config.refusal(&problem.path, problem.detail));
        }
    }
    errors.extend(found);
    Ok(())
}
