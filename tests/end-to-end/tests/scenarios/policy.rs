//! Three keys, whoever writes the configuration: a component asks, `[grants]` gives, `[policy]` bounds.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

use crate::support::installation::{component, components, kennel};
use crate::support::{Connector, Ended, Process, Target, World};

fn world() -> World {
    World::new("127.0.0.1:1")
}

fn target() -> Target {
    Target { stream: "shop".into(), topic: "orders".into() }
}

/// A host with a policy that permits the components of the installation and topics of `shop`.
fn with_policy(world: &World, more: &str) {
    let host = std::fs::read_to_string(world.config().join("kennel.toml")).unwrap();
    let policy = format!(
        "[policy]\ncomponents = [{:?}]\ntopics = [\"shop/*\"]\nmemory = \"128MiB\"\n\
         http = [\"https://api.example.com/*\"]\n",
        components()
    );
    world.file("kennel.toml", &format!("{host}\n{policy}{more}"));
}

fn last_line(text: &str) -> Value {
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

fn start(world: &World, mut command: Command, arguments: &[&str]) -> Ended {
    command.args(arguments);
    Process::start(command, world.path(&format!("output-{}", arguments.join("-")))).wait()
}

/// Answers every request so, and gives the URL. The head ends with the status line's own headers.
fn answering(head: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/connectors?key=hidden", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request: Vec<_> =
                lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            let known = request.iter().any(|line| line == "authorization: Bearer letmein");
            let (head, body) = match known {
                true => (head, body.as_str()),
                false => ("HTTP/1.1 401 Unauthorized", ""),
            };
            let length = body.len();
            let connection = "connection: close";
            let answer =
                format!("{head}\r\ncontent-length: {length}\r\n{connection}\r\n\r\n{body}");
            // Whoever got enough hangs up.
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    url
}

fn connectors(grants: &Value) -> String {
    json!({ "connectors": { "remote": {
        "type": "sink",
        "component": "noop_sink.wasm",
        "streams": [{ "stream": "shop", "topics": ["orders"], "create": true }],
        "grants": grants,
    } } })
    .to_string()
}

fn provider(url: &str) -> String {
    format!("[connectors]\nurl = \"{url}\"\ntoken = \"literal:letmein\"\n")
}

#[test]
fn given_connectors_from_a_url_should_run_those_that_the_policy_permits() {
    let world = world();
    let url = answering("HTTP/1.1 200 OK", connectors(&json!({})));
    with_policy(&world, &provider(&url));
    let checked = last_line(&world.command("check", &["--json"]).with_code(0).output);
    assert_eq!(checked["connectors"][0]["key"], "remote", "{checked}");
    let ended = world.run(&["--embedded", "--once"]).wait().with_code(0);
    assert_eq!(last_line(&ended.output)["connectors"][0]["key"], "remote", "{}", ended.output);
}

#[test]
fn given_a_violation_from_a_url_should_point_into_the_answer_and_not_run() {
    let world = world();
    let evil = json!({ "http": ["https://api.example.com/x", "http://169.254.169.254/*"],
                       "files": [{ "path": "/etc", "guest": "/etc", "mode": "rw" }] });
    let url = answering("HTTP/1.1 200 OK", connectors(&evil));
    with_policy(&world, &provider(&url));
    let shown = url.split('?').next().unwrap();
    for ended in [world.command("check", &[]), world.command("run", &["--embedded", "--once"])] {
        let log = ended.with_code(2).log;
        for part in [
            "error[policy_http]",
            "error[policy_files]",
            &format!("--> {shown}#/connectors/remote/grants/http/1"),
            &format!("--> {shown}#/connectors/remote/grants/files/0/path"),
            "`http = [\"http://169.254.169.254:80/*\"]`",
        ] {
            assert!(log.contains(part), "`{part}` is not in:\n{log}");
        }
        assert!(!log.contains("grants/http/0") && !log.contains("hidden"), "{log}");
        assert!(!log.contains("letmein"), "{log}");
    }
}

#[test]
fn given_a_url_that_does_not_answer_well_should_say_why_once() {
    let large = format!("{{\"connectors\":{{}},\"x\":\"{}\"}}", "x".repeat(5 << 20));
    for (head, body, says) in [
        ("HTTP/1.1 500 Broken", String::new(), "it answers 500"),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/",
            String::new(),
            "redirects are not followed",
        ),
        ("HTTP/1.1 200 OK", large, "larger than 4 MiB"),
        ("HTTP/1.1 200 OK", "<html>".to_owned(), "not JSON"),
        ("HTTP/1.1 200 OK", "{\"connectors\":{},\"policy\":{}}".to_owned(), "unknown key `policy`"),
    ] {
        let world = world();
        with_policy(&world, &provider(&answering(head, body)));
        let log = world.command("check", &[]).with_code(2).log;
        assert!(log.contains(says) && log.contains("1 configuration error"), "{says}:\n{log}");
    }
    let world = world();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    with_policy(&world, &format!("[connectors]\nurl = \"http://{closed}/\"\n"));
    let log = world.command("check", &[]).with_code(2).log;
    assert!(log.contains("KEN-E0111") && log.contains("refused"), "{log}");
}

