//! Secrets that reach their destinations and nothing else: whatever the host writes is searched for them.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use kennel_test_backends::Postgres;
use serde_json::json;

use crate::support::installation::{component, kennel};
use crate::support::{Broker, Connector, HttpServer, Process, Target, World, message};

/// Not found by accident, and different when it is encoded for a URL.
const TOKEN: &str = "c4n4ry/t0ken+&%3F=one";
const KEY: &str = "c4n4ry/k3y+&%3F=two";
const PASSWORD: &str = "c4n4ry/p4ssword+&%3F=three";

/// Everything that anything in the process logs, libraries as well.
const EVERYTHING: [&str; 2] = ["--log-level", "trace,kennel=trace"];

/// Every form in which a value could be written down.
fn forms(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let encoded = |keep: fn(u8) -> bool| -> String {
        let letter = |byte: &u8| match keep(*byte) {
            true => char::from(*byte).to_string(),
            false => format!("%{byte:02X}"),
        };
        bytes.iter().map(letter).collect()
    };
    let mut forms = vec![
        value.to_owned(),
        hex.to_uppercase(),
        hex,
        numbers.join(", "),
        numbers.join(","),
        encoded(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)),
        encoded(|byte| byte.is_ascii_alphanumeric() || b"-._~/+&=".contains(&byte)),
        value.replace('/', "\\/"),
    ];
    // Wherever it begins among three bytes, without the letters that depend on its neighbours.
    for shift in 0..3 {
        let text = STANDARD_NO_PAD.encode([vec![0; shift].as_slice(), bytes].concat());
        forms.push(text[if shift == 0 { 0 } else { 4 }..text.len() - 3].to_owned());
    }
    forms
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// Fails if any file of the world holds one of the secrets in any form. Answers how many were searched.
fn assert_silent(world: &World) -> usize {
    let mut searched = Vec::new();
    files(&world.path(""), &mut searched);
    for path in &searched {
        let bytes = fs::read(path).unwrap();
        for secret in [TOKEN, KEY, PASSWORD] {
            for form in forms(secret) {
                let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
                assert!(!found, "{} holds {form}", path.display());
            }
        }
    }
    searched.len()
}

/// A world whose host has a token in its environment.
fn world(broker: &Broker) -> World {
    let mut world = broker.world();
    world.variable("API_TOKEN", TOKEN);
    world
}

