//! Signatures of files.

use std::fs;
use std::path::PathBuf;

use kennel_registry::{Admission, AdmissionError, PrivateKey, SignatureError, signature_file};
use secrecy::ExposeSecret as _;

use crate::real::public;
use crate::words;

/// A component, its key, and the policy that asks for it.
struct Signed {
    folder: tempfile::TempDir,
    file: PathBuf,
    key: PrivateKey,
    admission: Admission,
}

impl Signed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.wasm");
        fs::write(&file, b"component").unwrap();
        let key = PrivateKey::generate().unwrap();
        let public = public(&key, folder.path(), "acme.pub");
        let admission = Admission::signed_by(&[public]).unwrap();
        Self { folder, file, key, admission }
    }

    fn write(&self, signature: impl AsRef<[u8]>) {
        fs::write(signature_file(&self.file), signature).unwrap();
    }

    async fn refusal(&self) -> AdmissionError {
        self.admission.read_file(&self.file).await.unwrap_err()
    }
}

#[tokio::test]
async fn given_a_signed_file_should_hand_over_its_bytes_and_say_who_signed() {
    let signed = Signed::new();
    let signature = signed.key.sign(b"component").unwrap();
    for text in [signature.clone(), format!("{signature}\n"), format!(" {signature}\r\n")] {
        signed.write(text);
        let admitted = signed.admission.read_file(&signed.file).await.unwrap();
        assert_eq!(admitted.bytes, b"component");
        let signer = admitted.signer.unwrap();
        assert_eq!(signer.fingerprint, signed.key.public().signer().fingerprint);
        assert!(signer.name.ends_with("acme.pub"), "{signer}");
    }
    let other = PrivateKey::generate().unwrap();
    let keys = [
        public(&other, signed.folder.path(), "other.pub"),
        public(&signed.key, signed.folder.path(), "acme.pub"),
    ];
    let either = Admission::signed_by(&keys).unwrap();
    assert!(either.read_file(&signed.file).await.unwrap().signer.is_some());
    // Nobody asks, nobody is named.
    let nobody = Admission::everything().read_file(&signed.file).await.unwrap();
    assert_eq!((nobody.bytes.as_slice(), nobody.signer), (&b"component"[..], None));
}

#[tokio::test]
async fn given_a_file_without_a_signature_should_say_how_to_sign_it() {
    let signed = Signed::new();
    let error = signed.refusal().await;
    assert!(matches!(error, AdmissionError::Unsigned { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("x.wasm.sig") && text.contains("kennel sign"), "{text}");
    fs::remove_file(&signed.file).unwrap();
    assert!(matches!(signed.refusal().await, AdmissionError::Read { .. }));
}

#[tokio::test]
async fn given_a_signature_that_does_not_fit_should_refuse_the_file() {
    let signed = Signed::new();
    let good = signed.key.sign(b"component").unwrap();
    let stranger = PrivateKey::generate().unwrap().sign(b"component").unwrap();
    let of_another = signed.key.sign(b"another component").unwrap();
    let twice = format!("{good}{good}");
    for signature in
        ["", "!", &good[..good.len() / 2], &good[..good.len() - 4], &stranger, &of_another, &twice]
    {
        signed.write(signature);
        let error = signed.refusal().await;
        assert!(matches!(error, AdmissionError::Refused { .. }), "{signature}: {error:?}");
    }
    signed.write([0xff, 0, 0xfe]);
    assert!(matches!(
        signed.refusal().await,
        AdmissionError::Refused { source: SignatureError::Encoding, .. }
    ));
    signed.write(&good);
    for changed in [&b"Component"[..], b"component\0", b"componen", b""] {
        fs::write(&signed.file, changed).unwrap();
        assert!(matches!(
            signed.refusal().await,
            AdmissionError::Refused { source: SignatureError::Wrong, .. }
        ));
    }
}

#[test]
fn given_files_that_are_no_public_keys_should_name_them_and_tell_nothing_of_them() {
    let signed = Signed::new();
    let path = signed.folder.path().join("acme.key");
    let error = Admission::signed_by(std::slice::from_ref(&path)).unwrap_err();
    assert!(matches!(error, AdmissionError::KeyFile { .. }), "{error:?}");
    let private = signed.key.to_pem(None).unwrap();
    fs::write(&path, private.expose_secret()).unwrap();
    let error = Admission::signed_by(&[path]).unwrap_err();
    let text = format!("{} {error:?}", words(&error));
    assert!(text.contains("acme.key") && text.contains("private key"), "{text}");
    let inside = private.expose_secret().lines().nth(1).unwrap();
    assert!(!text.contains(inside), "{text}");
}
