use iggy::prelude::*;

use crate::support::{STREAM, TOPIC, client, code, create_topic, id, numbered, poll, send, server};

#[tokio::test]
async fn given_a_new_topic_when_read_back_should_show_what_was_asked_for() {
    let server = server().await;
    let client = client(&server).await;
    let created = create_topic(&client, 3).await;
    assert_eq!((created.id, created.partitions_count, created.partitions.len()), (0, 3, 3));
    assert_eq!(created.message_expiry, IggyExpiry::NeverExpire);
    assert_eq!(created.max_topic_size, MaxTopicSize::Unlimited);
    let read = client.get_topic(&id(STREAM), &id(TOPIC)).await.unwrap().unwrap();
    assert_eq!(read.name, TOPIC);
    let numeric = Identifier::numeric(0).unwrap();
    let stream = client.get_stream(&numeric).await.unwrap().unwrap();
    assert_eq!((stream.name.as_str(), stream.topics.len()), (STREAM, 1));
}

#[tokio::test]
async fn given_a_name_in_use_when_created_again_should_refuse() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    assert_eq!(code(client.create_stream(STREAM).await), 1012);
    let options = TopicCreateOptions::default();
    assert_eq!(code(client.create_topic(&id(STREAM), TOPIC, &options).await), 2013);
}

#[tokio::test]
async fn given_nothing_when_asked_for_should_answer_none_and_refuse_changes() {
    let server = server().await;
    let client = client(&server).await;
    assert!(client.get_stream(&id(STREAM)).await.unwrap().is_none());
    assert!(client.get_topic(&id(STREAM), &id(TOPIC)).await.unwrap().is_none());
    assert_eq!(code(client.delete_stream(&id(STREAM)).await), 1009);
    create_topic(&client, 1).await;
    assert_eq!(code(client.delete_topic(&id(STREAM), &id("other")).await), 2010);
}

#[tokio::test]
async fn given_a_renamed_stream_and_topic_should_be_found_by_the_new_names_only() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    let options = TopicUpdateOptions {
        message_expiry: Some(IggyExpiry::ExpireDuration(IggyDuration::from(60_000_000))),
        ..TopicUpdateOptions::default()
    };
    client.update_topic(&id(STREAM), &id(TOPIC), "placed", &options).await.unwrap();
    client.update_stream(&id(STREAM), "sales", &StreamUpdateOptions::default()).await.unwrap();
    assert!(client.get_stream(&id(STREAM)).await.unwrap().is_none());
    let topic = client.get_topic(&id("sales"), &id("placed")).await.unwrap().unwrap();
    assert_eq!(topic.message_expiry, IggyExpiry::ExpireDuration(IggyDuration::from(60_000_000)));
    client.create_stream(STREAM).await.unwrap();
}

#[tokio::test]
async fn given_deleted_resources_should_never_reuse_their_ids() {
    let server = server().await;
    let client = client(&server).await;
    let first = client.create_stream("a").await.unwrap();
    client.delete_stream(&id("a")).await.unwrap();
    let second = client.create_stream("a").await.unwrap();
    assert_eq!((first.id, second.id), (0, 1));
}

#[tokio::test]
async fn given_partitions_added_and_deleted_should_count_them_from_the_end() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    client.create_partitions(&id(STREAM), &id(TOPIC), 2).await.unwrap();
    send(&client, 2, &mut numbered(0..1)).await;
    client.delete_partitions(&id(STREAM), &id(TOPIC), 1).await.unwrap();
    let topic = client.get_topic(&id(STREAM), &id(TOPIC)).await.unwrap().unwrap();
    assert_eq!((topic.partitions_count, topic.messages_count), (2, 0));
}

#[tokio::test]
async fn given_messages_when_purged_should_start_again_at_offset_zero() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    send(&client, 0, &mut numbered(0..5)).await;
    client.purge_topic(&id(STREAM), &id(TOPIC)).await.unwrap();
    assert!(poll(&client, 0, PollingStrategy::first(), 10).await.messages.is_empty());
    send(&client, 0, &mut numbered(5..6)).await;
    client.purge_stream(&id(STREAM)).await.unwrap();
    send(&client, 0, &mut numbered(7..8)).await;
    let polled = poll(&client, 0, PollingStrategy::first(), 10).await;
    assert_eq!(polled.messages[0].header.offset, 0);
    assert_eq!(&polled.messages[0].payload[..], b"7");
}

#[tokio::test]
async fn given_unknown_options_when_creating_a_topic_should_refuse() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    let mut options = TopicCreateOptions::default();
    options.raw.insert("no_such_option".into(), "1".into());
    assert_eq!(code(client.create_topic(&id(STREAM), "other", &options).await), 4041);
}
