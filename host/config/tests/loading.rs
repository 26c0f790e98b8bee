//! What a folder becomes.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::time::Duration;

use kennel_config::{
    ByteSize, ComponentSource, ConfigErrors, Configuration, Credentials, DeadLetterTopic,
    Direction, Environment, FileKind, FileMode, Format, Location, LogFormat, OciReference, OnError,
    PartitionBy, Start, load, schema,
};
use secrecy::ExposeSecret;
use tempfile::TempDir;

const SINK: &str = "type = \"sink\"\ncomponent = \"component.wasm\"\n\
                    [[streams]]\nstream = \"s\"\ntopics = [\"t\"]\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("component.wasm"), b"\0asm").unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn load_files(files: &[(&str, &str)]) -> Result<Configuration, ConfigErrors> {
    load(folder(files).path(), &Environment::default())
}

#[test]
fn given_an_empty_folder_should_have_defaults_and_no_connectors() {
    let folder = folder(&[]);
    let configuration = load(folder.path(), &Environment::default()).unwrap();
    let host = &configuration.host;
    assert!(configuration.connectors.is_empty());
    assert_eq!(host.iggy.address.to_string(), "127.0.0.1:8090");
    assert!(host.iggy.tls.is_none());
    match &host.iggy.credentials {
        Credentials::Password { username, password } => {
            assert_eq!((username.as_str(), password.expose_secret()), ("iggy", "iggy"));
        }
        Credentials::Token(_) => panic!("no token was written"),
    }
    assert_eq!(host.state.path, folder.path().join(".kennel/state"));
    assert_eq!(host.components.cache, folder.path().join(".kennel/cache"));
    assert_eq!(host.logging.format, LogFormat::Auto);
    assert_eq!(host.runtime.drain_timeout, Duration::from_secs(10));
    assert_eq!(host.runtime.memory_budget, None);
}

#[test]
fn given_the_shortest_sink_should_fill_in_the_defaults() {
    let configuration = load_files(&[("orders.toml", SINK)]).unwrap();
    let connector = &configuration.connectors[0];
    assert_eq!(connector.key.as_str(), "orders");
    assert!(connector.enabled);
    let Direction::Sink(streams) = &connector.direction else { panic!("a sink") };
    let stream = &streams[0];
    assert_eq!((stream.stream.as_str(), stream.topics.as_slice()), ("s", &["t".to_owned()][..]));
    assert_eq!(stream.consumer_group, "kennel-orders");
    assert_eq!(stream.format, Format::Json);
    assert_eq!((stream.batch.messages, stream.batch.bytes), (1000, ByteSize::mebibytes(1)));
    assert_eq!((stream.parallelism, stream.start, stream.create), (1, Start::Earliest, None));
    assert_eq!(connector.delivery.on_error, OnError::Stop);
    assert_eq!((connector.delivery.attempts, connector.delivery.restarts), (5, 3));
    assert_eq!(connector.limits.memory, ByteSize::mebibytes(128));
    assert!(connector.grants.http.is_empty() && connector.grants.files.is_empty());
    assert!(connector.grants.tcp.is_empty());
    assert_eq!(connector.config.value(), &serde_json::json!({}));
}

