//! The official client, called from plain test functions.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use iggy::prelude::{
    AutoLogin, Client as _, Consumer, ConsumerGroupClient as _, ConsumerOffsetClient as _,
    Credentials, HeaderKey, HeaderValue, Identifier, IggyClient, IggyExpiry, IggyMessage,
    MessageClient as _, PartitionClient as _, Partitioning, PersonalAccessTokenClient as _,
    PollingStrategy, SegmentClient as _, TopicClient as _,
};
use kennel_broker::{BrokerConfig, Connection, Tls};
use tokio::runtime::{Builder, Runtime};

/// A topic of a stream.
#[derive(Clone, Debug)]
pub struct Target {
    pub stream: String,
    pub topic: String,
}

impl Target {
    /// `topic` in a stream of a name that was never used, because a broker may outlive the test.
    pub fn unique(topic: &str) -> Self {
        use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let number = NUMBER.fetch_add(1, Relaxed);
        let stream = format!("end-to-end-{:x}-{nanos:x}-{number}", std::process::id());
        Self { stream, topic: topic.to_owned() }
    }

    /// Another topic of the same stream.
    pub fn topic(&self, topic: &str) -> Self {
        Self { stream: self.stream.clone(), topic: topic.to_owned() }
    }
}

/// Where a client goes and as whom.
#[derive(Clone, Debug)]
pub struct Access {
    pub address: String,
    pub username: String,
    pub password: String,
    /// File of the authority, and the name in the certificate.
    pub tls: Option<(PathBuf, String)>,
}

impl Access {
    /// As the root user that test brokers have.
    pub fn root(address: &str) -> Self {
        let (username, password) = ("iggy".to_owned(), "iggy".to_owned());
        Self { address: address.to_owned(), username, password, tls: None }
    }

    /// As the host's own broker crate takes it.
    pub fn broker_config(&self) -> BrokerConfig {
        BrokerConfig {
            address: self.address.clone(),
            credentials: kennel_broker::Credentials::Password {
                username: self.username.clone(),
                password: self.password.clone().into(),
            },
            tls: self
                .tls
                .clone()
                .map(|(authority, domain)| Tls { ca_file: Some(authority), domain: Some(domain) }),
        }
    }

    /// As lines of `[iggy]`.
    pub fn config(&self) -> String {
        let Self { address, username, password, .. } = self;
        format!("address = {address:?}\nusername = {username:?}\npassword = {password:?}\n")
    }
}

/// A message as it was read back.
#[derive(Debug)]
pub struct Read {
    pub offset: u64,
    pub timestamp: u64,
    pub origin_timestamp: u64,
    pub payload: Vec<u8>,
    pub headers: Vec<(HeaderKey, HeaderValue)>,
}

impl Read {
    /// The text of a header.
    pub fn header(&self, key: &str) -> Option<String> {
        let found = self.headers.iter().find(|(known, _)| known.as_str() == Ok(key));
        found.map(|(_, value)| value.to_string_value())
    }
}

/// A connected client and the threads it runs on.
pub struct Client {
    pub runtime: Runtime,
    access: Access,
    client: IggyClient,
}

pub fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn id(name: &str) -> Identifier {
    Identifier::named(name).unwrap()
}

/// A message without headers.
pub fn message(payload: impl Into<Vec<u8>>) -> IggyMessage {
    IggyMessage::builder().payload(payload.into().into()).build().unwrap()
}

impl Client {
    /// Connects and signs in.
    pub fn connect(access: Access, runtime: Runtime) -> Self {
        let credentials =
            Credentials::UsernamePassword(access.username.clone(), access.password.clone().into());
        let mut builder = IggyClient::builder()
            .with_tcp()
            .with_server_address(access.address.clone())
            .with_auto_sign_in(AutoLogin::Enabled(credentials));
        if let Some((authority, domain)) = &access.tls {
            builder = builder
                .with_tls_enabled(true)
                .with_tls_domain(domain.clone())
                .with_tls_ca_file(authority.display().to_string());
        }
        let client = {
            let _inside = runtime.enter();
            builder.build().unwrap()
        };
        runtime.block_on(client.connect()).unwrap();
        Self { runtime, access, client }
    }

    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Creates a topic and, if need be, its stream.
    pub fn create_topic(&self, target: &Target, partitions: u32) {
        let config = self.access.broker_config();
        self.runtime.block_on(async {
            let connection = Connection::connect(&config).await.unwrap();
            connection.create_topic(&target.stream, &target.topic, partitions).await.unwrap();
            connection.close().await;
        });
    }

