//! From a connector's file to what the suite judges.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use kennel_config::{ConfigErrors, Direction, Environment, Format};
use kennel_conform::{Processes, Subject};
use kennel_pipeline::Guest;
use kennel_sandbox::Engine;
use kennel_state::StateStore;
use kennel_supervisor::Work;
use tempfile::TempDir;
use toml_edit::{DocumentMut, TableLike, Value};

use super::Display;
use crate::cli::ConformArguments;
use crate::exit_code::Failure;
use crate::wiring::{self, Loaded, Wiring};

/// Name of the connector's file in the folder that is made for it, and so its key.
const FILE: &str = "conform.toml";
/// What each scenario with real processes adds by itself.
const SCENARIOS_OWN: [&str; 3] = ["key", "streams", "delivery"];

/// What is judged, with the folder that it needs meanwhile.
pub(super) struct Prepared {
    pub(super) subject: Subject,
    _folder: TempDir,
}

pub(super) async fn prepare(
    arguments: &ConformArguments,
    display: &Display,
) -> Result<Prepared, Failure> {
    let file = std::path::absolute(&arguments.config).map_err(Failure::usage)?;
    let component = std::path::absolute(&arguments.component).map_err(Failure::usage)?;
    let beside = file.parent().unwrap_or(Path::new("/"));
    let document = read(&file, &component)?;
    let folder = tempfile::tempdir().map_err(Failure::running)?;
    let cache = code_cache(beside).unwrap_or_else(|| folder.path().join("cache"));
    let state = folder.path().join("state");
    let host = format!("[components]\ncache = {cache:?}\n[state]\npath = {state:?}\n");
    for (name, text) in [("kennel.toml", host), (FILE, document.to_string())] {
        std::fs::write(folder.path().join(name), text).map_err(Failure::running)?;
    }

    let configuration = kennel_config::load(folder.path(), &Environment::of_process())?;
    let engine = Engine::new(Some(cache.clone())).map_err(Failure::running)?;
    let loaded = wiring::load(&engine, &configuration, display).await?;
    ConfigErrors::none_of(
        wiring::problems(&loaded, &configuration.host).await.map_err(Failure::component)?,
    )?;
    let Some(loaded) = loaded.into_iter().next() else {
        return Err(Failure::usage(anyhow!("{} configures no connector", file.display())));
    };
    let format = match &loaded.config.direction {
        Direction::Sink(streams) => streams.first().map_or(Format::Raw, |stream| stream.format),
        Direction::Source(stream) => stream.format,
    };
    let guest = guest(&loaded, &configuration.host, &state)?;
    let (format, word) = match format {
        Format::Raw => (kennel_sandbox::Format::Raw, "raw"),
        Format::Text => (kennel_sandbox::Format::Text, "text"),
        Format::Json => (kennel_sandbox::Format::Json, "json"),
    };
    let processes = match arguments.no_processes {
        true => None,
        false => Some(Processes {
            program: std::env::current_exe()
                .context("cannot find this program's own file")
                .map_err(Failure::running)?,
            connector: for_processes(document),
            format: word,
            cache,
        }),
    };
    let subject = Subject { component: guest.component, spec: guest.spec, format, processes };
    Ok(Prepared { subject, _folder: folder })
}

/// The file with absolute paths, `component` in place of its own, and without transforms.
fn read(file: &Path, component: &Path) -> Result<DocumentMut, Failure> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read {}", file.display()))
        .map_err(Failure::usage)?;
    let mut document: DocumentMut = text
        .parse()
        .with_context(|| format!("{} is not valid TOML", file.display()))
        .map_err(Failure::usage)?;
    let beside = file.parent().unwrap_or(Path::new("/"));
    document["component"] = toml_edit::value(component.display().to_string());
    document.remove("transforms");
    document.remove("enabled");
    let files = document.get_mut("grants").and_then(|grants| grants.get_mut("files"));
    if let Some(files) = files {
        if let Some(tables) = files.as_array_of_tables_mut() {
            tables.iter_mut().for_each(|table| make_absolute(table, beside));
        } else if let Some(array) = files.as_array_mut() {
            let tables = array.iter_mut().filter_map(Value::as_inline_table_mut);
            tables.for_each(|table| make_absolute(table, beside));
        }
    }
    Ok(document)
}

fn make_absolute(grant: &mut dyn TableLike, beside: &Path) {
    if let Some(path) = grant.get_mut("path") {
        let written = path.as_str().map(|written| beside.join(written).display().to_string());
        if let Some(written) = written {
            *path = toml_edit::value(written);
        }
    }
}

/// Without what the scenarios add by themselves.
fn for_processes(mut document: DocumentMut) -> String {
    for key in SCENARIOS_OWN {
        document.remove(key);
    }
    document.to_string()
}

/// The cache that the host of this folder uses: compiling takes seconds.
fn code_cache(folder: &Path) -> Option<PathBuf> {
    let text = std::fs::read_to_string(folder.join("kennel.toml")).ok()?;
    let document: DocumentMut = text.parse().ok()?;
    Some(folder.join(document.get("components")?.get("cache")?.as_str()?))
}

/// Component and grants as a host would use them.
fn guest(
    loaded: &Loaded,
    host: &kennel_config::HostConfig,
    state: &Path,
) -> Result<Guest, Failure> {
    let http = wiring::http_client(&host.network).map_err(Failure::running)?;
    let state = StateStore::open(state).map_err(Failure::running)?;
    let wiring = Wiring { broker: wiring::broker_config(&host.iggy), state, http };
    match wiring.connector(loaded).0.work {
        Work::Sink(topics) => {
            let topic = topics.into_iter().next();
            topic.map(|topic| topic.spec.sink).ok_or_else(|| Failure::usage(anyhow!("no topics")))
        }
        Work::Source(source) => Ok(source.spec.source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "type = \"sink\"\ncomponent = \"x.wasm\"\nkey = \"k\"\n\
                        [[streams]]\nstream = \"s\"\ntopics = [\"t\"]\n\
                        [[transforms]]\ncomponent = \"t.wasm\"\n\
                        [config]\nfolder = \"/out\"\n\
                        [[grants.files]]\npath = \"out\"\nguest = \"/out\"\nmode = \"rw\"\n";

    #[test]
    fn given_relative_paths_should_make_them_absolute_and_drop_transforms() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("orders.toml");
        std::fs::write(&file, TEXT).unwrap();
        let document = read(&file, Path::new("/components/mine.wasm")).unwrap();
        let text = document.to_string();
        let out = folder.path().join("out");
        assert!(text.contains(&format!("path = {:?}", out.display().to_string())), "{text}");
        assert!(text.contains("component = \"/components/mine.wasm\"") && !text.contains("t.wasm"));
        let text = for_processes(document);
        assert!(!text.contains("streams") && !text.contains("key"), "{text}");
        assert!(text.contains("[config]") && text.contains("[[grants.files]]"), "{text}");
    }

    #[test]
    fn given_a_host_beside_the_file_should_use_its_cache() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(code_cache(folder.path()), None);
        let host = "[components]\ncache = \"../cache\"\n";
        std::fs::write(folder.path().join("kennel.toml"), host).unwrap();
        assert_eq!(code_cache(folder.path()), Some(folder.path().join("../cache")));
    }
}
