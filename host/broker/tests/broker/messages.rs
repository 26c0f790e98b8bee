use std::collections::BTreeSet;

use bytes::Bytes;
use kennel_broker::headers::{HeaderWriter, find_text};
use kennel_broker::testing::TestBroker;
use kennel_broker::{
    BrokerError, ColumnName, Connection, GroupMember, MAX_PAYLOAD_BYTES, OutgoingMessage,
    Partitioning, Poll, PolledBatch, Target,
};

use crate::support::{message, send};

struct World {
    _broker: TestBroker,
    target: Target,
    connection: Connection,
    member: GroupMember,
}

async fn world(partitions: u32) -> World {
    let broker = TestBroker::start().await.unwrap();
    let target = broker.create_topic("messages", partitions).await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    let member = GroupMember::join(&broker.config(), &target, "group").await.unwrap();
    World { _broker: broker, target, connection, member }
}

async fn poll(member: &mut GroupMember, partition: u32, offset: u64, count: u32) -> PolledBatch {
    match member.poll(partition, offset, count).await.unwrap() {
        Poll::Messages(batch) => batch,
        other => panic!("no messages but {other:?}"),
    }
}

#[tokio::test]
async fn given_a_sent_message_poll_should_return_all_of_it() {
    let mut world = world(1).await;
    let mut headers = HeaderWriter::default();
    headers.text("trace", "abc").unwrap().number("n", 7).unwrap();
    let headers = headers.finish();
    let id = (5_u128 << 64) | 9;
    let sent =
        OutgoingMessage { id, payload: Bytes::from_static(b"{\"a\":1}"), headers: headers.clone() };
    let partition = Partitioning::Partition(0);
    world.connection.send(&world.target, partition, vec![sent, message("plain")]).await.unwrap();

    let batch = poll(&mut world.member, 0, 0, 10).await;
    assert_eq!(batch.offsets, [0, 1]);
    assert_eq!(batch.payload(0), Some(&b"{\"a\":1}"[..]));
    assert_eq!(batch.headers(0), Some(&headers[..]));
    assert_eq!(find_text(batch.headers(0).unwrap(), "trace"), Some("abc"));
    assert_eq!(batch.payload(1), Some(&b"plain"[..]));
    assert_eq!(batch.headers(1), Some(&b""[..]));
    assert_eq!(batch.column(ColumnName::IdLow)[0], 9);
    assert_eq!(batch.column(ColumnName::IdHigh)[0], 5);
    let given = (batch.column(ColumnName::IdLow)[1], batch.column(ColumnName::IdHigh)[1]);
    assert_ne!(given, (0, 0), "a message without an id gets one");
    let (appended, made) =
        (batch.column(ColumnName::Timestamp), batch.column(ColumnName::OriginTimestamp));
    assert!(made[0] > 1_700_000_000_000_000 && appended[0] > 1_700_000_000_000_000);
}

#[tokio::test]
async fn given_batches_of_any_cut_poll_should_return_every_offset_once() {
    let mut world = world(1).await;
    for count in [1, 10, 3, 100] {
        send(&world.connection, &world.target, 0, count).await;
    }
    for count in [1, 7, 1000] {
        let (mut next, mut seen) = (0, Vec::new());
        while next < 114 {
            let batch = poll(&mut world.member, 0, next, count).await;
            assert!(batch.len() <= count as usize);
            next = batch.next_offset().unwrap();
            seen.extend_from_slice(&batch.offsets);
            assert_eq!(world.member.lag(0, next), Some(114 - next));
            world.member.recycle(batch.into_buffers());
        }
        assert_eq!(seen, (0..114).collect::<Vec<_>>());
    }
    assert!(matches!(
        world.member.poll(0, 114, 10).await.unwrap(),
        Poll::Empty { current_offset: 113 }
    ));
    assert_eq!(world.member.high_watermark(0), Some(114));
}

#[tokio::test]
async fn given_an_empty_partition_poll_should_say_so() {
    let mut world = world(1).await;
    let polled = world.member.poll(0, 0, 10).await.unwrap();
    assert!(matches!(polled, Poll::Empty { current_offset: 0 }));
    assert_eq!(world.member.high_watermark(0), Some(0));
}

#[tokio::test]
async fn given_balanced_sends_every_partition_should_get_some() {
    let mut world = world(3).await;
    for _ in 0..6 {
        let messages = vec![message("x")];
        world.connection.send(&world.target, Partitioning::Balanced, messages).await.unwrap();
    }
    for partition in 0..3 {
        assert_eq!(poll(&mut world.member, partition, 0, 10).await.len(), 2);
    }
}

#[tokio::test]
async fn given_one_key_all_messages_should_share_a_partition() {
    let mut world = world(4).await;
    for number in 0..5 {
        let key = Partitioning::Key(Bytes::from_static(b"customer-17"));
        let messages = vec![message(format!("{number}"))];
        world.connection.send(&world.target, key, messages).await.unwrap();
    }
    let mut holding = BTreeSet::new();
    for partition in 0..4 {
        if let Poll::Messages(batch) = world.member.poll(partition, 0, 10).await.unwrap() {
            assert_eq!(batch.len(), 5);
            holding.insert(partition);
        }
    }
    assert_eq!(holding.len(), 1);
}

#[tokio::test]
async fn given_a_payload_of_a_mebibyte_it_should_pass_unchanged() {
    let mut world = world(1).await;
    let payload: Vec<u8> = (0..1_u32 << 20).map(|index| (index % 251) as u8).collect();
    let messages = vec![message(payload.clone())];
    world.connection.send(&world.target, Partitioning::Partition(0), messages).await.unwrap();
    assert_eq!(poll(&mut world.member, 0, 0, 1).await.payload(0), Some(&payload[..]));
}

#[tokio::test]
async fn given_a_payload_over_the_limit_send_should_refuse_it_and_the_connection_live() {
    let world = world(1).await;
    let messages = vec![message(vec![0; MAX_PAYLOAD_BYTES + 1])];
    let error = world
        .connection
        .send(&world.target, Partitioning::Partition(0), messages)
        .await
        .unwrap_err();
    assert!(matches!(error, BrokerError::TooLarge { .. }) && !error.is_transient(), "{error:?}");
    world.connection.ping().await.unwrap();
    assert!(world.connection.is_alive());
}

#[tokio::test]
async fn given_no_messages_send_should_do_nothing() {
    let world = world(1).await;
    world.connection.send(&world.target, Partitioning::Balanced, Vec::new()).await.unwrap();
    let info = world.connection.topic(&world.target.stream, &world.target.topic).await.unwrap();
    assert_eq!(info.unwrap().messages, 0);
}

#[tokio::test]
async fn given_a_dropped_poll_the_next_one_should_be_answered_right() {
    let mut world = world(1).await;
    send(&world.connection, &world.target, 0, 50).await;
    for _ in 0..20 {
        // Polled once, so the request is on its way, and then dropped.
        let dropped = tokio::time::timeout(std::time::Duration::ZERO, world.member.poll(0, 10, 3));
        let _ = dropped.await;
        assert_eq!(poll(&mut world.member, 0, 20, 2).await.offsets, [20, 21]);
    }
}
