//! Partitions that change hands while a host runs.

use kennel_broker::GroupMember;

use crate::support::destination::Account;
use crate::support::{Broker, Connector, Target};

const COUNT: u64 = 2_000;

#[test]
fn given_partitions_with_another_member_a_host_that_runs_once_should_not_end_before_they_are_read()
{
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let world = broker.world();
    let out = world.folder("out");
    let sink = Connector::files(&target, &out).stream("consumer_group = \"shared\"");
    world.connector("files", sink);
    broker.client.create_topic(&target, 2);
    let half = COUNT / 2;
    broker.client.send_numbers(&target, 0, 0..half);
    broker.client.send_numbers(&target, 1, half..COUNT);

    // A member of another process, which has its share of the partitions and reads nothing.
    let config = broker.client.access().broker_config();
    let topic = kennel_broker::Target::new(&target.stream, &target.topic);
    let other = GroupMember::join(&config, &topic, "shared");
    let other = broker.client.runtime.block_on(other).unwrap();

    let mut host = world.run(&["--once"]);
    host.until("its half has arrived", || Account::of(&out, COUNT).distinct == half);
    // The saved offset says that the host found nothing more; only then is the other one gone.
    let stored = |partition| broker.client.stored_offset(&target, "shared", partition);
    host.until("its half is settled", || stored(0).or(stored(1)) == Some(half - 1));
    host.until_logged("no lane of this host has it", 1);
    broker.client.runtime.block_on(other.leave()).unwrap();

    host.wait().with_code(0);
    Account::of(&out, COUNT).assert_complete();
}

#[test]
fn given_partitions_that_move_to_another_host_and_back_should_deliver_each_message_once() {
    const MANY: u64 = 120_000;
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let source = broker.world();
    source.connector("numbers", Connector::numbers(&target, MANY).create(4).config("rate = 30000"));
    let (first, second) = (broker.world(), broker.world());
    let out = first.folder("out");
    for world in [&first, &second] {
        let files = Connector::files(&target, &out)
            .stream("parallelism = 2")
            .flush("messages = 1000")
            .delivery("guarantee = \"exactly-once\"");
        world.connector("files", files);
    }
    let numbers = source.run(&["--once"]);
    let mut one = first.run(&[]);
    one.until("it delivers", || Account::of(&out, MANY).distinct > 1_000);
    // Partitions move while their batches are in flight.
    let mut two = second.run(&[]);
    two.until_logged("assigned", 2);
    let before = Account::of(&out, MANY).distinct;
    two.until("both deliver", || Account::of(&out, MANY).distinct > before + 5_000);
    one.kill();
    let before = Account::of(&out, MANY).distinct;
    two.until("the other goes on", || Account::of(&out, MANY).distinct > before + 5_000);
    let three = first.run(&[]);
    numbers.wait().with_code(0);
    two.terminate().with_code(0);
    three.terminate().with_code(0);
    second.run_once().with_code(0);
    Account::of(&out, MANY).assert_exact();
}

#[test]
fn given_a_topic_that_was_made_anew_should_read_it_from_its_beginning() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let world = broker.world();
    let out = world.folder("out");
    world.connector("files", Connector::files(&target, &out));
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..50);
    world.run_once().with_code(0);
    broker.client.delete_topic(&target);
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 50..80);
    world.run_once().with_code(0);
    Account::of(&out, 80).assert_exact();
}

#[test]
fn given_a_topic_that_is_purged_while_it_is_read_should_deliver_what_comes_after() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let world = broker.world();
    let out = world.folder("out");
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..50);
    let sink = Connector::sink("panicking_sink.wasm", &target)
        .config("write_to = \"/out/numbers.ndjson\"")
        .folder(&out, "/out", "rw");
    world.connector("lines", sink);
    let mut host = world.run(&[]);
    let arrived = |count: u64| {
        let out = out.clone();
        move || out.join("numbers.ndjson").exists() && Account::of(&out, 80).distinct >= count
    };
    host.until("the first have arrived", arrived(50));
    broker.client.purge_topic(&target);
    broker.client.send_numbers(&target, 0, 50..80);
    host.until("those after the purge arrive", arrived(80));
    host.terminate().with_code(0);
    Account::of(&out, 80).assert_complete();
}

#[test]
fn given_a_destination_beyond_the_end_of_its_partition_should_stop_and_name_the_way_out() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let world = broker.world();
    let out = world.folder("out");
    world.connector("files", Connector::files(&target, &out));
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..50);
    world.run_once().with_code(0);
    broker.client.purge_topic(&target);
    broker.client.send_numbers(&target, 0, 50..60);
    let ended = world.run_once().with_code(1);
    let failure = ended.failure("files");
    assert!(failure.contains("is at offset 50") && failure.contains("ends at 10"), "{failure}");
    assert!(failure.contains("kennel offsets seek"), "{failure}");
}

#[test]
fn given_retention_that_overtook_a_stopped_connector_should_say_what_is_gone_and_deliver_the_rest()
{
    let broker = Broker::with_segments(10_000);
    let target = Target::unique("numbers");
    let world = broker.world();
    let out = world.folder("out");
    let files = Connector::files(&target, &out).delivery("guarantee = \"exactly-once\"");
    world.connector("files", files);
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..50);
    world.run_once().with_code(0);
    // Several segments more, of which the oldest go while nobody reads.
    broker.client.send_numbers(&target, 0, 50..1_000);
    broker.client.delete_segments(&target, 0, 2);
    let left = broker.client.read(&target, 0);
    let first = left.first().unwrap().offset;
    assert!((51..999).contains(&first), "the oldest message is now at offset {first}");

    let ended = world.run_once().with_code(0);
    let gone = format!("offsets 50 to {} were removed before they were read", first - 1);
    assert!(ended.log.contains(&gone), "`{gone}` is not in:\n{}", ended.log);
    let account = Account::of(&out, 1_000);
    assert_eq!(account.missing, (50..first).collect::<Vec<_>>());
    assert_eq!(account.duplicates, 0);
}
