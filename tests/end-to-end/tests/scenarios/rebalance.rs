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
