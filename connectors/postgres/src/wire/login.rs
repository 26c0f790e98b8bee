//! From a connected stream to a session.

use bytes::BytesMut;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{
    ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256,
};
use postgres_protocol::message::frontend;

use super::scram::{self, Binding};
use super::{Connection, Message};
use crate::{ClientError, ConnectionConfig, Password};

/// Digest of the server's certificate; none: it has no usable one.
pub(super) type EndPoint = Option<Vec<u8>>;

/// What a server may ask for before it lets anybody in.
mod request {
    pub(super) const OK: u32 = 0;
    pub(super) const CLEARTEXT: u32 = 3;
    pub(super) const MD5: u32 = 5;
    pub(super) const SASL: u32 = 10;
}

/// Logs in and waits until the server is ready. Answers the number of its process. `end_point` is `None` without TLS.
pub(super) async fn log_in(
    connection: &mut Connection,
    config: &ConnectionConfig,
    parameters: &[(&str, &str)],
    end_point: Option<EndPoint>,
) -> Result<i32, ClientError> {
    let mut greeting = BytesMut::new();
    let own = [
        ("user", config.user.as_str()),
        ("database", config.database.as_str()),
        ("application_name", config.application_name.as_str()),
        ("client_encoding", "UTF8"),
    ];
    frontend::startup_message(own.into_iter().chain(parameters.iter().copied()), &mut greeting)
        .map_err(|error| connection.lost(error))?;
    connection.write(&greeting).await?;
    let mut end_point = Some(end_point);
    let mut process_id = 0;
    loop {
        match connection.expect().await? {
            Message::Authentication { request: request::OK, .. } => {}
            Message::Authentication { request: request::CLEARTEXT, .. } => {
                let password = password(config)?.in_clear("a login in clear text")?;
                answer(connection, &password).await?;
            }
            Message::Authentication { request: request::MD5, data } => {
                let salt = data.as_ref().try_into();
                let salt = salt.map_err(|_| ClientError::Protocol("a salt of 4 bytes".into()))?;
                let password = password(config)?.in_clear("an MD5 login")?;
                let hash = md5_hash(config.user.as_bytes(), &password, salt);
                answer(connection, hash.as_bytes()).await?;
            }
            Message::Authentication { request: request::SASL, data } => {
                let Some(end_point) = end_point.take() else {
                    return Err(ClientError::Protocol("asked to log in twice".into()));
                };
                log_in_by_scram(connection, password(config)?, &data, end_point).await?;
            }
            Message::Authentication { request, .. } => {
                let kind = format!("the server asks for an unknown login, number {request}");
                return Err(ClientError::Login(kind));
            }
            Message::BackendKeyData { process_id: number } => process_id = number,
            Message::ReadyForQuery => return Ok(process_id),
            other => return Err(connection.unexpected(&other)),
        }
    }
}

fn password(config: &ConnectionConfig) -> Result<&Password, ClientError> {
    config
        .password
        .as_ref()
        .ok_or_else(|| ClientError::Login("the server asks for a password".to_owned()))
}

async fn answer(connection: &mut Connection, password: &[u8]) -> Result<(), ClientError> {
    let mut message = BytesMut::new();
    frontend::password_message(password, &mut message).map_err(|error| connection.lost(error))?;
    connection.write(&message).await
}

/// RFC 5802. `mechanisms` are those of the server, each ended by a zero byte.
async fn log_in_by_scram(
    connection: &mut Connection,
    password: &Password,
    mechanisms: &[u8],
    end_point: Option<EndPoint>,
) -> Result<(), ClientError> {
    let offers = |name: &str| mechanisms.split(|&byte| byte == 0).any(|one| one == name.as_bytes());
    let (mechanism, binding) = match end_point {
        Some(Some(digest)) if offers(SCRAM_SHA_256_PLUS) => {
            (SCRAM_SHA_256_PLUS, Binding::EndPoint(digest))
        }
        // `y`: we could, you say you cannot. A listener that took the offer away is found out by it.
        Some(Some(_)) => (SCRAM_SHA_256, Binding::Unrequested),
        Some(None) | None => (SCRAM_SHA_256, Binding::Unsupported),
    };
    if !offers(mechanism) {
        return Err(ClientError::Login("the server offers no SCRAM-SHA-256".to_owned()));
    }
    let mut exchange = Exchange::new(password, binding)?;
    let mut message = BytesMut::new();
    frontend::sasl_initial_response(mechanism, exchange.message(), &mut message)
        .map_err(|error| connection.lost(error))?;
    connection.write(&message).await?;

    let challenge = sasl(connection).await?;
    exchange.update(&challenge)?;
    message.clear();
    frontend::sasl_response(exchange.message(), &mut message)
        .map_err(|error| connection.lost(error))?;
    connection.write(&message).await?;

    let verdict = sasl(connection).await?;
    exchange.finish(&verdict)
}

/// The password is in our hands, or in the host's.
enum Exchange {
    Ours(Box<ScramSha256>),
    Hosts(scram::Exchange),
}

impl Exchange {
    fn new(password: &Password, binding: Binding) -> Result<Self, ClientError> {
        match password {
            Password::Plain(password) => {
                let binding = match binding {
                    Binding::EndPoint(digest) => ChannelBinding::tls_server_end_point(digest),
                    Binding::Unrequested => ChannelBinding::unrequested(),
                    Binding::Unsupported => ChannelBinding::unsupported(),
                };
                Ok(Self::Ours(Box::new(ScramSha256::new(password.as_bytes(), binding))))
            }
            Password::Granted(granted) => {
                Ok(Self::Hosts(scram::Exchange::new(granted.open()?, binding)?))
            }
        }
    }

    fn message(&self) -> &[u8] {
        match self {
            Self::Ours(exchange) => exchange.message(),
            Self::Hosts(exchange) => exchange.message(),
        }
    }

    fn update(&mut self, challenge: &[u8]) -> Result<(), ClientError> {
        match self {
            Self::Ours(exchange) => exchange.update(challenge).map_err(refused),
            Self::Hosts(exchange) => exchange.update(challenge),
        }
    }

    fn finish(&mut self, verdict: &[u8]) -> Result<(), ClientError> {
        match self {
            Self::Ours(exchange) => exchange.finish(verdict).map_err(refused),
            Self::Hosts(exchange) => exchange.finish(verdict),
        }
    }
}

async fn sasl(connection: &mut Connection) -> Result<bytes::Bytes, ClientError> {
    const CONTINUE: u32 = 11;
    const FINAL: u32 = 12;
    match connection.expect().await? {
        Message::Authentication { request: CONTINUE | FINAL, data } => Ok(data),
        other => Err(connection.unexpected(&other)),
    }
}

fn refused(error: std::io::Error) -> ClientError {
    ClientError::Login(format!("scram: {error}"))
}
