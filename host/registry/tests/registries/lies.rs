//! Registries that lie, dawdle, flood or point elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kennel_registry::{Credentials, RegistryError, Silent, digest_of};

use crate::fake::{Answer, Asked, Fake, answer, with};
use crate::{Desk, reference, words};

const MANIFEST: &str = "GET /v2/acme/sink/manifests/";
const BLOB: &str = "GET /v2/acme/sink/blobs/";

fn manifest(component: &[u8]) -> Vec<u8> {
    let descriptor = |media_type: &str, bytes: &[u8]| {
        serde_json::json!({
            "mediaType": media_type,
            "digest": digest_of(bytes).to_string(),
            "size": bytes.len(),
        })
    };
    serde_json::json!({
        "schemaVersion": 2,
        "config": descriptor("application/vnd.wasm.config.v0+json", b"{}"),
        "layers": [descriptor("application/wasm", component)],
    })
    .to_string()
    .into_bytes()
}

/// An honest registry with one component.
fn honest(asked: &Asked) -> Answer {
    match asked.line.as_str() {
        line if line.contains(".sig") => answer(404, ""),
        line if line.starts_with(MANIFEST) => answer(200, manifest(b"component")),
        line if line.starts_with(BLOB) => answer(200, "component"),
        _ => answer(404, ""),
    }
}

async fn pull(fake: &Fake, desk: &Desk, version: &str) -> Result<Vec<u8>, RegistryError> {
    let reference = reference(&format!("oci://{}/acme/sink{version}", fake.address));
    desk.registry.pull(&reference, &Silent).await.map(|artifact| artifact.component)
}

#[tokio::test]
async fn given_an_honest_registry_should_pull_once_and_then_do_without_it() {
    let (fake, desk) = (Fake::start(honest).await, Desk::new());
    let pinned = format!(":1@{}", digest_of(&manifest(b"component")));
    assert_eq!(pull(&fake, &desk, &pinned).await.unwrap(), b"component");
    let before = fake.asked().len();
    assert_eq!(pull(&fake, &desk, &pinned).await.unwrap(), b"component");
    assert_eq!(fake.asked().len(), before, "{:?}", fake.asked());
}

#[tokio::test]
async fn given_other_bytes_than_the_digest_names_should_refuse_and_keep_none() {
    let pinned = format!(":1@{}", digest_of(&manifest(b"component")));
    let lies: [fn(&Asked) -> Answer; 3] = [
        |asked| match asked.line.starts_with(MANIFEST) {
            true => answer(200, manifest(b"another")),
            false => answer(200, "another"),
        },
        |asked| match asked.line.starts_with(BLOB) {
            true => answer(200, "Component"),
            false => honest(asked),
        },
        |asked| match asked.line.starts_with(BLOB) {
            true => answer(200, "componen"),
            false => honest(asked),
        },
    ];
    for lie in lies {
        let (fake, desk) = (Fake::start(lie).await, Desk::new());
        let error = pull(&fake, &desk, &pinned).await.unwrap_err();
        assert!(matches!(error, RegistryError::Digest { .. }), "{error:?}");
        let kept = std::fs::read_dir(desk.folder.path().join("oci/blobs/sha256"));
        let component = digest_of(b"component").hex();
        let names = kept.into_iter().flatten().map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| name != *component), "kept what was refused");
    }
}

