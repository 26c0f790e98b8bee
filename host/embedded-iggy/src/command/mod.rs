//! Commands: what a request asks for and what it is answered.

mod consumer_groups;
mod consumer_offsets;
mod login;
mod options;
mod poll;
mod send;
mod stats;
mod streams;
mod system;
mod tokens;
mod topics;
mod users;

use bytes::Bytes;
use iggy_binary_protocol::codes::*;
use iggy_binary_protocol::{
    EvictionHeader, EvictionReason, Operation, WireDecode, WireEncode, WireError,
};

use crate::broker::Broker;
use crate::frame::Request;
use crate::session::{Identity, Session};
use crate::status::Status;

/// A successful reply's body.
#[derive(Debug)]
pub(crate) enum Reply {
    Empty,
    Body(Bytes),
    /// Written one after the other, without being joined.
    Parts(Vec<Bytes>),
}

impl Reply {
    fn encode(response: &impl WireEncode) -> Self {
        Self::Body(response.to_bytes())
    }

    /// The protocol's way to say that what was asked for does not exist.
    fn optional(response: Option<impl WireEncode>) -> Self {
        response.map_or(Self::Empty, |response| Self::encode(&response))
    }
}

/// What a command comes to.
pub(crate) type Answer = Result<Reply, Status>;

/// What a request comes to.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answer(Answer),
    /// The session is over; the connection is not. Holds the whole frame.
    Evict(Bytes),
}

impl Outcome {
    fn eviction(header: &EvictionHeader) -> Self {
        Self::Evict(Bytes::copy_from_slice(bytemuck::bytes_of(header)))
    }
}

/// Decodes a whole request body.
fn decode<T: WireDecode>(body: &[u8]) -> Result<T, WireError> {
    T::decode_from(body)
}

/// The command a request carries.
pub(crate) fn command_code(request: &Request) -> u32 {
    match request.header.operation {
        Operation::Register => LOGIN_REGISTER_CODE,
        Operation::Logout => LOGOUT_USER_CODE,
        operation => operation.to_command_code().unwrap_or_else(|| {
            let [a, b, c, d, ..] = request.header.reserved;
            u32::from_le_bytes([a, b, c, d])
        }),
    }
}

impl Broker {
    /// Carries out one request.
    pub(crate) async fn execute(&self, session: &mut Session, request: Request) -> Outcome {
        let header = &request.header;
        let code = command_code(&request);
        if header.operation == Operation::Register {
            return self.login(session, header.client, &request.body).await;
        }
        if header.operation == Operation::NonReplicated && code == PING_CODE {
            return Outcome::Answer(Ok(Reply::Empty));
        }
        let identity = match session.identity {
            Some(identity) if is_current(&identity, &request) => identity,
            _ if header.operation == Operation::NonReplicated => {
                return Outcome::Answer(Err(Status::UNAUTHENTICATED));
            }
            _ => return evict(header.client, EvictionReason::NoSession),
        };
        if header.operation == Operation::Logout {
            self.logout(session);
            return Outcome::Answer(Ok(Reply::Empty));
        }
        let changes_catalog = changes_catalog(header.operation);
        let mut answer = self.command(session, identity, code, request.body).await;
        if changes_catalog && answer.is_ok() {
            answer = self.save_catalog().await.and(answer);
        }
        Outcome::Answer(answer)
    }