#[test]
fn given_a_sink_with_everything_should_read_everything() {
    let text = r#"
        type = "sink"
        key = "pg"
        component = "component.wasm"
        [[streams]]
        stream = "shop"
        topics = ["orders", "refunds"]
        format = "raw"
        consumer_group = "mine"
        batch = { messages = 10, bytes = "64KiB" }
        parallelism = 4
        start = { timestamp = 2026-01-31T08:00:00Z }
        create = true
        partitions = 3
        poll_interval = "20ms"
        [[streams]]
        stream = "shop"
        topics = ["other"]
        start = { offset = 7 }
        [[transforms]]
        component = "component.wasm"
        config = { drop = ["card"] }
        limits = { memory = "64MiB" }
        [config]
        table = "orders"
        since = 2026-01-31
        [grants]
        http = ["https://api.example.com/v1/*"]
        tcp = ["db.internal:5432", "10.0.0.0/8:5432"]
        files = [{ path = "./in", guest = "/in" }, { path = "/out", guest = "/out", mode = "rw" }]
        state = "16MiB"
        [limits]
        call_timeout = "1s"
        [delivery]
        on_error = "dead_letter"
        dead_letter_topic = "dead/orders.dlq"
        flush = { age = "2s" }
    "#;
    let folder = folder(&[("a.toml", text)]);
    let configuration = load(folder.path(), &Environment::default()).unwrap();
    let connector = &configuration.connectors[0];
    let Direction::Sink(streams) = &connector.direction else { panic!("a sink") };
    assert_eq!(streams[0].start, Start::Timestamp(1_769_846_400_000_000));
    assert_eq!(streams[0].create.unwrap().partitions, 3);
    assert_eq!(streams[1].start, Start::Offset(7));
    assert_eq!(connector.transforms[0].limits.memory, ByteSize::mebibytes(64));
    // The rest comes from the connector; computing is never allowed longer than the whole call.
    assert_eq!(connector.transforms[0].limits.call_timeout, Duration::from_secs(1));
    assert_eq!(connector.limits.cpu_timeout, Duration::from_secs(1));
    assert!(connector.transforms[0].grants.http.is_empty(), "grants are not inherited");
    assert!(connector.transforms[0].grants.tcp.is_empty(), "grants are not inherited");
    let tcp: Vec<_> = connector.grants.tcp.iter().map(ToString::to_string).collect();
    assert_eq!(tcp, ["db.internal:5432", "10.0.0.0/8:5432"]);
    assert_eq!(
        connector.config.value(),
        &serde_json::json!({ "table": "orders", "since": "2026-01-31" })
    );
    assert_eq!(connector.grants.files[0].path, folder.path().join("in"));
    assert_eq!(connector.grants.files[0].mode, FileMode::ReadOnly);
    assert_eq!(connector.grants.files[1].path, Path::new("/out"));
    let topic = DeadLetterTopic { stream: Some("dead".to_owned()), topic: "orders.dlq".to_owned() };
    assert_eq!(connector.delivery.on_error, OnError::DeadLetter(topic));
    assert_eq!(connector.delivery.flush.age, Duration::from_secs(2));
}

#[test]
fn given_a_source_should_read_its_one_stream() {
    let text = SINK.replace("sink", "source") + "partition_by = { partition = 2 }\n";
    let configuration = load_files(&[("a.toml", &text)]).unwrap();
    match &configuration.connectors[0].direction {
        Direction::Source(stream) => assert_eq!(stream.partition_by, PartitionBy::Partition(2)),
        Direction::Sink(_) => panic!("a source"),
    }
}

#[test]
fn given_errors_in_several_files_should_report_all_in_order() {
    let errors = load_files(&[
        ("kennel.toml", "[iggy]\naddress = 1\n"),
        ("a.toml", "type = \"sink\"\n"),
        ("b.toml", "type = \"bad\"\nx ="),
    ])
    .unwrap_err();
    let files: Vec<_> = errors
        .iter()
        .map(|error| match error.location() {
            Some(Location::File(place)) => place.file.file_name().unwrap().to_str().unwrap(),
            _ => panic!("{error} has no place"),
        })
        .collect();
    assert_eq!(files, ["a.toml", "a.toml", "b.toml", "kennel.toml"]);
}

#[test]
fn given_files_that_are_not_connectors_should_leave_them_alone() {
    let files = [
        (".hidden.toml", "x"),
        ("sub/a.toml", "x"),
        ("notes.md", "x"),
        ("Cargo.toml", "x"),
        ("a.toml", SINK),
    ];
    assert_eq!(load_files(&files).unwrap().connectors.len(), 1);
}

#[test]
fn given_two_connectors_with_one_key_should_name_both() {
    let other = format!("key = \"a\"\n{SINK}");
    let errors = load_files(&[("a.toml", SINK), ("b.toml", &other)]).unwrap_err();
    let text = errors.to_string();
    assert!(text.contains("the key `a` is also that of") && text.contains("b.toml:1:7"), "{text}");
}

