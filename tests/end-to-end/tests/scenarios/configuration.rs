//! Mistakes found before anything runs, and what the other commands print.

use serde_json::Value;

use crate::support::installation::{component, components, kennel};
use crate::support::{Connector, Ended, Process, Target, World};

fn world() -> World {
    // Nothing here connects.
    World::new("127.0.0.1:1")
}

fn target() -> Target {
    Target { stream: "shop".into(), topic: "orders".into() }
}

fn json(text: &str) -> Value {
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

#[test]
fn given_mistakes_check_and_run_should_name_file_line_and_correction_and_end_with_2() {
    let mistakes = [
        ("stream", "consumer_grup = \"mine\"", "did you mean `consumer_group`?"),
        ("stream", "partitions = 3", "create = true"),
        ("stream", "start = \"newest\"", "latest"),
        ("delivery", "dead_letter_topic = \"x\"", "on_error"),
        ("delivery", "guarantee = \"exactly-once\"", "describes its delivery as at-least-once"),
        ("limit", "memory = \"12 parsecs\"", "MiB"),
        ("grant", "http = [\"https://*/\"]", "http"),
        ("grant", "env = [\"KENNEL_IGGY__TOKEN\"]", "granted by its own name"),
    ];
    for (section, line, help) in mistakes {
        let world = world();
        let connector = Connector::sink("noop_sink.wasm", &target());
        let connector = match section {
            "stream" => connector.stream(line),
            "delivery" => connector.delivery(line),
            "limit" => connector.limit(line),
            _ => connector.grant(line),
        };
        let text = connector.text();
        let place = text.lines().position(|it| it == line).unwrap() + 1;
        world.connector("orders", connector);
        for ended in [world.command("check", &[]), world.command("run", &[])] {
            let ended = ended.with_code(2);
            let place = format!("orders.toml:{place}:");
            assert!(ended.log.contains(&place), "{place} is not in:\n{}", ended.log);
            assert!(ended.log.contains(help), "`{help}` is not in:\n{}", ended.log);
        }
    }
}

#[test]
fn given_mistakes_in_several_files_should_list_all_of_them_for_programs() {
    let world = world();
    world.connector("a", Connector::sink("noop_sink.wasm", &target()).stream("batch = 1"));
    world.connector("b", Connector::sink("noop_sink.wasm", &target()).stream("forma = \"raw\""));
    let ended = world.command("check", &["--json"]).with_code(2);
    let failure = json(&ended.log);
    assert_eq!(failure["exit_code"], 2);
    let errors = failure["errors"].as_array().unwrap();
    for file in ["a.toml", "b.toml"] {
        let found = errors.iter().find(|error| error.to_string().contains(file)).unwrap();
        assert!(found["location"]["line"].as_u64().unwrap() > 1, "{found}");
        assert!(found["code"].as_str().unwrap().starts_with("KEN-E"), "{found}");
    }
}

#[test]
fn given_a_configuration_its_component_refuses_should_name_its_line_and_end_with_2() {
    let world = world();
    let unknown = Connector::files(&target(), &world.folder("out")).config("rotate_byte = 5");
    let line = unknown.text().lines().position(|it| it == "rotate_byte = 5").unwrap() + 1;
    world.connector("unknown", unknown);
    let wrong = Connector::sink("noop_sink.wasm", &target())
        .transform("filter_transform.wasm", "keep = \"a = 1\"");
    world.connector("wrong", wrong);
    let ended = world.command("check", &[]).with_code(2);
    for part in [
        format!("unknown.toml:{line}:").as_str(),
        "rotate_bytes",
        "wrong.toml:",
        "equality is `==`",
    ] {
        assert!(ended.log.contains(part), "`{part}` is not in:\n{}", ended.log);
    }
}

#[test]
fn given_a_component_of_the_wrong_kind_should_say_so_and_end_with_3() {
    let world = world();
    world.connector("orders", Connector::sink("random_source.wasm", &target()));
    for ended in [world.command("check", &[]), world.command("run", &["--once"])] {
        let ended = ended.with_code(3);
        for part in ["connector orders", "is a source", "a sink is needed", "orders.toml"] {
            assert!(ended.log.contains(part), "`{part}` is not in:\n{}", ended.log);
        }
    }
}

#[test]
fn given_a_component_that_is_missing_should_name_the_folders_searched() {
    let world = world();
    world.connector("orders", Connector::sink("no_such_sink.wasm", &target()));
    let ended = world.command("check", &[]);
    assert!(matches!(ended.code, Some(2 | 3)), "{ended:?}");
    assert!(ended.log.contains("no_such_sink.wasm"), "{}", ended.log);
    assert!(ended.log.contains(components().to_str().unwrap()), "{}", ended.log);
}

#[test]
fn given_a_memory_budget_that_is_too_small_should_refuse_to_start() {
    let world = world();
    world.connector(
        "orders",
        Connector::sink("noop_sink.wasm", &target()).stream("parallelism = 4"),
    );
    let host = std::fs::read_to_string(world.config().join("kennel.toml")).unwrap();
    world.file("kennel.toml", &format!("{host}\n[runtime]\nmemory_budget = \"500MiB\"\n"));
    let ended = world.command("run", &["--once"]).with_code(2);
    assert!(ended.log.contains("512MiB"), "{}", ended.log);
    assert!(ended.log.contains("memory_budget"), "{}", ended.log);
}

#[test]
fn given_a_sound_configuration_check_should_list_its_connectors() {
    let world = world();
    world.connector("numbers", Connector::numbers(&target(), 5).create(1));
    let files = Connector::files(&target(), &world.folder("out"))
        .transform("filter_transform.wasm", "keep = \"sequence > 1\"");
    world.connector("files", files);
    let ended = world.command("check", &["--json"]).with_code(0);
    let result = json(&ended.output);
    assert_eq!(result["valid"], true);
    let connectors = result["connectors"].as_array().unwrap();
    let keys: Vec<_> = connectors.iter().map(|it| it["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["files", "numbers"]);
    assert_eq!(connectors[1]["type"], "source");
}

#[test]
fn given_a_disabled_connector_should_check_it_and_not_run_it() {
    let world = world();
    let text = Connector::sink("noop_sink.wasm", &target()).text();
    world.file("orders.toml", &format!("enabled = false\n{text}"));
    world.command("check", &[]).with_code(0);
    let ended = world.run(&["--embedded", "--once"]).wait().with_code(0);
    assert_eq!(json(&ended.output)["connectors"], serde_json::json!([]));
}

#[test]
fn given_each_component_inspect_should_describe_it() {
    let world = world();
    let expected = [
        ("file_sink.wasm", "sink", "file", "transactional"),
        ("random_source.wasm", "source", "random", "at-least-once"),
        ("fields_transform.wasm", "transform", "fields", "at-least-once"),
    ];
    for (file, kind, name, delivery) in expected {
        let facts = json(&inspect(&world, file, &["--json"]).with_code(0).output);
        assert_eq!(facts["kind"], kind, "{facts}");
        assert_eq!(facts["description"]["name"], name, "{facts}");
        assert_eq!(facts["description"]["delivery"], delivery, "{facts}");
        assert!(facts["digest"].as_str().unwrap().starts_with("sha256:"), "{facts}");
        assert!(facts["description"]["config_schema"].is_object(), "{facts}");
        let text = inspect(&world, file, &[]).with_code(0).output;
        assert!(text.starts_with(name), "{text}");
        assert!(text.contains("[config]"), "{text}");
    }
}

fn inspect(world: &World, file: &str, arguments: &[&str]) -> Ended {
    let mut command = kennel();
    command.arg("inspect").arg(component(file)).args(arguments);
    Process::start(command, world.path("inspect")).wait()
}
