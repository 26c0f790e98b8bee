//! Commands: what a request asks for and what it is answered.

mod consumer_groups;
mod consumer_offsets;
mod login;
mod poll;
mod send;
mod streams;
mod system;
mod topics;

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
    /// The session is over; the connection is not.
    Evict(EvictionHeader),
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
            return self.login(session, header.client, &request.body);
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
        Outcome::Answer(self.command(session, identity, code, request.body).await)
    }

    async fn command(
        &self,
        session: &Session,
        identity: Identity,
        code: u32,
        body: Vec<u8>,
    ) -> Answer {
        let member = session.connection;
        match code {
            SEND_MESSAGES_CODE => self.send_messages(body).await,
            POLL_MESSAGES_CODE => self.poll_messages(member, &body).await,
            FLUSH_UNSAVED_BUFFER_CODE => self.flush(&body).await,

            STORE_CONSUMER_OFFSET_CODE => self.store_offset(member, &body),
            GET_CONSUMER_OFFSET_CODE => self.get_offset(&body),
            DELETE_CONSUMER_OFFSET_CODE => self.delete_offset(member, &body),

            GET_CLUSTER_METADATA_CODE => Ok(self.cluster_metadata(session)),
            GET_ME_CODE => Ok(self.get_me(session, identity)),
            GET_CLIENT_CODE => self.get_client(&body),
            GET_CLIENTS_CODE => Ok(self.get_clients()),

            GET_STREAM_CODE => self.get_stream(&body),
            GET_STREAMS_CODE => Ok(self.get_streams()),
            CREATE_STREAM_CODE => self.create_stream(&body),
            UPDATE_STREAM_CODE => self.update_stream(&body),
            DELETE_STREAM_CODE => self.delete_stream(&body),
            PURGE_STREAM_CODE => self.purge_stream(&body),

            GET_TOPIC_CODE => self.get_topic(&body),
            GET_TOPICS_CODE => self.get_topics(&body),
            CREATE_TOPIC_CODE => self.create_topic(&body),
            UPDATE_TOPIC_CODE => self.update_topic(&body),
            DELETE_TOPIC_CODE => self.delete_topic(&body),
            PURGE_TOPIC_CODE => self.purge_topic(&body),
            CREATE_PARTITIONS_CODE => self.create_partitions(&body),
            DELETE_PARTITIONS_CODE => self.delete_partitions(&body),

            GET_CONSUMER_GROUP_CODE => self.get_group(&body),
            GET_CONSUMER_GROUPS_CODE => self.get_groups(&body),
            CREATE_CONSUMER_GROUP_CODE => self.create_group(&body),
            DELETE_CONSUMER_GROUP_CODE => self.delete_group(&body),
            JOIN_CONSUMER_GROUP_CODE => self.join_group(member, &body),
            LEAVE_CONSUMER_GROUP_CODE => self.leave_group(member, &body),
            SYNC_CONSUMER_GROUP_CODE => self.sync_group(member, &body),

            other => {
                tracing::debug!(code = other, "command is not supported");
                Err(Status::FEATURE_UNAVAILABLE)
            }
        }
    }
}

/// Reads carry no session number of their own.
fn is_current(identity: &Identity, request: &Request) -> bool {
    let header = &request.header;
    identity.client == header.client
        && (header.operation == Operation::NonReplicated || identity.session == header.session)
}

fn evict(client: u128, reason: EvictionReason) -> Outcome {
    Outcome::Evict(EvictionHeader::new(0, 0, 0, client, reason))
}
