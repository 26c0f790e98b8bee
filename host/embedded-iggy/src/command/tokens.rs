//! Personal access tokens. Everybody manages their own.

use iggy_binary_protocol::WireName;
use iggy_binary_protocol::requests::personal_access_tokens::{
    CreatePersonalAccessTokenRequest, DeletePersonalAccessTokenRequest,
};
use iggy_binary_protocol::responses::personal_access_tokens::{
    GetPersonalAccessTokensResponse, PersonalAccessTokenResponse, RawPersonalAccessTokenResponse,
};

use super::{Answer, Reply, decode};
use crate::broker::Broker;
use crate::clock::now_micros;
use crate::session::Caller;
use crate::status::Status;
use crate::user::{MAX_TOKENS, Token};

impl Broker {
    pub(super) fn get_tokens(&self, caller: Caller) -> Answer {
        let catalog = self.catalog.lock();
        let user = catalog.users.get_by_id(caller.user).ok_or(Status::UNAUTHORIZED)?;
        let describe = |(name, token): (&String, &Token)| {
            let expiry_at = if token.expires_at == u64::MAX { 0 } else { token.expires_at };
            Some(PersonalAccessTokenResponse {
                name: WireName::new(name.as_str()).ok()?,
                expiry_at,
            })
        };
        Ok(Reply::encode(&GetPersonalAccessTokensResponse {
            tokens: user.tokens.iter().filter_map(describe).collect(),
        }))
    }

    /// The secret is in the reply and nowhere else.
    pub(super) fn create_token(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: CreatePersonalAccessTokenRequest = decode(body)?;
        let expires_at = match request.expiry {
            0 | u64::MAX => u64::MAX,
            lifetime => now_micros().saturating_add(lifetime),
        };
        let (token, secret) = Token::generate(expires_at).ok_or(Status::IO_ERROR)?;
        let response = RawPersonalAccessTokenResponse {
            token: WireName::new(secret).map_err(|_| Status::IO_ERROR)?,
        };
        let mut catalog = self.catalog.lock();
        let user = catalog.users.get_by_id_mut(caller.user).ok_or(Status::UNAUTHORIZED)?;
        if user.tokens.contains_key(request.name.as_str()) {
            return Err(Status::TOKEN_ALREADY_EXISTS);
        }
        if user.tokens.len() >= MAX_TOKENS {
            return Err(Status::TOKENS_LIMIT_REACHED);
        }
        user.tokens.insert(request.name.as_str().to_owned(), token);
        Ok(Reply::encode(&response))
    }

    pub(super) fn delete_token(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: DeletePersonalAccessTokenRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let user = catalog.users.get_by_id_mut(caller.user).ok_or(Status::UNAUTHORIZED)?;
        match user.tokens.remove(request.name.as_str()) {
            Some(_) => Ok(Reply::Empty),
            None => Err(Status::RESOURCE_NOT_FOUND),
        }
    }
}
