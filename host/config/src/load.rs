//! Reads a folder.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Configuration;
use crate::connector::{ConnectorConfig, ConnectorKey, Direction};
use crate::decode::{self, Surroundings};
use crate::environment::Environment;
use crate::error::{ConfigError, ConfigErrors, Problem};
use crate::guest::secret_warnings;
use crate::host::{ComponentsConfig, HostConfig, ProviderConfig};
use crate::node::{Node, Table, Value, parse};
use crate::reader::{Errors, Reader};
use crate::reference::{CONNECTOR, HOST};
use crate::source_file::{Origin, SourceFile};
use crate::{budget, overrides, provided};

/// The host's file. Every other `*.toml` of the folder is a connector's.
const HOST_FILE: &str = "kennel.toml";
/// Manifests of other tools, in a folder that is a component's project as well.
const FOREIGN_FILES: [&str; 5] =
    ["Cargo.toml", "pyproject.toml", "rust-toolchain.toml", "rustfmt.toml", "clippy.toml"];
/// Largest file read; a configuration is written by hand.
const LARGEST_FILE: u64 = 16 << 20;

/// Reads the configuration in `folder`: `kennel.toml`, which may be missing, and a file per
/// connector. Sub-folders, names that begin with a dot and manifests such as `Cargo.toml` are left
/// alone. Connectors from a URL are for [`read_host`].
///
/// # Errors
/// Everything that is wrong in all files, each with its place and how to correct it.
pub fn load(folder: &Path, environment: &Environment) -> Result<Configuration, ConfigErrors> {
    read_host(folder, environment)?.finish(None)
}

/// The first half of [`load`]: `kennel.toml` says whether connectors are to be fetched from a URL before
/// the second half.
///
/// # Errors
/// When the folder cannot be read. Everything else is told at the end.
pub fn read_host<'a>(
    folder: &'a Path,
    environment: &'a Environment,
) -> Result<HostRead<'a>, ConfigErrors> {
    let errors = Errors::default();
    let files = connector_files(folder).map_err(|error| ConfigErrors::new(vec![error]))?;
    let surroundings = Surroundings { folder, environment, policy: None };
    let host = load_host(&surroundings, &errors);
    Ok(HostRead { folder, environment, errors, files, host })
}

/// A folder of which `kennel.toml` was read.
pub struct HostRead<'a> {
    folder: &'a Path,
    environment: &'a Environment,
    errors: Errors,
    files: Vec<PathBuf>,
    /// The host, and where the URL of connectors and the memory budget are written. None: wrong.
    host: Option<(HostConfig, HostPlaces)>,
}

/// What later errors point to.
struct HostPlaces {
    url: Origin,
    memory_budget: Origin,
}

