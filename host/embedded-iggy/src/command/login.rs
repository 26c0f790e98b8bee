//! Login and logout.

use bytes::BytesMut;
use iggy_binary_protocol::requests::users::{LoginRegisterRequest, LoginRegisterWithPatRequest};
use iggy_binary_protocol::responses::users::LoginRegisterResponse;
use iggy_binary_protocol::{
    ClientVersionInfo, EvictionHeader, EvictionReason, IGGY_PROTOCOL_VERSION,
    IGGY_PROTOCOL_VERSION_MIN, WireDecode, WireEncode, WireName, is_protocol_compatible,
};
use secrecy::{ExposeSecret, SecretString};

use super::{Outcome, Reply, evict};
use crate::broker::Broker;
use crate::clock::now_micros;
use crate::durability::blocking;
use crate::session::{Identity, Session};

/// What the server calls itself in the login reply.
pub(crate) const SERVER_VERSION: &str = concat!("embedded-", env!("CARGO_PKG_VERSION"));

/// What a client proves its identity with.
enum Proof {
    Password { username: WireName, password: SecretString },
    Token(SecretString),
}

impl Proof {
    /// Both kinds of login come as the same operation and nothing else tells them apart, so the
    /// one that fits the body exactly is meant.
    fn decode(version: ClientVersionInfo, tail: &[u8]) -> Option<Self> {
        let by_password = LoginRegisterRequest::decode_after_prefix(version.clone(), tail);
        if let Ok((login, length)) = by_password
            && length == tail.len()
        {
            return Some(Self::Password { username: login.username, password: login.password });
        }
        match LoginRegisterWithPatRequest::decode_after_prefix(version, tail) {
            Ok((login, length)) if length == tail.len() => Some(Self::Token(login.token)),
            _ => None,
        }
    }
}

impl Broker {
    /// Version first, then the body, then the credentials: a client of another line is told so
    /// whatever its login body looks like.
    pub(super) async fn login(&self, session: &mut Session, client: u128, body: &[u8]) -> Outcome {
        let Ok((version, prefix)) = ClientVersionInfo::decode(body) else {
            return evict(client, EvictionReason::MalformedLogin);
        };
        if !is_protocol_compatible(version.protocol_version) {
            return Outcome::eviction(&EvictionHeader::incompatible_protocol(
                0,
                0,
                0,
                client,
                IGGY_PROTOCOL_VERSION,
                IGGY_PROTOCOL_VERSION_MIN,
            ));
        }
        let user = match Proof::decode(version, &body[prefix..]) {
            None => return evict(client, EvictionReason::MalformedLogin),
            Some(Proof::Password { username, password }) => {
                self.user_by_password(&username, password).await
            }
            Some(Proof::Token(token)) => self.user_by_token(token.expose_secret()),
        };
        match user {
            Ok(user) => self.welcome(session, client, user),
            Err(reason) => evict(client, reason),
        }
    }

    async fn user_by_password(
        &self,
        username: &WireName,
        password: SecretString,
    ) -> Result<u32, EvictionReason> {
        let (id, active, expected) = {
            let catalog = self.catalog.lock();
            let user = catalog
                .users
                .get_by_name(username.as_str())
                .ok_or(EvictionReason::InvalidCredentials)?;
            (user.id, user.active, user.password.clone())
        };
        let matches = move || Ok(expected.matches(password.expose_secret()));
        match blocking(matches).await {
            Ok(true) if active => Ok(id),
            Ok(true) => Err(EvictionReason::UserInactive),
            _ => Err(EvictionReason::InvalidCredentials),
        }
    }

    fn user_by_token(&self, secret: &str) -> Result<u32, EvictionReason> {
        let catalog = self.catalog.lock();
        let owner = catalog.users.iter().find_map(|user| {
            let token = user.tokens.values().find(|token| token.matches(secret))?;
            (token.expires_at > now_micros()).then_some(user)
        });
        match owner {
            Some(user) if user.active => Ok(user.id),
            Some(_) => Err(EvictionReason::UserInactive),
            None => Err(EvictionReason::InvalidToken),
        }
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
