//! Guests written in other languages than Rust: the fields transform in Python and in JavaScript.
//!
//! Their tools are installed below `target/kennel-tools`, without administrator rights and at the versions that the SDKs
//! pin. What is there already is neither installed nor built again.

mod digest;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use self::digest::Stamp;
use crate::process;

/// Where the SDKs, their tools and the finished components are.
pub(crate) struct Tools {
    root: PathBuf,
}

impl Tools {
    /// Those of the repository at `root`.
    pub(crate) fn of(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The folder of one language's SDK.
    fn sdk(&self, language: &str) -> PathBuf {
        self.root.join("guest-sdk").join(language)
    }

    /// The folder that one language's tools are installed in.
    fn folder(&self, language: &str) -> PathBuf {
        self.root.join("target/kennel-tools").join(language)
    }

    fn wit(&self) -> PathBuf {
        self.root.join("wit/0.1")
    }

    fn component(&self, name: &str) -> PathBuf {
        self.root.join("target/components").join(format!("{name}.wasm"))
    }
}

/// Builds `target/components/fields-python.wasm`, and installs what that needs.
///
/// # Errors
/// When a tool is missing, cannot be installed, or fails.
pub(crate) fn build_python_component(root: &Path) -> Result<()> {
    let tools = Tools::of(root);
    let sdk = tools.sdk("python");
    let mut sources = sources_in(&sdk.join("examples/fields"), |name| !name.starts_with("test_"))?;
    sources.extend([sdk.join("kennel_sdk"), sdk.join("tools"), tools.wit()]);
    build_once(&tools, "fields-python", &sources, |output| {
        install_python(&tools)?;
        let mut componentize = Command::new(python_program(&tools, "componentize-py"));
        componentize
            .arg("--quiet")
            .arg("--wit-path")
            .arg(tools.wit())
            .args(["--world", "transform-guest", "componentize", "fields"])
            .arg("--python-path")
            .arg(sdk.join("examples/fields"))
            .arg("--python-path")
            .arg(&sdk)
            .arg("--output")
            .arg(output)
            .env_remove("VIRTUAL_ENV");
        run(&mut componentize, "componentize-py")
    })
}

/// Builds `target/components/fields-javascript.wasm`, and installs what that needs.
///
/// # Errors
/// When a tool is missing, cannot be installed, or fails.
pub(crate) fn build_javascript_component(root: &Path) -> Result<()> {
    let tools = Tools::of(root);
    let sdk = tools.sdk("javascript");
    let mut sources = sources_in(&sdk.join("examples/fields"), |name| !name.ends_with(".test.js"))?;
    sources.extend([sdk.join("src"), sdk.join("build.js"), sdk.join("tools"), tools.wit()]);
    build_once(&tools, "fields-javascript", &sources, |output| {
        install_javascript(&tools)?;
        let mut build = Command::new("node");
        build
            .arg(sdk.join("build.js"))
            .arg("--tools")
            .arg(tools.folder("javascript"))
            .arg("--wit")
            .arg(tools.wit())
            .args(["--kind", "transform", "--output"])
            .arg(output)
            .arg(sdk.join("examples/fields/fields.js"));
        run(&mut build, "componentize-js")
    })
}

/// A virtual environment with componentize-py, which brings its own Python for the components.
///
/// # Errors
/// When there is no Python, or the package cannot be had.
pub(crate) fn install_python(tools: &Tools) -> Result<()> {
    const NEEDED: &str = "Python 3.9 or newer with its module venv is needed as `python3`";
    let manifest = tools.sdk("python").join("tools");
    install_once(&tools.folder("python"), &manifest, |folder| {
        let mut version = Command::new("python3");
        version.args(["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))"]);
        run(&mut version, "python3").context(NEEDED)?;
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(folder);
        run(&mut venv, "python3 -m venv").context(NEEDED)?;
        let mut pip = Command::new(python_program(tools, "python"));
        pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
            .arg("--requirement")
            .arg(manifest.join("requirements.txt"));
        run(&mut pip, "pip install")
            .context("componentize-py cannot be installed from PyPI; is there a network?")
    })
}

/// A `node_modules` with componentize-js and the engine that it puts into components.
///
/// # Errors
/// When there is no Node.js, or the packages cannot be had.
pub(crate) fn install_javascript(tools: &Tools) -> Result<()> {
    const NEEDED: &str = "Node.js 20 or newer with npm is needed as `node` and `npm`";
    let manifest = tools.sdk("javascript").join("tools");
    install_once(&tools.folder("javascript"), &manifest, |folder| {
        let mut version = Command::new("node");
        version.args(["--eval", "process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)"]);
        run(&mut version, "node").context(NEEDED)?;
        copy_folder(&manifest, folder)?;
        let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder);
        run(&mut npm, "npm ci")
            .context("componentize-js cannot be installed from npm; is there a network?")
    })
}

/// A program of the virtual environment.
fn python_program(tools: &Tools, name: &str) -> PathBuf {
    let programs = if cfg!(windows) { "Scripts" } else { "bin" };
    tools.folder("python").join(programs).join(name)
}

