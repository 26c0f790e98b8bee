//! The file source.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use crate::support::destination::{self, Account};
use crate::support::{Broker, Connector, Target};

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn numbers(range: std::ops::Range<u64>) -> String {
    range.map(|number| format!("{{\"sequence\":{number}}}\n")).collect()
}

fn source(target: &Target, folder: &Path, name: &str) -> Connector {
    Connector::source("file_source.wasm", target)
        .create(2)
        .config(&format!("path = \"/in/{name}\""))
        .folder(folder, "/in", "ro")
}

#[test]
fn given_lines_appended_while_it_runs_and_while_it_does_not_should_read_each_once() {
    let broker = Broker::start();
    let target = Target::unique("lines");
    let world = broker.world();
    let (folder, out) = (world.folder("in"), world.folder("out"));
    let file = folder.join("a.ndjson");
    append(&file, &numbers(0..10));
    world.connector("lines", source(&target, &folder, "a.ndjson"));
    world.connector("files", Connector::files(&target, &out).create(2));

    let mut host = world.run(&[]);
    host.until("what was there arrived", || Account::of(&out, 10).distinct == 10);
    append(&file, &numbers(10..20));
    append(&file, "{\"sequence\":");
    host.until("what was added arrived", || Account::of(&out, 20).distinct == 20);
    append(&file, "20}\n");
    host.until("the line was completed", || Account::of(&out, 21).distinct == 21);
    host.terminate().with_code(0);

    append(&file, &numbers(21..30));
    let mut host = world.run(&[]);
    host.until("what was added meanwhile arrived", || Account::of(&out, 30).distinct == 30);
    // Rotation: the old file is finished, the new one begun.
    append(&file, &numbers(30..35));
    fs::rename(&file, folder.join("a.ndjson.1")).unwrap();
    append(&file, &numbers(35..40));
    host.until("both files were read", || Account::of(&out, 40).distinct == 40);
    host.terminate().with_code(0);
    Account::of(&out, 40).assert_exact();
}

#[test]
fn given_kill_9_while_it_reads_should_lose_no_line() {
    const COUNT: u64 = 50_000;
    let broker = Broker::start();
    let target = Target::unique("lines");
    let world = broker.world();
    let (folder, out) = (world.folder("in"), world.folder("out"));
    append(&folder.join("a.ndjson"), &numbers(0..COUNT));
    let lines = source(&target, &folder, "a.ndjson")
        .stream("batch = { messages = 100 }")
        .config("mode = \"once\"");
    world.connector("lines", lines);
    world.connector("files", Connector::files(&target, &out).create(2));
    let mut host = world.run(&[]);
    host.until("some arrived", || destination::bytes(&out) > 0);
    host.kill();
    world.run_once().with_code(0);
    let account = Account::of(&out, COUNT);
    eprintln!("file source, kill -9: {account}");
    account.assert_complete();
    // Finished is finished.
    let ended = world.run_once().with_code(0);
    assert_eq!(ended.connector("lines")["messages_in"], 0);
}

#[test]
fn given_csv_once_should_make_typed_records_and_finish() {
    let broker = Broker::start();
    let target = Target::unique("rows");
    let world = broker.world();
    let folder = world.folder("in");
    let text = "id,name,total,paid\r\n1,\"Weber, Ada\",12.50,true\n2,\"say \"\"hi\"\"\",,false\n";
    fs::write(folder.join("a.csv"), text).unwrap();
    fs::write(folder.join("b.csv"), "id,name,total,paid\n3,ß,1,true").unwrap();
    let rows = source(&target, &folder, "*.csv").config(
        "mode = \"once\"\nformat = \"csv\"\n\
         csv.types = { id = \"integer\", total = \"float\", paid = \"boolean\" }",
    );
    let rows = rows.stream("partition_by = { partition = 1 }");
    world.connector("rows", rows);
    let ended = world.run_once().with_code(0);
    assert_eq!(ended.connector("rows")["state"], "finished");
    assert!(broker.client.read(&target, 0).is_empty(), "all go to partition 1");
    let records: Vec<serde_json::Value> = broker
        .client
        .read(&target, 1)
        .iter()
        .map(|message| serde_json::from_slice(&message.payload).unwrap())
        .collect();
    let expected = serde_json::json!([
        { "id": 1, "name": "Weber, Ada", "total": 12.5, "paid": true },
        { "id": 2, "name": "say \"hi\"", "total": null, "paid": false },
        { "id": 3, "name": "ß", "total": 1.0, "paid": true },
    ]);
    // 1 and 1.0 are the same number to a reader of JSON, but not to `==`.
    let text = serde_json::to_string(&records).unwrap().replace("\"total\":1,", "\"total\":1.0,");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), expected);
}

#[test]
fn given_a_folder_that_is_not_granted_should_not_be_read() {
    let broker = Broker::start();
    let target = Target::unique("lines");
    let world = broker.world();
    let (granted, other) = (world.folder("granted"), world.folder("other"));
    append(&other.join("secret.ndjson"), &numbers(0..3));
    std::os::unix::fs::symlink(&other, granted.join("link")).unwrap();
    let reading = |path: &str| {
        Connector::source("file_source.wasm", &target)
            .create(1)
            .config(&format!("path = {path:?}"))
            .folder(&granted, "/in", "ro")
    };
    // What is plainly elsewhere is refused before anything runs.
    world.connector("host", reading(other.join("secret.ndjson").to_str().unwrap()));
    let refused = world.command("check", &[]).with_code(2);
    assert!(refused.log.contains("ask_not_granted"), "{}", refused.log);
    std::fs::remove_file(world.config().join("host.toml")).unwrap();
    for (key, path) in [("above", "/in/../other/secret.ndjson"), ("link", "/in/link/secret.ndjson")]
    {
        world.connector(key, reading(path));
    }
    let mut host = world.run(&[]);
    for _ in 0..50 {
        crate::support::wait::pause();
    }
    host.until("the topic is there", || broker.client.partitions(&target) == Some(1));
    let ended = host.terminate();
    eprintln!("{}", ended.output);
    assert!(broker.client.read(&target, 0).is_empty(), "something was read");
}
