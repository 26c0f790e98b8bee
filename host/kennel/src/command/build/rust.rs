//! Rust: cargo, for `wasm32-wasip2`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde_json::Value;

use super::Project;
use super::tool::Tool;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

const TARGET: &str = "wasm32-wasip2";
const INSTALL: &str = "install Rust as described at https://rustup.rs";

/// Builds the package and answers where the component is.
///
/// # Errors
/// When a tool is missing or the package does not build.
pub(super) async fn build(project: &Project<'_>, terminal: &Terminal) -> Result<PathBuf, Failure> {
    require_target(&project.folder).await?;
    terminal.progress("cargo build --release --target wasm32-wasip2");
    let arguments =
        ["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"];
    let messages = Tool::new("cargo", INSTALL).run(&project.folder, arguments).await?;
    let manifest = project.folder.join("Cargo.toml");
    let built = component(&messages, &manifest).ok_or_else(|| {
        Failure::usage(anyhow!(
            "{} builds no component; add `crate-type = [\"cdylib\"]` to its [lib] section",
            manifest.display()
        ))
    })?;
    // The package's name has dashes where the library's has underscores.
    let name = built.file_stem().unwrap_or_default().to_string_lossy().replace('_', "-");
    let output = project.output(&name);
    publish(&built, &output)?;
    Ok(output)
}

async fn require_target(folder: &Path) -> Result<(), Failure> {
    let arguments = ["--print", "target-libdir", "--target", TARGET];
    let printed = Tool::new("rustc", INSTALL).run(folder, arguments).await?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&printed).trim());
    match libraries.is_dir() {
        true => Ok(()),
        false => Err(Failure::usage(anyhow!(
            "Rust has no standard library for {TARGET}; run: rustup target add {TARGET}"
        ))),
    }
}

/// The component among cargo's messages: the `.wasm` file of the package with this manifest.
fn component(messages: &[u8], manifest: &Path) -> Option<PathBuf> {
    messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter(|message| {
            message["reason"] == "compiler-artifact"
                && message["manifest_path"].as_str().map(Path::new) == Some(manifest)
        })
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|name| name.as_str().map(PathBuf::from))
        .rfind(|name| name.extension() == Some(OsStr::new("wasm")))
}

/// A host that starts meanwhile must not read half a file.
fn publish(from: &Path, to: &Path) -> Result<(), Failure> {
    let folder = to.parent().unwrap_or(Path::new("."));
    let incomplete = to.with_extension("wasm.incomplete");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::copy(from, &incomplete))
        .and_then(|_| std::fs::rename(&incomplete, to))
        .with_context(|| format!("cannot write {}", to.display()))
        .map_err(Failure::running)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_messages_of_cargo_should_find_the_component_of_this_package() {
        let messages = br#"{"reason":"compiler-artifact","manifest_path":"/dep/Cargo.toml","filenames":["/t/dep.wasm"]}
not json
{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","filenames":["/t/a.d","/t/a.wasm"]}
{"reason":"build-finished","success":true}
"#;
        let found = component(messages, Path::new("/a/Cargo.toml"));
        assert_eq!(found, Some(PathBuf::from("/t/a.wasm")));
        assert_eq!(component(messages, Path::new("/b/Cargo.toml")), None);
    }
}