#[test]
fn given_two_sinks_in_one_consumer_group_should_refuse_unless_one_is_disabled() {
    let shared = format!("{SINK}consumer_group = \"g\"\n");
    let errors = load_files(&[("a.toml", &shared), ("b.toml", &shared)]).unwrap_err();
    assert!(errors.to_string().contains("reach only one of them"), "{errors}");
    let disabled = format!("enabled = false\n{shared}");
    assert!(load_files(&[("a.toml", &shared), ("b.toml", &disabled)]).is_ok());
}

#[test]
fn given_a_missing_component_should_fail_unless_disabled() {
    let text = SINK.replace("component.wasm", "absent.wasm");
    assert!(load_files(&[("a.toml", &text)]).unwrap_err().to_string().contains("KEN-E0109"));
    let text = format!("enabled = false\n{text}");
    assert!(!load_files(&[("a.toml", &text)]).unwrap().connectors[0].enabled);
}

#[test]
fn given_search_folders_should_find_components_there() {
    let host = "[components]\nsearch = [\"nowhere\", \"built\"]\n";
    let text = SINK.replace("component.wasm", "other.wasm");
    let folder = folder(&[("kennel.toml", host), ("built/other.wasm", ""), ("a.toml", &text)]);
    let configuration = load(folder.path(), &Environment::default()).unwrap();
    let built = ComponentSource::File(folder.path().join("built/other.wasm"));
    assert_eq!(configuration.connectors[0].component, built);
}

#[test]
fn given_a_component_in_a_registry_should_insist_on_its_digest_and_know_what_was_pulled_last() {
    let digest = format!("sha256:{}", "0a".repeat(32));
    let tagged = "oci://r.example/acme/sink:1.2.0";
    let pinned = format!("{tagged}@{digest}");
    let text = |written: &str| SINK.replace("component.wasm", written);
    let configuration = load_files(&[("a.toml", &text(&pinned))]).unwrap();
    let ComponentSource::Oci(reference) = &configuration.connectors[0].component else {
        panic!("not taken for a reference")
    };
    assert_eq!(
        (reference.to_string(), reference.digest().to_string()),
        (pinned.clone(), digest.clone())
    );

    let unknown = load_files(&[("a.toml", &text(tagged))]).unwrap_err().to_string();
    assert!(unknown.contains(&format!("`kennel pull {tagged}`")), "{unknown}");

    let host = "[components]\ncache = \"cache\"\n";
    let folder = folder(&[("kennel.toml", host), ("a.toml", &text(tagged))]);
    let file = tagged.parse::<OciReference>().unwrap().tag_file().unwrap();
    let file = folder.path().join("cache").join(file);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, format!("{digest}\n")).unwrap();
    let known = load(folder.path(), &Environment::default()).unwrap_err().to_string();
    assert!(known.contains(&format!("component = \"{pinned}\"")), "{known}");
}

#[test]
fn given_authorities_should_find_their_files_and_trust_the_public_ones_unless_told() {
    let host = "[network]\nca_files = [\"ca.pem\", \"/dev/null/x\"]\n";
    let error =
        load(folder(&[("kennel.toml", host), ("ca.pem", "")]).path(), &Environment::default());
    assert!(error.unwrap_err().to_string().contains("there is no file /dev/null/x"));
    let host = "[network]\nca_files = [\"ca.pem\"]\npublic_authorities = false\n";
    let files = folder(&[("kennel.toml", host), ("ca.pem", "")]);
    let network = load(files.path(), &Environment::default()).unwrap().host.network;
    assert_eq!(network.ca_files, [files.path().join("ca.pem")]);
    assert!(!network.public_authorities);
    let network = load(folder(&[]).path(), &Environment::default()).unwrap().host.network;
    assert!(network.ca_files.is_empty() && network.public_authorities);
}

