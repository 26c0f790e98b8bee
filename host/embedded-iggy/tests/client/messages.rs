use std::collections::BTreeMap;

use bytes::Bytes;
use iggy::prelude::*;

use crate::support::{
    STREAM, TOPIC, client, code, create_topic, id, message, numbered, offsets, payloads, poll,
    send, server,
};

#[tokio::test]
async fn given_messages_when_polled_should_come_back_in_order_with_all_parts() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    let key = HeaderKey::try_from("kind").unwrap();
    let headers = BTreeMap::from([(key.clone(), HeaderValue::try_from("test").unwrap())]);
    let mut sent = IggyMessage::builder()
        .id(7)
        .payload(Bytes::from_static(b"{\"n\":1}"))
        .user_headers(headers)
        .build()
        .unwrap();
    send(&client, 0, std::slice::from_mut(&mut sent)).await;
    let polled = poll(&client, 0, PollingStrategy::first(), 1).await;
    let received = &polled.messages[0];
    assert_eq!((received.header.id, &received.payload), (7, &sent.payload));
    let headers = received.user_headers_map().unwrap().unwrap();
    assert_eq!(headers[&key].as_str().unwrap(), "test");
    assert!(received.header.timestamp > 0);
}

#[tokio::test]
async fn given_batches_when_polled_by_every_strategy_should_find_the_right_messages() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    for start in [0, 10, 20] {
        send(&client, 0, &mut numbered(start..start + 10)).await;
    }
    let all = poll(&client, 0, PollingStrategy::first(), 100).await;
    assert_eq!(offsets(&all), (0..30).collect::<Vec<_>>());
    assert_eq!(payloads(&all), (0..30).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(all.current_offset, 29);
    // Cut at both edges: inside a batch, across two, over the end.
    for (from, count, expected) in [(3, 4, 3..7), (8, 4, 8..12), (15, 100, 15..30), (30, 5, 30..30)]
    {
        let polled = poll(&client, 0, PollingStrategy::offset(from), count).await;
        assert_eq!(offsets(&polled), expected.clone().collect::<Vec<_>>());
        assert_eq!(payloads(&polled), expected.map(|n| n.to_string()).collect::<Vec<_>>());
    }
    let last = poll(&client, 0, PollingStrategy::last(), 3).await;
    assert_eq!(offsets(&last), [27, 28, 29]);
    let second_batch = IggyTimestamp::from(all.messages[10].header.timestamp);
    let since = poll(&client, 0, PollingStrategy::timestamp(second_batch), 2).await;
    assert_eq!(offsets(&since), [10, 11]);
    let later = IggyTimestamp::from(all.messages[29].header.timestamp + 1);
    assert!(poll(&client, 0, PollingStrategy::timestamp(later), 2).await.messages.is_empty());
}

#[tokio::test]
async fn given_auto_commit_when_polling_next_should_move_on() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    send(&client, 0, &mut numbered(0..5)).await;
    let consumer = Consumer::new(id("reader"));
    let mut seen = Vec::new();
    for _ in 0..3 {
        let next = PollingStrategy::next();
        let (stream, topic) = (id(STREAM), id(TOPIC));
        let poll = client.poll_messages(&stream, &topic, Some(0), &consumer, &next, 2, true);
        seen.extend(payloads(&poll.await.unwrap()));
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4"]);
    let (stream, topic) = (id(STREAM), id(TOPIC));
    let stored = client.get_consumer_offset(&consumer, &stream, &topic, Some(0)).await;
    assert_eq!(stored.unwrap().unwrap().stored_offset, 4);
}

#[tokio::test]
async fn given_every_partitioning_when_sent_should_lose_nothing() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 3).await;
    let key = Partitioning::messages_key_str("customer-1").unwrap();
    for partitioning in [Partitioning::balanced(), Partitioning::partition_id(2), key] {
        let messages = &mut numbered(0..4);
        client.send_messages(&id(STREAM), &id(TOPIC), &partitioning, messages).await.unwrap();
    }
    let topic = client.get_topic(&id(STREAM), &id(TOPIC)).await.unwrap().unwrap();
    assert_eq!(topic.messages_count, 12);
    assert!(topic.size.as_bytes_u64() > 0);
}

