use super::*;

#[test]
fn given_names_should_match_what_is_written_and_what_begins_so() {
    for (pattern, name, matches) in [
        ("PG_*", "PG_PASSWORD", true),
        ("PG_*", "PG_", true),
        ("PG_*", "PG", false),
        ("PG_*", "XPG_A", false),
        ("PG_*", "pg_a", false),
        ("PG", "PG", true),
        ("PG", "PGX", false),
        ("*", "anything", true),
    ] {
        let parsed: NamePattern = pattern.parse().unwrap();
        assert_eq!(parsed.matches(name), matches, "{pattern} {name}");
        assert_eq!(parsed.to_string(), pattern);
    }
    for (wide, narrow, covers) in [
        ("PG_*", "PG_A*", true),
        ("PG_*", "PG_A", true),
        ("PG_*", "PG_*", true),
        ("PG_A*", "PG_*", false),
        ("PG_A", "PG_A*", false),
        ("PG_A", "PG_A", true),
    ] {
        let (wide, narrow): (NamePattern, NamePattern) =
            (wide.parse().unwrap(), narrow.parse().unwrap());
        assert_eq!(wide.covers(&narrow), covers, "{wide} {narrow}");
    }
    for (pattern, error) in [
        ("", PatternError::Empty),
        ("*A", PatternError::Wildcard),
        ("A**", PatternError::Wildcard),
        (" A", PatternError::Character),
        ("A\n*", PatternError::Character),
    ] {
        assert_eq!(pattern.parse::<NamePattern>(), Err(error), "{pattern:?}");
    }
}

#[test]
fn given_topics_should_keep_stream_and_topic_apart() {
    for (pattern, stream, topic, matches) in [
        ("shop/*", "shop", "orders", true),
        ("shop/orders", "shop", "orders", true),
        ("shop/orders", "shop", "orders.dlq", false),
        ("shop/*", "shop2", "orders", false),
        // A stream whose name has a `/` is not a topic of another stream.
        ("shop/*", "shop/private", "orders", false),
        ("shop/a/b", "shop", "a/b", true),
        ("*/*", "any", "any", true),
        ("shop*/x", "shop-2", "x", true),
    ] {
        let parsed: TopicPattern = pattern.parse().unwrap();
        assert_eq!(parsed.matches(stream, topic), matches, "{pattern} {stream} {topic}");
    }
    for (pattern, error) in [
        ("shop", PatternError::Topic),
        ("*", PatternError::Topic),
        ("/orders", PatternError::Empty),
        ("shop/", PatternError::Empty),
        ("*shop/x", PatternError::Wildcard),
    ] {
        assert_eq!(pattern.parse::<TopicPattern>(), Err(error), "{pattern:?}");
    }
}

#[test]
fn given_secrets_should_match_variables_and_files_of_their_place() {
    for (pattern, name, matches) in [
        ("env/PG_*", "PG_PASSWORD", true),
        ("env/PG_*", "OTHER", false),
        ("file/PG_*", "PG_PASSWORD", false),
    ] {
        let parsed: SecretPattern = pattern.parse().unwrap();
        assert_eq!(parsed.matches_env(name), matches, "{pattern} {name}");
        assert_eq!(parsed.to_string(), pattern);
    }
    for (pattern, path, matches) in [
        ("file/nowhere/secrets/*", "/nowhere/secrets/pg", true),
        ("file/nowhere/secrets/*", "/nowhere/secrets/deep/pg", true),
        ("file/nowhere/secrets/*", "/nowhere/secrets/../x", false),
        ("file/nowhere/secrets/*", "/nowhere/secrets2/x", false),
        ("file/nowhere/secrets/pg_*", "/nowhere/secrets/pg_a", true),
        ("file/nowhere/secrets/pg_*", "/nowhere/secrets/my_a", false),
        ("file/nowhere/pg", "/nowhere/pg", true),
        ("file/nowhere/pg", "/nowhere/pg2", false),
        ("file/nowhere/pg", "/nowhere/pg/x", false),
        ("file/*", "/nowhere/pg", true),
        ("env/*", "/nowhere/pg", false),
    ] {
        let parsed: SecretPattern = pattern.parse().unwrap();
        assert_eq!(parsed.matches_file(Path::new(path)), matches, "{pattern} {path}");
        assert_eq!(parsed.to_string(), pattern);
    }
    for (pattern, error) in [
        ("PG", PatternError::Secret),
        ("secret://env/PG", PatternError::Secret),
        ("file", PatternError::Secret),
        ("files/x", PatternError::Secret),
        ("env/", PatternError::Empty),
        ("env/*A", PatternError::Wildcard),
        ("file/a/../b", PatternError::Path),
        ("file/a/./*", PatternError::Path),
        ("file/a//b", PatternError::Path),
        ("file/a/", PatternError::Path),
        ("file/", PatternError::Path),
    ] {
        assert_eq!(pattern.parse::<SecretPattern>(), Err(error), "{pattern:?}");
    }
}

#[cfg(unix)]
#[test]
fn given_a_secret_folder_that_is_a_link_should_match_what_is_really_there() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    std::fs::create_dir(base.join("real")).unwrap();
    std::fs::write(base.join("real/pg"), "x").unwrap();
    std::os::unix::fs::symlink(base.join("real"), base.join("link")).unwrap();
    let pattern: SecretPattern = format!("file{}/link/*", base.display()).parse().unwrap();
    assert!(pattern.matches_file(&real_path(&base.join("link/pg")).unwrap()));
    assert!(!pattern.matches_file(&base.join("other")));
}

#[test]
fn given_registries_should_match_whole_parts() {
    for (pattern, registry, repository, matches) in [
        ("registry.example.com/acme/*", "registry.example.com", "acme/sink", true),
        ("registry.example.com/acme/*", "registry.example.com", "acme/a/b", true),
        ("registry.example.com/acme/*", "registry.example.com", "acme", false),
        ("registry.example.com/acme/*", "registry.example.com", "acme2/sink", false),
        ("registry.example.com/acme/*", "registry.example.com:5000", "acme/sink", false),
        ("registry.example.com/acme/*", "other.example.com", "acme/sink", false),
        ("localhost:5000/*", "localhost:5000", "anything/at/all", true),
        ("localhost:5000/acme/sink", "localhost:5000", "acme/sink", true),
        ("localhost:5000/acme/sink", "localhost:5000", "acme/sink2", false),
    ] {
        let parsed: RegistryPattern = pattern.parse().unwrap();
        assert_eq!(parsed.matches(registry, repository), matches, "{pattern} {repository}");
        assert_eq!(parsed.to_string(), pattern);
    }
    for (pattern, error) in [
        ("registry.example.com", PatternError::Registry),
        ("*/acme", PatternError::Registry),
        ("*.example.com/acme", PatternError::Registry),
        ("oci://registry.example.com/acme", PatternError::Registry),
        ("host:/acme", PatternError::Registry),
        ("host:99999/acme", PatternError::Registry),
        ("/acme", PatternError::Registry),
        ("host/", PatternError::Repository),
        ("host/acme*", PatternError::Repository),
        ("host/acme/*/x", PatternError::Repository),
        ("host/Acme", PatternError::Repository),
        ("host/acme:tag", PatternError::Repository),
        ("host/acme//x", PatternError::Repository),
    ] {
        assert_eq!(pattern.parse::<RegistryPattern>(), Err(error), "{pattern:?}");
    }
}
