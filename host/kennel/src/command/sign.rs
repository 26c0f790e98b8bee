//! `kennel sign`: a signature of a component, or a key to make them with.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use kennel_config::OciReference;
use kennel_registry::{Admission, PrivateKey, Signed, signature_file};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::place::{Host, table};
use crate::cli::{ComponentPlace, GlobalArguments, HostArguments, SignArguments};
use crate::exit_code::Failure;
use crate::terminal::{Terminal, TransferBar};

/// Variables with the password of a key.
const PASSWORDS: [&str; 2] = ["KENNEL_KEY_PASSWORD", "COSIGN_PASSWORD"];

pub(crate) async fn run(
    arguments: SignArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    if let Some(name) = &arguments.generate_key {
        return generate(name, terminal);
    }
    let (Some(component), Some(path)) = (&arguments.component, &arguments.key) else {
        return Err(Failure::usage(anyhow!("name a component, and a key with --key")));
    };
    let key = read_key(path)?;
    match component {
        ComponentPlace::File(file) => sign_file(file, &key, terminal).await,
        ComponentPlace::Oci(reference) => {
            sign_reference(reference, &key, &arguments.host, (global, terminal)).await
        }
    }
}

async fn sign_file(file: &Path, key: &PrivateKey, terminal: &Terminal) -> Result<(), Failure> {
    let bytes = Admission::everything().read_file(file).await?.bytes;
    let signature = signature_file(file);
    std::fs::write(&signature, key.sign(&bytes)?)
        .with_context(|| format!("cannot write {}", signature.display()))
        .map_err(Failure::running)?;
    let digest = kennel_registry::digest_of(&bytes);
    let fingerprint = key.public().signer().fingerprint;
    let json = json!({
        "component": file, "digest": digest, "signature": signature, "key": fingerprint,
    });
    terminal.result(&json, || {
        table(&[
            ("component", file.display().to_string()),
            ("digest", digest.to_string()),
            ("signature", signature.display().to_string()),
            ("key", fingerprint.to_string()),
        ])
    });
    Ok(())
}

async fn sign_reference(
    reference: &OciReference,
    key: &PrivateKey,
    host: &HostArguments,
    (global, terminal): (&GlobalArguments, &Terminal),
) -> Result<(), Failure> {
    let host = Host::load(host, Some(reference), (global, terminal))?;
    let registry = host.components.registry();
    // What is signed was read, and has the digest that is signed.
    let mut artifact = registry.pull(reference, &TransferBar::new(terminal)).await?;
    let signed = registry.sign(&mut artifact, key).await?;
    let pinned = artifact.reference.to_string();
    let fingerprint = key.public().signer().fingerprint;
    let json = json!({
        "component": pinned,
        "digest": artifact.reference.digest(),
        "signatures": artifact.signatures.len(),
        "key": fingerprint,
        "new": signed == Signed::Now,
    });
    terminal.result(&json, || {
        let what = match signed {
            Signed::Now => "stored beside it in the registry",
            Signed::Before => "there already",
        };
        let rows = [
            ("component", pinned),
            ("signature", what.to_owned()),
            ("key", fingerprint.to_string()),
        ];
        table(&rows)
    });
    Ok(())
}

fn password() -> Option<SecretString> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    PASSWORDS.into_iter().find_map(set).map(SecretString::from)
}

fn read_key(path: &Path) -> Result<PrivateKey, Failure> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the key {}", path.display()))
        .map_err(Failure::usage)?;
    let text = SecretString::from(text);
    PrivateKey::from_pem(text.expose_secret(), password().as_ref())
        .map_err(|error| Failure::from(error).context(path.display().to_string()))
}

/// Two files that did not exist before: a key that is lost cannot be made again.
fn generate(name: &Path, terminal: &Terminal) -> Result<(), Failure> {
    let password = password();
    let key = PrivateKey::generate()?;
    let (private, public) = (with_ending(name, ".key"), with_ending(name, ".pub"));
    for path in [&private, &public] {
        if path.exists() {
            return Err(Failure::usage(anyhow!(
                "{} exists and is not replaced; choose another name",
                path.display()
            )));
        }
    }
    let secret = key.to_pem(password.as_ref())?;
    create(&private, secret.expose_secret(), 0o600)?;
    create(&public, &key.public().to_pem(), 0o644)?;
    let fingerprint = key.public().signer().fingerprint;
    let encrypted = password.is_some();
    let json = json!({
        "key": private, "public": public, "fingerprint": fingerprint, "encrypted": encrypted,
    });
    terminal.result(&json, || {
        table(&[
            ("key", private.display().to_string()),
            ("public", public.display().to_string()),
            ("fingerprint", fingerprint.to_string()),
        ])
    });
    if !encrypted {
        terminal.progress(&format!(
            "{} is not encrypted, and cosign cannot use it so; KENNEL_KEY_PASSWORD encrypts a new key",
            private.display()
        ));
    }
    Ok(())
}

fn with_ending(name: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(name);
    name.push(ending);
    name.into()
}

fn create(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .with_context(|| format!("cannot write {}", path.display()))
        .map_err(Failure::running)
}
