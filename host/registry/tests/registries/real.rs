//! CNCF's own registry.

use kennel_registry::{
    Admission, AdmissionError, Credentials, PrivateKey, RegistryError, Signed, Silent, digest_of,
};
use kennel_test_backends::Registry as Server;

use crate::{Desk, package, reference, words};

/// None, said aloud: there is no registry and none can be installed.
pub(crate) fn server(
    start: fn() -> Result<Server, kennel_test_backends::BackendError>,
) -> Option<Server> {
    start().inspect_err(|error| eprintln!("skipped: {error}")).ok()
}

/// The public key in a file.
pub(crate) fn public(key: &PrivateKey, folder: &std::path::Path, name: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, key.public().to_pem()).unwrap();
    path
}

#[tokio::test]
async fn given_a_component_should_push_pull_sign_and_verify_it_also_without_the_registry() {
    let Some(server) = server(Server::start) else { return };
    let (here, there) = (Desk::new(), Desk::new());
    let tagged = reference(&format!("oci://{}/acme/deep/sink:1.0", server.address()));
    let pushed = here.registry.push(&tagged, package(b"component")).await.unwrap();
    let again = here.registry.push(&tagged, package(b"component")).await.unwrap();
    assert_eq!(pushed, again);
    assert_eq!(pushed.digest(), &package(b"component").digest());

    let mut artifact = here.registry.pull(&tagged, &Silent).await.unwrap();
    assert_eq!((artifact.component.as_slice(), &artifact.reference), (&b"component"[..], &pushed));
    let (acme, other) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
    let acme_file = public(&acme, here.folder.path(), "acme.pub");
    let other_file = public(&other, here.folder.path(), "other.pub");
    let by = |file| Admission::signed_by(&[file]).unwrap();
    let pinned = pushed.reference();

    // Pulled while nobody had signed; the signature is found when it is there.
    let unsigned = by(acme_file.clone()).read_artifact(pinned, &there.registry, &Silent).await;
    assert!(matches!(unsigned, Err(AdmissionError::Unsigned { .. })), "{unsigned:?}");
    assert_eq!(here.registry.sign(&mut artifact, &other).await.unwrap(), Signed::Now);
    let wrong = by(acme_file.clone()).read_artifact(pinned, &there.registry, &Silent).await;
    assert!(matches!(wrong, Err(AdmissionError::Refused { .. })), "{wrong:?}");
    assert_eq!(here.registry.sign(&mut artifact, &acme).await.unwrap(), Signed::Now);
    assert_eq!(here.registry.sign(&mut artifact, &acme).await.unwrap(), Signed::Before);
    for (file, key) in [(&acme_file, &acme), (&other_file, &other)] {
        let (_, signer) =
            by(file.clone()).read_artifact(pinned, &there.registry, &Silent).await.unwrap();
        let signer = signer.unwrap();
        assert_eq!(signer.fingerprint, key.public().signer().fingerprint);
        assert_eq!(signer.name, file.display().to_string());
    }

    drop(server);
    let both = Admission::signed_by(&[acme_file, other_file]).unwrap();
    let (artifact, signer) = both.read_artifact(pinned, &there.registry, &Silent).await.unwrap();
    assert!(artifact.cached && signer.is_some());
    let error = there.registry.pull(&tagged, &Silent).await.unwrap_err();
    assert!(matches!(error, RegistryError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn given_a_changed_cache_or_registry_should_refuse_it() {
    let Some(server) = server(Server::start) else { return };
    let desk = Desk::new();
    let tagged = reference(&format!("oci://{}/acme/sink:1.0", server.address()));
    let pushed = desk.registry.push(&tagged, package(b"component")).await.unwrap();
    desk.registry.pull(pushed.reference(), &Silent).await.unwrap();

    // What was changed in the cache is pulled again.
    let blobs = desk.folder.path().join("oci/blobs/sha256");
    let component = blobs.join(digest_of(b"component").hex());
    for path in [component.clone(), blobs.join(pushed.digest().hex())] {
        std::fs::write(&path, b"Component").unwrap();
        let artifact = desk.registry.pull(pushed.reference(), &Silent).await.unwrap();
        assert!(!artifact.cached);
        assert_eq!(artifact.component, b"component");
    }

    // Without a cache, what was changed in the registry is refused.
    std::fs::write(server.blob(&digest_of(b"component").hex()), b"Component").unwrap();
    std::fs::remove_file(&component).unwrap();
    let error = desk.registry.pull(pushed.reference(), &Silent).await.unwrap_err();
    assert!(matches!(error, RegistryError::Digest { .. }), "{}", words(&error));
    assert!(!component.exists());
}

#[tokio::test]
async fn given_another_version_under_the_tag_should_keep_to_the_digest() {
    let Some(server) = server(Server::start) else { return };
    let desk = Desk::new();
    let tagged = reference(&format!("oci://{}/acme/sink:1.0", server.address()));
    let first = desk.registry.push(&tagged, package(b"one")).await.unwrap();
    let second = desk.registry.push(&tagged, package(b"two")).await.unwrap();
    assert_ne!(first, second);
    for (reference, component) in
        [(first.reference(), b"one"), (second.reference(), b"two"), (&tagged, b"two")]
    {
        let artifact = Desk::new().registry.pull(reference, &Silent).await.unwrap();
        assert_eq!(artifact.component, component);
    }
    let error = desk.registry.push(first.reference(), package(b"two")).await.unwrap_err();
    assert!(matches!(error, RegistryError::OtherDigest { .. }), "{error:?}");
    let absent = reference(&format!("oci://{}/acme/sink:2.0", server.address()));
    let error = desk.registry.pull(&absent, &Silent).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn given_a_registry_with_a_login_should_want_it() {
    let Some(server) = server(Server::with_login) else { return };
    let tagged = reference(&format!("oci://{}/acme/sink:1.0", server.address()));
    let login = |password: &str| {
        let variable = |name: &str| match name {
            "KENNEL_REGISTRY_USERNAME" => Some(server.user().to_owned()),
            "KENNEL_REGISTRY_PASSWORD" => Some(password.to_owned()),
            _ => None,
        };
        Credentials::from_variables(variable, Some(&server.address())).unwrap()
    };
    for credentials in [Credentials::anonymous(), login("wrong")] {
        let error = Desk::with(credentials).registry.push(&tagged, package(b"x")).await;
        let error = error.unwrap_err();
        assert!(matches!(error, RegistryError::Unauthorized { .. }), "{error:?}");
        assert!(!words(&error).contains("wrong"), "{}", words(&error));
    }
    let desk = Desk::with(login(server.password()));
    let pushed = desk.registry.push(&tagged, package(b"x")).await.unwrap();
    assert_eq!(desk.registry.pull(pushed.reference(), &Silent).await.unwrap().component, b"x");
}
