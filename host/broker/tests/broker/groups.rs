use kennel_broker::testing::{TestBroker, unique};
use kennel_broker::{
    BrokerConfig, BrokerError, Connection, GroupMember, Poll, StartPosition, Target,
};

use crate::support::{payloads, send};

async fn world(partitions: u32) -> (TestBroker, Target, Connection) {
    let broker = TestBroker::start().await.unwrap();
    let target = broker.create_topic("groups", partitions).await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    (broker, target, connection)
}

async fn join(config: &BrokerConfig, target: &Target) -> GroupMember {
    GroupMember::join(config, target, "group").await.unwrap()
}

#[tokio::test]
async fn given_one_member_it_should_own_all_partitions() {
    let (broker, target, _) = world(3).await;
    let mut member = join(&broker.config(), &target).await;
    let mut assignment = member.assignment().await.unwrap();
    assignment.partitions.sort_unstable();
    assert_eq!(assignment.partitions, [0, 1, 2]);
}

#[tokio::test]
async fn given_two_members_they_should_share_and_the_rest_take_over() {
    let (broker, target, _) = world(4).await;
    let mut first = join(&broker.config(), &target).await;
    let alone = first.assignment().await.unwrap();
    let mut second = join(&broker.config(), &target).await;
    let shared = first.assignment().await.unwrap();
    assert!(shared.generation > alone.generation);
    let mut all = shared.partitions.clone();
    assert_eq!(all.len(), 2);
    all.extend(second.assignment().await.unwrap().partitions);
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3]);

    second.leave().await.unwrap();
    assert_eq!(first.assignment().await.unwrap().partitions.len(), 4);
}

#[tokio::test]
async fn given_a_partition_of_another_member_poll_and_store_should_be_fenced() {
    let (broker, target, connection) = world(2).await;
    for partition in 0..2 {
        send(&connection, &target, partition, 5).await;
    }
    let mut first = join(&broker.config(), &target).await;
    let mut second = join(&broker.config(), &target).await;
    let theirs = second.assignment().await.unwrap().partitions[0];
    assert!(matches!(first.poll(theirs, 0, 5).await.unwrap(), Poll::NotAssigned));
    let error = first.store_offset(theirs, 2).await.unwrap_err();
    assert!(
        matches!(error, BrokerError::Fenced { partition, .. } if partition == theirs),
        "{error:?}"
    );
    assert!(!error.is_disconnected());
    assert_eq!(second.stored_offset(theirs).await.unwrap(), None);
    assert_eq!(payloads(&mut second, theirs, 0).await.len(), 5);
}

#[tokio::test]
async fn given_a_stored_offset_the_next_member_should_find_it() {
    let (broker, target, connection) = world(1).await;
    send(&connection, &target, 0, 5).await;
    let mut member = join(&broker.config(), &target).await;
    assert_eq!(member.stored_offset(0).await.unwrap(), None);
    assert_eq!(payloads(&mut member, 0, 0).await.len(), 5);
    assert_eq!(member.stored_offset(0).await.unwrap(), None, "a poll stores nothing");
    member.store_offset(0, 0).await.unwrap();
    assert_eq!(member.stored_offset(0).await.unwrap(), Some(0));
    member.store_offset(0, 3).await.unwrap();
    member.leave().await.unwrap();

    let mut next = join(&broker.config(), &target).await;
    assert_eq!(next.stored_offset(0).await.unwrap(), Some(3));
    assert_eq!(payloads(&mut next, 0, 4).await, ["message 4"]);
    let mut other = GroupMember::join(&broker.config(), &target, &unique("other")).await.unwrap();
    assert_eq!(other.stored_offset(0).await.unwrap(), None, "groups do not share offsets");
}

#[tokio::test]
async fn given_an_offset_past_the_end_store_should_be_refused() {
    let (broker, target, connection) = world(1).await;
    send(&connection, &target, 0, 2).await;
    let mut member = join(&broker.config(), &target).await;
    let error = member.store_offset(0, 99).await.unwrap_err();
    assert!(matches!(error, BrokerError::Refused { .. }), "{error:?}");
    assert_eq!(member.stored_offset(0).await.unwrap(), None);
}

#[tokio::test]
async fn given_more_members_than_partitions_one_should_own_none() {
    let (broker, target, _) = world(1).await;
    let mut first = join(&broker.config(), &target).await;
    let mut second = join(&broker.config(), &target).await;
    let (first, second) = (first.assignment().await.unwrap(), second.assignment().await.unwrap());
    assert_eq!(first.partitions.len() + second.partitions.len(), 1);
}

#[tokio::test]
async fn given_looked_up_start_positions_the_next_owner_should_not_wait() {
    let (broker, target, connection) = world(2).await;
    for partition in 0..2 {
        send(&connection, &target, partition, 5).await;
    }
    let mut first = join(&broker.config(), &target).await;
    for partition in 0..2 {
        assert_eq!(first.first_offset(partition, StartPosition::Latest).await.unwrap(), 5);
    }
    let mut second = join(&broker.config(), &target).await;
    assert_eq!(second.assignment().await.unwrap().partitions.len(), 1);
}

#[tokio::test]
async fn given_a_partition_in_hand_it_should_move_once_its_offset_is_stored() {
    let (broker, target, connection) = world(2).await;
    let mut first = join(&broker.config(), &target).await;
    for partition in 0..2 {
        send(&connection, &target, partition, 5).await;
        assert_eq!(payloads(&mut first, partition, 0).await.len(), 5);
    }
    let mut second = join(&broker.config(), &target).await;
    let kept = first.assignment().await.unwrap().partitions;
    let moving = 1 - kept[0];
    assert!(matches!(first.poll(moving, 5, 5).await.unwrap(), Poll::NotAssigned));
    first.store_offset(moving, 4).await.unwrap();
    assert_eq!(second.assignment().await.unwrap().partitions, [moving]);
    assert_eq!(second.stored_offset(moving).await.unwrap(), Some(4));
    let error = first.store_offset(moving, 4).await.unwrap_err();
    assert!(matches!(error, BrokerError::Fenced { .. }), "{error:?}");
}
