use super::*;
use crate::grant::HostPatternError;

fn reference(text: &str) -> Result<SecretReference, SecretReferenceError> {
    text.parse()
}

#[test]
fn given_a_reference_should_take_exactly_what_the_grammar_says() {
    use SecretReferenceError::{Keeper, Path, Scheme, Variable};
    let env = |name: &str| Ok(SecretReference::Env(name.into()));
    let file = |path: &str| Ok(SecretReference::File(path.into()));
    for (text, expected) in [
        ("secret://env/PG_PASSWORD", env("PG_PASSWORD")),
        ("secret://env/_", env("_")),
        ("secret://file/run/secrets/key", file("/run/secrets/key")),
        ("secret://file/key", file("/key")),
        ("secret://file/with space/ä.txt", file("/with space/ä.txt")),
        ("secret://file/a/..b/c.d", file("/a/..b/c.d")),
        ("", Err(Scheme)),
        ("hunter2", Err(Scheme)),
        ("env:PG_PASSWORD", Err(Scheme)),
        ("file:/run/secrets/key", Err(Scheme)),
        ("Secret://env/A", Err(Scheme)),
        (" secret://env/A", Err(Scheme)),
        ("secret:/env/A", Err(Scheme)),
        ("secret:///env/A", Err(Keeper)),
        ("secret://", Err(Keeper)),
        ("secret://env", Err(Keeper)),
        ("secret://ENV/A", Err(Keeper)),
        ("secret://vault/a", Err(Keeper)),
        ("secret://file", Err(Keeper)),
        ("secret://file.d/a", Err(Keeper)),
        ("secret://files/a", Err(Keeper)),
        ("secret://user@env/A", Err(Keeper)),
        ("secret://env/", Err(Variable(EnvNameError::Missing))),
        ("secret://env/A/B", Err(Variable(EnvNameError::Name))),
        ("secret://env//A", Err(Variable(EnvNameError::Name))),
        ("secret://env/A?x", Err(Variable(EnvNameError::Name))),
        ("secret://env/A ", Err(Variable(EnvNameError::Name))),
        ("secret://env/*", Err(Variable(EnvNameError::Name))),
        ("secret://env/KENNEL_IGGY__PASSWORD", Err(Variable(EnvNameError::HostsOwn))),
        ("secret://file/", Err(Path)),
        ("secret://file//etc/passwd", Err(Path)),
        ("secret://file/etc/", Err(Path)),
        ("secret://file/./a", Err(Path)),
        ("secret://file/..", Err(Path)),
        ("secret://file/run/../etc/shadow", Err(Path)),
        ("secret://file/a\0b", Err(Path)),
        ("secret://file/a\nb", Err(Path)),
    ] {
        assert_eq!(reference(text), expected, "{text:?}");
    }
}

#[test]
fn given_a_reference_should_write_it_as_it_was_written() {
    for text in ["secret://env/PG_PASSWORD", "secret://file/run/secrets/key"] {
        assert_eq!(reference(text).unwrap().to_string(), text);
    }
}

#[test]
fn given_an_error_should_not_repeat_what_may_be_the_secret() {
    for text in ["hunter2", "secret://hunter2", "secret://env/hunter2!", "secret://file/hunter2/.."]
    {
        let error = reference(text).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn given_a_host_should_cover_it_with_its_scheme_and_port_and_nothing_next_to_it() {
    use HttpScheme::{Http, Https};
    let host = |text: &str| text.parse::<SecretHost>().unwrap();
    let api = host("https://api.example.com");
    assert!(api.allows(Https, "api.example.com", 443));
    for (scheme, name, port) in [
        (Http, "api.example.com", 443),
        (Http, "api.example.com", 80),
        (Https, "api.example.com", 8443),
        (Https, "example.com", 443),
        (Https, "b.api.example.com", 443),
        (Https, "api.example.com.evil.net", 443),
    ] {
        assert!(!api.allows(scheme, name, port), "{scheme:?} {name} {port}");
    }
    let any = host("https://*.example.com:8443");
    assert!(any.allows(Https, "a.example.com", 8443));
    assert!(!any.allows(Https, "example.com", 8443) && !any.allows(Https, "a.b.example.com", 8443));
    assert!(host("http://127.0.0.1:9200").allows(Http, "127.0.0.1", 9200));
    assert!(host("http://[::1]:9200").allows(Http, "::1", 9200));
}

#[test]
fn given_what_is_no_host_should_say_why() {
    use SecretHostError::{Host, Path};
    for (text, expected) in [
        ("", Host(HttpGrantError::Scheme)),
        ("api.example.com", Host(HttpGrantError::Scheme)),
        ("*", Host(HttpGrantError::Scheme)),
        ("ftp://api.example.com", Host(HttpGrantError::Scheme)),
        ("https://", Host(HttpGrantError::Host(HostPatternError::Missing))),
        ("https://*", Host(HttpGrantError::Host(HostPatternError::Wildcard))),
        ("https://user@api.example.com", Host(HttpGrantError::User)),
        ("https://api.example.com:0", Host(HttpGrantError::Port)),
        ("https://api.example.com?x", Host(HttpGrantError::Query)),
        ("https://api.example.com/", Path),
        ("https://api.example.com/v1/*", Path),
    ] {
        assert_eq!(text.parse::<SecretHost>(), Err(expected), "{text:?}");
    }
}

#[test]
fn given_a_name_should_take_what_is_short_and_plain() {
    for name in ["a", "pg.password", "API-key_1", &"x".repeat(64)] {
        assert!(is_secret_name(name), "{name}");
    }
    for name in ["", "a b", "a/b", "ä", "a\"", "*", &"x".repeat(65)] {
        assert!(!is_secret_name(name), "{name}");
    }
}
