//! Components of a configuration, compiled once each, and what is wrong with how they are configured.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kennel_config::{ConfigError, ConnectorConfig, Guarantee, GuestConfig, check_against_schema};
use kennel_sandbox::{Component, Delivery, Engine, EngineError, Kind, LoadError, StartError};

/// Told about each component, so that a person sees why a first start takes long.
pub(crate) trait Progress {
    /// A component is about to be read and, if it is not cached, compiled.
    fn loading(&self, path: &Path, number: usize, of: usize);
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
    #[error(
        "connector {connector}: {path:?} is a {found}, but a {expected} is needed here; \
         correct `component` in {file:?}"
    )]
    Kind { connector: String, path: PathBuf, file: PathBuf, found: Kind, expected: Kind },
    #[error("connector {connector}")]
    Engine {
        connector: String,
        #[source]
        source: EngineError,
    },
}

/// Loads every component of the enabled connectors.
pub(crate) async fn load(
    engine: &Engine,
    connectors: &[ConnectorConfig],
    progress: &dyn Progress,
) -> Result<Vec<Loaded>, LoadFailure> {
    let enabled: Vec<_> = connectors.iter().filter(|connector| connector.enabled).collect();
    // A component that is trusted by one connector and not by another is compiled twice.
    let mut distinct = BTreeSet::new();
    for connector in &enabled {
        distinct.extend(parts(connector).map(|part| (part.path, part.trusted)));
    }
    let mut known: BTreeMap<(PathBuf, bool), Component> = BTreeMap::new();
    let mut loaded = Vec::with_capacity(enabled.len());
    for connector in enabled {
        let mut components = Vec::new();
        for Part { path, trusted, expected } in parts(connector) {
            let component = match known.get(&(path.clone(), trusted)) {
                Some(component) => component.clone(),
                None => {
                    progress.loading(path, known.len() + 1, distinct.len());
                    let engine = match trusted {
                        false => engine.clone(),
                        true => engine.trusted().map_err(|source| LoadFailure::Engine {
                            connector: connector.key.to_string(),
                            source,
                        })?,
                    };
                    let component = Component::load(&engine, path).await.map_err(|source| {
                        LoadFailure::Component { connector: connector.key.to_string(), source }
                    })?;
                    known.insert((path.clone(), trusted), component.clone());
                    component
                }
            };
            if component.kind() != expected {
                return Err(LoadFailure::Kind {
                    connector: connector.key.to_string(),
                    path: path.clone(),
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

/// One component of a connector.
struct Part<'a> {
    path: &'a PathBuf,
    trusted: bool,
    expected: Kind,
}

/// Its transforms in their order, then the connector's own component.
fn parts(connector: &ConnectorConfig) -> impl Iterator<Item = Part<'_>> {
    let transforms = connector.transforms.iter().map(|transform| Part {
        path: &transform.component,
        trusted: transform.limits.trusted,
        expected: Kind::Transform,
    });
    let own = Part {
        path: &connector.component,
        trusted: connector.limits.trusted,
        expected: match connector.direction {
            kennel_config::Direction::Sink(_) => Kind::Sink,
            kennel_config::Direction::Source(_) => Kind::Source,
        },
    };
    transforms.chain([own])
}

/// What the components' schemas and their own checks find wrong, each at its line.
pub(crate) async fn problems(loaded: &[Loaded]) -> Result<Vec<ConfigError>, StartError> {
    let mut errors = Vec::new();
    for connector in loaded {
        errors.extend(guarantee_problem(connector));
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
