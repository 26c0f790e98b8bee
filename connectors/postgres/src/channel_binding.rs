//! `tls-server-end-point` (RFC 5929): the digest of the server's certificate, by which SCRAM notices somebody in between.

use sha2::{Digest, Sha256, Sha384, Sha512};

/// The digest with the hash of the certificate's own signature, SHA-256 instead of MD5 and SHA-1. None: an algorithm
/// without one hash (Ed25519, RSA-PSS), or not a certificate.
pub(crate) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    match signature_algorithm(certificate)? {
        // 1.2.840.113549.1.1.x: RSA with MD5, SHA-1, SHA-256, SHA-384, SHA-512.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, x] => match x {
            4 | 5 | 11 => Some(Sha256::digest(certificate).to_vec()),
            12 => Some(Sha384::digest(certificate).to_vec()),
            13 => Some(Sha512::digest(certificate).to_vec()),
            _ => None,
        },
        // 1.2.840.10045.4.1: ECDSA with SHA-1.
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01] => Some(Sha256::digest(certificate).to_vec()),
        // 1.2.840.10045.4.3.x: ECDSA with SHA-256, SHA-384, SHA-512.
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, x] => match x {
            2 => Some(Sha256::digest(certificate).to_vec()),
            3 => Some(Sha384::digest(certificate).to_vec()),
            4 => Some(Sha512::digest(certificate).to_vec()),
            _ => None,
        },
        _ => None,
    }
}

/// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm OID, .. }, .. }
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const OBJECT_IDENTIFIER: u8 = 0x06;
    let (content, _) = element(certificate, SEQUENCE)?;
    let (_, behind_body) = element(content, SEQUENCE)?;
    let (algorithm, _) = element(behind_body, SEQUENCE)?;
    let (identifier, _) = element(algorithm, OBJECT_IDENTIFIER)?;
    Some(identifier)
}

/// Content of the DER element at the start of `bytes`, and what comes behind it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        let length =
            digits.iter().fold(0_usize, |length, &digit| (length << 8) | usize::from(digit));
        (length, rest)
    };
    (found == tag).then(|| rest.split_at_checked(length))?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate with nothing in it but a signature algorithm.
    fn certificate(identifier: &[u8]) -> Vec<u8> {
        let mut algorithm = vec![0x06, identifier.len() as u8];
        algorithm.extend_from_slice(identifier);
        let mut content = vec![0x30, 0x81, 0x80];
        content.extend_from_slice(&[0; 0x80]);
        content.extend_from_slice(&[0x30, algorithm.len() as u8]);
        content.extend_from_slice(&algorithm);
        let mut whole = vec![0x30, 0x82, 0, content.len() as u8];
        whole.extend_from_slice(&content);
        whole
    }

    #[test]
    fn given_a_certificate_should_hash_it_as_it_was_signed() {
        let ecdsa_sha384 = certificate(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03]);
        assert_eq!(end_point(&ecdsa_sha384), Some(Sha384::digest(&ecdsa_sha384).to_vec()));
        let rsa_sha1 = certificate(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05]);
        assert_eq!(end_point(&rsa_sha1), Some(Sha256::digest(&rsa_sha1).to_vec()));
        let ed25519 = certificate(&[0x2b, 0x65, 0x70]);
        assert_eq!(end_point(&ed25519), None);
    }

    #[test]
    fn given_half_a_certificate_should_answer_nothing() {
        let whole = certificate(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
        for cut in 0..whole.len() {
            assert_eq!(end_point(&whole[..cut]), None, "{cut}");
        }
    }
}
