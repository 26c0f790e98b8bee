use kennel_broker::testing::TestBroker;
use kennel_broker::{ColumnName, Connection, GroupMember, Poll, StartPosition};

use crate::support::send;

#[tokio::test]
async fn given_messages_each_start_position_should_find_its_offset() {
    let broker = TestBroker::start().await.unwrap();
    let target = broker.create_topic("start", 2).await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    for count in [3, 4] {
        send(&connection, &target, 0, count).await;
        // The broker's clock counts microseconds: batches must not share one.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let mut member = GroupMember::join(&broker.config(), &target, "group").await.unwrap();
    let Poll::Messages(batch) = member.poll(0, 0, 10).await.unwrap() else { panic!("no messages") };
    let second_batch = batch.column(ColumnName::Timestamp)[3];

    let cases = [
        (StartPosition::Earliest, 0),
        (StartPosition::Latest, 7),
        (StartPosition::Offset(5), 5),
        (StartPosition::Timestamp(0), 0),
        (StartPosition::Timestamp(second_batch), 3),
        (StartPosition::Timestamp(second_batch + 60_000_000), 7),
    ];
    for (start, expected) in cases {
        assert_eq!(member.first_offset(0, start).await.unwrap(), expected, "{start:?}");
        let seen = connection.first_offset(&target, 0, start).await.unwrap();
        assert_eq!(seen, expected, "{start:?} seen from outside of the group");
    }
    for start in [StartPosition::Earliest, StartPosition::Latest, StartPosition::Timestamp(1)] {
        assert_eq!(member.first_offset(1, start).await.unwrap(), 0, "{start:?} of an empty one");
    }
}

#[tokio::test]
async fn given_one_message_latest_should_be_after_it() {
    let broker = TestBroker::start().await.unwrap();
    let target = broker.create_topic("start", 1).await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    send(&connection, &target, 0, 1).await;
    let mut member = GroupMember::join(&broker.config(), &target, "group").await.unwrap();
    assert_eq!(member.first_offset(0, StartPosition::Latest).await.unwrap(), 1);
}
