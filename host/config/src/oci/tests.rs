use super::*;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn parse(text: &str) -> Result<OciReference, OciReferenceError> {
    text.parse()
}

#[test]
fn given_references_should_take_them_apart_and_print_them_as_they_were() {
    let digest = format!("@sha256:{HEX}");
    for (registry, name, tag) in [
        ("registry.example.com", "acme/sink", Some("1.2.0")),
        ("registry.example.com:5000", "acme/sink", Some("1.2.0")),
        ("localhost", "sink", Some("v1")),
        ("localhost:65535", "a/b/c/d", Some("_")),
        ("127.0.0.1:5000", "a", Some("A.b-C_9")),
        ("[::1]:5000", "a", Some("1")),
        ("[fd00::1]", "a", Some("1")),
        ("build:80", "a", Some("1")),
        ("r.example", "a.b_c__d--e---f/0", Some("1")),
        ("xn--bcher-kva.example", "a", Some("1")),
        ("r.example", "a", None),
    ] {
        for digest in [digest.as_str(), ""] {
            let version = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
            let text = format!("oci://{registry}/{name}{version}{digest}");
            if tag.is_none() && digest.is_empty() {
                assert_eq!(parse(&text), Err(OciReferenceError::Nothing), "{text}");
                continue;
            }
            let reference = parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((reference.registry(), reference.name()), (registry, name), "{text}");
            assert_eq!(reference.tag(), tag, "{text}");
            assert_eq!(reference.digest().is_some(), !digest.is_empty(), "{text}");
            assert_eq!(reference.pinned().is_some(), !digest.is_empty(), "{text}");
            assert_eq!(reference.to_string(), text);
        }
    }
}

#[test]
fn given_what_is_no_reference_should_name_the_part() {
    use OciReferenceError::*;
    let long = "a".repeat(250);
    let long_tag = "a".repeat(129);
    for (text, error) in [
        ("", Scheme),
        ("r.example/a:1", Scheme),
        ("OCI://r.example/a:1", Scheme),
        ("https://r.example/a:1", Scheme),
        ("oci://", Registry),
        ("oci:///a:1", Registry),
        ("oci://r.example", Registry),
        ("oci://acme/sink:1", Registry),
        ("oci://R.example/a:1", Registry),
        ("oci://r_x.example/a:1", Registry),
        ("oci://-r.example/a:1", Registry),
        ("oci://r..example/a:1", Registry),
        ("oci://r.example./a:1", Registry),
        ("oci://.r.example/a:1", Registry),
        ("oci://r.example:/a:1", Registry),
        ("oci://r.example:0/a:1", Registry),
        ("oci://r.example:080/a:1", Registry),
        ("oci://r.example:65536/a:1", Registry),
        ("oci://r.example:+80/a:1", Registry),
        ("oci://[::1/a:1", Registry),
        ("oci://[0:0::1]:80/a:1", Registry),
        ("oci://::1/a:1", Registry),
        ("oci://r.ex%61mple/a:1", Registry),
        ("oci://r.example\\a:1", Registry),
        ("oci:// r.example/a:1", Registry),
        ("oci://bücher.example/a:1", Registry),
        ("oci://r.example/:1", Name),
        ("oci://r.example/a/:1", Name),
        ("oci://r.example//a:1", Name),
        ("oci://r.example/A:1", Name),
        ("oci://r.example/a..b:1", Name),
        ("oci://r.example/../a:1", Name),
        ("oci://r.example/a/..:1", Name),
        ("oci://r.example/a._b:1", Name),
        ("oci://r.example/a___b:1", Name),
        ("oci://r.example/_a:1", Name),
        ("oci://r.example/a-:1", Name),
        ("oci://r.example/a b:1", Name),
        ("oci://r.example/a?x=y:1", Name),
        ("oci://r.example/a%2fb:1", Name),
        ("oci://r.example/a:", Tag),
        ("oci://r.example/a:1:2", Tag),
        ("oci://r.example/a:.1", Tag),
        ("oci://r.example/a:-1", Tag),
        ("oci://r.example/a:1/b", Tag),
        ("oci://r.example/a:1 ", Tag),
        ("oci://r.example/a:1#x", Tag),
        ("oci://r.example/a:ä", Tag),
        ("oci://r.example/a:1@", Digest),
        ("oci://r.example/a@sha256:", Digest),
        ("oci://r.example/a@sha512:00", Digest),
        ("oci://user@r.example/a:1", Digest),
        ("oci://user:pw@r.example/a:1", Digest),
        ("oci://r.example/a", Nothing),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
    for (text, error) in [
        (format!("oci://r.example/{long}:1"), Name),
        (format!("oci://r.example/a:{long_tag}"), Tag),
        (format!("oci://r.example/a@sha256:{}", &HEX[1..]), Digest),
        (format!("oci://r.example/a@sha256:{HEX}0"), Digest),
        (format!("oci://r.example/a@sha256:{}", HEX.to_uppercase()), Digest),
        (format!("oci://r.example/a@sha256:{HEX}@sha256:{HEX}"), Digest),
        (format!("oci://r.example/a@{HEX}"), Digest),
    ] {
        assert_eq!(parse(&text), Err(error), "{text}");
    }
}

#[test]
fn given_tags_should_keep_each_in_a_file_of_its_own() {
    let file = |text: &str| parse(text).unwrap().tag_file();
    let texts = [
        "oci://r.example/a:b",
        "oci://r.example/a/b:c",
        "oci://r.example/a:c",
        "oci://r.example:1/a:b",
        "oci://r.example/a/b:_tags",
    ];
    let files: std::collections::HashSet<_> = texts.iter().map(|text| file(text)).collect();
    assert_eq!(files.len(), texts.len());
    for (one, other) in files.iter().flat_map(|one| files.iter().map(move |other| (one, other))) {
        let (one, other) = (one.as_ref().unwrap(), other.as_ref().unwrap());
        assert!(one == other || !one.starts_with(other), "{one:?} lies below {other:?}");
    }
    assert_eq!(file(&format!("oci://r.example/a@sha256:{HEX}")), None);
}
