use kennel_broker::testing::{STREAM, TestBroker, unique};
use kennel_broker::{BrokerError, Connection, GroupMember, Partitioning, Resource, Target};

use crate::support::{message, send};

#[tokio::test]
async fn given_no_stream_lookup_should_find_nothing() {
    let broker = TestBroker::start().await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    assert_eq!(connection.topic(&unique("no-stream"), "t").await.unwrap(), None);
}

#[tokio::test]
async fn given_a_missing_topic_create_should_make_stream_and_topic() {
    let broker = TestBroker::start().await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    // A stream of its own only where it goes away with the broker.
    let stream = if broker.is_external() { STREAM.to_owned() } else { unique("made") };
    let topic = unique("made");
    connection.create_topic(&stream, &topic, 3).await.unwrap();
    assert_eq!(connection.topic(&stream, &topic).await.unwrap().unwrap().partitions, 3);
    connection.create_topic(&stream, &topic, 7).await.unwrap();
    assert_eq!(connection.topic(&stream, &topic).await.unwrap().unwrap().partitions, 3);
}

#[tokio::test]
async fn given_creators_at_the_same_time_all_should_succeed() {
    let broker = TestBroker::start().await.unwrap();
    let config = broker.config();
    let topic = unique("race");
    let creators: Vec<_> = (0..4)
        .map(|_| {
            let (config, topic) = (config.clone(), topic.clone());
            tokio::spawn(async move {
                let connection = Connection::connect(&config).await?;
                connection.create_topic(STREAM, &topic, 2).await
            })
        })
        .collect();
    for creator in creators {
        creator.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn given_names_of_digits_they_should_stay_names() {
    let broker = TestBroker::start().await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    let digits = format!("{}", u64::from_str_radix(&unique("")[1..], 16).unwrap());
    connection.create_topic(STREAM, &digits, 1).await.unwrap();
    let target = Target::new(STREAM, digits);
    send(&connection, &target, 0, 2).await;
    assert_eq!(connection.topic(STREAM, &target.topic).await.unwrap().unwrap().messages, 2);
}

#[tokio::test]
async fn given_a_missing_topic_send_and_join_should_name_it() {
    let broker = TestBroker::start().await.unwrap();
    let existing = broker.create_topic("other", 1).await.unwrap();
    let target = Target::new(existing.stream, unique("missing"));
    let connection = Connection::connect(&broker.config()).await.unwrap();
    for partitioning in [Partitioning::Balanced, Partitioning::Partition(0)] {
        let error = connection.send(&target, partitioning, vec![message("x")]).await.unwrap_err();
        assert!(
            matches!(&error, BrokerError::NotFound { resource: Resource::Topic, name }
                if *name == target.to_string()),
            "{error:?}"
        );
    }
    let error = GroupMember::join(&broker.config(), &target, "group").await.unwrap_err();
    assert!(matches!(error, BrokerError::NotFound { resource: Resource::Topic, .. }), "{error:?}");
}
