//! `kennel pull`: a component from a registry into the cache, and the line that pins it.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use kennel_config::ComponentSource;
use kennel_registry::{Admitted, Artifact, Signer};
use serde_json::json;

use super::place::{Host, facts, line, pin, table};
use crate::cli::{GlobalArguments, PullArguments};
use crate::exit_code::Failure;
use crate::terminal::{Terminal, TransferBar};

pub(crate) async fn run(
    arguments: PullArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let reference = &arguments.reference;
    let host = Host::load(&arguments.host, Some(reference), (global, terminal))?;
    host.check_registry(reference)?;
    terminal.progress(&format!("pulling {reference}"));
    let (artifact, signer) = host
        .components
        .admission()
        .read_artifact(reference, host.components.registry(), &TransferBar::new(terminal))
        .await?;
    let Artifact { reference: pinned, component: bytes, signatures, cached } = artifact;
    let (digest, signed) = (*pinned.digest(), signatures.len());
    if let Some(output) = &arguments.output {
        write(output, &bytes)?;
    }
    let admitted = Admitted { bytes, signer: signer.clone() };
    let component = host.compile(&ComponentSource::Oci(pinned.clone()), admitted).await?;
    let mut json = facts(&component);
    json.insert("reference".to_owned(), json!(pinned.to_string()));
    json.insert("manifest".to_owned(), json!(digest));
    json.insert("signatures".to_owned(), json!(signed));
    json.insert("signer".to_owned(), json!(signer));
    json.insert("cached".to_owned(), json!(cached));
    json.insert("output".to_owned(), json!(arguments.output));
    terminal.result(&json, || {
        let rows = [
            ("component", line(&component)),
            ("digest", format!("sha256:{}", component.digest())),
            ("signed", signed_by(signer.as_ref(), signed)),
            ("output", arguments.output.iter().map(|it| it.display().to_string()).collect()),
        ];
        format!("{}\n\n{}", table(&rows), pin(reference, &digest))
    });
    Ok(())
}

fn signed_by(signer: Option<&Signer>, signatures: usize) -> String {
    match (signer, signatures) {
        (Some(signer), _) => format!("by {signer}"),
        (None, 0) => "no".to_owned(),
        (None, 1) => "1 signature, not verified: `kennel verify` does".to_owned(),
        (None, some) => format!("{some} signatures, not verified: `kennel verify` does"),
    }
}

/// All or nothing.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // As any other file that is written here.
    let permissions = std::fs::Permissions::from_mode(0o644);
    let file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder);
    let written = file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error).map(drop)
    });
    written.with_context(|| format!("cannot write {}", path.display())).map_err(Failure::running)
}
