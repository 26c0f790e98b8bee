//! Where things are, and which guests the repository has.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::process;

/// Folders whose crates are guests: built to WebAssembly, not into the host.
const GUEST_FOLDERS: [&str; 2] = ["connectors", "tests/guests"];

/// The folder this command was built from.
pub(crate) struct Workspace {
    root: PathBuf,
}

/// One crate that becomes a component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    /// Package name, as `cargo build -p` wants it: `kennel-file-sink`.
    pub(crate) package: String,
}

impl Workspace {
    /// The workspace that this binary was compiled in.
    pub(crate) fn of_this_build() -> Self {
        let own_crate = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: own_crate.parent().unwrap_or(own_crate).to_owned() }
    }

    /// Absolute path of the repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Absolute path of something inside the repository.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Where cargo writes: `target`, or what `CARGO_TARGET_DIR` says.
    pub(crate) fn target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => self.root.join(folder),
            None => self.path("target"),
        }
    }

    /// The host as `cargo build` leaves it.
    pub(crate) fn host(&self) -> PathBuf {
        self.target().join("debug").join("kennel")
    }

    /// Where finished components are put; configurations name them by this folder.
    pub(crate) fn components(&self) -> PathBuf {
        self.path("target/components")
    }

    /// Every Rust guest, in the order cargo lists them.
    ///
    /// # Errors
    /// When `cargo metadata` fails or finds none.
    pub(crate) fn guests(&self) -> Result<Vec<Guest>> {
        let mut cargo = process::cargo(&self.root);
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
        let json = process::capture(&mut cargo, "cargo metadata")?;
        let guests = guests_in(&json, &self.root)?;
        if guests.is_empty() {
            bail!("no guest crates found under {}", GUEST_FOLDERS.join(" or "));
        }
        Ok(guests)
    }
}

impl Guest {
    /// Name of the file cargo writes: dashes become underscores.
    pub(crate) fn built_file(&self) -> String {
        format!("{}.wasm", self.package.replace('-', "_"))
    }

    /// Name of the finished component: without the project's prefix, so that configurations read
    /// `file_sink.wasm`.
    pub(crate) fn component_file(&self) -> String {
        let short = self.package.strip_prefix("kennel-").unwrap_or(&self.package);
        format!("{}.wasm", short.replace('-', "_"))
    }
}

fn guests_in(metadata: &str, root: &Path) -> Result<Vec<Guest>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        manifest_path: PathBuf,
        targets: Vec<Target>,
    }
    #[derive(Deserialize)]
    struct Target {
        crate_types: Vec<String>,
    }

    let metadata: Metadata =
        serde_json::from_str(metadata).context("cargo metadata printed something unexpected")?;
    let is_guest = |package: &Package| {
        GUEST_FOLDERS.iter().any(|folder| package.manifest_path.starts_with(root.join(folder)))
            && package.targets.iter().any(|target| target.crate_types.iter().any(|t| t == "cdylib"))
    };
    Ok(metadata
        .packages
        .into_iter()
        .filter(is_guest)
        .map(|package| Guest { package: package.name })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_packages_inside_and_outside_the_guest_folders_should_take_the_guests_only() {
        let metadata = r#"{"packages": [
            {"name": "kennel", "manifest_path": "/r/host/kennel/Cargo.toml",
             "targets": [{"crate_types": ["bin"]}]},
            {"name": "kennel-file-sink", "manifest_path": "/r/connectors/sinks/file/Cargo.toml",
             "targets": [{"crate_types": ["cdylib", "rlib"]}, {"crate_types": ["bin"]}]},
            {"name": "connector-test-kit", "manifest_path": "/r/connectors/test-kit/Cargo.toml",
             "targets": [{"crate_types": ["lib"]}]},
            {"name": "noop-sink", "manifest_path": "/r/tests/guests/noop-sink/Cargo.toml",
             "targets": [{"crate_types": ["cdylib"]}]}
        ]}"#;

        let guests = guests_in(metadata, Path::new("/r")).unwrap();

        let names: Vec<_> = guests.iter().map(|guest| guest.package.as_str()).collect();
        assert_eq!(names, ["kennel-file-sink", "noop-sink"]);
    }

    #[test]
    fn given_a_prefixed_package_should_shorten_the_component_but_not_the_built_file() {
        let guest = Guest { package: "kennel-fields-transform".into() };
        assert_eq!(guest.built_file(), "kennel_fields_transform.wasm");
        assert_eq!(guest.component_file(), "fields_transform.wasm");
    }

    #[test]
    fn given_this_workspace_should_find_its_own_manifest() {
        assert!(Workspace::of_this_build().path("Cargo.toml").is_file());
    }
}