/// Installs into an empty folder, unless the same manifest was installed there to the end.
fn install_once(
    folder: &Path,
    manifest: &Path,
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let digest = digest::of(&[manifest.to_owned()])?;
    let stamp = Stamp::at(folder.join("installed"));
    if stamp.is(&digest) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    process::step(&format!("installing build tools into {}", folder.display()));
    install(folder)?;
    stamp.set(&digest)
}

/// Builds a component from `sources`, unless it is there and they have not changed. It appears whole or not at all.
fn build_once(
    tools: &Tools,
    name: &str,
    sources: &[PathBuf],
    build: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let digest = digest::of(sources)?;
    let finished = tools.component(name);
    let stamp = Stamp::at(tools.folder(&format!("{name}.built")));
    if finished.is_file() && stamp.is(&digest) {
        process::step(&format!("{name} is up to date"));
        return Ok(());
    }
    create_parent(&finished)?;
    let incomplete = finished.with_extension("wasm.incomplete");
    build(&incomplete)?;
    fs::rename(&incomplete, &finished)
        .with_context(|| format!("cannot write {}", finished.display()))?;
    stamp.set(&digest)
}

fn create_parent(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))
}

/// The files of a folder whose names `belongs` accepts.
fn sources_in(folder: &Path, belongs: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot read {}", folder.display());
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        if entry.path().is_file() && entry.file_name().to_str().is_some_and(&belongs) {
            sources.push(entry.path());
        }
    }
    Ok(sources)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let cannot = || format!("cannot copy {} to {}", from.display(), to.display());
    fs::create_dir_all(to).with_context(cannot)?;
    for entry in fs::read_dir(from).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(cannot)?;
        }
    }
    Ok(())
}

/// Runs a tool with all that it says on standard error: standard output belongs to results.
fn run(command: &mut Command, what: &str) -> Result<()> {
    let transcript = process::watch(command, what)?;
    if !transcript.status.success() {
        bail!("{what} ended with {}", transcript.status);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> (tempfile::TempDir, Tools) {
        let root = tempfile::tempdir().unwrap();
        let tools = Tools::of(root.path());
        (root, tools)
    }

    #[test]
    fn given_unchanged_sources_should_build_once_and_again_after_a_change() {
        let (root, tools) = repository();
        let source = root.path().join("a.py");
        fs::write(&source, "1").unwrap();
        let mut builds = 0;
        let mut build = |content: &str| {
            build_once(&tools, "fields-x", std::slice::from_ref(&source), |output| {
                builds += 1;
                Ok(fs::write(output, content)?)
            })
            .unwrap();
            fs::read_to_string(tools.component("fields-x")).unwrap()
        };
        assert_eq!(build("first"), "first");
        assert_eq!(build("second"), "first");
        fs::write(&source, "2").unwrap();
        assert_eq!(build("third"), "third");
        fs::remove_file(tools.component("fields-x")).unwrap();
        assert_eq!(build("fourth"), "fourth");
        assert_eq!(builds, 3);
    }

    #[test]
    fn given_a_build_that_fails_should_keep_the_last_component_and_try_again() {
        let (root, tools) = repository();
        let source = root.path().join("a.py");
        fs::write(&source, "1").unwrap();
        let sources = [source.clone()];
        build_once(&tools, "x", &sources, |output| Ok(fs::write(output, "good")?)).unwrap();
        fs::write(&source, "2").unwrap();
        let failed = build_once(&tools, "x", &sources, |output| {
            fs::write(output, "half")?;
            bail!("no")
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(tools.component("x")).unwrap(), b"good");
        build_once(&tools, "x", &sources, |output| Ok(fs::write(output, "better")?)).unwrap();
        assert_eq!(fs::read(tools.component("x")).unwrap(), b"better");
    }

    #[test]
    fn given_an_interrupted_installation_should_begin_it_anew() {
        let (root, tools) = repository();
        let manifest = root.path().join("manifest");
        fs::create_dir(&manifest).unwrap();
        fs::write(manifest.join("requirements.txt"), "x==1").unwrap();
        let folder = tools.folder("python");
        let interrupted = install_once(&folder, &manifest, |folder| {
            fs::write(folder.join("half"), "")?;
            bail!("no network")
        });
        assert!(interrupted.is_err());
        install_once(&folder, &manifest, |folder| {
            assert!(!folder.join("half").exists());
            Ok(())
        })
        .unwrap();
        install_once(&folder, &manifest, |_| bail!("installed already")).unwrap();
    }

    #[test]
    fn given_this_repository_should_find_the_sources_without_their_tests() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let tools = Tools::of(root);
        let folder = tools.sdk("python").join("examples/fields");
        let sources = sources_in(&folder, |name| !name.starts_with("test_")).unwrap();
        let has = |name: &str| sources.contains(&folder.join(name));
        assert!(has("fields.py") && !has("test_fields.py"));
        assert!(tools.wit().join("connector.wit").is_file());
    }
}
