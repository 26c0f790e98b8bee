//! Python: componentize-py, with the SDK on its path.
//!
//! `pyproject.toml` says what is built:
//!
//! ```toml
//! [project]
//! name = "mask-cards"
//!
//! [tool.kennel]
//! kind = "transform"
//! module = "component"
//! sdk = "…/guest-sdk/python"     # where it is, unless it is found by itself
//! ```

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use toml_edit::DocumentMut;

use super::Project;
use super::kind::Kind;
use super::tool::Tool;
use crate::command::sdk::SdkFolder;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

const INSTALL: &str = "install it, for example: pipx install componentize-py==0.25.1";

/// Builds the module and answers where the component is.
///
/// # Errors
/// When a tool is missing, the manifest is incomplete, or the module does not build.
pub(super) async fn build(project: &Project<'_>, terminal: &Terminal) -> Result<PathBuf, Failure> {
    let manifest = Manifest::read(&project.folder.join("pyproject.toml"))?;
    let written = manifest.sdk.as_ref().map(|sdk| project.folder.join(sdk));
    let written = written.as_deref().and_then(Path::parent);
    let sdk = SdkFolder::find(project.sdk.or(written), &project.folder)?;
    let output = project.output(&manifest.name);
    let arguments: [OsString; 12] = [
        "--wit-path".into(),
        sdk.wit().into(),
        "--world".into(),
        manifest.kind.world().into(),
        "componentize".into(),
        "--python-path".into(),
        project.folder.clone().into(),
        "--python-path".into(),
        sdk.language("python").into(),
        manifest.module.into(),
        "--output".into(),
        output.clone().into(),
    ];
    terminal.progress("componentize-py");
    Tool::new(componentize(&sdk), INSTALL).run(&project.folder, arguments).await?;
    Ok(output)
}

/// The one that Kennel's own build installed beside the SDK, else the one in PATH.
fn componentize(sdk: &SdkFolder) -> PathBuf {
    let installed = sdk.tools("python").join("bin/componentize-py");
    if installed.is_file() { installed } else { "componentize-py".into() }
}

/// What `pyproject.toml` says about the component.
#[derive(Debug, PartialEq, Eq)]
struct Manifest {
    name: String,
    module: String,
    kind: Kind,
    /// The SDK for Python.
    sdk: Option<PathBuf>,
}

impl Manifest {
    fn read(path: &Path) -> Result<Self, Failure> {
        std::fs::read_to_string(path)
            .map_err(anyhow::Error::new)
            .and_then(|text| Self::parse(&text))
            .with_context(|| path.display().to_string())
            .map_err(Failure::usage)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let document: DocumentMut = text.parse()?;
        let text = |section: &[&str], key: &str| {
            let mut item = document.as_item();
            for name in section.iter().chain([&key]) {
                item = item.get(name)?;
            }
            item.as_str().map(str::to_owned)
        };
        let name = text(&["project"], "name")
            .ok_or_else(|| anyhow!("add a section [project] with the name of the component"))?;
        let kind = text(&["tool", "kennel"], "kind").ok_or_else(|| {
            anyhow!("add a section [tool.kennel] with kind = \"sink\", \"source\" or \"transform\"")
        })?;
        let module = text(&["tool", "kennel"], "module").ok_or_else(|| {
            anyhow!("add module = \"component\" to [tool.kennel], the module that is the component")
        })?;
        let sdk = text(&["tool", "kennel"], "sdk").map(PathBuf::from);
        Ok(Self { name, module, kind: kind.parse()?, sdk })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_manifest_should_know_what_to_build() {
        let text = "[project]\nname = \"mask-cards\"\n[tool.kennel]\nkind = \"transform\"\n\
                    module = \"mask_cards\"\n";
        let expected = Manifest {
            name: "mask-cards".to_owned(),
            module: "mask_cards".to_owned(),
            kind: Kind::Transform,
            sdk: None,
        };
        assert_eq!(Manifest::parse(text).unwrap(), expected);
        let elsewhere = Manifest::parse(&format!("{text}sdk = \"/sdk/python\"\n")).unwrap();
        assert_eq!(elsewhere.sdk, Some("/sdk/python".into()));
    }

    #[test]
    fn given_an_incomplete_manifest_should_say_what_to_add() {
        for (text, expected) in [
            ("[tool.kennel]\nkind = \"sink\"", "add a section [project]"),
            ("[project]\nname = \"x\"", "add a section [tool.kennel]"),
            ("[project]\nname = \"x\"\n[tool.kennel]\nkind = \"sink\"", "add module"),
            (
                "[project]\nname = \"x\"\n[tool.kennel]\nkind = \"snk\"\nmodule = \"m\"",
                "\"snk\" is not a kind",
            ),
        ] {
            let error = Manifest::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
