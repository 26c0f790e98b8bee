//! `cargo xtask components`: every guest of the repository as a component.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::workspace::{Guest, Workspace};
use crate::{polyglot, process, toolchain};

/// Profile of guests in the root manifest.
const PROFILE: &str = "component";

/// Builds the Rust guests, then unless `rust_only` the Python and JavaScript ones.
///
/// # Errors
/// When a guest does not build or a tool is missing.
pub(crate) fn build(workspace: &Workspace, rust_only: bool) -> Result<()> {
    build_rust(workspace)?;
    if rust_only {
        return Ok(());
    }
    build_python(workspace)?;
    build_javascript(workspace)
}

/// Builds the Rust guests with one cargo call, so that they share their dependencies' build.
///
/// # Errors
/// When the target cannot be installed or a guest does not build.
pub(crate) fn build_rust(workspace: &Workspace) -> Result<()> {
    build_chosen(workspace, |_| true)
}

/// Builds the Rust guests that the configurations in `folder` name, and no other.
///
/// # Errors
/// As [`build_rust`].
pub(crate) fn build_named_in(workspace: &Workspace, folder: &Path) -> Result<()> {
    let mut configurations = String::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            configurations += &fs::read_to_string(path)?;
        }
    }
    build_chosen(workspace, |file| configurations.contains(&format!("component = \"{file}\"")))
}

fn build_chosen(workspace: &Workspace, is_chosen: impl Fn(&str) -> bool) -> Result<()> {
    toolchain::ensure_wasm_target(workspace)?;
    let mut guests = workspace.guests()?;
    guests.retain(|guest| is_chosen(&guest.component_file()));
    process::step(&format!("building {} Rust components", guests.len()));
    let mut cargo = process::cargo(workspace.root());
    cargo.args(["build", "--profile", PROFILE, "--target", toolchain::WASM_TARGET]);
    for guest in &guests {
        cargo.args(["-p", &guest.package]);
    }
    process::run(&mut cargo, "building the Rust components")?;

    let built = workspace.target().join(toolchain::WASM_TARGET).join(PROFILE);
    let finished = workspace.components();
    fs::create_dir_all(&finished)
        .with_context(|| format!("cannot create {}", finished.display()))?;
    for guest in &guests {
        publish(guest, &built, &finished)?;
    }
    Ok(())
}

/// Builds the guest written in Python.
///
/// # Errors
/// When its tools cannot be installed or it does not build.
pub(crate) fn build_python(workspace: &Workspace) -> Result<()> {
    process::step("building the Python component (installs componentize-py the first time)");
    polyglot::build_python_component(workspace.root())
        .context("the Python component was not built")?;
    Ok(())
}

/// Builds the guest written in JavaScript.
///
/// # Errors
/// When its tools cannot be installed or it does not build.
pub(crate) fn build_javascript(workspace: &Workspace) -> Result<()> {
    process::step("building the JavaScript component (installs componentize-js the first time)");
    polyglot::build_javascript_component(workspace.root())
        .context("the JavaScript component was not built")?;
    Ok(())
}

/// Copies a built guest under its short name, unless the same bytes are there already: a running
/// host that watches the folder must not see a change where there is none, nor half a file.
fn publish(guest: &Guest, built: &Path, finished: &Path) -> Result<()> {
    let from = built.join(guest.built_file());
    let to = finished.join(guest.component_file());
    let bytes = fs::read(&from)
        .with_context(|| format!("cargo built {} but left no {}", guest.package, from.display()))?;
    if fs::read(&to).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let incomplete = to.with_extension("wasm.incomplete");
    fs::write(&incomplete, &bytes)
        .and_then(|()| fs::rename(&incomplete, &to))
        .with_context(|| format!("cannot write {}", to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_an_older_component_should_replace_it_and_leave_nothing_incomplete() {
        let built = tempfile::tempdir().unwrap();
        let finished = tempfile::tempdir().unwrap();
        let guest = Guest { package: "kennel-file-sink".into() };
        fs::write(built.path().join("kennel_file_sink.wasm"), "new").unwrap();
        fs::write(finished.path().join("file_sink.wasm"), "old").unwrap();

        publish(&guest, built.path(), finished.path()).unwrap();

        let names: Vec<_> = fs::read_dir(finished.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["file_sink.wasm"]);
        assert_eq!(fs::read(finished.path().join("file_sink.wasm")).unwrap(), b"new");
    }

    #[test]
    fn given_the_same_bytes_should_leave_the_component_untouched() {
        let built = tempfile::tempdir().unwrap();
        let finished = tempfile::tempdir().unwrap();
        let guest = Guest { package: "noop-sink".into() };
        fs::write(built.path().join("noop_sink.wasm"), "same").unwrap();
        let target = finished.path().join("noop_sink.wasm");
        fs::write(&target, "same").unwrap();
        let before = fs::metadata(&target).unwrap().modified().unwrap();

        publish(&guest, built.path(), finished.path()).unwrap();

        assert_eq!(fs::metadata(&target).unwrap().modified().unwrap(), before);
    }
}
