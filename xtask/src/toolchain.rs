//! The one thing a fresh machine may lack besides Rust: the WebAssembly target.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// The target every Rust guest is built for.
pub(crate) const WASM_TARGET: &str = "wasm32-wasip2";

/// Installs the standard library of [`WASM_TARGET`] when it is not there.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn ensure_wasm_target(workspace: &Workspace) -> Result<()> {
    if wasm_target_is_installed(workspace) {
        return Ok(());
    }
    process::step(&format!("installing the Rust target {WASM_TARGET} (about 30 MB)"));
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", WASM_TARGET]).current_dir(workspace.root());
    let installed = process::run(&mut rustup, "rustup target add");
    if !wasm_target_is_installed(workspace) {
        installed?;
        bail!("rustup reports success, but rustc has no standard library for {WASM_TARGET}");
    }
    Ok(())
}

fn wasm_target_is_installed(workspace: &Workspace) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command
        .args(["--print", "target-libdir", "--target", WASM_TARGET])
        .current_dir(workspace.root());
    process::capture(&mut command, "rustc")
        .is_ok_and(|folder| Path::new(folder.trim()).join("self-contained").is_dir())
}