    pub fn add_partitions(&self, target: &Target, more: u32) {
        let (stream, topic) = (id(&target.stream), id(&target.topic));
        self.runtime.block_on(self.client.create_partitions(&stream, &topic, more)).unwrap();
    }

    pub fn delete_topic(&self, target: &Target) {
        let (stream, topic) = (id(&target.stream), id(&target.topic));
        self.runtime.block_on(self.client.delete_topic(&stream, &topic)).unwrap();
    }

    pub fn purge_topic(&self, target: &Target) {
        let (stream, topic) = (id(&target.stream), id(&target.topic));
        self.runtime.block_on(self.client.purge_topic(&stream, &topic)).unwrap();
    }

    /// Removes the oldest segments of a partition, as retention does.
    pub fn delete_segments(&self, target: &Target, partition: u32, count: u32) {
        let (stream, topic) = (id(&target.stream), id(&target.topic));
        let deleted = self.client.delete_segments(&stream, &topic, partition, count);
        self.runtime.block_on(deleted).unwrap();
    }

    /// Partitions of a topic; none if it does not exist.
    pub fn partitions(&self, target: &Target) -> Option<u32> {
        let (stream, topic) = (id(&target.stream), id(&target.topic));
        let found = self.runtime.block_on(self.client.get_topic(&stream, &topic));
        found.ok().flatten().map(|topic| topic.partitions_count)
    }

    /// Sends one batch.
    pub fn send(&self, target: &Target, partition: u32, mut messages: Vec<IggyMessage>) {
        let (stream, topic) = (id(&target.stream), id(&target.topic));
        let partition = Partitioning::partition_id(partition);
        self.runtime
            .block_on(self.client.send_messages(&stream, &topic, &partition, &mut messages))
            .unwrap();
    }

    /// Sends `{"sequence":n}` for each n of the range, each as a batch of its own.
    pub fn send_numbers(&self, target: &Target, partition: u32, numbers: std::ops::Range<u64>) {
        for number in numbers {
            self.send(target, partition, vec![message(format!("{{\"sequence\":{number}}}"))]);
        }
    }

    /// Every message of a partition.
    pub fn read(&self, target: &Target, partition: u32) -> Vec<Read> {
        let (stream, topic) = (id(&target.stream), id(&target.topic));
        let consumer = Consumer::new(id("end-to-end-reader"));
        let mut all: Vec<Read> = Vec::new();
        loop {
            let next = all.last().map_or(0, |last| last.offset + 1);
            let polled = self.runtime.block_on(self.client.poll_messages(
                &stream,
                &topic,
                Some(partition),
                &consumer,
                &PollingStrategy::offset(next),
                1000,
                false,
            ));
            let messages = polled.unwrap().messages;
            if messages.is_empty() {
                return all;
            }
            all.extend(messages.into_iter().map(|message| Read {
                offset: message.header.offset,
                timestamp: message.header.timestamp,
                origin_timestamp: message.header.origin_timestamp,
                headers:
                    message.user_headers_map().unwrap().unwrap_or_default().into_iter().collect(),
                payload: message.payload.to_vec(),
            }));
        }
    }

    /// The offset that a consumer group has stored.
    pub fn stored_offset(&self, target: &Target, group: &str, partition: u32) -> Option<u64> {
        let (stream, topic) = (id(&target.stream), id(&target.topic));
        let consumer = Consumer::group(id(group));
        let known =
            self.runtime.block_on(self.client.get_consumer_group(&stream, &topic, &id(group)));
        known.ok().flatten()?;
        let stored = self.runtime.block_on(self.client.get_consumer_offset(
            &consumer,
            &stream,
            &topic,
            Some(partition),
        ));
        stored.unwrap().map(|stored| stored.stored_offset)
    }

    /// A new access token of the user.
    pub fn create_token(&self, name: &str) -> String {
        let made = self.client.create_personal_access_token(name, IggyExpiry::NeverExpire);
        self.runtime.block_on(made).unwrap().token.to_string()
    }
}
