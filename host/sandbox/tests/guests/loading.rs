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

/// A cache with one entry, and the entry.
async fn cache_with_entry() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    assert!(!is_cached(folder.path()).await);
    assert!(is_cached(folder.path()).await);
    let mut files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let entry = files.find(|path| path.extension().is_some_and(|it| it == "cwasm")).unwrap();
    (folder, entry)
}

/// Whether a new host with this cache takes the component from it.
async fn is_cached(folder: &std::path::Path) -> bool {
    let engine = Engine::new(Some(folder.to_owned())).unwrap();
    Component::load(&engine, &component_path("noop_sink")).await.unwrap().from_cache()
}

#[tokio::test]
async fn given_a_tampered_cache_entry_should_compile_again() {
    let (folder, entry) = cache_with_entry().await;
    let whole = fs::read(&entry).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    // The tag, the code, and an entry that is cut short.
    for bytes in [flipped(0), flipped(whole.len() / 2), whole[..20].to_vec(), Vec::new()] {
        fs::write(&entry, bytes).unwrap();
        assert!(!is_cached(folder.path()).await);
        assert!(is_cached(folder.path()).await, "it was not replaced");
    }
}

#[tokio::test]
async fn given_an_entry_that_others_may_write_should_compile_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, entry) = cache_with_entry().await;
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o620)).unwrap();
    assert!(!is_cached(folder.path()).await);
    assert!(is_cached(folder.path()).await, "it was not replaced");
}

#[tokio::test]
async fn given_an_entry_of_another_component_or_host_should_compile_again() {
    let (folder, entry) = cache_with_entry().await;
    let (_other, others_entry) = cache_with_entry().await;
    // Written with another host's key, though for the same component.
    fs::copy(others_entry, &entry).unwrap();
    assert!(!is_cached(folder.path()).await);
    // Written with this host's key, but for another component.
    let engine = Engine::new(Some(folder.path().to_owned())).unwrap();
    let looping = Component::load(&engine, &component_path("looping_sink")).await.unwrap();
    let name = entry.file_name().unwrap().to_string_lossy();
    let (_, version) = name.split_once('-').unwrap();
    fs::copy(folder.path().join(format!("{}-{version}", looping.digest())), &entry).unwrap();
    assert!(!is_cached(folder.path()).await);
}

#[tokio::test]
async fn given_trusted_components_should_keep_their_code_apart() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(Some(folder.path().to_owned())).unwrap();
    let path = component_path("noop_sink");
    let metered = Component::load(&engine, &path).await.unwrap();
    let trusted = Component::load(&engine.trusted().unwrap(), &path).await.unwrap();
    assert!(metered.is_metered() && !trusted.is_metered());
    assert!(!trusted.from_cache(), "metered code was taken for code that is not");
    assert_eq!(metered.digest(), trusted.digest());
}

#[test]
fn given_a_folder_that_others_may_write_should_close_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    drop(Engine::new(Some(folder.path().to_owned())).unwrap());
    assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
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
