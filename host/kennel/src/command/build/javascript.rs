//! JavaScript: the SDK's build script, run by Node.js.
//!
//! `package.json` says what is built:
//!
//! ```json
//! {
//!   "name": "mask-cards",
//!   "main": "component.js",
//!   "kennel": { "kind": "transform" },
//!   "dependencies": { "kennel-sdk": "file:…/guest-sdk/javascript" }
//! }
//! ```

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde::Deserialize;

use super::Project;
use super::kind::Kind;
use super::tool::Tool;
use crate::command::sdk::SdkFolder;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

const INSTALL: &str = "install Node.js 20 or later from https://nodejs.org";

/// Builds the entry module and answers where the component is.
///
/// # Errors
/// When a tool is missing, the manifest is incomplete, or the module does not build.
pub(super) async fn build(project: &Project<'_>, terminal: &Terminal) -> Result<PathBuf, Failure> {
    let manifest = Manifest::read(&project.folder.join("package.json"))?;
    let kind: Kind = manifest.kennel.kind.parse().map_err(Failure::usage)?;
    let written = manifest.sdk().map(|sdk| project.folder.join(sdk));
    let written = written.as_deref().and_then(Path::parent);
    let sdk = SdkFolder::find(project.sdk.or(written), &project.folder)?;
    let tools = tools(&sdk)?;
    let output = project.output(&manifest.name);
    let arguments: [OsString; 10] = [
        sdk.language("javascript").join("build.js").into(),
        "--tools".into(),
        tools.into(),
        "--wit".into(),
        sdk.wit().into(),
        "--kind".into(),
        kind.name().into(),
        "--output".into(),
        output.clone().into(),
        project.folder.join(&manifest.main).into(),
    ];
    terminal.progress("node build.js");
    Tool::new("node", INSTALL).run(&project.folder, arguments).await?;
    Ok(output)
}

/// The folder that Kennel's own build installed componentize-js in, or `npm ci` beside the SDK.
fn tools(sdk: &SdkFolder) -> Result<PathBuf, Failure> {
    let beside = sdk.language("javascript").join("tools");
    let candidates = [sdk.tools("javascript"), beside.clone()];
    let found = candidates.into_iter().find(|folder| folder.join("node_modules").is_dir());
    found.ok_or_else(|| {
        let beside = beside.display();
        Failure::usage(anyhow!("the JavaScript tools are missing; run: npm ci --prefix {beside}"))
    })
}

/// What `package.json` says about the component.
#[derive(Debug, Deserialize)]
struct Manifest {
    name: String,
    main: String,
    kennel: Section,
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Section {
    kind: String,
}

impl Manifest {
    /// The folder of the SDK for JavaScript, where the manifest depends on one.
    fn sdk(&self) -> Option<&str> {
        self.dependencies.get("kennel-sdk")?.strip_prefix("file:")
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        const NEEDS: &str = "package.json needs \"name\", \"main\" and \
                             \"kennel\": { \"kind\": \"sink\" | \"source\" | \"transform\" }";
        std::fs::read(path)
            .map_err(anyhow::Error::new)
            .and_then(|text| serde_json::from_slice(&text).context(NEEDS))
            .with_context(|| path.display().to_string())
            .map_err(Failure::usage)
    }
}
