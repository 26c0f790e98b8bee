//! What a policy holds against, whatever way configuration comes.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use kennel_config::{ConfigErrors, Configuration, Environment, Location, load, read_host};
use tempfile::TempDir;

const POLICY: &str = "[policy]\ncomponents = [\"components\"]\ntopics = [\"shop/*\"]\nmemory = \"128MiB\"\n\
                      http = [\"https://api.example.com/v1/*\"]\nfiles = [\"data\"]\n";
const SINK: &str = "type = \"sink\"\ncomponent = \"components/sink.wasm\"\n\
                    [[streams]]\nstream = \"shop\"\ntopics = [\"orders\"]\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["components", "data/deep", "private"] {
        std::fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("components/sink.wasm"), b"\0asm").unwrap();
    std::fs::write(folder.path().join("evil.wasm"), b"\0asm").unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn codes(outcome: Result<Configuration, ConfigErrors>) -> Vec<&'static str> {
    match outcome {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(|error| error.problem().code()).collect(),
    }
}

fn load_folder(folder: &Path) -> Result<Configuration, ConfigErrors> {
    load(folder, &Environment::default())
}

#[test]
fn given_no_policy_should_trust_connector_files_as_the_hosts_own() {
    let everything = format!(
        "{SINK}[grants]\nhttp = [\"https://anywhere.example\"]\ntcp = [\"0.0.0.0/0:1\"]\nstdout = true\n\
         files = [{{ path = \"/etc\", guest = \"/etc\", mode = \"rw\" }}]\nstate = \"1GiB\"\n"
    );
    let folder = folder(&[("a.toml", &everything)]);
    assert!(load_folder(folder.path()).is_ok());
}

