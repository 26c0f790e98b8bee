//! What is loaded, what is refused, and that the cache cannot be used to smuggle code in.

use std::fs;

use kennel_sandbox::{Component, Engine, Kind, LoadError};

use crate::world::{component, component_path, engine};

#[tokio::test]
async fn given_components_should_tell_their_kind_and_describe_them() {
    for (name, kind) in [
        ("noop_sink", Kind::Sink),
        ("random_source", Kind::Source),
        ("fields_transform", Kind::Transform),
    ] {
        let component = component(name).await;
        assert_eq!(component.kind(), kind, "{name}");
        assert!(!component.description().name.is_empty(), "{name}");
        assert_eq!(component.digest().len(), 64);
    }
}

#[tokio::test]
async fn given_what_is_no_component_should_refuse_it_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(component_path("noop_sink")).unwrap();
    let cases: [(&str, &[u8], &str); 4] = [
        ("empty.wasm", b"", "not a valid"),
        ("text.wasm", b"#!/bin/sh\n", "not a valid"),
        ("module.wasm", b"\0asm\x01\0\0\0", "core WebAssembly module"),
        ("cut.wasm", &whole[..whole.len() / 2], "not a valid"),
    ];
    for (name, bytes, expected) in cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let Err(error) = Component::load(engine(), &path).await else { panic!("{name} loaded") };
        assert!(error.to_string().contains(expected), "{name}: {error}");
    }
    let missing = Component::load(engine(), &folder.path().join("missing.wasm")).await;
    assert!(matches!(missing, Err(LoadError::Read { .. })));
}

#[tokio::test]
async fn given_a_flipped_byte_should_load_or_refuse_but_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(component_path("nonsense_sink")).unwrap();
    let path = folder.path().join("flipped.wasm");
    for round in 0..24 {
        let mut bytes = whole.clone();
        let at = 8 + (round * 7919) % (bytes.len() / 64);
        bytes[at] ^= 1 << (round % 8);
        fs::write(&path, bytes).unwrap();
        drop(Component::load(engine(), &path).await);
    }
}

#[tokio::test]
async fn given_a_tampered_cache_entry_should_compile_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = component_path("noop_sink");
    let cached = || Engine::new(Some(folder.path().to_owned())).unwrap();
    assert!(!Component::load(&cached(), &path).await.unwrap().from_cache());
    assert!(Component::load(&cached(), &path).await.unwrap().from_cache());
    let entry = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
        .unwrap();
    let mut bytes = fs::read(&entry).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&entry, bytes).unwrap();
    assert!(!Component::load(&cached(), &path).await.unwrap().from_cache());
}

#[test]
fn given_a_key_that_others_can_read_should_refuse_the_cache() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    drop(Engine::new(Some(folder.path().to_owned())).unwrap());
    let key = folder.path().join("key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = Engine::new(Some(folder.path().to_owned())).err().unwrap();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("chmod 600"), "{cause}");
}
