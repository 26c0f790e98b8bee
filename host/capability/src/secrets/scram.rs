//! The client's side of SCRAM (RFC 5802, RFC 7677): everything that needs the password.

use std::borrow::Cow;

use ::hmac::digest::KeyInit;
use ::hmac::{Hmac, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::{Sha256, Sha512};

use super::hmac::mac;
use super::offload::{Abandoned, offload};
use super::source::SecretValue;
use crate::bindings::kennel::connector::secrets::{Digest, Error, ScramAnswer};

/// Fewer make guessing a password from an overheard login too cheap (RFC 7677, section 4).
const LEAST_ITERATIONS: u32 = 4096;
/// More cost the host about a second; servers ask for 4,096 to 600,000.
const MOST_ITERATIONS: u32 = 1_000_000;
/// Bytes.
const MAX_SALT: usize = 1024;
/// Bytes. A real one has about 200.
const MAX_AUTH_MESSAGE: usize = 64 * 1024;
/// Between two looks whether anybody still waits.
const LOOK_EVERY: u32 = 1024;

/// What a server asks, within bounds.
pub(super) struct Challenge {
    digest: Digest,
    salt: Vec<u8>,
    iterations: u32,
    auth_message: Vec<u8>,
}

impl Challenge {
    /// # Errors
    /// Which bound is broken, in words.
    pub(super) fn new(
        digest: Digest,
        salt: Vec<u8>,
        iterations: u32,
        auth_message: Vec<u8>,
    ) -> Result<Self, String> {
        if iterations < LEAST_ITERATIONS {
            return Err(format!(
                "scram: {iterations} iterations are fewer than {LEAST_ITERATIONS}: the server's \
                 password is badly protected; set it anew with more"
            ));
        }
        if iterations > MOST_ITERATIONS {
            return Err(format!("scram: more than {MOST_ITERATIONS} iterations ({iterations})"));
        }
        if salt.is_empty() || salt.len() > MAX_SALT {
            return Err(format!("scram: a salt has 1 to {MAX_SALT} bytes, not {}", salt.len()));
        }
        if auth_message.len() > MAX_AUTH_MESSAGE {
            return Err(format!("scram: the messages have more than {MAX_AUTH_MESSAGE} bytes"));
        }
        Ok(Self { digest, salt, iterations, auth_message })
    }

    /// Proof and signature for a password, computed beside the executor.
    pub(super) async fn answer(self, password: SecretValue) -> Result<ScramAnswer, Error> {
        offload(move |abandoned| {
            let password = normalised(password.expose());
            match self.digest {
                Digest::Sha256 => self.prove::<Hmac<Sha256>, Sha256>(&password, abandoned),
                Digest::Sha512 => self.prove::<Hmac<Sha512>, Sha512>(&password, abandoned),
            }
        })
        .await
    }

    /// None: nobody waits any more.
    fn prove<M: Mac + KeyInit + Clone, D: sha2::Digest>(
        &self,
        password: &[u8],
        abandoned: &Abandoned,
    ) -> Option<ScramAnswer> {
        let salted = self.salted_password::<M>(password, abandoned)?;
        let client_key = Zeroizing::new(mac::<M>(&salted, b"Client Key")?);
        let stored_key = Zeroizing::new(D::digest(&*client_key).to_vec());
        let mut client_proof = mac::<M>(&stored_key, &self.auth_message)?;
        xor(&mut client_proof, &client_key);
        let server_key = Zeroizing::new(mac::<M>(&salted, b"Server Key")?);
        let server_signature = mac::<M>(&server_key, &self.auth_message)?;
        Some(ScramAnswer { client_proof, server_signature })
    }

    /// `Hi()` of RFC 5802: PBKDF2 of one block.
    fn salted_password<M: Mac + KeyInit + Clone>(
        &self,
        password: &[u8],
        abandoned: &Abandoned,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let keyed = <M as KeyInit>::new_from_slice(password).ok()?;
        let mut mac = keyed.clone();
        mac.update(&self.salt);
        mac.update(&1_u32.to_be_bytes());
        let mut block = mac.finalize().into_bytes();
        let mut salted = Zeroizing::new(block.to_vec());
        for iteration in 1..self.iterations {
            if iteration % LOOK_EVERY == 0 && abandoned.is_set() {
                return None;
            }
            let mut mac = keyed.clone();
            mac.update(&block);
            block = mac.finalize().into_bytes();
            xor(&mut salted, &block);
        }
        Some(salted)
    }
}

/// SASLprep (RFC 4013), or the password as it is where that does not apply to it, as PostgreSQL does.
fn normalised(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let prepared = std::str::from_utf8(password).ok().and_then(|it| stringprep::saslprep(it).ok());
    Zeroizing::new(match prepared {
        Some(Cow::Owned(text)) => text.into_bytes(),
        Some(Cow::Borrowed(text)) => text.as_bytes().to_vec(),
        None => password.to_vec(),
    })
}

fn xor(left: &mut [u8], right: &[u8]) {
    for (left, right) in left.iter_mut().zip(right) {
        *left ^= right;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// RFC 7677, section 3.
    const MESSAGES: &str = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
        r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
        c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const SALT: &str = "5b6d99689d12358eeca04b141236fa81";

    async fn answer(digest: Digest, password: &str) -> (String, String) {
        let salt = hex::decode(SALT).unwrap();
        let challenge = Challenge::new(digest, salt, 4096, MESSAGES.into()).unwrap();
        let answer = challenge.answer(SecretValue::new(password.as_bytes())).await.unwrap();
        (hex::encode(answer.client_proof), hex::encode(answer.server_signature))
    }

    #[tokio::test]
    async fn given_the_example_of_rfc_7677_should_agree() {
        let (proof, signature) = answer(Digest::Sha256, "pencil").await;
        // p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=
        assert_eq!(proof, "747cdb65aa56224e2352137e52d7bdcad6a0f738df30782caa69a2cfb0277554");
        // v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=
        assert_eq!(signature, "eabae24d1062db75a9451ff0b6ea7e98c8546549ff741e672d3251b2397de46e");
    }

    /// Against an independent implementation.
    #[tokio::test]
    async fn given_sha_512_should_agree() {
        let (proof, signature) = answer(Digest::Sha512, "pencil").await;
        assert_eq!(
            proof,
            "80c19745c7af49c36dc59ebff25418a46b67b0d01cde619c98da26bfec67a0e3\
             30fb7476c4d25d30d9f33254cdf0f3c2eb0769e9dc9b1260d85d84f1c2760f25"
        );
        assert_eq!(
            signature,
            "6509d81205903059a6b0cf1a40c1749c30c2cbf0200b393093c0a631961c320d\
             2f49594a0da9de90bb627c349e5464f8fb96715e726ad7df51546dab47b37b67"
        );
    }

    #[tokio::test]
    async fn given_other_spellings_of_a_password_should_answer_the_same() {
        // A roman nine is `IX`, a soft hyphen nothing, a wide space a space.
        let plain = answer(Digest::Sha256, "IX a").await;
        assert_eq!(answer(Digest::Sha256, "\u{2168}\u{ad}\u{a0}a").await, plain);
        assert_ne!(answer(Digest::Sha256, "ix a").await, plain);
    }

    #[test]
    fn given_what_is_out_of_bounds_should_name_the_bound() {
        let new = |salt: usize, iterations, message: usize| {
            Challenge::new(Digest::Sha256, vec![0; salt], iterations, vec![0; message]).err()
        };
        for (salt, iterations, message, expected) in [
            (16, 4095, 0, "fewer than 4096"),
            (16, 0, 0, "fewer than 4096"),
            (16, 1_000_001, 0, "more than 1000000"),
            (16, u32::MAX, 0, "more than 1000000"),
            (0, 4096, 0, "1 to 1024 bytes, not 0"),
            (1025, 4096, 0, "1 to 1024 bytes, not 1025"),
            (16, 4096, MAX_AUTH_MESSAGE + 1, "more than 65536 bytes"),
        ] {
            let refused = new(salt, iterations, message).unwrap();
            assert!(refused.contains(expected), "{refused}");
        }
        assert_eq!(new(1, 4096, 0), None);
        assert_eq!(new(1024, 1_000_000, MAX_AUTH_MESSAGE), None);
    }

    /// On one thread, on which nothing else would move if the computation stood in its way.
    #[tokio::test]
    async fn given_the_most_iterations_should_not_stand_in_the_way_of_others() {
        let challenge = Challenge::new(Digest::Sha512, vec![1], MOST_ITERATIONS, vec![]).unwrap();
        let computing = tokio::spawn(challenge.answer(SecretValue::new(b"pencil")));
        let begun = Instant::now();
        let mut turns = 0;
        while !computing.is_finished() {
            tokio::task::yield_now().await;
            turns += 1;
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not end");
        }
        assert!(turns > 100, "others had {turns} turns in {:?}", begun.elapsed());
        assert_eq!(computing.await.unwrap().unwrap().client_proof.len(), 64);
    }
}
