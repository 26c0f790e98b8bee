//! `kennel build`: the component in a folder, with the tools of its language.

mod javascript;
mod kind;
mod python;
mod rust;
mod tool;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, anyhow};
use serde_json::json;

use crate::cli::{BuildArguments, Language};
use crate::exit_code::Failure;
use crate::terminal::Terminal;

/// What to build, and where to put it.
struct Project<'a> {
    /// Absolute.
    folder: PathBuf,
    /// Absolute. None: NAME.wasm in the folder.
    output: Option<PathBuf>,
    /// The SDK folder named on the command line.
    sdk: Option<&'a Path>,
}

impl Project<'_> {
    fn output(&self, name: &str) -> PathBuf {
        self.output.clone().unwrap_or_else(|| self.folder.join(format!("{name}.wasm")))
    }
}

pub(crate) async fn run(arguments: BuildArguments, terminal: &Terminal) -> Result<(), Failure> {
    let folder = arguments
        .folder
        .canonicalize()
        .with_context(|| format!("cannot build in {}", arguments.folder.display()))
        .map_err(Failure::usage)?;
    let language = detect(&folder)?;
    let output = arguments.output.as_ref().map(std::path::absolute).transpose();
    let project =
        Project { folder, output: output.map_err(Failure::usage)?, sdk: arguments.sdk.as_deref() };
    let started = Instant::now();
    let component = match language {
        Language::Rust => rust::build(&project, terminal).await?,
        Language::Python => python::build(&project, terminal).await?,
        Language::Javascript => javascript::build(&project, terminal).await?,
    };
    report(&component, started, terminal)
}

/// The language, by the manifest that its tools read.
fn detect(folder: &Path) -> Result<Language, Failure> {
    let manifests = [
        ("Cargo.toml", Language::Rust),
        ("pyproject.toml", Language::Python),
        ("package.json", Language::Javascript),
    ];
    let found = manifests.into_iter().find(|(manifest, _)| folder.join(manifest).is_file());
    found.map(|(_, language)| language).ok_or_else(|| {
        Failure::usage(anyhow!(
            "{} has no Cargo.toml, pyproject.toml or package.json; begin a component with \
             `kennel new NAME --kind sink`, or name its folder: kennel build DIR",
            folder.display()
        ))
    })
}

fn report(component: &Path, started: Instant, terminal: &Terminal) -> Result<(), Failure> {
    let bytes = std::fs::metadata(component)
        .with_context(|| format!("the build left no {}", component.display()))
        .map_err(Failure::running)?
        .len();
    let seconds = started.elapsed().as_secs_f64();
    let facts = json!({ "component": component, "bytes": bytes, "seconds": seconds });
    terminal.result(&facts, || {
        let path = shortest(component);
        let kib = bytes.div_ceil(1024);
        format!("{}  {kib} KiB  {seconds:.1} s", path.display())
    });
    terminal.progress("look at it with `kennel inspect`, use it as `component = \"…\"`");
    Ok(())
}

/// Relative to the working directory where it lies below it.
fn shortest(path: &Path) -> &Path {
    let current = std::env::current_dir().ok();
    current.and_then(|current| path.strip_prefix(current).ok()).unwrap_or(path)
}