impl HostRead<'_> {
    /// Where connectors are to be fetched from. None as well where something is wrong so far: a host that
    /// will not run asks nobody, and sends its token to nobody.
    pub fn provider(&self) -> Option<&ProviderConfig> {
        let (host, _) = self.host.as_ref()?;
        host.provider.as_ref().filter(|_| self.errors.len() == 0)
    }

    /// The host alone, for what needs no connectors.
    ///
    /// # Errors
    /// Everything that is wrong in `kennel.toml`.
    pub fn into_host(self) -> Result<HostConfig, ConfigErrors> {
        match self.host {
            Some((host, _)) if self.errors.len() == 0 => Ok(host),
            _ => Err(ConfigErrors::new(self.errors.into_vec())),
        }
    }

    /// Reads the connectors. `fetched` is what [`Self::provider`] answered, or why there is no answer.
    ///
    /// # Errors
    /// As [`load`].
    pub fn finish(
        self,
        fetched: Option<Result<String, String>>,
    ) -> Result<Configuration, ConfigErrors> {
        let asks = self.provider().is_some();
        let Self { folder, environment, errors, files, host } = self;
        let policy = host.as_ref().and_then(|(host, _)| host.policy.as_ref());
        let surroundings = Surroundings { folder, environment, policy };
        let components = host.as_ref().map(|(host, _)| &host.components);
        let mut connectors: Vec<_> = files
            .iter()
            .filter_map(|file| load_connector(file, &surroundings, components, &errors))
            .collect();
        if let Some((host, places)) = &host
            && let Some(provider) = host.provider.as_ref().filter(|_| asks)
        {
            match fetched.unwrap_or_else(|| Err("nobody asked for them".to_owned())) {
                Ok(text) => {
                    let provided = provided(provider.shown(), &text, &errors);
                    connectors.extend(provided.iter().filter_map(|(key, node)| {
                        provided_connector(key, node, &surroundings, components, &errors)
                    }));
                }
                Err(detail) => {
                    let url = provider.shown().to_owned();
                    let help = "check that it answers: curl --fail with this URL and the token";
                    let error = ConfigError::new(Problem::Provider { url, detail });
                    errors.push(error.at(&places.url).help(help));
                }
            }
        }
        refuse_equal_keys(&connectors, &errors);
        refuse_shared_groups(&connectors, &errors);
        match host {
            Some((host, places)) if errors.len() == 0 => {
                budget::check(&host, &places.memory_budget, &connectors, &errors);
                if errors.len() == 0 {
                    warn_of_secrets(&connectors, &errors);
                    return Ok(Configuration {
                        folder: folder.to_path_buf(),
                        host,
                        connectors: connectors
                            .into_iter()
                            .map(|(connector, _)| connector)
                            .collect(),
                        warnings: errors.take_warnings().into(),
                    });
                }
                Err(ConfigErrors::new(errors.into_vec()))
            }
            _ => Err(ConfigErrors::new(errors.into_vec())),
        }
    }
}

fn provided(url: &str, text: &str, errors: &Errors) -> Vec<(String, Node)> {
    let (nodes, problems) = provided::connectors(url, text);
    errors.extend(problems);
    nodes
}

