//! `kennel new`: a connector or transform begun from a template that builds and has tests.

mod name;
mod template;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde_json::json;

use crate::cli::NewArguments;
use crate::command::sdk::SdkFolder;
use crate::exit_code::Failure;
use crate::terminal::Terminal;
use name::ComponentName;

pub(crate) fn run(arguments: &NewArguments, terminal: &Terminal) -> Result<(), Failure> {
    let name: ComponentName = arguments.name.parse().map_err(Failure::usage)?;
    let folder = arguments.path.clone().unwrap_or_else(|| PathBuf::from(name.kebab()));
    let sdk = SdkFolder::find(arguments.sdk.as_deref(), Path::new("."))?;
    require_empty(&folder)?;
    let mut written = Vec::new();
    for file in template::files(arguments.language, arguments.kind) {
        let path = folder.join(file.path);
        write(&path, &fill(file.text, &name, &sdk))
            .with_context(|| format!("cannot write {}", path.display()))
            .map_err(Failure::running)?;
        written.push(path);
    }
    terminal.result(&json!({ "folder": folder, "files": written }), || {
        let files: Vec<_> = written.iter().map(|path| format!("  {}", path.display())).collect();
        let folder = folder.display();
        format!("made\n{}\n\nnext: kennel build {folder}", files.join("\n"))
    });
    Ok(())
}

/// Nothing that is there is ever overwritten.
fn require_empty(folder: &Path) -> Result<(), Failure> {
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(false) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Ok(true) => Err(Failure::usage(anyhow!(
            "{} is not empty; name another folder by --path DIR",
            folder.display()
        ))),
        Err(error) => Err(Failure::usage(
            anyhow::Error::new(error).context(format!("cannot use {}", folder.display())),
        )),
    }
}

/// Fills the placeholders of a template.
fn fill(text: &str, name: &ComponentName, sdk: &SdkFolder) -> String {
    // In TOML and JSON strings, a backslash would begin an escape; `/` works everywhere.
    let sdk = sdk.path().display().to_string().replace('\\', "/");
    text.replace("{{name}}", name.kebab()).replace("{{sdk}}", &sdk)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}
