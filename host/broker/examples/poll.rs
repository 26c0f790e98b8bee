//! How fast one consumer group member drains a partition: our raw poll against the official client's
//! typed poll of the same messages, in turn, in one process.
//!
//! ```text
//! cargo run --release -p kennel-broker --example poll -- [messages] [batch]
//! KENNEL_TEST_IGGY=host:port cargo run --release -p kennel-broker --example poll
//! ```

use std::error::Error;
use std::time::Instant;

use bytes::Bytes;
use iggy::prelude::{
    Client, Consumer, ConsumerGroupClient, Identifier, IggyClient, MessageClient, PollingStrategy,
    UserClient,
};
use kennel_broker::testing::TestBroker;
use kennel_broker::{
    Connection, Credentials, GroupMember, OutgoingMessage, Partitioning, Poll, Target,
};
use secrecy::ExposeSecret;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let messages: u64 = arguments.next().map_or(Ok(500_000), |text| text.parse())?;
    let batch: u32 = arguments.next().map_or(Ok(1000), |text| text.parse())?;
    let broker = TestBroker::start().await?;
    for size in [256, 1024] {
        let target = broker.create_topic("poll-example", 1).await?;
        fill(&broker, &target, messages, size).await?;
        let mut member = GroupMember::join(&broker.config(), &target, "raw").await?;
        let typed = Typed::join(&broker, &target).await?;
        let (mut best_raw, mut best_typed) = (0.0_f64, 0.0_f64);
        for _ in 0..ROUNDS {
            best_raw = best_raw.max(raw(&mut member, messages, batch).await?);
            best_typed = best_typed.max(typed.drain(messages, batch).await?);
        }
        println!(
            "{size} B, batches of {batch}: raw {:.2} M/s, typed {:.2} M/s, ratio {:.2} (best of {ROUNDS})",
            best_raw / 1e6,
            best_typed / 1e6,
            best_raw / best_typed
        );
    }
    Ok(())
}

async fn fill(broker: &TestBroker, target: &Target, messages: u64, size: usize) -> Outcome<()> {
    let connection = Connection::connect(&broker.config()).await?;
    let payload = Bytes::from(vec![7_u8; size]);
    for _ in 0..messages / 1000 {
        let message = OutgoingMessage { payload: payload.clone(), ..OutgoingMessage::default() };
        connection.send(target, Partitioning::Partition(0), vec![message; 1000]).await?;
    }
    Ok(())
}

async fn raw(member: &mut GroupMember, messages: u64, batch: u32) -> Outcome<f64> {
    let started = Instant::now();
    let mut next = 0;
    while next < messages / 1000 * 1000 {
        let Poll::Messages(polled) = member.poll(0, next, batch).await? else {
            return Err("the partition ended early".into());
        };
        next = polled.next_offset().unwrap_or(next);
        member.recycle(polled.into_buffers());
    }
    Ok(next as f64 / started.elapsed().as_secs_f64())
}

/// The official client, used as its documentation shows.
struct Typed {
    client: IggyClient,
    stream: Identifier,
    topic: Identifier,
    consumer: Consumer,
}

impl Typed {
    async fn join(broker: &TestBroker, target: &Target) -> Outcome<Self> {
        let config = broker.config();
        let client =
            IggyClient::builder().with_tcp().with_server_address(config.address).build()?;
        client.connect().await?;
        if let Credentials::Password { username, password } = &config.credentials {
            client.login_user(username, password.expose_secret()).await?;
        }
        let (stream, topic) =
            (Identifier::named(&target.stream)?, Identifier::named(&target.topic)?);
        let group = Identifier::named("typed")?;
        client.create_consumer_group(&stream, &topic, "typed").await?;
        client.join_consumer_group(&stream, &topic, &group).await?;
        Ok(Self { client, stream, topic, consumer: Consumer::group(group) })
    }

    async fn drain(&self, messages: u64, batch: u32) -> Outcome<f64> {
        let started = Instant::now();
        let mut next = 0;
        while next < messages / 1000 * 1000 {
            let polled = self
                .client
                .poll_messages(
                    &self.stream,
                    &self.topic,
                    Some(0),
                    &self.consumer,
                    &PollingStrategy::offset(next),
                    batch,
                    false,
                )
                .await?;
            next = polled.messages.last().map_or(next, |message| message.header.offset + 1);
        }
        Ok(next as f64 / started.elapsed().as_secs_f64())
    }
}
