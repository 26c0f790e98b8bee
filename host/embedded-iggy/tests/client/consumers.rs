//! The client's high-level producer and consumer.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt;
use iggy::prelude::*;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::support::{STREAM, TOPIC, client, create_topic, id, numbered, server};

const GROUP: &str = "readers";

#[tokio::test]
async fn given_a_producer_when_it_sends_should_create_what_is_missing_and_deliver() {
    let server = server().await;
    let sender = client(&server).await;
    let producer = sender
        .producer(STREAM, TOPIC)
        .unwrap()
        .create_stream_if_not_exists()
        .create_topic_if_not_exists(2, IggyExpiry::NeverExpire, MaxTopicSize::Unlimited)
        .partitioning(Partitioning::balanced())
        .direct(DirectConfig::builder().batch_length(50).build())
        .build();
    producer.init().await.unwrap();
    producer.send(numbered(0..200)).await.unwrap();
    let topic = sender.get_topic(&id(STREAM), &id(TOPIC)).await.unwrap().unwrap();
    assert_eq!((topic.partitions_count, topic.messages_count), (2, 200));
}

#[tokio::test]
async fn given_a_background_producer_when_shut_down_should_have_sent_everything() {
    let server = server().await;
    let sender = client(&server).await;
    create_topic(&sender, 1).await;
    let producer = sender
        .producer(STREAM, TOPIC)
        .unwrap()
        .background(BackgroundConfig::builder().build())
        .build();
    producer.init().await.unwrap();
    for n in 0..20 {
        producer.send(numbered(n * 10..n * 10 + 10)).await.unwrap();
    }
    producer.shutdown().await;
    let topic = sender.get_topic(&id(STREAM), &id(TOPIC)).await.unwrap().unwrap();
    assert_eq!(topic.messages_count, 200);
}

/// What the members of a group have received: payload to number of deliveries.
type Seen = Arc<Mutex<BTreeMap<String, u32>>>;

struct Member {
    client: IggyClient,
    task: JoinHandle<()>,
    partitions: mpsc::UnboundedReceiver<u32>,
}

/// Runs a consumer of the group that commits every batch it has received.
async fn member(server: &embedded_iggy::RunningServer, seen: Seen) -> Member {
    let client = client(server).await;
    let mut consumer = client
        .consumer_group(GROUP, STREAM, TOPIC)
        .unwrap()
        .create_consumer_group_if_not_exists()
        .auto_join_consumer_group()
        .batch_length(5)
        .poll_interval("1ms".parse().unwrap())
        .polling_strategy(PollingStrategy::next())
        .auto_commit(AutoCommit::When(AutoCommitWhen::ConsumingEachMessage))
        .build();
    consumer.init().await.unwrap();
    let (sender, partitions) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        while let Some(received) = consumer.next().await {
            let Ok(received) = received else { continue };
            let payload = String::from_utf8_lossy(&received.message.payload).into_owned();
            *seen.lock().await.entry(payload).or_default() += 1;
            if sender.send(received.partition_id).is_err() {
                break;
            }
        }
    });
    Member { client, task, partitions }
}

async fn wait_for(seen: &Seen, count: usize) {
    while seen.lock().await.len() < count {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn given_two_consumers_of_a_group_should_share_and_take_over_without_loss() {
    let server = server().await;
    let sender = client(&server).await;
    create_topic(&sender, 4).await;
    let produce = async |range: std::ops::Range<u32>| {
        for n in range {
            let messages = &mut numbered(n..n + 1);
            let partition = Partitioning::partition_id(n % 4);
            sender.send_messages(&id(STREAM), &id(TOPIC), &partition, messages).await.unwrap();
        }
    };
    let seen = Seen::default();
    let mut first = member(&server, seen.clone()).await;
    produce(0..100).await;
    wait_for(&seen, 100).await;

    let mut second = member(&server, seen.clone()).await;
    while first.partitions.try_recv().is_ok() {}
    produce(100..200).await;
    wait_for(&seen, 200).await;
    let served_by_second = second.partitions.try_recv().is_ok();

    // The second member vanishes without a word; the first takes over.
    second.task.abort();
    second.client.shutdown().await.unwrap();
    produce(200..300).await;
    wait_for(&seen, 300).await;
    first.task.abort();

    assert!(served_by_second, "the second member got no partition");
    let repeated = seen.lock().await.values().filter(|count| **count > 1).count();
    assert!(repeated <= 20, "{repeated} of 300 messages were delivered more than once");
}

#[tokio::test]
async fn given_a_live_consumer_when_partitions_are_added_should_read_them_too() {
    let server = server().await;
    let sender = client(&server).await;
    create_topic(&sender, 1).await;
    let seen = Seen::default();
    let member = member(&server, seen.clone()).await;
    sender.create_partitions(&id(STREAM), &id(TOPIC), 1).await.unwrap();
    for n in 0..20 {
        let partition = Partitioning::partition_id(n % 2);
        let messages = &mut numbered(n..n + 1);
        sender.send_messages(&id(STREAM), &id(TOPIC), &partition, messages).await.unwrap();
    }
    wait_for(&seen, 20).await;
    member.task.abort();
}
