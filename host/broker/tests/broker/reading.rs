use bytes::Bytes;
use kennel_broker::headers::HeaderWriter;
use kennel_broker::testing::TestBroker;
use kennel_broker::{BrokerError, Connection, GroupMember, OutgoingMessage, Partitioning, Target};

use crate::support::{payloads, send};

#[tokio::test]
async fn given_messages_read_should_answer_a_range_byte_for_byte() {
    let broker = TestBroker::start().await.unwrap();
    let target = broker.create_topic("reading", 2).await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    let mut headers = HeaderWriter::default();
    headers.text("trace", "ä").unwrap().number("count", 7).unwrap();
    let message = OutgoingMessage {
        payload: Bytes::from_static(&[0, 255, 10]),
        headers: headers.finish(),
        ..OutgoingMessage::default()
    };
    connection.send(&target, Partitioning::Partition(1), vec![message.clone()]).await.unwrap();
    send(&connection, &target, 1, 5).await;

    let first = connection.read(&target, 1, 0, 1).await.unwrap().unwrap();
    assert_eq!((first.len(), &first.offsets[..]), (1, &[0][..]));
    assert_eq!(first.payload(0), Some(&message.payload[..]));
    assert_eq!(first.headers(0), Some(&message.headers[..]));
    let rest = connection.read(&target, 1, 2, 100).await.unwrap().unwrap();
    assert_eq!(rest.offsets, [2, 3, 4, 5]);
    assert!(connection.read(&target, 1, 6, 100).await.unwrap().is_none());
    assert!(connection.read(&target, 0, 0, 100).await.unwrap().is_none());
}

#[tokio::test]
async fn given_a_reader_beside_a_group_should_leave_the_group_its_messages() {
    let broker = TestBroker::start().await.unwrap();
    let target = broker.create_topic("reading", 1).await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    send(&connection, &target, 0, 3).await;
    let mut member = GroupMember::join(&broker.config(), &target, "group").await.unwrap();
    assert!(connection.read(&target, 0, 0, 10).await.unwrap().is_some());
    assert_eq!(member.stored_offset(0).await.unwrap(), None);
    assert_eq!(payloads(&mut member, 0, 0).await.len(), 3);
}

#[tokio::test]
async fn given_a_missing_topic_read_should_say_so() {
    let broker = TestBroker::start().await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    let missing = Target::new("nowhere", "nothing");
    let error = connection.read(&missing, 0, 0, 1).await.unwrap_err();
    assert!(matches!(error, BrokerError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn given_a_purged_topic_read_should_find_nothing_and_the_topic_stay() {
    let broker = TestBroker::start().await.unwrap();
    let target = broker.create_topic("reading", 1).await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    send(&connection, &target, 0, 3).await;
    connection.purge_topic(&target).await.unwrap();
    assert!(connection.read(&target, 0, 0, 10).await.unwrap().is_none());
    let info = connection.topic(&target.stream, &target.topic).await.unwrap();
    assert_eq!(info.map(|info| (info.partitions, info.messages)), Some((1, 0)));
}
