//! Consumer groups through the client's low-level calls.

use iggy::prelude::*;

use crate::support::{
    STREAM, TOPIC, client, code, create_topic, id, numbered, payloads, send, server,
};

const GROUP: &str = "readers";

async fn poll_group(client: &IggyClient, count: u32, commit: bool) -> PolledMessages {
    let consumer = Consumer::group(id(GROUP));
    let next = PollingStrategy::next();
    client
        .poll_messages(&id(STREAM), &id(TOPIC), None, &consumer, &next, count, commit)
        .await
        .unwrap()
}

async fn join(client: &IggyClient) {
    client.join_consumer_group(&id(STREAM), &id(TOPIC), &id(GROUP)).await.unwrap();
}

async fn members(client: &IggyClient) -> Vec<u32> {
    let group = client.get_consumer_group(&id(STREAM), &id(TOPIC), &id(GROUP)).await;
    group.unwrap().unwrap().members.iter().map(|member| member.partitions_count).collect()
}

#[tokio::test]
async fn given_groups_when_created_listed_and_deleted_should_be_found_accordingly() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 2).await;
    let (stream, topic, group) = (id(STREAM), id(TOPIC), id(GROUP));
    let created = client.create_consumer_group(&stream, &topic, GROUP).await.unwrap();
    assert_eq!((created.name.as_str(), created.partitions_count), (GROUP, 2));
    assert_eq!(code(client.create_consumer_group(&stream, &topic, GROUP).await), 5004);
    assert_eq!(client.get_consumer_groups(&stream, &topic).await.unwrap().len(), 1);
    client.delete_consumer_group(&stream, &topic, &group).await.unwrap();
    assert!(client.get_consumer_group(&stream, &topic, &group).await.unwrap().is_none());
    assert_eq!(code(client.delete_consumer_group(&stream, &topic, &group).await), 5000);
    assert_eq!(code(client.join_consumer_group(&stream, &topic, &group).await), 5000);
}

#[tokio::test]
async fn given_two_members_when_one_disconnects_should_give_everything_to_the_other() {
    let server = server().await;
    let (first, second) = (client(&server).await, client(&server).await);
    create_topic(&first, 4).await;
    first.create_consumer_group(&id(STREAM), &id(TOPIC), GROUP).await.unwrap();
    join(&first).await;
    join(&second).await;
    assert_eq!(members(&first).await, [2, 2]);
    second.shutdown().await.unwrap();
    while members(&first).await != [4] {
        tokio::task::yield_now().await;
    }
    first.leave_consumer_group(&id(STREAM), &id(TOPIC), &id(GROUP)).await.unwrap();
    let left_twice = first.leave_consumer_group(&id(STREAM), &id(TOPIC), &id(GROUP)).await;
    assert_eq!(code(left_twice), 5006);
}

#[tokio::test]
async fn given_uncommitted_messages_when_a_member_joins_should_hand_over_after_the_commit() {
    let server = server().await;
    let (first, second) = (client(&server).await, client(&server).await);
    create_topic(&first, 1).await;
    first.create_consumer_group(&id(STREAM), &id(TOPIC), GROUP).await.unwrap();
    send(&first, 0, &mut numbered(0..10)).await;
    join(&second).await;
    assert_eq!(payloads(&poll_group(&second, 5, false).await), ["0", "1", "2", "3", "4"]);
    join(&first).await;
    // The newcomer has nothing yet, whoever of the two the partition will belong to.
    assert!(poll_group(&first, 5, false).await.messages.is_empty());
    let consumer = Consumer::group(id(GROUP));
    second.store_consumer_offset(&consumer, &id(STREAM), &id(TOPIC), Some(0), 4).await.unwrap();
    second.shutdown().await.unwrap();
    let mut rest = Vec::new();
    while rest.is_empty() {
        rest = payloads(&poll_group(&first, 5, true).await);
    }
    assert_eq!(rest, ["5", "6", "7", "8", "9"]);
}

#[tokio::test]
async fn given_a_group_offset_when_another_client_writes_it_should_refuse() {
    let server = server().await;
    let (owner, other) = (client(&server).await, client(&server).await);
    create_topic(&owner, 1).await;
    owner.create_consumer_group(&id(STREAM), &id(TOPIC), GROUP).await.unwrap();
    send(&owner, 0, &mut numbered(0..3)).await;
    join(&owner).await;
    let (consumer, stream, topic) = (Consumer::group(id(GROUP)), id(STREAM), id(TOPIC));
    owner.store_consumer_offset(&consumer, &stream, &topic, Some(0), 1).await.unwrap();
    let foreign = other.store_consumer_offset(&consumer, &stream, &topic, Some(0), 2).await;
    assert_eq!(code(foreign), 5009);
    let read = other.get_consumer_offset(&consumer, &stream, &topic, Some(0)).await.unwrap();
    assert_eq!(read.unwrap().stored_offset, 1);
}
