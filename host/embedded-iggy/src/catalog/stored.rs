//! The catalogue to and from its file.

use std::collections::HashSet;

use bytes::Bytes;
use iggy_binary_protocol::{WireDecode, WireEncode, WireName, WireOptions, WirePermissions};
use serde::de::Error;

use super::{Catalog, Stream, Topic, TopicSettings};
use crate::error::ServerError;
use crate::group::Group;
use crate::partition::Partition;
use crate::registry::{Named, Registry};
use crate::storage::{
    CatalogFile, FORMAT, GroupRecord, PartitionRecord, StreamRecord, TokenRecord, TopicRecord,
    UserRecord,
};
use crate::user::{Password, Token, User};

/// Makes the live partition of a record: its id, its topic's settings, the record.
type OpenPartition<'a> =
    dyn FnMut(u32, &TopicSettings, &PartitionRecord) -> Result<Partition, ServerError> + 'a;

/// Why a catalogue cannot be restored.
#[derive(Debug)]
pub(crate) enum RestoreError {
    /// The file says something that cannot be.
    Content(serde_json::Error),
    /// A partition could not be opened.
    Server(ServerError),
}

impl From<ServerError> for RestoreError {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}

fn nonsense(what: &str) -> RestoreError {
    RestoreError::Content(serde_json::Error::custom(what))
}

fn name(text: String) -> Result<WireName, RestoreError> {
    WireName::new(text).map_err(|_| nonsense("a name is empty or too long"))
}

fn options(text: &str) -> Result<WireOptions, RestoreError> {
    let bytes = hex::decode(text).map_err(|_| nonsense("options are not in hex"))?;
    WireOptions::from_bytes(Bytes::from(bytes)).map_err(|_| nonsense("options are malformed"))
}

impl CatalogFile {
    /// The logs that belong to somebody.
    pub(crate) fn logs(&self) -> HashSet<u64> {
        let topics = self.streams.iter().flat_map(|stream| &stream.topics);
        topics.flat_map(|topic| &topic.partitions).map(|partition| partition.log).collect()
    }
}

impl Catalog {
    pub(crate) fn to_file(&self, next_log: u64) -> CatalogFile {
        CatalogFile {
            format: FORMAT,
            next_log,
            next_stream: self.streams.next_id(),
            next_user: self.users.next_id(),
            streams: self.streams.iter().map(Stream::to_record).collect(),
            users: self.users.iter().map(User::to_record).collect(),
        }
    }

    /// The root user is not taken from the file, except for the tokens.
    pub(crate) fn from_file(
        file: CatalogFile,
        mut root: User,
        open: &mut OpenPartition<'_>,
    ) -> Result<Self, RestoreError> {
        let mut users = Vec::new();
        for record in file.users {
            let user = User::from_record(record, &root.password)?;
            if user.is_root() {
                root.tokens = user.tokens;
            } else if user.name == root.name {
                let reason = "the root user's name belongs to a user in the data folder";
                return Err(ServerError::Setting(reason).into());
            } else {
                users.push(user);
            }
        }
        users.push(root);
        let mut streams = Vec::new();
        for record in file.streams {
            streams.push(Stream::from_record(record, open)?);
        }
        Ok(Self {
            streams: Registry::restore(streams, file.next_stream),
            users: Registry::restore(users, file.next_user),
            garbage: Vec::new(),
        })
    }
}

impl Stream {
    fn to_record(&self) -> StreamRecord {
        StreamRecord {
            id: self.id,
            name: self.name.as_str().to_owned(),
            created_at: self.created_at,
            options: hex::encode(self.options.as_bytes()),
            next_topic: self.topics.next_id(),
            topics: self.topics.iter().map(Topic::to_record).collect(),
        }
    }

    fn from_record(
        record: StreamRecord,
        open: &mut OpenPartition<'_>,
    ) -> Result<Self, RestoreError> {
        let mut topics = Vec::new();
        for topic in record.topics {
            topics.push(Topic::from_record(topic, open)?);
        }
        Ok(Self {
            id: record.id,
            name: name(record.name)?,
            created_at: record.created_at,
            options: options(&record.options)?,
            topics: Registry::restore(topics, record.next_topic),
        })
    }
}

impl Topic {
    fn to_record(&self) -> TopicRecord {
        let partition = |partition: &std::sync::Arc<Partition>| PartitionRecord {
            log: partition.log_id(),
            created_at: partition.created_at,
        };
        let group =
            |group: &Group| GroupRecord { id: group.id(), name: group.name().as_str().to_owned() };
        TopicRecord {
            id: self.id,
            name: self.name.as_str().to_owned(),
            created_at: self.created_at,
            options: hex::encode(self.settings.options.as_bytes()),
            next_group: self.groups.next_id(),
            partitions: self.partitions.iter().map(partition).collect(),
            groups: self.groups.iter().map(group).collect(),
        }
    }

    fn from_record(
        record: TopicRecord,
        open: &mut OpenPartition<'_>,
    ) -> Result<Self, RestoreError> {
        let settings = TopicSettings::parse(options(&record.options)?)
            .map_err(|_| nonsense("a topic has options that are not known"))?;
        let mut topic = Self::new(record.id, name(record.name)?, record.created_at, settings);
        for (id, partition) in (0..).zip(&record.partitions) {
            let partition = open(id, &topic.settings, partition)?;
            topic.partitions.push(partition.into());
        }
        let mut groups = Vec::new();
        for group in record.groups {
            groups.push(Group::new(group.id, name(group.name)?));
        }
        topic.groups = Registry::restore(groups, record.next_group);
        Ok(topic)
    }
}

impl User {
    fn to_record(&self) -> UserRecord {
        let permissions = self.permissions.as_ref();
        let token = |(name, token): (&String, &Token)| TokenRecord {
            name: name.clone(),
            digest: token.digest_hex(),
            expires_at: token.expires_at,
        };
        UserRecord {
            id: self.id,
            name: self.name.as_str().to_owned(),
            created_at: self.created_at,
            active: self.active,
            password: self.password.to_hex().unwrap_or_default(),
            permissions: permissions.map(|permissions| hex::encode(permissions.to_bytes())),
            tokens: self.tokens.iter().map(token).collect(),
        }
    }

    /// A record without a password is root's.
    fn from_record(record: UserRecord, root: &Password) -> Result<Self, RestoreError> {
        let password = if record.password.is_empty() && record.id == crate::user::ROOT {
            root.clone()
        } else {
            Password::from_hex(&record.password)
                .ok_or_else(|| nonsense("a password is malformed"))?
        };
        let permissions = record.permissions.as_deref().map(permissions).transpose()?;
        let mut tokens = std::collections::BTreeMap::new();
        for token in record.tokens {
            let restored = Token::from_hex(&token.digest, token.expires_at)
                .ok_or_else(|| nonsense("a token is malformed"))?;
            tokens.insert(token.name, restored);
        }
        Ok(Self {
            id: record.id,
            name: name(record.name)?,
            created_at: record.created_at,
            active: record.active,
            password,
            permissions,
            tokens,
        })
    }
}

fn permissions(text: &str) -> Result<WirePermissions, RestoreError> {
    let bytes = hex::decode(text).map_err(|_| nonsense("permissions are not in hex"))?;
    WirePermissions::decode_from(&bytes).map_err(|_| nonsense("permissions are malformed"))
}
