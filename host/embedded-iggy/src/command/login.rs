//! Login and logout.

use bytes::BytesMut;
use iggy_binary_protocol::requests::users::LoginRegisterRequest;
use iggy_binary_protocol::responses::users::LoginRegisterResponse;
use iggy_binary_protocol::{
    ClientVersionInfo, EvictionHeader, EvictionReason, IGGY_PROTOCOL_VERSION,
    IGGY_PROTOCOL_VERSION_MIN, WireDecode, WireEncode, WireName, is_protocol_compatible,
};
use secrecy::ExposeSecret;

use super::{Outcome, Reply, evict};
use crate::broker::Broker;
use crate::session::{Identity, Session};

/// What the server calls itself in the login reply.
pub(crate) const SERVER_VERSION: &str = concat!("embedded-", env!("CARGO_PKG_VERSION"));

impl Broker {
    /// Version first, then the body, then the credentials: a client of another line is told so
    /// whatever its login body looks like.
    pub(super) fn login(&self, session: &mut Session, client: u128, body: &[u8]) -> Outcome {
        let Ok((version, prefix)) = ClientVersionInfo::decode(body) else {
            return evict(client, EvictionReason::MalformedLogin);
        };
        if !is_protocol_compatible(version.protocol_version) {
            return Outcome::Evict(EvictionHeader::incompatible_protocol(
                0,
                0,
                0,
                client,
                IGGY_PROTOCOL_VERSION,
                IGGY_PROTOCOL_VERSION_MIN,
            ));
        }
        let Ok((login, _)) = LoginRegisterRequest::decode_after_prefix(version, &body[prefix..])
        else {
            return evict(client, EvictionReason::MalformedLogin);
        };
        if login.username.as_str() != self.settings.username
            || login.password.expose_secret() != self.settings.password.expose_secret()
        {
            return evict(client, EvictionReason::InvalidCredentials);
        }
        self.welcome(session, client, 0)
    }

    fn welcome(&self, session: &mut Session, client: u128, user: u32) -> Outcome {
        let Ok(server_version) = WireName::new(SERVER_VERSION) else {
            return evict(client, EvictionReason::SessionError);
        };
        self.logout(session);
        let identity = Identity { client, session: self.next_operation(), user };
        session.identity = Some(identity);
        if let Some(client) = self.clients.lock().get_mut(&session.connection) {
            client.user = Some(user);
        }
        let mut body = BytesMut::new();
        LoginRegisterResponse {
            user_id: user,
            session: identity.session,
            server_protocol_version: IGGY_PROTOCOL_VERSION,
            server_version,
        }
        .encode(&mut body);
        Outcome::Answer(Ok(Reply::Body(body.freeze())))
    }

    /// Ends the login, and with it all group memberships. The connection stays open.
    pub(super) fn logout(&self, session: &mut Session) {
        if session.identity.take().is_some() {
            self.catalog.lock().drop_member(session.connection);
            if let Some(client) = self.clients.lock().get_mut(&session.connection) {
                client.user = None;
            }
        }
    }
}