#[test]
fn given_variables_should_override_the_file() {
    let folder = folder(&[("kennel.toml", "[iggy]\naddress = \"a:1\"\nusername = \"u\"\n")]);
    let environment = Environment::from_iter([
        ("KENNEL_IGGY__ADDRESS", "b:2"),
        ("KENNEL_IGGY__TLS__ENABLED", "true"),
        ("KENNEL_COMPONENTS__SEARCH", "x, /y"),
        ("KENNEL_TEST_IGGY", "not an override"),
        ("IGGY__ADDRESS", "not ours"),
    ]);
    let host = load(folder.path(), &environment).unwrap().host;
    assert_eq!(host.iggy.address.to_string(), "b:2");
    assert!(host.iggy.tls.is_some());
    assert_eq!(host.components.search, [folder.path().join("x"), "/y".into()]);
    assert!(
        matches!(host.iggy.credentials, Credentials::Password { username, .. } if username == "u")
    );
}

#[test]
fn given_wrong_variables_should_name_them() {
    let folder = folder(&[]);
    for (name, value, expected) in [
        ("KENNEL_IGGY__ADRESS", "a:1", "did you mean KENNEL_IGGY__ADDRESS?"),
        ("KENNEL_IGGY__TLS__ENABLED", "yes", "must be a boolean, but this is text"),
        ("KENNEL_IGGY__ADDRESS", "nonsense", "--> environment variable KENNEL_IGGY__ADDRESS"),
        ("KENNEL_IGGY__TLS", "true", "unknown key"),
        ("KENNEL___", "", "unknown key"),
    ] {
        let environment = Environment::from_iter([(name, value)]);
        let text = load(folder.path(), &environment).unwrap_err().to_string();
        assert!(text.contains(expected) && text.contains(name), "{text}");
    }
}

#[test]
fn given_secrets_should_read_them_from_where_they_are_kept() {
    let folder = folder(&[("secret", "päss \"word\"@:/\n")]);
    let environment = Environment::from_iter([("PASSWORD", "from env")]);
    for (written, expected) in [
        ("env:PASSWORD", "from env"),
        ("file:secret", "päss \"word\"@:/"),
        ("literal:env:PASSWORD", "env:PASSWORD"),
        ("p@ss:w/rd", "p@ss:w/rd"),
    ] {
        let host = format!("[iggy]\ntoken = '{written}'\n");
        std::fs::write(folder.path().join("kennel.toml"), host).unwrap();
        match load(folder.path(), &environment).unwrap().host.iggy.credentials {
            Credentials::Token(token) => assert_eq!(token.expose_secret(), expected),
            Credentials::Password { .. } => panic!("a token was written"),
        }
    }
}

#[test]
fn given_a_secret_should_never_print_it() {
    let folder = folder(&[("kennel.toml", "[iggy]\npassword = \"hunter2\"\ntoken = 7\n")]);
    let errors = load(folder.path(), &Environment::default()).unwrap_err();
    assert!(!errors.to_string().contains("hunter2"));
    std::fs::write(folder.path().join("kennel.toml"), "[iggy]\npassword = hunter2\n").unwrap();
    let errors = load(folder.path(), &Environment::default()).unwrap_err();
    assert!(!errors.to_string().contains("hunter2"), "{errors}");
    std::fs::write(folder.path().join("kennel.toml"), "[iggy]\npassword = \"hunter2\"\n").unwrap();
    let configuration = load(folder.path(), &Environment::default()).unwrap();
    assert!(!format!("{configuration:?}").contains("hunter2"));
}

