//! Reads a folder.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Configuration;
use crate::connector::{ConnectorConfig, Direction};
use crate::decode::{self, Surroundings};
use crate::environment::Environment;
use crate::error::{ConfigError, ConfigErrors, Problem};
use crate::guest::secret_warnings;
use crate::host::HostConfig;
use crate::node::{Node, Table, Value, parse};
use crate::overrides;
use crate::reader::{Errors, Reader};
use crate::reference::{CONNECTOR, HOST};
use crate::source_file::{Origin, SourceFile};

/// The host's file. Every other `*.toml` of the folder is a connector's.
const HOST_FILE: &str = "kennel.toml";
/// Manifests of other tools, in a folder that is a component's project as well.
const FOREIGN_FILES: [&str; 5] =
    ["Cargo.toml", "pyproject.toml", "rust-toolchain.toml", "rustfmt.toml", "clippy.toml"];
/// Largest file read; a configuration is written by hand.
const LARGEST_FILE: u64 = 16 << 20;

/// Reads the configuration in `folder`: `kennel.toml`, which may be missing, and a file per
/// connector. Sub-folders, names that begin with a dot and manifests such as `Cargo.toml` are left
/// alone.
///
/// # Errors
/// Everything that is wrong in all files, each with its place and how to correct it.
pub fn load(folder: &Path, environment: &Environment) -> Result<Configuration, ConfigErrors> {
    let errors = Errors::default();
    let surroundings = Surroundings { folder, environment };
    let files = match connector_files(folder) {
        Ok(files) => files,
        Err(error) => return Err(ConfigErrors::new(vec![error])),
    };
    let host = load_host(&surroundings, &errors);
    let search = host.as_ref().map_or(&[][..], |host| &host.components.search);
    let connectors: Vec<_> = files
        .iter()
        .filter_map(|file| load_connector(file, &surroundings, search, &errors))
        .collect();
    refuse_equal_keys(&connectors, &errors);
    refuse_shared_groups(&connectors, &errors);
    match host {
        Some(host) if errors.len() == 0 => {
            check_memory_budget(&host, &connectors, &errors);
            if errors.len() == 0 {
                warn_of_secrets(&connectors, &errors);
                return Ok(Configuration {
                    folder: folder.to_path_buf(),
                    host,
                    connectors: connectors.into_iter().map(|(connector, _)| connector).collect(),
                    warnings: errors.take_warnings().into(),
                });
            }
            Err(ConfigErrors::new(errors.into_vec()))
        }
        _ => Err(ConfigErrors::new(errors.into_vec())),
    }
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

fn load_host(surroundings: &Surroundings<'_>, errors: &Errors) -> Option<HostConfig> {
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
    decode::host(&Reader::of_file(errors, &HOST, &node), surroundings)
}

/// The connector and where its key is written.
fn load_connector(
    file: &Path,
    surroundings: &Surroundings<'_>,
    search: &[PathBuf],
    errors: &Errors,
) -> Option<(ConnectorConfig, Origin)> {
    let node = tree(file, errors)?;
    let reader = Reader::of_file(errors, &CONNECTOR, &node);
    let connector = decode::connector(&reader, file, surroundings, search)?;
    Some((connector, reader.origin_of("key").clone()))
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

/// The limits of all instances that may run at the same time, against what the host may use.
fn check_memory_budget(
    host: &HostConfig,
    connectors: &[(ConnectorConfig, Origin)],
    errors: &Errors,
) {
    let Some(budget) = host.runtime.memory_budget else { return };
    let needed = connectors.iter().filter(|(connector, _)| connector.enabled).fold(
        0_u64,
        |sum, (connector, _)| {
            let stages = connector.transforms.iter().map(|transform| transform.limits.memory);
            let per_lane = stages.fold(connector.limits.memory.as_u64(), |sum, memory| {
                sum.saturating_add(memory.as_u64())
            });
            sum.saturating_add(per_lane.saturating_mul(lanes(&connector.direction)))
        },
    );
    if needed > budget.as_u64() {
        let detail = format!(
            "the memory limits of all instances add up to {}, more than `memory_budget = \"{budget}\"`",
            crate::size::ByteSize::bytes(needed)
        );
        let help = "raise the budget, or lower `memory` in [limits] or `parallelism`";
        errors.push(ConfigError::new(Problem::Conflict { detail }).help(help));
    }
}

/// How many instances of a connector may run at the same time.
fn lanes(direction: &Direction) -> u64 {
    match direction {
        Direction::Sink(streams) => streams
            .iter()
            .map(|stream| stream.topics.len() as u64 * u64::from(stream.parallelism))
            .sum(),
        Direction::Source(_) => 1,
    }
}