#[test]
fn given_a_policy_should_refuse_each_violation_of_a_file_at_its_line() {
    let connector = format!(
        "{SINK}[grants]\nhttp = [\"https://api.example.com/v1/x\", \"https://evil.example\"]\nstdout = true\n"
    );
    let folder = folder(&[("kennel.toml", POLICY), ("a.toml", &connector)]);
    let errors = load_folder(folder.path()).unwrap_err();
    let found: Vec<_> = errors
        .iter()
        .map(|error| match error.location() {
            Some(Location::File(place)) => (error.problem().code(), place.line),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(found, [("policy_http", 7), ("policy_stdout", 8)], "{errors}");
    let text = errors.to_string();
    assert!(text.contains("`http = [\"https://evil.example:443/*\"]`"), "{text}");
    assert!(text.contains("kennel.toml:5"), "{text}");
}

#[cfg(unix)]
#[test]
fn given_links_should_judge_and_use_the_place_they_lead_to() {
    use std::os::unix::fs::symlink;
    let grant = |path: &str| {
        format!("{SINK}[grants]\nfiles = [{{ path = \"{path}\", guest = \"/in\" }}]\n")
    };
    let folder = folder(&[("kennel.toml", POLICY)]);
    let base = folder.path().canonicalize().unwrap();
    symlink(base.join("private"), base.join("data/out")).unwrap();
    symlink("deep", base.join("data/near")).unwrap();
    symlink(base.join("later"), base.join("data/dangling")).unwrap();
    symlink(base.join("evil.wasm"), base.join("components/link.wasm")).unwrap();
    symlink(base.join("components/sink.wasm"), base.join("good.wasm")).unwrap();
    for (path, refused) in [
        ("data", None),
        ("data/deep", None),
        ("data/near", None),
        ("data/not-there-yet", None),
        ("data/out", Some("policy_files")),
        ("data/../private", Some("policy_files")),
        ("data/near/../../private", Some("policy_files")),
        ("data-2", Some("policy_files")),
        ("/", Some("policy_files")),
        ("data/dangling", Some("KEN-E0107")),
        ("data/dangling/x", Some("KEN-E0107")),
    ] {
        std::fs::write(base.join("a.toml"), grant(path)).unwrap();
        assert_eq!(codes(load_folder(&base)), Vec::from_iter(refused), "{path}");
    }
    // What was judged is what is opened, even if the link is turned later.
    std::fs::write(base.join("a.toml"), grant("data/near")).unwrap();
    let configuration = load_folder(&base).unwrap();
    assert_eq!(configuration.connectors[0].grants.files[0].path, base.join("data/deep"));
    for (component, refused) in [
        ("components/sink.wasm", None),
        ("good.wasm", None),
        ("components/link.wasm", Some("policy_components")),
        ("components/../evil.wasm", Some("policy_components")),
        ("evil.wasm", Some("policy_components")),
    ] {
        let text = SINK.replace("components/sink.wasm", component);
        std::fs::write(base.join("a.toml"), text).unwrap();
        assert_eq!(codes(load_folder(&base)), Vec::from_iter(refused), "{component}");
    }
}

#[test]
fn given_variables_should_not_touch_the_policy_nor_get_around_it() {
    let connector = format!("{SINK}[grants]\nhttp = [\"https://evil.example\"]\n");
    let folder = folder(&[("kennel.toml", POLICY), ("a.toml", &connector)]);
    for variable in
        ["KENNEL_POLICY__HTTP", "KENNEL_POLICY__ANYTHING", "KENNEL_POLICY__FILES__0__PATH"]
    {
        let environment = Environment::from_iter([(variable, "https://evil.example/*")]);
        let errors = load(folder.path(), &environment).unwrap_err();
        assert_eq!(codes(Err(errors)), ["KEN-E0107", "policy_http"], "{variable}");
    }
    // A search folder set by a variable is no way around the folders of the policy.
    let text = SINK.replace("components/sink.wasm", "evil.wasm");
    std::fs::write(folder.path().join("a.toml"), text).unwrap();
    let search = [("KENNEL_COMPONENTS__SEARCH", folder.path().to_str().unwrap())];
    let outcome = load(folder.path(), &Environment::from_iter(search));
    assert_eq!(codes(outcome), ["policy_components"]);
    // Nor does a variable add a provider where the file has no policy.
    std::fs::write(folder.path().join("kennel.toml"), "").unwrap();
    let url = [("KENNEL_CONNECTORS__URL", "https://evil.example/")];
    let environment = Environment::from_iter(url);
    let read = read_host(folder.path(), &environment).unwrap();
    assert!(read.provider().is_none(), "nobody is asked where something is wrong");
    assert_eq!(codes(read.finish(None)), ["KEN-E0107"]);
}

#[test]
fn given_a_provider_should_add_its_connectors_within_the_policy() {
    let host = format!("{POLICY}[connectors]\nurl = \"http://127.0.0.1:1/c\"\n");
    let folder = folder(&[("kennel.toml", &host), ("local.toml", SINK)]);
    let environment = Environment::default();
    let fetch = |answer: &str| {
        let read = read_host(folder.path(), &environment).unwrap();
        assert_eq!(read.provider().unwrap().url, "http://127.0.0.1:1/c");
        read.finish(Some(Ok(answer.to_owned())))
    };
    let connector = |key: &str, rest: &str| {
        format!(
            "{{\"connectors\":{{\"{key}\":{{\"type\":\"sink\",\"component\":\"components/sink.wasm\",\
             \"streams\":[{{\"stream\":\"shop\",\"topics\":[\"refunds\"]}}]{rest}}}}}}}"
        )
    };
    let good =
        ",\"grants\":{\"http\":[\"https://api.example.com/v1/x\"]},\"config\":{\"a\":[1,2.5,true]}";
    let configuration = fetch(&connector("remote", good)).unwrap();
    let keys: Vec<_> = configuration.connectors.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(keys, ["local", "remote"]);
    let remote = &configuration.connectors[1];
    assert_eq!(remote.config.value(), &serde_json::json!({ "a": [1, 2.5, true] }));
    assert_eq!(remote.file.to_str().unwrap(), "http://127.0.0.1:1/c#/connectors/remote");

    let evil = ",\"grants\":{\"http\":[\"http://169.254.169.254/*\"]}";
    let errors = fetch(&connector("remote", evil)).unwrap_err();
    let pointer = "http://127.0.0.1:1/c#/connectors/remote/grants/http/0";
    assert!(errors.to_string().contains(&format!(" --> {pointer}\n")), "{errors}");
    assert_eq!(codes(Err(errors)), ["policy_http"]);
    // Not in the place of a connector that a file has.
    assert_eq!(codes(fetch(&connector("local", ""))), ["KEN-E0107"]);

    let read = read_host(folder.path(), &environment).unwrap();
    let errors = read.finish(Some(Err("connection refused".to_owned()))).unwrap_err();
    assert!(
        errors.to_string().contains("no connectors from http://127.0.0.1:1/c: connection refused")
    );
    assert_eq!(codes(load(folder.path(), &environment)), ["KEN-E0111"], "nobody fetched them");
}