#[test]
fn given_a_file_or_a_variable_should_hold_the_policy_as_well() {
    let world = world();
    with_policy(&world, "");
    let sink = Connector::sink("noop_sink.wasm", &target());
    world.connector("a", sink.grant("http = [\"https://evil.example/*\"]"));
    let log = world.command("check", &[]).with_code(2).log;
    assert!(log.contains("error[policy_http]") && log.contains("a.toml:"), "{log}");
    let mut command = kennel();
    command.env("KENNEL_POLICY__HTTP", "https://evil.example/*");
    command.arg("check").arg("--config").arg(world.config());
    let log = start(&world, command, &["--log-level", "info"]).with_code(2).log;
    assert!(log.contains("error[policy_http]"), "{log}");
    assert!(log.contains("environment variable KENNEL_POLICY__HTTP"), "{log}");
}

/// A range that is wide enough is still none that opens the metadata service or this machine.
#[test]
fn given_a_wide_range_in_the_policy_should_not_permit_reserved_addresses() {
    let world = world();
    with_policy(&world, "tcp = [\"0.0.0.0/0:80\"]\n");
    for (grant, code) in [("93.184.216.34:80", 0), ("169.254.169.254:80", 2), ("127.0.0.1:80", 2)] {
        let sink = Connector::sink("noop_sink.wasm", &target());
        world.connector("a", sink.grant(&format!("tcp = [\"{grant}\"]")));
        let log = world.command("check", &[]).with_code(code).log;
        assert_eq!(log.contains("policy_tcp"), code == 2, "{grant}: {log}");
    }
}

#[test]
fn given_an_ask_that_is_not_granted_should_name_the_line_and_a_grant_not_asked_for_should_warn() {
    let world = world();
    let sink = Connector::sink("file_sink.wasm", &target()).config("folder = \"/out\"");
    world.connector("a", sink);
    for ended in [world.command("check", &[]), world.command("run", &["--once"])] {
        let log = ended.with_code(2).log;
        for part in ["error[ask_not_granted]", "files config:/folder", "guest = \"/out\""] {
            assert!(log.contains(part), "`{part}` is not in:\n{log}");
        }
    }
    world.connector("a", Connector::sink("noop_sink.wasm", &target()).grant("state = \"1MiB\""));
    let ended = world.command("check", &[]).with_code(0);
    assert!(ended.log.contains("warning[grant_not_asked]"), "{}", ended.log);
    let result = last_line(&world.command("check", &["--json"]).with_code(0).output);
    assert_eq!(result["warnings"][0]["code"], "grant_not_asked", "{result}");
}

#[test]
fn given_an_upgrade_that_asks_for_more_should_be_refused_with_what_it_newly_asks() {
    let world = world();
    let sink = world.config().join("sink.wasm");
    std::fs::copy(component("noop_sink.wasm"), &sink).unwrap();
    world.connector("a", Connector::sink("sink.wasm", &target()).create(1));
    world.run(&["--embedded", "--once"]).wait().with_code(0);
    let record = std::fs::read_to_string(world.path("state").join("grants.lock")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    let before = record["connectors"]["a"]["sink"]["digest"].as_str().unwrap().to_owned();

    std::fs::copy(component("file_sink.wasm"), &sink).unwrap();
    world.connector("a", Connector::sink("sink.wasm", &target()).config("folder = \"/out\""));
    let log = world.command("run", &["--embedded", "--once"]).with_code(2).log;
    for part in ["upgrade of what ran here", &before, "+ asks for files config:/folder"] {
        assert!(log.contains(part), "`{part}` is not in:\n{log}");
    }
    // What is granted runs, and is the record from then on.
    world.connector("a", Connector::files(&target(), &world.folder("out")).create(1));
    world.run(&["--embedded", "--once"]).wait().with_code(0);
    let record = std::fs::read_to_string(world.path("state").join("grants.lock")).unwrap();
    assert!(!record.contains(&before) && record.contains("files "), "{record}");
}

#[test]
fn given_two_components_diff_should_tell_by_its_exit_code_whether_more_is_asked() {
    let world = world();
    let (old, new) = (component("noop_sink.wasm"), component("file_sink.wasm"));
    let diff = |old: &std::path::Path, new: &std::path::Path, more: &[&str]| {
        let mut command = kennel();
        command.arg("diff").arg(old).arg(new);
        start(&world, command, more)
    };
    let ended = diff(&old, &new, &["--json"]).with_code(5);
    let result = last_line(&ended.output);
    assert_eq!(result["asks"]["added"][0]["capability"], "files", "{result}");
    assert!(result["config_keys"]["added"].as_array().unwrap().contains(&json!("folder")));
    let text = diff(&old, &new, &[]).with_code(5).output;
    assert!(text.contains("newly asks for:\n  + files config:/folder"), "{text}");
    let back = last_line(&diff(&new, &old, &["--json"]).with_code(0).output);
    assert_eq!(back["asks"]["removed"][0]["capability"], "files", "{back}");
    let same = diff(&old, &old, &[]).with_code(0).output;
    assert!(same.contains("same file"), "{same}");
}

#[test]
fn given_a_component_inspect_should_say_what_it_wants_and_what_it_can_never_do() {
    let world = world();
    let inspect = |file: &str, more: &[&str]| {
        let mut command = kennel();
        command.arg("inspect").arg(component(file));
        start(&world, command, more).with_code(0).output
    };
    let text = inspect("http_sink.wasm", &[]);
    for part in
        ["http   config:/url", "It can never", "listen for connections", "Rust", "not signed"]
    {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
    let facts = last_line(&inspect("http_sink.wasm", &["--json"]));
    assert_eq!(facts["asks"][0]["capability"], "http", "{facts}");
    assert!(!facts["never"].as_array().unwrap().is_empty(), "{facts}");
    assert!(facts["languages"].as_array().unwrap().contains(&json!("Rust")), "{facts}");
    assert_eq!(facts["signature"], Value::Null, "{facts}");
}