    async fn command(
        &self,
        session: &Session,
        identity: Identity,
        code: u32,
        body: Vec<u8>,
    ) -> Answer {
        let caller = identity.caller(session);
        match code {
            SEND_MESSAGES_CODE => self.send_messages(caller, body).await,
            POLL_MESSAGES_CODE => self.poll_messages(caller, &body).await,
            FLUSH_UNSAVED_BUFFER_CODE => self.flush(caller, &body).await,
            DELETE_SEGMENTS_CODE => self.delete_segments(caller, &body).await,

            STORE_CONSUMER_OFFSET_CODE => self.store_offset(caller, &body).await,
            GET_CONSUMER_OFFSET_CODE => self.get_offset(caller, &body),
            DELETE_CONSUMER_OFFSET_CODE => self.delete_offset(caller, &body),

            GET_CLUSTER_METADATA_CODE => Ok(self.cluster_metadata(session)),
            GET_ME_CODE => Ok(self.get_me(session, identity)),
            GET_CLIENT_CODE => self.get_client(caller, &body),
            GET_CLIENTS_CODE => self.get_clients(caller),
            GET_STATS_CODE => self.get_stats(caller),
            DESCRIBE_OPTIONS_CODE => options::describe_options(&body),

            GET_STREAM_CODE => self.get_stream(caller, &body),
            GET_STREAMS_CODE => self.get_streams(caller),
            CREATE_STREAM_CODE => self.create_stream(caller, &body),
            UPDATE_STREAM_CODE => self.update_stream(caller, &body),
            DELETE_STREAM_CODE => self.delete_stream(caller, &body),
            PURGE_STREAM_CODE => self.purge_stream(caller, &body),

            GET_TOPIC_CODE => self.get_topic(caller, &body),
            GET_TOPICS_CODE => self.get_topics(caller, &body),
            CREATE_TOPIC_CODE => self.create_topic(caller, &body),
            UPDATE_TOPIC_CODE => self.update_topic(caller, &body),
            DELETE_TOPIC_CODE => self.delete_topic(caller, &body),
            PURGE_TOPIC_CODE => self.purge_topic(caller, &body),
            CREATE_PARTITIONS_CODE => self.create_partitions(caller, &body),
            DELETE_PARTITIONS_CODE => self.delete_partitions(caller, &body),

            GET_CONSUMER_GROUP_CODE => self.get_group(caller, &body),
            GET_CONSUMER_GROUPS_CODE => self.get_groups(caller, &body),
            CREATE_CONSUMER_GROUP_CODE => self.create_group(caller, &body),
            DELETE_CONSUMER_GROUP_CODE => self.delete_group(caller, &body),
            JOIN_CONSUMER_GROUP_CODE => self.join_group(caller, &body),
            LEAVE_CONSUMER_GROUP_CODE => self.leave_group(caller, &body),
            SYNC_CONSUMER_GROUP_CODE => self.sync_group(caller, &body),

            GET_USER_CODE => self.get_user(caller, &body),
            GET_USERS_CODE => self.get_users(caller),
            CREATE_USER_CODE => self.create_user(caller, &body).await,
            DELETE_USER_CODE => self.delete_user(caller, &body),
            UPDATE_USER_CODE => self.update_user(caller, &body),
            UPDATE_PERMISSIONS_CODE => self.update_permissions(caller, &body),
            CHANGE_PASSWORD_CODE => self.change_password(caller, &body).await,

            GET_PERSONAL_ACCESS_TOKENS_CODE => self.get_tokens(caller),
            CREATE_PERSONAL_ACCESS_TOKEN_CODE => self.create_token(caller, &body),
            DELETE_PERSONAL_ACCESS_TOKEN_CODE => self.delete_token(caller, &body),

            other => {
                tracing::debug!(code = other, "command is not supported");
                Err(Status::FEATURE_UNAVAILABLE)
            }
        }
    }
}

/// Whether an operation changes what is saved. Memberships end with their connection.
fn changes_catalog(operation: Operation) -> bool {
    operation.is_metadata()
        && !matches!(operation, Operation::JoinConsumerGroup | Operation::LeaveConsumerGroup)
}

/// Reads carry no session number of their own.
fn is_current(identity: &Identity, request: &Request) -> bool {
    let header = &request.header;
    identity.client == header.client
        && (header.operation == Operation::NonReplicated || identity.session == header.session)
}

fn evict(client: u128, reason: EvictionReason) -> Outcome {
    Outcome::eviction(&EvictionHeader::new(0, 0, 0, client, reason))
}
