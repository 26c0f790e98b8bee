//! `kennel check`: every mistake of a configuration, found without a broker.

use std::path::Path;

use kennel_config::{ConfigErrors, Configuration, Direction, Environment, FileKind};
use kennel_sandbox::Engine;
use serde_json::json;

use crate::cli::{CheckArguments, SchemaOf};
use crate::exit_code::Failure;
use crate::terminal::Terminal;
use crate::wiring::{self, Progress};

pub(crate) async fn run(arguments: CheckArguments, terminal: &Terminal) -> Result<(), Failure> {
    if let Some(kind) = arguments.schema {
        return print_schema(kind);
    }
    let configuration = kennel_config::load(&arguments.config, &Environment::of_process())?;
    check_components(&configuration, terminal).await?;
    report(&configuration, terminal);
    Ok(())
}

/// Each component's schema and own checks against its `[config]`.
async fn check_components(
    configuration: &Configuration,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let cache = configuration.host.components.cache.clone();
    let engine = Engine::new(Some(cache)).map_err(Failure::running)?;
    let loaded = wiring::load(&engine, &configuration.connectors, &Announce(terminal))
        .await
        .map_err(Failure::component)?;
    let problems = wiring::problems(&loaded).await.map_err(Failure::component)?;
    Ok(ConfigErrors::none_of(problems)?)
}

/// Compiling for the first time takes seconds.
struct Announce<'a>(&'a Terminal);

impl Progress for Announce<'_> {
    fn loading(&self, path: &Path, number: usize, of: usize) {
        self.0.progress(&format!("[{number}/{of}] {}", path.display()));
    }
}

fn print_schema(kind: SchemaOf) -> Result<(), Failure> {
    let schema = kennel_config::schema(match kind {
        SchemaOf::Host => FileKind::Host,
        SchemaOf::Connector => FileKind::Connector,
    });
    println!("{}", serde_json::to_string_pretty(&schema).map_err(Failure::running)?);
    Ok(())
}

fn report(configuration: &Configuration, terminal: &Terminal) {
    let connectors: Vec<_> = configuration
        .connectors
        .iter()
        .map(|connector| {
            json!({
                "key": connector.key,
                "type": connector.direction.name(),
                "enabled": connector.enabled,
                "component": connector.component,
                "file": connector.file,
            })
        })
        .collect();
    for warning in &*configuration.warnings {
        terminal.progress(&format!("{warning}\n"));
    }
    let warnings = &*configuration.warnings;
    let report = json!({ "valid": true, "connectors": connectors, "warnings": warnings });
    terminal.result(&report, || summary(configuration));
}

fn summary(configuration: &Configuration) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(["key", "type", "topics", "transforms", "component", ""]);
    for connector in &configuration.connectors {
        let topics = match &connector.direction {
            Direction::Sink(streams) => streams
                .iter()
                .flat_map(|it| it.topics.iter().map(move |topic| format!("{}/{topic}", it.stream)))
                .collect::<Vec<_>>(),
            Direction::Source(stream) => {
                stream.topics.iter().map(|topic| format!("{}/{topic}", stream.stream)).collect()
            }
        };
        table.add_row([
            connector.key.to_string(),
            connector.direction.name().to_owned(),
            topics.join(", "),
            connector.transforms.len().to_string(),
            connector.component.display().to_string(),
            if connector.enabled { String::new() } else { "disabled".to_owned() },
        ]);
    }
    let count = configuration.connectors.len();
    let verdict = format!("{count} connector{} valid", if count == 1 { "" } else { "s" });
    match count {
        0 => format!("{verdict}; {} has no connector files", configuration.folder.display()),
        _ => format!("{table}\n\n{verdict}"),
    }
}
