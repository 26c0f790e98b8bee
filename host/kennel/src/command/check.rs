//! `kennel check`: every mistake of a configuration, found without a broker.

use kennel_config::{
    ComponentSource, ConfigError, ConfigErrors, Configuration, Direction, FileKind,
};
use kennel_sandbox::Engine;
use serde_json::json;

use crate::cli::{CheckArguments, SchemaOf};
use crate::exit_code::Failure;
use crate::terminal::{Terminal, TransferBar};
use crate::wiring::{self, Progress};

pub(crate) async fn run(arguments: CheckArguments, terminal: &Terminal) -> Result<(), Failure> {
    if let Some(kind) = arguments.schema {
        return print_schema(kind);
    }
    let configuration = wiring::configuration(&arguments.config).await?;
    let warnings = check_components(&configuration, terminal).await?;
    report(&configuration, &warnings, terminal);
    Ok(())
}

/// Each component's schema and own checks against its `[config]`, and what it asks for against what it is
/// granted. The answer is what an operator may want to change.
async fn check_components(
    configuration: &Configuration,
    terminal: &Terminal,
) -> Result<Vec<ConfigError>, Failure> {
    let cache = configuration.host.components.cache.clone();
    let engine = Engine::new(Some(cache)).map_err(Failure::running)?;
    let loaded = wiring::load(&engine, configuration, &Announce::new(terminal)).await?;
    let problems =
        wiring::problems(&loaded, &configuration.host).await.map_err(Failure::component)?;
    ConfigErrors::none_of(problems)?;
    Ok(loaded.iter().flat_map(wiring::not_asked).collect())
}

/// Compiling for the first time takes seconds.
struct Announce<'a> {
    terminal: &'a Terminal,
    bar: TransferBar,
}

impl<'a> Announce<'a> {
    fn new(terminal: &'a Terminal) -> Self {
        Self { terminal, bar: TransferBar::new(terminal) }
    }
}

impl Progress for Announce<'_> {
    fn loading(&self, source: &ComponentSource, number: usize, of: usize) {
        self.terminal.progress(&format!("[{number}/{of}] {source}"));
    }
}

impl kennel_registry::Progress for Announce<'_> {
    fn transferred(&self, done: u64, total: Option<u64>) {
        self.bar.transferred(done, total);
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

fn report(configuration: &Configuration, warnings: &[ConfigError], terminal: &Terminal) {
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
    let warnings: Vec<_> = configuration.warnings.iter().chain(warnings).collect();
    for warning in &warnings {
        terminal.progress(&format!("{warning}\n"));
    }
    let facts = json!({ "valid": true, "connectors": connectors, "warnings": warnings });
    terminal.result(&facts, || summary(configuration));
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
            connector.component.to_string(),
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
