use secrecy::ExposeSecret as _;

use super::*;

fn decode(signature: &str) -> Vec<u8> {
    STANDARD.decode(signature).unwrap()
}

#[test]
fn given_a_key_should_come_back_from_its_files() {
    let key = PrivateKey::generate().unwrap();
    let password = SecretString::from("correct horse");
    let public = PublicKey::from_pem("acme.pub", &key.public().to_pem()).unwrap();
    assert_eq!(public.signer().fingerprint, key.public().signer().fingerprint);
    for password in [None, Some(&password)] {
        let file = key.to_pem(password).unwrap();
        let again = PrivateKey::from_pem(file.expose_secret(), password).unwrap();
        let signature = decode(&again.sign(b"bytes").unwrap());
        assert!(public.verify(b"bytes", &signature));
        assert!(!public.verify(b"other", &signature));
        assert_eq!(format!("{again:?}"), "PrivateKey");
    }
}

#[test]
fn given_a_key_under_a_password_should_want_just_that_one() {
    let key = PrivateKey::generate().unwrap();
    let file = key.to_pem(Some(&"right".into())).unwrap();
    let file = file.expose_secret();
    assert!(file.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
    let open = |file: &str, password: Option<&str>| {
        PrivateKey::from_pem(file, password.map(SecretString::from).as_ref()).map(drop)
    };
    assert_eq!(open(file, Some("right")), Ok(()));
    assert_eq!(open(file, Some("wrong")), Err(KeyError::Password));
    assert_eq!(open(file, None), Err(KeyError::PasswordNeeded));
    // A file that would have us spend gigabytes.
    let contents = String::from_utf8(pem::parse(file).unwrap().into_contents()).unwrap();
    for (n, error) in [("1073741824", KeyError::Kind), ("0", KeyError::Kind), ("3", KeyError::Kind)]
    {
        let greedy = contents.replace("65536", n);
        assert_ne!(greedy, contents);
        assert_eq!(open(&encode(sealed::TAG, greedy.into_bytes()), Some("right")), Err(error));
    }
    let cut = contents.as_bytes()[..contents.len() / 2].to_vec();
    assert_eq!(open(&encode(sealed::TAG, cut), Some("right")), Err(KeyError::Password));
}

#[test]
fn given_other_files_should_say_what_they_are() {
    let key = PrivateKey::generate().unwrap();
    let (private, public) = (key.to_pem(None).unwrap(), key.public().to_pem());
    let other = |tag: &str, bytes: &[u8]| encode(tag, bytes.to_vec());
    let mut compressed = key.public().der();
    compressed[26] = 2;
    for (text, error) in [
        (String::new(), KeyError::Pem),
        ("MFkw".to_owned(), KeyError::Pem),
        (private.expose_secret().to_owned(), KeyError::Private),
        (other("CERTIFICATE", b"x"), KeyError::Kind),
        (other(PUBLIC, b""), KeyError::Kind),
        (other(PUBLIC, &[0; 91]), KeyError::Kind),
        (other(PUBLIC, &key.public().der()[..90]), KeyError::Kind),
        (other(PUBLIC, &compressed), KeyError::Kind),
    ] {
        assert_eq!(PublicKey::from_pem("x", &text).map(drop), Err(error), "{error}");
    }
    for (text, error) in [
        (String::new(), KeyError::Pem),
        (public, KeyError::Public),
        (other("EC PRIVATE KEY", b"x"), KeyError::Sec1),
        (other("RSA PRIVATE KEY", b"x"), KeyError::Kind),
        (other(PRIVATE, b"x"), KeyError::Kind),
    ] {
        assert_eq!(PrivateKey::from_pem(&text, None).map(drop), Err(error), "{error}");
    }
}
