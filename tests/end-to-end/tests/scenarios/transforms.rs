//! Several transforms of one connector.
//!
//! Output topics by route have no scenario: none of the repository's components sets a route. That an
//! unknown route is refused is among the hostile guests.

use crate::support::destination;
use crate::support::{Broker, Connector, Target, message};

#[test]
fn given_transforms_should_apply_them_in_the_order_written() {
    let broker = Broker::start();
    let target = Target::unique("records");
    broker.client.create_topic(&target, 1);
    let records = (0..4).map(|n| message(format!("{{\"n\":{n}}}"))).collect();
    broker.client.send(&target, 0, records);
    let marks = "operations = [{ add = { path = \"seen\", value = true } }]";
    let renames = "operations = [{ rename = { from = \"seen\", to = \"n\" } }]";
    let keeps = "keep = \"n == true\"";
    let orders = [
        ("all", [marks, renames, keeps], vec!["{\"n\":true}"; 4]),
        ("none", [keeps, marks, renames], Vec::new()),
        ("unchanged", ["keep = \"n >= 2\"", renames, "drop = \"n == 3\""], vec!["{\"n\":2}"]),
    ];
    let world = broker.world();
    for (name, transforms, _) in &orders {
        let mut connector = Connector::files(&target, &world.folder(name));
        for config in transforms {
            let component = match config.starts_with("operations") {
                true => "fields_transform.wasm",
                false => "filter_transform.wasm",
            };
            connector = connector.transform(component, config);
        }
        world.connector(name, connector);
    }
    let ended = world.run_once().with_code(0);
    for (name, _, expected) in &orders {
        assert_eq!(&destination::lines(&world.path(name)), expected, "{name}");
        let connector = ended.connector(name);
        assert_eq!(connector["filtered"], 4 - expected.len(), "{connector}");
    }
    // A message that was filtered is settled: the offset passes it.
    assert_eq!(broker.client.stored_offset(&target, "kennel-none", 0), Some(3));
}

#[test]
fn given_transforms_of_a_source_should_apply_them_before_the_topic() {
    let broker = Broker::start();
    let target = Target::unique("records");
    let world = broker.world();
    let source = Connector::numbers(&target, 1_000)
        .create(1)
        .transform("filter_transform.wasm", "keep = \"sequence < 10\"")
        .transform(
            "fields_transform.wasm",
            "operations = [{ rename = { from = \"sequence\", to = \"number\" } }]",
        );
    world.connector("records", source);
    let ended = world.run_once().with_code(0);
    let payloads: Vec<_> =
        broker.client.read(&target, 0).into_iter().map(|it| it.payload).collect();
    let expected: Vec<_> = (0..10).map(|n| format!("{{\"number\":{n}}}").into_bytes()).collect();
    assert_eq!(payloads, expected);
    assert_eq!(ended.connector("records")["filtered"], 990);
}