fn connector_files(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let unreadable = |source: io::Error| {
        let help = match source.kind() {
            io::ErrorKind::NotFound => "name an existing folder: --config DIR",
            io::ErrorKind::NotADirectory => "name the folder that holds the file: --config DIR",
            _ => "the host needs the right to list this folder",
        };
        ConfigError::new(Problem::Unreadable { path: folder.to_path_buf(), source }).help(help)
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let hidden = name.starts_with('.') || FOREIGN_FILES.contains(&name);
        if name.ends_with(".toml") && !hidden && name != HOST_FILE && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Arc<SourceFile>, ConfigError> {
    let read = std::fs::metadata(path).and_then(|metadata| match metadata.len() {
        length if length > LARGEST_FILE => {
            Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than 16 MiB"))
        }
        _ => std::fs::read_to_string(path),
    });
    match read {
        Ok(text) => Ok(Arc::new(SourceFile::new(path.to_path_buf(), text))),
        Err(source) => {
            let help = match source.kind() {
                io::ErrorKind::InvalidData => "a configuration file is UTF-8 text",
                _ => "the host needs the right to read this file",
            };
            let problem = Problem::Unreadable { path: path.to_path_buf(), source };
            Err(ConfigError::new(problem).help(help))
        }
    }
}

/// Reads and parses one file. None: it cannot be read; where it cannot be parsed, what remains is
/// not checked further, since errors would follow from errors.
fn tree(path: &Path, errors: &Errors) -> Option<Node> {
    match read(path) {
        Ok(source) => {
            let (node, problems) = parse(&source);
            let sound = problems.is_empty();
            errors.extend(problems);
            sound.then_some(node)
        }
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

fn load_host(surroundings: &Surroundings<'_>, errors: &Errors) -> Option<(HostConfig, HostPlaces)> {
    let path = surroundings.folder.join(HOST_FILE);
    let mut node = match path.exists() {
        true => tree(&path, errors)?,
        false => {
            let source = Arc::new(SourceFile::new(path, String::new()));
            Node { origin: Origin::File(source, 0..0), value: Value::Table(Table::empty()) }
        }
    };
    if let Value::Table(table) = &mut node.value {
        overrides::apply(surroundings.environment, table, errors);
    }
    let reader = Reader::of_file(errors, &HOST, &node);
    let host = decode::host(&reader, surroundings)?;
    let place = |section, key| place(&node, section, key).unwrap_or(&node.origin).clone();
    let (url, memory_budget) = (place("connectors", "url"), place("runtime", "memory_budget"));
    Some((host, HostPlaces { url, memory_budget }))
}

/// The place of a key's value, if it is written.
fn place<'a>(root: &'a Node, section: &str, key: &str) -> Option<&'a Origin> {
    let inner = |node: &'a Node, key: &str| match &node.value {
        Value::Table(table) => table.get(key).map(|entry| &entry.node),
        _ => None,
    };
    Some(&inner(inner(root, section)?, key)?.origin)
}

/// The connector and where its key is written.
fn load_connector(
    file: &Path,
    surroundings: &Surroundings<'_>,
    components: Option<&ComponentsConfig>,
    errors: &Errors,
) -> Option<(ConnectorConfig, Origin)> {
    let node = tree(file, errors)?;
    let reader = Reader::of_file(errors, &CONNECTOR, &node);
    let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let connector = decode::connector(&reader, (file, name), surroundings, components)?;
    Some((connector, reader.origin_of("key").clone()))
}

/// As [`load_connector`], of a document in which the connector is called `key`.
fn provided_connector(
    key: &str,
    node: &Node,
    surroundings: &Surroundings<'_>,
    components: Option<&ComponentsConfig>,
    errors: &Errors,
) -> Option<(ConnectorConfig, Origin)> {
    let reader = Reader::of_file(errors, &CONNECTOR, node);
    if reader.has("key") {
        let detail = "a connector from a URL has its key already: the name it stands under";
        reader.conflict("key", detail, "remove `key`");
    }
    if ConnectorKey::new(key).is_none() {
        let detail = "this name cannot serve as a connector's key".to_owned();
        let problem = Problem::InvalidValue { key: key.to_owned(), detail };
        let help =
            "a key is 1 to 64 letters, digits, `-`, `_` or `.`, beginning with a letter or digit";
        errors.push(ConfigError::new(problem).at(&node.origin).help(help));
        return None;
    }
    let file = PathBuf::from(node.origin.brief());
    let connector = decode::connector(&reader, (&file, key), surroundings, components)?;
    Some((connector, node.origin.clone()))
}

fn refuse_equal_keys(connectors: &[(ConnectorConfig, Origin)], errors: &Errors) {
    let mut first = HashMap::new();
    for (connector, origin) in connectors {
        if let Some(other) = first.insert(&connector.key, &connector.file) {
            let detail = format!("the key `{}` is also that of {}", connector.key, other.display());
            let error = ConfigError::new(Problem::Conflict { detail });
            errors.push(error.at(origin).help("give each connector a `key` of its own"));
        }
    }
}

/// Members of a consumer group share its messages out among themselves.
fn refuse_shared_groups(connectors: &[(ConnectorConfig, Origin)], errors: &Errors) {
    let mut readers = HashMap::new();
    for (connector, origin) in connectors.iter().filter(|(connector, _)| connector.enabled) {
        let Direction::Sink(streams) = &connector.direction else { continue };
        for stream in streams {
            for topic in &stream.topics {
                let place = (&stream.stream, topic, &stream.consumer_group);
                let Some(other) = readers.insert(place, &connector.key) else { continue };
                let detail = format!(
                    "`{other}` and `{}` read topic `{topic}` of stream `{}` in the same consumer \
                     group `{}`, so each message would reach only one of them",
                    connector.key, stream.stream, stream.consumer_group
                );
                let error = ConfigError::new(Problem::Conflict { detail }).at(origin);
                errors.push(error.help("remove `consumer_group` to give each a group of its own"));
            }
        }
    }
}

fn warn_of_secrets(connectors: &[(ConnectorConfig, Origin)], errors: &Errors) {
    for (connector, _) in connectors {
        let transforms = connector.transforms.iter().map(|it| (&it.config, &it.grants));
        for (config, grants) in transforms.chain([(&connector.config, &connector.grants)]) {
            let warnings = secret_warnings(config, &grants.secrets);
            warnings.into_iter().for_each(|warning| errors.warn(warning));
        }
    }
}
