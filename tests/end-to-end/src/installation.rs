//! The program and the components under test.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn named(variable: &str, default: &str) -> PathBuf {
    env::var_os(variable).map_or_else(|| root().join(default), PathBuf::from)
}

/// Folder of the components.
pub fn components() -> PathBuf {
    named("KENNEL_COMPONENTS", "target/components")
}

/// Compiled code, shared by all tests and by the demo.
pub fn code_cache() -> PathBuf {
    root().join("target/kennel-cache")
}

/// A component, which has to be there.
pub fn component(name: &str) -> PathBuf {
    let path = components().join(name);
    assert!(path.is_file(), "{} is missing; `cargo xtask components` builds it", path.display());
    path
}

/// The program, without the test run's own variables.
pub fn kennel() -> Command {
    let program = named("KENNEL_BIN", "target/debug/kennel");
    assert!(
        program.is_file(),
        "{} is missing; `cargo build --workspace --bin kennel` builds it",
        program.display()
    );
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("KENNEL_") {
            command.env_remove(name);
        }
    }
    command
}

/// Compiles the Rust components once, before many tests would do so at the same time.
pub fn warm_up() {
    static WARM: OnceLock<()> = OnceLock::new();
    WARM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(components()).into_iter().flatten() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Some(connector) = connector_with(&name) else { continue };
            std::fs::write(folder.path().join(name.replace(".wasm", ".toml")), connector).unwrap();
        }
        let host =
            format!("[components]\nsearch = [{:?}]\ncache = {:?}\n", components(), code_cache());
        std::fs::write(folder.path().join("kennel.toml"), host).unwrap();
        // Their configurations are mostly refused, but only after they are compiled.
        drop(kennel().args(["check", "--config"]).arg(folder.path()).output().unwrap());
    });
}

/// A connector that has the component load; none for those in other languages, which few tests use.
fn connector_with(component: &str) -> Option<String> {
    let (kind, own, transform) = match component {
        name if name.ends_with("_sink.wasm") => ("sink", name, ""),
        name if name.ends_with("_source.wasm") => ("source", name, ""),
        name if name.ends_with("_transform.wasm") => ("sink", "noop_sink.wasm", name),
        _ => return None,
    };
    let mut text = format!(
        "type = \"{kind}\"\ncomponent = \"{own}\"\n[[streams]]\nstream = \"s\"\ntopics = [\"t\"]\n"
    );
    if !transform.is_empty() {
        text.push_str(&format!("[[transforms]]\ncomponent = \"{transform}\"\n"));
    }
    Some(text)
}