/// A file that only its owner reads, outside of what is searched.
fn secret_file(folder: &Path, value: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("secret");
    fs::write(&path, format!("{value}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    format!("secret://file{}", path.display())
}

fn http(target: &Target, server: &HttpServer, key: &str) -> Connector {
    let url = server.url();
    Connector::sink("http_sink.wasm", target)
        .config(&format!("url = \"{url}/v1/records\""))
        .config("[config.headers]\nauthorization = \"Bearer ${secret:token}\"")
        .config("x-key = \"${secret:key}\"")
        .grant(&format!("http = [\"{url}/v1/*\"]"))
        .grant(&format!("secrets = {{ token = \"secret://env/API_TOKEN\", key = \"{key}\" }}"))
}

fn probe(target: &Target, action: &str) -> Connector {
    Connector::sink("probe_sink.wasm", target)
        .config(&format!("action = \"{action}\"\nsecret = \"token\""))
        .grant("secrets = { token = \"secret://env/API_TOKEN\" }\nstate = \"1MiB\"")
}

#[test]
fn given_placeholders_in_headers_should_reach_the_server_and_nothing_else() {
    let broker = Broker::start();
    let target = Target::unique("records");
    // It fails at first, so that errors are told as well.
    let server = HttpServer::start(3);
    let folder = tempfile::tempdir().unwrap();
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..10);
    let world = world(&broker);
    let key = secret_file(folder.path(), KEY);
    world.connector("web", http(&target, &server, &key));
    let away = http(&target, &server, &key).config("").text();
    let away = away.replace(&server.url(), "http://127.0.0.1:1");
    world.file("away.toml", &format!("{away}\n[limits]\ncall_timeout = \"2s\"\n"));
    world.command("check", &["--json"]).with_code(0);
    let mut host = world.run(&EVERYTHING);
    host.until("the server has the records", || server.count_lines() == 10);
    host.until_logged("unavailable", 1);

    // The file is read again when it has changed.
    secret_file(folder.path(), "rotated");
    broker.client.send_numbers(&target, 0, 10..12);
    host.until("the server has the others", || server.count_lines() == 12);
    host.terminate().with_code(0);
    let requests = server.requests();
    for request in &requests {
        assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
    }
    assert_eq!(requests.first().unwrap().headers["x-key"], KEY);
    assert_eq!(requests.last().unwrap().headers["x-key"], "rotated");
    assert!(assert_silent(&world) > 5, "nothing was searched");
}

#[test]
fn given_a_password_in_the_host_should_log_in_to_postgres_and_tell_nobody() {
    let server = Postgres::start().unwrap();
    server.sql(&format!("create role canary login password '{PASSWORD}'")).unwrap();
    server.sql("create table records (sequence bigint primary key)").unwrap();
    server.sql("grant all on records to canary; grant all on schema public to canary").unwrap();
    let broker = Broker::start();
    let target = Target::unique("records");
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..10);
    broker.client.send(&target, 0, vec![message(b"{\"sequence\":\"none\"}")]);
    let world = world(&broker);
    let folder = tempfile::tempdir().unwrap();
    let password = secret_file(folder.path(), PASSWORD);
    let sink = |user: &str| {
        let (host, port) = (server.host(), server.port());
        Connector::sink("postgres_sink.wasm", &target)
            .config("table = \"records\"")
            .config("columns = [{ name = \"sequence\", type = \"bigint\" }]")
            .config(&format!("[config.connection]\nhost = \"{host}\"\nport = {port}"))
            .config(&format!("user = \"{user}\"\ndatabase = \"{}\"", server.database()))
            .config("password = { secret = \"password\" }")
            .grant(&format!("tcp = [\"{host}:{port}\"]"))
            .grant(&format!("secrets = {{ password = \"{password}\" }}"))
    };
    world.connector("table", sink("canary").dead_letters("records.dlq"));
    // The password of somebody else.
    world.connector("refused", sink(server.user()));
    let mut host = world.run(&EVERYTHING);
    let count = || server.value("select count(*) from records").unwrap();
    host.until("the rows are there", || count() == "10");
    host.until_logged("unauthorized", 1);
    host.terminate().with_code(0);
    world.operate(&["dlq", "list", "--connector", "table"]).with_code(0);
    world.operate(&["offsets", "get", "--connector", "table"]).with_code(0);
    let output = world.path("export.json");
    let export = ["state", "export", "--connector", "table", "--output", output.to_str().unwrap()];
    world.operate(&export);
    assert!(assert_silent(&world) > 8, "nothing was searched");
}

#[test]
fn given_a_component_that_spills_what_it_has_should_have_nothing_to_spill() {
    let broker = Broker::start();
    let target = Target::unique("records");
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..3);
    let world = world(&broker);
    world.connector("spill", probe(&target, "spill").dead_letters("records.dlq"));
    world.connector("panic", probe(&target, "panic").delivery("restarts = 0"));
    let ended = world.run(&["--once", EVERYTHING[0], EVERYTHING[1]]).wait();
    assert!(ended.failure("panic").contains("spilt"), "{}", ended.log);
    assert!(ended.log.contains("spilt: kennel-secret-"), "it did not spill:\n{}", ended.log);
    assert_eq!(ended.connector("spill")["dead_lettered"], 3);
    let listed = world.operate(&["dlq", "list", "--connector", "spill"]).with_code(0);
    assert!(listed.output.contains("spilt"), "{}", listed.output);
    world.operate(&["state", "list", "--connector", "spill"]).with_code(0);
    let output = world.path("export.json");
    let export = ["state", "export", "--connector", "spill", "--output", output.to_str().unwrap()];
    world.operate(&export).with_code(0);
    assert!(fs::read_to_string(&output).unwrap().len() > 100, "an empty export");
    let mut inspect = kennel();
    inspect.args(["inspect", "--json"]).arg(component("probe_sink.wasm"));
    Process::start(inspect, world.path("inspect")).wait().with_code(0);
    assert!(assert_silent(&world) > 5, "nothing was searched");
}

