//! Other programs' view of our keys and signatures, and ours of theirs: openssl, and cosign where there is
//! one in `PATH` or `KENNEL_TEST_COSIGN`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use kennel_registry::{Admission, PrivateKey, Silent, signature_file};
use kennel_test_backends::Registry as Server;
use secrecy::{ExposeSecret as _, SecretString};

use crate::real::{public, server};
use crate::{Desk, package, reference};

const PASSWORD: &str = "correct horse";

/// Runs a program to its success.
fn run(program: &Path, folder: &Path, arguments: &[&OsStr]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("COSIGN_PASSWORD", PASSWORD)
        .env("HOME", folder)
        .output()
        .map_err(|error| error.to_string())?;
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    if output.status.success() { Ok(text) } else { Err(text) }
}

fn arguments<'a>(texts: &[&'a str]) -> Vec<&'a OsStr> {
    texts.iter().map(|text| OsStr::new(*text)).collect()
}

/// None, said aloud: it is not there.
fn program(name: &str, variable: &str) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Some(path.into());
    }
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|it| it.join(name)).find(|it| it.is_file());
    if found.is_none() {
        eprintln!("skipped: there is no {name} in PATH, and {variable} names none");
    }
    found
}

#[tokio::test]
async fn given_openssl_should_agree_about_keys_and_signatures() {
    let Some(openssl) = program("openssl", "KENNEL_TEST_OPENSSL") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let file = at.join("x.wasm");
    std::fs::write(&file, b"component").unwrap();

    // Ours, verified there.
    let key = PrivateKey::generate().unwrap();
    public(&key, at, "ours.pub");
    let signature =
        base64::engine::general_purpose::STANDARD.decode(key.sign(b"component").unwrap()).unwrap();
    std::fs::write(at.join("x.der"), signature).unwrap();
    let verify = "dgst -sha256 -verify ours.pub -signature x.der x.wasm";
    let verified = run(&openssl, at, &arguments(&verify.split(' ').collect::<Vec<_>>()));
    assert!(verified.as_deref().is_ok_and(|text| text.contains("Verified OK")), "{verified:?}");

    // Theirs, verified here.
    for line in [
        "ecparam -name prime256v1 -genkey -noout -out sec1.key",
        "pkcs8 -topk8 -nocrypt -in sec1.key -out theirs.key",
        "ec -in sec1.key -pubout -out theirs.pub",
        "dgst -sha256 -sign theirs.key -out x.der x.wasm",
    ] {
        run(&openssl, at, &arguments(&line.split(' ').collect::<Vec<_>>())).unwrap();
    }
    let der = std::fs::read(at.join("x.der")).unwrap();
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    std::fs::write(signature_file(&file), text).unwrap();
    let admission = Admission::signed_by(&[at.join("theirs.pub")]).unwrap();
    assert!(admission.read_file(&file).await.unwrap().signer.is_some());
    let text = std::fs::read_to_string(at.join("theirs.key")).unwrap();
    let theirs = PrivateKey::from_pem(&text, None).unwrap();
    assert_eq!(
        Some(theirs.public().signer().fingerprint),
        admission.read_file(&file).await.unwrap().signer.map(|signer| signer.fingerprint)
    );
}

#[tokio::test]
async fn given_cosign_should_verify_ours_and_have_its_own_verified() {
    let Some(cosign) = program("cosign", "KENNEL_TEST_COSIGN") else { return };
    let Some(server) = server(Server::start) else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let password = SecretString::from(PASSWORD);
    let call = |texts: &[&str]| {
        run(&cosign, at, &arguments(texts)).unwrap_or_else(|text| panic!("{texts:?}: {text}"))
    };
    let file = at.join("x.wasm");
    std::fs::write(&file, b"component").unwrap();
    let desk = Desk::new();
    let image = |name: &str| format!("{}/acme/{name}:1", server.address());

    // Our key and signatures there.
    let ours = PrivateKey::generate().unwrap();
    public(&ours, at, "ours.pub");
    let text = ours.to_pem(Some(&password)).unwrap();
    std::fs::write(at.join("ours.key"), text.expose_secret()).unwrap();
    std::fs::write(signature_file(&file), ours.sign(b"component").unwrap()).unwrap();
    let offline = "--insecure-ignore-tlog=true";
    call(&["verify-blob", "--key", "ours.pub", "--signature", "x.wasm.sig", offline, "x.wasm"]);
    let tagged = reference(&format!("oci://{}", image("ours")));
    desk.registry.push(&tagged, package(b"component")).await.unwrap();
    let mut artifact = desk.registry.pull(&tagged, &Silent).await.unwrap();
    desk.registry.sign(&mut artifact, &ours).await.unwrap();
    call(&["verify", "--key", "ours.pub", offline, &image("ours")]);

    // Its key and signatures here.
    call(&["generate-key-pair"]);
    let text = std::fs::read_to_string(at.join("cosign.key")).unwrap();
    let theirs = PrivateKey::from_pem(&text, Some(&password)).unwrap();
    let admission = Admission::signed_by(&[at.join("cosign.pub")]).unwrap();
    let local = "--tlog-upload=false";
    let sign = ["sign-blob", "--yes", "--key", "cosign.key", local];
    call(&[&sign[..], &["--output-signature", "x.wasm.sig", "x.wasm"]].concat());
    let signer = admission.read_file(&file).await.unwrap().signer.unwrap();
    assert_eq!(signer.fingerprint, theirs.public().signer().fingerprint);
    let tagged = reference(&format!("oci://{}", image("theirs")));
    let pushed = desk.registry.push(&tagged, package(b"other")).await.unwrap();
    let digest = pushed.to_string().replace("oci://", "");
    call(&["sign", "--yes", "--key", "cosign.key", local, &digest]);
    let signed = admission.read_artifact(&tagged, &desk.registry, &Silent).await.unwrap();
    assert_eq!(signed.1.map(|signer| signer.fingerprint), Some(signer.fingerprint));

    // One more of ours beside its own: both count there as well.
    let mut artifact = signed.0;
    desk.registry.sign(&mut artifact, &ours).await.unwrap();
    for key in ["ours.pub", "cosign.pub"] {
        call(&["verify", "--key", key, offline, &image("theirs")]);
    }
    // It signs with the key we made.
    call(&["sign", "--yes", "--key", "ours.key", local, &digest]);
}
