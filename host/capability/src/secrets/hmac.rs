//! HMAC (RFC 2104) with a secret as key, for request signing.

use ::hmac::{Hmac, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::{Sha256, Sha512};

use super::offload::offload;
use super::source::SecretValue;
use crate::bindings::kennel::connector::secrets::{Digest, Error};

/// Data up to this length is signed at once; bytes.
const AT_ONCE: usize = 64 * 1024;
/// A prefix is a few letters, such as `AWS4`; bytes.
const MAX_PREFIX: usize = 1024;

/// HMAC of `data`, the key being `prefix` and the secret's value.
pub(super) async fn sign(
    digest: Digest,
    prefix: Vec<u8>,
    value: SecretValue,
    data: Vec<u8>,
) -> Result<Vec<u8>, Error> {
    if prefix.len() > MAX_PREFIX {
        return Err(Error::Other(format!("a key's prefix has at most {MAX_PREFIX} bytes")));
    }
    let mut key = Zeroizing::new(Vec::with_capacity(prefix.len() + value.expose().len()));
    key.extend_from_slice(&prefix);
    key.extend_from_slice(value.expose());
    let signed = if data.len() <= AT_ONCE {
        with_key(digest, &key, &data)
    } else {
        offload(move |_| with_key(digest, &key, &data)).await.ok()
    };
    signed.ok_or_else(|| Error::Other("the host cannot compute this HMAC".to_owned()))
}

fn with_key(digest: Digest, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    match digest {
        Digest::Sha256 => mac::<Hmac<Sha256>>(key, data),
        Digest::Sha512 => mac::<Hmac<Sha512>>(key, data),
    }
}

/// None never happens: HMAC takes keys of every length, but the trait cannot say so.
pub(super) fn mac<M: Mac + ::hmac::digest::KeyInit>(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <M as ::hmac::digest::KeyInit>::new_from_slice(key).ok()?;
    mac.update(data);
    Some(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn signed(digest: Digest, prefix: &[u8], value: &[u8], data: &[u8]) -> String {
        let value = SecretValue::new(value);
        hex::encode(sign(digest, prefix.into(), value, data.into()).await.unwrap())
    }

    #[tokio::test]
    async fn given_the_vectors_of_rfc_4231_should_agree() {
        let long_key = [0xaa; 131];
        let cases: [(&[u8], &[u8], &str, &str); 4] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde\
                 daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
                "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39\
                 bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
            ),
            (
                &long_key,
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352\
                 6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ),
        ];
        for (key, data, sha256, sha512) in cases {
            assert_eq!(signed(Digest::Sha256, b"", key, data).await, sha256);
            assert_eq!(signed(Digest::Sha512, b"", key, data).await, sha512);
            // However the key is cut into prefix and value.
            let (prefix, value) = key.split_at(3);
            assert_eq!(signed(Digest::Sha256, prefix, value, data).await, sha256);
        }
    }

    #[tokio::test]
    async fn given_much_data_should_sign_it_the_same_way() {
        let data = vec![7; AT_ONCE + 1];
        let expected = hex::encode(mac::<Hmac<Sha256>>(b"AWS4key", &data).unwrap());
        assert_eq!(signed(Digest::Sha256, b"AWS4", b"key", &data).await, expected);
    }

    #[tokio::test]
    async fn given_an_endless_prefix_should_refuse_it_without_telling_the_value() {
        let prefix = vec![b'x'; MAX_PREFIX + 1];
        let refused = sign(Digest::Sha256, prefix, SecretValue::new(b"canary"), vec![]).await;
        let Err(Error::Other(detail)) = refused else { panic!("{refused:?}") };
        assert!(detail.contains("1024") && !detail.contains("canary"), "{detail}");
    }
}