#[test]
fn given_granted_secrets_should_read_where_they_are_and_show_no_value() {
    use std::os::unix::fs::PermissionsExt as _;
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().join("key");
    std::fs::write(&path, "hunter2").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let grants = format!(
        "{SINK}[grants]\nenv = [\"TZ\"]\nclock = \"frozen\"\nreveal = [\"key\"]\n\
         [grants.secrets]\nkey = \"secret://file{}\"\n\
         pw = {{ from = \"secret://env/PW\", hosts = [] }}\n",
        path.display()
    );
    let folder = folder(&[("a.toml", &grants)]);
    let environment = Environment::from_iter([("PW", "hunter2"), ("TZ", "UTC")]);
    let configuration = load(folder.path(), &environment).unwrap();
    assert!(configuration.warnings.is_empty(), "{:?}", configuration.warnings);
    let grants = &configuration.connectors[0].grants;
    assert_eq!(grants.clock, kennel_config::ClockGrant::Frozen);
    assert_eq!((grants.env[0].name.as_str(), grants.env[0].value.as_str()), ("TZ", "UTC"));
    let [key, pw] = &grants.secrets[..] else { panic!("{grants:?}") };
    assert_eq!(key.reference, kennel_config::SecretReference::File(path.clone()));
    assert!(key.reveal && key.hosts.is_none() && key.value.is_none());
    assert_eq!(pw.reference, kennel_config::SecretReference::Env("PW".into()));
    assert!(!pw.reveal && pw.hosts.as_ref().is_some_and(Vec::is_empty) && pw.value.is_some());
    assert!(!format!("{configuration:?}").contains("hunter2"));

    // A file that everybody may read is still read, but not without a word.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let configuration = load(folder.path(), &environment).unwrap();
    let [warning] = &configuration.warnings[..] else { panic!("{:?}", configuration.warnings) };
    assert!(warning.to_string().contains("chmod o-r"), "{warning}");
}

#[test]
fn given_a_memory_budget_should_count_every_lane_and_stage() {
    let connector = format!(
        "{SINK}parallelism = 3\n[[transforms]]\ncomponent = \"component.wasm\"\n\
         [limits]\nmemory = \"10MiB\"\n"
    );
    let host = |budget: u32| format!("[runtime]\nmemory_budget = \"{budget}MiB\"\n");
    let (enough, short) = (host(60), host(59));
    assert!(load_files(&[("kennel.toml", &enough), ("a.toml", &connector)]).is_ok());
    let errors = load_files(&[("kennel.toml", &short), ("a.toml", &connector)]).unwrap_err();
    assert!(errors.to_string().contains("add up to 60MiB"), "{errors}");
}

#[test]
fn given_a_missing_folder_should_say_so() {
    let errors = load(Path::new("/does/not/exist"), &Environment::default()).unwrap_err();
    assert!(errors.to_string().contains("cannot read /does/not/exist"), "{errors}");
    assert_eq!(errors.len(), 1);
}

#[test]
fn given_errors_should_be_readable_by_programs() {
    let errors = load_files(&[("a.toml", "tipe = \"sink\"\n")]).unwrap_err();
    let json = serde_json::to_value(&errors).unwrap();
    let missing = json.as_array().unwrap().iter().find(|it| it["code"] == "KEN-E0104").unwrap();
    assert_eq!(missing["location"]["line"], 1);
    let unknown = json.as_array().unwrap().iter().find(|it| it["code"] == "KEN-E0103").unwrap();
    assert_eq!(unknown["help"], "did you mean `type`?");
}

/// What the reader accepts, the published schema accepts.
#[test]
fn given_the_schema_for_editors_should_accept_a_valid_file_and_refuse_an_unknown_key() {
    let validator = jsonschema::validator_for(&schema(FileKind::Connector)).unwrap();
    let file = serde_json::json!({
        "type": "sink", "component": "component.wasm",
        "streams": [{ "stream": "s", "topics": ["t"], "start": { "offset": 1 },
                      "batch": { "bytes": "1MiB" }, "poll_interval": "1s" }],
        "transforms": [{ "component": "x", "config": { "a": 1 } }],
        "grants": { "files": [{ "path": "in", "guest": "/in" }] },
        "limits": { "memory": 1024 },
    });
    assert!(validator.is_valid(&file));
    let mut unknown = file;
    unknown["delivery"] = serde_json::json!({ "retry": 1 });
    assert!(!validator.is_valid(&unknown));
    let validator = jsonschema::validator_for(&schema(FileKind::Host)).unwrap();
    assert!(validator.is_valid(&serde_json::json!({ "iggy": { "address": "a:1" } })));
}