#[tokio::test]
async fn given_large_messages_when_sent_should_pass_unchanged() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    let pattern = |seed: u8, len: usize| Bytes::from_iter((0..len).map(|n| (n % 251) as u8 ^ seed));
    let one = pattern(1, 1 << 20);
    send(&client, 0, &mut [message(one.clone()), message(one.clone()), message(one.clone())]).await;
    let huge = pattern(2, 60 << 20);
    send(&client, 0, &mut [message(huge.clone())]).await;
    let polled = poll(&client, 0, PollingStrategy::first(), 3).await;
    assert!(polled.messages.iter().all(|received| received.payload == one));
    let polled = poll(&client, 0, PollingStrategy::offset(3), 10).await;
    assert!(polled.messages.len() == 1 && polled.messages[0].payload == huge);
}

#[tokio::test]
async fn given_a_frame_over_the_limit_when_sent_should_be_refused_and_stay_connected() {
    let server = embedded_iggy::Server::builder().frame_limit(1 << 20).start().await.unwrap();
    let client = client(&server).await;
    create_topic(&client, 1).await;
    let (stream, topic, partition) = (id(STREAM), id(TOPIC), Partitioning::partition_id(0));
    let mut large = [message(vec![0; 2 << 20])];
    assert_eq!(code(client.send_messages(&stream, &topic, &partition, &mut large).await), 4022);
    send(&client, 0, &mut numbered(0..1)).await;
    assert_eq!(poll(&client, 0, PollingStrategy::first(), 10).await.messages.len(), 1);
}

#[tokio::test]
async fn given_more_than_a_reply_holds_when_polled_should_return_it_in_turns() {
    let server = embedded_iggy::Server::builder().frame_limit(1 << 20).start().await.unwrap();
    let client = client(&server).await;
    create_topic(&client, 1).await;
    for _ in 0..4 {
        send(&client, 0, &mut [message(vec![1; 600 << 10])]).await;
    }
    let mut next = 0;
    while next < 4 {
        let polled = poll(&client, 0, PollingStrategy::offset(next), 100).await;
        assert_eq!(offsets(&polled), [next]);
        next += 1;
    }
}

#[tokio::test]
async fn given_bad_targets_when_sending_or_polling_should_name_the_reason() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 1).await;
    let (stream, topic) = (id(STREAM), id(TOPIC));
    let consumer = Consumer::new(id("reader"));
    let first = PollingStrategy::first();
    for (stream, topic, partition, count, expected) in [
        (&id("none"), &topic, 0, 1, 1009),
        (&stream, &id("none"), 0, 1, 2010),
        (&stream, &topic, 5, 1, 3007),
        (&stream, &topic, 0, 0, 4009),
    ] {
        let poll =
            client.poll_messages(stream, topic, Some(partition), &consumer, &first, count, false);
        assert_eq!(code(poll.await), expected);
    }
    let partition = Partitioning::partition_id(5);
    let send = client.send_messages(&stream, &topic, &partition, &mut numbered(0..1)).await;
    assert_eq!(code(send), 3007);
}

#[tokio::test]
async fn given_offsets_when_stored_read_and_deleted_should_be_kept_apart_by_consumer() {
    let server = server().await;
    let client = client(&server).await;
    create_topic(&client, 2).await;
    send(&client, 0, &mut numbered(0..5)).await;
    let (stream, topic) = (id(STREAM), id(TOPIC));
    let named = Consumer::new(id("1x"));
    let numeric = Consumer::new(Identifier::numeric(1).unwrap());
    client.store_consumer_offset(&named, &stream, &topic, Some(0), 3).await.unwrap();
    client.store_consumer_offset(&numeric, &stream, &topic, Some(0), 1).await.unwrap();
    let read = |consumer, partition| {
        let (stream, topic, client) = (stream.clone(), topic.clone(), &client);
        async move { client.get_consumer_offset(consumer, &stream, &topic, Some(partition)).await }
    };
    let stored = read(&named, 0).await.unwrap().unwrap();
    assert_eq!((stored.stored_offset, stored.current_offset), (3, 4));
    assert_eq!(read(&numeric, 0).await.unwrap().unwrap().stored_offset, 1);
    assert!(read(&named, 1).await.unwrap().is_none());
    let beyond = client.store_consumer_offset(&named, &stream, &topic, Some(0), 5).await;
    assert_eq!(code(beyond), 4100);
    client.delete_consumer_offset(&named, &stream, &topic, Some(0)).await.unwrap();
    let again = client.delete_consumer_offset(&named, &stream, &topic, Some(0)).await;
    assert_eq!(code(again), 3021);
    assert!(read(&named, 0).await.unwrap().is_none());
}