#[test]
fn given_placeholders_elsewhere_should_be_refused_or_mean_nothing() {
    let broker = Broker::start();
    let target = Target::unique("records");
    let (server, other) = (HttpServer::start(0), HttpServer::start(0));
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..1);
    let world = world(&broker);
    let sends = |action: &str, to: &HttpServer| {
        let secrets = format!(
            "secrets = {{ token = {{ from = \"secret://env/API_TOKEN\", hosts = [\"{}\"] }} }}",
            server.url()
        );
        Connector::sink("probe_sink.wasm", &target)
            .config(&format!("action = \"{action}\"\nsecret = \"token\""))
            .config(&format!("url = \"{}/{action}\"", to.url()))
            .grant(&format!("http = [\"{}/*\", \"{}/*\"]", server.url(), other.url()))
            .grant(&secrets)
    };
    for action in ["send-header", "send-basic", "send-url", "send-body"] {
        world.connector(action, sends(action, &server));
        world.connector(&format!("{action}-elsewhere"), sends(action, &other));
    }
    let mut host = world.run(&EVERYTHING);
    let has = |server: &HttpServer, path: &str| {
        server.requests().iter().any(|request| request.path.starts_with(path))
    };
    host.until("all that may has arrived", || {
        ["/send-header", "/send-basic", "/send-body"].iter().all(|path| has(&server, path))
            && has(&other, "/send-body")
    });
    // Two URLs, and two headers to a host that is not granted for the secret.
    host.until_logged("secret_host_denied", 4);
    host.terminate().with_code(0);
    for request in server.requests() {
        let authorization = request.headers.get("authorization").map(String::as_str);
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("user:{TOKEN}"));
        match request.path.as_str() {
            "/send-header" => assert_eq!(authorization, Some(format!("Bearer {TOKEN}").as_str())),
            "/send-basic" => assert_eq!(authorization, Some(format!("Basic {basic}").as_str())),
            "/send-body" => assert!(request.body.starts_with(b"kennel-secret-")),
            path => panic!("{path} arrived"),
        }
    }
    for request in other.requests() {
        assert_eq!(request.path, "/send-body");
        assert!(request.body.starts_with(b"kennel-secret-"));
    }
    assert_silent(&world);
}

#[test]
fn given_secrets_that_are_not_there_should_say_so_before_anything_runs() {
    let broker = Broker::start();
    let world = broker.world();
    let target = Target::unique("records");
    let missing = "secrets = { token = \"secret://env/API_TOKEN_ABSENT\" }";
    world.connector("probe", Connector::sink("noop_sink.wasm", &target).grant(missing));
    for command in ["check", "run"] {
        let ended = world.command(command, &[]).with_code(2);
        assert!(ended.log.contains("API_TOKEN_ABSENT is not set"), "{}", ended.log);
        assert!(ended.log.contains("probe.toml:"), "{}", ended.log);
    }
}

#[test]
fn given_a_password_in_plain_text_check_should_warn_without_repeating_it() {
    let broker = Broker::start();
    let world = broker.world();
    let target = Target::unique("records");
    let plain = Connector::sink("http_sink.wasm", &target)
        .config("url = \"https://api.example.com/\"")
        .config(&format!("headers = {{ authorization = \"Bearer {TOKEN}\" }}"))
        .grant("http = [\"https://api.example.com/*\"]");
    world.connector("web", plain);
    let text = world.command("check", &[]).with_code(0);
    assert!(text.log.contains("warning[KEN-W0101]"), "{}", text.log);
    let checked = world.command("check", &["--json"]).with_code(0);
    let warning = &checked.json()["warnings"][0];
    assert_eq!(warning["code"], json!("KEN-W0101"));
    for ended in [text, checked] {
        assert!(!format!("{ended:?}").contains(TOKEN), "{ended:?}");
    }
}
