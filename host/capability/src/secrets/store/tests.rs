use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

const VALUE: &str = "canary-value";

/// The hosts of a test: exactly these.
#[derive(Debug)]
struct Listed(&'static [(&'static str, &'static str, u16)]);

impl SecretHosts for Listed {
    fn allow(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.0.contains(&(scheme, host, port))
    }
}

fn grant(name: &str) -> SecretGrant {
    let source = SecretSource::Variable { name: "VARIABLE".into(), value: VALUE.into() };
    SecretGrant { name: name.into(), source: Arc::new(source), hosts: None, reveal: false }
}

fn store(grants: Vec<SecretGrant>) -> SecretStore {
    SecretStore::new(grants, Arc::new(Denials::new("c")))
}

fn request(uri: &str, header: &str) -> http::Request<()> {
    http::Request::builder().uri(uri).header("x-key", header).body(()).unwrap()
}

/// What a server at `uri` would be sent for the placeholder of the only secret.
fn sent(store: &SecretStore, uri: &str) -> Option<String> {
    let token = store.placeholder(0).unwrap();
    let mut request = request(uri, &token);
    match store.replace_placeholders(&mut request) {
        Ok(()) => Some(request.headers()["x-key"].to_str().unwrap().to_owned()),
        Err(HttpError::HttpRequestDenied) => {
            assert_eq!(request.headers()["x-key"], token, "a refused request was changed");
            None
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn given_a_name_should_find_the_secret_of_exactly_that_name() {
    let store = store(vec![grant("password"), grant("token")]);
    assert_eq!(store.find("token").unwrap(), 1);
    for name in ["", "tok", "tokens", "Token", "VARIABLE", "password\0"] {
        let Err(Error::Denied(text)) = store.find(name) else { panic!("{name:?} was found") };
        assert!(text.starts_with("secret_denied: "), "{text}");
        assert!(text.contains("[grants] secrets = {"), "{text}");
    }
    let Err(Error::Denied(text)) = store.find(&"ä".repeat(10_000)) else { panic!("it was found") };
    assert!(text.len() < 400, "{text}");
    let nothing = SecretStore::new(vec![], Arc::new(Denials::new("c")));
    assert!(matches!(nothing.find("password"), Err(Error::Denied(_))));
}

#[test]
fn given_no_grant_to_reveal_should_keep_the_value() {
    let mut open = grant("open");
    open.reveal = true;
    let store = store(vec![grant("closed"), open]);
    let Err(Error::Denied(text)) = store.reveal(0) else { panic!("it was revealed") };
    assert!(text.starts_with("reveal_denied: "), "{text}");
    assert!(text.contains("[grants] reveal = [\"closed\"]") && !text.contains(VALUE), "{text}");
    assert_eq!(store.reveal(1).unwrap(), VALUE.as_bytes());
}

#[test]
fn given_no_hosts_should_send_over_tls_and_to_this_machine_only() {
    let store = store(vec![grant("key")]);
    for uri in [
        "https://api.example.com/v1",
        "https://api.example.com:8443/",
        "https://192.0.2.1/",
        "http://localhost:9200/",
        "http://127.0.0.1/",
        "http://127.9.9.9:1/",
        "http://[::1]:8080/",
        "http://LOCALHOST/",
    ] {
        assert_eq!(sent(&store, uri).as_deref(), Some(VALUE), "{uri}");
    }
    for uri in [
        "http://api.example.com/",
        "http://10.0.0.1/",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://128.0.0.1/",
        "http://[::2]/",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
    ] {
        assert_eq!(sent(&store, uri), None, "{uri}");
    }
}

#[test]
fn given_hosts_should_send_to_exactly_these() {
    let mut key = grant("key");
    key.hosts = Some(Arc::new(Listed(&[
        ("https", "api.example.com", 443),
        ("http", "plain.example.com", 80),
    ])));
    let store = store(vec![key]);
    for uri in
        ["https://api.example.com/x", "https://API.example.com:443/", "http://plain.example.com"]
    {
        assert_eq!(sent(&store, uri).as_deref(), Some(VALUE), "{uri}");
    }
    for uri in [
        "http://api.example.com/",
        "https://api.example.com:444/",
        "https://b.api.example.com/",
        "https://plain.example.com/",
        "http://localhost/",
    ] {
        assert_eq!(sent(&store, uri), None, "{uri}");
    }
}

#[test]
fn given_a_placeholder_in_a_url_should_refuse_the_request() {
    let store = store(vec![grant("key")]);
    let token = store.placeholder(0).unwrap();
    for uri in [
        format!("https://api.example.com/{token}"),
        format!("https://api.example.com/?key={token}"),
        format!("https://{token}.example.com/"),
    ] {
        let refused = store.replace_placeholders(&mut request(&uri, "x"));
        assert!(matches!(refused, Err(HttpError::HttpRequestDenied)), "{uri}");
    }
}

#[test]
fn given_the_placeholder_of_another_store_should_leave_it_as_it_is() {
    let (one, other) = (store(vec![grant("key")]), store(vec![grant("key")]));
    let token = one.placeholder(0).unwrap();
    // Also where the store has placeholders of its own, and where it has none.
    for _ in 0..2 {
        let mut request = request("https://api.example.com/", &token);
        other.replace_placeholders(&mut request).unwrap();
        assert_eq!(request.headers()["x-key"], token);
        other.placeholder(0).unwrap();
    }
}

#[test]
fn given_basic_authentication_should_check_the_host_as_well() {
    let store = store(vec![grant("key")]);
    let token = store.placeholder(0).unwrap();
    let basic = format!("Basic {}", STANDARD.encode(format!("user:{token}")));
    let request = |uri: &str| {
        http::Request::builder().uri(uri).header("authorization", &basic).body(()).unwrap()
    };
    let mut denied = request("http://api.example.com/");
    assert!(store.replace_placeholders(&mut denied).is_err());
    assert_eq!(denied.headers()["authorization"], basic);
    let mut granted = request("https://api.example.com/");
    store.replace_placeholders(&mut granted).unwrap();
    let expected = format!("Basic {}", STANDARD.encode(format!("user:{VALUE}")));
    assert_eq!(granted.headers()["authorization"], expected);
}

#[test]
fn given_a_file_that_changes_or_goes_away_should_send_what_is_there_now() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "first\n").unwrap();
    let mut key = grant("key");
    key.source = Arc::new(SecretSource::file(path.clone()));
    let store = store(vec![key]);
    let uri = "https://api.example.com/";
    assert_eq!(sent(&store, uri).as_deref(), Some("first"));
    std::fs::write(&path, "second").unwrap();
    assert_eq!(sent(&store, uri).as_deref(), Some("second"));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(sent(&store, uri), None);
    let Err(Error::Unknown(text)) = store.value(0) else { panic!("a value without a file") };
    assert!(text.starts_with("secret_unknown: ") && text.contains("\"key\""), "{text}");
    assert!(!text.contains(path.to_str().unwrap()), "{text}");
}