#[tokio::test]
async fn given_more_than_was_announced_should_stop_reading() {
    let flood = Fake::start(|asked| match asked.line.starts_with(BLOB) {
        true => answer(200, vec![0; 1 << 20]),
        false => honest(asked),
    });
    let endless_manifest = Fake::start(|_| answer(200, vec![b' '; 5 << 20]));
    for fake in [flood.await, endless_manifest.await] {
        let error = pull(&fake, &Desk::new(), ":1").await.unwrap_err();
        assert!(matches!(error, RegistryError::TooLarge { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn given_redirects_should_follow_them_without_the_credentials_and_not_for_ever() {
    let store = Fake::start(|_| answer(200, "component")).await;
    let location = format!("http://{}/store", store.address);
    let registry = Fake::start(move |asked| match asked.authorization.as_deref() {
        None => with(answer(401, ""), "www-authenticate", "Basic realm=\"x\""),
        Some(_) if asked.line.starts_with(BLOB) => with(answer(307, ""), "location", &location),
        Some(_) => honest(asked),
    })
    .await;
    let desk = Desk::with(login(&registry.address));
    assert_eq!(pull(&registry, &desk, ":1").await.unwrap(), b"component");
    assert_eq!(store.asked()[0].authorization, None);
    assert!(registry.asked().iter().any(|asked| asked.authorization.is_some()));

    let circle = Fake::start(|_| with(answer(302, ""), "location", "/v2/acme/sink/again")).await;
    let error = pull(&circle, &Desk::new(), ":1").await.unwrap_err();
    assert!(words(&error).contains("without end"), "{error}");
    assert!(circle.asked().len() < 10);

    for place in [
        "http://registry.example/blob",
        "http://169.254.169.254/latest/meta-data",
        "ftp://127.0.0.1/blob",
        "//registry.example/blob",
        "blob",
        "http://",
    ] {
        let place = place.to_owned();
        let fake = Fake::start(move |_| with(answer(307, ""), "location", &place)).await;
        let error = pull(&fake, &Desk::new(), ":1").await.unwrap_err();
        let refused = matches!(error, RegistryError::Place { .. } | RegistryError::Protocol { .. });
        assert!(refused, "{error:?}");
    }
}

fn login(address: &str) -> Credentials {
    let variable = |name: &str| match name {
        "KENNEL_REGISTRY_USERNAME" => Some("me".to_owned()),
        "KENNEL_REGISTRY_PASSWORD" => Some("s3cret".to_owned()),
        _ => None,
    };
    Credentials::from_variables(variable, Some(address)).unwrap()
}

#[tokio::test]
async fn given_tokens_should_fetch_one_for_just_this_name_and_show_it() {
    // "me:s3cret" and nothing of it goes to the registry itself.
    let tokens = Fake::start(|asked| match asked.authorization.as_deref() {
        Some("Basic bWU6czNjcmV0") => answer(200, r#"{"access_token":"t0ken"}"#),
        _ => answer(401, ""),
    })
    .await;
    let challenge = format!("Bearer realm=\"http://{}/token\",service=\"r e\"", tokens.address);
    let registry = Fake::start(move |asked| match asked.authorization.as_deref() {
        Some("Bearer t0ken") => honest(asked),
        _ => with(answer(401, ""), "www-authenticate", &challenge),
    })
    .await;
    let desk = Desk::with(login(&registry.address));
    assert_eq!(pull(&registry, &desk, ":1").await.unwrap(), b"component");
    let line = &tokens.asked()[0].line;
    assert_eq!(line, "GET /token?scope=repository%3Aacme%2Fsink%3Apull&service=r%20e");

    let error = pull(&registry, &Desk::new(), ":1").await.unwrap_err();
    assert!(matches!(error, RegistryError::Unauthorized { .. }), "{error:?}");
    assert!(error.to_string().contains("docker login"), "{error}");
}

#[tokio::test]
async fn given_nonsense_in_the_protocol_should_answer_with_an_error_that_tells_no_secret() {
    let elsewhere = "Bearer realm=\"http://tokens.example/\"";
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = attempts.clone();
    let fakes = [
        Fake::start(move |_| with(answer(401, ""), "www-authenticate", elsewhere)).await,
        Fake::start(|_| with(answer(401, ""), "www-authenticate", "Bearer realm=\"\"")).await,
        Fake::start(|_| with(answer(401, ""), "www-authenticate", "Bearer realm=\"::\"")).await,
        Fake::start(|_| with(answer(401, ""), "www-authenticate", "Negotiate x")).await,
        Fake::start(|_| answer(401, "")).await,
        Fake::start(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            with(answer(401, ""), "www-authenticate", "Basic realm=\"x\"")
        })
        .await,
        Fake::start(|_| answer(403, "")).await,
        Fake::start(|_| answer(307, "")).await,
        Fake::start(|_| answer(200, "not json")).await,
        Fake::start(|_| answer(200, r#"{"schemaVersion":2,"manifests":[]}"#)).await,
        Fake::start(|_| answer(500, r#"{"errors":[{"code":"X","message":"\u001b[2Jbad"}]}"#)).await,
        Fake::start(|_| answer(500, vec![0xff; 1 << 20])).await,
    ];
    for fake in fakes {
        let desk = Desk::with(login(&fake.address));
        let error = words(&pull(&fake, &desk, ":1").await.unwrap_err());
        assert!(!error.contains("s3cret") && !error.contains("bWU6"), "{error}");
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
    assert_eq!(attempts.load(Ordering::SeqCst), 2, "refused credentials are not shown again");
}

#[tokio::test]
async fn given_nobody_there_should_name_the_registry() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let reference = reference(&format!("oci://{address}/acme/sink:1"));
    let error = Desk::new().registry.pull(&reference, &Silent).await.unwrap_err();
    assert!(error.to_string().contains(&address), "{error}");
}
