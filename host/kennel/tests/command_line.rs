//! The program as a user or a script meets it.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const COMMANDS: [&str; 18] = [
    "run",
    "check",
    "inspect",
    "diff",
    "explain",
    "pull",
    "push",
    "sign",
    "verify",
    "dlq",
    "state",
    "offsets",
    "new",
    "build",
    "conform",
    "iggy",
    "bench",
    "completions",
];

const OPERATIONS: [&[&str]; 3] = [
    &["dlq", "list", "show", "replay", "purge"],
    &["state", "list", "get", "export", "import", "reset"],
    &["offsets", "get", "seek", "reset"],
];

/// Every command, and every command of a command.
fn command_lines() -> Vec<Vec<&'static str>> {
    let nested = OPERATIONS.iter().flat_map(|commands| {
        let (command, inner) = commands.split_first().unwrap();
        inner.iter().map(|inner| vec![*command, *inner])
    });
    COMMANDS.iter().map(|command| vec![*command]).chain(nested).collect()
}

fn kennel(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kennel"));
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KENNEL_") {
            command.env_remove(name);
        }
    }
    command
}

fn output(arguments: &[&str]) -> Output {
    kennel(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The last line of standard error as JSON.
fn failure(output: &Output) -> Value {
    serde_json::from_str(stderr(output).lines().last().unwrap()).unwrap()
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

const SINK: &[u8] = b"type = \"sink\"\ncomponent = \"component.wasm\"\n\
                      [[streams]]\nstream = \"s\"\ntopics = [\"t\"]\n";

#[test]
fn given_help_should_show_examples_for_every_command() {
    for command in command_lines() {
        let output = output(&[&command[..], &["--help"]].concat());
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        let help = stdout(&output);
        let example = format!("  kennel {}", command.join(" "));
        assert!(help.contains("Examples:") && help.contains(&example), "{help}");
        assert!(help.contains("--json") && help.contains("--log-level"), "{help}");
    }
    let help = stdout(&output(&["--help"]));
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not listed in:\n{help}");
    }
    assert!(help.contains("Exit codes:"));
}

#[test]
fn given_every_documented_example_should_be_a_valid_command_line() {
    let mut examples = 0;
    for command in command_lines() {
        let help = stdout(&output(&[&command[..], &["--help"]].concat()));
        for line in help.lines().filter_map(|line| line.strip_prefix("  kennel ")) {
            // Comments stand after two spaces, redirections after `>`.
            let line = line.split("  ").next().unwrap().split('>').next().unwrap();
            let mut arguments: Vec<&str> = line.split_whitespace().collect();
            // Parsed like any other, but nothing is done.
            arguments.push("--help");
            assert_eq!(output(&arguments).status.code(), Some(0), "{line}");
            arguments.pop();
            arguments.push("--surely-unknown-option");
            let refused = stderr(&output(&arguments));
            assert!(refused.contains("'--surely-unknown-option' found"), "{line}: {refused}");
            examples += 1;
        }
    }
    assert!(examples >= 55, "{examples} examples");
}

#[test]
fn given_a_misspelt_command_should_suggest_and_end_with_2() {
    let output = output(&["chekc"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("'check'"), "{}", stderr(&output));
}

#[test]
fn given_a_misspelt_option_should_suggest_and_end_with_2() {
    let output = output(&["run", "--conifg", "x"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("'--config'"), "{}", stderr(&output));
}

#[test]
fn given_a_data_folder_without_the_embedded_server_should_refuse() {
    let output = output(&["run", "--data", "x"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--embedded"));
}

#[test]
fn given_an_invalid_configuration_should_end_with_2_and_the_place() {
    let folder = folder(&[("a.toml", b"type = \"sink\"\nformat = 1\n")]);
    for command in ["check", "run"] {
        let output = output(&[command, "--config", text(folder.path())]);
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(stderr(&output).contains("a.toml:2:1"), "{}", stderr(&output));
        assert!(stdout(&output).is_empty());
    }
}

#[test]
fn given_an_invalid_configuration_and_json_should_list_the_errors_for_programs() {
    let folder = folder(&[("a.toml", b"type = \"sink\"\nformat = 1\n")]);
    let output = output(&["check", "--json", "--config", text(folder.path())]);
    let failure = failure(&output);
    assert_eq!(failure["exit_code"], 2);
    let errors = failure["errors"].as_array().unwrap();
    assert!(errors.iter().any(|error| error["location"]["line"] == 2), "{failure}");
}

#[test]
fn given_a_missing_folder_should_end_with_2() {
    let output = output(&["check", "--config", "/does/not/exist"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("/does/not/exist"), "{}", stderr(&output));
}

#[test]
fn given_no_connectors_should_be_valid() {
    let folder = folder(&[]);
    let output = output(&["check", "--json", "--config", text(folder.path())]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let result: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(result["valid"], true);
}

#[test]
fn given_a_file_that_is_no_component_should_end_with_3() {
    let folder = folder(&[("a.toml", SINK), ("component.wasm", b"not wasm")]);
    let component = folder.path().join("component.wasm");
    let check = ["check", "--config", text(folder.path())];
    for arguments in [&check[..], &["inspect", text(&component)], &["inspect", "/absent.wasm"]] {
        let output = output(arguments);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(".wasm"));
    }
}

#[test]
fn given_a_request_for_a_schema_should_print_json_schema() {
    for kind in ["host", "connector"] {
        let schema: Value =
            serde_json::from_str(&stdout(&output(&["check", "--schema", kind]))).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

#[test]
fn given_a_shell_should_print_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&output(&["completions", shell]));
        for word in ["inspect", "summary-file", "replay", "keyspace"] {
            assert!(script.contains(word), "{shell} has no {word}");
        }
    }
}

#[test]
fn given_a_folder_without_a_manifest_should_say_how_to_begin() {
    let folder = folder(&[]);
    let output = output(&["build", text(folder.path())]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("kennel new"), "{}", stderr(&output));
}

#[test]
fn given_no_cargo_should_say_how_to_get_it() {
    let folder = folder(&[("Cargo.toml", b"[package]\nname = \"x\"\n")]);
    let output = kennel(&["build", text(folder.path())]).env("PATH", "").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("https://rustup.rs"), "{}", stderr(&output));
}

#[test]
fn given_a_wrong_log_level_should_end_with_2() {
    let output = output(&["iggy", "--address", "127.0.0.1:0", "--log-level", "a=b=c"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("a=b=c"), "{}", stderr(&output));
}

#[test]
fn given_a_used_address_should_end_with_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = output(&["iggy", "--json", "--address", &address]);
    assert_eq!(output.status.code(), Some(1));
    let failure = failure(&output);
    assert!(failure["error"].as_str().unwrap().contains(&address), "{failure}");
}

#[test]
fn given_the_embedded_server_should_serve_until_sigterm_and_end_with_0() {
    let mut server = kennel(&["iggy", "--json", "--address", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    std::net::TcpStream::connect(ready["address"].as_str().unwrap()).unwrap();
    let pid = server.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(server.wait().unwrap().code(), Some(0));
}

#[test]
fn given_each_template_should_write_a_project_without_placeholders() {
    for language in ["rust", "python", "javascript"] {
        for kind in ["sink", "source", "transform"] {
            let parent = folder(&[]);
            let path = parent.path().join("project");
            let made = output(&[
                "new",
                "orders-flow",
                "--kind",
                kind,
                "--language",
                language,
                "--path",
                text(&path),
                "--json",
            ]);
            assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
            let result: Value = serde_json::from_str(&stdout(&made)).unwrap();
            let files = result["files"].as_array().unwrap();
            assert!(files.len() >= 4, "{result}");
            for file in files {
                let content = std::fs::read_to_string(file.as_str().unwrap()).unwrap();
                assert!(!content.contains("{{name") && !content.contains("{{sdk"), "{file}");
            }
            let connector = std::fs::read_to_string(path.join("connector.toml")).unwrap();
            assert!(connector.contains("component = \"orders-flow.wasm\""), "{connector}");
            let again = output(&["new", "x", "--kind", kind, "--path", text(&path)]);
            assert_eq!(again.status.code(), Some(2));
            assert!(stderr(&again).contains("not empty"));
        }
    }
}

#[test]
fn given_a_name_in_another_case_should_suggest_one() {
    let output = output(&["new", "OrdersSink", "--kind", "sink"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("\"orders-sink\""), "{}", stderr(&output));
}

/// A folder with one sink and its dead letters, whose broker nobody runs.
fn operated(on_error: &str) -> TempDir {
    let sink = format!("{}\n[delivery]\n{on_error}\n", String::from_utf8(SINK.to_vec()).unwrap());
    let source = b"type = \"source\"\ncomponent = \"component.wasm\"\n\
                   [[streams]]\nstream = \"s\"\ntopics = [\"t\"]\n";
    let host = b"[iggy]\naddress = \"127.0.0.1:1\"\n";
    folder(&[
        ("kennel.toml", host),
        ("orders.toml", sink.as_bytes()),
        ("clicks.toml", source),
        ("component.wasm", b"not loaded by these commands"),
    ])
}

const DEAD_LETTERS: &str = "on_error = \"dead_letter\"\ndead_letter_topic = \"orders.dlq\"";

fn operate(folder: &TempDir, arguments: &[&str]) -> Output {
    output(&[arguments, &["--json", "--config", text(folder.path())]].concat())
}

#[test]
fn given_a_connector_that_is_not_there_should_name_those_that_are() {
    let folder = operated(DEAD_LETTERS);
    for command in [["dlq", "list"], ["state", "list"], ["offsets", "get"]] {
        let output = operate(&folder, &[&command[..], &["--connector", "order"]].concat());
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        let error = failure(&output)["error"].to_string();
        assert!(error.contains("clicks, orders"), "{error}");
    }
}

#[test]
fn given_no_broker_the_commands_that_ask_it_should_end_with_4() {
    let folder = operated(DEAD_LETTERS);
    for command in [&["dlq", "list"][..], &["offsets", "get"], &["offsets", "seek", "earliest"]] {
        let output = operate(&folder, &[command, &["--connector", "orders"]].concat());
        assert_eq!(output.status.code(), Some(4), "{command:?}: {}", stderr(&output));
        let error = failure(&output)["error"].to_string();
        assert!(error.contains("127.0.0.1:1") && error.contains("[iggy]"), "{error}");
    }
}

#[test]
fn given_a_connector_without_dead_letters_should_say_which_key_is_not_set() {
    let folder = operated("on_error = \"stop\"");
    let output = operate(&folder, &["dlq", "list", "--connector", "orders"]);
    assert_eq!(output.status.code(), Some(2));
    let error = failure(&output)["error"].to_string();
    assert!(error.contains("on_error") && error.contains("orders.toml"), "{error}");
}

#[test]
fn given_a_state_should_import_it_only_where_none_is_lost() {
    let folder = operated(DEAD_LETTERS);
    let file = folder.path().join("saved.json");
    let saved = r#"{"kennel_state":1,"connector":"clicks","cursor":"AP8=",
        "keyspaces":{"source:source":{"k":"dg=="}},"checkpoints":{},"seeks":{},"pending":[]}"#;
    std::fs::write(&file, saved).unwrap();
    let state = |arguments: &[&str]| {
        operate(&folder, &[&["state"][..], arguments, &["--connector", "clicks"]].concat())
    };
    let code = |output: &Output| output.status.code();
    assert_eq!(code(&state(&["import", text(&file)])), Some(0));
    let refused = state(&["import", text(&file)]);
    assert_eq!(code(&refused), Some(2));
    assert!(stderr(&refused).contains("--replace"), "{}", stderr(&refused));
    assert_eq!(code(&state(&["import", text(&file), "--replace"])), Some(0));

    let list: Value = serde_json::from_str(&stdout(&state(&["list"]))).unwrap();
    assert_eq!(list["cursor"], "AP8=");
    assert_eq!(list["keyspaces"][0]["bytes"], 2);
    let value: Value =
        serde_json::from_str(&stdout(&state(&["get", "source:source", "k"]))).unwrap();
    assert_eq!(value["text"], "v");
    let missing = state(&["get", "source:source", "x"]);
    assert_eq!(code(&missing), Some(2));
    assert!(stderr(&missing).contains("no key `x`"), "{}", stderr(&missing));

    let exported: Value = serde_json::from_str(&stdout(&state(&["export"]))).unwrap();
    assert_eq!(exported, serde_json::from_str::<Value>(saved).unwrap());
    let existing = state(&["export", "--output", text(&file)]);
    assert_eq!(code(&existing), Some(1), "an export is not written over");

    let hesitant = state(&["reset"]);
    assert_eq!(code(&hesitant), Some(2));
    assert!(stderr(&hesitant).contains("--yes"), "{}", stderr(&hesitant));
    assert_eq!(code(&state(&["reset", "--keyspace", "source:source", "--yes"])), Some(0));
    assert_eq!(code(&state(&["reset", "--keyspace", "source:source", "--yes"])), Some(2));
    assert_eq!(code(&state(&["reset", "--yes"])), Some(0));
    let empty: Value = serde_json::from_str(&stdout(&state(&["list"]))).unwrap();
    assert_eq!(empty["cursor"], Value::Null);
}
