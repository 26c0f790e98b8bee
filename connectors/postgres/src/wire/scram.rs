//! SCRAM-SHA-256 (RFC 5802, RFC 7677) with a password that stays in the host.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kennel_sdk::secrets::{Digest, Secret};

use crate::ClientError;

/// Of randomness in a nonce; bytes.
const NONCE: usize = 18;

/// What the exchange is bound to.
pub(super) enum Binding {
    /// The digest of the server's certificate.
    EndPoint(Vec<u8>),
    /// Could be bound, but the server says that it cannot.
    Unrequested,
    /// Nothing to be bound to.
    Unsupported,
}

impl Binding {
    fn header(&self) -> &'static str {
        match self {
            Self::EndPoint(_) => "p=tls-server-end-point,,",
            Self::Unrequested => "y,,",
            Self::Unsupported => "n,,",
        }
    }

    fn encoded(&self) -> String {
        let mut data = self.header().as_bytes().to_vec();
        if let Self::EndPoint(digest) = self {
            data.extend_from_slice(digest);
        }
        STANDARD.encode(data)
    }
}

/// One exchange of messages.
pub(super) struct Exchange {
    secret: Secret,
    binding: Binding,
    nonce: String,
    /// The next message to send.
    message: String,
    /// By which the server proves that it knows the password.
    signature: Vec<u8>,
}

impl Exchange {
    pub(super) fn new(secret: Secret, binding: Binding) -> Result<Self, ClientError> {
        let mut random = [0; NONCE];
        getrandom::fill(&mut random)
            .map_err(|error| ClientError::Setup(io::Error::other(error.to_string())))?;
        Ok(Self::with_nonce(secret, binding, STANDARD.encode(random)))
    }

    fn with_nonce(secret: Secret, binding: Binding, nonce: String) -> Self {
        // PostgreSQL takes the user of the session, not one of this message.
        let message = format!("{}n=,r={nonce}", binding.header());
        Self { secret, binding, nonce, message, signature: Vec::new() }
    }

    pub(super) fn message(&self) -> &[u8] {
        self.message.as_bytes()
    }

    /// Takes the server's challenge; the next message answers it.
    pub(super) fn update(&mut self, challenge: &[u8]) -> Result<(), ClientError> {
        let broken = || ClientError::Login("scram: the server's challenge has no such form".into());
        let challenge = std::str::from_utf8(challenge).map_err(|_| broken())?;
        let mut parts = challenge.split(',');
        let mut part = |name: &str| parts.next().and_then(|it| it.strip_prefix(name));
        let nonce = part("r=").ok_or_else(broken)?;
        let salt = part("s=").and_then(|it| STANDARD.decode(it).ok()).ok_or_else(broken)?;
        let iterations = part("i=").and_then(|it| it.parse().ok()).ok_or_else(broken)?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(ClientError::Login("scram: the server answers somebody else".to_owned()));
        }
        let answer = format!("c={},r={nonce}", self.binding.encoded());
        let messages = format!("n=,r={},{challenge},{answer}", self.nonce);
        let proven = self.secret.scram(Digest::Sha256, &salt, iterations, messages.as_bytes());
        let proven = proven.map_err(|error| ClientError::Login(error.to_string()))?;
        self.message = format!("{answer},p={}", STANDARD.encode(proven.client_proof));
        self.signature = proven.server_signature;
        Ok(())
    }

    /// Takes the server's verdict.
    pub(super) fn finish(&self, verdict: &[u8]) -> Result<(), ClientError> {
        let signature = verdict.strip_prefix(b"v=").and_then(|it| STANDARD.decode(it).ok());
        match signature.is_some_and(|it| it == self.signature && !it.is_empty()) {
            true => Ok(()),
            false => Err(ClientError::Login(
                "scram: the server does not prove that it knows the password".to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use kennel_sdk::testing;

    use super::*;

    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const CHALLENGE: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                             s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    fn exchange(binding: Binding) -> Exchange {
        testing::set_secret("pw", "pencil");
        Exchange::with_nonce(Secret::open("pw").unwrap(), binding, NONCE.to_owned())
    }

    #[test]
    fn given_a_challenge_should_prove_the_password_and_ask_the_same_of_the_server() {
        let mut exchange = exchange(Binding::Unsupported);
        assert_eq!(exchange.message(), b"n,,n=,r=rOprNGfwEbeRWgbNEkqO");
        exchange.update(CHALLENGE.as_bytes()).unwrap();
        let message = String::from_utf8(exchange.message().to_vec()).unwrap();
        let (before, proof) = message.split_once(",p=").unwrap();
        assert_eq!(before, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        assert_eq!(STANDARD.decode(proof).unwrap().len(), 32);
        let verdict = format!("v={}", STANDARD.encode(&exchange.signature));
        assert!(exchange.finish(verdict.as_bytes()).is_ok());
        for verdict in ["v=", "v=AAAA", "e=invalid-proof", "", &verdict[..verdict.len() - 4]] {
            assert!(exchange.finish(verdict.as_bytes()).is_err(), "{verdict}");
        }
    }

    #[test]
    fn given_a_verdict_before_the_challenge_should_not_believe_it() {
        assert!(exchange(Binding::Unsupported).finish(b"v=").is_err());
    }

    #[test]
    fn given_what_it_is_bound_to_should_say_so_in_both_messages() {
        for (binding, first, encoded) in [
            (Binding::Unrequested, "y,,n=,", STANDARD.encode("y,,")),
            (
                Binding::EndPoint(b"digest".to_vec()),
                "p=tls-server-end-point,,n=,",
                STANDARD.encode("p=tls-server-end-point,,digest"),
            ),
        ] {
            let mut exchange = exchange(binding);
            assert!(exchange.message().starts_with(first.as_bytes()));
            exchange.update(CHALLENGE.as_bytes()).unwrap();
            assert!(exchange.message().starts_with(format!("c={encoded},r=").as_bytes()));
        }
    }

    #[test]
    fn given_a_challenge_that_is_none_should_refuse_it() {
        for challenge in [
            "",
            "r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=?,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
        ] {
            let refused = exchange(Binding::Unsupported).update(challenge.as_bytes());
            assert!(matches!(refused, Err(ClientError::Login(_))), "{challenge}");
        }
    }
}
